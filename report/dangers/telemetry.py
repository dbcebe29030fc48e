"""What Prometheus keeps, who hears of alerts, what is kept of traces: samples that go, receivers that end, and so on.

Sources: prometheus-operator v0.93.0, pkg/prometheus/server and pkg/k8s/statefulset.go (claims of a StatefulSet keep
their size; for another one it is deleted in the foreground, and made again); Prometheus 3.14, "Storage"; read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from catalog.sharing import POOL_LABEL
from common.quantities import parsed, seconds, size
from components.core.flows import PROMETHEUS
from components.tenancy.marks import TEAM
from costs.resource import Resource
from report.dangers.danger import GRAVE, LATER, LOST, NAMESPACE, SERIOUS, Danger, Plan, at, every, of_change
from report.dangers.doors import RELEASE, chart_of
from report.dangers.nodes import SUBNET
from report.dangers.pools import NODE_GROUP
from report.dangers.selectors import asked, narrows
from report.dangers.sinks import COLLECTOR
from report.tables import some

CHART, MONITOR = "kube-prometheus-stack", "kubernetes:monitoring.coreos.com/v1:PodMonitor"
_DROPS = re.compile(r'delete_(?:key|matching_keys)\(span\.attributes, "\^?([^(]+?)(?:\$\$)?"\)')
_SPEC = "values.prometheus.prometheusSpec"
_SIZE = f"{_SPEC}.storageSpec.volumeClaimTemplate.spec.resources.requests.storage"
_SENT = f"{_SPEC}.remoteWrite.writeRelabelConfigs.regex"
_MONITORS = ("podMonitor", "probe", "scrapeConfig", "serviceMonitor")
_GUIDE = "docs/guides/observability/metrics.md"
GROWS = f"{_GUIDE}#a-larger-volume"
_PAGES = "PagerDuty"
_WAYS = {
    "Slack": "slack_configs.app_token_file",
    "mail": "sns_configs.topic_arn",
    "their webhook": "webhook_configs.url_file",
    _PAGES: "pagerduty_configs.routing_key_file",
}
"""How a receiver is told, in words -> the path of what is its own for it: a secret, or a topic."""
_CONFIG = "values.alertmanager.config"
_MATCHER = re.compile(r'(\w+)(!?)([=~]+)"(.*)"')
_RESTART = "all of its pods end at once, a gap in samples and alerts"
_Told = Iterator[tuple[int, str, str, str]]
"""Severity, and the words of a danger."""


def find(plan: Plan) -> Iterator[Danger]:
    """Yields what a change of Prometheus takes away, in clusters that stay, and what one of collectors does."""
    yield from _no_node(plan)
    yield from _unread(plan)
    for change in plan.changes(COLLECTOR, ops=("update", "replace")):
        for kind, severity, says, consequence in _of_traces(*plan.inputs(change.urn)):
            yield of_change(change, kind, severity, says, consequence)
    stays = {each.provider for each in plan.after.values()}
    namespaces = _of_teams(plan.before) & _of_teams(plan.after)
    for change in plan.changes(RELEASE, ops=("update", "replace", "delete")):
        before, after = plan.inputs(change.urn)
        cluster = plan.before[change.urn].provider
        if chart_of(before) != CHART or cluster not in stays:
            continue
        if change.op != "update":
            says = "all samples of Prometheus go, by {}"
            until = ", and until it is there again nobody hears of an alert" if change.op == "replace" else ""
            consequence = f"nothing brings them back{until}"
            yield of_change(change, "data", LOST, says, consequence, f"export what has to stay: {_GUIDE}")
            for each in _silent(before) if change.op == "delete" else ():
                yield of_change(change, "protection", *each)
            for each in _without_grafana(before, after) if change.op == "delete" else ():
                yield of_change(change, "data", *each)
            continue
        for kind, told in (
            ("data", _less(before, after)),
            ("data", _other_size(before, after)),
            ("data", _without_grafana(before, after)),
            ("protection", _not_found(before, after)),
            ("protection", _unheard(before, after, sorted(name for of, name in namespaces if of == cluster))),
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


def _of_traces(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, int, str, str]]:
    was, now = (
        {found[1].replace("[.]", ".") for each in _transformed(inputs) if (found := _DROPS.fullmatch(str(each)))}
        for inputs in (before, after)
    )
    if was - now and LATER not in _transformed(after):
        says = f"traces keep the attributes {some(sorted(was - now))} again, by {{}}"
        yield "protection", GRAVE, says, "what people wrote stays where traces go, and nobody takes it back"
    judged = "spec.config.processors.tail_sampling"
    share, shares = (every(each, f"{judged}.policies.probabilistic.sampling_percentage") for each in (before, after))
    if share and shares and (parsed(shares[0]) or 0) > (parsed(share[0]) or 0):
        says = f"{shares[0]:g} % of the traces without an error are kept, not {share[0]:g} %, by {{}}"
        yield "money", SERIOUS, says, "X-Ray bills each, and a store of your own has to hold them"
    held, holds = (
        (parsed(at(each, f"{judged}.num_traces")) or 0) * (parsed(at(each, "spec.replicas")) or 0)
        for each in (before, after)
    )
    if 0 < holds < held:
        says = f"gateways hold {holds:,.0f} traces, not {held:,.0f}, by {{}}"
        yield (
            "data",
            SERIOUS,
            says,
            "where more come in half a minute, they lose some before they are judged, errors too",
        )


def _transformed(inputs: Mapping[str, Any]) -> list[Any]:
    return every(inputs, "spec.config.processors.transform.trace_statements.statements")


def _less(before: Mapping[str, Any], after: Mapping[str, Any]) -> _Told:
    for key, read in (("retention", seconds), ("retentionSize", size)):
        was, now = at(before, f"{_SPEC}.{key}"), at(after, f"{_SPEC}.{key}")
        if (read(now) or 0) < (read(was) or 0):
            says = f"Prometheus keeps {now} of samples, not {was}, by {{}}"
            yield SERIOUS, says, "older ones are deleted within two hours", "export what has to stay first"
    sent, still = ([name for x in every(each, _SENT) for name in x.split("|")] for each in (before, after))
    if still and (left := [name for name in sent if not any(re.fullmatch(each, name) for each in still)]):
        says = f"Prometheus no longer writes {some(left)} to its workspace, by {{}}"
        yield SERIOUS, says, "outside of the cluster there are no new samples of it", ""
    was, now = (parsed(at(each, f"{_SPEC}.replicas")) or 0 for each in (before, after))
    if now < was:
        yield SERIOUS, "one Prometheus goes with its samples, by {}", "the loss of the other one's node is a gap", ""


def _not_found(before: Mapping[str, Any], after: Mapping[str, Any]) -> _Told:
    """Yields that monitors count no more by where they stand. Without a selector of namespaces the chart takes all."""
    selectors = [
        [asked(at(each, f"{_SPEC}.{kind}NamespaceSelector")) for kind in _MONITORS] for each in (before, after)
    ]
    if not all(narrows(now, was) for was, now in zip(*selectors, strict=True)):
        says = "Prometheus reads monitors of fewer namespaces, by {}"
        consequence = "what is read by a monitor of your own elsewhere is silent from then on, and so are its alerts"
        gently = f"move them to {PROMETHEUS.namespace}, or write teams[].metrics: {_GUIDE}#read-your-own-program"
        yield SERIOUS, says, consequence, gently


def _other_size(before: Mapping[str, Any], after: Mapping[str, Any]) -> _Told:
    was, now = at(before, _SIZE), at(after, _SIZE)
    if (parsed(now) or 0) > (parsed(was) or 0):
        says = f"Prometheus may fill {now}, and its volumes have {was} until somebody enlarges them, by {{}}"
        yield GRAVE, says, f"{_RESTART}, and a full volume ends it", f"enlarge the claims first: {GROWS}"
    elif (parsed(now) or 0) < (parsed(was) or 0):
        says = f"volumes of Prometheus keep {was}, not {now}, by {{}}"
        yield SERIOUS, says, f"Kubernetes makes no volume smaller, and {_RESTART}", ""


def _without_grafana(before: Mapping[str, Any], after: Mapping[str, Any]) -> _Told:
    if at(before, "values.grafana.enabled") is True and at(after, "values.grafana.enabled") is not True:
        consequence = "dashboards that people made in it, and their preferences, are gone"
        yield GRAVE, "Grafana goes with its volume, by {}", consequence, "export those dashboards first"


def _unheard(before: Mapping[str, Any], after: Mapping[str, Any], namespaces: Sequence[str]) -> _Told:
    """Yields who is told less of critical alerts. namespaces: of teams, in this cluster before and after."""
    if LATER in (at(after, "values"), at(after, "values.alertmanager"), at(after, _CONFIG)):
        return
    if _receiver(before, alertname="Watchdog") and not _receiver(after, alertname="Watchdog"):
        says = "nobody outside of the platform hears any more that alerts work, by {}"
        yield GRAVE, says, "when the cluster or all of its alerts are gone, nothing tells", ""
    changes: dict[tuple[frozenset[tuple[str, str]], ...], list[str]] = {}
    for name in ("", *namespaces):
        labels = {"audience": "team", "namespace": name} if name else {}
        heard = tuple(frozenset(_receiver(x, severity="critical", **labels).items()) for x in (before, after))
        changes.setdefault(heard, []).append(f"namespace {name}" if name else "the platform")
    platform, own = (dict(each) for each in next(iter(changes)))
    known = {place for path in _WAYS.values() for place in every(before, f"{_CONFIG}.receivers.{path}")}
    for heard, names in changes.items():
        (old, new), whose = (dict(each) for each in heard), some(names)
        lost = [way for way in _WAYS if way in old and way not in new]
        new_ones = [way for way in _WAYS if new.get(way) not in (None, *known)]
        if old and not new:
            yield GRAVE, f"alerts of {whose} reach nobody any more, by {{}}", "what breaks stays broken", ""
            continue
        if _PAGES in lost:
            says = f"critical alerts of {whose} page nobody any more, by {{}}"
            yield GRAVE, says, "at night nobody hears of them", ""
        if old not in ({}, platform) and new == own:
            says = f"alerts of {whose} reach the platform's people, and no longer the team, by {{}}"
            yield SERIOUS, says, "who could mend it does not hear of it", ""
        elif said := [way for way in lost if way != _PAGES]:
            says = f"alerts of {whose} no longer reach {some(said)}, by {{}}"
            yield SERIOUS, says, "who reads only that hears nothing", ""
        if new_ones and any(way in new_ones or way in lost for way in old):
            says = f"alerts of {whose} do not come by {some(new_ones)} until a new receiver is ready, by {{}}"
            consequence = "an address has to confirm first, and a secret is empty until somebody fills it"
            gently = "do both at once: docs/guides/observability/hear-of-alerts.md"
            yield GRAVE if len(new_ones) == len(new) else SERIOUS, says, consequence, gently


def _silent(before: Mapping[str, Any]) -> _Told:
    """Yields what ends with all of Alertmanager."""
    if _receiver(before, severity="critical"):
        yield GRAVE, "alerts of the whole cluster reach nobody any more, by {}", "what breaks stays broken", ""
    if _receiver(before, alertname="Watchdog"):
        says = "nobody outside of the platform hears any more that alerts work, by {}"
        yield GRAVE, says, "who watches the heartbeat is called as if the cluster were gone", "tell its receiver first"


def _receiver(inputs: Mapping[str, Any], **labels: str) -> Mapping[str, str]:
    """Returns how the receiver of an alert with these labels is told: the ways, each with what is its own for it."""
    config = at(inputs, _CONFIG) if at(inputs, "values.alertmanager.enabled") is not False else None
    takes = (each for each in every(config, "route.routes") if _takes(every(each, "matchers"), labels))
    name = at(next(takes, at(config, "route")), "receiver")
    (receiver, *_) = [each for each in every(config, "receivers") if at(each, "name") == name] or [{}]
    return {way: str(places[0]) for way, path in _WAYS.items() if (places := every(receiver, path))}


def _takes(matchers: Sequence[Any], labels: Mapping[str, str]) -> bool:
    """Tells whether a route takes an alert: its matchers are those that the platform writes, e.g. `severity=~"a|b"`."""
    for name, negated, sign, value in (each for text in matchers for each in _MATCHER.findall(str(text))):
        pattern = value if "~" in sign else re.escape(value)
        if bool(re.fullmatch(pattern, labels.get(name, ""))) == bool(negated):
            return False
    return True


def _no_node(plan: Plan) -> Iterator[Danger]:
    """Yields volumes in zones that the landing pool of their cluster leaves: each is of one zone for ever."""
    zones = {each.id: {str(each.inputs.get("availabilityZone"))} for each in plan.before.values() if each.id}
    made = plan.changes(SUBNET, ops=("create", "replace"))
    zones[LATER] = {str(plan.after[each.urn].inputs.get("availabilityZone")) for each in made}
    for urn, each in plan.after.items():
        if each.type != RELEASE or chart_of(each.inputs) != CHART or urn not in plan.before:
            continue
        was, now = (
            {zone for subnet in _subnets(resources, resources[urn]) for zone in zones.get(subnet, {subnet})}
            for resources in (plan.before, plan.after)
        )
        if now and (lost := was - now):
            yield Danger(
                kind="nodes",
                severity=GRAVE,
                says="Prometheus, Alertmanager and Grafana, of {}, run on no node any more in " + some(sorted(lost)),
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


def _of_teams(resources: Mapping[str, Resource]) -> Set[tuple[str, str]]:
    """Returns cluster, by its provider, and name of each namespace of a team."""
    namespaces = [each for each in resources.values() if each.type == NAMESPACE]
    of_teams = [each for each in namespaces if TEAM in (at(each.inputs, "metadata.labels") or {})]
    return {(each.provider, str(at(each.inputs, "metadata.name"))) for each in of_teams}
