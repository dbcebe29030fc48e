"""Every container requests CPU and memory, and has a limit for memory; the pod may say it for all.

A limit alone counts as a request, since Kubernetes takes it for one. Ephemeral containers cannot say any.
Source: Kubernetes, "Resource Management for Pods and Containers", with pod-level resources; read 2026-11.
"""

from collections.abc import Iterator
from typing import Any

from common.values import UNKNOWN
from policies.pods import KUBERNETES, Pod, in_pods
from policies.rule import Resource, Rule, View, at_if_known, present
from policies.samples import in_every_place, pod_of

NEEDED = {
    "resources.requests.cpu": "so its share of a busy node is next to nothing",
    "resources.requests.memory": "so the node may have less memory than the container needs",
    "resources.limits.memory": "so it may use up the memory of the node, and other pods end",
}


def _sets(holder: View, path: str) -> bool:
    """Tells whether a quantity is set to more than zero. A value that is not known yet counts as one."""
    value = at_if_known(holder, path)
    return present(holder, path) and (value is None or any(digit in str(value) for digit in "123456789"))


def _pod(pod: Pod) -> Iterator[tuple[str, str]]:
    def container_lacks(container: View) -> Iterator[tuple[str, str]]:
        for path, harm in NEEDED.items():
            ways = {path, path.replace("requests", "limits")}
            if not any(_sets(holder, way) for way in ways for holder in (container, pod.spec)):
                yield container.under(path), f"is not set, {harm}"

    return pod.containers(container_lacks, ("containers", "initContainers"))


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return in_pods(resource, (), _pod)


def _of(requests: dict[str, object], limits: dict[str, object]) -> dict[str, Any]:
    return {"resources": {"requests": requests, "limits": limits}}


_GOOD = _of({"cpu": "500m", "memory": "1Gi"}, {"memory": "1Gi"})
AT = "spec.containers[0].resources"
_EPHEMERAL = "an ephemeral container"

RULE = Rule(
    id="wl-resources-set",
    applies_to=KUBERNETES,
    severity="high",
    standards=("CKV_K8S_10", "CKV_K8S_12", "CKV_K8S_13"),
    why="The scheduler and the autoscaler know a pod by its requests; a limit of memory protects its neighbours.",
    fix="Set resources.requests.cpu, resources.requests.memory and resources.limits.memory on each container.",
    dev="advisory",
    check=check,
    good={
        "requests and a limit": pod_of(_GOOD),
        "limits alone": pod_of(_of({}, {"cpu": 2, "memory": "1Gi"})),
        "the pod for all containers": pod_of({}, {}, **_GOOD),
        "the pod, beside a container": pod_of(_of({"cpu": 0.5}, {}), **_of({}, {"memory": "1Gi"})),
        "values that are known later": pod_of(_of({"cpu": UNKNOWN}, {"memory": UNKNOWN})),
        "a container that is added to look around": pod_of(_GOOD, ephemeralContainers=[{"name": "shell"}]),
    },
    bad={
        **{
            name: case
            for name, case in in_every_place(_of({"cpu": 1}, {}), "resources.requests.memory").items()
            if name != _EPHEMERAL
        },
        "nothing set": pod_of({}, at=f"{AT}.requests.cpu"),
        "no CPU": pod_of(_of({}, {"memory": "1Gi"}), at=f"{AT}.requests.cpu"),
        "no limit": pod_of(_of({"cpu": 1, "memory": "1Gi"}, {}), at=f"{AT}.limits.memory"),
        "zero": pod_of(_of({"cpu": "0m"}, {"memory": "1Gi"}), at=f"{AT}.requests.cpu"),
        "the zero of a number": pod_of(_of({"cpu": 0.0}, {"memory": "1Gi"}), at=f"{AT}.requests.cpu"),
    },
)
