"""Flows of add-ons, against what their pods need by the templates of the charts: each need a row, each row a need."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from catalog.chart_facts import chart_facts, has_facts
from catalog.charts import CHARTS
from catalog.mesh_network import MESHED_POD
from components.cluster.scrapes import scrapes_of
from components.core.addon_spec import (
    COMES_WITH_THE_CLUSTER,
    AddOnContext,
    AddOnSpec,
    every_add_on,
    no_flows,
    values_of,
)
from components.core.flows import TRACE_GATEWAYS, Flow, Pods, Range, into, out
from components.core.metrics import Scrape
from report.reach import reach
from settings.cluster.cluster import ClusterSettings
from settings.cluster.fixed_values import changed, of_service_accounts
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.ingress.ingress import IngressSettings
from settings.mesh.mesh import MeshSettings
from settings.observability.observability import ObservabilitySettings
from settings.secrets.secrets import SecretsSettings
from settings.tenancy.admission import AdmissionSettings
from simulator.kubernetes.webhooks import webhooks_of
from tests.components.stacks import POOL, stack, stage
from tests.facts.reading import facts

MESHED = ("inference", "agents")
OBSERVED = ObservabilitySettings.model_validate({"grafana": {}})
TRACING = {"collector": "collector.tracing:4317", "namespace": "tracing", "service_account": "collector"}
CERTIFICATE = "arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"
SIGNATURES = {
    "images": ["123456789012.dkr.ecr.us-west-2.amazonaws.com/team/*"],
    "identities": [{"issuer": "https://token.actions.githubusercontent.com", "subject": "https://github.com/org/app"}],
}
SECRETS: dict[str, dict[str, Any]] = {
    "AWS": {},
    "a Vault outside": {"store": "vault", "vault": {"address": "https://vault.example.com"}},
    "a Vault in the cluster": {"store": "vault", "vault": {"address": "https://vault.secrets.svc:8200"}},
}
SECRETS["a Vault in another network"] = {
    "store": "vault",
    "vault": {"address": "https://vault.corp.example.com", "ranges": ["10.200.0.0/28"]},
}
VAULTS: dict[str, tuple[str | Pods | Range, int]] = {
    "a Vault outside": ("outside", 443),
    "a Vault in the cluster": (Pods(namespace="secrets"), 8200),
    "a Vault in another network": (Range(cidr="10.200.0.0/28"), 443),
}


@dataclass(frozen=True)
class Need:
    """One port that a pod has to reach, or that has to be open on it. who: its name."""

    direction: str
    peer: str | Pods | Range
    port: int
    pods: tuple[tuple[str, str], ...]
    who: str

    def met_by(self, flow: Flow) -> bool:
        same = (flow.direction, flow.peer) == (self.direction, self.peer)
        return same and self.port in (flow.ports or (self.port,)) and set(flow.pods.items()) <= set(self.pods)


@dataclass(frozen=True)
class World:
    """A cluster that has every add-on."""

    store: str = "AWS"
    viz: bool = True
    tracing: bool = True

    @property
    def mesh(self) -> MeshSettings:
        spans = {"tracing": TRACING} if self.tracing else {}
        return MeshSettings.model_validate({"namespaces": MESHED, "viz": self.viz, **spans})

    @property
    def parts(self) -> ClusterParts:
        pools = (NodePoolSettings.model_validate(POOL),)
        secrets = SecretsSettings.model_validate(SECRETS[self.store])
        return ClusterParts.of(
            ClusterSettings(version="1.35", pools=pools), mesh=self.mesh, secrets=secrets, observability=OBSERVED
        )

    @property
    def context(self) -> AddOnContext:
        door = {"certificate": {"arn": CERTIFICATE}}
        dns = {"zones": {"Z0123456789ABCDEFGHIJ": "ml.example.com"}}
        return AddOnContext(
            stage=stage(),
            cluster="main",
            kubernetes_version="1.35",
            pools=(NodePoolSettings.model_validate(POOL),),
            gpu_allocation="device-plugin",
            mesh=self.mesh,
            ingress=IngressSettings.model_validate({"internal": door, "dns": dns}),
            secrets=SecretsSettings.model_validate(SECRETS[self.store]),
            admission=AdmissionSettings.model_validate({"kyverno": {}, "signatures": SIGNATURES}),
        )


def at(values: Any, path: str, default: Any) -> Any:
    for key in path.split("."):
        values = values.get(key, default) if isinstance(values, Mapping) else default
    return values


def pods_of(chart: str) -> Sequence[Mapping[str, Any]]:
    row = facts("chart_network")["charts"].get(chart, {"version": None})
    read = f"{chart}: read whom its pods call, and who calls them; write it into tests/facts/chart_network.json"
    assert row["version"] == CHARTS[chart].version, f"{read}, and `flows` into its AddOnSpec"
    pods: Sequence[Mapping[str, Any]] = row["pods"]
    return pods


def needs(spec: AddOnSpec, world: World) -> Iterator[Need]:
    values = values_of(spec, world.context)
    roles = {each.service_account for each in spec.identities if each.statements(world.context)}
    for pod in pods_of(spec.name):
        on = at(values, *pod.get("on", ("", True))) and not at(values, *pod.get("unless", ("", False)))
        if on and not pod.get("host_network"):
            for direction, peer, port in _of_pod(spec, pod, values, world, pod.get("account") in roles):
                yield Need(direction, peer, port, tuple(pod["labels"].items()), pod["name"])


Port = tuple[str, str | Pods | Range, int]
KNOWN = {
    "kube-dns": Pods(namespace=COMES_WITH_THE_CLUSTER, labels={"k8s-app": "kube-dns"}),
    "grafana": Pods(namespace="monitoring", labels={"app.kubernetes.io/name": "grafana"}),
    "fluent-bit": Pods(namespace="logging", labels={"app.kubernetes.io/name": "fluent-bit"}),
    "trace-gateways": TRACE_GATEWAYS,
}


def _of_pod(spec: AddOnSpec, pod: Mapping[str, Any], values: Any, world: World, role: bool) -> Iterator[Port]:
    if pod["token"]:
        resolver = "vpc-dns" if at(values, pod.get("dns_policy", ""), "ClusterFirst") == "Default" else "dns"
        yield from (("out", "api-server", 443), ("out", resolver, 53))
    if role:
        yield from (("out", "pod-identity", 80), ("out", "aws", 443))
    elif spec.name == "external-secrets" and pod.get("account"):
        yield ("out", *VAULTS[world.store])
    yield from (("in", "control-plane", port) for port in pod.get("webhooks", {}).values())
    yield from (("out", KNOWN.get(peer, peer), port) for peer, port in pod.get("asks", {}).items())
    for name, number in pod.get("asked_by", {}).items():
        yield "in", name if name == "own-namespace" else KNOWN.get(name, Pods(namespace=name)), number
    yield from _in_mesh(spec.chart.namespace, pod, world)


def _in_mesh(namespace: str, pod: Mapping[str, Any], world: World) -> Iterator[Port]:
    viz = ["linkerd-viz"] if world.viz else []
    for to, ports in pod.get("calls", {}).items():
        if to == "own":
            yield from (("out", "own-namespace", 0), ("in", "own-namespace", 0))
        else:
            for each in MESHED if to == "meshed" else [to]:
                yield from (("out", Pods(namespace=each), port) for port in ports)
    for port in pod.get("serves", {}).get("meshed", ()):
        yield from (("in", Pods(namespace=each), port) for each in [*MESHED, *viz])
    if namespace == "linkerd" and world.viz:
        yield from (("in", Pods(namespace="linkerd-viz"), port) for port in (4143, 4191))
    if namespace in ("linkerd", "linkerd-viz") and world.tracing:
        yield ("out", Pods(namespace="tracing"), 4317)


def unmet(spec: AddOnSpec, flows: Sequence[Flow], world: World) -> list[Need]:
    return [need for need in needs(spec, world) if not any(need.met_by(flow) for flow in flows)]


def idle(spec: AddOnSpec, flows: Sequence[Flow], world: World) -> list[tuple[Flow, int]]:
    """The ports of rows that no pod needs; of rows to AWS or to a Vault, also those that a pod has without need."""
    known = list(needs(spec, world))
    for_few = ("pod-identity", "aws", "outside", VAULTS.get(world.store, ("outside",))[0])
    found = []
    for flow in flows:
        for port in flow.ports or (0,):
            met = {need.pods for need in known if need.port == port and need.met_by(flow)}
            selected = {need.pods for need in known if set(flow.pods.items()) <= set(need.pods)}
            if not met or (flow.peer in for_few and selected != met):
                found.append((flow, port))
    return found


def rows(spec: AddOnSpec, world: World) -> list[Flow]:
    return list(spec.flows(world.parts))


WORLDS = {
    "everything": World(),
    "no dashboard and no spans": World(viz=False, tracing=False),
    "a Vault outside": World(store="a Vault outside"),
    "a Vault in the cluster": World(store="a Vault in the cluster"),
    "a Vault in another network": World(store="a Vault in another network"),
}
NAMES = sorted(every_add_on())


@cache
def add_on(name: str) -> AddOnSpec:
    return every_add_on()[name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_each_pod_of_an_add_on_has_the_flows_that_it_needs(name: str, world: World) -> None:
    missing = unmet(add_on(name), rows(add_on(name), world), world)
    assert not missing, f"with `isolation` these pods of {name} hang: write the rows into `flows` of its AddOnSpec"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_no_row_opens_what_no_pod_needs(name: str, world: World) -> None:
    assert not idle(add_on(name), rows(add_on(name), world), world)


ROWS = [(name, number) for name in NAMES for number, _ in enumerate(rows(add_on(name), World()))]


@pytest.mark.parametrize(("name", "number"), ROWS)
def test_a_row_that_is_forgotten_is_found_and_each_of_its_ports(name: str, number: int) -> None:
    spec, flows = add_on(name), rows(add_on(name), World())
    others = flows[:number] + flows[number + 1 :]
    assert unmet(spec, others, World())
    for port in flows[number].ports[1:] and flows[number].ports:
        fewer = replace(flows[number], ports=tuple(each for each in flows[number].ports if each != port))
        assert unmet(spec, [*others, fewer], World()), port


@pytest.mark.parametrize("name", [name for name, number in ROWS if number == 0])
def test_an_add_on_that_says_nothing_is_found(name: str) -> None:
    forgotten = replace(add_on(name), flows=no_flows)
    assert unmet(forgotten, rows(forgotten, World()), World())


def test_a_new_add_on_is_found_by_its_name() -> None:
    new = replace(add_on("velero"), name="kueue")
    with pytest.raises(AssertionError, match=r"kueue: read whom its pods call.* and `flows` into its AddOnSpec"):
        unmet(new, (), World())


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("cert-manager", out("outside", "an authority", 443)),
        ("external-secrets", out("aws", "calls AWS")),  # its webhook, too
        ("velero", into("own-namespace", "?")),
        ("karpenter", into("control-plane", "?", 8443, pods={"app.kubernetes.io/name": "karpenter"})),
        ("linkerd-viz", out(Pods(namespace="vision"), "tap", 4190)),
        ("aws-efa-k8s-device-plugin", out("api-server", "?")),
    ],
)
def test_a_row_too_many_is_found(name: str, row: Flow) -> None:
    assert [flow for flow, _ in idle(add_on(name), [*rows(add_on(name), World()), row], World())] == [row]


@pytest.mark.parametrize("name", NAMES)
def test_in_kube_system_each_row_is_for_pods_of_its_own(name: str) -> None:
    if add_on(name).chart.namespace == COMES_WITH_THE_CLUSTER:
        assert all(flow.pods for flow in rows(add_on(name), World())), (
            "it would close CoreDNS and the drivers of volumes"
        )


@pytest.mark.parametrize("name", NAMES)
def test_the_pods_are_those_of_the_chart(name: str) -> None:
    """By the catalog's own reading of the templates, with the charts that it brings."""

    def workloads(chart: str) -> Iterator[tuple[str, str, bool]]:
        read = chart_facts(chart)
        for pod in (*read.pods, *(hook for hook in read.hooks if hook["kind"] == "Job")):
            yield pod["kind"], pod["name"], pod.get("host_network") is True
        for part in read.brings.values():
            yield from workloads(part.chart) if has_facts(part.chart) else ()

    written = [pod for pod in pods_of(name) if not pod.get("by_operator")]
    mine = sorted((pod["kind"], pod["name"], pod.get("host_network", False)) for pod in written)
    assert mine == sorted(workloads(name))


