"""What one object means: mistakes that its schema does not show, in the API server's words.

Each topic is a module, and each kind has a function that yields findings. `simulator/conformance/corpus` holds them
against the verdicts of a real API server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.kubernetes.meaning import (
    access,
    config,
    definitions,
    devices,
    flow_control,
    jobs,
    network,
    pods,
    quotas,
    scaling,
    services,
    storage,
    webhooks,
    workloads,
)
from simulator.kubernetes.meaning.node import Findings, Node

_KINDS: Mapping[tuple[str, str], Callable[[Node], Findings]] = {
    # (API group, kind) -> its findings
    ("", "ConfigMap"): config.config_map_findings,
    ("", "LimitRange"): quotas.limit_range_findings,
    ("", "Namespace"): config.namespace_findings,
    ("", "PersistentVolume"): storage.persistent_volume_findings,
    ("", "PersistentVolumeClaim"): storage.persistent_volume_claim_findings,
    ("", "Pod"): pods.pod_findings,
    ("", "ResourceQuota"): quotas.resource_quota_findings,
    ("", "Secret"): config.secret_findings,
    ("", "Service"): services.service_findings,
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): webhooks.webhook_configuration_findings,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): webhooks.policy_findings,
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): webhooks.policy_binding_findings,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): webhooks.webhook_configuration_findings,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definitions.definition_findings,
    ("apiregistration.k8s.io", "APIService"): definitions.api_service_findings,
    ("apps", "DaemonSet"): workloads.daemon_set_findings,
    ("apps", "Deployment"): workloads.deployment_findings,
    ("apps", "ReplicaSet"): workloads.replica_set_findings,
    ("apps", "StatefulSet"): workloads.stateful_set_findings,
    ("autoscaling", "HorizontalPodAutoscaler"): scaling.scaler_findings,
    ("batch", "CronJob"): jobs.cron_job_findings,
    ("batch", "Job"): jobs.job_findings,
    ("coordination.k8s.io", "Lease"): network.lease_findings,
    ("discovery.k8s.io", "EndpointSlice"): services.endpoint_slice_findings,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): flow_control.flow_schema_findings,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): flow_control.priority_level_findings,
    ("networking.k8s.io", "Ingress"): network.ingress_findings,
    ("networking.k8s.io", "IngressClass"): network.ingress_class_findings,
    ("networking.k8s.io", "NetworkPolicy"): network.network_policy_findings,
    ("node.k8s.io", "RuntimeClass"): scaling.runtime_class_findings,
    ("policy", "PodDisruptionBudget"): scaling.budget_findings,
    ("rbac.authorization.k8s.io", "ClusterRole"): access.cluster_role_findings,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): access.cluster_role_binding_findings,
    ("rbac.authorization.k8s.io", "Role"): access.role_findings,
    ("rbac.authorization.k8s.io", "RoleBinding"): access.role_binding_findings,
    ("resource.k8s.io", "DeviceClass"): devices.device_class_findings,
    ("resource.k8s.io", "ResourceClaim"): devices.claim_findings,
    ("resource.k8s.io", "ResourceClaimTemplate"): devices.claim_template_findings,
    ("scheduling.k8s.io", "PriorityClass"): scaling.priority_class_findings,
    ("storage.k8s.io", "CSIDriver"): storage.csi_driver_findings,
    ("storage.k8s.io", "StorageClass"): storage.storage_class_findings,
    ("storage.k8s.io", "VolumeAttributesClass"): storage.volume_attributes_class_findings,
}


def findings(inputs: Mapping[str, Any]) -> Findings:
    """Yields the mistakes in an object of a built-in kind; nothing for other kinds."""
    check = _KINDS.get((inputs["apiVersion"].rpartition("/")[0], inputs["kind"]))
    if check is not None:
        yield from check(Node(dict(inputs)))
