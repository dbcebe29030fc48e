"""NVIDIA's GPU operator changes neither the runtime nor the MIG slices of nodes, and assigns GPUs by CDI and name.

The operator's toolkit and MIG manager are on unless they are turned off, CDI is on, and the chart's MIG strategy is
`single`, with which equal slices are offered as whole GPUs. This strategy, arguments and variables override the files
of the device plugin; without a file it offers a GPU with slices as a whole one. Sources: NVIDIA/gpu-operator v26.7.0,
values.yaml, clusterpolicy.yaml, clusterpolicy_types.go, object_controls.go and the device plugin's DaemonSet;
NVIDIA/k8s-device-plugin v0.20.0, config.go, flags.go and main.go; NVIDIA container toolkit 1.19, api/config/v1; read
2026-11.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import yaml

from policies.rule import Case, Resource, Rule, at, flag, keys, present, text
from policies.views import show

RELEASE, CLUSTER_POLICY = "kubernetes:helm.sh/v3:Release", "kubernetes:nvidia.com/v1:ClusterPolicy"
# Path -> what keeps GPUs apart, the operator's default, and what another value does.
SWITCHES = {
    "toolkit.enabled": (False, True, "is on: its runtime gives each container the GPUs that its image names"),
    "migManager.enabled": (False, True, "is on: it cuts GPUs of nodes that have joined, under their pods"),
    "cdi.enabled": (True, True, "is off: the device plugin then assigns GPUs by a variable that closed nodes ignore"),
    "cdi.nriPluginEnabled": (False, False, "is on: the device plugin then sees GPUs only by the operator's toolkit"),
}
OVERRIDES = ("deviceliststrategy", "migstrategy", "configfile")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    of_helm = resource.type == RELEASE
    if of_helm and not re.fullmatch(r"gpu-operator(-v?\d.*)?", text(resource, "chart").rpartition("/")[2]):
        return
    values = "values" if of_helm else "spec"
    for path, (wanted, by_default, problem) in SWITCHES.items():
        if flag(resource, f"{values}.{path}", default=by_default) != wanted:
            yield f"{values}.{path}", problem
    if text(resource, f"{values}.mig.strategy", default="single" if of_helm else ""):
        yield f"{values}.mig.strategy", 'is not "", so it overrides the MIG strategy in the files of the device plugin'
    plugin = f"{values}.devicePlugin"
    if present(resource, f"{plugin}.args"):
        yield f"{plugin}.args", "is a script that starts the device plugin in another way"
    if any(word in _spelt(at(resource, f"{plugin}.env")) for word in OVERRIDES):
        yield f"{plugin}.env", "overrides the way in which the device plugin assigns GPUs, or its file"
    yield from _files(resource, f"{plugin}.config", of_helm)


def _files(resource: Resource, config: str, of_helm: bool) -> Iterator[tuple[str, str]]:
    """Checks the device plugin's files. Those of a custom resource are in a ConfigMap that nobody names as theirs."""
    for key in ("name", "default"):
        if not text(resource, f"{config}.{key}"):
            yield (
                f"{config}.{key}",
                "is not set: without a file, the device plugin offers GPUs with slices as whole ones",
            )
    if of_helm and not flag(resource, f"{config}.create"):
        yield f"{config}.create", "is off: what the files of another ConfigMap say cannot be seen here"
    for name in keys(resource, f"{config}.data"):
        path = (*config.split("."), "data", name)
        content = _spelt(_parsed(text(resource, path)))
        if "deviceliststrategy" in content:
            yield (
                show(path),
                "sets the way in which the device plugin assigns GPUs, which the operator sets by cdi.enabled",
            )
        wanted = "none" if "'mps':" in content else "mixed"  # the plugin refuses MPS with "mixed"
        if re.findall(r"'migstrategy': ([^,}]*)", content) != [f"'{wanted}'"]:
            yield show(path), f"does not set flags.migStrategy to {wanted}: MIG slices could be offered as whole GPUs"


def _parsed(content: str) -> Any:
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError:
        return None


def _spelt(value: Any) -> str:
    """Returns the value as a text in which a variable, an argument and a key are spelt in the same way."""
    return re.sub("[-_]", "", str(value)).lower()


OFF = {"enabled": False}
WHOLE = "{version: v1, flags: {migStrategy: mixed}}"
MPS = "{version: v1, flags: {migStrategy: none}, sharing: {mps: {resources: [{name: nvidia.com/gpu, replicas: 4}]}}}"


def _plugin(**changes: object) -> dict[str, object]:
    return {"config": {"name": "plugin", "create": True, "default": "whole", "data": {"whole": WHOLE}, **changes}}


def _operator(chart: str = "oci://example.com/charts/gpu-operator", **changes: object) -> dict[str, object]:
    values = {"toolkit": OFF, "migManager": OFF, "mig": {"strategy": ""}, "devicePlugin": _plugin(), **changes}
    return {"chart": chart, "values": values}