@pytest.mark.parametrize("name", NAMES)
def test_webhooks_that_the_simulated_api_server_asks_are_let_in(name: str) -> None:
    spec = add_on(name)
    values = {} if name == "linkerd-control-plane" else dict(values_of(spec, World().context))
    release = {"chart": CHARTS[name].chart, "name": name, "namespace": spec.chart.namespace, "values": values}
    asked = {webhook.service for webhook in webhooks_of([release])}
    known = {service: port for pod in pods_of(name) for service, port in pod.get("webhooks", {}).items()}
    assert asked <= set(known)
    let_in = {port for flow in rows(spec, World()) if flow.peer == "control-plane" for port in flow.ports}
    assert {known[service] for service in asked} <= let_in


def test_what_one_add_on_sends_to_another_is_let_in_there() -> None:
    closed = {spec.chart.namespace: name for name, spec in every_add_on().items() if spec.flows is not no_flows}
    namespaces = {
        name: each for name, each in closed.items() if name != COMES_WITH_THE_CLUSTER
    }  # CoreDNS is not closed
    sent = [
        (spec.chart.namespace, flow.peer.namespace, port)
        for spec in every_add_on().values()
        for flow in spec.flows(World().parts)
        if flow.direction == "out" and isinstance(flow.peer, Pods) and flow.peer.namespace in namespaces
        for port in flow.ports
    ]
    assert sent, "the dashboard of the mesh calls its control plane"
    for source, target, port in sent:
        received = rows(add_on(namespaces[target]), World())
        assert any(
            flow.direction == "in" and flow.peer == Pods(namespace=source) and port in flow.ports for flow in received
        ), (source, target, port)


