"""Containers cannot write to their own image.

Source: Kubernetes, "Configure a Security Context" (readOnlyRootFilesystem); read 2026-11.
"""

from collections.abc import Iterator, Sequence

from policies.pods import EXEMPT_NAMESPACES, KUBERNETES, in_pods
from policies.rule import Resource, Rule, View, flag
from policies.samples import in_every_place, pod_of, security

READ_ONLY = "securityContext.readOnlyRootFilesystem"


def _container(container: View) -> Iterator[tuple[str, str]]:
    if not flag(container, READ_ONLY):
        yield container.under(READ_ONLY), "is not true, so a person who breaks in can change the program"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    return in_pods(resource, exempt_namespaces, lambda pod: pod.containers(_container))


RULE = Rule(
    id="wl-readonly-rootfs",
    applies_to=KUBERNETES,
    severity="medium",
    standards=("CKV_K8S_22",),
    why="What is written there is lost with the pod, fills the disk of the node, and no scanner looks at it.",
    fix="Set securityContext.readOnlyRootFilesystem: true, and mount an emptyDir where the program writes.",
    mend={"readOnlyRootFilesystem": True},
    options=EXEMPT_NAMESPACES,
    dev="advisory",
    staging="advisory",
    check=check,
    good={"read only": pod_of(security(readOnlyRootFilesystem=True))},
    bad={
        **in_every_place(security(readOnlyRootFilesystem=False), READ_ONLY),
        "nothing set": pod_of({}, at=f"spec.containers[0].{READ_ONLY}"),
    },
)
