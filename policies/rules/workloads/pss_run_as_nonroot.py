"""Containers run as a user and in groups other than root, and the kubelet checks it.

Source: Kubernetes, Pod Security Standards, level restricted; read 2026-11.
"""

from collections.abc import Callable, Iterator, Sequence

from policies.pods import EXEMPT_NAMESPACES, KUBERNETES, Pod, in_pods
from policies.rule import Case, Resource, Rule, View, flag, number
from policies.samples import in_every_place, pod_of, security

NON_ROOT, USER = "securityContext.runAsNonRoot", "securityContext.runAsUser"
GROUPS = ("securityContext.runAsGroup", "securityContext.fsGroup")


def _non_root(holder: View) -> Iterator[tuple[str, str]]:
    if not flag(holder, NON_ROOT):
        yield holder.under(NON_ROOT), "is not true, so the image decides, and most images run as root"


def _zero(path: str) -> Callable[[View], Iterator[tuple[str, str]]]:
    def check(holder: View) -> Iterator[tuple[str, str]]:
        if number(holder, path) == 0:
            yield holder.under(path), "is 0, which is root"

    return check


def _pod(pod: Pod) -> Iterator[tuple[str, str]]:
    checks = ((NON_ROOT, _non_root), *((path, _zero(path)) for path in (USER, *GROUPS)))
    for path, problem in checks:
        yield from pod.levels(path, problem)


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    return in_pods(resource, exempt_namespaces, _pod)


NOBODY = security(runAsNonRoot=True)

RULE = Rule(
    id="pss-run-as-nonroot",
    applies_to=KUBERNETES,
    severity="high",
    standards=("PSS restricted", "CKV_K8S_23", "KSV-0116"),
    why="Root in a container owns what it mounts, and is root on the node after one mistake in kernel or runtime.",
    fix="Set securityContext.runAsNonRoot: true, and runAsUser where the image names no user by number.",
    mend={"runAsUser": 1000, "runAsNonRoot": True, "runAsGroup": 1000, "fsGroup": 1000},
    options=EXEMPT_NAMESPACES,
    dev="advisory",
    check=check,
    good={
        "a model of KServe, whose runtime says it": Case(
            {"spec": {"predictor": {"model": {"modelFormat": {"name": "x"}}}}},
            type="kubernetes:serving.kserve.io/v1beta1:InferenceService",
        ),
        "the container": pod_of(NOBODY),
        "the pod for all containers": pod_of({}, {}, **NOBODY),
        "the container for itself, with a user": pod_of(security(runAsNonRoot=True, runAsUser=1000)),
        "the user of the pod": pod_of({}, **security(runAsNonRoot=True, runAsUser="1000")),
    },
    bad={
        **in_every_place(security(runAsNonRoot=True, runAsUser=0), USER),
        "nothing set": pod_of({}, at=f"spec.containers[0].{NON_ROOT}"),
        "only one of two containers": pod_of(NOBODY, {}, at=f"spec.containers[1].{NON_ROOT}"),
        "a container that takes it back": pod_of(
            security(runAsNonRoot=False), **NOBODY, at=f"spec.containers[0].{NON_ROOT}"
        ),
        "the pod as root": pod_of({}, **security(runAsNonRoot=True, runAsUser=0), at=f"spec.{USER}"),
        "the group of root": pod_of({}, **security(runAsNonRoot=True, runAsGroup=0), at=f"spec.{GROUPS[0]}"),
        "a container in the group of root": pod_of(
            security(runAsNonRoot=True, runAsGroup=0), at=f"spec.containers[0].{GROUPS[0]}"
        ),
        "volumes for the group of root": pod_of({}, **security(runAsNonRoot=True, fsGroup=0), at=f"spec.{GROUPS[1]}"),
        "a pod that takes it back": pod_of(NOBODY, **security(runAsNonRoot=False), at=f"spec.{NON_ROOT}"),
        "the user as a text": pod_of({}, **security(runAsNonRoot=True, runAsUser="0"), at=f"spec.{USER}"),
        "a patch without containers": Case(
            {"spec": {"template": {"spec": security(runAsUser=0)}}},
            type="kubernetes:apps/v1:DeploymentPatch",
            at=f"spec.template.spec.{USER}",
        ),
    },
)
