"""The repositories of a team's images in ECR: who pushes, what is deleted, and what nobody can overwrite.

Nodes pull by their own role, which may read every repository of the account; admission decides what a pod may run.
Who pushes also needs ecr:GetAuthorizationToken in a policy of its own, which no policy of a repository can give.
Scanning at a push is said here, for this repository alone: the settings of the registry belong to the account, and
where these choose enhanced scanning, Amazon Inspector scans instead.
Sources: ECR user guide, "Private repository policy examples", "Lifecycle policy properties", "Encryption at rest"; ECR
API model of botocore, PutImageScanningConfiguration; pulumi/pulumi-aws 2075; read 2026-11.
"""

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.stage import Stage
from components.core.standing import import_id
from settings.tenancy.images import ImagesSettings
from settings.tenancy.team import TeamSettings

PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:ListImages",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)


def lifecycle(settings: ImagesSettings) -> str:
    """Returns what ECR deletes. The rule of all images comes last: ECR refuses it in another place."""

    def expire(priority: int, description: str, **selection: str | int) -> dict[str, object]:
        return {
            "rulePriority": priority,
            "description": description,
            "selection": selection,
            "action": {"type": "expire"},
        }

    days = 14 if settings.untagged_days is None else settings.untagged_days
    of_age: dict[str, str | int] = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    rules = [expire(1, "Images without a tag", tagStatus="untagged", **of_age)] if days else []
    newest = expire(2, "All but the newest", tagStatus="any", countType="imageCountMoreThan", countNumber=settings.keep)
    return json.dumps({"rules": [*rules, newest]})


def pushers(team: TeamSettings, roles: Mapping[str, str]) -> list[str]:
    """Returns who pushes: the roles that the team names, else its members who may make pods.

    roles: permission set -> ARN of its role.
    """
    members = [
        member.principal_arn or roles[str(member.permission_set)]
        for member in team.members.values()
        if member.role != "viewer"
    ]
    return sorted(set(team.pushers or members))


def push_policy(principals: Sequence[str]) -> str:
    """Returns the policy of a repository. It names no resource: ECR refuses one."""
    return iam.document(
        {"Sid": "Push", "Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": list(PUSH)}
    )


def repositories(
    name: str,
    team: TeamSettings,
    settings: ImagesSettings,
    stage: Stage,
    key_arn: pulumi.Input[str] | None,
    roles: Mapping[str, str],
    parent: pulumi.Resource,
) -> dict[str, pulumi.Output[str]]:
    """Registers the repositories of a team, each with its policy and lifecycle. Returns their addresses, by name.

    key_arn: KMS key of the stack; None for a key of S3. What is retained keeps its policies, and is imported when its
    entry comes back.
    """
    opts = pulumi.ResourceOptions(parent=parent, retain_on_delete=stage.retains or None)
    encryption: aws.ecr.RepositoryEncryptionConfigurationArgsDict = {"encryption_type": "AES256"}
    if key_arn is not None:
        encryption = {"encryption_type": "KMS", "kms_key": key_arn}
    principals, addresses = pushers(team, roles), {}
    for key in team.repositories:
        physical_name, tags = stage.repository_name(team.name, key), stage.team_tags(team.name)
        repository = aws.ecr.Repository(
            f"{name}.{key}",
            name=physical_name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[encryption],
            force_delete=not stage.deletion_protection,
            tags=tags,
            opts=pulumi.ResourceOptions.merge(
                opts,
                pulumi.ResourceOptions(
                    protect=stage.deletion_protection,
                    delete_before_replace=True,  # of one name there is one
                    import_=import_id(stage, stage.arn("ecr", f"repository/{physical_name}"), physical_name, tags),
                ),
            ),
        )
        aws.ecr.LifecyclePolicy(f"{name}.{key}", repository=repository.name, policy=lifecycle(settings), opts=opts)
        if principals:
            aws.ecr.RepositoryPolicy(
                f"{name}.{key}", repository=repository.name, policy=push_policy(principals), opts=opts
            )
        addresses[key] = repository.repository_url
    return addresses
