"""Pods that talk to the Kubernetes API say so, and do it as a service account of their own.

A token that a pod mounts by a projected volume is asked for by name, so the rule does not check it.
Source: Kubernetes, "Configure Service Accounts for Pods": the pod decides before its service account; read 2026-11.
"""

from collections.abc import Iterator

from policies.objects import objects
from policies.pods import KUBERNETES, Pod, in_pods
from policies.rule import Case, Resource, Rule, flag, present, text
from policies.samples import DEPLOYMENT, RAY_CLUSTER, pod_of

MOUNT, NAME, OLD_NAME = "automountServiceAccountToken", "serviceAccountName", "serviceAccount"
DEFAULT = "default"


def _pod(pod: Pod) -> Iterator[tuple[str, str]]:
    of_something_else = pod.spec.resource.type.endswith("Patch") and not present(pod.spec, "containers")
    if not present(pod.spec, MOUNT):
        if of_something_else:  # whoever made the pods said whether they get a token
            return
        yield pod.spec.under(MOUNT), "is not set, so every container gets a token for the Kubernetes API"
    elif flag(pod.spec, MOUNT) and text(pod.spec, NAME, text(pod.spec, OLD_NAME, DEFAULT)) == DEFAULT:
        yield pod.spec.under(NAME), f"is {DEFAULT}, whose rights every pod of the namespace has"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for account in objects(resource, "core", "ServiceAccount"):
        if text(account, "metadata.name") == DEFAULT and flag(account, MOUNT, default=True):
            yield account.under(MOUNT), "is not false, so pods that say nothing get a token of this service account"
    yield from in_pods(resource, (), _pod)


_PATCHED = {"spec": {"template": {"spec": {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]}}}}
ACCOUNT = "kubernetes:core/v1:ServiceAccount"

RULE = Rule(
    id="wl-no-default-sa-token",
    applies_to=KUBERNETES,
    severity="medium",
    standards=("CIS EKS 4.1.5", "CIS EKS 4.1.6", "CKV_K8S_38"),
    why="A person who breaks into a pod gets its token, and with it what the service account may do in the cluster.",
    fix="Set automountServiceAccountToken: false; if the pod needs the API, true with a serviceAccountName of its own.",
    mend={"automountServiceAccountToken": False},
    dev="advisory",
    check=check,
    good={
        "no token": pod_of({}, automountServiceAccountToken=False),
        "a token of its own": pod_of({}, automountServiceAccountToken=True, serviceAccountName="trainer"),
        "a token of its own, by the old name": pod_of({}, automountServiceAccountToken=True, serviceAccount="trainer"),
        "a service account that pods choose": Case({"metadata": {"name": "trainer"}}, type=ACCOUNT),
        "a patch of something else": Case(_PATCHED, type=f"{DEPLOYMENT}Patch"),
        "default without a token": Case({"metadata": {"name": "default"}, MOUNT: False}, type=ACCOUNT),
    },
    bad={
        "nothing set": pod_of({}, at=f"spec.{MOUNT}"),
        "only a service account": pod_of({}, serviceAccountName="trainer", at=f"spec.{MOUNT}"),
        "a token of nobody": pod_of({}, automountServiceAccountToken=True, at=f"spec.{NAME}"),
        "a token of default": pod_of({}, automountServiceAccountToken="true", serviceAccountName="default", at="spec"),
        "a Deployment": Case(
            {"spec": {"template": {"spec": {"containers": []}}}}, type=DEPLOYMENT, at=f"spec.template.spec.{MOUNT}"
        ),
        "a patch that gives a token of default": Case(
            {"spec": {"template": {"spec": {MOUNT: True, NAME: DEFAULT}}}},
            type=f"{DEPLOYMENT}Patch",
            at=f"spec.template.spec.{NAME}",
        ),
        "a patch with containers": Case(
            {"spec": {"template": {"spec": {"containers": [{"name": "trainer"}]}}}},
            type=f"{DEPLOYMENT}Patch",
            at=f"spec.template.spec.{MOUNT}",
        ),
        "a custom resource": Case(
            {"spec": {"headGroupSpec": {"template": {"spec": {"containers": []}}}}},
            type=RAY_CLUSTER,
            at=f"spec.headGroupSpec.template.spec.{MOUNT}",
        ),
        "default, which says nothing": Case({"metadata": {"name": "default"}}, type=ACCOUNT, at=MOUNT),
        "default in a list": Case(
            {"items": [{"metadata": {"name": "default"}, MOUNT: True}]}, type=f"{ACCOUNT}List", at=f"items[0].{MOUNT}"
        ),
    },
)
