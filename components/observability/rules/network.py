"""DNS in the cluster, and addresses for pods."""

from components.core.metrics import Alert, Recording, RuleGroup
from components.core.promql import READY, promql

GROUP = RuleGroup(
    name="network",
    rules=(
        Recording(
            name="dns:failure_ratio",
            expr='(sum(rate(coredns_dns_responses_total{rcode="SERVFAIL"}[5m])) or vector(0)) '
            "/ (sum(rate(coredns_dns_responses_total[5m])) > 0)",
            about="Share of answers of CoreDNS that say it failed, 0 to 1.",
        ),
        Alert(
            name="DNSFails",
            expr="dns:failure_ratio > 0.02",
            minutes=10,
            severity="critical",
            summary="CoreDNS fails to answer {{ $value | humanizePercentage }} of what it is asked.",
        ),
        Alert(
            name="DNSSlow",
            expr="histogram_quantile(0.99, sum by (le) (rate(coredns_dns_request_duration_seconds_bucket[5m]))) > 1",
            minutes=15,
            severity="warning",
            summary="CoreDNS takes {{ $value | humanizeDuration }} for one of a hundred answers.",
        ),
        Alert(
            name="DNSAbsent",
            expr='absent(up{job="coredns"} == 1)',
            minutes=5,
            severity="critical",
            summary="No CoreDNS pod answers Prometheus.",
        ),
        Alert(
            name="PodAddressesUsedUp",
            expr="sum by (node) (increase(awscni_no_available_ip_addresses[15m])) > 0",
            minutes=5,
            severity="critical",
            summary="Pods on node {{ $labels.node }} get no address: its subnet or its interfaces have none left.",
        ),
        Alert(
            name="PodAddressesNearlyUsedUp",
            expr="max by (node) (awscni_assigned_ip_addresses) / (max by (node) (awscni_ip_max) > 0) > 0.9",
            minutes=30,
            severity="info",
            summary="Node {{ $labels.node }} has given out {{ $value | humanizePercentage }} of its addresses for "
            "pods.",
        ),
        Alert(
            name="PodNetworkErrors",
            expr="sum by (api, error) (increase(awscni_aws_api_error_count[15m])) > 10",
            minutes=15,
            severity="warning",
            summary="EC2 refuses {{ $labels.api }} to the VPC CNI ({{ $labels.error }}).",
        ),
        Alert(
            name="PodNetworkUnmonitored",
            expr=promql(
                f"""(max by (node) (kube_node_info{{KSM}}) and on (node) {READY})
                unless on (node) (max by (node) (up{{job="vpc-cni"}}) == 1)"""
            ),
            minutes=15,
            severity="warning",
            summary="The VPC CNI of node {{ $labels.node }} does not answer Prometheus.",
        ),
    ),
)
