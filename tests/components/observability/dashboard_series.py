"""Series of a small cluster for some hours, as its exporters give them: GPUs whole, shared and cut, teams, a mesh.

Each row is a metric, the labels of its series, and its value at an hour, of which the last is 0.
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping

HOURS = 4
KSM = {"job": "kube-state-metrics"}
POOLS = {"sys-1": "system", "sys-2": "system", "gpu-1": "h100", "gpu-2": "h100", "cut-1": "a100", "share-1": "l4"}
TYPES = {"system": "m5.2xlarge", "h100": "p5.48xlarge", "a100": "p4de.24xlarge", "l4": "g6.12xlarge"}
PRICES = {"system": 0.384, "h100": 55.04, "a100": 27.45, "l4": 4.6}
TEAMS = {"research": "research", "lab": "", "inference": "serving", "agents": "agents"}
PODS = {  # pod -> namespace, node, GPU resource, how many, how busy
    "llama-train-0": ("research", "gpu-1", "nvidia_com_gpu", 8, 0.93),
    "llama-train-1": ("research", "gpu-2", "nvidia_com_gpu", 4, 0.90),
    "notebook-anna": ("lab", "cut-1", "nvidia_com_mig_1g_10gb", 1, 0.04),
    "chat-7d9f-x2x": ("inference", "share-1", "nvidia_com_gpu_shared", 2, 0.55),
    "chat-7d9f-k8s": ("inference", "share-1", "nvidia_com_gpu_shared", 1, 0.55),
    "gateway-5c-aa": ("agents", "sys-1", "", 0, 0),
}
CLAIMS = {("research", "checkpoints"): 0.84, ("lab", "home-anna"): 0.34, ("inference", "models"): 0.61}
Value = Callable[[float], float]


def flat(value: float) -> Value:
    return lambda hour: value


def wave(mean: float, part: float = 0.15, period: float = 2.5) -> Value:
    """Returns a value that goes up and down around its mean, with a little noise that is the same in each run."""
    phase, noise = random.Random(f"{mean}{part}{period}").random() * 6, random.Random(f"{period}{mean}")
    return lambda hour: max(0.0, mean * (1 + part * math.sin(hour / period * 6.28 + phase) + 0.03 * noise.gauss(0, 1)))


def steps(most: int) -> Value:
    """Returns a whole number that changes each hour."""
    return lambda hour: float(random.Random(f"{most}{math.floor(hour)}").randint(0, most))


def counter(per_second: Value) -> Value:
    """Returns a counter that grows so fast."""
    return lambda hour: 1000 + (hour + 200) * 3600 * per_second(0) * (1 + 0.0002 * math.sin(hour * 4))


Row = tuple[str, Mapping[str, str], Value]


def histogram(name: str, labels: Mapping[str, str], per_second: float, bounds: Mapping[str, float]) -> Iterator[Row]:
    """Yields a histogram. bounds: upper bound -> part of the observations below it."""
    for bound, part in {**bounds, "+Inf": 1.0}.items():
        yield f"{name}_bucket", {**labels, "le": bound}, counter(flat(per_second * part))
    yield f"{name}_count", labels, counter(flat(per_second))


def _nodes() -> Iterator[Row]:
    for number, (node, pool) in enumerate(POOLS.items()):
        kind = {} if pool == "system" else {"label_karpenter_sh_capacity_type": "spot" if pool == "l4" else "on-demand"}
        labels = {"label_ml_platform_pool": pool, "label_node_kubernetes_io_instance_type": TYPES[pool], **kind}
        yield "kube_node_labels", {**KSM, "node": node, **labels}, flat(1)
        for condition in ("Ready", "MemoryPressure", "DiskPressure"):
            good = condition == "Ready"
            ill = node == "sys-2" and condition == "MemoryPressure"
            for status in ("true", "false", "unknown"):
                on = status == ("true" if good or ill else "false")
                row = {**KSM, "node": node, "condition": condition, "status": status}
                yield "kube_node_status_condition", row, flat(float(on))
        of_node = {"node": node, "job": "node-exporter", "instance": f"10.0.0.{number}:9100"}
        yield "node_cpu_seconds_total", {**of_node, "cpu": "0", "mode": "idle"}, counter(flat(0.3 + 0.1 * number))
        yield "node_memory_MemTotal_bytes", of_node, flat(2**38)
        yield "node_memory_MemAvailable_bytes", of_node, wave(2**38 * (0.2 + 0.1 * number), 0.1)
        disk = {**of_node, "device": "/dev/nvme0n1p1", "fstype": "xfs", "mountpoint": "/"}
        yield "node_filesystem_size_bytes", disk, flat(2**37)
        yield "node_filesystem_avail_bytes", disk, wave(2**37 * (0.75 - 0.13 * number), 0.02)
        cni = {"node": node, "job": "vpc-cni"}
        yield "awscni_total_ip_addresses", cni, flat(48)
        yield "awscni_assigned_ip_addresses", cni, wave(22 + number)
    ebs, refused = {"job": "aws-ebs-csi-driver"}, {"request": "AttachVolume", "code": "VolumeInUse"}
    yield "aws_ebs_csi_api_request_errors_total", {**ebs, **refused}, counter(flat(0.01))
    yield "aws_ebs_csi_api_request_throttles_total", {**ebs, "operation_name": "DescribeVolumes"}, counter(flat(0.02))
    yield from (("up", {"job": job, "instance": job}, flat(float(job != "velero"))) for job in ("apiserver", "velero"))


def _pods() -> Iterator[Row]:
    offered = {"gpu-1": 8, "gpu-2": 8, "cut-1": 56, "share-1": 16}
    kinds = {"h100": "nvidia_com_gpu", "a100": "nvidia_com_mig_1g_10gb", "l4": "nvidia_com_gpu_shared"}
    for node, many in offered.items():
        of_node = {**KSM, "node": node, "resource": kinds[POOLS[node]]}
        yield "kube_node_status_allocatable", of_node, flat(many)
    for pod, (namespace, node, resource, many, _) in PODS.items():
        of_pod = {**KSM, "namespace": namespace, "pod": pod}
        for phase in ("Pending", "Running"):
            yield "kube_pod_status_phase", {**of_pod, "phase": phase}, flat(float(phase == "Running"))
        row = {**of_pod, "node": node, "container": "main"}
        request = "kube_pod_container_resource_requests"
        yield request, {**row, "resource": "cpu"}, flat(4.0 + many * 8)
        if resource:
            yield request, {**row, "resource": resource}, flat(many)
        owner = {"owner_kind": "Job", "owner_name": pod.rpartition("-")[0], "owner_is_controller": "true"}
        yield "kube_pod_owner", {**of_pod, **owner}, flat(1)
        restarts = counter(flat(0.002 if pod.startswith("chat") else 0))
        yield "kube_pod_container_status_restarts_total", {**of_pod, "container": "main"}, restarts
        cadvisor = {"namespace": namespace, "pod": pod, "job": "kubelet"}
        yield "container_cpu_usage_seconds_total", {**cadvisor, "container": "main"}, counter(flat(1.5 + many))
        yield (
            "container_network_receive_bytes_total",
            {**cadvisor, "interface": "eth0"},
            counter(flat(3e6 * (many + 1))),
        )
    for namespace, many in (("research", 3), ("agents", 1)):
        row = {**KSM, "namespace": namespace, "pod": f"{namespace}-waits", "phase": "Pending"}
        yield "kube_pod_status_phase", row, steps(many)
    for namespace, team in TEAMS.items():
        yield "kube_namespace_labels", {**KSM, "namespace": namespace, "label_ml_platform_team": team}, flat(1)
        for resource, part in (("requests.cpu", 0.6), ("requests.nvidia.com/gpu", 0.97)):
            quota = {**KSM, "namespace": namespace, "resourcequota": "team", "resource": resource}
            yield "kube_resourcequota", {**quota, "type": "hard"}, flat(100)
            yield "kube_resourcequota", {**quota, "type": "used"}, flat(100 * part - 9 * len(namespace) + 36)
    ended = {
        **KSM,
        "namespace": "lab",
        "pod": "done",
        "node": "gpu-1",
        "container": "main",
        "resource": "nvidia_com_gpu",
    }
    yield "kube_pod_container_resource_requests", ended, flat(8)
    yield "kube_pod_status_phase", {**KSM, "namespace": "lab", "pod": "done", "phase": "Succeeded"}, flat(1)


def _gpus() -> Iterator[Row]:
    held: dict[tuple[str, int, str], tuple[str, ...]] = {("gpu-1", gpu, ""): ("llama-train-0",) for gpu in range(8)}
    held |= {("gpu-2", gpu, ""): ("llama-train-1" if gpu < 4 else "",) for gpu in range(8)}
    held |= {("cut-1", gpu, str(instance)): ("",) for gpu in range(8) for instance in range(7, 14)}
    held |= {("share-1", gpu, ""): ("",) for gpu in range(4)}
    held["cut-1", 0, "7"] = ("notebook-anna",)
    held["share-1", 0, ""], held["share-1", 1, ""] = ("chat-7d9f-x2x", "chat-7d9f-k8s"), ("chat-7d9f-x2x",)
    for (node, gpu, instance), pods in held.items():
        for index, pod in enumerate(pods):
            namespace, *_, busy = PODS.get(pod, ("", "", "", 0, 0.0))
            labels: dict[str, str] = {"node": node, "gpu": str(gpu), "UUID": f"GPU-{node}-{gpu}", "job": "dcgm"}
            labels |= {"pod": pod, "namespace": namespace, "container": "main"} if pod else {}
            labels |= {"GPU_I_ID": instance, "GPU_I_PROFILE": "1g.10gb"} if instance else {}
            labels |= {"vgpu": str(index)} if node == "share-1" and pod else {}
            for name, value in {
                "DCGM_FI_PROF_GR_ENGINE_ACTIVE": wave(min(busy, 0.9), 0.06),
                "DCGM_FI_PROF_SM_ACTIVE": wave(busy * 0.75, 0.1),
                "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": wave(busy * 0.45, 0.2, 1.5),
                "DCGM_FI_PROF_DRAM_ACTIVE": wave(busy * 0.5, 0.2, 2),
                "DCGM_FI_DEV_FB_USED": wave(70_000 if busy > 0.5 else 9000, 0.04),
                "DCGM_FI_DEV_FB_FREE": wave(10_000 if busy > 0.5 else 71_000, 0.04),
                "DCGM_FI_DEV_POWER_USAGE": wave(120 + busy * 550, 0.05),
                "DCGM_FI_DEV_GPU_TEMP": wave(38 + busy * 38, 0.03),
                "DCGM_FI_PROF_PCIE_TX_BYTES": wave(2e9 * busy + 1e6),
                "DCGM_FI_PROF_PCIE_RX_BYTES": wave(5e9 * busy + 1e6),
                "DCGM_FI_PROF_NVLINK_TX_BYTES": wave(1.1e11 * busy),
                "DCGM_FI_PROF_NVLINK_RX_BYTES": wave(1.1e11 * busy),
                "DCGM_FI_DEV_XID_ERRORS": flat(94.0 if (node, gpu) == ("gpu-2", 3) else 0),
                "DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS": flat(float((node, gpu) == ("gpu-2", 3))),
                "DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS": flat(float(gpu == 3) * 2),
                "DCGM_EXP_CLOCK_EVENTS_COUNT": flat(float(gpu == 5) * 40),
            }.items():
                more = {"clock_event": "hw_thermal_slowdown"} if name.endswith("EVENTS_COUNT") else {}
                yield name, labels | more, value


def _costs() -> Iterator[Row]:
    for node, pool in POOLS.items():
        yield "node_total_hourly_cost", {"node": node, "job": "opencost"}, wave(PRICES[pool], 0.02, 30)
        if pool != "system":
            yield "node_gpu_hourly_cost", {"node": node, "job": "opencost"}, flat(PRICES[pool] / 8 * 0.9)
            yield "node_gpu_count", {"node": node, "job": "opencost"}, flat(8)
    yield "kube_service_status_load_balancer_ingress", {**KSM, "namespace": "ingress", "service": "door"}, flat(1)
    for (namespace, claim), _ in CLAIMS.items():
        name = {"persistentvolume": f"pvc-{claim}"}
        yield "pv_hourly_cost", {**name, "job": "opencost"}, flat(0.08 / 730)
        yield "kube_persistentvolume_capacity_bytes", {**KSM, **name}, flat(500 * 2**30)
        phase = "Bound" if claim != "models" else "Released"
        yield "kube_persistentvolume_status_phase", {**KSM, **name, "phase": phase}, flat(1)
        del namespace


def _storage() -> Iterator[Row]:
    for (namespace, claim), used in CLAIMS.items():
        key = {"namespace": namespace, "persistentvolumeclaim": claim}
        size, node = 500 * 2**30, {"node": "sys-1", "job": "kubelet"}
        falls = 0.06 if used > 0.8 else 0.0
        yield "kube_persistentvolumeclaim_info", {**KSM, **key, "storageclass": "gp3"}, flat(1)
        yield "kube_persistentvolumeclaim_status_phase", {**KSM, **key, "phase": "Bound"}, flat(1)
        yield "kube_persistentvolumeclaim_status_phase", {**KSM, **key, "phase": "Pending"}, flat(0)
        yield "kubelet_volume_stats_capacity_bytes", {**node, **key}, flat(size)
        yield (
            "kubelet_volume_stats_available_bytes",
            {**node, **key},
            lambda hour, used=used, falls=falls, size=size: size * (1 - used - falls * (hour + HOURS) / HOURS),  # type: ignore[misc]
        )
        yield "kubelet_volume_stats_inodes", {**node, **key}, flat(1e6)
        yield "kubelet_volume_stats_inodes_used", {**node, **key}, flat(1e6 * used / 3)
    for operation, status in (
        ("volume_mount", "success"),
        ("volume_attach", "success"),
        ("volume_attach", "fail-unknown"),
    ):
        labels = {"volume_plugin": "kubernetes.io/csi:ebs.csi.aws.com", "operation_name": operation, "status": status}
        name = "storage_operation_duration_seconds"
        yield from histogram(name, {**labels, "job": "kubelet"}, 0.01, {"0.5": 0.3, "1": 0.7, "5": 0.97})


def _karpenter() -> Iterator[Row]:
    job = {"job": "karpenter"}
    for replica in ("a", "b"):  # two replicas tell the same
        for pool, used in (("h100", 0.8), ("l4", 0.35)):
            for resource in ("cpu", "nvidia.com/gpu"):
                key = {**job, "pod": replica, "nodepool": pool, "resource_type": resource}
                yield "karpenter_nodepools_limit", key, flat(100)
                yield "karpenter_nodepools_usage", key, flat(100 * used)
    yield "karpenter_scheduler_unschedulable_pods_count", job, flat(0)
    yield "karpenter_cluster_state_synced", job, flat(1)
    yield "karpenter_nodeclaims_created_total", {**job, "nodepool": "l4", "reason": "provisioned"}, counter(flat(0.003))
    spot = {**job, "message_type": "spot_interrupted"}
    yield "karpenter_interruption_received_messages_total", spot, counter(flat(0.00004))
    errors = {**job, "error": "InsufficientCapacityError", "method": "Create", "controller": "nodeclaim.lifecycle"}
    yield "karpenter_cloudprovider_errors_total", errors, counter(flat(0.01))
    for reason in ("underutilized", "drifted"):
        key = {**job, "nodepool": "l4", "reason": reason}
        yield "karpenter_nodeclaims_disrupted_total", key, counter(flat(0.0006))
    condition = {**job, "name": "l4", "type": "Ready", "status": "False"}
    yield "operator_nodepool_status_condition_count", condition, flat(0)
    yield "operator_nodepool_status_condition_count", {**condition, "name": "h100"}, flat(1)
    for quantile, seconds in {"0.5": 55, "0.9": 120}.items():
        yield "karpenter_pods_startup_duration_seconds", {**job, "quantile": quantile}, flat(seconds)
    for method in ("Create", "Get"):
        key = {**job, "method": method}
        yield from histogram("karpenter_cloudprovider_duration_seconds", key, 0.1, {"0.1": 0.4, "0.5": 0.9, "2": 0.99})


def _mesh(end: float) -> Iterator[Row]:
    for pod, namespace, rate in (("chat-7d9f-x2x", "inference", 40.0), ("gateway-5c-aa", "agents", 55.0)):
        key = {"namespace": namespace, "pod": pod, "direction": "inbound", "job": "linkerd-proxy"}
        yield "response_total", {**key, "classification": "success"}, counter(flat(rate))
        yield "response_total", {**key, "classification": "failure"}, counter(flat(rate * 0.004))
        yield from histogram("response_latency_ms", key, rate, {"50": 0.3, "200": 0.7, "1000": 0.94, "5000": 0.999})
        denied = flat(0.02 if namespace == "agents" else 0)
        yield "inbound_http_authz_deny_total", {**key, "srv_name": "chat"}, counter(denied)
        yield "identity_cert_expiration_timestamp_seconds", key, flat(end + 20 * 3600)


def _cluster(end: float) -> Iterator[Row]:
    api = {"job": "apiserver"}
    for verb, rate in (("GET", 60.0), ("LIST", 8.0), ("PATCH", 12.0), ("WATCH", 9.0)):
        yield "apiserver_request_total", {**api, "verb": verb, "code": "200"}, counter(flat(rate))
        name = "apiserver_request_duration_seconds"
        yield from histogram(name, {**api, "verb": verb}, rate, {"0.05": 0.7, "0.5": 0.97, "1": 0.995})
    yield "apiserver_request_total", {**api, "verb": "GET", "code": "503"}, counter(flat(0.05))
    yield "apiserver_request_total", {**api, "verb": "GET", "code": "429"}, counter(flat(0.02))
    dns = {"job": "coredns"}
    for kind in ("A", "AAAA"):
        yield "coredns_dns_requests_total", {**dns, "type": kind}, counter(flat(120))
    yield "coredns_dns_responses_total", {**dns, "rcode": "SERVFAIL"}, counter(flat(0.1))
    yield from histogram("coredns_dns_request_duration_seconds", dns, 200, {"0.001": 0.6, "0.01": 0.97, "0.1": 0.999})
    yield (
        "certmanager_certificate_expiration_timestamp_seconds",
        {"name": "linkerd-identity", "exported_namespace": "linkerd", "job": "cert-manager"},
        flat(end + 40 * 86_400),
    )
    secret = {"job": "external-secrets", "condition": "Ready", "name": "hub-token"}
    for namespace, ready in (("research", True), ("agents", False)):
        for status in ("True", "False"):
            key = {**secret, "exported_namespace": namespace, "status": status}
            yield "externalsecret_status_condition", key, flat(float(ready == (status == "True")))
    own = {"job": "kube-prometheus-stack-prometheus"}
    for pod in ("prometheus-0", "prometheus-1"):
        yield "prometheus_tsdb_head_series", {**own, "pod": pod}, wave(410_000, 0.05)
    failures = {**own, "rule_group": "gpu-usage"}
    yield "prometheus_rule_evaluation_failures_total", failures, counter(flat(0.002))
    failed = {"integration": "sns", "job": "kube-prometheus-stack-alertmanager"}
    yield "alertmanager_notifications_failed_total", failed, counter(flat(0.001))
    alert = {"alertstate": "firing"}
    for name, severity, where in (
        ("GPUIdle", "warning", {"namespace": "lab"}),
        ("GPUXidFatal", "critical", {"node": "gpu-2"}),
    ):
        yield "ALERTS", {**alert, "alertname": name, "severity": severity, **where}, flat(1)


def rows(end: float) -> Iterator[Row]:
    for part in (_nodes, _pods, _gpus, _costs, _storage, _karpenter):
        yield from part()
    yield from _mesh(end)
    yield from _cluster(end)


def series(end: float) -> dict[str, list[float]]:
    """Returns all series as PromQL writes them, with their values of each minute until `end`, a time of Unix."""
    found = {}
    for name, labels, value in rows(end):
        text = ",".join(f'{key}="{each}"' for key, each in sorted(labels.items()) if each)
        found[f"{name}{{{text}}}"] = [value(minute / 60) for minute in range(-HOURS * 60, 1)]
    return found
