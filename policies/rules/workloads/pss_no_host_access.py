"""Pods use no namespaces, ports or folders of their node.

A PersistentVolume may show a folder of the node too, which the Pod Security admission does not see.
Source: Kubernetes, Pod Security Standards, level baseline; read 2026-11.
"""

from collections.abc import Iterator, Sequence

from common.values import UNKNOWN
from policies.objects import objects
from policies.pods import EXEMPT_NAMESPACES, KUBERNETES, Pod, in_pods
from policies.rule import Case, Resource, Rule, View, each, flag, number, present
from policies.samples import in_every_place, pod_of

SHARED = ("hostNetwork", "hostPID", "hostIPC")
FOLDERS = ("hostPath", "local")


def _ports(container: View) -> Iterator[tuple[str, str]]:
    for port in each(container, "ports"):
        if number(port, "hostPort", 0) != 0:
            yield port.under("hostPort"), "opens a port of the node, which the rules for pods do not guard"


def _pod(pod: Pod) -> Iterator[tuple[str, str]]:
    for name in SHARED:
        if flag(pod.spec, name):
            yield pod.spec.under(name), "is true, so the pod sees what is the node's own"
    for volume in each(pod.spec, "volumes"):
        if present(volume, "hostPath"):
            yield volume.under("hostPath"), "shows files of the node, such as the socket of its container runtime"
    yield from pod.containers(_ports)


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    for volume in objects(resource, "core", "PersistentVolume"):
        for name in FOLDERS:
            if present(volume, ("spec", name)):
                yield volume.under(f"spec.{name}"), "shows files of a node to every pod that claims the volume"
    yield from in_pods(resource, exempt_namespaces, _pod)


VOLUME, PATCH = "kubernetes:core/v1:PersistentVolume", "kubernetes:apps/v1:DaemonSetPatch"
_SOCKET = {"name": "socket", "hostPath": {"path": "/run/containerd/containerd.sock"}}

RULE = Rule(
    id="pss-no-host-access",
    applies_to=KUBERNETES,
    severity="critical",
    standards=("PSS baseline", "CIS EKS 4.2.2", "CIS EKS 4.2.3", "CIS EKS 4.2.4", "CKV_K8S_19", "CKV_K8S_26"),
    why="A pod that sees the network, processes or files of its node can take over the node and its other pods.",
    fix="Use a Service instead of host ports, and emptyDir or a PersistentVolumeClaim instead of hostPath.",
    mend=dict.fromkeys(("hostPort", "hostNetwork", "hostPID", "hostIPC")),
    on_unknown="fail",
    options=EXEMPT_NAMESPACES,
    check=check,
    good={
        "nothing set": pod_of({}),
        "everything off": pod_of({"ports": [{"containerPort": 80, "hostPort": 0}]}, hostNetwork=False),
        "a volume of its own": pod_of({}, volumes=[{"name": "scratch", "emptyDir": {}}]),
        "a volume of a driver": Case({"spec": {"csi": {"driver": "efs.csi.aws.com"}}}, type=VOLUME),
    },
    bad={
        **in_every_place({"ports": [{"containerPort": 80, "hostPort": 80}]}, "ports[0].hostPort"),
        "the network": pod_of({}, hostNetwork=True, at="spec.hostNetwork"),
        "the processes": pod_of({}, hostPID=True, at="spec.hostPID"),
        "the shared memory": pod_of({}, hostIPC=True, at="spec.hostIPC"),
        "a text": pod_of({}, hostPID="true", at="spec.hostPID"),
        "the socket of the runtime": pod_of({}, volumes=[_SOCKET], at="spec.volumes[0].hostPath"),
        "any folder, named later": pod_of({}, volumes=[{"hostPath": UNKNOWN}], at="spec.volumes[0].hostPath"),
        "a patch without containers": Case(
            {"spec": {"template": {"spec": {"volumes": [_SOCKET]}}}},
            type=PATCH,
            at="spec.template.spec.volumes[0].hostPath",
        ),
        "a volume with a folder of the node": Case(
            {"spec": {"hostPath": {"path": "/"}}}, type=VOLUME, at="spec.hostPath"
        ),
        "a list of volumes with a disk of the node": Case(
            {"items": [{"spec": {"local": {"path": "/mnt"}}}]}, type=f"{VOLUME}List", at="items[0].spec.local"
        ),
    },
)
