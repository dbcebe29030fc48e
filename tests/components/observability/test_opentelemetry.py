"""The operator and its collectors: where they run, what they may do, whom they reach; and what teams' pods get."""

from dataclasses import replace
from typing import Any

import pytest

from components.core.addon_spec import AddOnContext, every_add_on, values_of
from components.core.flows import TRACE_AGENTS, TRACE_GATEWAYS, Pods
from components.isolation.flows_of import flows_of
from components.observability import collectors
from components.observability.addons.opentelemetry_operator import MESHED, WITHOUT_ALPN, injected_images
from components.tenancy.marks import TEAM
from settings.cluster.addon_rules import installed
from settings.cluster.addons import AddonSettings
from settings.compute.node_pool import NodePoolSettings
from settings.mesh.mesh import TO_AGENTS
from settings.observability.observability import ObservabilitySettings
from settings.observability.traces import TraceSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import POOL, stack, stage

ADD_ON = every_add_on()["opentelemetry-operator"]
TEAMS = [{"name": "research", "namespaces": ["research"]}]
TEMPO: dict[str, Any] = {"otlp": {"address": "http://tempo.tempo.svc:4318"}}


def context(environment: str = "prod", **traces: Any) -> AddOnContext:
    return AddOnContext(
        stage=stage(environment=environment),
        cluster="main",
        kubernetes_version="1.35",
        pools=(NodePoolSettings.model_validate(POOL),),
        gpu_allocation="device-plugin",
        observability=ObservabilitySettings.model_validate({"traces": traces}),
        zones=3,
    )


def made(name: str, environment: str = "prod", **traces: Any) -> Any:
    return ADD_ON.manifests(context(environment, **traces))[name]


def test_it_comes_with_traces_alone() -> None:
    cases: list[tuple[dict[str, Any], bool]] = [({}, False), ({"traces": {}}, True)]
    for observability, has in cases:
        parts = stack(observability=observability).parts_of("main")
        assert (ADD_ON.name in installed(every_add_on(), parts)) == has


def test_the_label_of_teams_is_that_of_their_namespaces() -> None:
    assert collectors.TEAM == TEAM
    assert collectors.NAMESPACE == TRACE_AGENTS.namespace == TRACE_GATEWAYS.namespace == ADD_ON.chart.namespace


@pytest.mark.parametrize(
    ("environment", "traces", "replicas", "exporter"),
    [
        ("prod", {}, 2, "load_balancing"),
        ("dev", {}, 1, "otlp_grpc"),
        ("dev", {"gateways": 3}, 3, "load_balancing"),
        ("prod", {"gateways": 1}, 1, "otlp_grpc"),
    ],
)
def test_with_several_gateways_agents_choose_by_trace(
    environment: str, traces: dict[str, Any], replicas: int, exporter: str
) -> None:
    assert made("gateway", environment, **traces)["spec"]["replicas"] == replicas
    assert list(made("agent", environment, **traces)["spec"]["config"]["exporters"]) == [exporter]


@pytest.mark.parametrize("name", ["agent", "gateway"])
def test_memory_is_guarded_first_and_batches_are_made_last(name: str) -> None:
    (pipeline,) = made(name)["spec"]["config"]["service"]["pipelines"].values()
    assert pipeline["processors"][0] == "memory_limiter"
    assert pipeline["processors"][-1] == "batch"
    limiter = made(name)["spec"]["config"]["processors"]["memory_limiter"]
    assert limiter["limit_percentage"] == 75, "above it the kernel ends the pod before it refuses spans"


@pytest.mark.parametrize("name", ["agent", "gateway"])
def test_pods_are_restricted_and_have_limits(name: str) -> None:
    spec = made(name)["spec"]
    assert spec["podSecurityContext"]["runAsNonRoot"] is True
    security = spec["securityContext"]
    assert (security["allowPrivilegeEscalation"], security["capabilities"]) == (False, {"drop": ["ALL"]})
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["resources"]["limits"]["memory"] == spec["resources"]["requests"]["memory"]


