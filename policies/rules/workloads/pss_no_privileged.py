"""No container is privileged.

Source: Kubernetes, Pod Security Standards, level baseline; read 2026-11.
"""

from collections.abc import Iterator, Sequence

from common.values import UNKNOWN
from policies.pods import EXEMPT_NAMESPACES, KUBERNETES, in_pods
from policies.rule import Case, Resource, Rule, View, flag
from policies.samples import in_every_place, pod_of, security

PRIVILEGED = "securityContext.privileged"
AT = f"spec.containers[0].{PRIVILEGED}"


def _container(container: View) -> Iterator[tuple[str, str]]:
    if flag(container, PRIVILEGED):
        yield container.under(PRIVILEGED), "is true, so the container has every device and every right of the node"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    return in_pods(resource, exempt_namespaces, lambda pod: pod.containers(_container))


RULE = Rule(
    id="pss-no-privileged",
    applies_to=KUBERNETES,
    severity="critical",
    standards=("PSS baseline", "CIS EKS 4.2.1", "CKV_K8S_16"),
    why="A person who breaks into a privileged container is root on the node, where pods of other teams run.",
    fix="Remove privileged; add the capability that the software needs, or request devices under resources.limits.",
    mend={"privileged": False},
    on_unknown="fail",
    options=EXEMPT_NAMESPACES,
    check=check,
    good={"nothing set": pod_of({}), "not privileged": pod_of(security(privileged=False))},
    bad={
        **in_every_place(security(privileged=True), PRIVILEGED),
        "a model of KServe": Case(
            {"spec": {"predictor": {"model": {"modelFormat": {"name": "x"}, **security(privileged=True)}}}},
            type="kubernetes:serving.kserve.io/v1beta1:InferenceService",
            at=f"spec.predictor.model.{PRIVILEGED}",
        ),
        "a step of a workflow": Case(
            {"spec": {"templates": [{"name": "x", "container": {"image": "x", **security(privileged=True)}}]}},
            type="kubernetes:argoproj.io/v1alpha1:Workflow",
            at=f"spec.templates[0].container.{PRIVILEGED}",
        ),
        "a text": pod_of(security(privileged="true"), at=AT),
        "unknown": pod_of(security(privileged=UNKNOWN), at=AT),
        "in kube-system": pod_of(security(privileged=True), namespace="kube-system", at=AT),
    },
)
