"""What Prometheus keeps, and who hears of alerts: samples that go, volumes that do not follow, receivers that end.

Sources: prometheus-operator v0.93.0, pkg/prometheus/server and pkg/k8s/statefulset.go (claims of a StatefulSet keep
their size; for another one it is deleted in the foreground, and made again); Prometheus 3.14, "Storage"; read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping, Set
from typing import Any

from catalog.sharing import POOL_LABEL
from components.observability.alerting import OF_CRITICAL
from components.tenancy.marks import TEAM
from costs.resource import Resource
from report.dangers.danger import GRAVE, LATER, LOST, NAMESPACE, SERIOUS, Danger, Plan, at, every, of_change
from report.dangers.doors import RELEASE, chart_of
from report.dangers.pools import NODE_GROUP
from report.tables import some
from settings.observability.alerts import PLATFORM

CHART, MONITOR = "kube-prometheus-stack", "kubernetes:monitoring.coreos.com/v1:PodMonitor"
_SPEC = "values.prometheus.prometheusSpec"
_SIZE = f"{_SPEC}.storageSpec.volumeClaimTemplate.spec.resources.requests.storage"
_GUIDE = "docs/guides/observability/metrics.md"
GROWS = f"{_GUIDE}#a-larger-volume"
_WAYS = {"slack_configs": "Slack", "sns_configs": "mail", "webhook_configs": "their webhook"}
_PAGES = "pagerduty_configs"
_RESTART = "all of its pods end at once, a gap in samples and alerts"
_Told = Iterator[tuple[int, str, str, str]]
"""Severity, and the words of a danger."""


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what a change of Prometheus takes away, in clusters that stay."""
    yield from _no_node(plan)
    yield from _unread(plan)
    stays = {each.provider for each in plan.after.values()}
    teams = {_labels(each).get(TEAM) for each in plan.after.values() if each.type == NAMESPACE}
    for change in plan.changes(RELEASE, ops=("update", "replace", "delete")):
        before, after = plan.inputs(change.urn)
        if chart_of(before) != CHART or plan.before[change.urn].provider not in stays:
            continue
        if change.op != "update":
            says = "all samples of Prometheus go, by {}"
            consequence = "nothing brings them back, and until it is there again nobody hears of an alert"
            yield of_change(change, "data", LOST, says, consequence, f"export what has to stay: {_GUIDE}")
            continue
        for kind, told in (
            ("data", _less(before, after)),
            ("data", _other_size(before, after)),
            ("data", _without_grafana(before, after)),
            ("protection", _unheard(before, after, teams)),
        ):
            for each in told:
                yield of_change(change, kind, *each)


def _unread(plan: Plan) -> Iterator[Danger]:
    """Yields programs of teams that are read no more by a Prometheus that stays. Other monitors have no dot."""
    stays = {each.provider for each in plan.after.values() if chart_of(each.inputs) == CHART}
    for change in plan.changes(MONITOR, ops=("delete",)):
        team, _, program = str(at(plan.before[change.urn].inputs, "metadata.name")).partition(".")
        if not program or plan.before[change.urn].provider not in stays:
            continue
        namespace, name = program.split(".", 1)
        if plan.has_namespace(plan.before[change.urn].provider, namespace):
            says, consequence = "nobody reads {} any more", "alerts, dashboards and scaling by its metrics get nothing"
            yield of_change(change, "protection", SERIOUS, says, consequence, name=f"{team}/{name}")


def _less(before: Mapping[str, Any], after: Mapping[str, Any]) -> _Told:
    for key in ("retention", "retentionSize"):
        was, now = at(before, f"{_SPEC}.{key}"), at(after, f"{_SPEC}.{key}")
        if _number(now) < _number(was):
            says = f"Prometheus keeps {now} of samples, not {was}, by {{}}"
            yield SERIOUS, says, "older ones are deleted within two hours", "export what has to stay first"
    was, now = (_number(at(each, f"{_SPEC}.replicas")) for each in (before, after))
    if now < was:
        yield SERIOUS, "one Prometheus goes with its samples, by {}", "the loss of the other one's node is a gap", ""


def _other_size(before: Mapping[str, Any], after: Mapping[str, Any]) -> _Told:
    was, now = at(before, _SIZE), at(after, _SIZE)
    if _number(now) > _number(was):
        says = f"Prometheus may fill {now}, and its volumes have {was} until somebody enlarges them, by {{}}"
        yield GRAVE, says, f"{_RESTART}, and a full volume ends it", f"enlarge the claims first: {GROWS}"
    elif _number(now) < _number(was):
        says = f"volumes of Prometheus keep {was}, not {now}, by {{}}"
        yield SERIOUS, says, f"Kubernetes makes no volume smaller, and {_RESTART}", ""


