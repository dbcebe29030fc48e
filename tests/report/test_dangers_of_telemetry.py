"""Dangers of Prometheus: samples that go, and volumes that do not follow."""

from typing import Any

import pytest

from components.observability.alerting import config
from components.observability.fluent_bit import script
from components.observability.grafana import role_of_groups
from report.dangers.danger import GRAVE, LOST, SERIOUS
from report.dangers.doors import RELEASE
from settings.observability.alerts import AlertSettings
from settings.observability.grafana import SsoSettings
from settings.observability.logs import LogSettings
from tests.components.stacks import stage
from tests.report.logs import step, urn
from tests.report.test_dangers import found, of, openings


def prometheus(retention: str = "15d", size: int = 100, replicas: int = 2) -> dict[str, Any]:
    claim = {"spec": {"resources": {"requests": {"storage": f"{size}Gi"}}}}
    spec = {
        "retention": retention,
        "retentionSize": f"{size * 8 // 10}GiB",
        "replicas": replicas,
        "storageSpec": {"volumeClaimTemplate": claim},
    }
    return {"chart": "kube-prometheus-stack", "values": {"prometheus": {"prometheusSpec": spec}}}


def told(before: Any, after: Any) -> list[Any]:
    other = step("same", urn("kubernetes:core/v1:Namespace", "other"))
    return [
        each for each in found(other, of(RELEASE, before, after, "main-kps"), kind="data") if "rometheus" in str(each)
    ]


def test_without_it_all_samples_are_lost_for_ever() -> None:
    (lost,) = told(prometheus(), None)
    assert lost.severity == LOST
    assert lost.opening == "all samples of Prometheus go, by main-kps"


def test_a_shorter_time_deletes_older_samples() -> None:
    assert [each.opening for each in told(prometheus(), prometheus("5d"))] == [
        "Prometheus keeps 5d of samples, not 15d, by main-kps"
    ]
    assert not told(prometheus(), prometheus("30d"))


def test_a_larger_volume_is_filled_before_it_is_larger() -> None:
    (full,) = told(prometheus(), prometheus(size=200))
    assert full.consequence == "all of its pods end at once, a gap in samples and alerts, and a full volume ends it"
    assert "docs/guides/observability/metrics.md#a-larger-volume" in full.gently


def test_a_smaller_volume_is_none_and_its_samples_go() -> None:
    assert [each.opening for each in told(prometheus(), prometheus(size=50))] == [
        "Prometheus keeps 40GiB of samples, not 80GiB, by main-kps",
        "volumes of Prometheus keep 100Gi, not 50Gi, by main-kps",
    ]


def test_the_samples_of_the_second_one_go_with_it() -> None:
    assert [each.opening for each in told(prometheus(), prometheus(replicas=1))] == [
        "one Prometheus goes with its samples, by main-kps"
    ]


def test_what_people_made_in_grafana_goes_with_it() -> None:
    off = prometheus()
    on = {**off, "values": {**off["values"], "grafana": {"enabled": True}}}
    (gone,) = [each for each in found(of(RELEASE, on, off, "main-kps"), kind="data") if "Grafana" in str(each)]
    assert gone.consequence == "dashboards that people made in it, and their preferences, are gone"
    assert not [each for each in found(of(RELEASE, off, on, "main-kps"), kind="data") if "Grafana" in str(each)]


MAIL = {"mail": ["platform@example.com"]}


def hearing(**alerts: Any) -> list[Any]:
    """Returns the dangers of a change from receivers of everybody to these."""
    everybody = {
        "platform": {**MAIL, "slack": "#alerts", "pagerduty": True},
        "teams": {"research": {**MAIL, "webhook": True}},
        "heartbeat": True,
    }
    before, after = (
        {"chart": "kube-prometheus-stack", "values": {"alertmanager": {"config": routes(each)}}}
        for each in (everybody, {**everybody, **alerts})
    )
    namespace = {"metadata": {"labels": {"ml-platform/team": "research"}}}
    space = step("same", urn("kubernetes:core/v1:Namespace", "research"), inputs=namespace)
    return found(space, of(RELEASE, before, after, "main-kps"), kind="protection")


def routes(alerts: dict[str, Any]) -> dict[str, Any]:
    settings = AlertSettings.model_validate(alerts)
    return config(settings, {team: [team] for team in settings.teams}, stage())


