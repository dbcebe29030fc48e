"""The API server, and how long EKS supports the version."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from catalog.kubernetes import VERSIONS
from components.core.metrics import Alert, Recording, RuleGroup
from settings.cluster.parts import ClusterParts

DAY = 86_400


def constants(cluster: ClusterParts, region: str) -> Sequence[Recording]:
    """Returns the end of standard support and of the last one, in seconds since 1970; nothing for a new version.

    With STANDARD the first is the last: AWS upgrades then. Only with EXTENDED it is no more than a higher price.
    """
    version = VERSIONS.get(cluster.version or "")
    ends = {}
    if version is not None and cluster.support_type == "STANDARD":
        ends = {"last": version.end_standard}
    elif version is not None:
        ends = {"standard": version.end_standard, "last": version.end_extended}
    return [
        Recording(
            name="kubernetes:support_ends_timestamp_seconds",
            expr=f"vector({_seconds(day)})",
            labels={"version": cluster.version or "", "support": support},
            about="Last day of a support of the cluster's version, in seconds since 1970.",
        )
        for support, day in ends.items()
    ]


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


GROUP = RuleGroup(
    name="kubernetes",
    constants=constants,
    rules=(
        Recording(
            name="apiserver:error_ratio",
            expr='(sum(rate(apiserver_request_total{code=~"5.."}[5m])) or vector(0)) '
            "/ (sum(rate(apiserver_request_total[5m])) > 0)",
            about="Share of requests that the API server fails at, 0 to 1.",
        ),
        Alert(
            name="APIServerFails",
            expr="apiserver:error_ratio > 0.03",
            minutes=10,
            severity="critical",
            summary="The API server fails at {{ $value | humanizePercentage }} of its requests.",
        ),
        Alert(
            name="APIServerSlow",
            expr="histogram_quantile(0.99, sum by (le, verb) (rate(apiserver_request_sli_duration_seconds_bucket"
            '{verb=~"POST|PUT|PATCH|DELETE",subresource!~"proxy|log|exec|portforward"}[5m]))) > 1',
            minutes=15,
            severity="warning",
            summary="One of a hundred {{ $labels.verb }} requests to the API server takes "
            "{{ $value | humanizeDuration }}.",
        ),
        Alert(
            name="APIServerAbsent",
            expr='absent(up{job="apiserver"} == 1)',
            minutes=5,
            severity="critical",
            summary="Prometheus reaches no API server: nothing finds out what runs.",
        ),
        Alert(
            name="APIRequestsRejected",
            expr="sum by (priority_level, flow_schema) (rate(apiserver_flowcontrol_rejected_requests_total[5m])) > 0.1",
            minutes=15,
            severity="warning",
            summary="The API server turns away requests of {{ $labels.flow_schema }}: somebody asks too much.",
        ),
        Alert(
            name="AdmissionWebhookFails",
            expr="sum by (name) (rate(apiserver_admission_webhook_rejection_count"
            '{error_type="calling_webhook_error"}[5m])) > 0',
            minutes=10,
            severity="critical",
            summary="Webhook {{ $labels.name }} does not answer: what it is asked about is refused.",
        ),
        Alert(
            name="AdmissionWebhookPassed",
            expr="sum by (name) (rate(apiserver_admission_webhook_fail_open_count[5m])) > 0",
            minutes=10,
            severity="warning",
            summary="Webhook {{ $labels.name }} does not answer: what it would change or refuse goes through as it is.",
        ),
        Alert(
            name="KubernetesSupportEnding",
            expr=f'(kubernetes:support_ends_timestamp_seconds{{support="standard"}} - time()) / {DAY} < 60'
            f' and kubernetes:support_ends_timestamp_seconds{{support="standard"}} > time()',
            minutes=60,
            severity="warning",
            summary="Standard support of Kubernetes {{ $labels.version }} ends in {{ $value | humanize }} days: "
            "upgrade, or pay six times as much an hour.",
        ),
        Alert(
            name="KubernetesSupportEnded",
            expr=f'(time() - kubernetes:support_ends_timestamp_seconds{{support="standard"}}) / {DAY} >= 0',
            minutes=60,
            severity="warning",
            summary="Standard support of Kubernetes {{ $labels.version }} ended {{ $value | humanize }} days ago: the "
            "cluster costs six times as much an hour until it is upgraded.",
        ),
        Alert(
            name="KubernetesUpgradeForced",
            expr=f'clamp_min(kubernetes:support_ends_timestamp_seconds{{support="last"}} - time(), 0) / {DAY} < 60',
            minutes=60,
            severity="critical",
            summary="EKS upgrades Kubernetes {{ $labels.version }} by itself in {{ $value | humanize }} days.",
        ),
    ),
)
