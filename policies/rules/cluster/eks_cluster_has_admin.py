"""A cluster has at least one admin, so that somebody can change it and destroy it."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, flag, text

CLUSTER = "aws:eks/cluster:Cluster"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
CREATOR = "accessConfig.bootstrapClusterCreatorAdminPermissions"
ADMIN = "AmazonEKSClusterAdminPolicy"


def _is_admin(association: Resource) -> bool:
    scope = text(association, "accessScope.type", default="cluster")
    return scope == "cluster" and text(association, "policyArn").rpartition("/")[2] == ADMIN


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    admins = [association for association in stack.of(ASSOCIATION) if _is_admin(association)]
    for cluster in stack.of(CLUSTER):
        if text(cluster, "accessConfig.authenticationMode", default="CONFIG_MAP") == "CONFIG_MAP":
            continue  # its creator is always admin
        if not flag(cluster, CREATOR, default=True) and not any(
            cluster in stack.linked(each, "clusterName", (CLUSTER,)) for each in admins
        ):
            yield cluster, CREATOR, "is false, and no access entry has the policy of cluster admins: nobody gets in"


def _stack(creator: bool | None, policy: str = ADMIN, scope: str = "cluster", of: str = "ml-prod") -> StackCase:
    access = {"authenticationMode": "API"}
    flags = {} if creator is None else {"bootstrapClusterCreatorAdminPermissions": creator}
    arn = f"arn:aws:eks::aws:cluster-access-policy/{policy}"
    grant = {"clusterName": of, "policyArn": arn, "accessScope": {"type": scope}}
    resources = {"main": Sample(CLUSTER, {"name": "ml-prod", "accessConfig": {**access, **flags}})}
    if policy:
        resources["admin"] = Sample(ASSOCIATION, grant)
    return StackCase(resources, at=("main", CREATOR))


BY_REFERENCE = StackCase(
    {
        "main": Sample(
            CLUSTER, {"accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}}
        ),
        "admin": Sample(
            ASSOCIATION, {"policyArn": f"arn:aws:eks::aws:cluster-access-policy/{ADMIN}"}, links={"clusterName": "main"}
        ),
    }
)

RULE = StackRule(
    id="eks-cluster-has-admin",
    applies_to=(CLUSTER, ASSOCIATION),
    severity="high",
    standards=("EKS best practices: cluster access",),
    why="A cluster without an admin can be neither changed nor destroyed by the stack: every object in it is refused.",
    fix="Keep deployer.role_arn, or give clusters.<name>.access one entry with policy: cluster-admin.",
    no_mend="an access entry is missing",
    on_unknown="fail",  # literals here
    check=check,
    good={
        "nothing set, so the creator is admin": _stack(None, policy=""),
        "an entry": _stack(False),
        "an entry that refers to the cluster": BY_REFERENCE,
        "the creator as well": _stack(True),
        "the ConfigMap, whose creator is always admin": StackCase({"main": Sample(CLUSTER, {"accessConfig": {}})}),
    },
    bad={
        "no entry": _stack(False, policy=""),
        "an entry that only views": _stack(False, policy="AmazonEKSViewPolicy"),
        "an admin of namespaces": _stack(False, scope="namespace"),
        "an admin of another cluster": _stack(False, of="ml-dev"),
    },
)
