"""Invalid Lustre file systems: each is refused at the right setting, with the reason, and with advice that works."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from settings.storage.lustre import LustreSettings
from tests.settings.stacks import problems, stack

WRITER = {"namespace": "research", "mode": "write"}
VALID: dict[str, Any] = {"purpose": "scratch", "zone": "us-west-2a", "used_by": [WRITER]}
GPUS = {"name": "gpu", "instance_types": ["p5.48xlarge"], "min_per_zone": 0, "max_per_zone": 1, "zones": ["us-west-2a"]}
DATA = {"bucket": "data", "path": "/data"}
BUCKET = {"purpose": "datasets", "used_by": [{**WRITER, "service_account": "researcher"}]}


@dataclass(frozen=True)
class Case:
    """change: makes a valid file system invalid. path: of the problem, in it. words: the reason, and the advice.

    fix: what the advice changes. zones, fixed_zones: of the network. pools: in addition to those of the stack.
    """

    change: dict[str, Any]
    path: str
    words: tuple[str, str]
    fix: dict[str, Any]
    zones: Any = ("us-west-2a", "us-west-2b", "us-west-2c")
    pools: tuple[dict[str, Any], ...] = field(default=())
    fixed_zones: Any = None


WRONG: dict[str, Case] = {
    "capacity that is not a size of FSx": Case(
        {"capacity_gib": 3600}, "capacity_gib", ("3600 is not a size of FSx", "Write 4800;"), {"capacity_gib": 4800}
    ),
    "capacity under the smallest": Case(
        {"capacity_gib": 600}, "capacity_gib", ("600 is not a size of FSx", "Write 1200;"), {"capacity_gib": 1200}
    ),
    "unknown throughput": Case(
        {"throughput_mibps_per_tib": 300},
        "throughput_mibps_per_tib",
        ("300 is not a throughput of persistent-2", "Write 500."),
        {"throughput_mibps_per_tib": 500},
    ),
    "throughput of scratch": Case(
        {"deployment": "scratch-2", "throughput_mibps_per_tib": 250},
        "throughput_mibps_per_tib",
        ("scratch-2 always has 200 MB/s", "Drop it, or write deployment: persistent-2."),
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
        ("needs at least 4800 GiB, and this one has 2400", "Raise capacity_gib to 4800, or drop efa."),
        {"capacity_gib": 4800},
        pools=({**GPUS, "efa": True},),
    ),
    "efa without a pool that has it": Case(
        {"efa": True, "throughput_mibps_per_tib": 1000, "capacity_gib": 4800},
        "efa",
        ("no pool of cluster main in us-west-2a has EFA", "Drop it here, or write efa: true in a pool there."),
        {"efa": False},
        pools=(GPUS,),
    ),
    "links of scratch": Case(
        {"deployment": "scratch-2", "links": [DATA]},
        "links",
        ("only persistent-2 can link buckets", "Write deployment: persistent-2, or drop links."),
        {"deployment": "persistent-2"},
    ),
    "nine links": Case(
        {"links": [{"bucket": "data", "path": f"/data/{n}", "prefix": f"{n}/"} for n in range(9)]},
        "links",
        ("9 links are given, but a file system can have 8", "Link a common prefix, or drop some."),
        {"links": [DATA]},
    ),
    "links inside each other": Case(
        {"links": [DATA, {"bucket": "data", "path": "/data/images", "prefix": "images/"}]},
        "links",
        ("/data and /data/images overlap", "Give each link a folder of its own"),
        {"links": [DATA, {"bucket": "data", "path": "/data-images", "prefix": "images/"}]},
    ),
    "two links of a bucket": Case(
        {"links": [DATA, {"bucket": "data", "path": "/more"}]},
        "links",
        ("data/ has two links", "Drop one of them."),
        {"links": [DATA]},
    ),
    "a link of the whole file system, and another": Case(
        {"links": [{"bucket": "data", "prefix": "images/"}, DATA]},
        "links",
        ("/ and /data overlap", "that is not inside another one."),
        {"links": [DATA]},
    ),
    "link without imports and exports": Case(
        {"links": [{**DATA, "imports": []}]},
        "links",
        ("/data neither imports nor exports", "Drop the empty imports, or drop the link."),
        {"links": [DATA]},
    ),
    "exports without a user that writes": Case(
        {"used_by": [{"namespace": "research"}], "links": [{**DATA, "exports": ["NEW"]}]},
        "links",
        ("no pod can change anything", "Write mode: write for one, or drop exports."),
        {"used_by": [WRITER]},
    ),
    "event named twice": Case(
        {"links": [{**DATA, "imports": ["NEW", "NEW"]}]},
        "links[0].imports",
        ("NEW is named twice", "Name each event once."),
        {"links": [DATA]},
    ),
    "folder that ends in a slash": Case(
        {"links": [{**DATA, "path": "/data/"}]}, "links[0].path", ("/data/", "/datasets"), {"links": [DATA]}
    ),
    "unknown bucket": Case(
        {"links": [{"bucket": "date", "path": "/data"}]},
        "links[0].bucket",
        ("date is not an entry of storage.buckets. Did you mean data?", "or add storage.buckets.date."),
        {"links": [DATA]},
    ),
    "backups of scratch": Case(
        {"deployment": "scratch-2", "backup_days": 7},
        "backup_days",
        ("FSx cannot back up scratch-2", "Drop it, or write deployment: persistent-2."),
        {"backup_days": 0},
    ),
    "backups of what is linked": Case(
        {"links": [DATA], "backup_days": 7},
        "backup_days",
        ("FSx cannot back up a file system that is linked to a bucket", "Drop it, or drop links."),
        {"backup_days": 0},
    ),
    "two zones": Case(
        {"zone": ["us-west-2a", "us-west-2b"]},
        "zone",
        (
            "names us-west-2a, us-west-2b, but a Lustre file system is in one zone",
            "for example zone: us-west-2a; another zone needs another",
        ),
        {"zone": "us-west-2a"},
    ),
    "zone that the network lacks": Case(
        {"zone": "us-west-2d"},
        "zone",
        ("does not have us-west-2d, so there is no subnet", "Write one of us-west-2a, us-west-2b, us-west-2c."),
        {"zone": "us-west-2b"},
    ),
    "zone while AWS picks the zones": Case(
        {},
        "zone",
        ("network.zones is a number, so AWS decides", "Name the zones in network.zones too."),
        {},
        zones=3,
        fixed_zones=["us-west-2a", "us-west-2b", "us-west-2c"],
    ),
    "zone without the GPUs": Case(
        {"zone": "us-west-2b"},
        "zone",
        (
            "with accelerators are in us-west-2a: each read would cross zones",
            "Write zone: us-west-2a, or add us-west-2b to one of the pools.",
        ),
        {"zone": "us-west-2a"},
        pools=(GPUS,),
    ),
    "maintenance that is not a time": Case(
        {"maintenance": "8:09:00"}, "maintenance", ("8:09:00", "7:09:00"), {"maintenance": "1:09:00"}
    ),
}


def file_with(case: Case, zones: Any, **fix: Any) -> dict[str, Any]:
    raw = stack((("network", "zones"), list(zones) if isinstance(zones, tuple) else zones))
    raw["clusters"]["main"]["pools"] += case.pools
    raw["storage"] = {"lustre": {"fast": {**VALID, **case.change, **fix}}, "buckets": {"data": BUCKET}}
    return raw


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_an_invalid_file_system_is_reported_once_with_path_reason_and_advice(case: Case) -> None:
    reported = problems(file_with(case, case.zones))
    assert len(reported) == 1, "one mistake, one line:\n" + "\n".join(map(str, reported))
    assert reported[0].path == f"storage.lustre.fast.{case.path}", reported[0].message
    reason, advice = case.words
    assert reason in reported[0].message, reported[0].message
    assert advice in reported[0].message, reported[0].message


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_the_advice_leads_to_a_valid_file(case: Case) -> None:
    assert problems(file_with(case, case.fixed_zones or case.zones, **case.fix)) == ()


def file_system(*modes: str, **values: Any) -> LustreSettings:
    users = [{"namespace": f"team-{index}", "mode": mode} for index, mode in enumerate(modes)]
    return LustreSettings.model_validate({**VALID, "used_by": users, **values})


def test_root_is_squashed_by_default_when_no_pod_writes() -> None:
    assert file_system("read", "read").squashes_root
    assert not file_system("read", "write").squashes_root, "only root can make the first folder"
    assert file_system("write", root_squash=True).squashes_root
    assert not file_system("read", root_squash=False).squashes_root


def test_only_persistent_file_systems_have_a_throughput_to_choose() -> None:
    assert file_system("write").mibps_per_tib == 250
    assert file_system("write", throughput_mibps_per_tib=125).mibps_per_tib == 125
    assert file_system("write", deployment="scratch-2").mibps_per_tib is None
