"""What `python -m report pending` tells after an interrupted `up`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from report import pending as module
from report.pending import AGAIN, Create, creates, pending
from report.simulated import ReportError
from simulator.aws.registry import kinds

PARENT = "urn:pulumi:prod::ml::mlplatform:security:Keys::keys"
PROVIDER = "urn:pulumi:prod::ml::pulumi:providers:aws::platform-aws"


def resource(type_: str, name: str = "one", id_: str = "", **inputs: Any) -> dict[str, Any]:
    """Returns a resource as a state has it."""
    urn = f"urn:pulumi:prod::ml::mlplatform:security:Keys${type_}::{name}"
    provider = f"{PROVIDER}::0b2c"
    return {"urn": urn, "custom": True, "id": id_, "inputs": inputs, "parent": PARENT, "provider": provider}


def interrupted(*resources: dict[str, Any], doing: str = "creating") -> dict[str, Any]:
    return {"pending_operations": [{"type": doing, "resource": each} for each in resources]}


ROLE = resource("aws:iam/role:Role", name="reader", region="us-west-2")
MADE_UP = ROLE | {"inputs": {"name": "reader-0f3c21a", "__defaults": ["name"]}}
GROUP = resource(
    "aws:eks/nodeGroup:NodeGroup", clusterName="ml", nodeGroupName="one-1a2b3c4", __defaults=["nodeGroupName"]
)
FILES = resource("aws:efs/fileSystem:FileSystem", creationToken="one-1a2b3c4", __defaults=["creationToken"])
OTHER = resource("aws:sqs/queue:Queue") | {"inputs": {"name": "one-1a2b3c4", "__defaults": ["name"]}}
RELEASE = resource("kubernetes:helm.sh/v3:Release") | {"inputs": {"name": "one", "namespace": "b"}}
POINT = resource("aws:efs/accessPoint:AccessPoint", fileSystemId="fs-1", region="us-west-2", __defaults=[])


def test_only_creates_that_would_happen_twice_are_looked_up():
    again = resource("aws:s3/bucketVersioning:BucketVersioning")
    component = {"urn": "urn:pulumi:prod::ml::eks:index:Cluster::main", "custom": False}
    provider = {"urn": "urn:pulumi:prod::ml::pulumi:providers:aws::platform-aws", "custom": True, "inputs": {}}
    found = creates(interrupted(ROLE, again, component, provider))
    assert [create.type for create in found] == ["aws:iam/role:Role"]
    assert creates(interrupted(ROLE, doing="updating")) == (), "a refresh clears updates and deletes"


@pytest.mark.parametrize(
    ("state", "id_", "command"),
    [
        (
            resource("aws:efs/mountTarget:MountTarget", fileSystemId="fs-1", subnetId="subnet-1", region="us-west-2"),
            "",
            (
                "aws efs describe-mount-targets --file-system-id fs-1 "
                "--query \"MountTargets[?SubnetId=='subnet-1']\" --region us-west-2"
            ),
        ),
        (
            resource("aws:iam/role:Role"),
            "one",
            "aws iam list-roles --query \"Roles[?starts_with(RoleName,'one')].[RoleName,CreateDate]\"",
        ),
        (
            resource("aws:backup/selection:Selection", id_="s-1", planId="p-1"),
            "p-1|s-1",
            (
                "aws backup list-backup-selections --backup-plan-id p-1 "
                "--query \"BackupSelectionsList[?SelectionName=='one']\""
            ),
        ),
        (
            resource("kubernetes:core/v1:ConfigMap", metadata={"name": "a", "namespace": "b"}),
            "b/a",
            "kubectl get configmap a --namespace b",
        ),
        (resource("kubernetes:core/v1:Namespace", metadata={"name": "a"}), "a", "kubectl get namespace a"),
        (resource("kubernetes:helm.sh/v3:Release", name="one"), "one", "helm status one"),
    ],
)
def test_the_look_up_of_a_create_and_the_id_for_its_import(state: dict[str, Any], id_: str, command: str) -> None:
    state = {**state, "inputs": {"name": "one", **state["inputs"]}}
    assert Create.of(state).lookup == (id_, command)


@pytest.mark.parametrize("type_", sorted(set(kinds()) - AGAIN))
def test_each_simulated_type_is_made_again_or_has_a_look_up_of_its_own_inputs(type_: str) -> None:
    id_, command = Create.of(resource(type_, region="us-west-2")).lookup
    assert command.startswith("aws "), "an engineer at night needs the command"
    template_id, template = module._LOOKUPS[type_.removeprefix("aws:").partition(":")[0]]
    known = {*kinds()[type_].inputs, "tags.Name", "rootDirectory.path", "beginning"}
    named = set(module._FIELD.findall(template_id + template))
    assert named <= known, f"{named - known} would stay empty"
    assert "{" not in id_ + command.replace("{tags", "")


def test_the_file_for_the_import_takes_over_what_the_program_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "output_of", lambda *arguments: {"deployment": interrupted(POINT)})
    assert pending("prod", tmp_path / "pending.json", ()) == 1
    entry = module.json.loads((tmp_path / "pending.json").read_text())["resources"][0]
    assert entry["properties"] == ["fileSystemId", "region"]
    assert (entry["parent"], entry["provider"]) == (PARENT, PROVIDER)
    printed = capsys.readouterr().out
    assert "pulumi import --stack prod" in printed
    assert "pulumi refresh --stack prod --clear-pending-creates" in printed


def test_what_was_made_twice_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = interrupted(POINT) | {"resources": [{**POINT, "id": "fsap-2"}]}
    monkeypatch.setattr(module, "output_of", lambda *arguments: {"deployment": twice})
    assert pending("prod", tmp_path / "pending.json", ()) == 1
    assert "The state has fsap-2. What else the command shows is a second one" in capsys.readouterr().out
    assert not (tmp_path / "pending.json").exists(), "an import would put it into the state twice"


def test_a_stack_without_pending_creates_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "output_of", lambda *arguments: {"deployment": {}})
    assert pending("prod", tmp_path / "pending.json", ()) == 0
    assert "nothing was interrupted" in capsys.readouterr().out


def test_a_lost_answer_is_looked_up_by_the_urn_in_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "stack": {"deployment": {}},
        "preview": {"steps": [{"op": "create", "urn": ROLE["urn"], "newState": ROLE}]},
    }
    monkeypatch.setattr(module, "output_of", lambda _, *arguments: answers[arguments[0]])
    assert pending("prod", tmp_path / "pending.json", (ROLE["urn"],)) == 1
    with pytest.raises(ReportError, match=r"neither the state of prod nor the next `pulumi up` has urn:.*::one\.$"):
        pending("prod", tmp_path / "pending.json", (POINT["urn"],))


Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Returns what is printed for a state, and for URNs when the next `up` has these steps."""

    def run(state: dict[str, Any], *urns: str, steps: tuple[dict[str, Any], ...] = ()) -> str:
        answers = {"stack": {"deployment": state}, "preview": {"steps": steps}}
        monkeypatch.setattr(module, "output_of", lambda _, *arguments: answers[arguments[0]])
        pending("prod", tmp_path / "pending.json", urns)
        return capsys.readouterr().out

    return run


