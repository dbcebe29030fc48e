"""EBS storage classes: gp3 for everything, io2 for databases. Both encrypted with the stack's own key."""

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as kubernetes

from components.stage import Stage
from settings.cluster import StorageClassSettings


@dataclass(frozen=True, kw_only=True)
class StorageClassesArgs:
    """What the classes are told. `volume_key_arn` is a full ARN: the driver takes no alias."""

    settings: StorageClassSettings
    stage: Stage
    volume_key_arn: pulumi.Input[str]


class StorageClasses(pulumi.ComponentResource):
    """In production a volume outlives its claim; elsewhere it goes with it.

    That hangs on the environment alone, because Kubernetes refuses to change it later.
    Source: https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md
    """

    def __init__(self, name: str, args: StorageClassesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:StorageClasses", name, None, opts)
        if args.settings.gp3:
            self._storage_class(name, args, "gp3", {}, {"storageclass.kubernetes.io/is-default-class": "true"})
        if args.settings.io2:
            self._storage_class(name, args, "io2", {"iops": str(args.settings.io2_iops)}, {})
        self.register_outputs({})

    def _storage_class(
        self, name: str, args: StorageClassesArgs, volume_type: str, more: dict[str, str], annotations: dict[str, str]
    ) -> None:
        kubernetes.storage.v1.StorageClass(
            f"{name}-{volume_type}",
            metadata={"name": volume_type, "annotations": annotations},
            provisioner="ebs.csi.aws.com",
            parameters={"type": volume_type, "encrypted": "true", "kmsKeyId": args.volume_key_arn, **more},
            reclaim_policy="Retain" if args.stage.production else "Delete",
            volume_binding_mode="WaitForFirstConsumer",  # else the volume may land in a zone where its pod cannot run
            allow_volume_expansion=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
