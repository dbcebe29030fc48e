"""Compares the inputs that our stacks send to AWS, and the simulator's limits, with the service models of botocore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.model import Shape

from simulator.aws.checking import check
from simulator.aws.constraints import Between, Constraint, Every, Length, OneOf
from simulator.aws.registry import kinds
from simulator.cloud import Cloud
from simulator.provider import Call
from simulator.values import Props
from tests.components.whole_stacks import STACKS, built
from tests.facts.reading import facts
from tests.simulator.aws.api_requests import problems, scalar
from tests.simulator.aws.service_models import MEMBERS, OWN, WRAPPED, inside, is_own, member_of

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

_NEWER = "the API has the value; the documentation of the pinned provider version does not have it yet"
_STATE = "a state in answers of AWS, not a value of requests"
_PROVIDER = "the provider's own schema allows no other value"
_DOCUMENTED = "the API's documentation is stricter than its model"
# Inputs for which the simulator accepts other values than the model.
DIFFERENT = {
    ("aws:amp/workspace:Workspace", "alias"): "the provider takes an empty one for none",
    ("aws:cloudwatch/logGroup:LogGroup", "logGroupClass"): _NEWER,
    ("aws:ec2/launchTemplate:LaunchTemplate", "tagSpecifications[*].resourceType"): _DOCUMENTED,
    ("aws:ec2/vpc:Vpc", "instanceTenancy"): "`host` is for instances; CreateVpc refuses it",
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType"): _NEWER,
    ("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate", "description"): _PROVIDER,
    ("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate", "prefix"): _PROVIDER,
    ("aws:efs/backupPolicy:BackupPolicy", "backupPolicy.status"): _STATE,
    ("aws:efs/fileSystem:FileSystem", "protection.replicationOverwrite"): _STATE,
    ("aws:efs/mountTarget:MountTarget", "securityGroups"): _DOCUMENTED,
    ("aws:eks/addon:Addon", "resolveConflictsOnCreate"): _PROVIDER,
    ("aws:eks/cluster:Cluster", "vpcConfig.controlPlaneEgressMode"): _NEWER,
    ("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation", "dataRepositoryPath"): _PROVIDER,
    ("aws:kms/alias:Alias", "name"): "a name is alias/ with more characters after it",
    ("aws:kms/key:Key", "deletionWindowInDays"): _DOCUMENTED,
    ("aws:kms/key:Key", "policy"): _DOCUMENTED,
    ("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "rules[*].destination.storageClass"): _DOCUMENTED,
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm",
    ): _NEWER,
    ("aws:wafv2/webAcl:WebAcl", "rules[*].visibilityConfig.metricName"): _DOCUMENTED,
    ("aws:wafv2/webAcl:WebAcl", "visibilityConfig.metricName"): _DOCUMENTED,
    ("aws:s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status"): (
        "`Disabled` is the provider's value for a bucket that never had versions: it sends nothing"
    ),
}


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud.sqlite")


def refused(resources: Iterable[tuple[str, str, Props]], cloud: Cloud) -> list[tuple[str, str]]:
    """Returns name and problem of each input that the API would refuse, after the provider has added its defaults."""
    refusals = []
    for type_, name, inputs in resources:
        call = Call(f"urn:pulumi:test::ml-platform::{type_}::{name}", {"region": "us-west-2"})
        checked = check(kinds()[type_], cloud, call, {}, inputs)
        assert not checked.failures, f"{name}: {checked.failures}"
        refusals += [(name, problem) for problem in problems(type_, checked.inputs)]
    return refusals


def plain(value: Any) -> Any:
    """Replaces references to other resources by their ids."""
    if isinstance(value, dict):
        return value["id"] if "$resource" in value else {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def stack_resources(stack: str) -> Iterator[tuple[str, str, Props]]:
    """Yields type, name and inputs of each AWS resource of one of our stacks."""
    for each in built(stack, preview=True).registered.values():
        if each.type.startswith("aws:"):
            yield each.type, each.name, each.inputs


def component_resources() -> Iterator[tuple[str, str, Props]]:
    """Yields type, name and inputs of each AWS resource that eks.Cluster registers."""
    for key, row in facts("eks_component")["children"].items():
        type_, _, name = key.partition(" ")[2].partition("::")
        if type_.startswith("aws:"):
            yield type_, name, plain(row.get("inputs", {}))


@pytest.mark.parametrize("stack", STACKS)
def test_the_api_accepts_all_inputs_of_our_stacks(stack: str, cloud: Cloud) -> None:
    resources = list(stack_resources(stack))
    assert len(resources) > 60, "without resources to check, the test says nothing"
    assert refused(resources, cloud) == [], "the real account would refuse inputs that the preview accepted"


def test_the_api_accepts_all_inputs_of_the_cluster_component(cloud: Cloud) -> None:
    assert refused(component_resources(), cloud) == []


RULE = {"id": "old", "status": "Enabled", "expiration": {"days": 30}}
GROUP = {
    "clusterName": "main",
    "nodeGroupName": "system",
    "nodeRoleArn": "arn:aws:iam::123456789012:role/node",
    "subnetIds": ["subnet-1"],
    "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 1},
}


@pytest.mark.parametrize(
    ("type_", "inputs", "problem"),
    [
        (NODE_GROUP, GROUP, None),
        (LIFECYCLE, {"bucket": "b", "rules": [RULE]}, None),
        (NODE_GROUP, {**GROUP, "capacityType": "CHEAP"}, "capacityType: CHEAP is not one of"),
        (
            NODE_GROUP,
            {**GROUP, "scalingConfig": {"minSize": -1}},
            "scalingConfig.minSize: -1, but 0 to None are allowed",
        ),
        (NODE_GROUP, {**GROUP, "diskSize": "much"}, "diskSize: 'much' is not a number"),
        (NODE_GROUP, {**GROUP, "colour": "red"}, "colour: the API has no such member"),
        (NODE_GROUP, {**GROUP, "taints": [{"effect": "Never"}]}, "taints[*].effect: Never is not one of"),
        (NODE_GROUP, {**GROUP, "labels": {"": "x"}}, "labels.: 0 characters, but 1 to 63 are allowed"),
        (NODE_GROUP, {"clusterName": "main"}, "nodeRole: CreateNodegroup needs it"),
        (LIFECYCLE, {"bucket": "b", "rules": [{"id": "old"}]}, "rules[*]: LifecycleRule needs Status"),
        (LIFECYCLE, {"bucket": "b", "rules": [{**RULE, "transitions": [{"days": 1, "class": "X"}]}]}, "class: the API"),
        ("aws:backup/vault:Vault", {"name": "a b"}, "name: a b does not match"),
        ("aws:ec2/vpc:Vpc", {"enableDnsSupport": "perhaps"}, "'perhaps' is neither true nor false"),
    ],
)
def test_inputs_that_the_api_refuses_are_found(type_: str, inputs: Props, problem: str | None) -> None:
    reported = list(problems(type_, inputs))
    assert (reported == []) == (problem is None), reported
    assert problem is None or any(problem in each for each in reported), reported


def limits(constraint: Constraint) -> Iterator[OneOf | Between | Length]:
    """Yields the parts of a constraint that limit values, a range, or a length."""
    if isinstance(constraint, Every):
        for each in constraint.constraints:
            yield from limits(each)
    elif isinstance(constraint, OneOf | Between | Length):
        yield constraint


def differs(limit: OneOf | Between | Length, shape: Shape) -> bool:
    """Returns True when simulator and model accept different values. A limit that the model lacks is ignored."""
    if isinstance(limit, OneOf):
        invalid = [value for value in limit.allowed if list(scalar("", inside(shape), value))]
        return bool(invalid) or not set(inside(shape).metadata.get("enum", ())) <= set(limit.allowed)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    return low not in (None, limit.low) or high not in (None, limit.high)


def test_limits_of_the_simulator_equal_those_of_the_api_except_known_differences() -> None:
    compared, different = 0, set()
    for type_, kind in kinds().items():
        for path, constraint in kind.constraints.items():
            member = member_of(type_, path)
            if member is None:
                assert is_own(type_, path), f"{type_} {path}: add the member that it becomes to service_models.py"
                continue
            shape = inside(member.shape) if path.endswith("[*]") else member.shape
            limits_of_input = list(limits(constraint))
            compared += len(limits_of_input)
            if any(differs(limit, shape) for limit in limits_of_input):
                different.add((type_, path))
    assert compared > 150, "without limits to compare, the test says nothing"
    assert different == set(DIFFERENT), "correct the limit, or add the difference to DIFFERENT with its reason"


@pytest.mark.parametrize(
    ("limit", "path"),
    [
        (OneOf(("ON_DEMAND",)), "capacityType"),
        (OneOf(("ON_DEMAND", "SPOT", "CAPACITY_BLOCK", "CHEAP")), "capacityType"),
        (Between(2, None), "scalingConfig.maxSize"),
        (Between(1, 5), "updateConfig.maxUnavailablePercentage"),
        (Length(1, 10), "taints[*].key"),
    ],
)
def test_a_wrong_limit_is_found(limit: OneOf | Between | Length, path: str) -> None:
    member = member_of(NODE_GROUP, path)
    assert member
    assert differs(limit, member.shape)
    right = kinds()[NODE_GROUP].constraints.get(path)
    assert right is None or not any(differs(each, member.shape) for each in limits(right))


def test_all_listed_inputs_and_members_exist() -> None:
    known = kinds()
    assert {*WRAPPED, *MEMBERS, *OWN} - {""} <= set(known)
    for type_, members in MEMBERS.items():
        for path in members:
            assert path.split(".")[0] in known[type_].inputs, f"{type_} has no input {path}"
            assert member_of(type_, path), f"{type_} {path}: the API has no {members[path]}"
    for type_, reasons in OWN.items():
        assert not type_ or set(reasons) <= set(known[type_].inputs), type_
