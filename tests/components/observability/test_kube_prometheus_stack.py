"""The values of kube-prometheus-stack: what is read, where it runs, and which alerts of the chart are kept."""

import re
from pathlib import Path
from typing import Any

import pytest

from common.quantities import seconds
from components.cluster.scrapes import scrapes_of
from components.core.addon_spec import AddOnContext, every_add_on, values_of
from components.core.metrics import Alert, Recording, RuleGroup
from components.observability.addons.kube_prometheus_stack import SELECTORS
from components.observability.chart_alerts import ALERTS_OFF, GROUPS_OF_TEAMS, GROUPS_OFF, OTHER_GROUPS, TOLD_BY_OURS
from components.observability.monitors import monitors
from components.observability.rules_of import every_group, prometheus_rule
from settings.compute.node_pool import NodePoolSettings
from settings.observability.observability import ObservabilitySettings
from tests.components.stacks import POOL, stack, stage
from tests.facts.reading import facts
from tests.simulator.telemetry.configurations import selected

ROOT = Path(__file__).parents[3]


def values(environment: str = "prod", pool: dict[str, Any] = POOL, **observability: Any) -> Any:
    context = AddOnContext(
        stage=stage(environment=environment),
        cluster="main",
        kubernetes_version="1.35",
        pools=(NodePoolSettings.model_validate(pool),),
        gpu_allocation="device-plugin",
        observability=ObservabilitySettings.model_validate(observability),
        zones=3,
    )
    return values_of(every_add_on()["kube-prometheus-stack"], context)


def test_what_eks_runs_itself_is_not_read_and_rules_about_it_are_off() -> None:
    said = values()
    for part in ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy"):
        assert said[part] == {"enabled": False}
    off = {key for key, on in said["defaultRules"]["rules"].items() if not on}
    assert off >= {"etcd", "kubeControllerManager", "kubeProxy", "kubeSchedulerAlerting", "kubeSchedulerRecording"}


def test_dashboards_of_nodes_come_although_another_add_on_has_their_exporter() -> None:
    """Source: kube-prometheus-stack 88.5.3, templates/grafana/dashboards-1.14/node*.yaml: their conditions and job."""
    chart, spec = values()["nodeExporter"], every_add_on()["prometheus-node-exporter"]
    systems = {system for system, said in chart["operatingSystems"].items() if not said["enabled"]}
    assert (chart["enabled"], chart["forceDeployDashboards"], systems) == (False, True, {"aix", "darwin"})
    assert [scrape.job for scrape in spec.metrics(stack(observability={}).parts_of("main"))] == ["node-exporter"]
    assert not {"nodeExporterRecording", "node"} & set(GROUPS_OFF), "they show what these groups record"


def test_all_monitors_and_rules_count_and_nodes_are_told_apart_by_their_pool() -> None:
    said = values()
    spec = said["prometheus"]["prometheusSpec"]
    assert {key for key in spec if key.endswith("NilUsesHelmValues")} == {
        f"{kind}SelectorNilUsesHelmValues" for kind in ("podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor")
    }
    assert not any(spec[key] for key in spec if key.endswith("NilUsesHelmValues"))
    nodes, pods, namespaces = said["kube-state-metrics"]["metricLabelsAllowlist"]
    assert nodes.startswith("nodes=[ml-platform/pool,ml-platform/sharing,")
    assert (pods, namespaces) == ("pods=[team,app]", "namespaces=[ml-platform/team]")
    assert spec["externalLabels"] == {"cluster": "ml-platform-prod-main"}


def _object(namespace: str, name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "labels": {"app": name}}}


def test_monitors_that_eks_add_ons_and_charts_make_of_their_own_are_not_read_and_all_of_ours_are() -> None:
    """The EBS add-on makes ServiceMonitors in kube-system, whose ports no policy opens: TargetDown would stay on.

    The chart writes a selector as it is given, and an empty one where `NilUsesHelmValues` is false; each of its own
    monitors is in its own namespace. Sources: kube-prometheus-stack-88.5.3, templates/prometheus/prometheus.yaml and
    templates/*/servicemonitor.yaml; aws-ebs-csi-driver v1.63.1, templates/_metrics.tpl; read 2026-11.
    """
    spec = values()["prometheus"]["prometheusSpec"]
    rendered = {f"{kind}Selector": {} for kind in SELECTORS} | spec
    theirs = [_object("kube-system", "ebs-csi-controller"), _object("research", "chat")]
    chart = _object("monitoring", "kube-prometheus-stack-coredns")
    ours = monitors(scrapes_of(stack(observability={}).parts_of("main"), ()))
    assert ours
    for kind in SELECTORS:
        read = selected(rendered, kind, [*ours, chart, *theirs])
        assert read == [*ours, chart, *(theirs if kind == "rule" else [])], kind


def test_rules_are_judged_four_times_within_the_shortest_range() -> None:
    ranges = [each for group in every_group() for rule in group.rules for each in re.findall(r"\[(\w+)\]", rule.expr)]
    shortest = min(filter(None, map(seconds, ranges)))
    assert (seconds(values()["prometheus"]["prometheusSpec"]["evaluationInterval"]) or shortest) <= shortest / 4


