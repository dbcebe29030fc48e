"""Names that another stack has, and log groups that EKS left, are found before anything is built."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.cluster.log_groups import NAMES_TAG, STACK_TAG, Found, find, mistake, stack_tags
from components.compute.karpenter.karpenter_iam import node_role_name
from simulator.values import Props
from tests.components.stacks import stack, stage
from tests.in_process.engine import PROJECT, STACK

NAME = "/aws/eks/ml-platform-prod-main/cluster"
OURS = {"project": "ml-platform", "environment": "prod", "managed-by": "pulumi"}


def reason(tags: dict[str, str], name: str = NAME) -> str | None:
    return mistake(stage(), name, tags, "ours/prod")


def test_the_log_group_of_the_stack_itself_is_no_mistake():
    assert reason({**OURS, STACK_TAG: "ours/prod"}) is None
    assert reason(OURS) is None, "it was made before it had the tag"


def test_another_stack_of_the_same_names_is_named_with_the_way_out():
    text = reason({**OURS, STACK_TAG: "ours/alice"}, "/aws/eks/ml-platform-prod-other/cluster")
    assert text is not None
    assert "stack ours/alice has the names of this one (ml-platform-prod) in us-west-2 already" in text
    assert "Give this stack another `name`." in text
    assert f"--tags {STACK_TAG}=ours/prod" in text, "a stack that was renamed needs a way out, too"


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("/aws/eks/ml-platform-prod-other/cluster", {}),
        ("/aws/eks/ml-platform-prod-eu-main/cluster", {**OURS, "project": "ml-platform-prod-eu", STACK_TAG: "x/y"}),
    ],
)
def test_log_groups_of_other_names_are_left_alone(name: str, tags: dict[str, str]):
    assert reason(tags, name) is None


def put(ground: Any, **state: Any) -> None:
    row: Props = {"name": NAME, "arn": "arn", "region": ground.region, **state}
    ground.cloud.put("aws:cloudwatch/logGroup:LogGroup", NAME, row)


def test_what_exists_is_read_from_aws(cloud):
    found: list[Found] = []

    def make(
        tags: dict[str, str] | None, region: str = "us-west-2", live: tuple[str, ...] = (), running: str = ""
    ) -> Any:
        def program(ground: Any) -> None:
            if tags is not None:
                put(ground, tagsAll=tags, region=region)
            if running:
                ground.cloud.put("aws:eks/cluster:Cluster", running, {"name": running}, region=region)
            found.append(find(stage(), ["main"], live, pulumi.InvokeOptions()))

        return program

    cloud.up_part(make(None))
    cloud.up_part(make({**OURS, STACK_TAG: f"{PROJECT}/{STACK}"}))
    cloud.up_part(make({}, region="us-east-1"))
    assert found == [Found()] * 3
    cloud.up_part(make({}))
    assert found[3] == Found(left_by_eks=frozenset({"main"}))
    cloud.up_part(make({}, running="ml-platform-prod-main", live=("main",)))
    assert found[4] == Found(), "the group of a cluster of ours that lost its tags is in the state"
    with pytest.raises(
        pulumi.RunError, match="cluster ml-platform-prod-main exists in us-west-2, and this stack has not"
    ):
        cloud.up_part(make({}, running="ml-platform-prod-main"))
    with pytest.raises(pulumi.RunError, match="log group"):
        cloud.up_part(make({**OURS, STACK_TAG: "ours/alice"}))


def test_the_log_group_names_the_stack_that_made_it(cloud):
    cloud.up(stack())
    assert cloud.one("logGroup:LogGroup", "main-logs").inputs["tags"] == {STACK_TAG: f"{PROJECT}/{STACK}"}


@pytest.mark.parametrize("tags", [OURS, {**OURS, STACK_TAG: f"{PROJECT}/{STACK}", NAMES_TAG: "older"}])
def test_a_cluster_that_exists_with_older_names_keeps_them(tags: dict[str, str], cloud: Any):
    found: list[Found] = []

    def program(ground: Any) -> None:
        put(ground, tagsAll=tags)
        found.append(find(stage(), ["main"], [], pulumi.InvokeOptions()))

    cloud.up_part(program)
    assert found == [Found(older=frozenset({"main"}))], "another role would cut off the nodes that run with this one"
    old = replace(stage(), older_names=found[0].older)
    assert node_role_name(old, "main") == "ml-platform-prod-main-karpenter-node"
    assert node_role_name(stage(), "main") == "ml-platform-prod-main-karpenter-usw2"
    assert stack_tags(old, "main")[NAMES_TAG] == "older", "the next preview has to find it as well"
    assert NAMES_TAG not in stack_tags(old, "second"), "a new cluster gets names with the region"