def _resource(**changes: object) -> Case:
    config = {"name": "plugin", "default": "whole"}
    return Case(
        {"spec": {"toolkit": OFF, "migManager": OFF, "devicePlugin": {"config": config}, **changes}},
        type=CLUSTER_POLICY,
    )


RULE = Rule(
    id="gpu-operator-keeps-gpus-apart",
    applies_to=(RELEASE, CLUSTER_POLICY),
    severity="high",
    standards=("NVIDIA container toolkit: environment variables",),
    why="A pod could use every GPU of its node, or the slices of others, or one that requests a GPU would get none.",
    fix='Turn toolkit and migManager off, leave CDI on; mig.strategy: "", with migStrategy: mixed in the data of '
    "devicePlugin.config.",
    mend={"enabled": False, "cdi.enabled": True, "nriPluginEnabled": False, "strategy": "", "create": True},
    on_unknown="fail",
    check=check,
    good={
        "both are off": _operator(),
        "CDI is on": _operator(cdi={"enabled": True}),
        "another variable of the plugin": _operator(
            devicePlugin={**_plugin(), "env": [{"name": "PASS_DEVICE_SPECS", "value": "1"}]}
        ),
        "a file with MPS": _operator(devicePlugin=_plugin(data={"shared": MPS})),
        "nothing set in another chart": {"chart": "cert-manager"},
        "a chart with a similar name": {"chart": "gpu-operator-crds"},
        "its custom resource": _resource(),
    },
    bad={
        "nothing set": Case({"chart": "gpu-operator"}, at="values.toolkit.enabled"),
        "a packed chart": Case({"chart": "./charts/gpu-operator-v26.7.0.tgz"}, at="values.toolkit.enabled"),
        "the toolkit is on": Case(_operator(toolkit={"enabled": True}), at="values.toolkit.enabled"),
        "the toolkit's value is taken away": Case(_operator(toolkit={"enabled": None}), at="values.toolkit.enabled"),
        "the toolkit's values are taken away": Case(_operator(toolkit=None), at="values.toolkit.enabled"),
        "the MIG manager is on": Case(_operator(migManager={"enabled": "true"}), at="values.migManager.enabled"),
        "CDI is off": Case(_operator(cdi={"enabled": False}), at="values.cdi.enabled"),
        "CDI by a plugin of the runtime": Case(
            _operator(cdi={"nriPluginEnabled": True}), at="values.cdi.nriPluginEnabled"
        ),
        "slices of one size as GPUs": Case(_operator(mig={"strategy": "single"}), at="values.mig.strategy"),
        "the MIG strategy is taken away": Case(_operator(mig={"strategy": None}), at="values.mig.strategy"),
        "the values of MIG are taken away": Case(_operator(mig=None), at="values.mig.strategy"),
        **{
            f"an override by {name}": Case(
                _operator(devicePlugin={**_plugin(), "env": [{"name": name, "value": "any"}]}),
                at="values.devicePlugin.env",
            )
            for name in ("DEVICE_LIST_STRATEGY", "MIG_STRATEGY", "CONFIG_FILE")
        },
        "another start of the plugin": Case(
            _operator(devicePlugin={**_plugin(), "args": ["MIG_STRATEGY=single exec nvidia-device-plugin"]}),
            at="values.devicePlugin.args",
        ),
        "the plugin's values are taken away": Case(_operator(devicePlugin=None), at="values.devicePlugin.config.name"),
        "no files": Case(_operator(devicePlugin=_plugin(name="")), at="values.devicePlugin.config.name"),
        "nodes without a file": Case(
            _operator(devicePlugin=_plugin(default=None)), at="values.devicePlugin.config.default"
        ),
        "files of another ConfigMap": Case(
            _operator(devicePlugin=_plugin(create=False)), at="values.devicePlugin.config.create"
        ),
        **{
            f"a file {name}": Case(
                _operator(devicePlugin=_plugin(data={"a": content})), at="values.devicePlugin.config.data.a"
            )
            for name, content in {
                "with another strategy": "flags: {migStrategy: mixed, plugin: {deviceListStrategy: envvar}}",
                "with slices as GPUs": "flags: {migStrategy: single}",
                "with two strategies": "flags: {migStrategy: mixed, migstrategy: single}",
                "without a strategy": "version: v1",
                "without sharing or slices": "flags: {migStrategy: none}",
                "that is no YAML": "{migStrategy: mixed",
            }.items()
        },
        "nothing set in its custom resource": Case({"spec": {}}, type=CLUSTER_POLICY, at="spec.toolkit.enabled"),
        "slices of one size in its custom resource": replace(
            _resource(mig={"strategy": "single"}), at="spec.mig.strategy"
        ),
        "no files in its custom resource": replace(_resource(devicePlugin={}), at="spec.devicePlugin.config.name"),
    },
)
