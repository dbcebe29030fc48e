"""Names that another stack has, and log groups that EKS left, are found before anything is built."""

from dataclasses import dataclass, replace
from typing import Any

import pulumi
import pytest

from components.cluster.log_groups import NAMES_TAG, STACK_TAG, Found, Names, find, stack_tags
from components.compute.karpenter.karpenter_iam import node_role_name
from simulator.values import Props
from tests.components.stacks import stack, stage
from tests.in_process.engine import PROJECT, STACK

NAME = "/aws/eks/ml-platform-prod-main/cluster"
OURS = {"project": "ml-platform", "environment": "prod", "managed-by": "pulumi"}


def another(tags: dict[str, str], name: str = NAME) -> str | None:
    return Names(stage(), "ours/prod").another(name, tags, exact=name == NAME)


def test_the_log_group_of_the_stack_itself_is_no_mistake():
    assert another({**OURS, STACK_TAG: "ours/prod"}) is None
    assert another(OURS) is None, "it was made before it had the tag"


def test_another_stack_of_the_same_names_is_named_with_the_way_out():
    text = another({**OURS, STACK_TAG: "ours/alice"}, "/aws/eks/ml-platform-prod-other/cluster")
    assert text is not None
    assert "stack ours/alice has the names of this one (ml-platform-prod) in us-west-2 already" in text
    assert "Give this stack another `name`." in text
    assert f"--tags {STACK_TAG}=ours/prod" in text, "a stack that was renamed needs a way out, too"


def test_another_stack_is_known_by_its_tag_however_it_spells_the_others():
    assert another({"Project": "ml-platform", "Environment": "prod", STACK_TAG: "ours/alice"}) is not None


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("/aws/eks/ml-platform-prod-other/cluster", {}),
        ("/aws/eks/ml-platform-prod-eu-main/cluster", {**OURS, "project": "ml-platform-prod-eu", STACK_TAG: "x/y"}),
    ],
)
def test_log_groups_of_other_names_are_left_alone(name: str, tags: dict[str, str]):
    assert another(tags, name) is None


def put(ground: Any, **state: Any) -> None:
    row: Props = {"name": NAME, "arn": "arn", "region": ground.region, **state}
    ground.cloud.put("aws:cloudwatch/logGroup:LogGroup", NAME, row)


MINE = {**OURS, STACK_TAG: f"{PROJECT}/{STACK}"}
MAIN = frozenset({"main"})
LEFT, RUNS = Found(left_by_eks=MAIN), Found(running=MAIN)
CLUSTER = "ml-platform-prod-main"


@dataclass(frozen=True)
class Account:
    """What is in the account. group: state of the log group. cluster: one of the name runs. live: the stack made it."""

    group: dict[str, Any] | None = None
    cluster: bool = False
    live: bool = False
    region: str = "us-west-2"

    def found(self, cloud: Any) -> Found:
        found: list[Found] = []

        def program(ground: Any) -> None:
            if self.group is not None:
                put(ground, region=self.region, **self.group)
            if self.cluster:
                ground.cloud.put("aws:eks/cluster:Cluster", CLUSTER, {"name": CLUSTER}, region=self.region)
            found.append(find(stage(), ["main"], ["main"] if self.live else [], pulumi.InvokeOptions()))

        cloud.up_part(program)
        return found[0]


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (Account(), Found()),
        (Account({"tagsAll": MINE}), Found()),  # an `up` that did not end
        (Account({"tagsAll": MINE}, cluster=True), RUNS),
        (Account({}, cluster=True, region="us-east-1"), Found()),
        (Account({}), LEFT),
        (Account({}, cluster=True, live=True), RUNS),  # it lost its tags
        (Account({"tagsAll": {"team": "search"}}, cluster=True, live=True), RUNS),
        (Account({"tagsAll": OURS}, cluster=True, live=True), Found(older=MAIN, running=MAIN)),
    ],
)
def test_a_free_name_is_told_from_what_the_stack_and_eks_made(account: Account, expected: Found, cloud: Any) -> None:
    assert account.found(cloud) == expected


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        (Account({"tagsAll": {**OURS, STACK_TAG: "ours/alice"}}), "stack ours/alice has the names"),
        (Account(cluster=True), f"cluster {CLUSTER} exists in us-west-2, and this stack has not made it"),
        (Account({}, cluster=True), f"cluster {CLUSTER} exists"),
        (Account({"tagsAll": {"managed-by": "terraform"}}, cluster=True), f"cluster {CLUSTER} exists"),
        (Account({"tagsAll": OURS}, cluster=True), f"cluster {CLUSTER} exists"),  # another stack's, of an old release
        (Account({"tagsAll": {"team": "search"}}), "(tags: team: search; retention: no end). Give this"),
        (Account({"retentionInDays": 30}), "(tags: none; retention: 30). Give this"),
        (Account({"kmsKeyId": "arn:aws:kms:us-west-2:123456789012:key/a"}), "aws logs delete-log-group --region us"),
        (Account({"tagsAll": OURS}), f"--tags {STACK_TAG}={PROJECT}/{STACK}"),
    ],
)
def test_a_name_that_somebody_else_has_is_refused(account: Account, reason: str, cloud: Any) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        account.found(cloud)
    assert reason in str(refused.value)


def test_it_is_said_that_older_events_go_with_a_log_group_that_is_taken_over(cloud: Any, monkeypatch: Any) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    Account({}).found(cloud)
    Account({"tagsAll": MINE}).found(cloud)
    assert len(said) == 1
    assert "deletes its events that are older than `logs.retention_days`" in said[0]


def test_the_log_group_names_the_stack_that_made_it(cloud):
    cloud.up(stack())
    assert cloud.one("logGroup:LogGroup", "main-logs").inputs["tags"] == {STACK_TAG: f"{PROJECT}/{STACK}"}


@pytest.mark.parametrize("tags", [OURS, {**OURS, STACK_TAG: f"{PROJECT}/{STACK}", NAMES_TAG: "older"}])
def test_a_cluster_that_exists_with_older_names_keeps_them(tags: dict[str, str], cloud: Any):
    found: list[Found] = []

    def program(ground: Any) -> None:
        put(ground, tagsAll=tags)
        found.append(find(stage(), ["main"], ["main"], pulumi.InvokeOptions()))

    cloud.up_part(program)
    assert found == [Found(older=MAIN)], "another role would cut off the nodes that run with this one"
    old = replace(stage(), older_names=found[0].older)
    assert node_role_name(old, "main") == "ml-platform-prod-main-karpenter-node"
    assert node_role_name(stage(), "main") == "ml-platform-prod-main-karpenter-usw2"
    assert stack_tags(old, "main")[NAMES_TAG] == "older", "the next preview has to find it as well"
    assert NAMES_TAG not in stack_tags(old, "second"), "a new cluster gets names with the region"