def test_what_has_a_generated_name_is_deleted_since_an_import_would_replace_it(told: Told, tmp_path: Path) -> None:
    said = told(interrupted(MADE_UP, GROUP, FILES, OTHER))
    assert "aws iam delete-role --role-name reader-0f3c21a\n" in said
    assert "aws eks delete-nodegroup --cluster-name ml --nodegroup-name one-1a2b3c4\n" in said
    assert "aws efs delete-file-system --file-system-id <FileSystemId>\n" in said
    assert "delete aws:sqs/queue:Queue one-1a2b3c4 in AWS\n" in said
    assert not (tmp_path / "pending.json").exists()


def test_of_a_lost_answer_the_end_of_a_generated_name_is_not_known(told: Told) -> None:
    step = {"op": "create-replacement", "urn": MADE_UP["urn"], "newState": {**MADE_UP, "id": "reader-77aa77a"}}
    said = told({}, MADE_UP["urn"], steps=(step,))
    assert "starts_with(RoleName,'reader-')" in said
    assert "aws iam delete-role --role-name <its name>" in said
    said = told({"resources": [{**MADE_UP, "id": "reader-77aa77a"}]}, MADE_UP["urn"], steps=(step,))
    assert "The state has reader-77aa77a. What else the command shows is a second one: delete it." in said


def test_what_arrived_all_the_same_needs_nothing(told: Told) -> None:
    assert "it arrived, the state has r-1" in told({"resources": [{**ROLE, "id": "r-1"}]}, ROLE["urn"])


def test_a_release_that_helm_did_not_finish_is_uninstalled_or_rolled_back(told: Told) -> None:
    assert "If it is pending-install, delete its entry, and: helm uninstall one" in told(interrupted(RELEASE))
    assert "helm rollback one --namespace b" in told(interrupted(RELEASE, doing="updating"))
