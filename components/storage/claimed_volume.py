"""A volume that is there already, and the claim by which the pods of one namespace find it."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes

SMALLEST_CLAIM = "1Gi"  # what is asked of a volume whose size is not Kubernetes' to say


def claimed_volume(
    name: str,
    claim: str,
    namespace: str,
    spec: kubernetes.core.v1.PersistentVolumeSpecArgsDict,
    opts: pulumi.ResourceOptions,
    home: pulumi.Resource | None,
) -> None:
    """Register a volume `<claim>-<namespace>` and its claim.

    spec: of the PersistentVolume. opts: for both. home: the namespace, where the stack makes it.
    """
    volume = f"{claim}-{namespace}"
    held = kubernetes.core.v1.PersistentVolume(name, metadata={"name": volume}, spec=spec, opts=opts)
    waits: Sequence[pulumi.Resource] = [held] if home is None else [held, home]
    kubernetes.core.v1.PersistentVolumeClaim(
        name,
        metadata={"name": claim, "namespace": namespace},
        spec={
            "access_modes": spec["access_modes"],
            "storage_class_name": "",  # else the default class would make a volume of its own
            "volume_name": volume,
            "resources": {"requests": {"storage": SMALLEST_CLAIM}},
        },
        # A claim holds on to its volume: neither goes, nor is replaced, while the other stays.
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(depends_on=waits, replace_with=[held], delete_before_replace=True)
        ),
    )
