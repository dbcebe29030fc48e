"""The CSI drivers that a cluster needs to mount what its pods use."""

from collections.abc import Collection, Mapping

from settings.storage.buckets import BucketSettings
from settings.storage.storage import StorageSettings

DRIVERS: Mapping[str, str] = {  # key under `storage` -> the driver, an EKS add-on
    "buckets": "aws-mountpoint-s3-csi-driver",
    "file_systems": "aws-efs-csi-driver",
    "lustre": "aws-fsx-csi-driver",
}


def needed_drivers(storage: StorageSettings, cluster: str, clusters: Collection[str]) -> tuple[str, ...]:
    """Returns the names of the drivers that mount what the cluster uses. clusters: keys of all clusters."""
    used = {
        DRIVERS[kind]
        for kind, _, entry in storage.entries()
        if not (isinstance(entry, BucketSettings) and not entry.mount)
        and any(user.cluster_among(clusters) == cluster for user in entry.used_by)
    }
    return tuple(sorted(used))
