"""Every container has a seccomp profile: the runtime's own, or one on the node.

Source: Kubernetes, Pod Security Standards, level restricted; read 2026-11.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from policies.pods import EXEMPT_NAMESPACES, KUBERNETES, in_pods
from policies.rule import Resource, Rule, View, text
from policies.samples import in_every_place, pod_of, security

PROFILE = "securityContext.seccompProfile.type"
AT = f"spec.containers[0].{PROFILE}"


def _profile(holder: View) -> Iterator[tuple[str, str]]:
    if text(holder, PROFILE) not in ("RuntimeDefault", "Localhost"):
        yield holder.under(PROFILE), "is neither RuntimeDefault nor Localhost, so every call to the kernel is allowed"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    return in_pods(resource, exempt_namespaces, lambda pod: pod.levels(PROFILE, _profile))


def _of(kind: str) -> dict[str, Any]:
    return security(seccompProfile={"type": kind})


RULE = Rule(
    id="pss-seccomp",
    applies_to=KUBERNETES,
    severity="medium",
    standards=("PSS restricted", "CKV_K8S_31"),
    why="A profile takes away the calls that programs do not need and attacks on the kernel do.",
    fix="Set securityContext.seccompProfile.type: RuntimeDefault on the pod.",
    mend={"type": "RuntimeDefault"},
    options=EXEMPT_NAMESPACES,
    dev="advisory",
    check=check,
    good={
        "the pod for all containers": pod_of({}, {}, **_of("RuntimeDefault")),
        "the container": pod_of(_of("RuntimeDefault")),
        "a profile on the node": pod_of(_of("Localhost")),
        "a container with a profile of its own": pod_of(_of("Localhost"), **_of("RuntimeDefault")),
    },
    bad={
        **in_every_place(_of("Unconfined"), PROFILE),
        "nothing set": pod_of({}, at=AT),
        "only one of two containers": pod_of(_of("Localhost"), {}, at=f"spec.containers[1].{PROFILE}"),
        "a container that takes it back": pod_of(_of("Unconfined"), **_of("RuntimeDefault"), at=AT),
        "the pod, which new containers follow": pod_of(
            _of("RuntimeDefault"), **_of("Unconfined"), at=f"spec.{PROFILE}"
        ),
        "another spelling, which Kubernetes refuses": pod_of(_of("runtime/default"), at=AT),
    },
)
