"""An AWS account as the engine sees it: tests create, update and delete resources through the provider."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from simulator.aws.package import AwsPackage
from simulator.cloud import Cloud
from simulator.faults import Faults
from simulator.provider import Call, CheckResult, DiffResult, Refusal

CONFIG = {"region": "us-west-2"}
Old: TypeAlias = Mapping[str, Any] | None


def trust(service: str, *actions: str) -> str:
    """Returns the trust policy of a role for one service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions or ("sts:AssumeRole",))}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def permission(action: str = "s3:GetObject") -> str:
    """Returns an identity policy with one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Resource:
    """A resource as it is in the engine's state."""

    type: str
    name: str
    id: str
    inputs: dict[str, Any]
    state: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.state[key]


@dataclass
class Account:
    """The provider with one cloud. Faults are written as on the command line."""

    cloud: Cloud
    faults: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=lambda: dict(CONFIG))
    quotas: Mapping[str, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.package = AwsPackage(self.cloud, Faults(self.faults), self.quotas, patience_seconds=0.0)

    def call(self, type_: str, name: str, preview: bool = False) -> Call:
        return Call(f"urn:pulumi:dev::project::{type_}::{name}", self.config, preview, self.warnings.append)

    def check(self, type_: str, name: str = "one", old: Old = None, /, **inputs: Any) -> CheckResult:
        return self.package.check(self.call(type_, name), dict(old or {}), inputs, b"")

    def problems(self, type_: str, name: str = "one", /, **inputs: Any) -> str:
        return "\n".join(failure.reason for failure in self.check(type_, name, **inputs).failures)

    def checked(self, type_: str, name: str = "one", old: Old = None, /, **inputs: Any) -> dict[str, Any]:
        checked = self.check(type_, name, old, **inputs)
        assert not checked.failures, checked.failures
        return checked.inputs

    def preview(self, type_: str, name: str = "one", /, **inputs: Any) -> Resource:
        checked = self.checked(type_, name, **inputs)
        created = self.package.create(self.call(type_, name, preview=True), checked)
        return Resource(type_, name, created.id, checked, created.state)

    def make(self, type_: str, name: str = "one", /, **inputs: Any) -> Resource:
        checked = self.checked(type_, name, **inputs)
        created = self.package.create(self.call(type_, name), checked)
        return Resource(type_, name, created.id, checked, created.state)

    # preview is not typed as bool, since a type checker cannot know that no input in a `**` has that name.
    def refusal(self, type_: str, name: str = "one", /, preview: Any = False, **inputs: Any) -> str:
        checked = self.checked(type_, name, **inputs)
        with pytest.raises(Refusal) as refused:
            self.package.create(self.call(type_, name, preview), checked)
        return str(refused.value)

    def diff(self, resource: Resource, /, **inputs: Any) -> DiffResult:
        new = self.checked(resource.type, resource.name, resource.inputs, **inputs)
        return self.package.diff(
            self.call(resource.type, resource.name), resource.id, resource.inputs, resource.state, new
        )

    def update(self, resource: Resource, /, preview: Any = False, **inputs: Any) -> dict[str, Any]:
        new = self.checked(resource.type, resource.name, resource.inputs, **inputs)
        call = self.call(resource.type, resource.name, preview)
        return self.package.update(call, resource.id, resource.inputs, resource.state, new)

    def delete(self, resource: Resource) -> None:
        self.package.delete(self.call(resource.type, resource.name), resource.id, resource.inputs, resource.state)

    def delete_refusal(self, resource: Resource) -> str:
        with pytest.raises(Refusal) as refused:
            self.delete(resource)
        return str(refused.value)

    def invoke(self, token: str, /, **args: Any) -> dict[str, Any]:
        return self.package.invoke(self.call("", ""), token, args)

    def vpc(self, name: str = "vpc", cidr: str = "10.0.0.0/16", /, **inputs: Any) -> Resource:
        return self.make("aws:ec2/vpc:Vpc", name, **{"cidrBlock": cidr, "enableDnsHostnames": True, **inputs})

    def subnet(self, vpc: Resource, letter: str = "a", cidr: str = "10.0.0.0/24", **inputs: Any) -> Resource:
        zone = f"{self.config['region']}{letter}"
        subnet_inputs = {"vpcId": vpc.id, "cidrBlock": cidr, "availabilityZone": zone, **inputs}
        return self.make("aws:ec2/subnet:Subnet", f"subnet-{letter}", **subnet_inputs)

    def role(self, name: str, service: str, *actions: str) -> Resource:
        return self.make("aws:iam/role:Role", name, assumeRolePolicy=trust(service, *actions))

    def cluster_inputs(self, **inputs: Any) -> dict[str, Any]:
        """Creates what a cluster in two zones needs, and returns the cluster's inputs."""
        vpc = self.vpc()
        subnets = [self.subnet(vpc, "a", "10.0.0.0/24"), self.subnet(vpc, "b", "10.0.1.0/24")]
        defaults: dict[str, Any] = {
            "name": "main",
            "roleArn": self.role("cluster", "eks.amazonaws.com")["arn"],
            "version": "1.35",
            "accessConfig": {"authenticationMode": "API"},
            "vpcConfig": {"subnetIds": [subnet.id for subnet in subnets]},
        }
        return {**defaults, **inputs}

    def cluster(self, **inputs: Any) -> Resource:
        return self.make("aws:eks/cluster:Cluster", "main", **self.cluster_inputs(**inputs))

    def group_inputs(self, cluster: Resource, **inputs: Any) -> dict[str, Any]:
        """Creates what a node group of a cluster needs, and returns the group's inputs."""
        defaults = {
            "clusterName": cluster.id,
            "nodeRoleArn": self.role("node", "ec2.amazonaws.com")["arn"],
            "scalingConfig": {"minSize": 1, "desiredSize": 2, "maxSize": 3},
            "subnetIds": cluster["vpcConfig"]["subnetIds"],
            "instanceTypes": ["m5.2xlarge"],
        }
        return {**defaults, **inputs}

    def group(self, cluster: Resource, **inputs: Any) -> Resource:
        return self.make("aws:eks/nodeGroup:NodeGroup", "cpu", **self.group_inputs(cluster, **inputs))
