"""What the AWS Load Balancer Controller may do in AWS.

Its own policy lets it change what has any value of the tag `elbv2.k8s.aws/cluster`, and the rules of every security
group. Here the value is the cluster's name, so no controller touches what another cluster has. It tags all that it
makes, listeners and rules too. What its options turn off is left out: Shield, the classic WAF, Cognito, Outposts, IPAM;
and the search for certificates, since the classes name theirs.
Sources: aws-load-balancer-controller 3.5.0, docs/install/iam_policy.json, pkg/networking/networking_manager.go; Service
Authorization Reference, "Elastic Load Balancing V2", "Amazon EC2"; read 2026-11.
"""

from collections.abc import Sequence

from components.core.iam import Condition, Statement, allow
from components.core.stage import Stage

_TAG = "elbv2.k8s.aws/cluster"
_MAKES = ["CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup"]
"""What it tags by: not what is there already, which would be its own from then on."""
_DESCRIBES = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeCapacityReservation",
    "elasticloadbalancing:DescribeListenerAttributes",
    "elasticloadbalancing:DescribeListenerCertificates",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeSSLPolicies",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:DescribeTrustStores",
)


def controller_statements(stage: Stage, cluster: str, *, waf: bool) -> Sequence[Statement]:
    """Returns the statements of its role. cluster: key in the stack file. waf: whether a door has a web ACL."""
    name = stage.cluster_name(cluster)
    made: Condition = {"StringEquals": {f"aws:RequestTag/{_TAG}": name}}
    ours: Condition = {"StringEquals": {f"aws:ResourceTag/{_TAG}": name}}
    keeps_tag: Condition = {**ours, "Null": {f"aws:RequestTag/{_TAG}": "true"}}
    groups = [stage.arn("ec2", "security-group/*")]
    vpc = [stage.arn("ec2", "vpc/*")]
    of_stack: Condition = {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in stage.own_tags.items()}}
    rules = ("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress")

    def elb(*kinds: str) -> list[str]:
        return [stage.arn("elasticloadbalancing", f"{kind}/*") for kind in kinds]

    balancers = elb("loadbalancer/app", "loadbalancer/net")
    listeners = elb("listener/app", "listener/net")
    listener_rules = elb("listener-rule/app", "listener-rule/net")
    targets = elb("targetgroup")
    return [
        allow("Describe", _DESCRIBES, ["*"]),
        allow("DescribeVpc", ["ec2:GetSecurityGroupsForVpc"], vpc, of_stack),
        allow(
            "MakeServiceLinkedRole",
            ["iam:CreateServiceLinkedRole"],
            [
                stage.iam_arn(
                    "role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"
                )
            ],
            {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}},
        ),
        allow("MakeGroupsInVpc", ["ec2:CreateSecurityGroup"], vpc, of_stack),
        allow("MakeGroups", ["ec2:CreateSecurityGroup"], groups, made),
        allow(
            "TagNewGroups",
            ["ec2:CreateTags"],
            groups,
            {"StringEquals": {**made["StringEquals"], "ec2:CreateAction": "CreateSecurityGroup"}},
        ),
        allow("TagGroups", ["ec2:CreateTags", "ec2:DeleteTags"], groups, keeps_tag),
        allow("ChangeGroups", [*rules, "ec2:DeleteSecurityGroup"], groups, ours),
        # The group of the nodes, which lets the load balancers in. EKS tags it.
        allow(
            "OpenNodes",
            rules,
            groups,
            {"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{name}": "owned"}},
        ),
        allow(
            "MakeBalancers",
            ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"],
            [*balancers, *targets],
            made,
        ),
        allow(
            "TagNew",
            ["elasticloadbalancing:AddTags"],
            [*balancers, *targets, *listeners, *listener_rules],
            {"StringEquals": {**made["StringEquals"], "elasticloadbalancing:CreateAction": _MAKES}},
        ),
        allow(
            "Tag",
            ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
            [*balancers, *targets, *listeners, *listener_rules],
            keeps_tag,
        ),
        allow(
            "ChangeBalancers",
            [
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:ModifyCapacityReservation",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:SetSecurityGroups",
                "elasticloadbalancing:SetSubnets",
            ],
            balancers,
            ours,
        ),
        allow(
            "ChangeListeners",
            [
                "elasticloadbalancing:AddListenerCertificates",
                "elasticloadbalancing:CreateRule",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:RemoveListenerCertificates",
            ],
            listeners,
            ours,
        ),
        allow(
            "ChangeRules",
            [
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:SetRulePriorities",
            ],
            listener_rules,
            ours,
        ),
        allow(
            "ChangeTargets",
            [
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:RegisterTargets",
            ],
            targets,
            ours,
        ),
        *(_web_acls(stage) if waf else ()),
    ]


def _web_acls(stage: Stage) -> Sequence[Statement]:
    acls = stage.arn("wafv2", f"regional/webacl/{stage.prefix}-*/*")
    balancers = stage.arn("elasticloadbalancing", "loadbalancer/app/*")
    return [
        allow(
            "GuardBalancers",
            ["wafv2:AssociateWebACL", "wafv2:GetWebACL", "wafv2:GetWebACLForResource"],
            [acls, balancers],
        ),
        allow("UnguardBalancers", ["wafv2:DisassociateWebACL"], [balancers]),
        allow("SetWebAcl", ["elasticloadbalancing:SetWebAcl"], ["*"]),  # AWS scopes it to no resource
    ]
