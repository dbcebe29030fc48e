"""Containers of Deployments and StatefulSets have a readiness probe and a liveness probe.

Source: Kubernetes, "Configure Liveness, Readiness and Startup Probes"; read 2026-11.
"""

from collections.abc import Iterator, Mapping

from policies.pods import Pod, pods
from policies.rule import Case, Resource, Rule, View, present

NEEDED = {
    "readinessProbe": "so it gets requests before it can answer them",
    "livenessProbe": "so nothing starts it again when it hangs",
}


def _container(container: View) -> Iterator[tuple[str, str]]:
    for name, harm in NEEDED.items():
        if not present(container, name):
            yield container.under(name), f"is not set, {harm}"


def _pod(pod: Pod) -> Iterator[tuple[str, str]]:
    return pod.containers(_container, ("containers",))


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for pod in pods(resource):
        yield from _pod(pod)


DEPLOYMENT, STATEFUL_SET = "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"
AT = "spec.template.spec.containers[0]"
_PROBE = {"httpGet": {"path": "/health", "port": 8080}}
_GOOD = {"readinessProbe": _PROBE, "livenessProbe": _PROBE}


def _of(*containers: Mapping[str, object], **spec: object) -> dict[str, object]:
    return {"spec": {"template": {"spec": {"containers": list(containers), **spec}}}}


RULE = Rule(
    id="wl-probes",
    applies_to=(f"{DEPLOYMENT}*", f"{STATEFUL_SET}*"),
    severity="medium",
    standards=("CKV_K8S_8", "CKV_K8S_9"),
    why="Without probes, an update goes on though the new pods do not work, and a pod that hangs stays.",
    fix="Set readinessProbe and livenessProbe on each container, with httpGet where the pod is meshed.",
    dev="advisory",
    check=check,
    good={
        "both": Case(_of(_GOOD), type=DEPLOYMENT),
        "an init container without": Case(_of(_GOOD, initContainers=[{"name": "init"}]), type=DEPLOYMENT),
        "a patch of the replicas": Case({"spec": {"replicas": 2}}, type=f"{DEPLOYMENT}Patch"),
    },
    bad={
        "nothing set": Case(_of({}), type=DEPLOYMENT, at=f"{AT}.readinessProbe"),
        "only liveness": Case(_of({"livenessProbe": _PROBE}), type=DEPLOYMENT, at=f"{AT}.readinessProbe"),
        "only readiness": Case(_of({"readinessProbe": _PROBE}), type=STATEFUL_SET, at=f"{AT}.livenessProbe"),
        "an empty probe": Case(_of({**_GOOD, "livenessProbe": {}}), type=DEPLOYMENT, at=f"{AT}.livenessProbe"),
        "the second container": Case(
            _of(_GOOD, {}), type=DEPLOYMENT, at="spec.template.spec.containers[1].readinessProbe"
        ),
        "a list": Case({"items": [_of({})]}, type=f"{STATEFUL_SET}List", at=f"items[0].{AT}.readinessProbe"),
    },
)
