"""Reads at preview whether AWS has the machine image of a pool."""

import pulumi
import pulumi_aws as aws

from components.compute.machine_image import RELEASES, release_parameter
from settings.compute.node_pool import NodePoolSettings


def image_release(pool: NodePoolSettings, cluster: str, version: str, parent: pulumi.Resource) -> str | None:
    """Returns EKS's name of the image release of the stack file. Raises RunError when AWS has no such image.

    cluster: its key in the stack file. version: of Kubernetes.
    """
    if pool.image_release is None:
        return None
    parameter = release_parameter(pool, version)
    try:
        return str(aws.ssm.get_parameter(name=parameter, opts=pulumi.InvokeOptions(parent=parent)).value)
    except Exception as reason:
        raise pulumi.RunError(
            f"clusters.{cluster}.pools: image_release {pool.image_release} of {pool.name} cannot be read from "
            f"{parameter}, so AWS has no such image for Kubernetes {version}, or this run may not read it. Its "
            f"releases: {RELEASES[pool.operating_system]} ({reason})"
        ) from None
