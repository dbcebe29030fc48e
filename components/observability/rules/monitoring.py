"""Whether what tells of all else works."""

from components.core.metrics import Alert, RuleGroup

GROUP = RuleGroup(
    name="monitoring",
    rules=(
        Alert(
            name="RulesRejected",
            expr='max by (resource) (min_over_time(prometheus_operator_managed_resources{state="rejected"}[5m])) > 0',
            minutes=5,
            severity="critical",
            summary="The operator leaves out {{ $value }} objects ({{ $labels.resource }}): what they ask for is not "
            "done.",
        ),
        Alert(
            name="RulesFail",
            expr="sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[10m])) > 0",
            minutes=15,
            severity="critical",
            summary="Prometheus cannot judge the rules of {{ $labels.rule_group }}: their alerts are silent.",
        ),
        Alert(
            name="RemoteWriteFails",
            expr="sum by (remote_name) (rate(prometheus_remote_storage_samples_failed_total[5m])) "
            "/ (sum by (remote_name) (rate(prometheus_remote_storage_samples_total[5m])) > 0) > 0.01",
            minutes=15,
            severity="warning",
            summary="{{ $value | humanizePercentage }} of the samples for {{ $labels.remote_name }} are lost.",
        ),
        Alert(
            name="RemoteWriteBehind",
            expr="max by (remote_name) (max_over_time(prometheus_remote_storage_queue_highest_timestamp_seconds[5m]) "
            "- on (instance, remote_name, url) "
            "max_over_time(prometheus_remote_storage_queue_highest_sent_timestamp_seconds[5m])) > 300",
            minutes=15,
            severity="warning",
            summary="Samples reach {{ $labels.remote_name }} {{ $value | humanizeDuration }} late.",
        ),
        Alert(
            name="AlertsNotDelivered",
            expr="sum by (integration) (rate(alertmanager_notifications_failed_total[10m])) "
            "/ (sum by (integration) (rate(alertmanager_notifications_total[10m])) > 0) > 0.1",
            minutes=10,
            severity="critical",
            summary="Alertmanager cannot deliver {{ $value | humanizePercentage }} of what goes to "
            "{{ $labels.integration }}.",
        ),
        Alert(
            name="KubeStateMetricsAbsent",
            expr='absent(up{job="kube-state-metrics"} == 1)',
            minutes=5,
            severity="critical",
            summary="kube-state-metrics does not answer: most alerts of this platform are silent.",
        ),
        Alert(
            name="TooManySamples",
            expr="max by (job) (scrape_samples_post_metric_relabeling) > 200000",
            minutes=60,
            severity="warning",
            summary="One target of {{ $labels.job }} has {{ $value | humanize }} series: Prometheus needs memory for "
            "each.",
        ),
        Alert(
            name="ProgramMetricsRefused",
            expr='max by (namespace, job) (scrape_samples_scraped{team!=""} > 0 and up{team!=""} == 0)',
            minutes=15,
            severity="warning",
            audience="team",
            summary="Pods of {{ $labels.job }} in {{ $labels.namespace }} serve metrics of which Prometheus keeps "
            "none: too many series or labels, or text that it does not read.",
        ),
        Alert(
            name="ProgramMakesNewSeries",
            expr='sum by (namespace, job) (sum_over_time(scrape_series_added{team!=""}[1h])) > 200000',
            minutes=30,
            severity="warning",
            summary="{{ $labels.job }} in {{ $labels.namespace }} has made {{ $value | humanize }} new series within "
            "an hour, which no limit on pods bounds: Prometheus needs memory for each.",
        ),
    ),
)
