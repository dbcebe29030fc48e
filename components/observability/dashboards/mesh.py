"""The service mesh: who answers, how fast, who is refused, and how old identities are."""

from components.core.dashboards import Dashboard, Row, Variable, lines, stat, table
from settings.cluster.parts import ClusterParts

NAMESPACES = 'namespace=~"$namespace"'
BY = ("namespace", "workload")
REQUESTS = f"sum by (namespace, workload) (mesh:requests_per_second{{{NAMESPACES}}})"
WELL = f"mesh:success_ratio{{{NAMESPACES}}}"
SLOWEST = f"mesh:latency_seconds:p99{{{NAMESPACES}}}"
HALF = (
    "histogram_quantile(0.5, sum by (namespace, workload, le) (rate(response_latency_ms_bucket"
    f'{{direction="inbound",{NAMESPACES}}}[5m]) * on (namespace, pod) group_left (workload) pod:workload)) / 1000'
)
DENIED = f"rate(inbound_http_authz_deny_total{{{NAMESPACES}}}[5m])"


def when(cluster: ClusterParts) -> bool:
    return cluster.mesh is not None


DASHBOARD = Dashboard(
    uid="mesh",
    title="Mesh",
    folder="Cluster",
    about="What meshed workloads answer, by what their proxies see.",
    when=when,
    variables=(Variable(name="namespace", metric="response_total", label="namespace"),),
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    *("Requests a second", "reqps", f"sum(mesh:requests_per_second{{{NAMESPACES}}})"),
                    "Requests that meshed pods answer.",
                ),
                stat(
                    *("Answered well", "percentunit"),
                    f'sum(mesh:requests_per_second{{classification="success",{NAMESPACES}}}) / '
                    f"sum(mesh:requests_per_second{{{NAMESPACES}}})",
                    "Part of the answers that are no failure.",
                    thresholds=((0, "red"), (0.95, "orange"), (0.99, "green")),
                ),
                stat(
                    *("Refused by policy", "reqps", f"sum({DENIED}) or vector(0)"),
                    "Requests a second that a policy of the mesh refuses.",
                    thresholds=((0.1, "orange"),),
                ),
                stat(
                    *("The first identity ends in", "s"),
                    "min(identity_cert_expiration_timestamp_seconds > 0) - time()",
                    "A proxy renews its certificate of 24 hours long before.",
                    thresholds=((0, "red"), (6 * 3600, "green")),
                ),
            ),
        ),
        Row(
            title="Workloads",
            panels=(
                table(
                    *("Workloads", "reqps"),
                    {"requests": REQUESTS, "well": WELL, "half within": HALF, "99 of 100 within": SLOWEST},
                    "What each workload answers.",
                    *("workload", "namespace"),
                    width=24,
                    units={"well": "percentunit", "half within": "s", "99 of 100 within": "s"},
                ),
                lines("Requests", "reqps", REQUESTS, "Requests a second.", *BY, stacked=True),
                lines("Answered well", "percentunit", WELL, "Part without failure.", *BY, most=1),
                lines(
                    *("99 of 100 within", "s", SLOWEST),
                    "Time of an answer; a stream of tokens is one answer.",
                    *BY,
                ),
                lines(
                    *("Refused by policy", "reqps", f"sum by (namespace, srv_name) ({DENIED}) > 0"),
                    "Callers that no policy names, by the Server that they call.",
                    *("namespace", "srv_name"),
                    stacked=True,
                ),
            ),
        ),
    ),
)
