"""Security contexts: settings that contradict each other, and profiles of seccomp and AppArmor."""

from __future__ import annotations

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.values import UNKNOWN

_MOST_ID = 2**31 - 1


def context_findings(context: Node, spec: Node) -> Findings:
    """Yields the mistakes in the security context of a container."""
    for name in ("runAsUser", "runAsGroup"):
        yield from context[name].must_be_between(0, _MOST_ID)
    yield from profile_findings(context)
    mount = context["procMount"]
    yield from mount.must_be("Default", "Unmasked")
    if mount.text == "Unmasked" and spec["hostUsers"].value in (None, True):
        yield mount.invalid("`hostUsers` must be false to use `Unmasked`")
    if context["allowPrivilegeEscalation"].value is False:
        if context["privileged"].value is True:
            yield context.invalid("cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
        added = context["capabilities"]["add"].texts() or set()
        if "CAP_SYS_ADMIN" in added:
            yield context.invalid("cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")


def profile_findings(context: Node) -> Findings:
    """Yields the mistakes in the seccomp and AppArmor profiles of a pod or a container."""
    for name, word in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
        profile = context[name]
        type_, local = profile["type"], profile["localhostProfile"]
        if profile.value is None or UNKNOWN in (profile.value, type_.value):
            continue
        if type_.is_empty:
            yield type_.required(f"type is required when {name} is set" if name == "appArmorProfile" else "")
        yield from type_.must_be("Localhost", "RuntimeDefault", "Unconfined")
        if type_.text == "Localhost":
            yield from local.must_be_set(f"must be set when {word} type is Localhost")
            yield from local.must_match(formats.relative_path)
        elif local.text:
            shown = {"Type": type_.value, "LocalhostProfile": local.value} if word == "seccomp" else local.value
            yield local.invalid(f"can only be set when {word} type is Localhost", shown)
