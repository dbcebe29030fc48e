"""The Pod Security Standards, in the words of the admission plugin.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/ and k8s.io/pod-security-admission/policy.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.kubernetes.schema import builtin_kind
from simulator.values import UNKNOWN, has_unknown

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
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_VOLUMES = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
        *("name", "secret"),
    }
)
Pod = Mapping[str, Any]
_NEWEST = (1, 999)


def pod_of(inputs: Mapping[str, Any]) -> Pod | None:
    """Returns the pod of an object, or the template of its pods; None for kinds without pods."""
    path = _TEMPLATES.get(builtin_kind(inputs))
    if path is None:
        return None
    value: Any = inputs
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) and isinstance(value.get("spec"), Mapping) else None


def with_pod(inputs: Mapping[str, Any], pod: Pod) -> Mapping[str, Any]:
    """Returns an object that has a pod with another pod in its place."""

    def replaced(value: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
        return {**value, path[0]: replaced(value[path[0]], path[1:])} if path else pod

    return replaced(inputs, _TEMPLATES[inputs["kind"]])


def spec_path(inputs: Mapping[str, Any]) -> str:
    """Returns where the spec of the pods of an object is."""
    return ".".join((*_TEMPLATES[inputs["kind"]], "spec"))


def violations(level: str, pod: Pod, version: tuple[int, ...] = _NEWEST) -> list[str]:
    """Returns what the level of that minor version forbids in the pod. Unknown values violate nothing."""
    restricted = level == "restricted"
    in_user_namespace = version >= (1, 35) and pod["spec"].get("hostUsers") is False  # root is nobody on the node
    checks: list[Callable[[Pod], Iterator[str]]] = []
    if restricted or level == "baseline":
        checks += [_app_armor, _host_namespaces, *([] if restricted else [_host_path]), _host_ports]
        checks += [_probe_hosts] if version >= (1, 34) else []
        checks += [_privileged, *([_proc_mount] if restricted or not in_user_namespace else [])]
        checks += [_selinux, _sysctls, _windows]
    if level == "baseline":
        checks += [_capabilities, _seccomp_unconfined]
    if restricted:
        checks += [_escalation, _all_dropped, _volumes]
        checks += [] if in_user_namespace else [_root, _root_user]
        checks += [_seccomp]
    return [text for check in checks for text in check(pod)]


def _app_armor(pod: Pod) -> Iterator[str]:
    allowed = ("RuntimeDefault", "Localhost", None)

    def type_of(subject: Mapping[str, Any]) -> Any:
        profile = _context(subject).get("appArmorProfile")
        return _known(profile, "type") if isinstance(profile, Mapping) else None

    metadata = pod.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    set_here = (
        {key: value for key, value in annotations.items() if key.startswith(_APP_ARMOR)}
        if isinstance(annotations, Mapping)
        else {}
    )
    notes = [
        f'{key}="{value}"'
        for key, value in sorted(set_here.items())
        if isinstance(value, str) and value not in ("", "runtime/default") and not value.startswith("localhost/")
    ]
    # The API server turns the annotation of a container into the field, unless the field is set.
    unconfined = {key.removeprefix(_APP_ARMOR) for key, value in set_here.items() if value == "unconfined"}
    bad = [
        each
        for each in _containers(pod)
        if type_of(each) not in allowed or (type_of(each) is None and each.get("name") in unconfined)
    ]
    types = {type_of(each) or "Unconfined" for each in bad}
    types |= {type_of(pod["spec"])} - set(allowed)
    values = [*sorted(types), *notes]
    if values:
        setters = _setters(type_of(pod["spec"]) not in allowed, bad)
        setters += [f"annotation{'s' if len(notes) > 1 else ''}"] if notes else []
        listed = ", ".join(json.dumps(each) for each in values)
        plural = "s" if len(values) > 1 else ""
        text = f"must not set AppArmor profile type to {listed}"
        yield f"forbidden AppArmor profile{plural} ({' and '.join(setters)} {text})"


def _setters(by_pod: bool, containers: list[Mapping[str, Any]]) -> list[str]:
    return [*(["pod"] if by_pod else []), *([_name(containers)] if containers else [])]


def _probe_hosts(pod: Pod) -> Iterator[str]:
    bad: dict[str, set[str]] = {}
    for container in _containers(pod):
        lifecycle = container.get("lifecycle")
        hooks = [lifecycle.get(name) for name in ("postStart", "preStop")] if isinstance(lifecycle, Mapping) else []
        for handler in (*hooks, *(container.get(f"{name}Probe") for name in ("liveness", "readiness", "startup"))):
            for kind in ("httpGet", "tcpSocket"):
                target = handler.get(kind) if isinstance(handler, Mapping) else None
                host = _known(target, "host") if isinstance(target, Mapping) else None
                if host:
                    bad.setdefault(str(container.get("name")), set()).add(host)
    if bad:
        hosts = sorted(set().union(*bad.values()))
        names = _name([{"name": name} for name in sorted(bad)])
        yield (
            f"probe or lifecycle host ({names} use{'' if len(bad) > 1 else 's'} probe or lifecycle "
            f"host{'s' if len(hosts) > 1 else ''} {', '.join(json.dumps(each) for each in hosts)})"
        )


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
    used = {
        id(each): {_known(port, "hostPort") for port in _objects(each, "ports")} - {None, 0}
        for each in _containers(pod)
    }
    bad = [each for each in _containers(pod) if used[id(each)]]
    if bad:
        ports = sorted({str(port) for each in bad for port in used[id(each)]})
        verb, word = "use" if len(bad) > 1 else "uses", "hostPorts" if len(ports) > 1 else "hostPort"
        yield f"hostPort ({_name(bad)} {verb} {word} {', '.join(ports)})"


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
    types: set[str] = set()
    others: set[str] = set()

    def is_bad(subject: Mapping[str, Any]) -> bool:
        options = _context(subject).get("seLinuxOptions")
        if not isinstance(options, Mapping):
            return False
        type_ = {_known(options, "type") or ""} - _SELINUX
        set_ = {name for name in ("user", "role") if _known(options, name)}
        types.update(type_)
        others.update(set_)
        return bool(type_ or set_)

    setters = _setters(is_bad(pod["spec"]), [each for each in _containers(pod) if is_bad(each)])
    if setters:
        listed = ", ".join(json.dumps(each) for each in sorted(types))
        what = [f"type{'s' if len(types) > 1 else ''} {listed}"] if types else []
        what += [f"{name} may not be set" for name in ("user", "role") if name in others]
        text = f"set forbidden securityContext.seLinuxOptions: {'; '.join(what)}"
        yield f"seLinuxOptions ({' and '.join(setters)} {text})"


def _sysctls(pod: Pod) -> Iterator[str]:
    names = [_known(each, "name") for each in _objects(_context(pod["spec"]), "sysctls")]
    bad = [name for name in names if name is not None and name not in _SYSCTLS]
    if bad:
        yield f"forbidden sysctls ({', '.join(map(str, bad))})"


def _windows(pod: Pod) -> Iterator[str]:
    def is_bad(subject: Mapping[str, Any]) -> bool:
        options = _context(subject).get("windowsOptions")
        return isinstance(options, Mapping) and options.get("hostProcess") is True

    setters = _setters(is_bad(pod["spec"]), [each for each in _containers(pod) if is_bad(each)])
    if setters:
        yield f"hostProcess ({' and '.join(setters)} must not set securityContext.windowsOptions.hostProcess=true)"


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
    def is_bad(subject: Mapping[str, Any]) -> bool:
        profile = _context(subject).get("seccompProfile")
        return isinstance(profile, Mapping) and profile.get("type") == "Unconfined"

    setters = _setters(is_bad(pod["spec"]), [each for each in _containers(pod) if is_bad(each)])
    if setters:
        text = 'must not set securityContext.seccompProfile.type to "Unconfined"'
        yield f"seccompProfile ({' and '.join(setters)} {text})"


def _escalation(pod: Pod) -> Iterator[str]:
    bad = [each for each in _containers(pod) if _context(each).get("allowPrivilegeEscalation", True) is True]
    if bad:
        yield (
            f"allowPrivilegeEscalation != false ({_name(bad)} must set securityContext.allowPrivilegeEscalation=false)"
        )


def _all_dropped(pod: Pod) -> Iterator[str]:
    known = [each for each in _containers(pod) if not has_unknown(_context(each).get("capabilities"))]
    keeping = [each for each in known if "ALL" not in _capability(each, "drop")]
    adding = {id(each): set(_capability(each, "add")) - {"NET_BIND_SERVICE"} for each in known}
    texts = [f'{_name(keeping)} must set securityContext.capabilities.drop=["ALL"]'] if keeping else []
    if bad := [each for each in known if adding[id(each)]]:
        listed = ", ".join(f'"{name}"' for name in sorted(set().union(*adding.values())))
        texts.append(f"{_name(bad)} must not include {listed} in securityContext.capabilities.add")
    if texts:
        yield f"unrestricted capabilities ({'; '.join(texts)})"


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
    def is_bad(subject: Mapping[str, Any]) -> bool:
        user = _context(subject).get("runAsUser")
        return type(user) is int and user == 0

    setters = _setters(is_bad(pod["spec"]), [each for each in _containers(pod) if is_bad(each)])
    if setters:
        yield f"runAsUser=0 ({' and '.join(setters)} must not set runAsUser=0)"


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
