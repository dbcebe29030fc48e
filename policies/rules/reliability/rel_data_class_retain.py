"""In production, deleting a claim keeps its volume, and deleting a VolumeSnapshot keeps the snapshot.

Sources of the defaults: Kubernetes, "Persistent Volumes", "Storage Classes", "Volume Snapshot Classes"; read 2026-11.
"""

from collections.abc import Iterator, Mapping, Sequence

from policies.rule import Case, Option, Resource, Rule, text

CLASS, VOLUME = "kubernetes:storage.k8s.io/v1:StorageClass", "kubernetes:core/v1:PersistentVolume"
SNAPSHOT_CLASS = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"
# Drivers whose data is outside of the node. A disk in the node is lost with the node, whatever the policy is.
DRIVERS = ("ebs.csi.", "efs.csi.", "fsx.csi.", "kubernetes.io/aws-ebs")
# Type -> path of its driver, path of its reclaim or deletion policy, and the default of that policy.
PATHS: Mapping[str, tuple[str, str, str]] = {
    CLASS: ("provisioner", "reclaimPolicy", "Delete"),
    VOLUME: ("spec.csi.driver", "spec.persistentVolumeReclaimPolicy", "Retain"),
    SNAPSHOT_CLASS: ("driver", "deletionPolicy", ""),
}


def check(resource: Resource, *, no_data: Sequence[str]) -> Iterator[tuple[str, str]]:
    driver, path, default = PATHS[resource.type]
    if resource.type == CLASS and text(resource, "metadata.name") in no_data:
        return
    if text(resource, driver).startswith(DRIVERS) and text(resource, path, default=default) != "Retain":
        yield path, "is not Retain, so one `kubectl delete namespace` deletes the data"


RULE = Rule(
    id="rel-data-class-retain",
    applies_to=(CLASS, VOLUME, SNAPSHOT_CLASS),
    severity="high",
    why="Anyone who deletes a namespace wants to remove its pods, and rarely the data of a year.",
    mend=dict.fromkeys(("reclaimPolicy", "persistentVolumeReclaimPolicy", "deletionPolicy"), "Retain"),
    fix="Set reclaimPolicy, persistentVolumeReclaimPolicy or deletionPolicy to Retain. A StorageClass cannot "
    "be changed: add a new one.",
    options={
        "no_data": Option(
            "Storage classes of what is nobody's data, such as samples of metrics.", ["telemetry"], stricter="fewer"
        )
    },
    dev="disabled",
    staging="advisory",
    check=check,
    good={
        "StorageClass": {"provisioner": "ebs.csi.aws.com", "reclaimPolicy": "Retain"},
        "StorageClass of samples": {
            "metadata": {"name": "telemetry"},
            "provisioner": "ebs.csi.aws.com",
            "reclaimPolicy": "Delete",
        },
        "StorageClass of disks in the node": {"provisioner": "kubernetes.io/no-provisioner"},
        "volume, where Retain is the default": Case({"spec": {"csi": {"driver": "fsx.csi.aws.com"}}}, type=VOLUME),
        "volume on a disk of the node": Case(
            {"spec": {"local": {"path": "/mnt"}, "persistentVolumeReclaimPolicy": "Delete"}}, type=VOLUME
        ),
        "VolumeSnapshotClass": Case({"driver": "ebs.csi.aws.com", "deletionPolicy": "Retain"}, type=SNAPSHOT_CLASS),
        "dev": Case({"provisioner": "ebs.csi.aws.com"}, environment="dev"),
    },
    bad={
        "nothing set": Case({"provisioner": "ebs.csi.aws.com"}, at="reclaimPolicy"),
        **{f"StorageClass of {each}": Case({"provisioner": f"{each}x"}, at="reclaimPolicy") for each in DRIVERS},
        "StorageClass of Auto Mode": Case({"provisioner": "ebs.csi.eks.amazonaws.com"}, at="reclaimPolicy"),
        "StorageClass of another name": Case(
            {"metadata": {"name": "telemetry-data"}, "provisioner": "ebs.csi.aws.com", "reclaimPolicy": "Delete"},
            at="reclaimPolicy",
        ),
        "StorageClass of EFS": Case({"provisioner": "efs.csi.aws.com", "reclaimPolicy": "Delete"}, at="reclaimPolicy"),
        "volume": Case(
            {"spec": {"csi": {"driver": "efs.csi.aws.com"}, "persistentVolumeReclaimPolicy": "Delete"}},
            type=VOLUME,
            at="spec.persistentVolumeReclaimPolicy",
        ),
        "volume that is wiped and used again": Case(
            {"spec": {"csi": {"driver": "fsx.csi.aws.com"}, "persistentVolumeReclaimPolicy": "Recycle"}},
            type=VOLUME,
            at="spec.persistentVolumeReclaimPolicy",
        ),
        "VolumeSnapshotClass, nothing set": Case(
            {"driver": "ebs.csi.aws.com"}, type=SNAPSHOT_CLASS, at="deletionPolicy"
        ),
        "VolumeSnapshotClass that deletes": Case(
            {"driver": "ebs.csi.aws.com", "deletionPolicy": "Delete"}, type=SNAPSHOT_CLASS, at="deletionPolicy"
        ),
    },
)
