"""Facts about kinds: their scope, the changes that replace an object, and the changes that the API server refuses.

Sources: a record of the real provider (4.34 line) against kube-apiserver 1.35; pulumi-kubernetes,
provider/pkg/provider/diff.go and provider/pkg/kinds/deprecated.go; read in August 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.kubernetes.schema import builtin_kind


@dataclass(frozen=True)
class Fixed:
    """A field that the API server never changes.

    text: its words, with the new value as {value}. default: the value of an object that does not say it. settable:
    whether it may still be set where it is absent.
    """

    text: str = "Invalid value: {value}: field is immutable"
    default: Any = None
    settable: bool = False


@dataclass(frozen=True)
class Kind:
    """The special rules of a kind. Paths are prefixes, in the engine's notation, with [*] for any index.

    replaced_by: the provider replaces the object when these change.
    refused: the provider tries a change of these in place, and the API server refuses it.
    mutable_with: the provider option with which changes of replaced_by become updates in place.
    """

    replaced_by: tuple[str, ...] = ()
    refused: Mapping[str, Fixed] = field(default_factory=dict)
    mutable_with: str = ""


ALWAYS_REPLACED_BY = ("metadata.name", "metadata.namespace")
ORDINARY = Kind()
_FIXED = Fixed()
_ONCE = "Invalid value: {value}: may not change once set"
_BOUND_CLAIMS = (
    "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound "
    "claims"
)
_OF_PODS = (
    *("affinity", "automountServiceAccountToken", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases"),
    *("hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "nodeName", "nodeSelector", "overhead"),
    *("preemptionPolicy", "priority", "priorityClassName", "readinessGates", "restartPolicy", "runtimeClassName"),
    *("schedulerName", "securityContext", "serviceAccount", "serviceAccountName", "shareProcessNamespace"),
    *("subdomain", "terminationGracePeriodSeconds", "volumes"),
)
_OF_CONTAINERS = (
    *("args", "command", "env", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports", "readinessProbe"),
    *("resources", "securityContext", "stdin", "stdinOnce", "terminationMessagePath", "terminationMessagePolicy"),
    *("tty", "volumeDevices", "volumeMounts", "workingDir"),
)
_OLD_SOURCES = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "glusterfs", "iscsi", "photonPersistentDisk", "portworxVolume", "quobyte", "rbd"),
    *("scaleIO", "storageos", "vsphereVolume"),
)

SPECIAL: Mapping[str, Kind] = {
    "CSIDriver": Kind(
        refused={
            "spec.attachRequired": Fixed(default=True),
            "spec.volumeLifecycleModes": Fixed(default=["Persistent"]),
        }
    ),
    "ClusterRoleBinding": Kind(replaced_by=("roleRef",)),
    "ConfigMap": Kind(replaced_by=("data", "binaryData"), mutable_with="enableConfigMapMutable"),
    "CustomResourceDefinition": Kind(
        refused={"spec.group": _FIXED, "spec.scope": _FIXED, "spec.names.kind": _FIXED, "spec.names.plural": _FIXED}
    ),
    "DaemonSet": Kind(replaced_by=("spec.selector",)),
    "Deployment": Kind(replaced_by=("spec.selector",)),
    "EndpointSlice": Kind(refused={"addressType": _FIXED}),
    "IngressClass": Kind(refused={"spec.controller": _FIXED}),
    "Job": Kind(
        replaced_by=("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
        refused={
            "spec.backoffLimitPerIndex": _FIXED,
            "spec.completionMode": Fixed(default="NonIndexed"),
            "spec.managedBy": _FIXED,
            "spec.podFailurePolicy": _FIXED,
            "spec.successPolicy": _FIXED,
        },
    ),
    "PersistentVolume": Kind(
        replaced_by=tuple(f"spec.{source}" for source in ("csi", "hostPath", "local", "nfs", *_OLD_SOURCES)),
        refused={
            "spec.nodeAffinity": Fixed(settable=True),
            "spec.volumeMode": Fixed(default="Filesystem"),
        },
    ),
    "PersistentVolumeClaim": Kind(
        replaced_by=("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
        refused={
            "spec.dataSource": Fixed(_BOUND_CLAIMS),
            "spec.dataSourceRef": Fixed(_BOUND_CLAIMS),
            "spec.resources.limits": Fixed(_BOUND_CLAIMS),
            "spec.volumeMode": Fixed(_BOUND_CLAIMS, "Filesystem"),
        },
    ),
    "Pod": Kind(
        replaced_by=(
            *(f"spec.{name}" for name in _OF_PODS),
            *(f"spec.{kind}[*].{name}" for kind in ("containers", "initContainers") for name in _OF_CONTAINERS),
        )
    ),
    "PriorityClass": Kind(
        refused={
            "preemptionPolicy": Fixed(default="PreemptLowerPriority"),
            "value": Fixed("Forbidden: may not be changed in an update."),
        }
    ),
    "ResourceClaim": Kind(refused={"spec": _FIXED}),
    "ResourceClaimTemplate": Kind(refused={"spec": _FIXED}),
    "ResourceQuota": Kind(replaced_by=("spec.scopes",)),
    "RoleBinding": Kind(replaced_by=("roleRef",)),
    "RuntimeClass": Kind(refused={"handler": _FIXED}),
    "Secret": Kind(replaced_by=("data", "stringData", "type"), mutable_with="enableSecretMutable"),
    "Service": Kind(
        replaced_by=("spec.clusterIP",),
        refused={"spec.ipFamilies[0]": Fixed(_ONCE, "IPv4"), "spec.loadBalancerClass": Fixed(_ONCE)},
    ),
    "StatefulSet": Kind(
        replaced_by=(
            *("spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.selector", "spec.serviceName"),
            "spec.volumeClaimTemplates",
        )
    ),
    "StorageClass": Kind(
        replaced_by=("parameters", "provisioner"),
        refused={
            "reclaimPolicy": Fixed("Forbidden: updates to reclaimPolicy are forbidden.", "Delete"),
            "volumeBindingMode": Fixed(default="Immediate"),
        },
    ),
    "VolumeAttributesClass": Kind(
        refused={name: Fixed(f"Forbidden: updates to {name} are forbidden.") for name in ("driverName", "parameters")}
    ),
}


@dataclass(frozen=True)
class CustomKind:
    """A custom kind that a cluster serves."""

    group: str
    kind: str
    plural: str
    namespaced: bool
    versions: tuple[str, ...]


WITH_EVERY_CLUSTER = (  # EKS installs these kinds with the control plane
    CustomKind("crd.k8s.amazonaws.com", "ENIConfig", "eniconfigs", False, ("v1alpha1",)),
    CustomKind("networking.k8s.aws", "ApplicationNetworkPolicy", "applicationnetworkpolicies", True, ("v1alpha1",)),
    CustomKind("networking.k8s.aws", "ClusterNetworkPolicy", "clusternetworkpolicies", False, ("v1alpha1",)),
    CustomKind("networking.k8s.aws", "ClusterPolicyEndpoint", "clusterpolicyendpoints", False, ("v1alpha1",)),
    CustomKind("networking.k8s.aws", "PolicyEndpoint", "policyendpoints", True, ("v1alpha1",)),
    CustomKind("vpcresources.k8s.aws", "CNINode", "cninodes", False, ("v1alpha1",)),
    CustomKind("vpcresources.k8s.aws", "SecurityGroupPolicy", "securitygrouppolicies", True, ("v1beta1",)),
)
WITH_ADDON: Mapping[str, tuple[CustomKind, ...]] = {
    "snapshot-controller": (
        CustomKind("snapshot.storage.k8s.io", "VolumeSnapshot", "volumesnapshots", True, ("v1",)),
        CustomKind("snapshot.storage.k8s.io", "VolumeSnapshotClass", "volumesnapshotclasses", False, ("v1",)),
        CustomKind("snapshot.storage.k8s.io", "VolumeSnapshotContent", "volumesnapshotcontents", False, ("v1",)),
    ),
}

SYSTEM_PRIORITIES: Mapping[str, int] = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
SERVER_FIELDS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")  # the server's metadata

BUILT_IN = frozenset(  # objects of every new cluster: (kind, namespace, name)
    {
        *(("Namespace", "", name) for name in ("default", "kube-node-lease", "kube-public", "kube-system")),
        *(("PriorityClass", "", name) for name in SYSTEM_PRIORITIES),
        ("StorageClass", "", "gp2"),
    }
)


IN_EVERY_NAMESPACE = (("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"))  # (kind, name), made at once


def kind_of_an_addon(api_version: str, kind: str) -> CustomKind | None:
    """Returns the custom kind if any EKS add-on installs it, whether the cluster has the add-on or not."""
    for brought in WITH_ADDON.values():
        for each in brought:
            if kind == each.kind and api_version in {f"{each.group}/{version}" for version in each.versions}:
                return each
    return None


def kind_facts(inputs: Mapping[str, Any]) -> Kind:
    """Returns the special rules of an object's kind; ORDINARY for a kind without special rules, also a custom one."""
    return SPECIAL.get(builtin_kind(inputs), ORDINARY)


def plural(kind: str) -> str:
    """Returns the name of a built-in kind in paths and messages."""
    lower = kind.lower()
    if lower.endswith(("s", "x")):
        return f"{lower}es"
    return f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}s"
