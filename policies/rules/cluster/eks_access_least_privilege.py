"""Few are admins of a whole cluster; nobody gets Kubernetes' own group of admins."""

from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from policies.rule import Case, Option, Resource, Rule, text, texts

ASSOCIATION, ENTRY = ("aws:eks/accessPolicyAssociation:AccessPolicyAssociation", "aws:eks/accessEntry:AccessEntry")
ADMIN = "AmazonEKSClusterAdminPolicy"
MASTERS = "system:masters"


def check(resource: Resource, *, admins: Collection[str]) -> Iterator[tuple[str, str]]:
    if resource.type == ENTRY:
        if MASTERS in texts(resource, "kubernetesGroups"):
            yield "kubernetesGroups", f"has {MASTERS}, which nothing in the cluster can limit or take away"
    elif text(resource, "policyArn").endswith(f"/{ADMIN}"):
        scope = text(resource, "accessScope.type", default="cluster")
        name = text(resource, "principalArn").rpartition("/")[2]
        if scope == "cluster" and not any(fnmatchcase(name, pattern) for pattern in admins):
            yield "principalArn", f"is none of the admins of clusters: {', '.join(admins)}"


def _of(principal: str, policy: str = ADMIN, scope: str = "cluster") -> dict[str, object]:
    return {
        "principalArn": f"arn:aws:iam::111122223333:role/{principal}",
        "policyArn": f"arn:aws:eks::aws:cluster-access-policy/{policy}",
        "accessScope": {"type": scope},
    }


RULE = Rule(
    id="eks-access-least-privilege",
    applies_to=(ASSOCIATION, ENTRY),
    severity="high",
    standards=("CIS EKS 4.1.1", "CIS EKS 4.1.7"),
    why="An admin of a cluster reads each secret and each volume of all teams.",
    fix="Give people a team's role, or AmazonEKSAdminPolicy in namespaces; "
    "add a role for emergencies to policies.eks-access-least-privilege.admins.",
    mend={"kubernetesGroups": ["<group>"]},
    dev="advisory",
    on_unknown="fail",
    options={
        "admins": Option(
            "Names of roles that may be admins of a cluster; * stands for anything.",
            ["*deployer*", "*break-glass*", "*operator*", "*admin*", "*Admin*"],
            stricter="fewer",
        )
    },
    check=check,
    good={
        "the deployer": _of("ml-platform-deployer"),
        "an admin of namespaces": _of("trainer", scope="namespace"),
        "somebody who looks": _of("trainer", policy="AmazonEKSViewPolicy"),
        "an entry without groups": Case({"principalArn": "arn"}, type=ENTRY),
        "a group of ours": Case({"kubernetesGroups": ["research"]}, type=ENTRY),
        "nothing set, which EKS refuses by itself": {},
    },
    bad={
        "nothing set but the policy": Case({"policyArn": _of("")["policyArn"]}, at="principalArn"),
        "a role of a workload": Case(_of("trainer"), at="principalArn"),
        "the group of admins": Case({"kubernetesGroups": ["a", MASTERS]}, type=ENTRY, at="kubernetesGroups"),
    },
)
