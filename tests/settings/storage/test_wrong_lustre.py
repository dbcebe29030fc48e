"""Lustre file systems that cannot be: each is refused at its place, with the reason, and with a way out that works."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from settings.storage.lustre import LustreSettings
from tests.settings.stacks import problems, stack

WRITER = {"namespace": "research", "mode": "write"}
RIGHT: dict[str, Any] = {"purpose": "scratch", "zone": "us-west-2a", "used_by": [WRITER]}
GPUS = {"name": "gpu", "instance_types": ["p5.48xlarge"], "min_per_zone": 0, "max_per_zone": 1, "zones": ["us-west-2a"]}
DATA = {"bucket": "data", "path": "/data"}
BUCKET = {"purpose": "datasets", "used_by": [WRITER]}


@dataclass(frozen=True)
class Case:
    """change: laid over a file system that is right. at: the place in it. words: of what is wrong, and of the way out.

    fix: laid over the wrong one. zones: of the network. pools: beside those of the stack.
    """

    change: dict[str, Any]
    at: str
    words: tuple[str, str]
    fix: dict[str, Any]
    zones: Any = ("us-west-2a", "us-west-2b", "us-west-2c")
    pools: tuple[dict[str, Any], ...] = field(default=())
    mended_zones: Any = None


WRONG: dict[str, Case] = {
    "capacity that is no step": Case(
        {"capacity_gib": 3600}, "capacity_gib", ("3600 is no size", "Write 4800;"), {"capacity_gib": 4800}
    ),
    "capacity under the smallest": Case(
        {"capacity_gib": 600}, "capacity_gib", ("600 is no size", "Write 1200;"), {"capacity_gib": 1200}
    ),
    "throughput that there is not": Case(
        {"throughput_mibps_per_tib": 300},
        "throughput_mibps_per_tib",
        ("300 is no throughput of persistent-2", "Write 500."),
        {"throughput_mibps_per_tib": 500},
    ),
    "throughput of scratch": Case(
        {"deployment": "scratch-2", "throughput_mibps_per_tib": 250},
        "throughput_mibps_per_tib",
        ("scratch-2 has 200 MB/s", "Drop it, or write deployment: persistent-2."),
        {"deployment": "persistent-2"},
    ),
    "efa on scratch": Case(
        {"deployment": "scratch-2", "efa": True},
        "efa",
        ("only persistent-2 has EFA", "Write deployment: persistent-2, or drop efa."),
        {"efa": False},
    ),
    "efa on too little": Case(
        {"efa": True, "throughput_mibps_per_tib": 1000, "capacity_gib": 2400},
        "efa",
        ("begins at 4800 GiB, and this one has 2400", "Raise capacity_gib to 4800, or drop efa."),
        {"capacity_gib": 4800},
        pools=({**GPUS, "efa": True},),
    ),
    "efa for nobody": Case(
        {"efa": True, "throughput_mibps_per_tib": 1000, "capacity_gib": 4800},
        "efa",
        ("no pool of cluster main in us-west-2a has EFA", "Drop it here, or write efa: true in a pool there."),
        {"efa": False},
        pools=(GPUS,),
    ),
    "links of scratch": Case(
        {"deployment": "scratch-2", "links": [DATA]},
        "links",
        ("buckets are linked to persistent-2 alone", "Write deployment: persistent-2, or drop links."),
        {"deployment": "persistent-2"},
    ),
    "nine links": Case(
        {"links": [{"bucket": "data", "path": f"/data/{n}"} for n in range(9)]},
        "links",
        ("9 links are given, and a file system takes 8", "Link a common prefix, or drop some."),
        {"links": [DATA]},
    ),
    "links inside each other": Case(
        {"links": [DATA, {"bucket": "data", "path": "/data/images"}]},
        "links",
        ("/data and /data/images overlap", "Give each link a folder of its own"),
        {"links": [DATA, {"bucket": "data", "path": "/data-images"}]},
    ),
    "a link over everything, and another": Case(
        {"links": [{"bucket": "data"}, DATA]},
        "links",
        ("/ and /data overlap", "none of them inside another."),
        {"links": [DATA]},
    ),
    "link that follows nothing": Case(
        {"links": [{**DATA, "imports": []}]},
        "links",
        ("/data neither imports nor exports", "Drop the empty imports, or drop the link."),
        {"links": [DATA]},
    ),
    "exports of what nobody changes": Case(
        {"used_by": [{"namespace": "research"}], "links": [{**DATA, "exports": ["NEW"]}]},
        "links",
        ("no pod may make any", "Write mode: write for one, or drop exports."),
        {"used_by": [WRITER]},
    ),
    "event named twice": Case(
        {"links": [{**DATA, "imports": ["NEW", "NEW"]}]},
        "links[0].imports",
        ("NEW named twice", "Name each once."),
        {"links": [DATA]},
    ),
    "folder that ends in a slash": Case(
        {"links": [{**DATA, "path": "/data/"}]}, "links[0].path", ("/data/", "/datasets"), {"links": [DATA]}
    ),
    "bucket that there is not": Case(
        {"links": [{"bucket": "date", "path": "/data"}]},
        "links[0].bucket",
        ("date is no entry of storage.buckets. Did you mean data?", "or add storage.buckets.date."),
        {"links": [DATA]},
    ),
    "backups of scratch": Case(
        {"deployment": "scratch-2", "backup_days": 7},
        "backup_days",
        ("FSx backs up no scratch-2", "Drop it, or write deployment: persistent-2."),
        {"backup_days": 0},
    ),
    "backups of what is linked": Case(
        {"links": [DATA], "backup_days": 7},
        "backup_days",
        ("no file system that is linked to a bucket", "Drop it, or drop links."),
        {"backup_days": 0},
    ),
    "two zones": Case(
        {"zone": ["us-west-2a", "us-west-2b"]},
        "zone",
        ("names us-west-2a, us-west-2b, but a Lustre file system stands in one zone", "Write zone: us-west-2a where"),
        {"zone": "us-west-2a"},
    ),
    "zone that the network has not": Case(
        {"zone": "us-west-2d"},
        "zone",
        ("has no us-west-2d, so no subnet is there", "Write one of us-west-2a, us-west-2b, us-west-2c."),
        {"zone": "us-west-2b"},
    ),
    "zone while AWS picks them": Case(
        {},
        "zone",
        ("network.zones is a number, so AWS decides", "Name the zones in network.zones too."),
        {},
        zones=3,
        mended_zones=["us-west-2a", "us-west-2b", "us-west-2c"],
    ),
    "zone without the GPUs": Case(
        {"zone": "us-west-2b"},
        "zone",
        ("with accelerators stand in us-west-2a: each read would cross zones", "Write zone: us-west-2a, or let"),
        {"zone": "us-west-2a"},
        pools=(GPUS,),
    ),
    "maintenance that is no time": Case(
        {"maintenance": "8:09:00"}, "maintenance", ("8:09:00", "7:09:00"), {"maintenance": "1:09:00"}
    ),
}


def file_with(case: Case, zones: Any, **fix: Any) -> dict[str, Any]:
    raw = stack((("network", "zones"), list(zones) if isinstance(zones, tuple) else zones))
    raw["clusters"]["main"]["pools"] += case.pools
    raw["storage"] = {"lustre": {"fast": {**RIGHT, **case.change, **fix}}, "buckets": {"data": BUCKET}}
    return raw


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_a_wrong_file_system_is_told_where_and_why_once(case: Case) -> None:
    found = problems(file_with(case, case.zones))
    assert len(found) == 1, "one thing to mend, one line:\n" + "\n".join(map(str, found))
    assert found[0].path == f"storage.lustre.fast.{case.at}", found[0].message
    why, way_out = case.words
    assert why in found[0].message, found[0].message
    assert way_out in found[0].message, found[0].message


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_the_way_out_that_is_told_is_one(case: Case) -> None:
    assert problems(file_with(case, case.mended_zones or case.zones, **case.fix)) == ()


def file_system(*modes: str, **values: Any) -> LustreSettings:
    users = [{"namespace": f"team-{index}", "mode": mode} for index, mode in enumerate(modes)]
    return LustreSettings.model_validate({**RIGHT, "used_by": users, **values})


def test_root_is_nobody_where_no_pod_writes_unless_the_stack_file_says_otherwise() -> None:
    assert file_system("read", "read").squashes_root
    assert not file_system("read", "write").squashes_root, "nobody but root could make the first folder"
    assert file_system("write", root_squash=True).squashes_root
    assert not file_system("read", root_squash=False).squashes_root


def test_persistent_has_a_throughput_and_scratch_has_none_to_choose() -> None:
    assert file_system("write").mibps_per_tib == 250
    assert file_system("write", throughput_mibps_per_tib=125).mibps_per_tib == 125
    assert file_system("write", deployment="scratch-2").mibps_per_tib is None
