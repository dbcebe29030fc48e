"""Pods run in a namespace that was made for them, not in default.

The provider of a cluster may name the namespace of objects that name none. Source: CIS EKS 1.8, 4.5.2; read 2026-11.
"""

from collections.abc import Iterator

from policies.pods import KUBERNETES, Pod, in_pods
from policies.rule import Case, Resource, Rule, text
from policies.samples import DEPLOYMENT, POD, pod_of

DEFAULT = "default"


def _pod(pod: Pod) -> Iterator[tuple[str, str]]:
    given = text(pod.spec.resource.provider, "namespace", DEFAULT)
    named = pod.namespace or text(pod.spec.resource, "metadata.namespace")  # unknown: the update will tell
    if named == DEFAULT == given:
        yield pod.spec.path, f"runs in {DEFAULT}, which has no quota, no network policy and no Pod Security level"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    return in_pods(resource, (), _pod)


_SPEC = {"spec": {"containers": [{"name": "main"}]}}

RULE = Rule(
    id="ns-not-default",
    applies_to=KUBERNETES,
    severity="medium",
    standards=("CIS EKS 4.5.2", "CKV_K8S_21"),
    why="What is in default belongs to nobody, and nothing that holds for a team holds for it.",
    fix="Set metadata.namespace to the namespace of a team or of an add-on.",
    dev="advisory",
    check=check,
    good={
        "a namespace": pod_of({}, namespace="research"),
        "the provider's namespace": Case(_SPEC, type=POD, provider={"namespace": "research"}),
        "nothing set, without pods": Case({}, type="kubernetes:core/v1:ConfigMap"),
    },
    bad={
        "no namespace": pod_of({}, at="spec"),
        "default of the provider": Case(_SPEC, type=POD, provider={"namespace": DEFAULT}, at="spec"),
        "default": pod_of({}, namespace=DEFAULT, at="spec"),
        "a Deployment": Case({"spec": {"template": _SPEC}}, type=DEPLOYMENT, at="spec.template.spec"),
    },
)
