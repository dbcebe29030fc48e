"""EBS storage classes: gp3 for everything, io2 for databases, both encrypted with the stack's own key.

The module also has the class of volume snapshots, which AWS encrypts with the key of the volume.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.core.admission import ALLOWS, admission_policy
from components.core.stage import Stage
from components.core.untyped import Manifest
from settings.cluster.cluster import StorageClassSettings
from settings.observability.metrics import TELEMETRY


@dataclass(frozen=True, kw_only=True)
class StorageClassesArgs:
    """Arguments of the storage classes.

    volume_key_arn: a full ARN, since the driver accepts no alias.
    snapshot_controller: the add-on with the CRD of the snapshot class; only needed for snapshots.
    telemetry: namespaces that may claim volumes of the class for what the cluster is measured with; () for no class.
    Raises ValueError when snapshots are on without it, since Kubernetes would not know the kind.
    """

    settings: StorageClassSettings
    stage: Stage
    volume_key_arn: pulumi.Input[str]
    snapshot_controller: pulumi.Resource | None = None
    telemetry: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.settings.snapshots and self.snapshot_controller is None:
            raise ValueError(
                "snapshot_controller is missing, so the kind VolumeSnapshotClass would not exist. Give the add-on."
            )


class VolumeSnapshotClass(pulumi.CustomResource):
    """A class of its own, since the SDK's CustomResource only has a `spec`, and this kind has other fields.

    Source: the CRD of chart snapshot-controller 5.2.0, read 2026-07.
    """

    def __init__(self, name: str, props: Manifest, opts: pulumi.ResourceOptions) -> None:
        kind = {"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass"}
        super().__init__("kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass", name, {**kind, **props}, opts)


class StorageClasses(pulumi.ComponentResource):
    """In production a volume stays when its claim is deleted; in other environments it is deleted too.

    Samples and silences are no data of anybody: a volume of the class for telemetry goes with its claim everywhere.
    Only the environment decides this, because Kubernetes refuses to change it later.
    Source: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md
    """

    def __init__(self, name: str, args: StorageClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:StorageClasses", name, None, opts)
        if args.settings.gp3:
            self._storage_class(name, args, "gp3", {}, {"storageclass.kubernetes.io/is-default-class": "true"})
        if args.settings.io2:
            self._storage_class(name, args, "io2", {"iops": str(args.settings.io2_iops)}, {})
        if args.telemetry:
            self._storage_class(name, args, TELEMETRY, {}, {}, keeps=False)
        if args.settings.snapshots:
            self._snapshot_class(name, args)
        self._refuse(name, args.telemetry)
        self.register_outputs({})

    def _refuse(self, name: str, telemetry: Sequence[str]) -> None:
        """Refuses claims of `gp2`, which EKS makes in every cluster: its volumes are not encrypted with our key.

        Data of people in the class for telemetry would go with a claim, also in production.
        The class gp2 itself belongs to EKS, so it stays. It is no default class since 1.30.
        Source: Amazon EKS user guide, "Review release notes for Kubernetes versions on standard support"; read 2026-11.
        """
        admission_policy(
            f"{name}-no-gp2",
            "ml-platform-no-gp2",
            {"v1": ["persistentvolumeclaims"]},
            "!has(object.spec.storageClassName) || object.spec.storageClassName != 'gp2'",
            "volumes of gp2 do not have the key of the platform: use another class, such as gp3",
            pulumi.ResourceOptions(parent=self),
            operations=["CREATE"],
            annotations={ALLOWS: ", ".join(f"volumes of {TELEMETRY} in {each}" for each in telemetry)},
            more={
                f"!has(object.spec.storageClassName) || object.spec.storageClassName != '{TELEMETRY}' || "
                f"request.namespace in {list(telemetry)}": (
                    f"volumes of {TELEMETRY} go with their claims: use another class"
                )
            }
            if telemetry
            else None,
        )

    def _snapshot_class(self, name: str, args: StorageClassesArgs) -> None:
        before = [args.snapshot_controller] if args.snapshot_controller else []
        VolumeSnapshotClass(
            f"{name}-snapshots",
            {
                "metadata": {
                    "name": "ebs",
                    "annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"},
                    "labels": {"velero.io/csi-volumesnapshot-class": "true"},  # Velero finds the class by this label
                },
                "driver": "ebs.csi.aws.com",
                # In production the snapshots of volumes stay when their namespace is deleted.
                "deletionPolicy": "Retain" if args.stage.production else "Delete",
            },
            pulumi.ResourceOptions(parent=self, depends_on=before),  # the controller has its CRD
        )

    def _storage_class(
        self,
        name: str,
        args: StorageClassesArgs,
        key: str,
        more: dict[str, str],
        annotations: dict[str, str],
        *,
        keeps: bool = True,
    ) -> None:
        volume_type = "gp3" if key == TELEMETRY else key
        kubernetes.storage.v1.StorageClass(
            f"{name}-{key}",
            metadata={"name": key, "annotations": annotations},
            provisioner="ebs.csi.aws.com",
            parameters={"type": volume_type, "encrypted": "true", "kmsKeyId": args.volume_key_arn, **more},
            reclaim_policy="Retain" if args.stage.production and keeps else "Delete",
            volume_binding_mode="WaitForFirstConsumer",  # so that the volume is in a zone where its pod can run
            allow_volume_expansion=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
