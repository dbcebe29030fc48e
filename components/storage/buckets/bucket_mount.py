"""Mounts a bucket as a folder with Mountpoint for S3: a volume and a claim in each namespace that uses it.

The driver has no permissions: it uses those of the pod, so a mount gives no more access than the API.
Source: awslabs/mountpoint-s3-csi-driver, docs/CONFIGURATION.md, v2.7, read 2026-11.
"""

from collections.abc import Collection, Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.cluster_ref import ClusterRef
from components.core.namespaces import ClusterNamespace
from components.storage.claimed_volume import SMALLEST_CLAIM, claimed_volume
from settings.storage.buckets import BucketSettings

# Pods run as other users, and in Mountpoint root owns all files; IAM decides who may read and write.
READ = ("allow-other", "read-only")
WRITE = ("allow-other", "allow-delete", "allow-overwrite", "dir-mode=0777", "file-mode=0666")


def modes(settings: BucketSettings, clusters: Collection[str]) -> dict[ClusterNamespace, str]:
    """Returns (cluster, namespace) -> `write` if any of its service accounts may write, otherwise `read`."""
    mode_of: dict[ClusterNamespace, str] = {}
    for user in settings.used_by:
        cluster_namespace = (user.cluster_among(clusters), user.namespace)
        mode_of[cluster_namespace] = "write" if "write" in (user.mode, mode_of.get(cluster_namespace)) else "read"
    return mode_of


def volume(
    claim: str, namespace: str, mode: str, bucket: pulumi.Input[str], region: str
) -> kubernetes.core.v1.PersistentVolumeSpecArgsDict:
    """Returns the spec of a volume that only one claim can use."""
    return {
        "capacity": {"storage": SMALLEST_CLAIM},  # Kubernetes requires a size; a bucket has none
        "access_modes": ["ReadOnlyMany" if mode == "read" else "ReadWriteMany"],
        "persistent_volume_reclaim_policy": "Retain",
        "storage_class_name": "",
        "claim_ref": {"namespace": namespace, "name": claim},
        "mount_options": [*(WRITE if mode == "write" else READ), f"region={region}"],
        "csi": {
            "driver": "s3.csi.aws.com",
            "volume_handle": f"{claim}-{namespace}",
            "volume_attributes": {"bucketName": bucket, "authenticationSource": "pod"},
        },
    }


def mount(
    name: str,
    settings: BucketSettings,
    bucket: pulumi.Input[str],
    region: str,
    clusters: Mapping[str, ClusterRef],
    namespaces: Mapping[ClusterNamespace, pulumi.Resource | None],
    parent: pulumi.Resource,
) -> None:
    """Registers a volume and a claim `s3-<name>` for each namespace."""
    claim = f"s3-{name}"
    for (cluster, namespace), mode in modes(settings, clusters).items():
        opts = pulumi.ResourceOptions(parent=parent, provider=clusters[cluster].provider)
        spec = volume(claim, namespace, mode, bucket, region)
        claimed_volume(
            f"{name}-{cluster}-{namespace}", claim, namespace, spec, opts, namespaces.get((cluster, namespace))
        )
