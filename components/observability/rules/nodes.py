"""Nodes: ready, healthy, repaired, measured."""

from components.core.metrics import Alert, RuleGroup
from components.core.promql import READY, promql

CONDITIONS = "ContainerRuntimeReady|KernelReady|NetworkingReady|StorageReady"
"""Of EKS's node monitoring agent. Source: aws/eks-node-monitoring-agent v1.7.0, README; read 2026-11."""
STARTUP_TAINTS = r"node\\.cloudprovider\\.kubernetes\\.io/uninitialized|karpenter\\.sh/unregistered|.+/agent-not-ready"

GROUP = RuleGroup(
    name="nodes",
    rules=(
        Alert(
            name="NodeNotReady",
            expr=promql(
                """max by (node) (kube_node_status_condition{KSM,condition="Ready",status="true"}) == 0
                unless on (node) max by (node) (kube_node_deletion_timestamp{KSM})"""
            ),
            minutes=10,
            severity="critical",
            summary="Node {{ $labels.node }} has not been ready for 10 minutes.",
        ),
        Alert(
            name="NodeNeverInitialised",
            expr=promql(
                f"""max by (node, key) (kube_node_spec_taint{{KSM,key=~"{STARTUP_TAINTS}"}})
                and on (node) (time() - max by (node) (kube_node_created{{KSM}}) > 1800)"""
            ),
            minutes=0,
            severity="warning",
            summary="Node {{ $labels.node }} is 30 minutes old and still waits: its taint {{ $labels.key }} keeps pods "
            "off.",
        ),
        Alert(
            name="NodeUnhealthy",
            expr=promql(
                f"""max by (node, condition)
                (kube_node_status_condition{{KSM,condition=~"{CONDITIONS}",status="false"}}) == 1"""
            ),
            minutes=5,
            severity="warning",
            summary="EKS finds node {{ $labels.node }} unhealthy ({{ $labels.condition }}) and is about to repair it.",
        ),
        Alert(
            name="NodeNotRepaired",
            expr=promql(
                f"""max by (node) (kube_node_status_condition
                {{KSM,condition=~"{CONDITIONS}|AcceleratedHardwareReady",status="false"}}) == 1"""
            ),
            minutes=60,
            severity="critical",
            summary="Node {{ $labels.node }} has been unhealthy for an hour, and nothing has replaced it.",
        ),
        Alert(
            name="NodeDeletionStuck",
            expr=promql("time() - max by (node) (kube_node_deletion_timestamp{KSM}) > 3600"),
            minutes=5,
            severity="warning",
            summary="Node {{ $labels.node }} was to end {{ $value | humanizeDuration }} ago, and is still there and "
            "paid for.",
        ),
        Alert(
            name="NodeUnmonitored",
            expr=promql(
                f"""(max by (node) (kube_node_info{{KSM}}) and on (node) {READY})
                unless on (node) (max by (node) (up{{job="node-exporter"}}) == 1)"""
            ),
            minutes=15,
            severity="warning",
            summary="Nobody measures node {{ $labels.node }}: its node-exporter does not answer.",
        ),
    ),
)
