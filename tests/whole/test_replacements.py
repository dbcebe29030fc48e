"""What is replaced, moved or renamed on a stack that is up, beside a second stack in another region.

The tests run in this order.
"""

import json

import pytest

from tests.whole.conftest import Project, steps

pytestmark = pytest.mark.engine

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
ZONES = ["us-west-2b", "us-west-2c"]
EAST = "us-east-1"


def up(project: Project, stack: str = "dev") -> None:
    project.pulumi("up", "--stack", stack, "--yes", "--skip-preview")


def rows(project: Project, type_: str, region: str = "us-west-2") -> list[dict]:
    return [each for each in project.resources() if (each["type"], each["region"]) == (type_, region)]


def shown(project: Project, type_: str) -> list[dict]:
    return [json.loads(project.cloud("show", each["id"], "--type", type_)) for each in rows(project, type_)]


def refusal(project: Project, stack: str = "dev") -> str:
    done = project.simulate("pulumi", "preview", "--stack", stack, "--non-interactive")
    assert done.returncode != 0, done.stdout
    return " ".join((done.stdout + done.stderr).split())


def test_a_small_stack_comes_up(project: Project) -> None:
    """With a way in for admins of one namespace, a locked vault, and copies in the region of the second stack."""
    role = {"principal_arn": "arn:aws:iam::123456789012:role/research", "policy": "edit", "namespaces": ["research"]}
    project.change(
        "dev",
        network={"zones": ZONES},
        clusters__main__pools=project.pools("dev")[:1],
        clusters__main__access={"research": role},
        storage__buckets__datasets__replicate_to=EAST,
        storage__recovery__copy_to=EAST,
    )
    up(project)
    assert len(shown(project, LOCK)) == 1


def test_a_vault_stays_locked_and_a_person_keeps_access_when_their_settings_change(project: Project) -> None:
    project.change(
        "dev",
        storage__recovery__lock_days=3,
        clusters__main__access__research__namespaces=["research", "serving"],
        network__flow_logs__aggregation_seconds=60,
    )
    up(project)
    assert [each["maxAggregationInterval"] for each in shown(project, "aws:ec2/flowLog:FlowLog")] == [60]
    (lock,) = shown(project, LOCK)
    assert lock["minRetentionDays"] == 3
    scopes = [each["accessScope"] for each in shown(project, "aws:eks/accessPolicyAssociation:AccessPolicyAssociation")]
    assert {"type": "namespace", "namespaces": ["research", "serving"]} in scopes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"name": "other"},
            "name, environment: the stack is up with ml-platform-dev-main, and the stack file makes that",
        ),
        ({"region": "us-east-2", "network": {"zones": 2}}, "region: the stack is up with us-west-2, "),
        (
            {"clusters__main__service_cidr": "172.31.0.0/16"},
            "clusters.main.service_cidr: the cluster is up with 172.20.0.0/16, and the stack file makes that",
        ),
    ],
)
def test_what_would_make_everything_anew_is_refused_at_preview(project: Project, changes: dict, said: str) -> None:
    before = (project.folder / "Pulumi.dev.yaml").read_text()
    project.change("dev", **changes)
    text = refusal(project)
    (project.folder / "Pulumi.dev.yaml").write_text(before)
    assert said in text
    assert "docs/guides/stack/move-a-stack.md" in text


def test_a_zone_with_an_earlier_letter_leaves_the_others_alone(project: Project) -> None:
    project.change("dev", network__zones=["us-west-2a", *ZONES])
    preview = project.preview("dev")
    assert not steps(preview, "replace", "delete", "delete-replaced", "create-replacement"), "nodes or addresses go"
    assert "main-eksCluster" not in steps(preview, "update"), "EKS refuses zones in which the cluster was not created"
    up(project)
    assert [each["urn"].rpartition("::")[2] for each in rows(project, "aws:ec2/natGateway:NatGateway")] == [
        "network-nat-us-west-2b"
    ]


