"""Rules of Karpenter. One of its two replicas leads, and both may tell: they are aggregated first.

Sources: aws/karpenter-provider-aws v1.14.1, reference/metrics.md, pkg/errors, interruption/messages; kubernetes-sigs/
karpenter 6e7eab7a0f48; read 2026-11.
"""

from components.core.metrics import Alert

OVER_QUOTA = "VCPULimitExceeded|SpotQuotaExceeded|FleetQuotaExceeded"

RULES = (
    Alert(
        name="KarpenterAbsent",
        expr="absent(karpenter_cluster_state_synced) or max(karpenter_cluster_state_synced) == 0",
        minutes=10,
        severity="critical",
        summary="Karpenter does not answer, or does not know the nodes: no node is added or ended.",
    ),
    Alert(
        name="KarpenterFails",
        expr="sum by (error, method) (rate(karpenter_cloudprovider_errors_total"
        '{error!~"NodeClaimNotFoundError|InsufficientCapacityError"}[10m])) > 0',
        minutes=15,
        severity="warning",
        summary="AWS refuses {{ $labels.method }} to Karpenter ({{ $labels.error }}).",
    ),
    Alert(
        name="CapacityMissing",
        expr="sum by (zone, capacity_type) "
        '(increase(karpenter_cloudprovider_instance_launch_failures_total{reason="LaunchFailed"}[15m])) > 0 '
        'and on () (sum(increase(karpenter_cloudprovider_errors_total{error="InsufficientCapacityError"}[15m])) > 0)',
        minutes=15,
        severity="warning",
        summary="AWS has no {{ $labels.capacity_type }} machine of the wanted types in {{ $labels.zone }}.",
    ),
    Alert(
        name="EC2QuotaReached",
        expr="sum by (reason) (increase(karpenter_cloudprovider_instance_launch_failures_total"
        f'{{reason=~"{OVER_QUOTA}"}}[15m])) > 0',
        minutes=0,
        severity="critical",
        summary="The account's quota of EC2 lets Karpenter start no more nodes ({{ $labels.reason }}).",
    ),
    Alert(
        name="SubnetAddressesUsedUp",
        expr="sum by (zone) (increase(karpenter_cloudprovider_instance_launch_failures_total"
        '{reason="InsufficientFreeAddressesInSubnet"}[15m])) > 0',
        minutes=0,
        severity="critical",
        summary="The subnet of nodes in {{ $labels.zone }} has no address left for another node.",
    ),
    Alert(
        name="PoolNearLimit",
        expr="max by (nodepool, resource_type) (karpenter_nodepools_usage) "
        "/ (max by (nodepool, resource_type) (karpenter_nodepools_limit) > 0) > 0.9",
        minutes=15,
        severity="warning",
        summary="Pool {{ $labels.nodepool }} uses {{ $value | humanizePercentage }} of its limit of "
        "{{ $labels.resource_type }}.",
    ),
    Alert(
        name="NodeClaimNeverInitialised",
        expr="max by (name) (operator_nodeclaim_status_condition_current_status_seconds"
        '{type="Initialized",status!="True"}) > 1800',
        minutes=0,
        severity="warning",
        summary="Karpenter's node {{ $labels.name }} has not become usable for 30 minutes: it is paid for and empty.",
    ),
    Alert(
        name="NodePoolNotReady",
        expr='max by (name) (operator_nodepool_status_condition_count{type="Ready",status!="True"}) > 0',
        minutes=15,
        severity="critical",
        summary="Karpenter may start no node in pool {{ $labels.name }}: the pool or its node class is not ready.",
    ),
    Alert(
        name="SpotInterruptions",
        expr='sum(increase(karpenter_interruption_received_messages_total{message_type="spot_interrupted"}[1h])) > 3',
        minutes=0,
        severity="warning",
        summary="AWS has taken back {{ $value | humanize }} spot nodes in an hour.",
    ),
    Alert(
        name="NodesRepaired",
        expr="sum by (nodepool, condition) (increase(karpenter_nodeclaims_unhealthy_disrupted_total[1h])) > 0",
        minutes=0,
        severity="info",
        summary="Karpenter has replaced unhealthy nodes of pool {{ $labels.nodepool }} ({{ $labels.condition }}).",
    ),
)
