"""IAM documents of Karpenter: permissions of its controller, and the policy of its queue. Pure functions.

Karpenter may only change resources with the tags of its cluster, and only start instances with these tags.
Source: aws/karpenter-provider-aws v1.14.1, CloudFormation template of the getting-started guide; read 2026-08.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from components.core import iam
from components.core.iam import allow
from components.core.stage import Stage
from settings.core.physical_names import karpenter_node_role_name

# Part of resource names -> event that Karpenter must receive.
EVENTS: Mapping[str, Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "health": {"source": ["aws.health"], "detail-type": ["AWS Health Event"]},
        "spot": {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
        "rebalance": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
        "state": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]},
        "reservation": {
            "source": ["aws.ec2"],
            "detail-type": ["EC2 Capacity Reservation Instance Interruption Warning"],
        },
    }
)
LAUNCHED = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
READ = (
    *("ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus"),
    *("ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplates"),
    *("ec2:DescribePlacementGroups", "ec2:DescribeSecurityGroups", "ec2:DescribeSpotPriceHistory"),
    "ec2:DescribeSubnets",
)
NODE_CLASS, NODE_POOL, REGION = (
    "karpenter.k8s.aws/ec2nodeclass",
    "karpenter.sh/nodepool",
    "topology.kubernetes.io/region",
)


def queue_name(stage: Stage, cluster: str) -> str:
    """Returns the name of the queue for interruption events, which is the name of the cluster."""
    return stage.cluster_name(cluster)


def node_role_name(stage: Stage, cluster: str) -> str:
    """Returns the name of the role of Karpenter's nodes, known at preview for the permission to pass the role."""
    with_region = cluster not in stage.older_names
    return karpenter_node_role_name(stage.cluster_name(cluster), stage.region, with_region=with_region)


def rule_name(stage: Stage, cluster: str, event: str) -> str:
    return f"{stage.cluster_name(cluster)}-{event}"


