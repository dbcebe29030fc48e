"""The configurations of the OpenTelemetry collectors: agents on each node, and gateways that see whole traces.

An agent writes who sent a span over whatever the sender says of that, and drops prompts and answers before they leave
the node. All spans of a trace go to one gateway, by its id, which waits for them and then judges: it keeps each trace
with an error, each slow one, and a share of the others. A head sampler would lose most errors.
Between collectors spans travel in the clear, in one namespace. Parts have their names of 0.158; older ones warn.
Sources: opentelemetry-collector v0.158.0 and -contrib (config.go and README of each part; awsxrayexporter, awsxray.go
and internal/translator, in a copy whose version is unverified); opentelemetry-collector-releases v0.158.0,
distributions (awsxray is in contrib alone); semantic-conventions-genai, docs/registry; Arize openinference 1fe497f1,
spec; traceloop openllmetry, semconv_ai (versions unverified); read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from components.core.flows import OTLP_GRPC, OTLP_HTTP, TRACE_AGENTS
from settings.mesh.mesh import TO_AGENTS
from settings.observability.traces import DECISION_SECONDS, TraceSettings

TEAM = "ml-platform/team"
"""Label of the namespaces of a team, as in components/tenancy/marks.py."""
AGENT, GATEWAY, NAMESPACE = "agent", "gateway", TRACE_AGENTS.namespace
METRICS, HEALTH = 8888, 13133
IDENTITY = "/var/run/mesh-identity"
"""Where agents have the certificate by which proxies of the mesh know them."""
TRACES_PER_GIB = 20_000
"""Of some ten spans with a kilobyte or two each: a third of the memory, and what is on the way beside it."""

# What is said of the sender. The address of a pod does not tell the container, so what the sender says of that stays.
# X-Ray indexes what a resource has under otel.resource, and takes a span's word for what else to index.
OF_SENDER = (
    r"cluster_name|namespace|team|k8s\.(cluster|cronjob|daemonset|deployment|job|namespace|node|pod|replicaset"
    r"|statefulset)\..*|otel\.resource\..*|aws\.xray\.(annotations|metadata\..*)"
)
CONTENT = (
    r"((gen_ai|llm|embedding|retrieval|reranker|document|message|message_content|tool|tool_call|input|output|image"
    r"|audio|prompt|completion|((trace|session)\.)?(annotation|evaluation)s?)\..*"
    r"|traceloop\.(entity\.(input|output)|prompt\.template.*)|mcp\.(request\.argument|response\.value|session\..*options)"
    r"|db\.(query|search)\.(result|embeddings)\..*)"
)
"""Attributes of conventions that hold prompts, answers, documents, or what tools were given, beside what is KEPT."""
KEPT = "|".join(
    (
        r"gen_ai\.([a-z_.]+\.)?(id|name|type|version|count|model)",
        r"gen_ai\.(system|(evaluation\.score|latency|token|usage)\..*)",
        r"gen_ai\.request\.(encoding_formats|max_tokens|n|seed|stream|temperature|top_[kp]|(frequency|presence)_penalty)",
        r"gen_ai\.response\.(finish_reasons|time_to_first_chunk)",
        r"(llm|embedding|reranker)\.((request|response)\.)?(model_name|type|finish_reason|stop_reason|top_k)",
        r"llm\.(provider|system|is_streaming|prompt_template\.version|(cost|token_count|usage)\..*)",
        r"(document|message|prompt|tool|tool_call)\.(id|score|type|vendor|name|function\.name|(un)?compressed_size)",
        r"(audio|input|output)\.mime_type",
        r"(annotation|evaluation)\.(annotator_kind|identifier|label|name|score)",
    )
)
"""Of them: names, identifiers and numbers."""
INDEXED = (
    *(
        f"otel.resource.{name}"
        for name in ("k8s.cluster.name", "k8s.namespace.name", "k8s.deployment.name", "k8s.pod.name", "team")
    ),
    *("gen_ai.request.model", "gen_ai.provider.name", "gen_ai.operation.name"),
)
"""By these X-Ray finds traces. It keeps a resource with spans of servers, and those that begin a trace, alone."""
AT_ONCE = 50
"""Spans that X-Ray takes in one call. Its exporter neither queues nor tries again, and has five seconds for a batch."""

_SERVICE = {
    "telemetry": {
        "logs": {"encoding": "json"},
        "metrics": {"readers": [{"pull": {"exporter": {"prometheus": {"host": "0.0.0.0", "port": METRICS}}}}]},  # noqa: S104
    },
    "extensions": ["health_check"],
}
# Spans are refused from 55 % on: the limit less what may come until the next check.
_MEMORY = {"check_interval": "1s", "limit_percentage": 75, "spike_limit_percentage": 20}
Configuration = dict[str, Any]


def service(collector: str) -> str:
    """Returns the name of the Service that the operator makes of a collector."""
    return f"{collector}-collector.{NAMESPACE}"


def agent(cluster: str, traces: TraceSettings, gateways: int, *, meshed: bool = False) -> Configuration:
    """Returns the configuration of the agents.

    cluster: its name in AWS. gateways: how many there are. meshed: whether they take spans of the mesh's proxies.
    """
    processors = {
        "memory_limiter": _MEMORY,
        "transform": {
            "error_mode": "propagate",  # rather no span than one with content
            # Each in a group of its own: all of one group would run once for each event, and never for a span without.
            "trace_statements": [
                *_cleaned(traces),
                {"statements": [f'set(resource.attributes["k8s.cluster.name"], "{cluster}")']},
            ],
        },
        "k8s_attributes": {
            "filter": {"node_from_env_var": "K8S_NODE_NAME"},  # otherwise each agent holds all pods of the cluster
            "extract": {
                "metadata": ["k8s.namespace.name", "k8s.node.name", "k8s.pod.name", "k8s.deployment.name"],
                "labels": [{"tag_name": "team", "key": TEAM, "from": "namespace"}],
            },
            "pod_association": [{"sources": [{"from": "connection"}]}],  # no sender says that it is another pod
        },
        "batch": {},
    }
    made = _configuration({"grpc": OTLP_GRPC, "http": OTLP_HTTP}, processors, _to_gateways(gateways))
    if meshed:
        files = {"cert_file": f"{IDENTITY}/tls.crt", "key_file": f"{IDENTITY}/tls.key", "reload_interval": "10m"}
        server = {"endpoint": f"0.0.0.0:{TO_AGENTS.port}", "tls": {**files, "min_version": "1.3"}}
        made["receivers"]["otlp/mesh"] = {"protocols": {"grpc": server}}
        made["service"]["pipelines"]["traces"]["receivers"].append("otlp/mesh")
        # A proxy says what was answered, and never that it is an error.
        failed = (
            'set(span.status.code, STATUS_CODE_ERROR) where IsMatch(span.attributes["http.response.status_code"], "^5")'
        )
        made["processors"]["transform"]["trace_statements"].append({"statements": [failed]})
    return made


def gateway(cluster_region: str, traces: TraceSettings) -> Configuration:
    """Returns the configuration of the gateways."""
    held, exporter = traces.memory_gib * TRACES_PER_GIB, _out(cluster_region, traces)
    policies: list[dict[str, Any]] = [
        {"name": "errors", "type": "status_code", "status_code": {"status_codes": ["ERROR"]}},
        {"name": "slow", "type": "latency", "latency": {"threshold_ms": round(traces.slow_seconds * 1000)}},
        {
            "name": "some",
            "type": "probabilistic",
            "probabilistic": {"sampling_percentage": round(traces.sample_ratio * 100, 6)},
        },
    ]
    processors = {
        "memory_limiter": _MEMORY,
        "tail_sampling": {
            "decision_wait": f"{DECISION_SECONDS}s",
            "num_traces": held,
            # Spans that come later follow the decision about their trace.
            "decision_cache": {"sampled_cache_size": held, "non_sampled_cache_size": 10 * held},
            "policies": policies,
        },
        "batch": {} if "awsxray" not in exporter else {"send_batch_size": AT_ONCE, "send_batch_max_size": AT_ONCE},
    }
    return _configuration({"grpc": OTLP_GRPC}, processors, exporter)


def _configuration(
    protocols: Mapping[str, int], processors: Mapping[str, Any], exporter: Mapping[str, Any]
) -> Configuration:
    listening = {name: {"endpoint": f"0.0.0.0:{port}"} for name, port in protocols.items()}
    traces = {"receivers": ["otlp"], "processors": list(processors), "exporters": list(exporter)}
    return {
        "receivers": {"otlp": {"protocols": listening}},
        "processors": dict(processors),
        "exporters": dict(exporter),
        "extensions": {"health_check": {"endpoint": f"0.0.0.0:{HEALTH}"}},
        "service": {**_SERVICE, "pipelines": {"traces": traces}},
    }


def _to_gateways(gateways: int) -> dict[str, Any]:
    clear = {"tls": {"insecure": True}}
    if gateways == 1:
        return {"otlp_grpc": {"endpoint": f"{service(GATEWAY)}:{OTLP_GRPC}", **clear}}
    name, _, namespace = service(GATEWAY).partition(".")
    hosts = {"hostname": f"{name}-headless.{namespace}", "port": str(OTLP_GRPC)}
    return {
        "load_balancing": {"routing_key": "traceID", "protocol": {"otlp": clear}, "resolver": {"dns": hosts}},
    }


def _out(region: str, traces: TraceSettings) -> dict[str, Any]:
    if (place := traces.sent_to) is not None:
        return {"otlp_http": {"endpoint": place.address}}
    # Without local_mode it asks the metadata service of its node, which pods do not reach.
    return {"awsxray": {"region": region, "local_mode": True, "indexed_attributes": list(INDEXED)}}


def _cleaned(traces: TraceSettings) -> list[dict[str, Any]]:
    """Returns statements that clean attributes: of each place in a group, since one runs in a single context."""
    sender, content, kept = (_quoted(f"^({pattern})$") for pattern in (OF_SENDER, CONTENT, KEPT))
    dropped = [_quoted(f"^{key.replace('.', '[.]')}$") for key in traces.drop_attributes]
    groups = []
    for place in ("resource", "scope", "span", "spanevent"):
        every, aside = f"{place}.attributes", f'{place}.cache["kept"]'
        statements = [
            f"set({aside}, {every})",
            f'keep_matching_keys({aside}, "{kept}")',
            f'delete_matching_keys({every}, "{content}")',
            f'merge_maps({every}, {aside}, "insert")',
            f'delete_matching_keys({every}, "{sender}")',
            # By a pattern: delete_key takes the first alone of two that have the same key.
            *(f'delete_matching_keys({every}, "{key}")' for key in dropped),
        ]
        if place == "spanevent":  # those of the conventions for generative AI are made for content
            statements.insert(2, f'keep_keys({every}, []) where IsMatch(spanevent.name, "^gen_ai[.]")')
        groups.append({"statements": statements})
    return groups


def _quoted(pattern: str) -> str:
    """Returns a pattern as in a string of the transform language; in a configuration a dollar stands for two."""
    return pattern.replace("\\", "\\\\").replace("$", "$$")
