"""IAM roles for pods, by EKS Pod Identity."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pulumi
import pulumi_aws as aws

from catalog.limits import IAM_ROLE_NAME_LENGTH, IAM_ROLE_POLICY_NAME_LENGTH
from components.core import iam
from components.core.names import shortened
from components.core.stage import Stage
from settings.core.physical_names import AUTONAME_LENGTH


class RoleWithPermissions(NamedTuple):
    """A role, and the resources that give it its permissions: everything that uses the role must wait for both."""

    arn: pulumi.Output[str]
    permissions: list[pulumi.Resource]


def pod_role(
    name: str,
    stage: Stage,
    cluster: str,
    parent: pulumi.Resource,
    managed_policies: Sequence[str] = (),
    statements: Mapping[str, str] | None = None,
    physical_name: str | None = None,
) -> RoleWithPermissions:
    """Registers a role that pods of one cluster may assume.

    managed_policies: ARNs of policies that AWS maintains, from the catalog.
    statements: name of an inline policy -> its document.
    physical_name: for a role that needs a fixed name; otherwise Pulumi makes one, from a `name` short enough for IAM.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    role_name = name if physical_name else shortened(name, IAM_ROLE_NAME_LENGTH - AUTONAME_LENGTH)
    role = aws.iam.Role(
        role_name,
        name=physical_name,
        assume_role_policy=iam.pod_identity_trust(stage, cluster),
        permissions_boundary=stage.boundary,
        opts=opts,
    )
    permissions: list[pulumi.Resource] = [role]
    for policy in managed_policies:
        permissions.append(
            aws.iam.RolePolicyAttachment(
                f"{name}-{policy.rsplit('/', 1)[-1]}",
                role=role.name,
                policy_arn=stage.in_partition(policy),
                opts=opts,
            )
        )
    for key, text in (statements or {}).items():
        policy_name = shortened(f"{name}-{key}", IAM_ROLE_POLICY_NAME_LENGTH - AUTONAME_LENGTH)
        permissions.append(aws.iam.RolePolicy(policy_name, role=role.name, policy=text, opts=opts))
    return RoleWithPermissions(role.arn, permissions)
