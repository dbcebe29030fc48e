"""The OpenTelemetry operator, and what it runs: agents on each node, gateways, and instrumentation of Python.

Its webhooks judge collectors and add agents to pods that ask for one; cert-manager makes their certificate. While it is
away pods start without an agent. What it may make is less than by default: with rights over ClusterRoles it would put a
finalizer on each collector, which nobody takes off once it is gone. So the rights of the agents are made here.
The image `k8s` that the chart names has no exporter for X-Ray; `contrib` has.
Sources: opentelemetry-helm-charts opentelemetry-operator-0.122.0, templates/; opentelemetry-operator v0.158.0,
internal/controllers/opentelemetrycollector_controller.go (finalizer), internal/manifests/collector, internal/naming,
internal/instrumentation, internal/webhook, pkg/featuregate, versions.txt; opentelemetry-collector-releases v0.158.0,
distributions/; read 2026-11.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.sharing import POOL_LABEL
from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, Identity
from components.core.flows import (
    CONTROLLER,
    OTLP_GRPC,
    OTLP_HTTP,
    TRACE_AGENTS,
    TRACE_GATEWAYS,
    WITH_ROLE,
    Flow,
    into,
    of_pods,
    out,
    to_address,
    webhooks,
)
from components.core.metrics import Scrape
from components.core.namespaces import CONTROL_PLANE, MESH_ISSUER
from components.core.tolerations import EVERY_TAINT
from components.core.untyped import Manifest, Values
from components.observability.collectors import (
    AGENT,
    GATEWAY,
    IDENTITY,
    METRICS,
    NAMESPACE,
    agent,
    gateway,
    service,
)
from settings.cluster.addon_rules import needed_by_traces
from settings.cluster.addons import AddonSettings
from settings.cluster.fixed_values import FixedValue, only
from settings.cluster.parts import ClusterParts
from settings.mesh.mesh import TO_AGENTS
from settings.observability.traces import TraceSettings

NAME = "opentelemetry-operator"
WEBHOOK = 9443
MESHED = "agent-mesh-identity"
"""The certificate of the agents in the mesh, and its Secret."""
_IDENTITY = {
    "volumes": [{"name": MESHED, "secret": {"secretName": MESHED}}],
    "volumeMounts": [{"name": MESHED, "mountPath": IDENTITY, "readOnly": True}],
}
WITHOUT_ALPN = ({"name": "GRPC_ENFORCE_ALPN_ENABLED", "value": "false"},)
"""Proxies offer no ALPN to a collector, and gRPC refuses TLS without it unless it is told not to.

