"""What we send to AWS, and what the simulator takes, against the API itself: the service models of botocore."""

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
from tests.simulator.aws.service_models import MEMBERS, OWN, WRAPPED, inside, is_own, place_of

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

_NEWER = "the API has it; the provider's documentation, at the version that we pin, has not"
_STATE = "a state that AWS answers with, and nobody asks for"
_PROVIDER = "the provider's own schema allows no other"
_DOCUMENTED = "the API's documentation is stricter than its model"
# Where the simulator takes other values than the model, or less of them.
DIFFERENT = {
    ("aws:cloudwatch/logGroup:LogGroup", "logGroupClass"): _NEWER,
    ("aws:ec2/vpc:Vpc", "instanceTenancy"): "`host` is for instances; CreateVpc refuses it",
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcEndpointType"): _NEWER,
    ("aws:efs/backupPolicy:BackupPolicy", "backupPolicy.status"): _STATE,
    ("aws:efs/fileSystem:FileSystem", "protection.replicationOverwrite"): _STATE,
    ("aws:efs/mountTarget:MountTarget", "securityGroups"): _DOCUMENTED,
    ("aws:eks/addon:Addon", "resolveConflictsOnCreate"): _PROVIDER,
    ("aws:eks/cluster:Cluster", "vpcConfig.controlPlaneEgressMode"): _NEWER,
    ("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation", "dataRepositoryPath"): _PROVIDER,
    ("aws:kms/alias:Alias", "name"): "a name begins with alias/ and goes on",
    ("aws:kms/key:Key", "deletionWindowInDays"): _DOCUMENTED,
    ("aws:kms/key:Key", "policy"): _DOCUMENTED,
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm",
    ): _NEWER,
    ("aws:s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status"): (
        "`Disabled` is the provider's word for a bucket that never had versions: it sends nothing"
    ),
}


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path / "cloud.sqlite")


def refused(asked: Iterable[tuple[str, str, Props]], cloud: Cloud) -> list[tuple[str, str]]:
    """Name and problem of what the API would not take, after the provider has added names and defaults."""
    found = []
    for type_, name, inputs in asked:
        call = Call(f"urn:pulumi:test::ml-platform::{type_}::{name}", {"region": "us-west-2"})
        checked = check(kinds()[type_], cloud, call, {}, inputs)
        assert not checked.failures, f"{name}: {checked.failures}"
        found += [(name, problem) for problem in problems(type_, checked.inputs)]
    return found


def plain(value: Any) -> Any:
    """References to other resources by their id."""
    if isinstance(value, dict):
        return value["id"] if "$resource" in value else {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def ours(stack: str) -> Iterator[tuple[str, str, Props]]:
    """Type, name and inputs of everything in AWS that a stack of ours asks for."""
    for each in built(stack, preview=True).registered.values():
        if each.type.startswith("aws:"):
            yield each.type, each.name, each.inputs


def of_the_component() -> Iterator[tuple[str, str, Props]]:
    """What eks.Cluster registers by itself."""
    for key, row in facts("eks_component")["children"].items():
        type_, _, name = key.partition(" ")[2].partition("::")
        if type_.startswith("aws:"):
            yield type_, name, plain(row.get("inputs", {}))


@pytest.mark.parametrize("stack", STACKS)
def test_everything_that_our_stacks_ask_of_aws_is_what_its_api_takes(stack: str, cloud: Cloud) -> None:
    asked = list(ours(stack))
    assert len(asked) > 60, "the loop has to have something to loop over"
    assert refused(asked, cloud) == [], "the real account would refuse it, after a preview that did not"


def test_what_the_cluster_component_asks_of_aws_is_what_its_api_takes(cloud: Cloud) -> None:
    assert refused(of_the_component(), cloud) == []


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
        (NODE_GROUP, {**GROUP, "capacityType": "CHEAP"}, "capacityType: CHEAP is none of"),
        (
            NODE_GROUP,
            {**GROUP, "scalingConfig": {"minSize": -1}},
            "scalingConfig.minSize: -1 where 0 to None are allowed",
        ),
        (NODE_GROUP, {**GROUP, "diskSize": "much"}, "diskSize: 'much' is no number"),
        (NODE_GROUP, {**GROUP, "colour": "red"}, "colour: the API has no such member"),
        (NODE_GROUP, {**GROUP, "taints": [{"effect": "Never"}]}, "taints[*].effect: Never is none of"),
        (NODE_GROUP, {**GROUP, "labels": {"": "x"}}, "labels.: 0 characters where 1 to 63 are allowed"),
        (NODE_GROUP, {"clusterName": "main"}, "nodeRole: CreateNodegroup needs it"),
        (LIFECYCLE, {"bucket": "b", "rules": [{"id": "old"}]}, "rules[*]: LifecycleRule needs Status"),
        (LIFECYCLE, {"bucket": "b", "rules": [{**RULE, "transitions": [{"days": 1, "class": "X"}]}]}, "class: the API"),
        ("aws:backup/vault:Vault", {"name": "a b"}, "name: a b does not match"),
        ("aws:ec2/vpc:Vpc", {"enableDnsSupport": "perhaps"}, "'perhaps' is neither true nor false"),
    ],
)
def test_what_the_api_does_not_take_is_seen(type_: str, inputs: Props, problem: str | None) -> None:
    found = list(problems(type_, inputs))
    assert (found == []) == (problem is None), found
    assert problem is None or any(problem in each for each in found), found


def limits(constraint: Constraint) -> Iterator[OneOf | Between | Length]:
    """Those parts of a constraint that say values, a range, or a length."""
    if isinstance(constraint, Every):
        for each in constraint.constraints:
            yield from limits(each)
    elif isinstance(constraint, OneOf | Between | Length):
        yield constraint


def differs(limit: OneOf | Between | Length, shape: Shape) -> bool:
    """Whether the simulator takes other values than the model, where the model says any."""
    if isinstance(limit, OneOf):
        refused = [value for value in limit.allowed if list(scalar("", inside(shape), value))]
        return bool(refused) or not set(inside(shape).metadata.get("enum", ())) <= set(limit.allowed)
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    return low not in (None, limit.low) or high not in (None, limit.high)


def test_what_the_simulator_takes_is_what_the_api_takes_but_for_known_differences() -> None:
    compared, different = 0, set()
    for type_, kind in kinds().items():
        for path, constraint in kind.constraints.items():
            place = place_of(type_, path)
            if place is None:
                assert is_own(type_, path), f"{type_} {path}: say in service_models.py which member it becomes"
                continue
            shape = inside(place.shape) if path.endswith("[*]") else place.shape
            own = list(limits(constraint))
            compared += len(own)
            if any(differs(limit, shape) for limit in own):
                different.add((type_, path))
    assert compared > 150, "the loop has to have something to loop over"
    assert different == set(DIFFERENT), "a value that one of the two refuses: correct it, or say why it is so"


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
    place = place_of(NODE_GROUP, path)
    assert place
    assert differs(limit, place.shape)
    right = kinds()[NODE_GROUP].constraints.get(path)
    assert right is None or not any(differs(each, place.shape) for each in limits(right))


def test_what_is_said_of_the_api_is_of_inputs_that_there_are() -> None:
    known = kinds()
    assert {*WRAPPED, *MEMBERS, *OWN} - {""} <= set(known)
    for type_, members in MEMBERS.items():
        for path in members:
            assert path.split(".")[0] in known[type_].inputs, f"{type_} has no input {path}"
            assert place_of(type_, path), f"{type_} {path}: the API has no {members[path]}"
    for type_, reasons in OWN.items():
        assert not type_ or set(reasons) <= set(known[type_].inputs), type_
