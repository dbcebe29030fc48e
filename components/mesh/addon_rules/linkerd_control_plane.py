"""Rules of the mesh: what proxies see of requests, and certificates that end.

Sources: linkerd/linkerd2-proxy release/v2.366.0, linkerd/app/core/src/metrics.rs, inbound/src/metrics/authz.rs,
linkerd/identity/src/metrics.rs; components/mesh/identity.py for names and lives of certificates; read 2026-11.
"""

from components.core.metrics import Alert, Recording
from components.core.namespaces import MESH_ISSUER
from components.mesh.identity import WEBHOOK_AUTHORITY, anchor_secret

PEOPLE_RENEW = f"{anchor_secret('.+')}|{WEBHOOK_AUTHORITY}"

RULES = (
    Recording(
        name="mesh:requests_per_second",
        expr='sum by (namespace, workload, classification) (rate(response_total{direction="inbound"}[5m]) '
        "* on (namespace, pod) group_left (workload) pod:workload)",
        about="Requests a second that a workload has answered, by success and failure.",
    ),
    Recording(
        name="mesh:success_ratio",
        expr='(sum by (namespace, workload) (mesh:requests_per_second{classification="success"}) '
        "or sum by (namespace, workload) (mesh:requests_per_second) * 0) "
        "/ (sum by (namespace, workload) (mesh:requests_per_second) > 0)",
        about="Share of a workload's requests that succeeded, 0 to 1.",
    ),
    Recording(
        name="mesh:latency_seconds:p99",
        expr="histogram_quantile(0.99, sum by (namespace, workload, le) (rate(response_latency_ms_bucket"
        '{direction="inbound"}[5m]) * on (namespace, pod) group_left (workload) pod:workload)) / 1000',
        about="Seconds within which a workload answers 99 of 100 requests.",
    ),
    Alert(
        name="MeshSuccessLow",
        expr="mesh:success_ratio < 0.99 "
        "and on (namespace, workload) sum by (namespace, workload) (mesh:requests_per_second) > 0.1",
        minutes=10,
        severity="warning",
        audience="team",
        summary="{{ $labels.namespace }}/{{ $labels.workload }} answers only {{ $value | humanizePercentage }} of its "
        "requests well.",
    ),
    Alert(
        name="MeshLatencyRisen",
        expr="avg_over_time(mesh:latency_seconds:p99[30m]) > 1 and avg_over_time(mesh:latency_seconds:p99[30m]) "
        "> 3 * avg_over_time(mesh:latency_seconds:p99[1d] offset 1d)",
        minutes=10,
        severity="warning",
        audience="team",
        summary="{{ $labels.namespace }}/{{ $labels.workload }} takes {{ $value | humanizeDuration }} for its slowest "
        "answers, three times as long as yesterday.",
    ),
    Alert(
        name="MeshDenied",
        expr="sum by (namespace, srv_name) (rate(inbound_http_authz_deny_total[5m])) > 0 "
        "or sum by (namespace, srv_name) (rate(inbound_tcp_authz_deny_total[5m])) > 0",
        minutes=10,
        severity="info",
        audience="team",
        summary="The mesh turns away callers of {{ $labels.srv_name }} in {{ $labels.namespace }}.",
    ),
    Alert(
        name="MeshControlPlaneAbsent",
        expr='absent(up{job="linkerd-proxy",namespace="linkerd"} == 1)',
        minutes=10,
        severity="critical",
        summary="The control plane of the mesh does not answer: new pods get no identity.",
    ),
    Alert(
        name="MeshIdentityEnding",
        expr="min by (namespace) (identity_cert_expiration_timestamp_seconds > 0) - time() < 4 * 3600",
        minutes=15,
        severity="critical",
        summary="Proxies in {{ $labels.namespace }} do not renew their identity: their connections fail in "
        "{{ $value | humanizeDuration }}.",
    ),
    Alert(
        name="MeshIssuerEnding",
        expr=f'min by (name) (certmanager_certificate_expiration_timestamp_seconds{{name="{MESH_ISSUER}"}} > 0) '
        "- time() < 12 * 3600",
        minutes=15,
        severity="critical",
        summary="The issuer of identities of the mesh ends in {{ $value | humanizeDuration }}, and is not renewed.",
    ),
    Alert(
        name="MeshAnchorEnding",
        expr=f'min by (name) (certmanager_certificate_expiration_timestamp_seconds{{name=~"{PEOPLE_RENEW}"}} > 0) '
        "- time() < 180 * 86400",
        minutes=60,
        severity="warning",
        summary="{{ $labels.name }} ends in {{ $value | humanizeDuration }}, and only people renew it.",
    ),
)
