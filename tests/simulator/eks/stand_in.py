"""Stand-ins for AWS and Kubernetes: they accept every resource, and ids and outputs only have the right form."""

from __future__ import annotations

import hashlib
import threading

from simulator.difference import changes
from simulator.provider import Call, CheckResult, CreateResult, DiffResult, Package, ReadResult
from simulator.values import UNKNOWN, Props

ACCOUNT = "arn:aws:iam::123456789012"
COMPUTED = ("arn", "endpoint", "certificateAuthority", "identities", "securityGroupRuleId")


class StandIn(Package):
    """Returns the inputs, and the computed outputs that eks.Cluster reads. Records the function calls."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.invoked: list[tuple[str, bool]] = []
        self._lock = threading.Lock()

    def check(self, call: Call, old: Props, new: Props, seed: bytes) -> CheckResult:
        return CheckResult(new)

    def diff(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> DiffResult:
        return DiffResult(tuple(changes(old_inputs, new_inputs)))

    def create(self, call: Call, inputs: Props) -> CreateResult:
        if call.preview:
            return CreateResult(
                "", dict(inputs) | dict.fromkeys(COMPUTED, UNKNOWN) | {"vpcConfig": UNKNOWN, "name": UNKNOWN}
            )
        id_, outputs = _made(call)
        if "url" in inputs:
            id_ = f"{ACCOUNT}:oidc-provider/{inputs['url'].removeprefix('https://')}"
            outputs["arn"] = id_
        return CreateResult(id_, dict(inputs) | outputs)

    def read(self, call: Call, id_: str, inputs: Props, state: Props) -> ReadResult | None:
        return ReadResult(id_, state, inputs)

    def update(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Props:
        return old_state | new_inputs

    def delete(self, call: Call, id_: str, inputs: Props, state: Props) -> None:
        pass

    def invoke(self, call: Call, token: str, args: Props) -> Props:
        with self._lock:
            self.invoked.append((f"{token} {args.get('addonName', '')}".strip(), call.preview))
        return {
            "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
            "aws:index/getRegion:getRegion": {"name": "us-west-2", "region": "us-west-2"},
            "aws:eks/getAddonVersion:getAddonVersion": {"version": "v1.0.0-eksbuild.1"},
        }[token]


def _made(call: Call) -> tuple[str, Props]:
    digest = hashlib.sha256(call.urn.encode()).hexdigest()
    kind = call.type.rsplit(":", 1)[-1]
    if kind == "Cluster":
        return _cluster(f"{call.name}-{digest[:7]}", digest)
    prefixes = {"SecurityGroup": "sg", "Vpc": "vpc", "Subnet": "subnet", "SecurityGroupRule": "sgrule"}
    if kind in prefixes:
        return f"{prefixes[kind]}-{digest[:17]}", {"securityGroupRuleId": f"sgr-{digest[:17]}"}
    name = f"{call.name}-{digest[:7]}"
    arn = f"arn:aws:kms:us-west-2:123456789012:key/{digest[:32]}" if kind == "Key" else f"{ACCOUNT}:role/{name}"
    return name, {"arn": arn, "name": name}


def _cluster(name: str, digest: str) -> tuple[str, Props]:
    key = digest[:32].upper()
    return name, {
        "arn": f"arn:aws:eks:us-west-2:123456789012:cluster/{name}",
        "certificateAuthority": {"data": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkZBS0U="},
        "endpoint": f"https://{key}.gr7.us-west-2.eks.amazonaws.com",
        "identities": [{"oidcs": [{"issuer": f"https://oidc.eks.us-west-2.amazonaws.com/id/{key}"}]}],
        "name": name,
        "version": "1.35",
        "vpcConfig": {"clusterSecurityGroupId": f"sg-{digest[:17]}"},
    }
