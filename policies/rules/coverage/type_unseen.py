"""Every type of AWS resource in a stack is one that a rule looks at, or that is known to need none."""

from collections.abc import Collection, Iterator

from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule

HARMLESS = {
    "names and marks": (
        *("autoscaling/tag:Tag", "dynamodb/tag:Tag", "ec2/tag:Tag", "ecs/tag:Tag", "kms/alias:Alias"),
        *("iam/accountAlias:AccountAlias", "lambda/alias:Alias", "resourcegroups/group:Group"),
    ),
    "DNS and certificates": (
        *("acm/certificate:Certificate", "acm/certificateValidation:CertificateValidation"),
        *("route53/record:Record", "route53/zone:Zone", "route53/zoneAssociation:ZoneAssociation"),
    ),
    "parts of a network, which rules about networks read together or AWS charges alone": (
        *("ec2/carrierGateway:CarrierGateway", "ec2/customerGateway:CustomerGateway"),
        *("ec2/networkAclAssociation:NetworkAclAssociation", "ec2/placementGroup:PlacementGroup"),
        *("ec2/vpcDhcpOptions:VpcDhcpOptions", "ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation"),
        *("ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",),
        *("ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",),
        *("ec2transitgateway/vpcAttachment:VpcAttachment", "efs/mountTarget:MountTarget"),
        *("elasticache/subnetGroup:SubnetGroup", "rds/subnetGroup:SubnetGroup"),
    ),
    "what keeps or deletes objects by their age": (
        *("ecr/lifecyclePolicy:LifecyclePolicy", "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"),
        *("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",),
        *("s3/bucketOwnershipControls:BucketOwnershipControls", "s3/bucketMetric:BucketMetric"),
        *("s3/inventory:Inventory", "secretsmanager/secretRotation:SecretRotation"),
    ),
    "ties between resources that rules look at": (
        *("cloudwatch/eventRule:EventRule", "cloudwatch/eventTarget:EventTarget", "eks/accessEntry:AccessEntry"),
        *("fsx/dataRepositoryAssociation:DataRepositoryAssociation", "sns/topicSubscription:TopicSubscription"),
        *("iam/instanceProfile:InstanceProfile", "iam/openIdConnectProvider:OpenIdConnectProvider"),
        "iam/samlProvider:SamlProvider",
        *("iam/serviceLinkedRole:ServiceLinkedRole", "autoscaling/attachment:Attachment", "ecs/cluster:Cluster"),
        *("lb/targetGroup:TargetGroup", "lb/targetGroupAttachment:TargetGroupAttachment"),
    ),
    "questions to AWS for more": ("servicequotas/serviceQuota:ServiceQuota",),
}
"""Why they need no rule -> types, without `aws:`."""
_HARMLESS = frozenset(f"aws:{kind}" for kinds in HARMLESS.values() for kind in kinds)


def check(stack: Stack, *, accepted: Collection[str]) -> Iterator[tuple[Resource, str, str]]:
    first = {resource.type: resource for resource in reversed(stack.resources)}
    for kind, resource in sorted(first.items()):
        if kind not in _HARMLESS and kind not in accepted and kind not in stack.seen:
            yield resource, "type", f"is {kind}, which no rule looks at: nobody has said that it is closed"


RULE = StackRule(
    id="type-unseen",
    applies_to="aws:*",
    severity="high",
    why="A database, a machine or a door of a type without rules passes every other rule of this pack.",
    fix="Look at it, and add its type to policies.type-unseen.accepted, or write a rule for it.",
    no_mend="the type stays unseen: the resource goes, or the option names it",
    dev="advisory",
    staging="advisory",
    options={
        "accepted": Option(
            "Types that somebody has looked at, such as aws:memorydb/cluster:Cluster.", [], stricter="fewer"
        )
    },
    check=check,
    good={
        "nothing set": StackCase({}),
        "types that need none": StackCase({"alias": Sample("aws:kms/alias:Alias")}),
        "a type that somebody has looked at": StackCase(
            {"a": Sample("aws:memorydb/cluster:Cluster")}, options={"accepted": ["aws:memorydb/cluster:Cluster"]}
        ),
    },
    bad={
        "a database": StackCase({"a": Sample("aws:memorydb/cluster:Cluster")}, at=("a", "type")),
        "a machine for models": StackCase({"a": Sample("aws:sagemaker/endpoint:Endpoint")}, at=("a", "type")),
    },
)
