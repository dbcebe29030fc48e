"""Cluster health: nodes, API server, DNS, addresses, certificates, and what watches all of it."""

from components.core.dashboards import Dashboard, Row, bars, lines, stat, table

API = 'job="apiserver"'
READY = 'kube_node_status_condition{KSM,condition="Ready",status="true"}'
BAD = "MemoryPressure|DiskPressure|PIDPressure|NetworkUnavailable"
UTILISED = '1 - avg by (node) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'
MEMORY = "1 - max by (node) (node_memory_MemAvailable_bytes) / max by (node) (node_memory_MemTotal_bytes)"
RESTARTS = "round(sum by (namespace, pod, container) (increase(kube_pod_container_status_restarts_total{KSM}[1h])))"
DISK = 'max by (node) (1 - node_filesystem_avail_bytes{fstype=~"ext4|xfs"} / node_filesystem_size_bytes)'

DASHBOARD = Dashboard(
    uid="cluster",
    title="Cluster health",
    folder="Cluster",
    about="Whether what everything stands on is well.",
    rows=(
        Row(
            title="Now",
            panels=(
                stat(
                    *("Nodes not ready", "short", f"sum({READY} == bool 0)"),
                    "Nodes whose kubelet says so, or says nothing.",
                    thresholds=((1, "red"),),
                ),
                stat(
                    *("Containers that restart", "short", f"count({RESTARTS} > 2) or vector(0)"),
                    "Containers that started again more than twice in the last hour; the table below names them.",
                    thresholds=((1, "orange"),),
                ),
                stat(
                    *("Targets that do not answer", "short", "sum(up == bool 0)"),
                    "What Prometheus does not reach, it does not know.",
                    thresholds=((1, "orange"),),
                ),
                stat(
                    *("Secrets that are not brought", "short"),
                    'sum(externalsecret_status_condition{condition="Ready",status="False"}) or vector(0)',
                    "ExternalSecrets that are not ready: empty in their store, or not allowed.",
                    thresholds=((1, "orange"),),
                ),
            ),
        ),
        Row(
            title="Nodes",
            panels=(
                lines(
                    "Processors in use",
                    "percentunit",
                    f"topk(10, {UTILISED})",
                    "The ten busiest.",
                    "node",
                    width=8,
                    most=1,
                ),
                lines(
                    "Memory in use", "percentunit", f"topk(10, {MEMORY})", "The ten fullest.", "node", width=8, most=1
                ),
                bars(
                    *("The fullest disks", "percentunit", f"topk(8, {DISK})"),
                    "The fullest file system of a node.",
                    "node",
                    width=8,
                    thresholds=((0.8, "orange"), (0.9, "red")),
                    most=1,
                ),
                table(
                    *("Nodes that are not well", "short"),
                    {
                        "now": f"sum by (node, condition) (kube_node_status_condition{{KSM,"
                        f'condition=~"{BAD}",status="true"}} == 1) or sum by (node, condition) ({READY} == 0) + 1'
                    },
                    "Conditions of nodes; GPUs have their own dashboard.",
                    *("node", "condition"),
                    height=6,
                    empty="all are well",
                ),
                table(
                    *("Containers that restart", "short"),
                    {
                        "in an hour": f"topk(15, {RESTARTS} > 0)",
                    },
                    "The fifteen that start again most.",
                    *("namespace", "pod", "container"),
                    height=6,
                    empty="none",
                ),
            ),
        ),
        Row(
            title="API server and DNS",
            panels=(
                lines(
                    *("Requests to the API server", "reqps"),
                    f"sum by (verb) (rate(apiserver_request_total{{{API}}}[5m]))",
                    "Requests a second.",
                    "verb",
                    width=8,
                    stacked=True,
                ),
                lines(
                    *("Errors of the API server", "percentunit"),
                    {
                        "5xx": f'sum(rate(apiserver_request_total{{{API},code=~"5.."}}[5m])) / '
                        f"sum(rate(apiserver_request_total{{{API}}}[5m]))",
                        "429": f'sum(rate(apiserver_request_total{{{API},code="429"}}[5m])) / '
                        f"sum(rate(apiserver_request_total{{{API}}}[5m]))",
                    },
                    "5xx: it fails, or a webhook does. 429: somebody asks too much.",
                    width=8,
                ),
                lines(
                    *("How long it takes", "s"),
                    "histogram_quantile(0.99, sum by (le, verb) (rate(apiserver_request_duration_seconds_bucket"
                    f'{{{API},verb=~"GET|LIST|POST|PUT|PATCH|DELETE",subresource!~"log|exec|portforward|proxy"}}[5m])))',
                    "99 of 100 requests are quicker.",
                    "verb",
                    width=8,
                ),
                lines(
                    *("Questions to DNS", "reqps", "sum by (type) (rate(coredns_dns_requests_total[5m]))"),
                    "Questions a second.",
                    "type",
                    width=8,
                    stacked=True,
                ),
                lines(
                    *("Failures of DNS", "reqps"),
                    'sum by (rcode) (rate(coredns_dns_responses_total{rcode=~"SERVFAIL|REFUSED"}[5m]))',
                    "Answers a second that say nothing. Names that do not exist are not among them.",
                    "rcode",
                    width=8,
                ),
                lines(
                    *("How long DNS takes", "s"),
                    "histogram_quantile(0.99, sum by (le) (rate(coredns_dns_request_duration_seconds_bucket[5m])))",
                    "99 of 100 answers are quicker.",
                    width=8,
                ),
            ),
        ),
        Row(
            title="Addresses, certificates, secrets",
            panels=(
                lines(
                    *("Addresses of nodes", "short"),
                    {
                        "of nodes": "sum(awscni_total_ip_addresses)",
                        "of pods": "sum(awscni_assigned_ip_addresses)",
                    },
                    "Addresses that nodes hold, and those that pods have.",
                    width=8,
                ),
                table(
                    *("Certificates that end first", "s"),
                    {
                        "left": "bottomk(10, min by (name, exported_namespace) "
                        "(certmanager_certificate_expiration_timestamp_seconds) - time())"
                    },
                    "Time until certificates end; cert-manager renews them at two thirds of their life.",
                    *("name", "exported_namespace"),
                    width=8,
                    rising=True,
                ),
                lines(
                    *("Secrets that are not brought", "short"),
                    "sum by (exported_namespace) "
                    '(externalsecret_status_condition{condition="Ready",status="False"} > 0)',
                    "ExternalSecrets that are not ready, by namespace.",
                    "exported_namespace",
                    width=8,
                    stacked=True,
                ),
            ),
        ),
        Row(
            title="What watches",
            panels=(
                lines(
                    *("Series that Prometheus holds", "short", "max by (pod) (prometheus_tsdb_head_series)"),
                    "Its memory follows them.",
                    "pod",
                    width=8,
                ),
                lines(
                    *("Rules that fail", "short"),
                    "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[15m])) > 0",
                    "Evaluations in 15 minutes that failed; such an alert is silent.",
                    "rule_group",
                    width=8,
                ),
                lines(
                    *("Notifications that fail", "short"),
                    "sum by (integration) (increase(alertmanager_notifications_failed_total[15m]))",
                    "Notifications in 15 minutes that reached nobody.",
                    "integration",
                    width=8,
                ),
            ),
        ),
    ),
)
