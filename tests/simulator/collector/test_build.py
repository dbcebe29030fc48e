"""The collector is built in the version that the operator runs, with every part that the configurations name."""

import re
from collections.abc import Iterator
from typing import Any

from catalog.charts import CHARTS
from components.observability.collectors import agent, gateway
from settings.observability.traces import TraceSettings
from simulator.collector.build import FOLDER, UNBUILT, module_of

MODULES = {
    "awsxray": "awsxrayexporter",
    "health_check": "healthcheckextension",
    "k8s_attributes": "k8sattributesprocessor",
    "load_balancing": "loadbalancingexporter",
    "memory_limiter": "memorylimiterprocessor",
    "otlp_grpc": "otlpexporter",
    "otlp_http": "otlphttpexporter",
    "tail_sampling": "tailsamplingprocessor",
}


def parts() -> Iterator[str]:
    ours = TraceSettings.model_validate({"otlp": {"address": "http://tempo.tempo.svc:4318"}})
    configurations: list[Any] = [agent("c", ours, 1), agent("c", ours, 2), gateway("us-west-2", ours)]
    for each in (*configurations, gateway("us-west-2", TraceSettings())):
        for kind in ("receivers", "processors", "exporters", "extensions"):
            yield from (MODULES.get(name, f"{name}{kind[:-1]}") for name in each[kind])


def test_it_has_the_parts_that_the_configurations_name_and_no_others() -> None:
    written = set(
        re.findall(r'/(\w+(?:receiver|processor|exporter|extension))"', (FOLDER / "main.go").read_text("utf-8"))
    )
    assert written == set(parts()) - {MODULES[UNBUILT]}


def test_its_version_is_that_of_the_operator() -> None:
    version = CHARTS["opentelemetry-operator"].app_version
    assert module_of().title == f"the OpenTelemetry collector {version}"
    pinned = dict(re.findall(r"(\S+) v(\S+)\n", (FOLDER / "go.mod").read_text("utf-8").partition("require (")[2]))
    assert {each for name, each in pinned.items() if "collector-contrib/" in name} == {version}
