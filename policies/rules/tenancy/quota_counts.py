"""A ResourceQuota lists names that Kubernetes counts: it stores any other, and enforces nothing.

An extended resource, such as a GPU, is counted by requests.<name> alone; requests and limits of it are equal.
Source: Kubernetes 1.35, "Resource Quotas"; tried on a kube-apiserver 1.35; read 2026-11.
"""

import re
from collections.abc import Iterator

from common.values import UNKNOWN
from policies.objects import objects
from policies.rule import Case, Resource, Rule, keys

HARD = "spec.hard"
COUNTED = re.compile(
    r"((requests|limits)\.)?(cpu|memory|ephemeral-storage|hugepages-\d+[KMG]i)"
    r"|requests\.storage|pods|services|services\.(loadbalancers|nodeports)|replicationcontrollers|resourcequotas"
    r"|secrets|configmaps|persistentvolumeclaims"
    r"|count/[a-z0-9]+(\.[a-z0-9.-]+)?"
    r"|requests\.(?!kubernetes\.io/)[a-z0-9-]+(\.[a-z0-9-]+)+/[A-Za-z0-9_.-]+"
    r"|[a-z0-9.-]+\.storageclass\.storage\.k8s\.io/(requests\.storage|persistentvolumeclaims)"
    r"|[a-z0-9.-]+\.deviceclass\.resource\.k8s\.io/devices"
)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for quota in objects(resource, "core", "ResourceQuota"):
        for name in keys(quota, HARD):
            if not COUNTED.fullmatch(name):
                yield quota.under(("spec", "hard", name)), "is a name that Kubernetes stores and does not count"


QUOTA = "kubernetes:core/v1:ResourceQuota"
NAMES = (
    *("cpu", "limits.memory", "requests.cpu", "requests.storage", "pods", "services.loadbalancers", "count/jobs.batch"),
    *("requests.nvidia.com/gpu", "requests.nvidia.com/mig-1g.10gb", "requests.vpc.amazonaws.com/efa", "count/pods"),
    *("gp2.storageclass.storage.k8s.io/requests.storage", "gpu.nvidia.com.deviceclass.resource.k8s.io/devices"),
    *("requests.ephemeral-storage", "hugepages-2Mi", "persistentvolumeclaims", "services"),
)
WRONG = (
    *("nvidia.com/gpu", "limits.nvidia.com/gpu", "request.nvidia.com/gpu", "requests.gpu", "requests.cpus", "Pods"),
    *("jobs.batch", "limits.storage", "requests.pods", "gp2.storageclass.storage.k8s.io/storage", "services.nodeport"),
)


def _quota_of(name: str, form: str = "") -> Case:
    at = f"spec.hard.{name}" if "." not in name and "/" not in name else f'spec.hard["{name}"]'
    return Case({"spec": {"hard": {"pods": UNKNOWN, name: "0"}}}, type=f"{QUOTA}{form}", at=at)


RULE = Rule(
    id="quota-counts",
    applies_to=f"{QUOTA}*",
    severity="high",
    standards=("EKS best practices: multi-tenancy",),
    why="A quota that counts nothing looks like a wall, and one team may take every GPU.",
    fix="Write requests.<resource> for GPUs and other devices, count/<kinds>.<group> for objects.",
    on_unknown="fail",
    check=check,
    good={"nothing set": Case({}, type=QUOTA), **{name: _quota_of(name) for name in NAMES}},
    bad={
        **{name: _quota_of(name) for name in WRONG},
        "a patch": _quota_of("nvidia.com/gpu", "Patch"),
        "names that are known later": Case({"spec": {"hard": UNKNOWN}}, type=QUOTA, at=HARD),
    },
)
