"""Releases of the machine images that Karpenter's nodes start from, and what Bottlerocket's knows of GPUs.

Managed node groups take the newest image of their AMI type when they are made, and are updated by EKS.
"""

from collections.abc import Mapping

from catalog.mig import MigGpu

# A release, never `latest`: each new image would replace every node at a moment of AWS's choosing.
# Source: awslabs/amazon-eks-ami, release v20261012 (its kernel ends a panic of the two releases before it), and
# bottlerocket-os/bottlerocket, release v1.67.0 of 2026-10-13 (variants of Kubernetes 1.31 to 1.37), read 2026-11.
KARPENTER_ALIASES: Mapping[str, str] = {"al2023": "al2023@v20261012", "bottlerocket": "bottlerocket@v1.67.0"}

# `MigGpu.name` -> the key under `settings.kubelet-device-plugins.nvidia.mig.profile`. For a GPU that is not here,
# Bottlerocket guesses how many instances fit, and gets some wrong (a B300 in 3g.135gb: one, where two fit).
# Source: Bottlerocket, docs of `settings.kubelet-device-plugins` and sources of nvidia-migmanager, read 2026-11.
BOTTLEROCKET_MIG_NAMES: Mapping[str, str] = {
    "A100-40GB": "a100.40gb",
    "A100-80GB": "a100.80gb",
    "H100-80GB": "h100.80gb",
    "H200-141GB": "h200.141gb",
    "B200-180GB": "b200.180gb",
}


def bottlerocket_mig_profiles(gpu: MigGpu) -> tuple[str, ...]:
    """The profiles into which Bottlerocket cuts this GPU, as often as they fit; empty when it does not know the GPU.

    Media extensions and the profiles of four compute slices are not among them. It takes an unknown profile without
    a word and leaves the GPU whole. Source: as above.
    """
    if gpu.name not in BOTTLEROCKET_MIG_NAMES:
        return ()
    return tuple(name for name, known in gpu.profiles.items() if "+" not in name and known.compute_slices != 4)
