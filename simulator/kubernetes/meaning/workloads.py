"""Deployments, StatefulSets, DaemonSets and ReplicaSets.

Source: pkg/apis/apps/validation/validation.go of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from typing import Any

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.claims import claim_findings
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.pods import template_findings
from simulator.kubernetes.meaning.selectors import matches, selector_findings
from simulator.values import UNKNOWN, has_unknown

_PROGRESS_SECONDS = 600


def deployment_findings(deployment: Node) -> Findings:
    """Yields the mistakes in a Deployment."""
    spec = deployment["spec"]
    yield from _common_findings(spec, "deployment")
    yield from spec["revisionHistoryLimit"].must_be_at_least(0)
    deadline, ready = spec["progressDeadlineSeconds"], spec["minReadySeconds"].number or 0
    least = _PROGRESS_SECONDS if deadline.value is None else deadline.number
    if least is not None and least <= ready:
        yield Node(least, deadline.path).invalid("must be greater than minReadySeconds")
    strategy = spec["strategy"]
    type_, rolling = strategy["type"], strategy["rollingUpdate"]
    if type_.text not in (None, "Recreate", "RollingUpdate"):
        yield strategy.unsupported(("Recreate", "RollingUpdate"), {"Type": type_.value, "RollingUpdate": None})
    if type_.text == "Recreate" and rolling.is_set:
        yield rolling.forbidden("may not be specified when strategy `type` is 'Recreate'")
    for name in ("maxUnavailable", "maxSurge"):
        yield from share_findings(rolling[name])
    if rolling["maxUnavailable"].value in (0, "0%") and rolling["maxSurge"].value in (0, "0%"):
        yield rolling["maxUnavailable"].invalid("may not be 0 when `maxSurge` is 0")


def replica_set_findings(replica_set: Node) -> Findings:
    """Yields the mistakes in a ReplicaSet."""
    yield from _common_findings(replica_set["spec"], "ReplicaSet")


def stateful_set_findings(stateful_set: Node) -> Findings:
    """Yields the mistakes in a StatefulSet."""
    spec = stateful_set["spec"]
    templates = spec["volumeClaimTemplates"]
    yield from _common_findings(spec, "statefulset", _with_claims(spec["template"], templates))
    yield from spec["serviceName"].must_match(formats.label)
    management, strategy = spec["podManagementPolicy"], spec["updateStrategy"]
    if management.text not in (None, "OrderedReady", "Parallel"):
        yield management.invalid("must be 'OrderedReady' or 'Parallel'")
    type_, rolling = strategy["type"], strategy["rollingUpdate"]
    if type_.text not in (None, "RollingUpdate", "OnDelete"):
        yield strategy.invalid("must be 'RollingUpdate' or 'OnDelete'", {"Type": type_.value, "RollingUpdate": None})
    if type_.text == "OnDelete" and rolling.is_set:
        yield rolling.invalid("only allowed for updateStrategy 'RollingUpdate'")
    yield from rolling["partition"].must_be_at_least(0)
    yield from spec["ordinals"]["start"].must_be_at_least(0)
    for name in ("whenDeleted", "whenScaled"):
        yield from spec["persistentVolumeClaimRetentionPolicy"][name].must_be("Retain", "Delete")
    for each in templates.items:
        yield from claim_findings(each["spec"])


def daemon_set_findings(daemon_set: Node) -> Findings:
    """Yields the mistakes in a DaemonSet."""
    spec = daemon_set["spec"]
    yield from _common_findings(spec, "daemonset")
    strategy = spec["updateStrategy"]
    type_, rolling = strategy["type"], strategy["rollingUpdate"]
    if type_.text not in (None, "RollingUpdate", "OnDelete"):
        yield strategy.unsupported(("RollingUpdate", "OnDelete"), {"Type": type_.value, "RollingUpdate": None})
    unavailable, surge = rolling["maxUnavailable"], rolling["maxSurge"]
    yield from share_findings(unavailable)
    yield from share_findings(surge)
    if rolling.is_set and not rolling.is_unknown:
        without = unavailable.value in (0, "0%"), surge.value in (None, 0, "0%")
        if all(without):
            yield unavailable.required("cannot be 0 when maxSurge is 0")
        if not any(without) and not (unavailable.is_unknown or surge.is_unknown):
            yield surge.invalid("may not be set when maxUnavailable is non-zero")


def share_findings(share: Node) -> Findings:
    """Yields the mistakes in a number of pods, or a percentage of them."""
    yield from share.must_be_at_least(0)
    yield from share.must_match(formats.percent)


def _common_findings(spec: Node, kind: str, pods: Node | None = None) -> Findings:
    template, selector = spec["template"], spec["selector"]
    for name in ("replicas", "minReadySeconds"):
        yield from spec[name].must_be_at_least(0)
    if isinstance(selector.value, dict):
        yield from selector_findings(selector)
        if selector["matchLabels"].is_empty and selector["matchExpressions"].is_empty:
            yield selector.invalid(f"empty selector is invalid for {kind}")
        labels = template.at("metadata", "labels")
        if not labels.is_unknown and isinstance(template.value, dict):
            known = labels.value if isinstance(labels.value, dict) else {}
            if not matches(selector, known):
                shown = None if has_unknown(known) else known
                yield Node(shown, labels.path).invalid("`selector` does not match template `labels`")
    restart = template.at("spec", "restartPolicy")
    if restart.text and restart.text != "Always":
        yield restart.unsupported(("Always",))
    if template.at("spec", "activeDeadlineSeconds").number is not None:
        yield template.at("spec", "activeDeadlineSeconds").forbidden(
            "activeDeadlineSeconds in ReplicaSet is not Supported"
        )
    yield from template_findings(template if pods is None else pods)


def _with_claims(template: Node, claims: Node) -> Node:
    """Returns the template of a StatefulSet with the volumes that its claims become."""
    spec = template["spec"].value
    if not isinstance(spec, dict):
        return template
    own, names = template["spec"]["volumes"], None if claims.is_unknown else _names(claims)
    if own.is_unknown or names is None:
        volumes: Any = UNKNOWN
    else:
        kept = [each.value for each in own.items if each["name"].value not in names]
        volumes = [*kept, *({"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names)]
    return Node({**template.value, "spec": {**spec, "volumes": volumes}}, template.path)


def _names(claims: Node) -> list[str] | None:
    listed = claims.value if isinstance(claims.value, list) else []
    names = [Node(each).at("metadata", "name") for each in listed]
    return None if any(each.is_unknown for each in names) else [each.text or "" for each in names]
