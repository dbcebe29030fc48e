"""The EKS machine image (AMI type) of a managed node group.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html (amiType), read 2026-08.
"""

from collections.abc import Mapping, Sequence

from catalog.instance_types import INSTANCE_TYPES, InstanceType

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
