"""Builds resources for the tests of the estimate. Each has a price; a test changes one thing in it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from common.values import UNKNOWN
from costs.estimate import Estimate, LineItem, estimate
from costs.resource import Resource

REGION = "us-west-2"
TODAY = date(2026, 11, 21)


def resource(type_: str, name: str = "it", parent: str = "", /, **inputs: Any) -> Resource:
    return Resource(urn=f"urn:pulumi:dev::ml-platform::{type_}::{name}", type=type_, inputs=inputs, parent=parent)


def cluster(version: str = "1.35", support: str | None = "STANDARD") -> Resource:
    policy = {} if support is None else {"upgradePolicy": {"supportType": support}}
    return resource("aws:eks/cluster:Cluster", version=version, **policy)


def template(name: str = "template", parent: str = "", **ebs: Any) -> Resource:
    mapping = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": 100, "volumeType": "gp3", **ebs}}
    return resource("aws:ec2/launchTemplate:LaunchTemplate", name, parent, blockDeviceMappings=[mapping])


def group(*types: str, low: int = 2, high: int = 5, parent: str = "", **inputs: Any) -> Resource:
    size: Mapping[str, Any] = {"minSize": low, "maxSize": high, "desiredSize": low}
    all_inputs = {"scalingConfig": size, "instanceTypes": list(types or ["m5.2xlarge"]), **inputs}
    return resource("aws:eks/nodeGroup:NodeGroup", "pool", parent, **all_inputs)


def group_with_unknown_template(parent: str = "") -> Resource:
    return group(parent=parent, launchTemplate={"id": UNKNOWN, "version": UNKNOWN})


def price(*resources: Resource, **options: Any) -> Estimate:
    all_options: dict[str, Any] = {"today": TODAY, **options}
    return estimate(resources, REGION, **all_options)


def items(result: Estimate) -> dict[str, LineItem]:
    return {item.item: item for item in result.items}


def reasons(result: Estimate) -> list[str]:
    return [entry.reason for entry in result.unpriced]
