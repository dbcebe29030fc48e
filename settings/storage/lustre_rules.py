"""Every rule that a Lustre file system has to keep by itself, by the setting that it is told at.

As in `pool_rules.py`: a rule between two settings is told at the later of them.
Source, unless a rule names another: FSx for Lustre user guide and the API's CreateFileSystem, read 2026-08.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from settings.core.problems import listed, repeated

SoFar = Mapping[str, Any]
Rule = Callable[[Any, SoFar], Iterator[str]]

SMALLEST_GIB, STEP_GIB = 1200, 2400
THROUGHPUTS = (125, 250, 500, 1000)  # of persistent-2 on SSD, in MB/s for each TiB
DEFAULT_MIBPS_PER_TIB = 250
LINKS = 8  # data repository associations of a file system
# Smallest file system with EFA by throughput. AWS's page was out of reach: 4800 and 38400 come from notes on it, those
# between from the same capacity times throughput. Read 2026-08.
SMALLEST_EFA_GIB = {125: 38400, 250: 19200, 500: 9600, 1000: 4800}


def events_are_named_once(events: tuple[str, ...]) -> tuple[str, ...]:
    """The events as they are. Raises ValueError when one comes twice."""
    if twice := repeated(events):
        raise ValueError(f"{listed(twice)} named twice. Name each once.")
    return events


def capacity_is_a_step(gib: int, _: SoFar) -> Iterator[str]:
    if gib != SMALLEST_GIB and (gib < SMALLEST_GIB or gib % STEP_GIB):
        above = SMALLEST_GIB if gib < SMALLEST_GIB else -(-gib // STEP_GIB) * STEP_GIB
        yield (
            f"{gib} is no size that FSx makes: there are {SMALLEST_GIB} GiB and multiples of {STEP_GIB}. "
            f"Write {above}; it can grow later, and never shrinks."
        )


def throughput_is_one_of_the_deployment(mibps: int | None, so_far: SoFar) -> Iterator[str]:
    if mibps is None:
        return
    if so_far.get("deployment") == "scratch-2":
        yield (
            "is given, but scratch-2 has 200 MB/s for each TiB and no choice. Drop it, or write "
            "deployment: persistent-2."
        )
    elif mibps not in THROUGHPUTS:
        above = next((known for known in THROUGHPUTS if known >= mibps), THROUGHPUTS[-1])
        yield f"{mibps} is no throughput of persistent-2, which has {listed(THROUGHPUTS)}. Write {above}."


def efa_has_the_size_that_it_takes(efa: bool, so_far: SoFar) -> Iterator[str]:
    if not efa or "deployment" not in so_far:
        return
    if so_far["deployment"] != "persistent-2":
        yield "is on, but only persistent-2 has EFA. Write deployment: persistent-2, or drop efa."
        return
    mibps = so_far.get("throughput_mibps_per_tib") or DEFAULT_MIBPS_PER_TIB
    gib, least = so_far.get("capacity_gib"), SMALLEST_EFA_GIB[mibps]
    if gib is not None and gib < least:
        yield (
            f"is on, but with {mibps} MB/s for each TiB a file system with EFA begins at {least} GiB, and this one has "
            f"{gib}. Raise capacity_gib to {least}, or drop efa. "
            f"{THROUGHPUTS[-1]} MB/s for each TiB begin at {SMALLEST_EFA_GIB[THROUGHPUTS[-1]]} GiB."
        )


def links_need_a_file_system_that_lasts(links: tuple[Any, ...], so_far: SoFar) -> Iterator[str]:
    """Source: pulumi-aws 7.51, aws.fsx.DataRepositoryAssociation: compatible with PERSISTENT_2 alone."""
    if links and so_far.get("deployment") == "scratch-2":
        yield "are given, but buckets are linked to persistent-2 alone. Write deployment: persistent-2, or drop links."


def links_are_not_too_many(links: tuple[Any, ...], _: SoFar) -> Iterator[str]:
    if len(links) > LINKS:
        yield f"{len(links)} links are given, and a file system takes {LINKS}. Link a common prefix, or drop some."


def links_do_not_overlap(links: tuple[Any, ...], _: SoFar) -> Iterator[str]:
    for index, one in enumerate(links):
        for other in links[index + 1 :]:
            outer, inner = sorted((one.path, other.path), key=len)
            if inner == outer or inner.startswith(f"{outer.rstrip('/')}/"):
                yield (
                    f"{outer} and {inner} overlap, and a folder shows one bucket. Give each link a folder of its own, "
                    "none of them inside another."
                )


def links_follow_something(links: tuple[Any, ...], so_far: SoFar) -> Iterator[str]:
    users = so_far.get("used_by")
    for link in links:
        if not link.imports and not link.exports:
            yield (
                f"{link.path} neither imports nor exports, so folder and bucket would part on the first day. "
                "Drop the empty imports, or drop the link."
            )
        if link.exports and users and all(user.mode == "read" for user in users):
            yield (
                f"{link.path} exports changes, but no pod may make any: every entry of used_by has mode read. "
                "Write mode: write for one, or drop exports."
            )


def backups_are_of_what_has_no_other_copy(days: int, so_far: SoFar) -> Iterator[str]:
    """Source: FSx for Lustre user guide, "Working with backups"; read 2026-11."""
    if not days:
        return
    if so_far.get("deployment") == "scratch-2":
        yield "is given, but FSx backs up no scratch-2. Drop it, or write deployment: persistent-2."
    elif so_far.get("links"):
        yield (
            "is given, but FSx backs up no file system that is linked to a bucket: what its links export is kept "
            "there. Drop it, or drop links."
        )


RULES: Mapping[str, tuple[Rule, ...]] = {
    "capacity_gib": (capacity_is_a_step,),
    "throughput_mibps_per_tib": (throughput_is_one_of_the_deployment,),
    "efa": (efa_has_the_size_that_it_takes,),
    "links": (
        links_need_a_file_system_that_lasts,
        links_are_not_too_many,
        links_do_not_overlap,
        links_follow_something,
    ),
    "backup_days": (backups_are_of_what_has_no_other_copy,),
}
