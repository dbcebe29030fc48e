"""File systems that cannot be: each is refused at its place, with the reason, and with a way out that works."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from catalog.eks_addons import ADDONS
from settings.core.problems import PathPart
from settings.storage.file_systems import posix_id
from tests.settings.stacks import GONE, RIGHT, problems, stack

WRITER, READER = {"namespace": "research", "mode": "write"}, {"namespace": "serving"}
HOME: dict[str, Any] = {"purpose": "shared", "used_by": [WRITER, READER]}
MAIN = RIGHT["clusters"]["main"]
TWO = {("clusters",): {"main": MAIN, "other": MAIN}, ("network", "nat"): "single"}


@dataclass(frozen=True)
class Case:
    """system: the wrong one, under `home`. at: the place in it. words: of what is wrong, and of the way out.

    fix: laid over the entry; GONE takes a key away. around: values elsewhere in the stack file.
    """

    system: dict[str, Any]
    at: str
    words: tuple[str, str]
    fix: dict[str, Any]
    around: dict[tuple[PathPart, ...], Any] = field(default_factory=dict)


def of_one_number() -> tuple[str, str]:
    """Two namespaces that would be the same user on the file system."""
    seen: dict[int, str] = {}
    number = 0
    while True:
        name = f"team-{number}"
        if (first := seen.setdefault(posix_id(name), name)) != name:
            return first, name
        number += 1


ALIKE = of_one_number()

WRONG: dict[str, Case] = {
    "provisioned without a rate": Case(
        {**HOME, "throughput": "provisioned"},
        "",
        ("throughput is provisioned, and no rate is given", "Write provisioned_mibps: 128"),
        {"provisioned_mibps": 128},
    ),
    "a rate that elastic throughput does not take": Case(
        {**HOME, "provisioned_mibps": 256},
        "",
        ("provisioned_mibps is 256, which elastic throughput does not take", "Drop it"),
        {"provisioned_mibps": GONE},
    ),
    "a rate that EFS does not have": Case(
        {**HOME, "throughput": "provisioned", "provisioned_mibps": 5000},
        "provisioned_mibps",
        ("is 5000, and the most is 3414", "Write 3414 or less."),
        {"provisioned_mibps": 3414},
    ),
    "archived before infrequent": Case(
        {**HOME, "infrequent_after_days": 60, "archive_after_days": 30},
        "",
        ("archive_after_days is 30, and files become infrequent only after 60 days", "Write more days"),
        {"archive_after_days": 90},
    ),
    "archived as soon as infrequent": Case(
        {**HOME, "archive_after_days": 30},
        "",
        ("archive_after_days is 30, and files become infrequent only after 30 days", "or fewer for infrequent"),
        {"infrequent_after_days": 14},
    ),
    "archived with a set rate": Case(
        {**HOME, "throughput": "provisioned", "provisioned_mibps": 64, "archive_after_days": 90},
        "",
        ("only file systems of elastic throughput have the Archive class", "Drop it, or write throughput: elastic."),
        {"archive_after_days": GONE},
    ),
    "days that EFS does not count": Case(
        {**HOME, "infrequent_after_days": 45},
        "infrequent_after_days",
        ("is the number 45", "one of 1, 7, 14, 30, 60, 90, 180, 270, 365 is wanted"),
        {"infrequent_after_days": 60},
    ),
    "a copy beside the original": Case(
        {**HOME, "replicate_to": "us-west-2"},
        "replicate_to",
        ("us-west-2 is the region of the stack itself", "Take another one, for example"),
        {"replicate_to": "us-east-2"},
    ),
    "a copy nowhere": Case(
        {**HOME, "replicate_to": "us-east-9"},
        "replicate_to",
        ("us-east-9 is no AWS region that the catalog knows", "Did you mean us-east-"),
        {"replicate_to": "us-east-1"},
    ),
    "no namespace": Case(
        {**HOME, "used_by": [{"namespace": "Team_A", "mode": "write"}]},
        "used_by[0].namespace",
        ("'Team_A' is no namespace: up to 63 lower-case letters", "Rename it."),
        {"used_by": [{"namespace": "team-a", "mode": "write"}]},
    ),
    "nobody may use it": Case(
        {"purpose": "shared"},
        "used_by",
        ("is empty, so no team may use it", "Write for example `used_by: [{namespace: research, mode: write}]`"),
        {"used_by": [WRITER]},
    ),
    "nobody may use it, for logs": Case(
        {"purpose": "logs"},
        "used_by",
        ("is empty, and nothing else writes logs to a file system", "or drop the entry."),
        {"used_by": [WRITER]},
    ),
    "nobody writes": Case(
        {**HOME, "used_by": [READER]},
        "used_by",
        ("everybody only reads, so the file system stays empty", "Give one of them mode: write."),
        {"used_by": [WRITER, READER]},
    ),
    "more writers than a reader has groups for": Case(
        {**HOME, "used_by": [*({"namespace": f"team-{n}", "mode": "write"} for n in range(17)), READER]},
        "used_by",
        ("17 namespaces write, and whoever reads can be in the groups of 16", "or give those who read mode: write."),
        {"used_by": [{"namespace": f"team-{n}", "mode": "write"} for n in range(17)]},
    ),
    "two namespaces of one number": Case(
        {**HOME, "used_by": [{"namespace": name, "mode": "write"} for name in ALIKE]},
        "used_by[1].namespace",
        ("would be given the same numeric user", "Rename one of them."),
        {"used_by": [{"namespace": ALIKE[0], "mode": "write"}, {"namespace": f"{ALIKE[1]}-new", "mode": "write"}]},
    ),
    "the same namespace twice": Case(
        {**HOME, "used_by": [WRITER, {**WRITER, "cluster": "main"}]},
        "used_by[1]",
        ("research is there already", "Drop one of the two."),
        {"used_by": [WRITER]},
    ),
    "a namespace that writes here and reads there": Case(
        {**HOME, "used_by": [{**WRITER, "cluster": "main"}, {"namespace": "research", "cluster": "other"}]},
        "used_by[1].mode",
        ("research is said to write in one entry and to read in another", "Give both the same mode."),
        {"used_by": [{**WRITER, "cluster": "main"}, {**WRITER, "cluster": "other"}]},
        TWO,
    ),
    "which cluster": Case(
        {**HOME, "used_by": [WRITER]},
        "used_by[0].cluster",
        ("is not given, and there are 2: main, other", "Name one."),
        {"used_by": [{**WRITER, "cluster": "main"}]},
        TWO,
    ),
    "no such cluster": Case(
        {**HOME, "used_by": [{**WRITER, "cluster": "mian"}]},
        "used_by[0].cluster",
        ("mian is no cluster of this stack", "Write one of main."),
        {"used_by": [{**WRITER, "cluster": "main"}]},
    ),
    "names that meet once they are joined": Case(
        {**HOME, "used_by": [{"namespace": "b-c", "mode": "write"}]},
        "used_by[0].namespace",
        ("home-b-c would be the name of two folders: of home-b and c, and of home and b-c", "Rename one of the file"),
        {"used_by": [WRITER]},
        {("storage", "file_systems", "home-b"): {**HOME, "used_by": [{"namespace": "c", "mode": "write"}]}},
    ),
}


def file_with(case: Case, system: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in system.items() if value is not GONE}
    return stack(*case.around.items(), (("storage", "file_systems", "home"), given))


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_a_wrong_file_system_is_told_where_and_why_once(case: Case) -> None:
    found = problems(file_with(case, case.system))
    assert len(found) == 1, "one thing to mend, one line:\n" + "\n".join(map(str, found))
    assert found[0].path == ".".join(filter(None, ["storage.file_systems.home", case.at])), found[0].message
    why, way_out = case.words
    assert why in found[0].message, found[0].message
    assert way_out in found[0].message, found[0].message


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_the_way_out_that_is_told_is_one(case: Case) -> None:
    assert problems(file_with(case, {**case.system, **case.fix})) == (), "advice that leads to the next mistake is none"


def test_another_partition_shares_no_accounts() -> None:
    place = ("storage", "file_systems", "home")
    (found,) = problems(stack((place, {**HOME, "replicate_to": "us-gov-west-1"})))
    assert found.path == "storage.file_systems.home.replicate_to"
    assert "belongs to aws-us-gov, which shares no accounts with aws" in found.message


@pytest.mark.parametrize("name", ["Home", "home_directories", "home-directories-of-all", "1st"])
def test_a_name_that_could_name_nothing_is_told(name: str) -> None:
    (found,) = problems(stack((("storage", "file_systems", name), HOME)))
    assert found.path.startswith("storage.file_systems")
    assert f"{name!r} is no name of storage: up to 21 lower-case letters" in found.message


def test_a_driver_that_nobody_has_pinned_has_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ADDONS, "aws-efs-csi-driver", replace(ADDONS["aws-efs-csi-driver"], versions={}))
    place = ("storage", "file_systems", "home")
    (found,) = problems(stack((place, HOME)))
    assert found.path == "clusters.main.managed_addons"
    assert "pins no version of aws-efs-csi-driver for Kubernetes 1.35. Give `aws-efs-csi-driver: {version" in str(found)
    given = (("clusters", "main", "managed_addons"), {"aws-efs-csi-driver": {"version": "v3.4.1-eksbuild.1"}})
    assert problems(stack((place, HOME), given)) == ()
    assert problems(stack()) == (), "who mounts nothing needs no driver"