@pytest.mark.parametrize(
    ("environment", "kept", "said", "replicas", "apart"),
    [
        ("prod", 1, {}, 2, "hard"),
        ("dev", 1, {}, 1, "soft"),
        ("prod", 1, {"metrics": {"replicas": 1}}, 1, "soft"),
        ("dev", 1, {"metrics": {"replicas": 2}}, 2, "hard"),
        ("prod", 0, {}, 2, "soft"),
    ],
)
def test_two_of_each_are_on_two_nodes_where_the_cluster_has_as_many(
    environment: str, kept: int, said: dict[str, Any], replicas: int, apart: str
) -> None:
    pool = {**POOL, "scaling": "auto", "min_per_zone": kept, "max_per_zone": 3}
    found = values(environment, pool, **said)
    for part in (found["prometheus"]["prometheusSpec"], found["alertmanager"]["alertmanagerSpec"]):
        assert (part["replicas"], part["podAntiAffinity"]) == (replicas, apart)
        assert part["nodeSelector"]["ml-platform/pool"] == "system", "its volume is of a zone, which has such a node"
        assert part["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Delete"}, (
            "the operator deletes its StatefulSet, and makes it again, when the size of claims is another"
        )


def test_each_alert_of_the_chart_is_kept_for_somebody_or_off_for_a_reason() -> None:
    """A new version of the chart is read anew: its alerts are in tests/facts/chart_alerts.json."""
    row = facts("chart_alerts")
    assert row["version"] == every_add_on()["kube-prometheus-stack"].chart.version
    groups: dict[str, list[str]] = row["groups"]
    assert set(groups) == {*OTHER_GROUPS, *GROUPS_OF_TEAMS, *(group for group in GROUPS_OFF if group in groups)}
    every = {alert for alerts in groups.values() for alert in alerts}
    assert set(ALERTS_OFF) <= every, "a name that no alert has turns none off"
    assert all(reason for reason in (*ALERTS_OFF.values(), *GROUPS_OFF.values()))
    ours = {rule.name for group in every_group() for rule in group.rules}
    named = {why.split(", ")[1] for why in ALERTS_OFF.values() if why.startswith("ours, ")}
    assert named <= ours, "what an alert leaves to ours, ours has to tell"
    labels = values()["defaultRules"]["additionalRuleGroupLabels"]
    assert {group: labels[group]["audience"] for group in groups if group not in GROUPS_OFF} == {
        **dict.fromkeys(OTHER_GROUPS, "platform"),
        **dict.fromkeys(GROUPS_OF_TEAMS, "team"),
    }


def test_an_alert_that_is_off_for_one_of_ours_has_that_one() -> None:
    ours = {rule.name for group in every_group() for rule in group.rules if isinstance(rule, Alert)}
    assert set(TOLD_BY_OURS.values()) <= ours


def test_the_guide_says_who_hears_of_each_group_and_why_others_are_off() -> None:
    page = (ROOT / "docs/guides/observability/metrics.md").read_text()
    groups: dict[str, list[str]] = facts("chart_alerts")["groups"]
    for group in {*OTHER_GROUPS, *GROUPS_OF_TEAMS}:
        who = "team" if group in GROUPS_OF_TEAMS else "platform"
        kept = [alert for alert in groups[group] if alert not in ALERTS_OFF]
        assert f"\n| `{group}` | {who} | {len(kept)} |\n" in page
    for group, why in GROUPS_OFF.items():
        assert f"\n| `{group}` | off: {why} |  |\n" in page
    for alert, why in ALERTS_OFF.items():
        assert f"\n| `{alert}` | {why} |\n" in page


def test_rules_become_an_object_whose_alerts_link_to_their_page() -> None:
    told = Alert(name="GPUIdle", expr="x < 1", minutes=30, severity="warning", summary="It is idle.", audience="team")
    at_once = Alert(name="GPULost", expr="y", minutes=0, severity="critical", summary="It is lost.")
    kept = Recording(name="node_count", expr="count(z)", about="nodes")
    made = prometheus_rule(RuleGroup(name="gpus", rules=(kept, told, at_once)), "https://docs.example.com/alerts/")
    assert (made["metadata"]["namespace"], made["metadata"]["name"]) == ("monitoring", "ml-platform-gpus")
    recording, warning, critical = made["spec"]["groups"][0]["rules"]
    assert recording == {"record": "node_count", "expr": "count(z)"}
    assert warning == {
        "alert": "GPUIdle",
        "expr": "x < 1",
        "for": "30m",
        "labels": {"severity": "warning", "audience": "team"},
        "annotations": {
            "summary": "It is idle.",
            "runbook_url": "https://docs.example.com/alerts/gpus.md#gpuidle",
        },
    }
    assert "for" not in critical


@pytest.mark.parametrize(
    ("part", "rights"),
    [
        ("prometheus", {"metrics": {"remote_write": {}}}),
        ("alertmanager", {"alerts": {"platform": {"mail": ["platform@example.com"]}}}),
    ],
)
def test_pods_start_again_with_their_first_rights_since_pod_identity_reaches_new_ones_alone(
    part: str, rights: dict[str, Any]
) -> None:
    def template(**observability: Any) -> Any:
        return values(**observability)[part][f"{part}Spec"].get("podMetadata")

    assert template() is None
    assert template(**rights)["annotations"]


def test_a_role_that_gets_further_rights_starts_no_pod_again() -> None:
    def template(**platform: Any) -> Any:
        said = values(alerts={"platform": {"mail": ["platform@example.com"]}, **platform})
        return said["alertmanager"]["alertmanagerSpec"]["podMetadata"]

    assert template() == template(platform={"mail": ["platform@example.com"], "slack": "#alerts"})
    assert template() == template(teams={"research": {"mail": ["research@example.com"]}})
