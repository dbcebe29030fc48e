"""Each namespace enforces a Pod Security level: restricted or baseline, and privileged only where software needs nodes.

It is what holds the pods that no rule sees: those of Helm releases, and those that people make.
Source: Kubernetes 1.35, "Pod Security Admission": a namespace without the label enforces nothing; read 2026-11.
"""

from collections.abc import Iterator, Sequence

from common.values import UNKNOWN
from policies.objects import objects
from policies.rule import Case, Option, Resource, Rule, text

LABEL = ("metadata", "labels", "pod-security.kubernetes.io/enforce")
LEVELS = ("restricted", "baseline")


def check(resource: Resource, *, privileged: Sequence[str]) -> Iterator[tuple[str, str]]:
    for namespace in objects(resource, "core", "Namespace"):
        level, name = text(namespace, LABEL), text(namespace, "metadata.name")
        if level in LEVELS or (level == "privileged" and name in privileged):
            continue
        if level or not namespace.resource.type.endswith("Patch"):
            yield namespace.under("metadata.labels"), "enforce no Pod Security level that keeps pods off the node"


NAMESPACE = "kubernetes:core/v1:Namespace"


def _made(level: str = "", name: str = "research", form: str = "") -> Case:
    labels = {"labels": {"pod-security.kubernetes.io/enforce": level} if level else {"team": "research"}}
    return Case({"metadata": {"name": name, **labels}}, type=f"{NAMESPACE}{form}", at="metadata.labels")


RULE = Rule(
    id="ns-pod-security",
    applies_to=f"{NAMESPACE}*",
    severity="high",
    standards=("CIS EKS 4.2.1", "EKS best practices: pods"),
    why="Without a level, who may make a pod may mount the node's disk, and has all pods and keys of that node.",
    fix="Label the namespace pod-security.kubernetes.io/enforce: restricted, or baseline.",
    mend={
        "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
        '["pod-security.kubernetes.io/enforce"]': "restricted",
    },
    options={
        "privileged": Option(
            "Namespaces of software that runs the nodes, which may be privileged.",
            ["dcgm-exporter", "dra-driver-nvidia-gpu", "gpu-operator", "linkerd-cni", "logging", "node-exporter"],
            stricter="fewer",
        )
    },
    on_unknown="fail",
    check=check,
    good={
        "restricted": _made("restricted"),
        "baseline": _made("baseline"),
        "drivers of the nodes": _made("privileged", "gpu-operator"),
        "a patch of something else": _made(form="Patch"),
    },
    bad={
        "nothing set": Case({"metadata": {"name": "research"}}, type=NAMESPACE, at="metadata.labels"),
        "other labels": _made(),
        "privileged": _made("privileged"),
        "a level that is none": _made("Restricted"),
        "drivers without a level": _made(name="gpu-operator"),
        "drivers with a level that is none": _made("none", "gpu-operator"),
        "a patch that opens it": _made("privileged", form="Patch"),
        "in a list": Case({"items": [{"metadata": {}}]}, type=f"{NAMESPACE}List", at="items[0].metadata.labels"),
        "a level that is known later": Case(
            {"metadata": {"labels": {LABEL[-1]: UNKNOWN}}}, type=NAMESPACE, at="metadata.labels"
        ),
    },
)
