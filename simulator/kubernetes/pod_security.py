"""The Pod Security Standards, in the words of the admission plugin.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and k8s.io/pod-security-admission/policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.values import UNKNOWN

ENFORCE = "pod-security.kubernetes.io/enforce"
_TEMPLATES = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Deployment": ("spec", "template"),
    "Job": ("spec", "template"),
    "Pod": (),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
}
_CAPABILITIES = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    }
)
_SYSCTLS = frozenset(
    {
        *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
        *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
        *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
        *("net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    }
)
_SELINUX = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
_VOLUMES = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
        *("name", "secret"),
    }
)
Pod = Mapping[str, Any]


def pod_of(inputs: Mapping[str, Any]) -> Pod | None:
    """Returns the pod of an object, or the template of its pods; None for kinds without pods."""
    path = _TEMPLATES.get(inputs.get("kind", ""))
    if path is None:
        return None
    value: Any = inputs
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) and isinstance(value.get("spec"), Mapping) else None


def violations(level: str, pod: Pod) -> list[str]:
    """Returns what the level forbids in the pod. Unknown values violate nothing."""
    checks: list[Callable[[Pod], Iterator[str]]] = []
    if level in ("baseline", "restricted"):
        checks += [_host_namespaces, _host_ports, _host_path, _privileged, _proc_mount, _selinux, _sysctls, _windows]
    if level == "baseline":
        checks += [_capabilities, _seccomp_unconfined]
    if level == "restricted":
        checks += [_escalation, _all_dropped, _volumes, _root, _root_user, _seccomp]
    return [text for check in checks for text in check(pod)]


def _containers(pod: Pod) -> list[Mapping[str, Any]]:
    kinds = ("initContainers", "containers", "ephemeralContainers")
    containers = [each for kind in kinds for each in _objects(pod["spec"], kind)]
    return [each for each in containers if each.get("securityContext") is not UNKNOWN]


def _objects(subject: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = subject.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _known(subject: Mapping[str, Any], key: str) -> Any:
    value = subject.get(key)
    return None if value is UNKNOWN else value


def _context(subject: Mapping[str, Any]) -> Mapping[str, Any]:
    context = subject.get("securityContext")
    return context if isinstance(context, Mapping) else {}


def _name(containers: list[Mapping[str, Any]]) -> str:
    names = ", ".join(f'"{each.get("name")}"' for each in containers)
    return f"container{'s' if len(containers) > 1 else ''} {names}"


def _host_namespaces(pod: Pod) -> Iterator[str]:
    used = [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod["spec"].get(key) is True]
    if used:
        yield f"host namespaces ({', '.join(f'{key}=true' for key in used)})"


def _host_ports(pod: Pod) -> Iterator[str]:
    bad = [each for each in _containers(pod) if any(_known(port, "hostPort") for port in _objects(each, "ports"))]
    if bad:
        yield f"hostPort ({_name(bad)} uses a hostPort)"


def _host_path(pod: Pod) -> Iterator[str]:
    bad = [each.get("name") for each in _objects(pod["spec"], "volumes") if each.get("hostPath") is not None]
    if bad:
        yield f"hostPath volumes (volume{'s' if len(bad) > 1 else ''} " + ", ".join(f'"{name}"' for name in bad) + ")"


def _privileged(pod: Pod) -> Iterator[str]:
    bad = [each for each in _containers(pod) if _context(each).get("privileged") is True]
    if bad:
        yield f"privileged ({_name(bad)} must not set securityContext.privileged=true)"


def _proc_mount(pod: Pod) -> Iterator[str]:
    bad = [each for each in _containers(pod) if _known(_context(each), "procMount") not in (None, "Default")]
    if bad:
        yield f'procMount ({_name(bad)} must not set securityContext.procMount to "Unmasked")'


def _selinux(pod: Pod) -> Iterator[str]:
    for subject in (pod["spec"], *_containers(pod)):
        options = _context(subject).get("seLinuxOptions")
        if isinstance(options, Mapping) and (
            (_known(options, "type") or "") not in _SELINUX or _known(options, "user") or _known(options, "role")
        ):
            yield "seLinuxOptions (pod or containers set forbidden securityContext.seLinuxOptions)"
            return


def _sysctls(pod: Pod) -> Iterator[str]:
    names = [_known(each, "name") for each in _objects(_context(pod["spec"]), "sysctls")]
    bad = [name for name in names if name is not None and name not in _SYSCTLS]
    if bad:
        yield f"forbidden sysctls ({', '.join(map(str, bad))})"


def _windows(pod: Pod) -> Iterator[str]:
    for subject in (pod["spec"], *_containers(pod)):
        options = _context(subject).get("windowsOptions")
        if isinstance(options, Mapping) and options.get("hostProcess") is True:
            yield "hostProcess (pod or containers must not set securityContext.windowsOptions.hostProcess=true)"
            return


def _capabilities(pod: Pod) -> Iterator[str]:
    bad = [each for each in _containers(pod) if set(_capability(each, "add")) - _CAPABILITIES]
    if bad:
        added = sorted({name for each in bad for name in _capability(each, "add")} - _CAPABILITIES)
        listed = ", ".join(f'"{name}"' for name in added)
        yield f"non-default capabilities ({_name(bad)} must not include {listed} in securityContext.capabilities.add)"


def _capability(container: Mapping[str, Any], verb: str) -> list[str]:
    capabilities = _context(container).get("capabilities")
    names = capabilities.get(verb) if isinstance(capabilities, Mapping) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _seccomp_unconfined(pod: Pod) -> Iterator[str]:
    for subject in (pod["spec"], *_containers(pod)):
        profile = _context(subject).get("seccompProfile")
        if isinstance(profile, Mapping) and profile.get("type") == "Unconfined":
            yield 'seccompProfile (pod or containers must not set securityContext.seccompProfile.type to "Unconfined")'
            return


def _escalation(pod: Pod) -> Iterator[str]:
    bad = [each for each in _containers(pod) if _context(each).get("allowPrivilegeEscalation", True) is True]
    if bad:
        yield (
            f"allowPrivilegeEscalation != false ({_name(bad)} must set securityContext.allowPrivilegeEscalation=false)"
        )


def _all_dropped(pod: Pod) -> Iterator[str]:
    bad = [
        each
        for each in _containers(pod)
        if "ALL" not in _capability(each, "drop") or set(_capability(each, "add")) - {"NET_BIND_SERVICE"}
    ]
    if bad:
        yield f'unrestricted capabilities ({_name(bad)} must set securityContext.capabilities.drop=["ALL"])'


def _volumes(pod: Pod) -> Iterator[str]:
    for each in _objects(pod["spec"], "volumes"):
        bad = sorted(key for key, value in each.items() if value is not None and key not in _VOLUMES)
        if bad:
            yield f'restricted volume types (volume "{each.get("name")}" uses restricted volume type "{bad[0]}")'


def _root(pod: Pod) -> Iterator[str]:
    if pod["spec"].get("securityContext") is UNKNOWN:
        return
    whole = _context(pod["spec"]).get("runAsNonRoot")
    bad = [each for each in _containers(pod) if _context(each).get("runAsNonRoot", whole) in (None, False)]
    if bad:
        yield f"runAsNonRoot != true (pod or {_name(bad)} must set securityContext.runAsNonRoot=true)"


def _root_user(pod: Pod) -> Iterator[str]:
    subjects = (pod["spec"], *_containers(pod))
    if any(type(user) is int and user == 0 for user in (_context(each).get("runAsUser") for each in subjects)):
        yield "runAsUser=0 (pod or containers must not set runAsUser=0)"


def _seccomp(pod: Pod) -> Iterator[str]:
    if pod["spec"].get("securityContext") is UNKNOWN:
        return

    def allowed(subject: Mapping[str, Any]) -> bool | None:
        profile = _context(subject).get("seccompProfile")
        if profile is None:
            return None
        return not isinstance(profile, Mapping) or profile.get("type") not in ("Unconfined", None)

    whole = allowed(pod["spec"])
    bad = [
        each
        for each in _containers(pod)
        if (of_container if (of_container := allowed(each)) is not None else whole) is not True
    ]
    if bad:
        yield (
            f"seccompProfile (pod or {_name(bad)} must set securityContext.seccompProfile.type to "
            '"RuntimeDefault" or "Localhost")'
        )
