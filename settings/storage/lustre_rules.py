"""All rules within one Lustre file system, by the setting that reports the mistake.

As in `pool_rules.py`, a rule about two settings belongs to the later one.
Source, unless a rule names another: FSx for Lustre user guide and the API's CreateFileSystem, read 2026-08.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from settings.core.problems import listed, repeated

ValidSettings = Mapping[str, Any]
Rule = Callable[[Any, ValidSettings], Iterator[str]]

SMALLEST_GIB, STEP_GIB = 1200, 2400
THROUGHPUTS = (125, 250, 500, 1000)  # persistent-2 on SSD, in MB/s for each TiB
DEFAULT_MIBPS_PER_TIB = 250
MAX_LINKS = 8  # data repository associations of one file system
# Throughput -> smallest file system with EFA. The page of AWS could not be read: 4800 and 38400 come from notes about
# it, the values between from the same product of capacity and throughput. Read 2026-08.
SMALLEST_EFA_GIB = {125: 38400, 250: 19200, 500: 9600, 1000: 4800}


def events_are_named_once(events: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the events unchanged. Raises ValueError when an event is named twice."""
    if twice := repeated(events):
        raise ValueError(f"{listed(twice)} is named twice. Name each event once.")
    return events


def capacity_is_a_size_of_fsx(gib: int, _: ValidSettings) -> Iterator[str]:
    if gib != SMALLEST_GIB and (gib < SMALLEST_GIB or gib % STEP_GIB):
        next_size = SMALLEST_GIB if gib < SMALLEST_GIB else -(-gib // STEP_GIB) * STEP_GIB
        yield (
            f"{gib} is not a size of FSx, which has {SMALLEST_GIB} GiB and multiples of {STEP_GIB}. Write "
            f"{next_size}; it can grow later, but never shrink."
        )


def throughput_is_one_of_the_deployment(mibps: int | None, file_system: ValidSettings) -> Iterator[str]:
    if mibps is None:
        return
    if file_system.get("deployment") == "scratch-2":
        yield "is given, but scratch-2 always has 200 MB/s for each TiB. Drop it, or write deployment: persistent-2."
    elif mibps not in THROUGHPUTS:
        next_throughput = next((known for known in THROUGHPUTS if known >= mibps), THROUGHPUTS[-1])
        yield f"{mibps} is not a throughput of persistent-2, which has {listed(THROUGHPUTS)}. Write {next_throughput}."


def efa_has_its_minimum_size(efa: bool, file_system: ValidSettings) -> Iterator[str]:
    if not efa or "deployment" not in file_system:
        return
    if file_system["deployment"] != "persistent-2":
        yield "is on, but only persistent-2 has EFA. Write deployment: persistent-2, or drop efa."
        return
    mibps = file_system.get("throughput_mibps_per_tib") or DEFAULT_MIBPS_PER_TIB
    gib, smallest = file_system.get("capacity_gib"), SMALLEST_EFA_GIB[mibps]
    if gib is not None and gib < smallest:
        yield (
            f"is on, but with {mibps} MB/s for each TiB a file system with EFA needs at least {smallest} GiB, and "
            f"this one has {gib}. Raise capacity_gib to {smallest}, or drop efa. With {THROUGHPUTS[-1]} MB/s for each "
            f"TiB the minimum is {SMALLEST_EFA_GIB[THROUGHPUTS[-1]]} GiB."
        )


def links_need_persistent_2(links: tuple[Any, ...], file_system: ValidSettings) -> Iterator[str]:
    """Source: pulumi-aws 7.51, aws.fsx.DataRepositoryAssociation: only compatible with PERSISTENT_2."""
    if links and file_system.get("deployment") == "scratch-2":
        yield "are given, but only persistent-2 can link buckets. Write deployment: persistent-2, or drop links."


def links_are_not_too_many(links: tuple[Any, ...], _: ValidSettings) -> Iterator[str]:
    if len(links) > MAX_LINKS:
        yield (
            f"{len(links)} links are given, but a file system can have {MAX_LINKS}. Link a common prefix, or drop some."
        )


def links_do_not_overlap(links: tuple[Any, ...], _: ValidSettings) -> Iterator[str]:
    for index, one in enumerate(links):
        for other in links[index + 1 :]:
            outer, inner = sorted((one.path, other.path), key=len)
            if inner == outer or inner.startswith(f"{outer.rstrip('/')}/"):
                yield (
                    f"{outer} and {inner} overlap, but a folder can show only one bucket. Give each link a folder of "
                    "its own that is not inside another one."
                )


def links_show_different_objects(links: tuple[Any, ...], _: ValidSettings) -> Iterator[str]:
    """Source: FSx API, CreateDataRepositoryAssociation: "a unique S3 bucket or prefix"; read 2026-11."""
    if twice := repeated([f"{link.bucket}/{link.prefix}" for link in links]):
        yield f"{listed(twice)} has two links, but a file system links a bucket or a prefix once. Drop one of them."


def links_import_or_export(links: tuple[Any, ...], file_system: ValidSettings) -> Iterator[str]:
    users = file_system.get("used_by")
    for link in links:
        if not link.imports and not link.exports:
            yield (
                f"{link.path} neither imports nor exports, so folder and bucket would differ after the first change. "
                "Drop the empty imports, or drop the link."
            )
        if link.exports and users and all(user.mode == "read" for user in users):
            yield (
                f"{link.path} exports changes, but every entry of used_by has mode read, so no pod can change "
                "anything. Write mode: write for one, or drop exports."
            )


def fsx_can_back_it_up(days: int, file_system: ValidSettings) -> Iterator[str]:
    """Source: FSx for Lustre user guide, "Working with backups"; read 2026-11."""
    if not days:
        return
    if file_system.get("deployment") == "scratch-2":
        yield "is given, but FSx cannot back up scratch-2. Drop it, or write deployment: persistent-2."
    elif file_system.get("links"):
        yield (
            "is given, but FSx cannot back up a file system that is linked to a bucket; exported data is in the "
            "bucket. Drop it, or drop links."
        )


RULES: Mapping[str, tuple[Rule, ...]] = {
    "capacity_gib": (capacity_is_a_size_of_fsx,),
    "throughput_mibps_per_tib": (throughput_is_one_of_the_deployment,),
    "efa": (efa_has_its_minimum_size,),
    "links": (
        links_need_persistent_2,
        links_are_not_too_many,
        links_do_not_overlap,
        links_show_different_objects,
        links_import_or_export,
    ),
    "backup_days": (fsx_can_back_it_up,),
}