def test_agents_are_on_every_node_and_gateways_on_the_landing_pool() -> None:
    agent, gateway = made("agent")["spec"], made("gateway")["spec"]
    assert (agent["mode"], agent["tolerations"]) == ("daemonset", [{"operator": "Exists"}])
    assert (gateway["mode"], "tolerations" in gateway) == ("deployment", False)
    assert gateway["nodeSelector"]["ml-platform/pool"] == POOL["name"]


def test_the_image_has_the_exporter_and_the_operator_puts_no_finalizer_on_collectors() -> None:
    manager = values_of(ADD_ON, context())["manager"]
    assert manager["collectorImage"]["repository"].endswith("-contrib"), "k8s has no awsxray"
    assert manager["createRbacPermissions"] is False
    assert manager["collectorImage"]["tag"] == ADD_ON.chart.app_version


def test_only_gateways_may_call_aws_and_only_x_ray() -> None:
    (identity,) = ADD_ON.identities
    (statement,) = identity.statements(context())
    assert (identity.service_account, statement["Action"]) == (
        "gateway-collector",
        ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    )
    assert identity.statements(context(**TEMPO)) == ()
    assert list(made("gateway", **TEMPO)["spec"]["config"]["exporters"]) == ["otlp_http"]


def test_agents_read_pods_and_namespaces_and_nothing_else() -> None:
    assert ADD_ON.reads(context()) == {"agent-collector": (("", "namespaces"), ("", "pods"))}


def test_the_operator_opens_nothing() -> None:
    assert values_of(ADD_ON, context())["manager"]["featureGatesMap"] == {"operand.networkpolicy": False}
    assert [made(name)["spec"]["networkPolicy"] for name in ("agent", "gateway")] == [{"enabled": False}] * 2


def test_x_ray_finds_traces_by_what_agents_say_of_the_sender() -> None:
    agent, exporter = made("agent")["spec"]["config"], made("gateway")["spec"]["config"]["exporters"]["awsxray"]
    metadata = {*agent["processors"]["k8s_attributes"]["extract"]["metadata"], "team", "k8s.cluster.name"}
    of_resources = {each for each in exporter["indexed_attributes"] if not each.startswith("gen_ai.")}
    assert of_resources == {f"otel.resource.{name}" for name in metadata - {"k8s.node.name"}}


def test_an_attribute_that_is_dropped_goes_with_each_of_its_name_and_no_other() -> None:
    """Of two with one key, `delete_key` would take the first alone."""
    settings = TraceSettings(drop_attributes=("app.prompt",))
    groups = collectors.agent("main", settings, 2)["processors"]["transform"]["trace_statements"]
    dropped = [each for group in groups for each in group["statements"] if "prompt$$" in each]
    places = ("resource", "scope", "span", "spanevent")
    assert dropped == [f'delete_matching_keys({place}.attributes, "^app[.]prompt$$")' for place in places]


def test_x_ray_is_sent_what_it_takes_in_one_call() -> None:
    batch = made("gateway")["spec"]["config"]["processors"]["batch"]
    assert batch == {"send_batch_size": 50, "send_batch_max_size": 50}, "its exporter has five seconds for one"
    assert made("gateway", **TEMPO)["spec"]["config"]["processors"]["batch"] == {}


def test_pods_of_teams_reach_the_agents_and_no_gateway() -> None:
    def open_to(namespace: str, direction: str, **traces: Any) -> set[tuple[str, int]]:
        found = flows_of(stack(isolation={}, teams=TEAMS, observability={"traces": traces}), "main")[namespace]
        other = "research" if namespace == "opentelemetry" else "opentelemetry"
        return {
            (flow.peer.labels.get("app.kubernetes.io/instance", flow.pods.get("app.kubernetes.io/instance", "")), port)
            for flow in found
            if flow.direction == direction and isinstance(flow.peer, Pods) and flow.peer.namespace == other
            for port in flow.ports
        }

    expected = {("opentelemetry.agent", 4317), ("opentelemetry.agent", 4318)}
    assert open_to("research", "out") == expected
    assert open_to("opentelemetry", "in") == expected
    closed = flows_of(stack(isolation={}, teams=TEAMS, observability={}), "main")
    assert "opentelemetry" not in closed
    assert "opentelemetry" not in str(closed["research"])


