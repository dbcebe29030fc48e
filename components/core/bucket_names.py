"""Names of S3 buckets, which are known at preview, and the buckets that stand already."""

from collections.abc import Collection

import pulumi
import pulumi_aws as aws

from catalog.limits import BUCKET_NAME_LENGTH
from components.core.names import digest_of, shortened
from components.core.stage import Stage


def bucket_name(stage: Stage, name: str, region: str | None = None) -> str:
    """Returns the physical name of a bucket. Bucket names are global, so it has a digest of account and region."""
    digest = digest_of(f"{stage.account_id}/{region or stage.region}")
    room = BUCKET_NAME_LENGTH - len(f"{stage.prefix}--{digest}")
    return f"{stage.prefix}-{shortened(name, room)}-{digest}"


def bucket_arn(stage: Stage, name: str, region: str | None = None) -> str:
    return stage.bucket_arn(bucket_name(stage, name, region))


def standing_buckets(stage: Stage, regions: Collection[str], opts: pulumi.InvokeOptions) -> frozenset[str]:
    """Returns the names of the buckets in these regions that have the tags of this stack.

    A bucket that is retained stays in the account after its entry has left the stack file, so a create would fail.
    """
    found = [
        aws.resourcegroupstaggingapi.get_resources(
            region=region,
            resource_type_filters=["s3"],
            tag_filters=[{"key": key, "values": [value]} for key, value in stage.own_tags.items()],
            opts=opts,
        )
        for region in regions
    ]
    arns = [each.resource_arn for result in found for each in result.resource_tag_mapping_lists]
    return frozenset(arn.rpartition(":")[2] for arn in arns)
