"""What metrics cost: volumes that a chart claims, samples outside of the cluster, and alarms."""

from typing import Any

import pytest

from common.values import UNKNOWN
from costs.resource import Resource
from costs.usage import Amount, Usage
from tests.costs.builders import items, price, reasons, resource

RELEASE, CLASS = "kubernetes:helm.sh/v3:Release", "kubernetes:storage.k8s.io/v1:StorageClass"
WORKSPACE, LIMITS = "aws:amp/workspace:Workspace", "aws:amp/workspaceConfiguration:WorkspaceConfiguration"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def storage_class(name: str = "telemetry", provisioner: str = "ebs.csi.aws.com", **parameters: Any) -> Resource:
    given = {"type": "gp3", **parameters}
    return resource(CLASS, name, metadata={"name": name}, provisioner=provisioner, parameters=given)


def template(size: Any, storage_class: str = "telemetry") -> dict[str, Any]:
    spec = {"storageClassName": storage_class, "resources": {"requests": {"storage": size}}}
    return {"volumeClaimTemplate": {"spec": spec}}


def release(**values: Any) -> Resource:
    return resource(RELEASE, values=values)


def test_each_replica_of_a_chart_has_its_volume() -> None:
    spec = {"replicas": 2, "storageSpec": template("100Gi"), "remoteWrite": UNKNOWN}
    found = items(price(release(prometheus={"prometheusSpec": spec}), storage_class()))
    volumes = found["volumes of prometheus.prometheusSpec, gp3"]
    assert volumes.quantity_min == volumes.quantity_max == 200
    assert volumes.monthly_max_usd == pytest.approx(16)


def test_persistence_of_a_chart_is_a_volume_where_it_is_on() -> None:
    kept = {"enabled": True, "size": "10Gi", "storageClassName": "telemetry"}
    on = price(release(grafana={"persistence": kept}), storage_class())
    assert items(on)["volumes of grafana, gp3"].quantity_max == 10
    assert not price(release(grafana={"persistence": {**kept, "enabled": False}}), storage_class()).items


def test_what_a_class_makes_besides_is_counted() -> None:
    made = price(release(db={"storage": template("10Gi", "fast")}), storage_class("fast", type="io2", iops="4000"))
    assert items(made)["volumes of db, io2 IOPS"].quantity_max == 4000


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"db": {"storage": template("10Gi", "other")}}, "volumes of db: their storage class"),
        ({"db": {"storage": template("10Gi", "shared")}}, "volumes of db: their storage class"),
        ({"db": {"storage": template(UNKNOWN)}}, "size of db is not known before the update"),
        ({"db": {"storage": template("10Gi"), "replicas": UNKNOWN}}, "replicas is not known before the update"),
        ({"db": {"storage": template(None)}}, "size of db is not a quantity"),
        ({}, "volumes and load balancers of the chart are not visible here"),
    ],
)
def test_a_claim_that_nobody_can_price_is_named(values: dict[str, Any], reason: str) -> None:
    shared = storage_class("shared", "efs.csi.aws.com")
    estimated = price(release(**values), storage_class(), shared)
    assert not estimated.items
    assert any(reason in each for each in reasons(estimated)), reasons(estimated)


def test_values_that_are_not_known_hide_no_resource() -> None:
    assert reasons(price(resource(RELEASE, values=UNKNOWN)))


def test_a_claim_costs_what_its_class_makes() -> None:
    spec = {"storageClassName": "telemetry", "resources": {"requests": {"storage": "20Gi"}}}
    claim = resource("kubernetes:core/v1:PersistentVolumeClaim", spec=spec)
    assert items(price(claim, storage_class()))["volumes, gp3"].quantity_max == 20


def test_samples_get_cheaper_beyond_two_billion() -> None:
    usage = Usage(workspace_samples_10m=Amount(100, 300))
    found = items(price(resource(WORKSPACE), usage=usage))
    first, more = found["metrics written"], found["metrics written, beyond 2 billion"]
    assert (first.quantity_min, first.quantity_max) == (100, 200)
    assert (more.quantity_min, more.quantity_max) == (0, 100)
    assert first.monthly_max_usd + more.monthly_max_usd == pytest.approx(200 * 0.9 + 100 * 0.35)


def test_samples_are_kept_as_long_as_the_workspace_says() -> None:
    workspace = resource(WORKSPACE, "metrics")
    limits = Resource(
        urn="urn:pulumi:dev::ml-platform::x::limits",
        type=LIMITS,
        inputs={"retentionPeriodInDays": 300, "workspaceId": UNKNOWN},
        property_dependencies={"workspaceId": [workspace.urn]},
    )
    short, long = items(price(workspace))["metrics kept"], items(price(workspace, limits))["metrics kept"]
    assert long.quantity_max == pytest.approx(2 * short.quantity_max)
    assert "kept for 300 days" in long.usage


def limits(parent: str = "", series: int = 200_000, **more: Any) -> Resource:
    sets = [{"labelSet": {"cluster": "main"}, "limits": {"maxSeries": series}}]
    return resource(LIMITS, "limits", parent, workspaceId="ws-known", limitsPerLabelSets=sets, **more)


def test_a_limit_without_links_is_of_the_workspace_beside_it() -> None:
    """An event log has no dependencies, and no id of a new state."""
    beside = price(resource(WORKSPACE, "metrics", "urn:parent"), limits("urn:parent", retentionPeriodInDays=300))
    assert "kept for 300 days" in items(beside)["metrics kept"].usage
    elsewhere = price(resource(WORKSPACE, "metrics", "urn:parent"), limits("urn:other", retentionPeriodInDays=300))
    assert "kept for 150 days" in items(elsewhere)["metrics kept"].usage


@pytest.mark.parametrize(("series", "most"), [(100_000, 880), (5_000_000, 44_000), (100, 0.88)])
def test_no_more_samples_come_in_than_the_limit_of_series_lets(series: int, most: float) -> None:
    found = items(price(resource(WORKSPACE, "metrics", "urn:parent"), limits("urn:parent", series)))
    more = found.get("metrics written, beyond 2 billion")
    assert found["metrics written"].quantity_max + (more.quantity_max if more else 0) == pytest.approx(most)
    assert found["metrics written"].quantity_min <= most


def test_a_workspace_without_a_limit_takes_as_much_as_the_quota_of_aws() -> None:
    assert items(price(resource(WORKSPACE)))["metrics written, beyond 2 billion"].quantity_max == 88_000 - 200


def test_a_limit_of_another_workspace_says_nothing_about_this_one() -> None:
    other = resource(LIMITS, retentionPeriodInDays=300, workspaceId="ws-other")
    assert "kept for 150 days" in items(price(resource(WORKSPACE), other))["metrics kept"].usage


def query(period: int = 300) -> dict[str, Any]:
    return {"id": "m", "metric": {"metricName": "x", "period": period}}


def test_an_alarm_costs_as_much_as_the_metrics_in_its_expression() -> None:
    counted = {"id": "all", "expression": "m + m"}
    assert items(price(resource(ALARM, metricQueries=[query(), query(), counted])))["alarm"].quantity_max == 2
    assert not price(resource(ALARM, metricQueries=[query(10)])).items, "alarms of high resolution have another price"