@pytest.mark.parametrize(
    ("alerts", "severity", "says"),
    [
        ({"platform": {**MAIL, "slack": "#alerts"}}, GRAVE, "critical alerts of the platform page nobody any more"),
        (
            {"platform": {**MAIL, "pagerduty": True}},
            SERIOUS,
            "alerts of the platform no longer reach Slack",
        ),
        ({"platform": {}}, GRAVE, "alerts of the platform reach nobody any more"),
        (
            {"teams": {}},
            SERIOUS,
            "alerts of team research reach the platform's people, and no longer the team",
        ),
        ({"teams": {"research": MAIL}}, SERIOUS, "alerts of team research no longer reach their webhook"),
        ({"heartbeat": False}, GRAVE, "nobody outside of the platform hears any more that alerts work"),
    ],
)
def test_who_no_longer_hears_of_an_alert_is_told(alerts: dict[str, Any], severity: int, says: str) -> None:
    (told_,) = hearing(**alerts)
    assert (told_.severity, told_.opening) == (severity, f"{says}, by main-kps")


def test_who_hears_more_or_elsewhere_is_no_danger() -> None:
    assert not hearing(platform={**MAIL, "slack": "#other", "pagerduty": True, "webhook": True})


def test_a_team_that_goes_has_no_alerts_any_more() -> None:
    before, after = (
        {"chart": "kube-prometheus-stack", "values": {"alertmanager": {"config": routes({"platform": MAIL, **each})}}}
        for each in ({"teams": {"research": MAIL}}, {})
    )
    assert not found(of(RELEASE, before, after, "main-kps"), kind="protection")


def landing(pool: str, groups: dict[str, str]) -> Any:
    """Returns the inputs of a release whose pods ask for a pool, and node groups: subnet -> pool."""
    release = prometheus()
    spec = release["values"]["prometheus"]["prometheusSpec"]
    spec |= {"nodeSelector": {"ml-platform/pool": pool}, "externalLabels": {"cluster": "stack-main"}}
    return release, {
        subnet: {"clusterName": "stack-main", "labels": {"ml-platform/pool": of_pool}, "subnetIds": [subnet]}
        for subnet, of_pool in groups.items()
    }


@pytest.mark.parametrize(
    ("pool", "after", "lost"),
    [
        ("system", {"subnet-a": "system", "subnet-b": "system"}, []),
        ("system", {"subnet-a": "system"}, ["us-west-2b"]),
        ("first", {"subnet-a": "first", "subnet-b": "first"}, []),
        ("first", {"subnet-b": "first", "subnet-a": "system"}, ["us-west-2a"]),
    ],
)
def test_volumes_in_a_zone_that_the_landing_pool_leaves_find_no_node(
    pool: str, after: dict[str, str], lost: list[str]
) -> None:
    old, had = landing("system", {"subnet-a": "system", "subnet-b": "system"})
    new, has = landing(pool, after)
    subnets = [
        step(
            "same",
            urn("aws:ec2/subnet:Subnet", zone),
            id=f"subnet-{zone}",
            inputs={"availabilityZone": f"us-west-2{zone}"},
        )
        for zone in "ab"
    ]
    groups = [
        of("aws:eks/nodeGroup:NodeGroup", had.get(subnet), has.get(subnet), subnet)
        for subnet in ("subnet-a", "subnet-b")
    ]
    dangers = [
        each for each in found(*subnets, *groups, of(RELEASE, old, new, "main-kps")) if "Grafana" in each.opening
    ]
    assert [each.opening.rpartition(" in ")[2] for each in dangers] == lost


def of_logs(**logs: Any) -> dict[str, Any]:
    return {"chart": "fluent-bit", "values": {"luaScripts": {"records.lua": script("c", LogSettings(**logs))}}}


def test_what_was_taken_out_of_logs_and_is_shown_from_now_on_is_told() -> None:
    before = of_logs(redact=["EMP%-%d%d"], drop_keys=["prompt", "Messages"])
    assert openings(of(RELEASE, before, of_logs(drop_keys=["prompt"]), "main-fluent-bit"), kind="access") == [
        "logs, by main-fluent-bit, show what was taken out of them: messages, EMP%-%d%d"
    ]
    more = of_logs(redact=["EMP%-%d%d", "more"], drop_keys=["prompt", "messages", "completion"])
    assert not openings(of(RELEASE, before, more, "main-fluent-bit"), kind="access")


def of_grafana(**groups: Any) -> dict[str, Any]:
    urls = {f"{name}_url": "https://login.example.com" for name in ("auth", "token", "api")}
    oauth = {"role_attribute_path": role_of_groups(SsoSettings(client_id="grafana", **urls, **groups))}
    ini = {"auth.generic_oauth": oauth}
    return {"chart": "kube-prometheus-stack", "values": {"grafana": {"enabled": True, "grafana.ini": ini}}}