UNREAD = {
    "gpu-operator": {8080: "the operator and what labels nodes, whose faults show in pods and labels"},
}
"""Add-on -> ports of metrics of its own pods that nobody needs, and why."""


def scrapes(name: str, world: World) -> list[Scrape]:
    measured = world.parts
    namespace = add_on(name).chart.namespace
    mesh = [each for each in scrapes_of(measured, MESHED) if each.job == "linkerd-proxy"]
    own = [replace(each, namespace=each.namespace or namespace) for each in add_on(name).metrics(measured)]
    return [*own, *(each for each in mesh if each.namespace == namespace)]


@pytest.mark.parametrize("name", NAMES)
def test_what_prometheus_reads_is_served_there(name: str) -> None:
    """By labels and port of the pods, as the templates have them."""
    served = [pod for pod in pods_of(name) if "metrics" in pod]
    for scrape in scrapes(name, World()) if served else ():
        if scrape.job == "linkerd-proxy":
            pods = served
        else:
            pods = [pod for pod in served if scrape.pods.items() <= pod["labels"].items()]
        assert any(scrape.port in pod["metrics"] for pod in pods), scrape
        assert all(bool(pod.get("on_node")) == scrape.host_network for pod in pods), scrape


@pytest.mark.parametrize("name", NAMES)
def test_each_pod_that_serves_metrics_is_read(name: str) -> None:
    read = scrapes(name, World())
    values = values_of(add_on(name), World().context)
    for pod in pods_of(name):
        if "metrics" not in pod or not at(values, *pod.get("on", ("", True))):
            continue
        found = [
            each.port for each in read if each.job == "linkerd-proxy" or each.pods.items() <= pod["labels"].items()
        ]
        assert set(found) & set(pod["metrics"]) or set(pod["metrics"]) <= UNREAD.get(name, {}).keys(), pod