def test_gateways_reach_where_traces_go() -> None:
    def peers(**traces: Any) -> set[Any]:
        flows = ADD_ON.flows(stack(observability={"traces": traces}).parts_of("main"))
        own = [flow for flow in flows if flow.pods == TRACE_GATEWAYS.labels and flow.direction == "out"]
        return {(getattr(flow.peer, "namespace", getattr(flow.peer, "cidr", flow.peer)), flow.ports) for flow in own}

    assert peers() == {("pod-identity", (80,)), ("aws", (443,))}
    assert peers(**TEMPO) == {("tempo", (4318,))}
    near = {"address": "https://tempo.corp.example.com", "ranges": ["10.200.0.0/28"]}
    assert peers(otlp=near) == {("10.200.0.0/28", (443,))}


def test_instrumented_pods_send_every_trace_and_no_content() -> None:
    spec = made("python")["spec"]
    assert spec["sampler"] == {"type": "parentbased_always_on"}, "another one would lose errors"
    assert spec["exporter"]["endpoint"] == "http://agent-collector.opentelemetry:4318"
    environment = {each["name"]: each["value"] for each in spec["python"]["env"]}
    assert environment["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] == "false"
    assert spec["python"]["resourceRequirements"]["limits"]["memory"], "a quota refuses pods without"
    assert spec["initContainerSecurityContext"]["runAsNonRoot"] is True


def test_the_image_that_pods_of_teams_get_is_let_in() -> None:
    (image,) = injected_images({})
    assert image == "ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-python:0.64b0"
    python = {"manager": {"autoInstrumentationImage": {"python": {"repository": "example.com/python"}}}}
    given = {ADD_ON.name: AddonSettings.model_validate({"values": python})}
    assert injected_images(given) == ("example.com/python:0.64b0",)


def test_collectors_come_after_the_operator_and_go_before_it(cloud: PlatformCloud) -> None:
    cloud.up(stack(observability={"traces": {}}, teams=TEAMS))
    release = cloud.one("helm.sh/v3:Release", "main-opentelemetry-operator")
    assert cloud.comes_after(release, cloud.one("helm.sh/v3:Release", "main-cert-manager"))
    objects = [*cloud.all("opentelemetry.io/v1beta1:OpenTelemetryCollector"), *cloud.all(":Instrumentation")]
    assert [each.inputs["metadata"]["name"] for each in objects] == ["gateway", "agent", "python"]
    for each in objects:
        assert cloud.comes_after(each, release), "the operator's webhooks would refuse them"
    role = cloud.one("eks/podIdentityAssociation:PodIdentityAssociation", "main-opentelemetry-operator-identity")
    assert cloud.comes_after(objects[0], role), "a pod that starts before it has no credentials"
    image, guards = injected_images({})[0], cloud.all("ValidatingAdmissionPolicy")
    assert any(image in str(each.inputs) for each in guards), "pods of teams would be refused"
    monitors = {each.inputs["metadata"]["name"] for each in cloud.all("monitoring.coreos.com/v1:PodMonitor")}
    assert {"opentelemetry-opentelemetry-agent", "opentelemetry-opentelemetry-gateway"} <= monitors


MESH = {"namespaces": ["research"]}
SPANS = {"collector": "spans.research:4317", "namespace": "research", "service_account": "spans"}
JOINED: dict[str, Any] = {"observability": {"traces": {}}, "teams": TEAMS, "mesh": MESH}


def test_proxies_send_to_agents_by_the_name_and_the_account_that_the_operator_gives_them() -> None:
    service, _, rest = TO_AGENTS.collector.partition(".svc.cluster.local.")
    assert (service, rest) == (collectors.service(collectors.AGENT), f":{TO_AGENTS.port}")
    assert (TO_AGENTS.namespace, [TO_AGENTS.service_account]) == (collectors.NAMESPACE, [*ADD_ON.reads(context())])
    assert TO_AGENTS.port not in (4317, 4318, collectors.METRICS, collectors.HEALTH)


@pytest.mark.parametrize(
    ("changes", "to_agents"),
    [
        ({}, True),
        ({"observability": {"traces": {"mesh": False}}}, False),
        ({"observability": {}}, False),
        ({"mesh": {**MESH, "tracing": SPANS}}, False),
        ({"mesh": None}, False),
    ],
)
def test_agents_take_spans_of_the_mesh_where_there_are_both(changes: dict[str, Any], to_agents: bool) -> None:
    mesh = stack(**JOINED | changes).mesh_of("main")
    assert (mesh is not None and mesh.tracing == TO_AGENTS) == to_agents
    of_agent = ADD_ON.manifests(replace(context(), mesh=mesh))["agent"]["spec"]
    assert (list(ADD_ON.before(replace(context(), mesh=mesh))) == [MESHED]) == to_agents
    assert ("otlp/mesh" in of_agent["config"]["receivers"]) == to_agents
    assert ("volumes" in of_agent) == to_agents, "a Secret that nobody makes keeps every agent from starting"


def test_an_agent_shows_the_identity_that_proxies_ask_for(cloud: PlatformCloud) -> None:
    cloud.up(stack(**JOINED))
    certificate = next(each for each in cloud.all(":Certificate") if each.inputs["metadata"]["name"] == MESHED)
    control_plane = cloud.one("helm.sh/v3:Release", "main-linkerd-control-plane")
    tracing = control_plane.inputs["values"]["proxy"]["tracing"]["collector"]
    assert tracing["endpoint"] == "agent-collector.opentelemetry.svc.cluster.local.:4319"
    asked = (
        f"{tracing['meshIdentity']['serviceAccountName']}.{tracing['meshIdentity']['namespace']}.serviceaccount."
        f"identity.linkerd.{control_plane.inputs['values']['identityTrustDomain']}"
    )
    assert certificate.inputs["spec"]["dnsNames"] == [asked]
    assert certificate.inputs["spec"]["usages"] == ["server auth"], "nobody calls others with it"
    (issuer,) = [
        each
        for each in cloud.all(":ClusterIssuer")
        if each.inputs["metadata"]["name"] == certificate.inputs["spec"]["issuerRef"]["name"]
    ]
    assert cloud.comes_after(certificate, issuer)
    agent = next(each for each in cloud.all(":OpenTelemetryCollector") if each.inputs["metadata"]["name"] == "agent")
    assert cloud.comes_after(agent, certificate), "its pods wait for the Secret"
    spec = agent.inputs["spec"]
    tls = spec["config"]["receivers"]["otlp/mesh"]["protocols"]["grpc"]["tls"]
    (mount,), (volume,) = spec["volumeMounts"], spec["volumes"]
    assert {tls["cert_file"], tls["key_file"]} == {f"{mount['mountPath']}/tls.{each}" for each in ("crt", "key")}
    assert (volume["name"], volume["secret"]["secretName"]) == (mount["name"], certificate.inputs["spec"]["secretName"])
    assert WITHOUT_ALPN[0] in spec["env"]
    assert "otlp/mesh" in spec["config"]["service"]["pipelines"]["traces"]["receivers"]
    namespace = cloud.one("core/v1:Namespace", "main-namespace-opentelemetry").inputs["metadata"]
    assert namespace["labels"]["config.linkerd.io/admission-webhooks"] == "disabled", "agents start without an injector"


def test_meshed_pods_alone_reach_the_port_for_proxies() -> None:
    two = [{"name": "research", "namespaces": ["research", "lab"]}]
    found = flows_of(stack(**JOINED | {"teams": two, "mesh": {**MESH, "viz": True}}, isolation={}), "main")

    def reach(direction: str, namespace: str) -> bool:
        return any(
            TO_AGENTS.port in flow.ports and flow.peer == Pods(namespace="opentelemetry")
            for flow in found[namespace]
            if flow.direction == direction
        )

    assert [reach("out", each) for each in ("research", "linkerd", "linkerd-viz", "lab")] == [True, True, True, False]
    let_in = [flow.peer for flow in found["opentelemetry"] if TO_AGENTS.port in flow.ports]
    assert all(let_in.count(Pods(namespace=each)) == 1 for each in ("research", "linkerd", "linkerd-viz"))
    assert len(let_in) == 3