def queue_policy(stage: Stage, cluster: str) -> str:
    """Returns the queue policy: TLS only, and only the event rules of this cluster may send.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html, read 2026-08.
    """
    queue = stage.arn("sqs", queue_name(stage, cluster))
    rules = [stage.arn("events", f"rule/{rule_name(stage, cluster, event)}") for event in EVENTS]
    return iam.document(
        {
            "Sid": "RulesSend",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": ["sqs:SendMessage"],
            "Resource": [queue],
            "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": [queue],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def controller_statements(stage: Stage, cluster: str, *, spot: bool) -> tuple[iam.Statement, ...]:
    """Returns all permissions of the controller. spot: whether a pool may have spot instances."""
    return (
        *_instances(stage, stage.cluster_name(cluster)),
        *_instance_profiles(stage, cluster),
        *_reading(stage, cluster),
        *iam.volume_encryption(stage),
        *([_spot_role(stage)] if spot else []),
    )


def _owned(kind: str, cluster_name: str) -> dict[str, str]:
    """Returns a condition on the tag that marks the resources of a cluster. kind: RequestTag or ResourceTag."""
    return {f"aws:{kind}/kubernetes.io/cluster/{cluster_name}": "owned"}


def _instances(stage: Stage, cluster_name: str) -> Sequence[iam.Statement]:
    def ec2(*kinds: str, account: str = stage.account_id) -> list[str]:
        return [f"arn:{stage.partition}:ec2:{stage.region}:{account}:{kind}/*" for kind in kinds]

    launch_actions = ["ec2:RunInstances", "ec2:CreateFleet"]
    cluster_tags = {**_owned("RequestTag", cluster_name), "aws:RequestTag/eks:eks-cluster-name": cluster_name}
    of_any_pool = {"StringLike": {f"aws:RequestTag/{NODE_POOL}": "*"}}
    own_resources: iam.Condition = {
        "StringEquals": _owned("ResourceTag", cluster_name),
        "StringLike": {f"aws:ResourceTag/{NODE_POOL}": "*"},
    }
    create_actions = {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    later_tags = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
    return (
        allow(
            "LaunchOnImagesAndNetwork",
            launch_actions,
            [
                *ec2("image", "snapshot", account=""),  # images and snapshots have no account in their ARNs
                *ec2("security-group", "subnet", "capacity-reservation", "placement-group", account="*"),
            ],
        ),
        allow("LaunchFromOwnTemplates", launch_actions, ec2("launch-template"), own_resources),
        allow(
            "LaunchUnderOwnTags",
            [*launch_actions, "ec2:CreateLaunchTemplate"],
            ec2(*LAUNCHED),
            {"StringEquals": cluster_tags, **of_any_pool},
        ),
        allow(
            "TagWhatIsLaunched",
            ["ec2:CreateTags"],
            ec2(*LAUNCHED),
            {"StringEquals": {**cluster_tags, **create_actions}, **of_any_pool},
        ),
        allow(
            "TagOwnInstances",
            ["ec2:CreateTags"],
            ec2("instance"),
            {
                **own_resources,
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": cluster_name},
                "ForAllValues:StringEquals": {"aws:TagKeys": later_tags},
            },
        ),
        allow(
            "EndOwnInstances",
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            ec2("instance", "launch-template"),
            own_resources,
        ),
    )


def _instance_profiles(stage: Stage, cluster: str) -> Sequence[iam.Statement]:
    name, profiles = stage.cluster_name(cluster), [stage.iam_arn("instance-profile/*")]
    new_profile = {
        **_owned("RequestTag", name),
        "aws:RequestTag/eks:eks-cluster-name": name,
        f"aws:RequestTag/{REGION}": stage.region,
    }
    own_profiles = {**_owned("ResourceTag", name), f"aws:ResourceTag/{REGION}": stage.region}
    new_profile_class, own_profile_class = {f"aws:RequestTag/{NODE_CLASS}": "*"}, {f"aws:ResourceTag/{NODE_CLASS}": "*"}
    return (
        allow(
            "PassNodeRole",
            ["iam:PassRole"],
            [stage.iam_arn(f"role/{node_role_name(stage, cluster)}")],
            {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}},
        ),
        allow(
            "MakeInstanceProfiles",
            ["iam:CreateInstanceProfile"],
            profiles,
            {"StringEquals": new_profile, "StringLike": new_profile_class},
        ),
        allow(
            "TagInstanceProfiles",
            ["iam:TagInstanceProfile"],
            profiles,
            {"StringEquals": {**own_profiles, **new_profile}, "StringLike": {**own_profile_class, **new_profile_class}},
        ),
        allow(
            "UseOwnInstanceProfiles",
            ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"],
            profiles,
            {"StringEquals": own_profiles, "StringLike": own_profile_class},
        ),
        allow("ReadInstanceProfiles", ["iam:GetInstanceProfile"], profiles),
        allow("ListInstanceProfiles", ["iam:ListInstanceProfiles"], ["*"]),
    )


def _spot_role(stage: Stage) -> iam.Statement:
    """Returns the permission to make EC2's own role for spot instances, which a new account does not have.

    EC2 makes it at the first request, with the rights of the caller, and otherwise starts no spot instance. The stack
    does not make it, since an account has only one. Sources: https://karpenter.sh/v1.14/troubleshooting/, "Missing
    Service Linked Role"; eksctl-io/eksctl pull request 6102; read 2026-11.
    """
    role = stage.iam_arn("role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot")
    only_for_spot = {"StringEquals": {"iam:AWSServiceName": "spot.amazonaws.com"}}
    return allow("MakeSpotRole", ["iam:CreateServiceLinkedRole"], [role], only_for_spot)


def _reading(stage: Stage, cluster: str) -> Sequence[iam.Statement]:
    cluster_arn = stage.cluster_arn(cluster)
    images = f"arn:{stage.partition}:ssm:{stage.region}::parameter/aws/service/*"
    return (
        allow("FindApiServer", ["eks:DescribeCluster"], [cluster_arn]),
        allow(
            "HearOfInterruptions",
            ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            [stage.arn("sqs", queue_name(stage, cluster))],
        ),
        allow(
            "SeeZonalShifts",
            ["arc-zonal-shift:GetManagedResource"],
            ["*"],
            {"StringEquals": {"arc-zonal-shift:ResourceIdentifier": cluster_arn}},
        ),
        allow("ReadRegion", READ, ["*"], {"StringEquals": {"aws:RequestedRegion": stage.region}}),
        allow("FindImages", ["ssm:GetParameter"], [images]),
        allow("ReadPrices", ["pricing:GetProducts"], ["*"]),
    )
