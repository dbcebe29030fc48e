"""NVIDIA's GPU operator changes neither the runtime nor the MIG slices of nodes, and assigns GPUs by CDI.

The operator's toolkit and MIG manager are on unless they are turned off, CDI is on. Sources: NVIDIA/gpu-operator
v26.7.0, values.yaml, clusterpolicy_types.go and object_controls.go; NVIDIA container toolkit 1.19, api/config/v1;
read 2026-11.
"""

import re
from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, at, flag, text

RELEASE, CLUSTER_POLICY = "kubernetes:helm.sh/v3:Release", "kubernetes:nvidia.com/v1:ClusterPolicy"
WANTED = {
    "toolkit.enabled": (False, "is on: its runtime gives each container the GPUs that its image names"),
    "migManager.enabled": (False, "is on: it cuts GPUs of nodes that have joined, under their pods"),
    "cdi.enabled": (True, "is off: the device plugin then assigns GPUs by a variable that closed nodes ignore"),
}


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    chart = text(resource, "chart").rpartition("/")[2]
    if resource.type == RELEASE and not re.fullmatch(r"gpu-operator(-v?\d.*)?", chart):
        return
    values = "values" if resource.type == RELEASE else "spec"
    for path, (wanted, problem) in WANTED.items():
        if flag(resource, f"{values}.{path}", default=True) != wanted:
            yield f"{values}.{path}", problem
    for part in ("args", "config", "env"):
        path = f"{values}.devicePlugin.{part}"
        if "deviceliststrategy" in re.sub("[-_]", "", str(at(resource, path))).lower():
            yield path, "sets the way in which the device plugin assigns GPUs, which the operator sets by cdi.enabled"


def _operator(chart: str = "oci://example.com/charts/gpu-operator", **changes: object) -> dict[str, object]:
    off = {"enabled": False}
    return {"chart": chart, "values": {"toolkit": off, "migManager": off, **changes}}


RULE = Rule(
    id="gpu-operator-keeps-gpus-apart",
    applies_to=(RELEASE, CLUSTER_POLICY),
    severity="high",
    standards=("NVIDIA container toolkit: environment variables",),
    why="A pod that requests no GPU could use every GPU of its node, or a pod that requests one would get none.",
    fix="Set toolkit.enabled and migManager.enabled to false, leave CDI on; the node's image has driver and toolkit.",
    on_unknown="fail",
    check=check,
    good={
        "both are off": _operator(),
        "CDI is on": _operator(cdi={"enabled": True}),
        "another variable of the plugin": _operator(
            devicePlugin={"env": [{"name": "PASS_DEVICE_SPECS", "value": "1"}]}
        ),
        "nothing set in another chart": {"chart": "cert-manager"},
        "a chart with a similar name": {"chart": "gpu-operator-crds"},
        "its custom resource": Case(
            {"spec": {"toolkit": {"enabled": False}, "migManager": {"enabled": False}}}, type=CLUSTER_POLICY
        ),
    },
    bad={
        "nothing set": Case({"chart": "gpu-operator"}, at="values.toolkit.enabled"),
        "a packed chart": Case({"chart": "./charts/gpu-operator-v26.7.0.tgz"}, at="values.toolkit.enabled"),
        "the toolkit is on": Case(_operator(toolkit={"enabled": True}), at="values.toolkit.enabled"),
        "the toolkit's value is taken away": Case(_operator(toolkit={"enabled": None}), at="values.toolkit.enabled"),
        "the toolkit's values are taken away": Case(_operator(toolkit=None), at="values.toolkit.enabled"),
        "the MIG manager is on": Case(_operator(migManager={"enabled": "true"}), at="values.migManager.enabled"),
        "CDI is off": Case(_operator(cdi={"enabled": False}), at="values.cdi.enabled"),
        "another strategy by a variable": Case(
            _operator(devicePlugin={"env": [{"name": "DEVICE_LIST_STRATEGY", "value": "envvar"}]}),
            at="values.devicePlugin.env",
        ),
        "another strategy by an argument": Case(
            _operator(devicePlugin={"args": ["--device-list-strategy=envvar"]}), at="values.devicePlugin.args"
        ),
        "another strategy in a file": Case(
            _operator(devicePlugin={"config": {"data": {"a": "flags: {plugin: {deviceListStrategy: envvar}}"}}}),
            at="values.devicePlugin.config",
        ),
        "nothing set in its custom resource": Case({"spec": {}}, type=CLUSTER_POLICY, at="spec.toolkit.enabled"),
    },
)
