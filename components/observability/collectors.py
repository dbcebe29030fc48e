"""The configurations of the OpenTelemetry collectors: agents on each node, and gateways that see whole traces.

An agent writes who sent a span over whatever the sender says of that, and drops prompts and answers before they leave
the node. All spans of a trace go to one gateway, by its id, which waits for them and then judges: it keeps each trace
with an error, each slow one, and a share of the others. A head sampler would lose most errors.
Between collectors spans travel in the clear, in one namespace. Parts have their names of 0.158; older ones warn.
Sources: opentelemetry-collector v0.158.0 and -contrib (config.go and README of each part); opentelemetry-collector-
releases v0.158.0, distributions (awsxray is in contrib alone); semantic-conventions, gen-ai; Arize openinference and
traceloop openllmetry, semantic conventions (from their documentation, versions unverified); read 2026-11.
"""

import re
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
"""Of some ten spans with a kilobyte or two each, so that three quarters of the memory hold them twice."""

# What is said of the sender. The address of a pod does not tell the container, so what the sender says of that stays.
OF_SENDER = (
    r"^(cluster_name|namespace|team|k8s\.(cluster|cronjob|daemonset|deployment|job|namespace|node|pod|replicaset"
    r"|statefulset)\..*)$"
)
CONTENT = (
    r"gen_ai\.(prompt|completion)(\.\d+.*)?",  # OpenLLMetry, and OpenTelemetry before 1.28
    r"gen_ai\.(input\.messages|output\.messages|system_instructions|tool\.definitions|event\.content)",
    r"gen_ai\.tool\.(call\.)?(arguments|result)",
    r"traceloop\.entity\.(input|output)",
    r"llm\.(prompts|completions|input_messages|output_messages|prompt_template\.(template|variables))(\..*)?",
    r"(input|output)\.value",  # OpenInference
    r"(retrieval|embedding|reranker)\..*(text|content|query|documents?)(\..*)?",
    r"tool\.(parameters|output)",
)
"""Attributes that hold prompts, answers, or what tools were given."""
KEPT_OF_EVENTS = r"^gen_ai\.(agent|operation|provider|request|response|system|usage)(\.[a-z_]+)?$"
"""Of events of the conventions for generative AI, which are made for content, these attributes alone are kept."""
INDEXED = (
    *("k8s.cluster.name", "k8s.namespace.name", "k8s.deployment.name", "k8s.pod.name", "team"),
    *("gen_ai.request.model", "gen_ai.provider.name", "gen_ai.operation.name"),
)
"""By these X-Ray finds traces."""

_SERVICE = {
    "telemetry": {
        "logs": {"encoding": "json"},
        "metrics": {"readers": [{"pull": {"exporter": {"prometheus": {"host": "0.0.0.0", "port": METRICS}}}}]},  # noqa: S104
    },
    "extensions": ["health_check"],
}
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
                {"statements": [each]}
                for each in (
                    f'delete_matching_keys(resource.attributes, "{_quoted(OF_SENDER)}")',
                    f'set(resource.attributes["k8s.cluster.name"], "{cluster}")',
                    *_without_content(traces),
                )
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
    held = traces.memory_gib * TRACES_PER_GIB
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
        "batch": {},
    }
    return _configuration({"grpc": OTLP_GRPC}, processors, _out(cluster_region, traces))


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


def _without_content(traces: TraceSettings) -> list[str]:
    pattern = _quoted(f"^({'|'.join([*CONTENT, *map(re.escape, traces.drop_attributes)])})$")
    of_events = f'keep_matching_keys(spanevent.attributes, "{_quoted(KEPT_OF_EVENTS)}")'
    return [
        f'{of_events} where IsMatch(spanevent.name, "^gen_ai[.]")',
        *(f'delete_matching_keys({place}.attributes, "{pattern}")' for place in ("resource", "span", "spanevent")),
    ]


def _quoted(pattern: str) -> str:
    """Returns a pattern as in a string of the transform language; in a configuration a dollar stands for two."""
    return pattern.replace("\\", "\\\\").replace("$", "$$")
