"""Releases of the machine images that Karpenter's nodes start from.

Managed node groups take the newest image of their AMI type when they are made, and are updated by EKS.
"""

from collections.abc import Mapping

# A release, never `latest`: each new image would replace every node at a moment of AWS's choosing.
# Source: awslabs/amazon-eks-ami, release v20261012 (its kernel ends a panic of the two releases before it), and
# bottlerocket-os/bottlerocket, release v1.67.0 of 2026-10-13 (variants of Kubernetes 1.31 to 1.37), read 2026-11.
KARPENTER_ALIASES: Mapping[str, str] = {"al2023": "al2023@v20261012", "bottlerocket": "bottlerocket@v1.67.0"}
