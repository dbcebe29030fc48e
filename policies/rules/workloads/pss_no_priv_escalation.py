"""No container can gain more rights than it started with.

Source: Kubernetes, Pod Security Standards, level restricted; read 2026-11.
"""

from collections.abc import Iterator, Sequence

from policies.pods import EXEMPT_NAMESPACES, KUBERNETES, in_pods
from policies.rule import Case, Resource, Rule, View, flag
from policies.samples import in_every_place, pod_of, security

ESCALATION = "securityContext.allowPrivilegeEscalation"
AT = f"spec.containers[0].{ESCALATION}"


def _container(container: View) -> Iterator[tuple[str, str]]:
    if flag(container, ESCALATION, default=True):
        yield container.under(ESCALATION), "is not false, so a program with the setuid bit can become root"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    return in_pods(resource, exempt_namespaces, lambda pod: pod.containers(_container))


RULE = Rule(
    id="pss-no-priv-escalation",
    applies_to=KUBERNETES,
    severity="high",
    standards=("PSS restricted", "CIS EKS 4.2.5", "CKV_K8S_20"),
    why="Without it, a process that runs as a plain user can become root by a program of the image.",
    fix="Set securityContext.allowPrivilegeEscalation: false on each container, also on those of a patch.",
    mend={"allowPrivilegeEscalation": False},
    options=EXEMPT_NAMESPACES,
    dev="advisory",
    check=check,
    good={
        "escalation off": pod_of(security(allowPrivilegeEscalation=False)),
        "an object without pods": Case({"data": {"containers": "none"}}, type="kubernetes:core/v1:ConfigMap"),
    },
    bad={
        **in_every_place(security(allowPrivilegeEscalation=True), ESCALATION),
        "nothing set": pod_of({}, at=AT),
        "a text": pod_of(security(allowPrivilegeEscalation="true"), at=AT),
        "only the pod spec sets it, where Kubernetes does not know it": pod_of(
            {}, **security(allowPrivilegeEscalation=False), at=AT
        ),
    },
)
