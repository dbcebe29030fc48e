"""Invalid file systems: each is refused at the right setting, with the reason, and with advice that works."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from catalog.eks_addons import ADDONS
from settings.core.problems import PathPart
from settings.stack.checks import versions as version_checks
from settings.storage.file_systems import posix_id
from tests.settings.stacks import ABSENT, RIGHT, problems, stack

WRITER, READER = {"namespace": "research", "mode": "write"}, {"namespace": "serving"}
HOME: dict[str, Any] = {"purpose": "shared", "used_by": [WRITER, READER]}
MAIN = RIGHT["clusters"]["main"]
TWO = {("clusters",): {"main": MAIN, "other": MAIN}, ("network", "nat"): "single"}


@dataclass(frozen=True)
class Case:
    """system: the invalid file system, under `home`. path: of the problem, in it. words: the reason, and the advice.

    fix: what the advice changes in the entry; ABSENT removes a key. around: values elsewhere in the stack file.
    """

    system: dict[str, Any]
    path: str
    words: tuple[str, str]
    fix: dict[str, Any]
    around: dict[tuple[PathPart, ...], Any] = field(default_factory=dict)


def namespaces_with_the_same_id() -> tuple[str, str]:
    """Returns two namespaces that would be the same user on the file system."""
    seen: dict[int, str] = {}
    number = 0
    while True:
        name = f"team-{number}"
        if (first := seen.setdefault(posix_id(name), name)) != name:
            return first, name
        number += 1


SAME_ID = namespaces_with_the_same_id()

WRONG: dict[str, Case] = {
    "provisioned without a rate": Case(
        {**HOME, "throughput": "provisioned"},
        "",
        ("throughput is provisioned, but provisioned_mibps is missing", "Write for example provisioned_mibps: 128"),
        {"provisioned_mibps": 128},
    ),
    "a rate that elastic throughput does not take": Case(
        {**HOME, "provisioned_mibps": 256},
        "",
        ("provisioned_mibps is 256, but elastic throughput has no fixed rate", "Drop it"),
        {"provisioned_mibps": ABSENT},
    ),
    "a rate that EFS does not have": Case(
        {**HOME, "throughput": "provisioned", "provisioned_mibps": 5000},
        "provisioned_mibps",
        ("is 5000, and the maximum is 3414", "Write 3414 or less."),
        {"provisioned_mibps": 3414},
    ),
    "archived before infrequent": Case(
        {**HOME, "infrequent_after_days": 60, "archive_after_days": 30},
        "",
        (
            "archive_after_days is 30, but files move to the Infrequent Access class only after 60 days",
            "Write more days",
        ),
        {"archive_after_days": 90},
    ),
    "archived as soon as infrequent": Case(
        {**HOME, "archive_after_days": 30},
        "",
        (
            "archive_after_days is 30, but files move to the Infrequent Access class only after 30 days",
            "or fewer for infrequent",
        ),
        {"infrequent_after_days": 14},
    ),
    "archived with a set rate": Case(
        {**HOME, "throughput": "provisioned", "provisioned_mibps": 64, "archive_after_days": 90},
        "",
        ("only file systems with elastic throughput have the Archive class", "Drop it, or write throughput: elastic."),
        {"archive_after_days": ABSENT},
    ),
    "days that EFS does not count": Case(
        {**HOME, "infrequent_after_days": 45},
        "infrequent_after_days",
        ("is the number 45", "one of 1, 7, 14, 30, 60, 90, 180, 270, 365 is expected"),
        {"infrequent_after_days": 60},
    ),
    "an access that is none": Case(
        {**HOME, "access": "open"},
        "access",
        ("is the text 'open', but one of iam, both, network is expected", "network: everybody who reaches it"),
        {"access": "network"},
    ),
    "a copy in the region of the stack": Case(
        {**HOME, "replicate_to": "us-west-2"},
        "replicate_to",
        ("us-west-2 is the region of the stack", "Take another region, for example"),
        {"replicate_to": "us-east-2"},
    ),
    "a copy in an unknown region": Case(
        {**HOME, "replicate_to": "us-east-9"},
        "replicate_to",
        ("us-east-9 is not an AWS region of the catalog", "Did you mean us-east-"),
        {"replicate_to": "us-east-1"},
    ),
    "a name that Kubernetes refuses": Case(
        {**HOME, "used_by": [{"namespace": "Team_A", "mode": "write"}]},
        "used_by[0].namespace",
        ("'Team_A' is not a namespace: use up to 63 lower-case letters", "Rename it, for example team-a."),
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
        ("no namespace writes, so the file system stays empty", "Give one of them mode: write."),
        {"used_by": [WRITER, READER]},
    ),
    "more writers than a reader has groups for": Case(
        {**HOME, "used_by": [*({"namespace": f"team-{n}", "mode": "write"} for n in range(17)), READER]},
        "used_by",
        (
            "17 namespaces write, but a namespace that only reads can see the files of 16",
            "or give mode: write to the namespaces that read.",
        ),
        {"used_by": [{"namespace": f"team-{n}", "mode": "write"} for n in range(17)]},
    ),
    "two namespaces with the same id": Case(
        {**HOME, "used_by": [{"namespace": name, "mode": "write"} for name in SAME_ID]},
        "used_by[1].namespace",
        ("would get the same numeric user", "Rename one of them."),
        {"used_by": [{"namespace": SAME_ID[0], "mode": "write"}, {"namespace": f"{SAME_ID[1]}-new", "mode": "write"}]},
    ),
    "the same namespace twice": Case(
        {**HOME, "used_by": [WRITER, {**WRITER, "cluster": "main"}]},
        "used_by[1]",
        ("research is already in the list", "Drop one of the two."),
        {"used_by": [WRITER]},
    ),
    "a namespace that writes here and reads there": Case(
        {**HOME, "used_by": [{**WRITER, "cluster": "main"}, {"namespace": "research", "cluster": "other"}]},
        "used_by[1].mode",
        ("research has mode write in one entry and read in another", "Give both the same mode."),
        {"used_by": [{**WRITER, "cluster": "main"}, {**WRITER, "cluster": "other"}]},
        TWO,
    ),
    "a missing cluster": Case(
        {**HOME, "used_by": [WRITER]},
        "used_by[0].cluster",
        ("is missing, and there are 2 clusters: main, other", "Name one."),
        {"used_by": [{**WRITER, "cluster": "main"}]},
        TWO,
    ),
    "no such cluster": Case(
        {**HOME, "used_by": [{**WRITER, "cluster": "mian"}]},
        "used_by[0].cluster",
        ("mian is not a cluster of this stack", "Write one of main."),
        {"used_by": [{**WRITER, "cluster": "main"}]},
    ),
    "names that are the same after they are joined": Case(
        {**HOME, "used_by": [{"namespace": "b-c", "mode": "write"}]},
        "used_by[0].namespace",
        ("home-b-c would be the name of two folders: of home-b and c, and of home and b-c", "Rename one of the file"),
        {"used_by": [WRITER]},
        {("storage", "file_systems", "home-b"): {**HOME, "used_by": [{"namespace": "c", "mode": "write"}]}},
    ),
}


def file_with(case: Case, system: dict[str, Any]) -> dict[str, Any]:
    given = {key: value for key, value in system.items() if value is not ABSENT}
    return stack(*case.around.items(), (("storage", "file_systems", "home"), given))


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_an_invalid_file_system_is_reported_once_with_path_reason_and_advice(case: Case) -> None:
    reported = problems(file_with(case, case.system))
    assert len(reported) == 1, "one mistake, one line:\n" + "\n".join(map(str, reported))
    assert reported[0].path == ".".join(filter(None, ["storage.file_systems.home", case.path])), reported[0].message
    reason, advice = case.words
    assert reason in reported[0].message, reported[0].message
    assert advice in reported[0].message, reported[0].message


@pytest.mark.parametrize("case", WRONG.values(), ids=list(WRONG))
def test_the_advice_leads_to_a_valid_file(case: Case) -> None:
    assert problems(file_with(case, {**case.system, **case.fix})) == (), "advice must not lead to the next mistake"


def test_another_partition_shares_no_accounts() -> None:
    path = ("storage", "file_systems", "home")
    (problem,) = problems(stack((path, {**HOME, "replicate_to": "us-gov-west-1"})))
    assert problem.path == "storage.file_systems.home.replicate_to"
    assert "belongs to partition aws-us-gov, whose accounts are separate from those of aws" in problem.message


@pytest.mark.parametrize("name", ["Home", "home_directories", "home-directories-of-all", "1st"])
def test_a_name_that_resources_cannot_have_is_refused(name: str) -> None:
    (problem,) = problems(stack((("storage", "file_systems", name), HOME)))
    assert problem.path.startswith("storage.file_systems")
    assert f"{name!r} cannot name an entry of storage: use up to 21 lower-case letters" in problem.message


def test_a_driver_that_the_catalog_does_not_pin_needs_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    without_versions = replace(ADDONS["aws-efs-csi-driver"], versions={})
    monkeypatch.setattr(version_checks, "ADDONS", {**ADDONS, "aws-efs-csi-driver": without_versions})
    path = ("storage", "file_systems", "home")
    (problem,) = problems(stack((path, HOME)))
    assert problem.path == "clusters.main.managed_addons"
    assert (
        "has no version of aws-efs-csi-driver for Kubernetes 1.35. Take a version from `aws eks "
        "describe-addon-versions`, and write `aws-efs-csi-driver: {version"
    ) in str(problem)
    given = (("clusters", "main", "managed_addons"), {"aws-efs-csi-driver": {"version": "v3.4.1-eksbuild.1"}})
    assert problems(stack((path, HOME), given)) == ()
    assert problems(stack()) == (), "a cluster without mounts needs no driver"


def test_a_driver_without_a_role_of_its_own_on_the_nodes_is_refused_where_mounts_ask_for_one() -> None:
    path = ("storage", "file_systems", "home")
    old = (("clusters", "main", "managed_addons"), {"aws-efs-csi-driver": {"version": "v2.1.8-eksbuild.1"}})
    (problem,) = problems(stack((path, HOME), old))
    assert problem.path == "clusters.main.managed_addons.aws-efs-csi-driver.version"
    assert problem.message.endswith("Drop it, or write access: network for home.")
    assert problems(stack((path, {**HOME, "access": "network"}), old)) == ()
