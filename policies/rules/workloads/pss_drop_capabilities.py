"""Containers drop all capabilities, and add at most NET_BIND_SERVICE.

Source: Kubernetes, Pod Security Standards, level restricted; read 2026-11.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from policies.pods import EXEMPT_NAMESPACES, KUBERNETES, in_pods
from policies.rule import Resource, Rule, View, texts
from policies.samples import in_every_place, pod_of, security

ADD, DROP = "securityContext.capabilities.add", "securityContext.capabilities.drop"
HARMLESS = {"NET_BIND_SERVICE"}


def _container(container: View) -> Iterator[tuple[str, str]]:
    if "ALL" not in texts(container, DROP):
        yield container.under(DROP), "does not name ALL, so the container keeps the capabilities of the runtime"
    if more := sorted(set(texts(container, ADD)) - HARMLESS):
        yield container.under(ADD), f"gives {', '.join(more)}, which reaches beyond the container"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    return in_pods(resource, exempt_namespaces, lambda pod: pod.containers(_container))


def _of(*drop: str, add: tuple[object, ...] = ()) -> dict[str, Any]:
    return security(capabilities={"drop": list(drop), **({"add": list(add)} if add else {})})


DROP_AT, ADD_AT = f"spec.containers[0].{DROP}", f"spec.containers[0].{ADD}"

RULE = Rule(
    id="pss-drop-capabilities",
    applies_to=KUBERNETES,
    severity="high",
    standards=("PSS restricted", "CKV_K8S_25", "CKV_K8S_37"),
    why="The runtime gives capabilities that few programs need, such as raw packets and changes of file owners.",
    fix='Set securityContext.capabilities.drop: ["ALL"] on each container, and add nothing but NET_BIND_SERVICE.',
    mend={"add": None, "drop": ["ALL"]},
    options=EXEMPT_NAMESPACES,
    dev="advisory",
    check=check,
    good={
        "all dropped": pod_of(_of("ALL")),
        "all dropped, and some again": pod_of(_of("NET_RAW", "ALL")),
        "a port below 1024": pod_of(_of("ALL", add=("NET_BIND_SERVICE",))),
    },
    bad={
        **in_every_place(_of("ALL", add=("SYS_ADMIN",)), ADD),
        "nothing set": pod_of({}, at=DROP_AT),
        "some dropped": pod_of(_of("NET_RAW"), at=DROP_AT),
        "a spelling that the Pod Security admission does not take": pod_of(_of("all"), at=DROP_AT),
        "one beside the harmless one": pod_of(_of("ALL", add=("NET_BIND_SERVICE", "NET_ADMIN")), at=ADD_AT),
        "every capability": pod_of(_of("ALL", add=("ALL",)), at=ADD_AT),
        "a number": pod_of(_of("ALL", add=(1,)), at=ADD_AT),
    },
)
