"""The machine image of a pool: its AMI type in EKS, and its release.

Sources: https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html (amiType), read 2026-08; Amazon EKS user
guide, "Retrieve recommended Amazon Linux AMI IDs" and "Retrieve recommended Bottlerocket AMI IDs" (public parameters);
Karpenter 1.14, EC2NodeClass, amiSelectorTerms; read 2026-11.
"""

from collections.abc import Mapping, Sequence

from catalog.instance_types import INSTANCE_TYPES, InstanceType
from catalog.machine_images import KARPENTER_ALIASES
from settings.compute.node_pool import NodePoolSettings

RELEASES: Mapping[str, str] = {
    "al2023": "https://github.com/awslabs/amazon-eks-ami/releases",
    "bottlerocket": "https://github.com/bottlerocket-os/bottlerocket/releases",
}
"""Where the releases of an operating system are listed."""

# Operating system, architecture, accelerator -> AMI type.
AMI_TYPES: Mapping[tuple[str, str, str | None], str] = {
    ("al2023", "x86_64", None): "AL2023_x86_64_STANDARD",
    ("al2023", "arm64", None): "AL2023_ARM_64_STANDARD",
    ("al2023", "x86_64", "nvidia"): "AL2023_x86_64_NVIDIA",
    ("al2023", "arm64", "nvidia"): "AL2023_ARM_64_NVIDIA",
    ("al2023", "x86_64", "neuron"): "AL2023_x86_64_NEURON",
    ("bottlerocket", "x86_64", None): "BOTTLEROCKET_x86_64",
    ("bottlerocket", "arm64", None): "BOTTLEROCKET_ARM_64",
    ("bottlerocket", "x86_64", "nvidia"): "BOTTLEROCKET_x86_64_NVIDIA",
    ("bottlerocket", "arm64", "nvidia"): "BOTTLEROCKET_ARM_64_NVIDIA",
}


def _drivers(machine: InstanceType) -> str | None:
    if machine.accelerator is None:
        return None
    return "neuron" if machine.accelerator.kind == "neuron" else machine.accelerator.manufacturer.lower()


def ami_type(operating_system: str, instance_types: Sequence[str]) -> str:
    """Returns the AMI type for these instance types, since a node group has one AMI for all its nodes.

    Raises ValueError when they need different AMI types, or one that does not exist.
    """
    kinds = {(machine.arch, _drivers(machine)) for machine in (INSTANCE_TYPES[name] for name in instance_types)}
    if len(kinds) != 1:
        raise ValueError(
            f"instance_types {', '.join(instance_types)} differ in architecture or accelerator, but the nodes of a "
            "pool share one AMI. Put them into separate pools."
        )
    ((arch, drivers),) = kinds
    if (operating_system, arch, drivers) not in AMI_TYPES:
        raise ValueError(
            f"EKS has no {operating_system} image for {', '.join(instance_types)} ({arch}, {drivers}). "
            "Take operating_system: al2023, or other instance types."
        )
    return AMI_TYPES[operating_system, arch, drivers]


def release_parameter(pool: NodePoolSettings, kubernetes_version: str) -> str:
    """Returns the public parameter with EKS's name of the pool's image release, such as `1.35.2-20261012`."""
    arch, drivers = pool.machines[0].arch, _drivers(pool.machines[0])
    if pool.operating_system == "bottlerocket":
        variant = f"aws-k8s-{kubernetes_version}" + ("-nvidia" if drivers == "nvidia" else "")
        return f"/aws/service/bottlerocket/{variant}/{arch}/{pool.image_release}/image_version"
    kind = drivers or "standard"
    image = f"amazon-eks-node-al2023-{arch}-{kind}-{kubernetes_version}-v{pool.image_release}"
    return (
        f"/aws/service/eks/optimized-ami/{kubernetes_version}/amazon-linux-2023/{arch}/{kind}/{image}/release_version"
    )


def karpenter_alias(pool: NodePoolSettings) -> str:
    """Returns Karpenter's name of the pool's image release: that of the stack file, or the platform's."""
    if pool.image_release is None:
        return KARPENTER_ALIASES[pool.operating_system]
    return f"{pool.operating_system}@v{pool.image_release}"