Source: linkerd2-proxy release/v2.366.0, linkerd/tls/src/client.rs; grpc-go v1.83.0, credentials/tls.go; read 2026-11.
"""
OPENS = "operand.networkpolicy"
"""The gate by which the operator lets everybody reach collectors, beside all other network policies."""
PYTHON_IMAGE = ("ghcr.io/open-telemetry/opentelemetry-operator/autoinstrumentation-python", "0.64b0")
UNPRIVILEGED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def traces_of(context: AddOnContext) -> TraceSettings:
    """Returns the settings. The stack file may turn the add-on on only where there are some."""
    observability = context.observability
    return (observability.traces if observability is not None else None) or TraceSettings()


def gateways(context: AddOnContext) -> int:
    """Returns how many gateways there are."""
    return traces_of(context).gateways or (2 if context.stage.production else 1)


def injected_images(addons: Mapping[str, AddonSettings]) -> tuple[str, ...]:
    """Returns the images that the operator adds to pods. addons: those of the cluster in the stack file."""
    given: Any = addons[NAME].values if NAME in addons else {}
    image = given.get("manager", {}).get("autoInstrumentationImage", {}).get("python", {})
    repository, tag = PYTHON_IMAGE
    return (f"{image.get('repository') or repository}:{image.get('tag') or tag}",)


def values(context: AddOnContext) -> Values:
    repository, tag = PYTHON_IMAGE
    contrib = "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-contrib"
    return {
        "nodeSelector": {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name},
        "priorityClassName": "system-cluster-critical",
        "manager": {
            "collectorImage": {"repository": contrib, "tag": "0.158.0"},
            "autoInstrumentationImage": {"python": {"repository": repository, "tag": tag}},
            "createRbacPermissions": False,
            "featureGatesMap": {OPENS: False},
            "resources": _resources("50m", "256Mi"),
        },
        "admissionWebhooks": {
            "certManager": {"enabled": True},
            "pods": {"failurePolicy": "Ignore"},
            "timeoutSeconds": 5,  # for which each new pod of the cluster waits for an operator that hangs
        },
    }


def _resources(cpu: str, memory: str) -> Values:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def meshed(context: AddOnContext) -> bool:
    """Returns whether proxies of the mesh send their spans to the agents."""
    return context.mesh is not None and context.mesh.tracing == TO_AGENTS


def before(context: AddOnContext) -> Mapping[str, Manifest]:
    """Returns the certificate of the agents, as short-lived as that of the mesh's own issuer.

    Proxies send spans to an identity of the mesh alone. Agents have no proxy, since it would hide the address by which
    they know who sent a span, and cannot be on nodes with EFA; so they prove an identity by themselves.
    Source: linkerd2-proxy release/v2.366.0, linkerd/app/src/env.rs (parse_control_addr), linkerd/meshtls; read 2026-11.
    """
    name = f"{TO_AGENTS.service_account}.{NAMESPACE}.serviceaccount.identity.{CONTROL_PLANE}.{context.trust_domain}"
    certificate = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": MESHED, "namespace": NAMESPACE},
        "spec": {
            "secretName": MESHED,
            "dnsNames": [name],
            "usages": ["server auth"],  # it calls nobody by that name
            "duration": "48h0m0s",
            "renewBefore": "25h0m0s",
            "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always"},
            "issuerRef": {"name": MESH_ISSUER, "kind": "ClusterIssuer"},
        },
    }
    return {MESHED: certificate} if meshed(context) else {}


def manifests(context: AddOnContext) -> Mapping[str, Manifest]:
    """Returns the gateways, then the agents that send to them, then what sends to the agents."""
    traces, count, joined = traces_of(context), gateways(context), meshed(context)
    apart = {
        "topologyKey": "kubernetes.io/hostname",
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": TRACE_GATEWAYS.labels},
    }
    return {
        GATEWAY: _collector(
            GATEWAY,
            gateway(context.stage.region, traces),
            mode="deployment",
            replicas=count,
            nodeSelector={"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name},
            topologySpreadConstraints=[apart],
            podDisruptionBudget={"maxUnavailable": 1},
            terminationGracePeriodSeconds=60,  # what it holds is judged at once, and sent
            priorityClassName="system-cluster-critical",
            resources=_resources("200m", f"{traces.memory_gib}Gi"),
        ),
        AGENT: _collector(
            AGENT,
            agent(context.cluster_name, traces, count, meshed=joined),
            mode="daemonset",
            env=[
                {"name": "K8S_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                *(WITHOUT_ALPN if joined else ()),
            ],
            **(_IDENTITY if joined else {}),
            nodeSelector={"kubernetes.io/os": "linux"},
            tolerations=EVERY_TAINT,
            priorityClassName="system-node-critical",
            daemonSetUpdateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
            resources=_resources("50m", "256Mi"),
        ),
        "python": _python(),
    }


def _collector(name: str, config: Mapping[str, Any], **spec: Any) -> Manifest:
    return {
        "apiVersion": "opentelemetry.io/v1beta1",
        "kind": "OpenTelemetryCollector",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "annotations": {"pulumi.com/skipAwait": "true"},  # it has no condition
        },
        "spec": {
            "config": config,
            "networkPolicy": {"enabled": False},  # it would let everybody in
            "upgradeStrategy": "none",  # otherwise the operator rewrites what is written here
            "podSecurityContext": {"runAsNonRoot": True, "runAsUser": 10001, "runAsGroup": 10001},  # as its image says
            "securityContext": {**UNPRIVILEGED, "readOnlyRootFilesystem": True},
            **spec,
        },
    }


def _python() -> Manifest:
    """Returns what pods with `instrumentation.opentelemetry.io/inject-python: opentelemetry/python` get.

    They send each trace, since only the gateways see whether one has an error or is slow.
    """
    off = {
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "false",
    }
    return {
        "apiVersion": "opentelemetry.io/v1alpha1",
        "kind": "Instrumentation",
        "metadata": {"name": "python", "namespace": NAMESPACE, "annotations": {"pulumi.com/skipAwait": "true"}},
        "spec": {
            "exporter": {"endpoint": f"http://{service(AGENT)}:{OTLP_HTTP}"},
            "propagators": ["tracecontext", "baggage"],
            "sampler": {"type": "parentbased_always_on"},
            "initContainerSecurityContext": UNPRIVILEGED | {"runAsUser": 65532},
            "python": {
                "env": [{"name": name, "value": value} for name, value in off.items()],
                # A quota refuses pods with a container that has none.
                "resourceRequirements": {
                    "requests": {"cpu": "50m", "memory": "64Mi"},
                    "limits": {"cpu": "500m", "memory": "128Mi"},
                },
            },
        },
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    if traces_of(context).sent_to is not None:
        return ()
    return (iam.allow("SendTraces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"]),)  # AWS has no ARNs


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    """Returns its flows without those from namespaces of teams, which follow from these."""
    traces = cluster.observability.traces if cluster.observability is not None else None
    place = traces.sent_to if traces is not None else None
    sends = WITH_ROLE if place is None else to_address(place.address, place.ranges, "sends traces")
    return (
        *CONTROLLER,
        webhooks(WEBHOOK),
        *of_pods(TRACE_AGENTS.labels, out("own-namespace", "agents send to gateways", OTLP_GRPC)),
        *of_pods(TRACE_GATEWAYS.labels, into("own-namespace", "agents send to gateways", OTLP_GRPC), *sends),
    )


def metrics(cluster: ClusterParts) -> Sequence[Scrape]:
    return (
        Scrape(job="opentelemetry-agent", pods=TRACE_AGENTS.labels, port=METRICS, of_nodes=True, keeps_pod=True),
        Scrape(job="opentelemetry-gateway", pods=TRACE_GATEWAYS.labels, port=METRICS, of_nodes=True, keeps_pod=True),
    )


ADD_ON = AddOnSpec(
    name=NAME,
    needed_by=needed_by_traces,
    instead="no observability.traces",
    after=("cert-manager",),
    after_if_on=("linkerd-control-plane", "tempo"),  # the mesh brings the issuer of the agents' identity
    before=before,
    pod_security="restricted",
    daemons=(),
    values=values,
    manifests=manifests,
    reads=lambda context: {f"{AGENT}-collector": (("", "namespaces"), ("", "pods"))},
    identities=(Identity(service_account=f"{GATEWAY}-collector", statements=statements),),
    flows=flows,
    metrics=metrics,
    fixed=(
        FixedValue(
            path="manager.createRbacPermissions",
            keeps=only(False),
            why="Each collector would get a finalizer, which nobody takes off once the operator is gone.",
        ),
        FixedValue(
            path="manager.featureGatesMap",
            keeps=lambda given: isinstance(given, Mapping) and given.get(OPENS, False) is False,
            why=f"With {OPENS} network policies let everybody reach collectors, whatever others say.",
        ),
        FixedValue(
            path="admissionWebhooks.certManager.enabled",
            keeps=only(True),
            why="cert-manager makes the certificate of the webhooks, and renews it.",
        ),
        FixedValue(
            path="admissionWebhooks.pods.failurePolicy",
            keeps=only("ignore"),
            why="While the operator is away, no pod of the cluster could start.",
        ),
        FixedValue(
            path="manager.ports.webhookPort",
            keeps=only(str(WEBHOOK)),
            why=f"Network policies let the API server in on port {WEBHOOK}.",
        ),
    ),
)
