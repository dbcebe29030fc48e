"""Pods take nothing back of what keeps them apart: labels, profiles, /proc masks, kernel parameters, volumes, probes.

A volume of an image holds nothing of the node, and is left to the rules for images.
Source: kubernetes/pod-security-admission of 2026-07, policy/check_*.go, levels baseline and restricted; read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from policies.pods import EXEMPT_NAMESPACES, KUBERNETES, Pod, in_pods
from policies.rule import Case, Resource, Rule, View, at, each, flag, keys, text
from policies.samples import DEPLOYMENT, POD, in_every_place, pod_of, security

PROC, PROCESS = "securityContext.procMount", "securityContext.windowsOptions.hostProcess"
PROFILE = "securityContext.appArmorProfile.type"
HOSTS = tuple(
    f"{moment}.{kind}.host"
    for moment in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")
    for kind in ("httpGet", "tcpSocket")
)
ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
LABELS, KERNEL = "securityContext.seLinuxOptions", "securityContext.sysctls"
LABEL_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
SAFE_SYSCTLS = (
    "kernel.shm_rmid_forced",
    *(f"net.ipv4.ip_{name}" for name in ("local_port_range", "local_reserved_ports", "unprivileged_port_start")),
    *(f"net.ipv4.tcp_{name}" for name in ("syncookies", "keepalive_time", "fin_timeout", "keepalive_intvl")),
    *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.ping_group_range"),
)
VOLUMES = (
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    *("secret", "hostPath"),  # pss-no-host-access finds the last one
)


def _container(container: View) -> Iterator[tuple[str, str]]:
    if text(container, PROC) not in ("", "Default"):
        yield container.under(PROC), "shows what /proc hides of the node's kernel"
    for host in HOSTS:
        if text(container, host):
            yield container.under(host), "sends the kubelet to any address that the node reaches"


def _process(holder: View) -> Iterator[tuple[str, str]]:
    if flag(holder, PROCESS):
        yield holder.under(PROCESS), "is true, so it runs as a process of the node"


def _profile(holder: View) -> Iterator[tuple[str, str]]:
    if text(holder, PROFILE) not in ("", "RuntimeDefault", "Localhost"):
        yield holder.under(PROFILE), "switches off what AppArmor refuses"


def _old_profile(pod: Pod) -> Iterator[tuple[str, str]]:
    """Yields the annotations of the pod that set a profile, as Kubernetes did before 1.30 and still reads."""
    outer, _, last = pod.spec.path.rpartition("spec")
    path = f"{outer}metadata.annotations"
    if last:
        return
    given = at(pod.spec.resource, path, {})
    for key, profile in given.items() if isinstance(given, Mapping) else ():
        if key.startswith(ANNOTATION) and not re.fullmatch("(runtime/default|localhost/.*)?", str(profile)):
            yield path, f"has {key}, which switches off what AppArmor refuses"


def _labels(holder: View) -> Iterator[tuple[str, str]]:
    if text(holder, f"{LABELS}.type") not in LABEL_TYPES:
        yield holder.under(f"{LABELS}.type"), "is no label of containers, so SELinux does not keep it in"
    for name in ("user", "role"):
        if text(holder, f"{LABELS}.{name}"):
            yield holder.under(f"{LABELS}.{name}"), "is set, so SELinux judges it as somebody else"


def _pod(pod: Pod) -> Iterator[tuple[str, str]]:
    yield from pod.containers(_container)
    yield from pod.levels(PROCESS, _process)
    yield from pod.levels(PROFILE, _profile)
    yield from _old_profile(pod)
    yield from pod.levels(LABELS, _labels)
    for parameter in each(pod.spec, KERNEL):
        if text(parameter, "name") not in SAFE_SYSCTLS:
            yield parameter.under("name"), "is no parameter that a pod has for itself, so it changes the node's"
    for volume in each(pod.spec, "volumes"):
        for kind in keys(volume, ()):
            if kind != "name" and kind not in VOLUMES:
                yield volume.under((kind,)), "is mounted past storage classes, keys and access points"


def check(resource: Resource, *, exempt_namespaces: Sequence[str]) -> Iterator[tuple[str, str]]:
    return in_pods(resource, exempt_namespaces, _pod)


def _nested(path: str) -> dict[str, object]:
    value: object = "169.254.169.254"
    for name in reversed(path.split(".")):
        value = {name: value}
    return cast(dict[str, object], value)


POD_SPEC = {"containers": [{"name": "c"}]}

RULE = Rule(
    id="pss-safe-fields",
    applies_to=KUBERNETES,
    severity="high",
    standards=("PSS baseline", "PSS restricted", "KSV-0025", "KSV-0026", "KSV-0027", "KSV-0028", "KSV-0103"),
    why="Each of them opens the node, or data that other rules guard, to anybody who takes over the pod.",
    fix="Drop the field; mount a PersistentVolumeClaim; let a node class set kernel parameters.",
    mend={
        **dict.fromkeys(("procMount", "hostProcess", "role", "user", "host")),
        "appArmorProfile.type": "RuntimeDefault",
    },
    options=EXEMPT_NAMESPACES,
    dev="advisory",
    check=check,
    good={
        "nothing set": pod_of({}),
        **{
            f"the label of containers {kind}": pod_of(security(seLinuxOptions={"level": "s0:c1,c2", "type": kind}))
            for kind in LABEL_TYPES
        },
        "safe parameters": pod_of({}, **security(sysctls=[{"name": name, "value": "1"} for name in SAFE_SYSCTLS])),
        "volumes of the cluster": pod_of({}, volumes=[{"name": kind, kind: {}} for kind in VOLUMES]),
        "a probe of the pod, and a profile": pod_of(
            {"livenessProbe": {"httpGet": {"host": "", "port": 80}}, **security(appArmorProfile={"type": "Localhost"})},
            **security(appArmorProfile={"type": "RuntimeDefault"}),
        ),
        "profiles by annotation": Case(
            {
                "metadata": {
                    "annotations": {f"{ANNOTATION}a": "runtime/default", f"{ANNOTATION}b": "localhost/x", "team": "a"}
                },
                "spec": POD_SPEC,
            },
            type=POD,
        ),
        "the usual masks": pod_of(security(procMount="Default", windowsOptions={"hostProcess": False})),
    },
    bad={
        **in_every_place(security(procMount="Unmasked"), PROC),
        "a process of the node": pod_of(
            security(windowsOptions={"hostProcess": True}), at=f"spec.containers[0].{PROCESS}"
        ),
        "pods of the node": pod_of({}, **security(windowsOptions={"hostProcess": True}), at=f"spec.{PROCESS}"),
        "a label of the node": pod_of({}, **security(seLinuxOptions={"type": "spc_t"}), at=f"spec.{LABELS}.type"),
        "a container's own label": pod_of(
            security(seLinuxOptions={"type": "spc_t"}), at=f"spec.containers[0].{LABELS}.type"
        ),
        "a role": pod_of({}, **security(seLinuxOptions={"role": "sysadm_r"}), at=f"spec.{LABELS}.role"),
        "a user": pod_of({}, **security(seLinuxOptions={"user": "root"}), at=f"spec.{LABELS}.user"),
        "a parameter of the node": pod_of(
            {}, **security(sysctls=[{"name": "kernel.msgmax", "value": "1"}]), at=f"spec.{KERNEL}[0].name"
        ),
        **{f"a host, {path}": pod_of(_nested(path), at=f"spec.containers[0].{path}") for path in HOSTS},
        "without a profile": pod_of({}, **security(appArmorProfile={"type": "Unconfined"}), at=f"spec.{PROFILE}"),
        "a container without a profile": pod_of(
            security(appArmorProfile={"type": "Unconfined"}), at=f"spec.containers[0].{PROFILE}"
        ),
        "a container without a profile, by annotation": Case(
            {"metadata": {"annotations": {f"{ANNOTATION}c": "unconfined"}}, **pod_of({}).props},
            type=POD,
            at="metadata.annotations",
        ),
        "a template without a profile, by annotation": Case(
            {"spec": {"template": {"metadata": {"annotations": {f"{ANNOTATION}c": "unconfined"}}, "spec": POD_SPEC}}},
            type=DEPLOYMENT,
            at="spec.template.metadata.annotations",
        ),
        "a file server": pod_of(
            {}, volumes=[{"name": "x", "nfs": {"server": "fs", "path": "/"}}], at="spec.volumes[0].nfs"
        ),
    },
)
