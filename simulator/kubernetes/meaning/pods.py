"""The spec of a pod, also inside the template of a workload.

Source: pkg/apis/core/validation/validation.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

import re

from simulator.kubernetes.meaning import formats, scheduling
from simulator.kubernetes.meaning.containers import container_findings, pod_resources_findings
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.security import profile_findings
from simulator.kubernetes.meaning.selectors import label_findings
from simulator.kubernetes.meaning.volumes import volume_findings

_MOST_SECONDS = 2**31 - 1
_SYSCTL = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"


def template_findings(template: Node) -> Findings:
    """Yields the mistakes in the template of a workload's pods."""
    spec_path = template.path.removesuffix(".template")
    yield from label_findings(Node(template.at("metadata", "labels").value, f"{spec_path}.template.labels"))
    annotations = Node(template.at("metadata", "annotations").value, f"{spec_path}.template.annotations")
    for key, _ in annotations.entries:
        for why in formats.qualified_name(key.lower()):
            yield annotations.invalid(why, key)
    yield from spec_findings(template["spec"])


def pod_findings(pod: Node) -> Findings:
    """Yields the mistakes in a Pod object."""
    spec = pod["spec"]
    yield from spec_findings(spec, pod.at("metadata", "name").text or "")
    for each in spec["ephemeralContainers"].items:
        if each.path.endswith("[0]"):
            yield spec["ephemeralContainers"].forbidden("cannot be set on create")


def spec_findings(spec: Node, pod_name: str = "") -> Findings:
    """Yields the mistakes in the spec of a pod."""
    if not isinstance(spec.value, dict):
        return
    yield from spec["containers"].must_be_set()
    yield from spec["restartPolicy"].must_be("Always", "OnFailure", "Never")
    yield from spec["preemptionPolicy"].must_be("Never", "PreemptLowerPriority")
    yield from spec["activeDeadlineSeconds"].must_be_between(1, _MOST_SECONDS)
    yield from spec["hostname"].must_match(formats.label)
    yield from spec["subdomain"].must_match(formats.label)
    for name in ("serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"):
        yield from spec[name].must_match(formats.subdomain)
    yield from _dns_findings(spec)
    for alias in spec["hostAliases"].items:
        yield from alias["ip"].must_match(formats.address)
        for host in alias["hostnames"].items:
            yield from host.must_match(formats.subdomain)
    yield from _gate_findings(spec)
    yield from _system_findings(spec)
    yield from _security_findings(spec)
    yield from pod_resources_findings(spec)
    yield from scheduling.findings(spec)
    yield from volume_findings(spec, pod_name)
    yield from container_findings(spec)


def _dns_findings(spec: Node) -> Findings:
    policy, config = spec["dnsPolicy"], spec["dnsConfig"]
    yield from policy.must_be("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
    servers = config["nameservers"]
    if policy.text == "None":
        if config.value is None:
            yield config.required("must provide `dnsConfig` when `dnsPolicy` is None")
        elif servers.is_empty:
            yield servers.required("must provide at least one DNS nameserver when `dnsPolicy` is None")
    if len(servers.items) > 3:
        yield servers.invalid("must not have more than 3 nameservers")
    for each in servers.items:
        yield from each.must_match(formats.address)
    if len(config["searches"].items) > 32:
        yield config["searches"].invalid("must not have more than 32 search paths")
    for each in config["options"].items:
        yield from each["name"].must_be_set()


def _gate_findings(spec: Node) -> Findings:
    gates = spec["schedulingGates"]
    for each in gates.items:
        yield from each["name"].must_match(formats.qualified_name)
    seen = set()
    for each in gates.items:
        if each["name"].text in seen:
            yield each.duplicate(each["name"].value)
        seen.add(each["name"].text)
    if gates.items and spec["nodeName"].text:
        yield spec["nodeName"].forbidden("cannot be set until all schedulingGates have been cleared")


def _system_findings(spec: Node) -> Findings:
    system = spec.at("os", "name")
    yield from Node(system.value, f"{spec.path}.os").must_be("linux", "windows")
    context = spec["securityContext"]
    if system.text == "windows":
        for name in ("hostPID", "hostIPC"):
            if spec[name].value is True:
                yield context[name].forbidden("cannot be set for a windows pod")
        for name in ("fsGroup", "seccompProfile", "seLinuxOptions", "sysctls", "runAsUser", "runAsGroup"):
            if context[name].is_set:
                yield context[name].forbidden("cannot be set for a windows pod")
    elif system.text == "linux" and context["windowsOptions"].is_set:
        yield context["windowsOptions"].forbidden("windows options cannot be set for a linux pod")
    if spec["hostUsers"].value is False:
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if spec[name].value is True:
                yield spec[name].forbidden("when `hostUsers` is false")


def _security_findings(spec: Node) -> Findings:
    context = spec["securityContext"]
    for name in ("runAsUser", "runAsGroup", "fsGroup"):
        yield from context[name].must_be_between(0, _MOST_SECONDS)
    yield from context["fsGroupChangePolicy"].must_be("Always", "OnRootMismatch")
    yield from context["supplementalGroupsPolicy"].must_be("Merge", "Strict")
    yield from profile_findings(context)
    if spec["shareProcessNamespace"].value is True and spec["hostPID"].value is True:
        yield context["shareProcessNamespace"].invalid(
            "ShareProcessNamespace and HostPID cannot both be enabled", value=True
        )
    for each in context["sysctls"].items:
        sysctl = each["name"]
        yield from sysctl.must_be_set()
        if sysctl.text and not re.fullmatch(_SYSCTL, sysctl.text):
            yield sysctl.invalid(f"must have at most 253 characters and match regex ^{_SYSCTL}$")
        for prefix, host in (("net.", "hostNetwork"), ("fs.mqueue.", "hostIPC"), ("kernel.shm", "hostIPC")):
            if sysctl.text and sysctl.text.startswith(prefix) and spec[host].value is True:
                yield sysctl.invalid(f"may not be specified when '{host}' is true")
    yield from context["sysctls"].must_be_unique("name")