def test_a_second_stack_of_the_same_name_in_another_region_touches_nothing_of_the_first(project: Project) -> None:
    (project.folder / "Pulumi.east.yaml").write_text((project.folder / "Pulumi.dev.yaml").read_text())
    project.change("east", region=EAST, network={"zones": 2}, storage__recovery__copy_to="us-west-2")
    project.change("east", storage__buckets__datasets__replicate_to="us-west-2")
    west = project.resources()
    up(project, "east")
    for type_ in ("aws:eks/cluster:Cluster", "aws:backup/vault:Vault", "kubernetes:core/v1:Namespace"):
        names = [{each["id"] for each in rows(project, type_, region)} for region in ("us-west-2", EAST)]
        of_copies = {f"ml-platform-dev-{region}-backup-copies" for region in ("us-west-2", EAST)}
        assert names[0] - of_copies == names[1] - of_copies != set(), type_
    project.pulumi("preview", "--stack", "dev", "--refresh", "--expect-no-changes")
    project.pulumi("destroy", "--stack", "east", "--yes", "--skip-preview")
    left = {(each["type"], each["region"], each["id"]) for each in project.resources()}
    assert {(each["type"], each["region"], each["id"]) for each in west} <= left


def test_a_namespace_that_left_is_imported_when_an_entry_names_it_again(project: Project) -> None:
    """With a label of another version of Kubernetes, as after an upgrade."""
    lab = {"purpose": "shared", "used_by": [{"namespace": "lab", "mode": "write"}]}
    storage = project.settings("dev")["ml-platform:storage"]
    with_lab = {**storage, "file_systems": {**storage["file_systems"], "lab": lab}}
    for entries in (with_lab, storage):
        project.change("dev", storage=entries)
        up(project)
    label = "pod-security.kubernetes.io/enforce-version"
    (namespace,) = [each for each in rows(project, "kubernetes:core/v1:Namespace") if each["id"].endswith("/lab")]
    metadata = json.loads(project.cloud("show", namespace["id"]))["metadata"]
    project.cloud(
        "set", namespace["id"], "metadata", json.dumps({**metadata, "labels": {**metadata["labels"], label: "v1.34"}})
    )
    project.change("dev", storage=with_lab)
    assert "main-namespace-lab" in steps(project.preview("dev"), "import")
    up(project)
    labels = json.loads(project.cloud("show", namespace["id"]))["metadata"]["labels"]
    assert labels[label] == "v1.35"
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_what_is_made_again_gets_a_new_id(project: Project) -> None:
    (flow_log,) = rows(project, "aws:ec2/flowLog:FlowLog")
    project.cloud("delete", flow_log["id"])
    project.pulumi("up", "--stack", "dev", "--yes", "--skip-preview", "--refresh")
    assert rows(project, "aws:ec2/flowLog:FlowLog")[0]["id"] != flow_log["id"]


def test_a_log_group_that_eks_writes_after_a_destroy_is_taken_over(project: Project) -> None:
    (ours,) = [each["id"] for each in rows(project, LOG_GROUP) if each["id"].startswith("/aws/eks/")]
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    left = {"name": ours, "arn": f"arn:aws:logs:us-west-2:123456789012:log-group:{ours}", "region": "us-west-2"}
    project.cloud("add", LOG_GROUP, ours, json.dumps({**left, "tags": {}, "tagsAll": {}, "retentionInDays": 0}))
    up(project)
    taken = json.loads(project.cloud("show", ours, "--type", LOG_GROUP))
    assert taken["retentionInDays"] > 0, "or it is kept for ever"
    assert taken["kmsKeyId"], "and not encrypted with our key"
    project.pulumi("preview", "--stack", "dev", "--refresh", "--expect-no-changes")


def test_the_stack_can_be_taken_down_and_then_have_another_name(project: Project) -> None:
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    project.change("dev", name="other")
    project.pulumi("preview", "--stack", "dev")
