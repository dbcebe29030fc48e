"""The policy that OpenTelemetry's operator makes of a collector: it opens what other policies have closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.kubernetes.chart_pods import Pod
from simulator.kubernetes.made_policies import COLLECTOR
from simulator.kubernetes.network_policies import why_cut
from simulator.kubernetes.planned import Planned
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench
from tests.simulator.kubernetes.policy_cluster import caller, cluster, from_, ground, policy
from tests.simulator.kubernetes.test_readiness import chart

PODS = Pod(
    namespace="b",
    name="gateway-collector",
    kind="Deployment",
    labels={
        "app.kubernetes.io/component": "opentelemetry-collector",
        "app.kubernetes.io/instance": "b.gateway",
        "app.kubernetes.io/managed-by": "opentelemetry-operator",
        "app.kubernetes.io/part-of": "opentelemetry",
    },
)


def collector(**spec: Any) -> Props:
    receivers = {"otlp": {"protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}}}}
    return {
        "apiVersion": COLLECTOR[0],
        "kind": COLLECTOR[1],
        "metadata": {"name": "gateway", "namespace": "b"},
        "spec": {"config": {"receivers": receivers, "exporters": {"nop": {}}, "service": {"pipelines": {}}}, **spec},
    }


def closed(folder: Path, **values: Any) -> Bench:
    """Returns a cluster with the operator, whose namespace b lets in none but its own pods."""
    made = ground(folder)
    made.make(chart("opentelemetry-operator", **values), "operator")
    made.make(policy("own", "b", ingress=[from_({"podSelector": {}})]), "own")
    return made


def reached(made: Bench, state: Props, port: int = 4317) -> bool:
    planned = Planned()
    here = cluster(made)
    planned.add(here.place, *COLLECTOR, "b", state)
    return not why_cut(here, caller(), PODS, port, planned=planned)


def test_everybody_reaches_the_ports_of_a_collector_that_does_not_say_no(tmp_path: Path) -> None:
    made = closed(tmp_path)
    assert reached(made, collector())
    assert reached(made, collector(), 8888)
    assert not reached(made, collector(), 13133), "no port of a receiver"
    assert not reached(made, collector(networkPolicy={"enabled": False}))


def test_the_gate_of_the_operator_is_for_those_that_say_nothing(tmp_path: Path) -> None:
    made = closed(tmp_path, manager={"featureGatesMap": {"operand.networkpolicy": False}})
    assert not reached(made, collector())
    assert reached(made, collector(networkPolicy={"enabled": True}))


def test_without_the_operator_nobody_makes_one(tmp_path: Path) -> None:
    made = ground(tmp_path)
    made.make(policy("own", "b", ingress=[from_({"podSelector": {}})]), "own")
    assert not reached(made, collector())


def test_a_rehearsal_tells_of_a_collector_that_is_open_where_policies_close(tmp_path: Path) -> None:
    made = closed(tmp_path)
    made.make(collector(networkPolicy={"enabled": False}), "closed")
    assert not made.warnings
    made.make({**collector(), "metadata": {"name": "open", "namespace": "b"}}, "open")
    (warning,) = made.warnings
    assert warning.startswith('everybody reaches the ports of OpenTelemetryCollector "open"')
