"""From a counter of a GPU to a message: a real Prometheus finds pods by our monitors, judges our rules, and tells.

Its configuration is what the operator makes of our PodMonitors, and it asks a real API server for pods. Time passes by
moving what is stored into the past: the clock of a program cannot be moved.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.compute.dcgm_counters import scrape
from components.core.metrics import Alert, Scrape
from components.observability.monitors import monitors
from components.observability.rules_of import every_group, prometheus_rule, rule_groups
from simulator.control_plane.client import ApiServer
from simulator.control_plane.planes import ControlPlanes
from tests.components.stacks import CLUSTER, POOL, stack
from tests.in_process.providers import REGION
from tests.simulator.control_planes import VERSION, planes  # noqa: F401
from tests.simulator.control_planes import is_built as control_plane_is_built
from tests.simulator.telemetry.configurations import prometheus_configuration
from tests.simulator.telemetry.programs import is_built
from tests.simulator.telemetry.server import STEP_SECONDS, Prometheus, alertmanager, prometheus, shown, write_past
from tests.simulator.telemetry.test_alertmanager import with_webhooks
from tests.simulator.telemetry.web import exporter, receiver

pytestmark = [is_built, control_plane_is_built]

EXPORTER, METRICS = "127.13.0.1", "127.13.0.2"  # any address of 127.0.0.0/8 is this machine
NODE = "gpu-node"
GPUS = {"app": "nvidia-dcgm-exporter"}
STATE = Scrape(job="kube-state-metrics", pods={"app": "ksm"}, port=18080, namespace="monitoring", keeps_labels=True)
SCRAPES = (replace(scrape(GPUS), namespace="gpu-operator"), STATE)
NAME = 'Hostname="exporter",modelName="NVIDIA H100"'
OF_POD = 'container="main",namespace="research",pod="train-0"'
BUSY = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
GPU_SERIES = {
    f'{BUSY}{{gpu="0",UUID="GPU-0",{NAME},{OF_POD}}}': 0.01,
    f'{BUSY}{{gpu="1",UUID="GPU-1",{NAME},{OF_POD}}}': 0.03,
    f'{BUSY}{{gpu="2",UUID="GPU-2",{NAME}}}': 0,
    f'DCGM_FI_DEV_GPU_TEMP{{gpu="0",UUID="GPU-0",{NAME},{OF_POD}}}': 40,
}
STATE_SERIES = {
    'kube_pod_status_phase{namespace="research",pod="train-0",phase="Running"}': 1,
    'kube_pod_container_resource_requests{namespace="research",pod="train-0",container="main",'
    f'node="{NODE}",resource="nvidia_com_gpu",unit="integer"}}': 2,
    f'kube_node_status_allocatable{{node="{NODE}",resource="nvidia_com_gpu",unit="integer"}}': 8,
}


@pytest.fixture(scope="module")
def server(planes: ControlPlanes) -> ApiServer:  # noqa: F811
    server = planes.server("telemetry", VERSION)
    for name in ("gpu-operator", "monitoring", "elsewhere"):
        server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, "")
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "exporter", "namespace": name}}
        server.create(account, name)
    run(server, "gpu-operator", "exporter", GPUS, EXPORTER)
    run(server, "monitoring", "ksm", STATE.pods, METRICS)
    run(server, "elsewhere", "stranger", GPUS, "127.13.0.3")
    return server


def run(server: ApiServer, namespace: str, name: str, labels: Any, address: str) -> None:
    """Makes a pod of two containers that runs on the node."""
    containers = [{"name": each, "image": "registry.invalid/a:1"} for each in ("main", "sidecar")]
    metadata = {"name": name, "namespace": namespace, "labels": dict(labels)}
    spec = {"nodeName": NODE, "containers": containers, "serviceAccountName": "exporter"}
    server.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}, namespace)
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]}
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/status"
    server.request("PATCH", path, {"status": status}, content_type="application/merge-patch+json")


@pytest.fixture(scope="module")
def owner(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The Prometheus, as an object."""
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(server._token)
    api = {
        "host": f"https://127.0.0.1:{server._port}",
        "authorization": {"credentialsFile": str(token)},
        "tlsConfig": {"caFile": str(server._certificate)},
    }
    spec = {
        "version": "v3.14.0",
        "scrapeInterval": "1s",
        "evaluationInterval": "1s",
        "externalLabels": {"cluster": "main"},
        "podMonitorSelector": {},
        "podMonitorNamespaceSelector": {},
        "alerting": {"alertmanagers": [{"namespace": "monitoring", "name": "alertmanager", "port": "http-web"}]},
        "apiserverConfig": api,
    }
    return {"metadata": {"name": "kube-prometheus-stack-prometheus", "namespace": "monitoring"}, "spec": spec}


