"""Kubernetes versions on EKS and how long AWS supports each.

Each version has 14 months of standard support, then 12 months of extended support at a higher price.
Source: Amazon EKS user guide, "Understand the Kubernetes version lifecycle on EKS", read 2026-07. The dates of 1.36
come from a secondary source; the end of its extended support is the end of standard support plus 12 months.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class KubernetesVersion:
    """One minor version. `end_standard` and `end_extended` are the last days of each support."""

    version: str
    release: date
    end_standard: date
    end_extended: date


def _versions(*rows: tuple[str, date, date, date]) -> dict[str, KubernetesVersion]:
    return {
        version: KubernetesVersion(version=version, release=release, end_standard=standard, end_extended=extended)
        for version, release, standard, extended in rows
    }


VERSIONS: Mapping[str, KubernetesVersion] = _versions(
    # version, EKS release, end of standard support, end of extended support
    ("1.31", date(2024, 9, 26), date(2025, 11, 26), date(2026, 11, 26)),
    ("1.32", date(2025, 1, 23), date(2026, 3, 23), date(2027, 3, 23)),
    ("1.33", date(2025, 5, 29), date(2026, 7, 29), date(2027, 7, 29)),
    ("1.34", date(2025, 10, 2), date(2026, 12, 2), date(2027, 12, 2)),
    ("1.35", date(2026, 1, 28), date(2027, 3, 27), date(2028, 3, 27)),
    ("1.36", date(2026, 6, 2), date(2027, 8, 2), date(2028, 8, 2)),
)


def next_version(version: str) -> str | None:
    """Returns the minor version after this one, to which EKS upgrades a cluster; None when EKS has none yet."""
    major, _, minor = version.partition(".")
    following = f"{major}.{int(minor) + 1}"
    return following if following in VERSIONS else None


def later(version: str, other: str) -> bool:
    """Returns whether a version comes after another one."""
    return [int(part) for part in version.split(".")] > [int(part) for part in other.split(".")]


CLUSTER_SCOPED = frozenset(
    {
        *("APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle"),
        *("ComponentStatus", "CSIDriver", "CSINode", "CustomResourceDefinition", "DeviceClass", "DeviceTaintRule"),
        *("FlowSchema", "IPAddress", "IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"),
        *("MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PriorityClass"),
        *("PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass", "ServiceCIDR", "StorageClass"),
        *("StorageVersionMigration", "SelfSubjectReview", "TokenReview", "ValidatingAdmissionPolicy"),
        *("ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment"),
        "VolumeAttributesClass",
    }
)
"""Kinds of Kubernetes itself that are in no namespace: `kubectl api-resources --namespaced=false`, 1.35."""
