"""What outlived its entry in the stack file and stands in the account: it is imported when the entry comes back."""

from collections.abc import Collection, Mapping

import pulumi
import pulumi_aws as aws

from components.core.stage import Stage

TIER = "ml-platform:tier"
"""Tag of every bucket and file system of an entry. A copy in another region does not have it."""
COPY_OF = "ml-platform:copy-of"
"""Tag of a copy: the region of the stack that made it."""
TYPES = ("s3", "backup:backup-vault", "ecr:repository", "logs:log-group")  # what has a name of ours and is retained


def standing(stage: Stage, regions: Collection[str], opts: pulumi.InvokeOptions) -> dict[str, Mapping[str, str]]:
    """Returns ARN -> tags of what these regions have with the tags of this stack.

    What is retained stays in the account after its entry has left the stack file, so a create would fail.
    """
    found = [
        aws.resourcegroupstaggingapi.get_resources(
            region=region,
            resource_type_filters=list(TYPES),
            tag_filters=[{"key": key, "values": [value]} for key, value in stage.own_tags.items()],
            opts=opts,
        )
        for region in regions
    ]
    return {each.resource_arn: each.tags for result in found for each in result.resource_tag_mapping_lists}


def import_id(stage: Stage, arn: str, name: str, tags: Mapping[str, str]) -> str | None:
    """Returns the name if it stands and this stack made it for the same purpose; otherwise None.

    tags: those that the program gives it. For what is in the state already, the engine does nothing with the answer.
    Raises RunError when the name is that of another stack's copy.
    """
    present = stage.standing.get(arn)
    if present is None:
        return None
    if (TIER in present, present.get(COPY_OF)) == (TIER in tags, tags.get(COPY_OF)):
        return name
    if present.get(COPY_OF, stage.region) != stage.region or stage.is_new:
        raise pulumi.RunError(
            f"{name} stands already, and is not of this stack: it is a copy of the stack of the same name in "
            f"{present.get(COPY_OF, 'another region')}. Give this stack another `name`."
        )
    return None
