"""The volumes that the chart of Prometheus claims, from its values."""

from typing import Any

import pytest

from common.values import UNKNOWN
from tests.costs.builders import items, price, reasons, resource

RELEASE = "kubernetes:helm.sh/v3:Release"


def stack(size: Any = "100Gi", name: str = "telemetry", **more: Any) -> Any:
    def claim(of: Any) -> dict[str, Any]:
        spec = {"storageClassName": name, "resources": {"requests": {"storage": of}}}
        return {"volumeClaimTemplate": {"spec": spec}}

    values = {
        "prometheus": {"prometheusSpec": {"replicas": 2, "storageSpec": claim(size)}},
        "alertmanager": {"alertmanagerSpec": {"replicas": 2, "storage": claim("2Gi")}},
        **more,
    }
    return resource(RELEASE, chart="kube-prometheus-stack", values=values)


def test_each_prometheus_and_alertmanager_has_a_volume() -> None:
    lines = items(price(stack()))
    assert lines["volumes of Prometheus, gp3"].monthly_min_usd == pytest.approx(2 * 100 * 0.08)
    assert lines["volumes of Alertmanager, gp3"].monthly_min_usd == pytest.approx(2 * 2 * 0.08)
    assert len(lines) == 2


def test_grafana_has_one_where_it_keeps_anything() -> None:
    kept = {"persistence": {"enabled": True, "storageClassName": "telemetry", "size": "10Gi"}}
    assert items(price(stack(grafana=kept)))["volumes of Grafana, gp3"].monthly_min_usd == pytest.approx(0.8)


@pytest.mark.parametrize("wrong", [stack(UNKNOWN), stack(name="fast"), stack("1Ti")])
def test_what_is_not_known_is_told_as_not_priced(wrong: Any) -> None:
    assert reasons(price(wrong))


def test_other_charts_hide_theirs() -> None:
    (reason,) = reasons(price(resource(RELEASE, chart="velero")))
    assert reason.endswith("volumes and load balancers of the chart are not visible here")
