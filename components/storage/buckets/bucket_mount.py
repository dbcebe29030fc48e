"""A bucket as a folder: a volume and a claim in each namespace that uses it, by Mountpoint for S3.

Pods bring their own rights: the driver itself has none, so nobody sees more by the folder than by the API.
Source: awslabs/mountpoint-s3-csi-driver, docs/CONFIGURATION.md, v2.7, read 2026-11.
"""

from collections.abc import Collection, Mapping

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.cluster_ref import ClusterRef
from components.storage.claimed_volume import SMALLEST_CLAIM, claimed_volume
from components.storage.storage_namespaces import Place
from settings.storage.buckets import BucketSettings

# Pods run as users of their own, and Mountpoint shows files as root's; IAM says who may do what.
READ = ("allow-other", "read-only")
WRITE = ("allow-other", "allow-delete", "allow-overwrite", "dir-mode=0777", "file-mode=0666")


def modes(settings: BucketSettings, clusters: Collection[str]) -> dict[Place, str]:
    """(cluster, namespace) -> `write` where any service account of it may write, else `read`."""
    found: dict[Place, str] = {}
    for user in settings.used_by:
        place = (user.cluster_among(clusters), user.namespace)
        found[place] = "write" if "write" in (user.mode, found.get(place)) else "read"
    return found


def volume(
    claim: str, namespace: str, mode: str, bucket: pulumi.Input[str], region: str
) -> kubernetes.core.v1.PersistentVolumeSpecArgsDict:
    """Spec of the volume that one claim gets, and no other."""
    return {
        "capacity": {"storage": SMALLEST_CLAIM},  # Kubernetes wants a size; a bucket has none
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
    namespaces: Mapping[Place, pulumi.Resource | None],
    parent: pulumi.Resource,
) -> None:
    """Register a volume and a claim `s3-<name>` for each namespace."""
    claim = f"s3-{name}"
    for (cluster, namespace), mode in modes(settings, clusters).items():
        opts = pulumi.ResourceOptions(parent=parent, provider=clusters[cluster].provider)
        spec = volume(claim, namespace, mode, bucket, region)
        claimed_volume(
            f"{name}-{cluster}-{namespace}", claim, namespace, spec, opts, namespaces.get((cluster, namespace))
        )
