"""The configurations of the collectors in the real program: what it keeps, what it drops, and whom it believes."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import Any
from urllib.error import HTTPError

import pytest

from catalog.metrics import exporters
from components.observability.addons.opentelemetry_operator import WITHOUT_ALPN
from components.observability.collectors import IDENTITY, Configuration, agent, gateway
from components.tenancy.marks import TEAM
from settings.observability.traces import TraceSettings
from simulator.collector.build import UNBUILT, module_of
from tests.simulator.collector import proxies
from tests.simulator.collector.running import Collector, collector, why_refused
from tests.simulator.collector.servers import NAMESPACE, NODE, POD, Span, api_server, sink

pytestmark = pytest.mark.skipif(
    not module_of().is_built(), reason=f"{module_of().title} is not built here: make conformance builds it"
)
SINK = {"otlp": {"address": "http://127.0.0.1:4318"}}
ON_A_NODE = {"K8S_NODE_NAME": NODE}
SECOND = 1_000_000_000


def traces(**changes: Any) -> TraceSettings:
    return TraceSettings.model_validate({**SINK, **changes})


@pytest.mark.parametrize("gateways", [1, 2])
@pytest.mark.parametrize("changes", [{}, {"drop_attributes": ["app.prompt", "a/b-c_d"]}])
def test_the_program_takes_the_configuration_of_agents(gateways: int, changes: dict[str, Any], tmp_path: Path) -> None:
    assert why_refused(agent("ml-platform-prod-main", traces(**changes), gateways), tmp_path, ON_A_NODE) == ""


@pytest.mark.parametrize("changes", [{}, {"sample_ratio": 1, "slow_seconds": 0.25}, {"sample_ratio": 0}])
def test_the_program_takes_the_configuration_of_gateways(changes: dict[str, Any], tmp_path: Path) -> None:
    assert why_refused(gateway("us-west-2", traces(**changes)), tmp_path, {}) == ""


def test_of_that_for_x_ray_it_lacks_the_exporter_alone(tmp_path: Path) -> None:
    words = why_refused(gateway("us-west-2", TraceSettings()), tmp_path, {})
    assert words.count("unknown type") == words.count(f'unknown type: "{UNBUILT}"') > 0


def test_the_program_refuses_a_part_that_is_misspelt(tmp_path: Path) -> None:
    wrong = gateway("us-west-2", traces())
    wrong["processors"]["tail_sampling"]["decision_weight"] = "1s"
    assert "decision_weight" in why_refused(wrong, tmp_path, {})


@dataclass
class Running:
    """Two agents, two gateways, and what they have sent."""

    agents: list[Collector]
    gateways: list[Collector]
    kept: list[Span]

    def span(
        self, name: str, trace: int, *, seconds: float = 0.1, error: bool = False, by: int = 0, **more: Any
    ) -> None:
        """Sends a span. by: which agent. more: resource, scope, attributes, events."""
        now = time.time_ns()
        self.agents[by].send(
            {
                "traceId": f"{trace:032x}",
                "spanId": f"{time.perf_counter_ns() % 2**60 + 1:016x}",
                "name": name,
                "startTimeUnixNano": str(now - round(seconds * SECOND)),
                "endTimeUnixNano": str(now),
                "status": {"code": 2} if error else {},
                "attributes": _attributes(more.get("attributes", {})),
                "events": [
                    {"timeUnixNano": str(now), "name": event, "attributes": _attributes(each)}
                    for event, each in more.get("events", {}).items()
                ],
            },
            resource=more.get("resource"),
            scope=more.get("scope"),
        )

    def names(self, count: int, seconds: float = 15) -> list[str]:
        """Returns the names of what was kept, once there are as many, and a while later no more."""
        deadline = time.monotonic() + seconds
        while len(self.kept) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(2.5)
        return sorted(each["name"] for each in self.kept)


def _attributes(values: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def _with_ways(agents: Configuration, gateways: list[Collector]) -> Configuration:
    """Returns the configuration of agents with other addresses: of the gateways, and of the API server."""
    resolver = agents["exporters"]["load_balancing"]["resolver"]
    resolver.clear()
    resolver["static"] = {"hostnames": [each.grpc for each in gateways]}
    agents["processors"]["k8s_attributes"]["auth_type"] = "kubeConfig"
    return agents


def _quick(gateway: Configuration) -> Configuration:
    """Returns the configuration of gateways that decide after two seconds, and send what the sink reads."""
    gateway["exporters"]["otlp_http"].update(encoding="json", compression="none")
    gateway["processors"]["tail_sampling"]["decision_wait"] = "2s"
    return gateway


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Running]:
    changes = getattr(request, "param", {"sample_ratio": 0})
    kept: list[Span] = []
    with ExitStack() as up:
        settings = traces(**changes, otlp={"address": up.enter_context(sink(kept))})
        judging = _quick(gateway("us-west-2", settings))
        gateways = [up.enter_context(collector(tmp_path / f"gateway-{number}", judging)) for number in range(2)]
        kubeconfig = up.enter_context(api_server(tmp_path, TEAM, "vision"))
        environment = {**ON_A_NODE, "KUBECONFIG": str(kubeconfig)}
        taking = _with_ways(agent("ml-platform-prod-main", settings, 2), gateways)
        agents = [up.enter_context(collector(tmp_path / f"agent-{number}", taking, environment)) for number in range(2)]
        time.sleep(1)  # until the agents have read pods and namespaces
        yield Running(agents, gateways, kept)


IDENTITY_OF_AGENTS = "agent-collector.opentelemetry.serviceaccount.identity.linkerd.main.us-west-2.ml-platform-dev"


@pytest.mark.parametrize("asks_for_alpn", [False, True])
def test_a_proxy_of_the_mesh_sends_to_who_proves_the_identity(asks_for_alpn: bool, tmp_path: Path) -> None:
    anchor, other = (proxies.Anchor(tmp_path / f"{name}.crt") for name in ("first", "other"))
    anchor.identity(tmp_path / "identity", IDENTITY_OF_AGENTS)
    kept: list[Span] = []
    with ExitStack() as up:
        settings = traces(sample_ratio=0, otlp={"address": up.enter_context(sink(kept))})
        judging = up.enter_context(collector(tmp_path / "gateway", _quick(gateway("us-west-2", settings))))
        taking = agent("ml-platform-prod-main", settings, 1, meshed=True)
        taking["processors"]["k8s_attributes"]["auth_type"] = "kubeConfig"
        taking["exporters"]["otlp_grpc"]["endpoint"] = judging.grpc
        tls = taking["receivers"]["otlp/mesh"]["protocols"]["grpc"]["tls"]
        tls.update({key: tls[key].replace(IDENTITY, str(tmp_path / "identity")) for key in ("cert_file", "key_file")})
        environment = {**ON_A_NODE, "KUBECONFIG": str(up.enter_context(api_server(tmp_path, TEAM, "vision")))}
        environment |= {} if asks_for_alpn else {each["name"]: each["value"] for each in WITHOUT_ALPN}
        alone = up.enter_context(collector(tmp_path / "agent", taking, environment))
        time.sleep(1)  # until it has read pods and namespaces
        taken = [
            proxies.send(alone.mesh, anchor.file, IDENTITY_OF_AGENTS, f"/v1/{status}", trace, status)
            for trace, status in enumerate(("200", "503", "404"), 1)
        ]
        assert taken == [not asks_for_alpn] * 3, "by default gRPC closes what has no ALPN"
        for roots, identity in ((anchor, f"other.{IDENTITY_OF_AGENTS}"), (other, IDENTITY_OF_AGENTS)):
            with pytest.raises(SSLCertVerificationError):
                proxies.send(alone.mesh, roots.file, identity, "/v1/other", 9)
        failed = [] if asks_for_alpn else ["/v1/503"]
        assert Running([alone], [], kept).names(len(failed)) == failed, (
            "what failed is kept, by what a proxy says of it"
        )
    for span in kept:
        assert span["resource"]["k8s.pod.name"] == POD, "it is known by its address, as any pod is"
        assert (span["resource"]["team"], span["resource"]["service.name"]) == ("vision", "chat")


def test_errors_and_slow_traces_are_kept_whole_and_others_are_not(running: Running) -> None:
    for trace in range(1, 21):
        running.span("fine", trace)
    for trace in range(101, 106):
        running.span("first", trace)
        running.span("broken", trace, error=True, by=1)  # another node, and still the same gateway
    running.span("slow", 200, seconds=6)
    running.span("of the slow one", 200, by=1)
    running.span("not so slow", 201, seconds=4)

    assert running.names(12) == sorted([*["first", "broken"] * 5, "slow", "of the slow one"])
    judged = [
        sum(value for name, value in each.series().items() if "tail_sampling_new_trace_id_received" in name)
        for each in running.gateways
    ]
    assert sum(judged) == 27, "each trace has one judge"
    assert all(judged), "both have some"


def test_late_spans_follow_the_decision(running: Running) -> None:
    running.span("broken", 1, error=True)
    running.span("fine", 2)
    assert running.names(1) == ["broken"]
    running.span("late", 1)
    running.span("also broken", 2, error=True)
    assert running.names(2) == ["broken", "late"]


@pytest.mark.parametrize("running", [{"sample_ratio": 0.25}], indirect=True)
def test_of_the_others_a_share_is_kept(running: Running) -> None:
    for trace in range(1, 201):
        running.span("fine", trace * 7919 * 104729)
    assert 25 <= len(running.names(30)) <= 80


@pytest.mark.parametrize("with_events", [True, False])
@pytest.mark.parametrize("running", [{"sample_ratio": 1, "drop_attributes": ["app.prompt"]}], indirect=True)
def test_who_sent_it_is_what_the_cluster_says_and_content_is_gone(running: Running, with_events: bool) -> None:
    tokens = {"gen_ai.request.model": "llama", "gen_ai.usage.input_tokens": "12", "gen_ai.prompt.name": "greeting"}
    content = {
        "gen_ai.input.messages": "my password is x",
        "gen_ai.output.messages": "it is x",
        "gen_ai.prompt.0.content": "x",
        "gen_ai.completion": "x",
        "gen_ai.tool.call.arguments": "x",
        "llm.input_messages.0.message.content": "x",
        "retrieval.documents.0.document.content": "x",
        "input.value": "x",
        "traceloop.entity.input": "x",
        "app.prompt": "x",
    }
    lies = {"team": "agents", "k8s.namespace.name": "agents", "k8s.pod.name": "p", "cluster_name": "other"}
    running.span(
        "chat",
        1,
        attributes={**tokens, **content},
        events={
            "gen_ai.user.message": {"gen_ai.system": "vllm", "content": "x", "role": "user"},
            "exception": {"exception.type": "ValueError", "input.value": "x"},
        }
        if with_events
        else {},
        resource={**lies, "service.name": "api", "k8s.container.name": "main", "input.value": "x"},
    )
    assert running.names(1) == ["chat"]
    (span,) = running.kept
    assert span["attributes"] == tokens
    kept = [
        {"name": "gen_ai.user.message", "gen_ai.system": "vllm"},
        {"name": "exception", "exception.type": "ValueError"},
    ]
    assert span["events"] == (kept if with_events else [])
    assert span["resource"] == {
        "service.name": "api",
        "k8s.container.name": "main",
        "k8s.cluster.name": "ml-platform-prod-main",
        "k8s.namespace.name": NAMESPACE,
        "k8s.node.name": NODE,
        "k8s.pod.name": POD,
        "k8s.deployment.name": "train",
        "team": "vision",
    }


# Of the conventions: names, identifiers and numbers. Those of OpenInference are whole, those of the others a choice.
KEPT = """
gen_ai.agent.id gen_ai.agent.name gen_ai.agent.version gen_ai.conversation.id gen_ai.data_source.id
gen_ai.embeddings.dimension.count gen_ai.evaluation.name gen_ai.evaluation.score.label gen_ai.evaluation.score.value
gen_ai.memory.record.count gen_ai.memory.store.id gen_ai.operation.name gen_ai.output.type gen_ai.prompt.name
gen_ai.provider.name gen_ai.request.choice.count gen_ai.request.frequency_penalty gen_ai.request.max_tokens
gen_ai.request.model gen_ai.request.seed gen_ai.request.stream gen_ai.request.temperature gen_ai.request.top_k
gen_ai.response.finish_reasons gen_ai.response.id gen_ai.response.model gen_ai.response.time_to_first_chunk
gen_ai.token.type gen_ai.tool.call.id gen_ai.tool.name gen_ai.tool.type gen_ai.usage.input_tokens
gen_ai.usage.cache_read.input_tokens gen_ai.workflow.name gen_ai.system gen_ai.latency.time_in_queue
document.id document.score embedding.model_name input.mime_type llm.provider llm.system llm.model_name
llm.request.model_name llm.response.model_name llm.finish_reason llm.prompt_template.version
llm.token_count.completion llm.token_count.prompt_details.cache_read llm.cost.total message.name openinference.span.kind
output.mime_type reranker.model_name reranker.top_k session.id tag.tags tool.name tool.id tool_call.function.name
tool_call.id user.id audio.mime_type prompt.vendor prompt.id agent.name graph.node.id graph.node.parent_id
evaluation.name evaluation.score annotation.label metadata exception.type db.query.text
traceloop.span.kind traceloop.workflow.name traceloop.entity.name traceloop.association.properties.user
llm.request.type llm.usage.total_tokens llm.is_streaming mcp.method.name mcp.request.id http.response.status_code
rpc.system message.id message.uncompressed_size teams team.name k8s.container.name
"""
GONE = """
gen_ai.agent.description gen_ai.evaluation.explanation gen_ai.input.messages gen_ai.memory.query.text
gen_ai.memory.records gen_ai.output.messages gen_ai.request.stop_sequences gen_ai.retrieval.documents
gen_ai.retrieval.query.text gen_ai.system_instructions gen_ai.tool.call.arguments gen_ai.tool.call.result
gen_ai.tool.definitions gen_ai.tool.description gen_ai.event.content gen_ai.prompt gen_ai.completion.0.content
gen_ai.prompt.0.content
annotation.explanation annotations.0.annotation.explanation evaluation.explanation evaluation.metadata
trace.evaluations.0.evaluation.explanation session.annotations.0.annotation.metadata document.content document.metadata
embedding.embeddings.0.embedding.text embedding.text embedding.vector embedding.invocation_parameters image.url
input.value llm.prompts llm.choices llm.choices.0.completion.text llm.function_call llm.input_messages.0.message.content
llm.invocation_parameters llm.output_messages.0.message.content llm.prompt_template.template
llm.prompt_template.variables llm.tools.0.tool.json_schema message.content message.contents
message.function_call_arguments_json message.tool_calls message_content.text message_content.data output.value
reranker.input_documents reranker.output_documents reranker.query retrieval.documents.0.document.content
tool.description tool.json_schema tool.parameters tool_call.function.arguments audio.url audio.transcript
traceloop.entity.input traceloop.entity.output traceloop.prompt.template traceloop.prompt.template_variables
llm.headers llm.request.functions.0.parameters llm.content.completion.chunk llm.chat.stop_sequences
mcp.request.argument mcp.response.value mcp.session.init_options db.query.result.document db.search.result.entity
app.prompt
"""
LIES = """
team namespace cluster_name k8s.namespace.name k8s.pod.name k8s.pod.uid k8s.cluster.name otel.resource.team
otel.resource.k8s.namespace.name aws.xray.annotations aws.xray.metadata.default
"""


@pytest.mark.parametrize("running", [{"sample_ratio": 1, "drop_attributes": ["app.prompt"]}], indirect=True)
def test_of_the_conventions_names_and_numbers_are_kept_and_nobody_passes_for_another(running: Running) -> None:
    said = dict.fromkeys((KEPT + GONE + LIES).split(), "x")
    running.span("bare", 1, attributes=said)
    running.span("whole", 2, attributes=said, events={"retrieved": said, "gen_ai.choice": said}, scope=said)
    assert running.names(2) == ["bare", "whole"]
    expected = set(KEPT.split())
    for span in running.kept:
        places = {"span": span["attributes"], **({"scope": span["scope"]} if span["name"] == "whole" else {})}
        places |= {
            each["name"]: {key: value for key, value in each.items() if key != "name"} for each in span["events"]
        }
        assert len(places) == (4 if span["name"] == "whole" else 1)
        choice = places.pop("gen_ai.choice", {"gen_ai.system": "x"})
        assert {place: set(found) ^ expected for place, found in places.items()} == {place: set() for place in places}
        assert "gen_ai.system" in choice
        assert set(choice) < expected
        assert "http.response.status_code" not in choice, "events of generative AI keep what the conventions know"


def test_what_alerts_read_is_served(tmp_path: Path) -> None:
    """Counters of what went wrong come with the first time, but for those of a full queue."""
    kept: list[Span] = []
    with sink(kept) as address:
        failing = gateway("us-west-2", traces(sample_ratio=1))
        failing["exporters"]["otlp_http"]["endpoint"] = f"{address}/nowhere"
        failing["receivers"]["otlp"]["protocols"]["http"] = {}
        failing["processors"]["tail_sampling"].update(decision_wait="1s", num_traces=1)
        with collector(tmp_path, failing) as alone:
            running = Running([alone], [], kept)
            for trace in (1, 2):
                running.span("fine", trace)
            time.sleep(4)
            served = alone.series()
    names = {name.partition("{")[0] for name in served}
    metrics = exporters()["opentelemetry-gateway"]["metrics"]
    assert set(metrics) - names == {"otelcol_exporter_enqueue_failed_spans"}
    labels = {name: {part.partition("=")[0] for part in rest[:-1].split(",")} for name, _, rest in map(_parts, served)}
    for name, row in metrics.items():
        assert set(row["labels"]) <= labels.get(name, set(row["labels"])) | {""}, name


def _parts(series: str) -> tuple[str, str, str]:
    return series.partition("{")


def test_it_refuses_spans_before_it_ends_of_memory(tmp_path: Path) -> None:
    small = gateway("us-west-2", traces())
    small["receivers"]["otlp"]["protocols"]["http"] = {}
    small["processors"]["memory_limiter"] = {"check_interval": "1s", "limit_mib": 2, "spike_limit_mib": 1}
    with collector(tmp_path, small) as alone:
        time.sleep(2.5)
        with pytest.raises(HTTPError) as refused:
            Running([alone], [], []).span("fine", 1)
        assert refused.value.code == 503, "the sender tries again"
        assert [value for name, value in alone.series().items() if "receiver_refused_spans" in name] == [1]
