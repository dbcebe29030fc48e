"""OpenCost tells prices and nothing else, from our Prometheus, as a pod without rights."""

from typing import Any

from components.core.addon_spec import every_add_on, values_of
from components.isolation.flows_of import flows_of
from components.observability.monitors import monitors
from settings.cluster.addon_rules import installed
from tests.components.compute.test_dcgm import context
from tests.components.stacks import stack

OPENCOST = every_add_on()["opencost"]


def has_it(**observability: Any) -> bool:
    return "opencost" in installed(every_add_on(), stack(observability=observability).parts_of("main"))


def test_it_comes_with_the_metrics_unless_costs_are_off() -> None:
    assert has_it()
    assert not has_it(costs=False)
    assert "opencost" not in installed(every_add_on(), stack().parts_of("main"))


def test_nothing_is_counted_twice() -> None:
    sent = values_of(OPENCOST, context())["opencost"]["metrics"]["kubeStateMetrics"]
    assert not any(sent.values()), "its copies of kube-state-metrics would double nodes and GPUs"
    (scrape,) = OPENCOST.metrics(stack(observability={}).parts_of("main"))
    (endpoint,) = monitors([scrape])[0]["spec"]["podMetricsEndpoints"]
    (dropped,) = endpoint["metricRelabelings"]
    assert (dropped["action"], dropped["regex"]) == ("drop", "kube_.*")


def test_its_series_keep_the_namespace_that_they_are_about() -> None:
    (scrape,) = OPENCOST.metrics(stack(observability={}).parts_of("main"))
    (endpoint,) = monitors([scrape])[0]["spec"]["podMetricsEndpoints"]
    assert endpoint["honorLabels"] is True, "what a pod costs would be named after OpenCost's own namespace"


def test_no_part_of_it_answers_people_or_agents() -> None:
    values = values_of(OPENCOST, context())["opencost"]
    assert (values["ui"]["enabled"], values["mcp"]["enabled"]) == (False, False), "neither asks who calls"


def test_it_reads_prices_and_may_do_nothing_else() -> None:
    (identity,) = OPENCOST.identities
    (statement,) = identity.statements(context())
    assert statement["Action"] == ["ec2:DescribeSpotPriceHistory"]
    assert values_of(OPENCOST, context())["serviceAccount"]["name"] == identity.service_account


def test_it_and_prometheus_reach_each_other() -> None:
    def ports(flows: Any, direction: str, namespace: str) -> set[int]:
        return {
            port
            for flow in flows
            if flow.direction == direction and getattr(flow.peer, "namespace", "") == namespace
            for port in flow.ports
        }

    for costs, asked in ((True, {9090}), (False, set())):
        found = flows_of(stack(isolation={}, observability={"costs": costs}), "main")
        assert ports(found["monitoring"], "in", "opencost") == asked
        if costs:
            assert ports(found["opencost"], "out", "monitoring") == {9090}
            assert ports(found["opencost"], "in", "monitoring") == {9003}
