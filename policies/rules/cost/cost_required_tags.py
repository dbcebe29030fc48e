"""Everything that AWS bills carries the tags by which the bill is split."""

from collections.abc import Iterator, Sequence

from policies.rule import Case, Option, Resource, Rule, present, text

BILLED = (
    "aws:ec2/vpc:Vpc",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/eip:Eip",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:ec2/flowLog:FlowLog",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ec2/instance:Instance",
    "aws:ebs/volume:Volume",
    "aws:eks/cluster:Cluster",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:eks/addon:Addon",
    "aws:kms/key:Key",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketV2:BucketV2",
    "aws:efs/fileSystem:FileSystem",
    "aws:fsx/lustreFileSystem:LustreFileSystem",
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster",
    "aws:ecr/repository:Repository",
    "aws:secretsmanager/secret:Secret",
    "aws:sqs/queue:Queue",
)


def check(resource: Resource, *, tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    # tagsAll is what the provider merged from its default tags; without any, only the resource's own tags are there.
    key = "tagsAll" if present(resource, "tagsAll") else "tags"
    missing = [name for name in tags if not text(resource, (key, name)).strip()]
    if missing:
        yield key, f"lacks {', '.join(missing)}"


TAGS = {"environment": "prod", "owner": "ml-platform", "cost-center": "ml", "project": "ml-platform"}

RULE = Rule(
    id="cost-required-tags",
    applies_to=BILLED,
    severity="medium",
    standards=("CKV_AWS_153", "AWS Well-Architected COST03"),
    why="What carries no tag is paid by nobody in particular, and cannot be asked whether it is still needed.",
    fix="Make it under the platform's provider, whose default tags come from owner and cost_center in the stack file.",
    options={"tags": Option("Tags that have to be there, with a value.", list(TAGS))},
    dev="advisory",
    check=check,
    good={
        "from the provider's default tags": {"tags": {"Name": "main"}, "tagsAll": {"Name": "main", **TAGS}},
        "on the resource itself": {"tags": TAGS},
    },
    bad={
        "nothing said": Case({}, at="tags"),
        "one missing": Case({"tagsAll": {**TAGS, "owner": ""}}, at="tagsAll"),
        "only a name": Case({"tagsAll": {"Name": "main"}, "tags": TAGS}, at="tagsAll"),
    },
)