def _without_grafana(before: Mapping[str, Any], after: Mapping[str, Any]) -> _Told:
    if at(before, "values.grafana.enabled") is True and at(after, "values.grafana.enabled") is not True:
        consequence = "dashboards that people made in it, and their preferences, are gone"
        yield SERIOUS, "Grafana goes with its volume, by {}", consequence, "export those dashboards first"


def _unheard(before: Mapping[str, Any], after: Mapping[str, Any], teams: Set[object]) -> _Told:
    """Yields who is told less. teams: those with namespaces afterwards; of the others there are no alerts any more."""
    old, new = _heard(before), _heard(after)
    if LATER in (at(after, "values"), at(after, "values.alertmanager"), at(after, "values.alertmanager.config")):
        return
    if "heartbeat" in old.keys() - new.keys():
        says = "nobody outside of the platform hears any more that alerts work, by {}"
        yield GRAVE, says, "when the cluster or all of its alerts are gone, nothing tells", ""
    platform = new.get(f"{PLATFORM}{OF_CRITICAL}")
    for name, ways in old.items():
        of, critical, _ = name.rpartition(OF_CRITICAL)
        team, left = of.removeprefix("team-"), new.get(name, frozenset())
        if not critical or not ways - left or (of != PLATFORM and team not in teams):
            continue
        whose = "the platform" if of == PLATFORM else f"team {team}"
        if not left and platform and of != PLATFORM:
            says = f"alerts of {whose} reach the platform's people, and no longer the team, by {{}}"
            yield SERIOUS, says, "who could mend it does not hear of it", ""
        elif not left:
            yield GRAVE, f"alerts of {whose} reach nobody any more, by {{}}", "what breaks stays broken", ""
        else:
            if _PAGES in ways - left:
                says = f"critical alerts of {whose} page nobody any more, by {{}}"
                yield GRAVE, says, "at night nobody hears of them", ""
            if lost := [word for way, word in _WAYS.items() if way in ways - left]:
                yield (
                    SERIOUS,
                    f"alerts of {whose} no longer reach {some(lost)}, by {{}}",
                    "who reads only that hears nothing",
                    "",
                )


def _heard(inputs: Mapping[str, Any]) -> Mapping[str, Set[str]]:
    """Returns receiver -> its ways, of those that something is routed to and that have any."""
    if at(inputs, "values.alertmanager.enabled") is False:
        return {}
    config = at(inputs, "values.alertmanager.config")
    routed = {*every(config, "route.receiver"), *every(config, "route.routes.receiver")}
    ways = {
        str(at(each, "name")): frozenset(each) & {*_WAYS, _PAGES}
        for each in every(config, "receivers")
        if isinstance(each, Mapping) and at(each, "name") in routed
    }
    return {name: each for name, each in ways.items() if each}


def _no_node(plan: Plan) -> Iterator[Danger]:
    """Yields volumes in zones that the landing pool of their cluster leaves: each is of one zone for ever."""
    zones = {each.id: str(each.inputs.get("availabilityZone")) for each in plan.before.values() if each.id}
    for urn, each in plan.after.items():
        if each.type != RELEASE or chart_of(each.inputs) != CHART or urn not in plan.before:
            continue
        was, now = _subnets(plan.before, plan.before[urn]), _subnets(plan.after, each)
        if now and LATER not in now and (lost := was - now):
            yield Danger(
                kind="nodes",
                severity=GRAVE,
                says="Prometheus, Alertmanager and Grafana, of {}, run on no node any more in "
                + some(sorted(zones.get(subnet, subnet) for subnet in lost)),
                names=(each.name,),
                consequence="whose volume is there waits for ever behind an `up` that succeeds, and alerts with it",
                gently=f"keep the zones; otherwise {_GUIDE}#another-landing-pool",
                urns=(urn,),
            )


def _subnets(resources: Mapping[str, Resource], release: Resource) -> Set[str]:
    """Returns the subnets of the managed pool that the pods of a release ask for."""
    pool = (at(release.inputs, f"{_SPEC}.nodeSelector") or {}).get(POOL_LABEL)
    cluster = at(release.inputs, f"{_SPEC}.externalLabels.cluster")
    return {
        str(subnet)
        for each in resources.values()
        if each.type == NODE_GROUP and each.inputs.get("clusterName") == cluster
        if (each.inputs.get("labels") or {}).get(POOL_LABEL) == pool
        for subnet in every(each.inputs, "subnetIds")
    }


def _labels(resource: Resource) -> Mapping[str, Any]:
    labels = at(resource.inputs, "metadata.labels")
    return labels if isinstance(labels, Mapping) else {}


def _number(text: Any) -> float:
    found = re.match(r"\d+", str(text))
    return float(found.group()) if found else 0.0