def test_the_control_plane_of_the_mesh_takes_what_the_model_of_a_meshed_pod_says() -> None:
    model = {each.port for each in MESHED_POD if each.peer == "the control plane of the mesh"}
    received = rows(add_on("linkerd-control-plane"), World())
    for namespace in MESHED:
        assert {port for flow in received if flow.peer == Pods(namespace=namespace) for port in flow.ports} == model


def test_the_page_of_reach_names_the_webhooks_of_each_add_on() -> None:
    teams = [{"name": "vision", "namespaces": list(MESHED), "secrets": {"hub": {"keys": ["token"]}}}]
    doors = {"internal": {"certificate": {"arn": CERTIFICATE}}}
    settings = stack(mesh={"namespaces": MESHED, "viz": True}, teams=teams, ingress=doors)
    assert {(row.to, row.port) for row in reach(settings) if row.source == "EKS control plane"} == {
        *(("linkerd/linkerd-control-plane", port) for port in (8443, 9443)),
        *(("linkerd-viz/linkerd-viz", port) for port in (8089, 8443)),
        ("cert-manager/cert-manager", 10250),
        ("cert-manager/trust-manager", 6443),
        ("external-secrets/external-secrets", 10250),
        ("kube-system/aws-load-balancer-controller", 9443),
    }


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("cert-manager", {"webhook": {"securePort": 10260}}),
        ("cert-manager", {"webhook": {"config": {"securePort": 10260}}}),
        ("trust-manager", {"app": {"webhook": {"port": 6444}}}),
        ("external-secrets", {"webhook": {"port": 9443}}),
        ("aws-load-balancer-controller", {"webhookBindPort": 9444}),
        ("aws-load-balancer-controller", {"nameOverride": "alb"}),
        ("karpenter", {"nameOverride": "scaler"}),
        ("neuron-helm-chart", {"devicePlugin": {"nameOverride": "neuron"}}),
    ],
)
def test_the_stack_file_may_not_move_what_the_rows_name(name: str, values: dict[str, Any]) -> None:
    spec = add_on(name)
    accounts = [account for _, account in spec.service_accounts]
    assert list(changed(values, [*spec.fixed, *of_service_accounts(accounts)]))
