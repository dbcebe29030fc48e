"""Which drivers a cluster needs in order to mount what its pods use."""

from collections.abc import Collection, Mapping

from settings.storage.buckets import BucketSettings
from settings.storage.storage import StorageSettings

DRIVERS: Mapping[str, str] = {  # map under storage -> the driver, an add-on by EKS
    "buckets": "aws-mountpoint-s3-csi-driver",
    "file_systems": "aws-efs-csi-driver",
    "lustre": "aws-fsx-csi-driver",
}


def needed_drivers(storage: StorageSettings, cluster: str, clusters: Collection[str]) -> tuple[str, ...]:
    """Names of the drivers that mount what the cluster uses. clusters: all there are."""
    used = {
        DRIVERS[kind]
        for kind, _, held in storage.entries()
        if not (isinstance(held, BucketSettings) and not held.mount)
        and any(user.cluster_among(clusters) == cluster for user in held.used_by)
    }
    return tuple(sorted(used))
