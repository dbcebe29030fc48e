"""Numbers of the whole platform, pods that wait, and quotas."""

from components.core.metrics import Alert, Recording, RuleGroup
from components.core.promql import promql, requested

NODE = "node:labels"
WAITING = promql("""max by (namespace, pod) (kube_pod_status_phase{KSM,phase="Pending"}) == 1""")
WITH_GPUS = promql("sum by (namespace, pod) (kube_pod_container_resource_requests{KSM,GPUS}) > 0")
WAITS_FOR_IMAGE = "ImagePullBackOff|ErrImagePull|InvalidImageName"
CANNOT_START = "CreateContainerConfigError|CreateContainerError|RunContainerError|CrashLoopBackOff"

GROUP = RuleGroup(
    name="platform",
    rules=(
        Recording(
            name=NODE,
            expr=promql(
                "max by (node, label_ml_platform_pool, label_node_kubernetes_io_instance_type) (kube_node_labels{KSM})"
            ),
            about="1 for each node, with its pool and instance type.",
        ),
        Recording(
            name="namespace:team",
            expr=promql("max by (namespace, label_ml_platform_team) (kube_namespace_labels{KSM})"),
            about="1 for each namespace, with its team.",
        ),
        Recording(
            name="pod:workload",
            expr=promql(
                """max by (namespace, pod, workload) (
                label_replace(kube_pod_owner{KSM,owner_kind="ReplicaSet",owner_is_controller!="false"},
                "workload", "$1", "owner_name", "(.+)-[^-]+")
                or label_replace(kube_pod_owner{KSM,owner_kind="",owner_is_controller!="false"},
                "workload", "$1", "pod", "(.+)")
                or label_replace(kube_pod_owner{KSM,owner_kind!~"ReplicaSet|",owner_is_controller!="false"},
                "workload", "$1", "owner_name", "(.+)"))"""
            ),
            about="1 for each pod, with the Deployment, Job or other object that made it; its own name where none did.",
        ),
        Recording(
            name="node_count",
            expr=f"count by (label_ml_platform_pool) ({NODE})",
            about="Number of nodes in each pool.",
        ),
        Recording(
            name="pending_pods",
            expr=promql('sum by (namespace) (kube_pod_status_phase{KSM,phase="Pending"})'),
            about="Number of pods that wait for a node, an image or a volume.",
        ),
        Recording(
            name="namespace:cpus_requested",
            expr=f"""sum by (namespace) ({requested("namespace, pod", 'resource="cpu",node!=""')})""",
            about="CPU cores that pods of a namespace hold on nodes.",
        ),
        Recording(
            name="resource_quota_usage",
            expr=promql(
                """sum by (namespace, resource) (kube_resourcequota{KSM,type="used"})
                / (sum by (namespace, resource) (kube_resourcequota{KSM,type="hard"}) > 0)"""
            ),
            about="Share of each quota that is used, 0 to 1.",
        ),
        Recording(
            name="pod_start_seconds:p95",
            expr=promql(
                """quantile by (namespace) (0.95,
                (max by (namespace, pod) (kube_pod_container_state_started{KSM})
                - on (namespace, pod) max by (namespace, pod) (kube_pod_created{KSM}))
                and on (namespace, pod) (time() - max by (namespace, pod) (kube_pod_created{KSM}) < 3600)
                unless on (namespace, pod)
                (sum by (namespace, pod) (kube_pod_container_status_restarts_total{KSM}) > 0))"""
            ),
            about="Seconds from the creation of a pod until its last container runs: the 95th percentile of an hour.",
        ),
        Alert(
            name="GPUPodsUnschedulable",
            expr=promql(
                f"""count by (namespace) (({WITH_GPUS}) and on (namespace, pod)
                (max by (namespace, pod) (kube_pod_status_unschedulable{{KSM}}) == 1))"""
            ),
            minutes=20,
            severity="warning",
            audience="team",
            summary="{{ $value }} pods of {{ $labels.namespace }} have asked for GPUs for 20 minutes, and no node "
            "fits.",
        ),
        Alert(
            name="GPUPodsWithoutImage",
            expr=promql(
                f"""count by (namespace) (({WITH_GPUS}) and on (namespace, pod)
                (max by (namespace, pod)
                (kube_pod_container_status_waiting_reason{{KSM,reason=~"{WAITS_FOR_IMAGE}"}}) == 1))"""
            ),
            minutes=15,
            severity="warning",
            audience="team",
            summary="{{ $value }} pods of {{ $labels.namespace }} hold GPUs and cannot pull their image.",
        ),
        Alert(
            name="GPUPodsNotStarting",
            expr=promql(
                f"""count by (namespace) (({WITH_GPUS}) and on (namespace, pod)
                (max by (namespace, pod)
                (kube_pod_container_status_waiting_reason{{KSM,reason=~"{CANNOT_START}"}}) == 1))"""
            ),
            minutes=15,
            severity="warning",
            audience="team",
            summary="{{ $value }} pods of {{ $labels.namespace }} hold GPUs, and their containers do not start.",
        ),
        Alert(
            name="GPUPodsStuckPending",
            expr=promql(
                f"""count by (namespace) (({WITH_GPUS}) and on (namespace, pod) ({WAITING})
                unless on (namespace, pod) (max by (namespace, pod) (kube_pod_status_unschedulable{{KSM}}) == 1)
                unless on (namespace, pod) (max by (namespace, pod)
                (kube_pod_container_status_waiting_reason{{KSM,reason=~"{WAITS_FOR_IMAGE}|{CANNOT_START}"}}) == 1))"""
            ),
            minutes=30,
            severity="warning",
            summary="{{ $value }} pods of {{ $labels.namespace }} have a node with GPUs, and wait for a volume or an "
            "address.",
        ),
        Alert(
            name="PodsStartSlowly",
            expr="pod_start_seconds:p95 > 900",
            minutes=30,
            severity="info",
            audience="team",
            summary="New pods of {{ $labels.namespace }} take {{ $value | humanizeDuration }} until they run.",
        ),
        Alert(
            name="QuotaNearlyUsed",
            expr="resource_quota_usage > 0.9",
            minutes=15,
            severity="warning",
            audience="team",
            summary="{{ $labels.namespace }} uses {{ $value | humanizePercentage }} of its quota of "
            "{{ $labels.resource }}.",
        ),
    ),
)
