"""Dangers of Prometheus: samples that go, and volumes that do not follow."""

from typing import Any

import pytest

from components.observability.alerting import config
from report.dangers.danger import GRAVE, LOST, SERIOUS
from report.dangers.doors import RELEASE
from settings.observability.alerts import AlertSettings
from tests.components.stacks import stage
from tests.report.logs import step, urn
from tests.report.test_dangers import found, of


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
