"""In production a volume outlives its claim, and a copy of a volume outlives whoever asked for it.

Sources: Kubernetes, "Persistent Volumes", "Storage Classes", "Volume Snapshot Classes", for what silence means; read
2026-11.
"""

from collections.abc import Iterator, Mapping

from policies.rule import Case, Resource, Rule, text

CLASS, VOLUME = "kubernetes:storage.k8s.io/v1:StorageClass", "kubernetes:core/v1:PersistentVolume"
COPIES = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"
# Where the data are outside of the node. A disk of the node itself goes with it, whatever is written.
DRIVERS = ("ebs.csi.", "efs.csi.", "fsx.csi.", "kubernetes.io/aws-ebs")
# Type -> where it names its driver, where it says what becomes of the data, and what silence means there.
OF_TYPE: Mapping[str, tuple[str, str, str]] = {
    CLASS: ("provisioner", "reclaimPolicy", "Delete"),
    VOLUME: ("spec.csi.driver", "spec.persistentVolumeReclaimPolicy", "Retain"),
    COPIES: ("driver", "deletionPolicy", ""),
}


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    driver, path, silent = OF_TYPE[resource.type]
    if text(resource, driver).startswith(DRIVERS) and text(resource, path, default=silent) != "Retain":
        yield path, "is not Retain, so one `kubectl delete namespace` takes the data along"


RULE = Rule(
    id="rel-data-class-retain",
    applies_to=(CLASS, VOLUME, COPIES),
    severity="high",
    why="Who deletes a namespace means its pods, and seldom the data of a year.",
    fix="Set reclaimPolicy, persistentVolumeReclaimPolicy or deletionPolicy to Retain; a StorageClass cannot change, "
    "so make one of another name.",
    dev="disabled",
    staging="advisory",
    check=check,
    good={
        "class": {"provisioner": "ebs.csi.aws.com", "reclaimPolicy": "Retain"},
        "class of disks in the node": {"provisioner": "kubernetes.io/no-provisioner"},
        "volume, where Kubernetes retains by itself": Case(
            {"spec": {"csi": {"driver": "fsx.csi.aws.com"}}}, type=VOLUME
        ),
        "volume in the memory of a node": Case(
            {"spec": {"local": {"path": "/mnt"}, "persistentVolumeReclaimPolicy": "Delete"}}, type=VOLUME
        ),
        "copies": Case({"driver": "ebs.csi.aws.com", "deletionPolicy": "Retain"}, type=COPIES),
        "a trial": Case({"provisioner": "ebs.csi.aws.com"}, environment="dev"),
    },
    bad={
        "nothing said": Case({"provisioner": "ebs.csi.aws.com"}, at="reclaimPolicy"),
        "class of Auto Mode": Case({"provisioner": "ebs.csi.eks.amazonaws.com"}, at="reclaimPolicy"),
        "class of shared folders": Case(
            {"provisioner": "efs.csi.aws.com", "reclaimPolicy": "Delete"}, at="reclaimPolicy"
        ),
        "volume": Case(
            {"spec": {"csi": {"driver": "efs.csi.aws.com"}, "persistentVolumeReclaimPolicy": "Delete"}},
            type=VOLUME,
            at="spec.persistentVolumeReclaimPolicy",
        ),
        "volume that is wiped for the next": Case(
            {"spec": {"csi": {"driver": "fsx.csi.aws.com"}, "persistentVolumeReclaimPolicy": "Recycle"}},
            type=VOLUME,
            at="spec.persistentVolumeReclaimPolicy",
        ),
        "copies, nothing said": Case({"driver": "ebs.csi.aws.com"}, type=COPIES, at="deletionPolicy"),
        "copies that go": Case(
            {"driver": "ebs.csi.aws.com", "deletionPolicy": "Delete"}, type=COPIES, at="deletionPolicy"
        ),
    },
)
