"""EBS volumes are encrypted, also those that a StorageClass creates later.

EKS makes the class `gp2` in every cluster, which does not encrypt. Source: Amazon EKS user guide, "Store Kubernetes
volumes with Amazon EBS", read 2026-11.
"""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag, text

VOLUME, CLASS = "aws:ebs/volume:Volume", "kubernetes:storage.k8s.io/v1:StorageClass"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
DRIVERS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")
BY_DEFAULT = "aws:ebs/encryptionByDefault:EncryptionByDefault"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == CLAIM:
        if text(resource, "spec.storageClassName") == "gp2":
            yield "spec.storageClassName", "is gp2, whose volumes are not encrypted"
        return
    if resource.type == BY_DEFAULT:
        if not flag(resource, "enabled", default=True):
            yield "enabled", "is false, so new volumes of the region are not encrypted"
        return
    if resource.type == CLASS and text(resource, "provisioner") not in DRIVERS:
        return
    path = "parameters.encrypted" if resource.type == CLASS else "encrypted"
    if not flag(resource, path):
        yield path, "is not true, so volumes are not encrypted"


RULE = Rule(
    id="ebs-encrypted",
    applies_to=(VOLUME, CLASS, CLAIM, BY_DEFAULT),
    severity="high",
    standards=("FSBP EC2.3", "FSBP EC2.7", "CKV_AWS_3", "CKV_AWS_106"),
    why="A volume stays after its pod has ended, and its snapshots can be shared with any account.",
    fix='Set encrypted=True on a volume; in a StorageClass, parameters={"encrypted": "true", "kmsKeyId": ...}; in a '
    "claim, storageClassName: gp3.",
    mend={"enabled": True, "encrypted": True},
    check=check,
    good={
        "volume": {"encrypted": True},
        "every volume of the region": Case({}, type=BY_DEFAULT),
        "StorageClass": Case({"provisioner": "ebs.csi.aws.com", "parameters": {"encrypted": "true"}}, type=CLASS),
        "claim of the default class": Case({"spec": {}}, type=CLAIM),
        "claim of gp3": Case({"spec": {"storageClassName": "gp3"}}, type=CLAIM),
        "StorageClass of another driver": Case({"provisioner": "efs.csi.aws.com"}, type=CLASS),
    },
    bad={
        "no volume of the region": Case({"enabled": False}, type=BY_DEFAULT, at="enabled"),
        "nothing set": Case({}, at="encrypted"),
        "turned off": Case({"encrypted": False}, at="encrypted"),
        "StorageClass, nothing set": Case({"provisioner": "ebs.csi.aws.com"}, type=CLASS, at="parameters.encrypted"),
        "claim of the class that EKS makes": Case(
            {"spec": {"storageClassName": "gp2"}}, type=CLAIM, at="spec.storageClassName"
        ),
        "StorageClass of the old driver, which the new one acts for": Case(
            {"provisioner": "kubernetes.io/aws-ebs"}, type=CLASS, at="parameters.encrypted"
        ),
        "StorageClass of Auto Mode": Case(
            {"provisioner": "ebs.csi.eks.amazonaws.com", "parameters": {"encrypted": "false"}},
            type=CLASS,
            at="parameters.encrypted",
        ),
    },
)