@pytest.fixture(scope="module")
def configuration(owner: dict[str, Any]) -> dict[str, Any]:
    # Every second, so that the test need not wait; windows of rules see the past, which has a sample each minute.
    return prometheus_configuration(owner, monitors([replace(each, seconds=1) for each in SCRAPES]))


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    """Every rule of a cluster with GPUs."""
    gpus = {"name": "training", "instance_types": ["p5.48xlarge"], "zones": [f"{REGION}a"], "min_per_zone": 0}
    settings = stack(observability={}, clusters={"main": {**CLUSTER, "pools": [POOL, gpus]}})
    groups = rule_groups(settings.parts_of("main"), REGION)
    return [each for group in groups for each in prometheus_rule(group, "https://example.com/r")["spec"]["groups"]]


@pytest.fixture(scope="module", autouse=True)
def exporters() -> Iterator[None]:
    with ExitStack() as running:
        running.enter_context(exporter(EXPORTER, 9400, GPU_SERIES))
        running.enter_context(exporter("127.13.0.3", 9400, {f'{BUSY}{{gpu="9",UUID="GPU-9"}}': 1}))
        running.enter_context(exporter(METRICS, STATE.port, STATE_SERIES))
        yield


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert found, "it never came"
    return found


@pytest.fixture(scope="module")
def scraped(
    configuration: dict[str, Any],
    rules: list[dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Prometheus]:
    with prometheus(tmp_path_factory.mktemp("scraped"), configuration, rules) as running:
        until(lambda: len(running.values("up")) == 2 and running.values("gpu:allocation_ratio"))
        yield running


def test_the_targets_are_the_pods_of_our_monitors(scraped: Prometheus) -> None:
    assert set(scraped.values("up")) == {
        f'{{instance="{EXPORTER}:9400",job="dcgm",node="{NODE}"}}',
        f'{{instance="{METRICS}:18080",job="kube-state-metrics",namespace="monitoring",pod="ksm"}}',
    }, "each pod once, though it has two containers; none of another namespace"


def test_a_gpu_has_the_labels_of_its_pod_and_node_and_a_free_one_has_no_pod(scraped: Prometheus) -> None:
    found = scraped.ask("query", query=BUSY)["result"]
    pods = {each["metric"]["gpu"]: (each["metric"].get("namespace"), each["metric"].get("pod")) for each in found}
    assert pods == {"0": ("research", "train-0"), "1": ("research", "train-0"), "2": (None, None)}
    assert {each["metric"]["node"] for each in found} == {NODE}
    assert not [key for each in found for key in each["metric"] if key.startswith("exported_")]


def test_all_rules_of_a_cluster_with_gpus_are_judged(scraped: Prometheus, rules: list[dict[str, Any]]) -> None:
    found = scraped.ask("rules")["groups"]

    assert {each["name"] for each in found} == {each["name"] for each in rules}
    judged = [rule for group in found for rule in group["rules"]]
    assert len(judged) == sum(len(each["rules"]) for each in rules) > 100
    assert [(rule["name"], rule["lastError"]) for rule in judged if rule["health"] == "err"] == []


def test_recording_rules_give_the_numbers_of_the_exporters(scraped: Prometheus) -> None:
    assert scraped.values("gpu:requested") == {f'{{namespace="research",node="{NODE}",resource="nvidia_com_gpu"}}': 2}
    assert scraped.values("gpu:allocation_ratio") == {f'{{node="{NODE}",resource="nvidia_com_gpu"}}': 0.25}
    assert sorted(scraped.values("gpu_utilization").values()) == [0, 0.01, 0.03]
    assert scraped.values("pod:gpu_utilization") == {'{namespace="research",pod="train-0"}': pytest.approx(0.02)}


def test_an_idle_gpu_is_pending_then_firing_and_its_team_hears_of_it(
    scraped: Prometheus,
    configuration: dict[str, Any],
    rules: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    ((idle, labels),) = [
        (rule, {"alertname": rule.name})
        for group in every_group()
        for rule in group.rules
        if isinstance(rule, Alert) and rule.name == "GPUIdle"
    ]
    # What the exporters have shown for an hour, with the labels that Prometheus gives it.
    series = [each for name in (BUSY, "kube_pod_status_phase") for each in scraped.ask("query", query=name)["result"]]
    past = {each["metric"]["__name__"] + shown(each["metric"]): [float(each["value"][1])] * 60 for each in series}
    pending, firing = ({**labels, "alertstate": state} for state in ("pending", "firing"))
    told: list[dict[str, Any]] = []

    with prometheus(tmp_path, configuration, rules, past) as running:
        assert until(lambda: running.values(f"ALERTS{shown(pending)}"))
        time.sleep(2)
        assert not running.values(f"ALERTS{shown(firing)}"), f"not before it has lasted {idle.minutes} minutes"
        (state,) = running.ask("query", query=f"ALERTS_FOR_STATE{shown(labels)}")["result"]

    # Now it has been pending for as long as the rule says.
    began = float(state["value"][1]) - idle.minutes * 60
    length = idle.minutes * 60 // STEP_SECONDS
    write_past(tmp_path, {"ALERTS_FOR_STATE" + shown(state["metric"]): [began] * length})
    with (
        receiver(told) as url,
        alertmanager(tmp_path / "alertmanager", with_webhooks(tmp_path, {"team-research": url})) as address,
    ):
        tells = {"alertmanagers": [{"static_configs": [{"targets": [address.removeprefix("http://")]}]}]}
        told_to = {**configuration, "alerting": {**configuration["alerting"], **tells}}
        with prometheus(tmp_path, told_to, rules) as running:
            assert until(lambda: running.values(f"ALERTS{shown(firing)}"))
            (message, *_) = until(lambda: told)

    assert message["receiver"] == "team-research"
    (alert,) = [each for each in message["alerts"] if each["labels"]["alertname"] == "GPUIdle"]
    of_rule = {"alertname": "GPUIdle", "audience": "team", "severity": "warning", "namespace": "research"}
    of_cluster = {"cluster": "main", "prometheus": "monitoring/kube-prometheus-stack-prometheus"}
    assert alert["labels"] == of_rule | of_cluster | {"pod": "train-0"}, "not which of two Prometheus tells it"
    assert alert["annotations"]["summary"].startswith("Pod research/train-0")
    assert alert["annotations"]["runbook_url"].endswith("/gpu-usage.md#gpuidle")


CHAT = Scrape(
    job="research/chat",
    team="research",
    pods={"app": "chat"},
    port=8000,
    namespace="elsewhere",
    samples=7,
    most_pods=2,
    seconds=1,
)
SAYS = 'job="kube-state-metrics",namespace="monitoring",team="platform",cluster="other",__replica__="a",model="m"'


def test_a_program_of_a_team_passes_for_no_other_and_has_its_bounds(
    server: ApiServer, owner: dict[str, Any], tmp_path: Path
) -> None:
    for name, address in (("good", "127.13.0.4"), ("full", "127.13.0.5")):
        run(server, "elsewhere", name, CHAT.pods, address)
    few = replace(CHAT, job="research/few", most_pods=1)
    given = prometheus_configuration(owner, monitors([CHAT, few], ["cluster_cost_usd"]))
    good = {f"vllm:num_requests_running{{{SAYS}}}": 3, "cluster_cost_usd": 9, 'ALERTS{alertname="x"}': 1, "up": 7}
    good |= {f'lag{{cluster="{name}"}}': 1 for name in "ab"}
    with ExitStack() as running:
        running.enter_context(exporter("127.13.0.4", CHAT.port, good))
        running.enter_context(exporter("127.13.0.5", CHAT.port, {f'a{{n="{n}"}}': n for n in range(8)}))
        server_of_metrics = running.enter_context(prometheus(tmp_path, given, []))
        until(
            lambda: len(server_of_metrics.values("up")) == 4 and server_of_metrics.values("vllm:num_requests_running")
        )
        ((series, value),) = server_of_metrics.values("vllm:num_requests_running").items()
        assert len(server_of_metrics.values("lag")) == 2, "what a label of the platform's tells apart is two series"
        read = {"up": server_of_metrics.values("up"), "of": server_of_metrics.values("scrape_samples_scraped")}
        forged = [server_of_metrics.values(name) for name in ("cluster_cost_usd", "ALERTS", "a")]
    assert value == 3
    assert 'job="research/chat"' in series
    assert 'exported_job="kube-state-metrics"' in series
    assert 'namespace="elsewhere"' in series
    assert 'team="research"' in series
    assert 'exported_cluster="other"' in series
    assert not [each for each in (",cluster=", "{cluster=", ",__replica__=", "{__replica__=") if each in series]
    assert forged == [{}, {}, {}]
    states = {
        (job, pod): up
        for each, up in read["up"].items()
        for job in ("chat", "few")
        for pod in ("good", "full")
        if f'/{job}"' in each and f'pod="{pod}"' in each
    }
    assert states == {("chat", "good"): 1, ("chat", "full"): 0, ("few", "good"): 0, ("few", "full"): 0}
    assert {each: count for each, count in read["of"].items() if "full" in each and "chat" in each}.popitem()[1] == 8, (
        "by this ProgramMetricsRefused knows that it answers"
    )
