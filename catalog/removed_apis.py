"""Versions of Kubernetes's own APIs that the API server has stopped to serve, by kind.

Sources: k8s.io/api v0.35.4 and v0.37.0 and apiextensions-apiserver v0.37.0, zz_generated.prerelease-lifecycle.go
(APILifecycleRemoved); Kubernetes, "Deprecated API Migration Guide" (PodSecurityPolicy, APIService), and for v1alpha1 of
RBAC and PriorityClass its change log of 1.23; read 2026-11.
"""

from collections.abc import Iterator, Mapping

# since, the API to use instead (`-`: none), the removed one, its kinds
_ROWS = """
1.16 apps/v1 apps/v1beta1 ControllerRevision Deployment StatefulSet
1.16 apps/v1 apps/v1beta2 ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
1.16 apps/v1 extensions/v1beta1 DaemonSet Deployment ReplicaSet
1.16 networking.k8s.io/v1 extensions/v1beta1 NetworkPolicy
1.22 networking.k8s.io/v1 extensions/v1beta1 Ingress
1.22 networking.k8s.io/v1 networking.k8s.io/v1beta1 Ingress IngressClass
1.22 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration
1.22 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration
1.22 apiextensions.k8s.io/v1 apiextensions.k8s.io/v1beta1 CustomResourceDefinition
1.22 apiregistration.k8s.io/v1 apiregistration.k8s.io/v1beta1 APIService
1.22 authentication.k8s.io/v1 authentication.k8s.io/v1beta1 TokenReview
1.22 authorization.k8s.io/v1 authorization.k8s.io/v1beta1 LocalSubjectAccessReview SelfSubjectAccessReview
1.22 authorization.k8s.io/v1 authorization.k8s.io/v1beta1 SelfSubjectRulesReview SubjectAccessReview
1.22 certificates.k8s.io/v1 certificates.k8s.io/v1beta1 CertificateSigningRequest
1.22 coordination.k8s.io/v1 coordination.k8s.io/v1beta1 Lease
1.22 rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1 ClusterRole ClusterRoleBinding Role RoleBinding
1.22 scheduling.k8s.io/v1 scheduling.k8s.io/v1beta1 PriorityClass
1.22 storage.k8s.io/v1 storage.k8s.io/v1beta1 CSIDriver CSINode StorageClass VolumeAttachment
1.23 rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1alpha1 ClusterRole ClusterRoleBinding Role RoleBinding
1.23 scheduling.k8s.io/v1 scheduling.k8s.io/v1alpha1 PriorityClass
1.24 storage.k8s.io/v1 storage.k8s.io/v1alpha1 CSIStorageCapacity VolumeAttachment
1.25 autoscaling/v2 autoscaling/v2beta1 HorizontalPodAutoscaler
1.25 batch/v1 batch/v1beta1 CronJob
1.25 discovery.k8s.io/v1 discovery.k8s.io/v1beta1 EndpointSlice
1.25 events.k8s.io/v1 events.k8s.io/v1beta1 Event
1.25 node.k8s.io/v1 node.k8s.io/v1beta1 RuntimeClass
1.25 policy/v1 policy/v1beta1 PodDisruptionBudget
1.25 - policy/v1beta1 PodSecurityPolicy
1.26 autoscaling/v2 autoscaling/v2beta2 HorizontalPodAutoscaler
1.26 flowcontrol.apiserver.k8s.io/v1 flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema PriorityLevelConfiguration
1.27 storage.k8s.io/v1 storage.k8s.io/v1beta1 CSIStorageCapacity
1.29 flowcontrol.apiserver.k8s.io/v1 flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema PriorityLevelConfiguration
1.32 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicy
1.32 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 ValidatingAdmissionPolicyBinding
1.32 flowcontrol.apiserver.k8s.io/v1 flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema PriorityLevelConfiguration
1.34 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicy
1.34 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1beta1 ValidatingAdmissionPolicyBinding
1.35 storage.k8s.io/v1 storage.k8s.io/v1alpha1 VolumeAttributesClass
1.37 networking.k8s.io/v1 networking.k8s.io/v1beta1 IPAddress ServiceCIDR
1.37 storage.k8s.io/v1 storage.k8s.io/v1beta1 VolumeAttributesClass
1.38 resource.k8s.io/v1 resource.k8s.io/v1beta1 DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
1.39 resource.k8s.io/v1 resource.k8s.io/v1beta2 DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice
"""


def _rows() -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    for row in _ROWS.strip().splitlines():
        since, instead, api_version, *kinds = row.split()
        yield from (((api_version, kind), (since, instead.strip("-"))) for kind in kinds)


REMOVED: Mapping[tuple[str, str], tuple[str, str]] = dict(_rows())
"""(apiVersion, kind) -> the first minor version that does not serve it, and the apiVersion to use instead or ""."""
