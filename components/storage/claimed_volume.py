"""A PersistentVolume for existing storage, and the claim by which the pods of one namespace use it."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes

SMALLEST_CLAIM = "1Gi"  # Kubernetes requires a size, but does not enforce it here


def claimed_volume(
    name: str,
    claim: str,
    namespace: str,
    spec: kubernetes.core.v1.PersistentVolumeSpecArgsDict,
    opts: pulumi.ResourceOptions,
    namespace_resource: pulumi.Resource | None,
) -> None:
    """Registers a volume `<claim>-<namespace>` and its claim.

    spec: of the PersistentVolume. opts: for both. namespace_resource: the namespace, if the stack makes it.
    """
    volume = f"{claim}-{namespace}"
    persistent_volume = kubernetes.core.v1.PersistentVolume(name, metadata={"name": volume}, spec=spec, opts=opts)
    after: Sequence[pulumi.Resource] = (
        [persistent_volume] if namespace_resource is None else [persistent_volume, namespace_resource]
    )
    kubernetes.core.v1.PersistentVolumeClaim(
        name,
        metadata={"name": claim, "namespace": namespace},
        spec={
            "access_modes": spec["access_modes"],
            "storage_class_name": "",  # otherwise the default class would make another volume
            "volume_name": volume,
            "resources": {"requests": {"storage": SMALLEST_CLAIM}},
        },
        # Claim and volume protect each other, so that they can only be deleted or replaced together.
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=after, replace_with=[persistent_volume], delete_before_replace=True)
        ),
    )
