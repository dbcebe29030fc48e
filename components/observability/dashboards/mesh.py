"""The service mesh: who answers, how fast, who is refused, and how old identities are."""

from components.core.dashboards import Dashboard, Row, Variable, lines, stat, table
from settings.cluster.parts import ClusterParts

IN = 'direction="inbound",namespace=~"$namespace"'
BY = "by (namespace, deployment)"
ALL = f"sum {BY} (rate(response_total{{{IN}}}[5m]))"
WELL = f'sum {BY} (rate(response_total{{{IN},classification="success"}}[5m])) / {ALL}'
DENIED = 'inbound_http_authz_deny_total{namespace=~"$namespace"}'


def quantile(part: float) -> str:
    return (
        f"histogram_quantile({part}, sum by (le, namespace, deployment) "
        f"(rate(response_latency_ms_bucket{{{IN}}}[5m]))) / 1000"
    )


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
                    *("Requests a second", "reqps", f"sum(rate(response_total{{{IN}}}[5m]))"),
                    "Requests that meshed pods answer.",
                ),
                stat(
                    *("Answered well", "percentunit"),
                    f'sum(rate(response_total{{{IN},classification="success"}}[5m])) / '
                    f"sum(rate(response_total{{{IN}}}[5m]))",
                    "Part of the answers that are no failure.",
                    thresholds=((0, "red"), (0.95, "orange"), (0.99, "green")),
                ),
                stat(
                    *("Refused by policy", "reqps", f"sum(rate({DENIED}[5m])) or vector(0)"),
                    "Requests a second that a policy of the mesh refuses.",
                    thresholds=((0.1, "orange"),),
                ),
                stat(
                    *("The first identity ends in", "s", "min(identity_cert_expiration_timestamp_seconds) - time()"),
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
                    {"requests": ALL, "well": WELL, "half within": quantile(0.5), "95 of 100 within": quantile(0.95)},
                    "What each workload answers.",
                    *("deployment", "namespace"),
                    width=24,
                    units={"well": "percentunit", "half within": "s", "95 of 100 within": "s"},
                ),
                lines("Requests", "reqps", ALL, "Requests a second.", "namespace", "deployment", stacked=True),
                lines("Answered well", "percentunit", WELL, "Part without failure.", "namespace", "deployment", most=1),
                lines(
                    *("95 of 100 within", "s", quantile(0.95)),
                    "Time of an answer; a stream of tokens is one answer.",
                    *("namespace", "deployment"),
                ),
                lines(
                    *("Refused by policy", "reqps", f"sum by (namespace) (rate({DENIED}[5m]))"),
                    "A caller that no policy names.",
                    "namespace",
                    stacked=True,
                ),
            ),
        ),
    ),
)
