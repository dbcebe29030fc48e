"""Every resource that AWS bills has the tags that split the bill."""

from collections.abc import Iterator, Sequence

from policies.rule import Case, Option, Resource, Rule, present, without_tag

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
    # tagsAll includes the provider's default tags. It is absent when the provider has none.
    key = "tagsAll" if present(resource, "tagsAll") else "tags"
    if missing := without_tag(resource, key, tags):
        yield key, f"lacks {', '.join(missing)}"


TAGS = {"environment": "prod", "owner": "ml-platform", "cost-center": "ml", "project": "ml-platform"}

RULE = Rule(
    id="cost-required-tags",
    applies_to=BILLED,
    severity="medium",
    standards=("CKV_AWS_153", "AWS Well-Architected COST03"),
    why="Without tags, nobody knows who pays for a resource and whether it is still needed.",
    fix="Use the platform's provider, whose default tags come from owner and cost_center in the stack file.",
    options={"tags": Option("Tags that must be present with a value.", list(TAGS), stricter="more")},
    dev="advisory",
    check=check,
    good={
        "from the provider's default tags": {"tags": {"Name": "main"}, "tagsAll": {"Name": "main", **TAGS}},
        "on the resource itself": {"tags": TAGS},
        "in the spelling of a company": {
            "tags": {"Environment": "prod", "Owner": "ml", "acme:CostCenter": "ml", "Project": "ml-platform"}
        },
    },
    bad={
        "nothing set": Case({}, at="tags"),
        "one tag empty": Case({"tagsAll": {**TAGS, "owner": ""}}, at="tagsAll"),
        "a placeholder": Case({"tagsAll": {**TAGS, "owner": " TODO"}}, at="tagsAll"),
        "one letter": Case({"tagsAll": {**TAGS, "owner": "x"}}, at="tagsAll"),
        "default tags missing": Case({"tagsAll": {"Name": "main"}, "tags": TAGS}, at="tagsAll"),
    },
)
