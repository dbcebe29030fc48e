"""Builds small event logs in the format of the engine."""

import json
from typing import Any

from common.urns import type_of
from common.values import UNKNOWN_TEXT
from report import events
from report.look import Look

PREFIX = "urn:pulumi:dev::ml-platform::"
STACK = f"{PREFIX}pulumi:pulumi:Stack::ml-platform-dev"
NETWORK = f"{PREFIX}mlplatform:network:Network::network"
POOL = f"{PREFIX}mlplatform:compute:NodePool::main-system"
PROVIDER = f"{PREFIX}pulumi:providers:aws::aws"
BUCKET = f"{PREFIX}mlplatform:network:Network$aws:s3/bucket:Bucket::network-flow-logs"


def urn(type_: str, name: str) -> str:
    return f"{PREFIX}{type_}::{name}"


def state(urn_: str, parent: str = STACK, **more: Any) -> dict[str, Any]:
    return {
        "urn": urn_,
        "type": type_of(urn_),
        "parent": parent,
        "id": "",
        "inputs": {},
        "outputs": {},
        "provider": "",
        **more,
    }


def step(op: str, urn_: str, parent: str = STACK, old: Any = None, because: Any = (), **more: Any) -> str:
    new = None if op.startswith("delete") else state(urn_, parent, **more)
    old = state(urn_, parent, **more) if old is None and op != "create" else old
    metadata = {"op": op, "urn": urn_, "type": state(urn_)["type"], "new": new, "old": old, "keys": list(because)}
    return json.dumps({"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": metadata, "planning": True}})


def finding(policy: str = "net-flow-logs", level: str = "mandatory", message: str = "no flow log") -> str:
    event = {"resourceUrn": NETWORK, "message": f"<{{%fg 1%}}>{message}<{{%reset%}}>", "policyName": policy}
    return json.dumps({"policyEvent": {**event, "enforcementLevel": level, "policyPackName": "ml-platform"}})


def summary(result: str = "succeeded", **counts: int) -> str:
    body = {"resourceChanges": {key.replace("_", "-"): value for key, value in counts.items()}, "result": result}
    return json.dumps({"summaryEvent": {"maybeCorrupt": False, "durationSeconds": 1, "isPreview": True, **body}})


def created() -> list[str]:
    """Returns the log of the first preview of a small stack: NAT gateways, a bucket, a flow log, a node group."""
    template = {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 100, "volumeType": "gp3"}}]}
    nodes = {
        "scalingConfig": {"minSize": 1, "maxSize": 3},
        "instanceTypes": ["m5.xlarge", "m5.large"],
        "launchTemplate": {"id": UNKNOWN_TEXT, "version": UNKNOWN_TEXT},
    }
    return [
        '{"sequence":0,"timestamp":1,"preludeEvent":{"config":{}}}',
        step("create", STACK, ""),
        step("create", PROVIDER, STACK, inputs={"region": "us-east-1"}),
        step("create", NETWORK),
        step("create", urn("mlplatform:network:Network$aws:ec2/vpc:Vpc", "network"), NETWORK),
        step("create", urn("mlplatform:network:Network$aws:ec2/natGateway:NatGateway", "network-nat-a"), NETWORK),
        step("create", urn("mlplatform:network:Network$aws:ec2/natGateway:NatGateway", "network-nat-b"), NETWORK),
        step("create", urn("mlplatform:network:Network$aws:s3/bucket:Bucket", "network-flow-logs"), NETWORK),
        step(
            "create",
            urn("mlplatform:network:Network$aws:ec2/flowLog:FlowLog", "network"),
            NETWORK,
            inputs={"logDestinationType": "s3"},
        ),
        step("create", POOL),
        step(
            "create",
            urn("mlplatform:compute:NodePool$aws:ec2/launchTemplate:LaunchTemplate", "t"),
            POOL,
            inputs=template,
        ),
        step("create", urn("mlplatform:compute:NodePool$aws:eks/nodeGroup:NodeGroup", "n"), POOL, inputs=nodes),
        summary(create=12),
        '{"cancelEvent":{}}',
    ]


def seen(log: list[str], code: int = 0) -> Look:
    """Returns what a preview with this log saw. It is complete unless the engine had errors."""
    operation = events.read(log)
    error = next(iter(operation.errors), "")
    return Look(operation, operation, tuple(log), not error, (operation.failed_at, error), code)
