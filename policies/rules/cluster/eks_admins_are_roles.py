"""Admins of a cluster are IAM roles, whose credentials end by themselves."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text

PATH = "principalArn"
ADMIN_POLICIES = ("AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    policy = text(resource, "policyArn").rpartition("/")[2]
    kind = text(resource, PATH).rpartition(":")[2].partition("/")[0]
    if (
        policy in ADMIN_POLICIES
        and text(resource, "accessScope.type", default="cluster") == "cluster"
        and kind != "role"
    ):
        yield PATH, "is no role, so its access key makes an admin until somebody deletes the key"


def _grant(
    principal: str, policy: str = ADMIN_POLICIES[0], scope: str = "cluster", partition: str = "aws"
) -> dict[str, object]:
    return {
        "clusterName": "main",
        "principalArn": f"arn:{partition}:iam::123456789012:{principal}",
        "policyArn": f"arn:{partition}:eks::aws:cluster-access-policy/{policy}",
        "accessScope": {"type": scope},
    }


RULE = Rule(
    id="eks-admins-are-roles",
    applies_to="aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    severity="high",
    standards=("EKS best practices: cluster access",),
    why="An access key of an admin that leaks is worth the whole cluster; a session of a role ends after hours.",
    fix="Name a role in clusters.<name>.access, for example one of IAM Identity Center, and let people take it on.",
    mend={"principalArn": "arn:aws:iam::<account>:role/<name>"},
    on_unknown="fail",  # ARNs are literals here
    dev="advisory",
    check=check,
    good={
        "a role": _grant("role/ml-platform-deployer"),
        "a role of IAM Identity Center": _grant(
            "role/aws-reserved/sso.amazonaws.com/us-west-2/AWSReservedSSO_MLAdmins_0123456789abcdef"
        ),
        "a user that only looks": _grant("user/auditor", policy="AmazonEKSViewPolicy"),
        "a user in one namespace": _grant("user/robot", policy="AmazonEKSAdminPolicy", scope="namespace"),
    },
    bad={
        "nothing set but the policy": Case({"policyArn": _grant("")["policyArn"]}, at=PATH),
        "a user": Case(_grant("user/alice"), at=PATH),
        "a user whose name is role": Case(_grant("user/role/alice"), at=PATH),
        "a user with the second policy of admins": Case(_grant("user/alice", policy=ADMIN_POLICIES[1]), at=PATH),
        "a user in China": Case(_grant("user/alice", partition="aws-cn"), at=PATH),
    },
)