@pytest.mark.parametrize(
    ("after", "who"),
    [
        ({"admins": ["sre", "ml"], "viewers": ["all"]}, ["ml as Admin"]),
        ({"admins": ["sre"]}, ["everybody who logs in as Viewer"]),
        ({"admins": ["all", "sre"], "viewers": ["ml"]}, ["all as Admin, ml as Viewer"]),
        ({"admins": ["sre"], "viewers": ["all"]}, []),
        ({"viewers": ["all"]}, []),
    ],
)
def test_a_group_that_gets_a_role_in_grafana_is_told(after: dict[str, Any], who: list[str]) -> None:
    changed = of(RELEASE, of_grafana(admins=["sre"], viewers=["all"]), of_grafana(**after), "main-kps")
    said = openings(changed, kind="access")
    assert said == [f"groups get roles in Grafana, by main-kps: {each}" for each in who]


@pytest.mark.parametrize(
    ("operator", "was", "becomes", "how"),
    [
        ("GreaterThanThreshold", 80, 95, ["80 → 95"]),
        ("GreaterThanThreshold", 80, 70, []),
        ("LessThanThreshold", 10, 5, ["10 → 5"]),
        ("LessThanThreshold", 10, 20, []),
        ("GreaterThanThreshold", 80, "known after up", []),
    ],
)
def test_an_alarm_that_tells_later_is_told(operator: str, was: int, becomes: Any, how: list[str]) -> None:
    before, after = ({"comparisonOperator": operator, "threshold": each} for each in (was, becomes))
    said = openings(of("aws:cloudwatch/metricAlarm:MetricAlarm", before, after))
    assert said == [f"alarm it tells somebody from another value on: {each}" for each in how]


def test_a_budget_that_is_raised_tells_later_and_a_lower_one_earlier() -> None:
    low, high = ({"name": "stack", "limitAmount": each} for each in ("20000", "30000"))
    assert openings(of("aws:budgets/budget:Budget", low, high)) == ["budget it is raised: 20000 USD → 30000 USD"]
    assert not openings(of("aws:budgets/budget:Budget", high, low))


def test_the_budget_of_the_stack_is_told_also_when_all_its_alarms_go() -> None:
    alarms = urn("mlplatform:observability:CloudAlarms", "cloud-alarms")
    gone = of("aws:budgets/budget:Budget", {"name": "stack-us-west-2"}, None, "budget", alarms)
    for op in ("same", "delete"):
        (danger,) = found(step(op, alarms), gone)
        assert danger.consequence == "nobody is told any more what the whole stack costs"


def test_definitions_that_the_chart_keeps_outlive_its_release() -> None:
    keeps = {"crds": {"annotations": {"helm.sh/resource-policy": "keep"}}}
    (stay,) = found(of(RELEASE, {"chart": "prometheus-operator-crds", "values": keeps}, None, "main-crds"))
    assert (stay.severity, stay.opening) == (SERIOUS, "Release of kept definitions main-crds deleted")
    assert stay.consequence.startswith("its definitions stay with all their objects")


def test_a_class_that_is_made_anew_leaves_its_volumes_as_they_are() -> None:
    kind = "kubernetes:storage.k8s.io/v1:StorageClass"
    old, new = ({"metadata": {"name": "telemetry"}, "parameters": {"kmsKeyId": each}} for each in "ab")
    assert openings(of(kind, old, new, "telemetry", op="replace")) == [
        "volumes of storage class telemetry are made otherwise: parameters"
    ]
    assert not openings(of(kind, old, None, "telemetry")), "its claims go with Prometheus"


MONITOR = "kubernetes:monitoring.coreos.com/v1:PodMonitor"


def program(name: str = "research.lab.chat") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "monitoring"}}


def unread(before: Any, after: Any, *others: str) -> list[Any]:
    kps = step("same", urn(RELEASE, "main-kps"), inputs={"chart": "kube-prometheus-stack"})
    return found(*(others or (kps,)), of(MONITOR, before, after, "main-monitor"))


def test_a_program_of_a_team_that_is_read_no_more_is_told_by_its_job() -> None:
    (danger,) = unread(program(), None)
    assert (danger.severity, danger.opening) == (SERIOUS, "nobody reads research/chat any more")


def test_monitors_of_the_platform_and_those_that_go_with_prometheus_are_no_danger_of_their_own() -> None:
    assert not unread(program("lab-linkerd-proxy"), None)
    other = step("same", urn("kubernetes:core/v1:Namespace", "other"))
    assert not unread(program(), None, other)
    gone = step("delete", urn("kubernetes:core/v1:Namespace", "lab"), inputs={"metadata": {"name": "lab"}})
    kps = step("same", urn(RELEASE, "main-kps"), inputs={"chart": "kube-prometheus-stack"})
    assert not [each for each in unread(program(), None, kps, gone) if "reads" in each.opening]
