"""Releases of the machine images that Karpenter's nodes start from.

Managed node groups start with the newest image of their AMI type, and EKS updates them.
"""

from collections.abc import Mapping

# Always a release, never `latest`: with `latest`, each new image would replace every node on the day AWS publishes it.
# Source: awslabs/amazon-eks-ami, release v20261012 (its kernel fixes a panic of the two releases before it), and
# bottlerocket-os/bottlerocket, release v1.67.0 of 2026-10-13 (variants of Kubernetes 1.31 to 1.37), read 2026-11.
KARPENTER_ALIASES: Mapping[str, str] = {"al2023": "al2023@v20261012", "bottlerocket": "bottlerocket@v1.67.0"}
