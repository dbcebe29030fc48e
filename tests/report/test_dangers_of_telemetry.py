"""Dangers of Prometheus: samples that go, and volumes that do not follow."""

from typing import Any

from report.dangers.danger import LOST
from report.dangers.doors import RELEASE
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
    assert full.consequence == "a full volume ends it"
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
