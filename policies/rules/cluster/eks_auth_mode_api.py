"""Access entries decide who may enter a cluster, not the aws-auth ConfigMap in it."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text

PATH = "accessConfig.authenticationMode"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, PATH, default="CONFIG_MAP") != "API":
        yield PATH, "is not API, so the aws-auth ConfigMap still gives people access"


RULE = Rule(
    id="eks-auth-mode-api",
    applies_to="aws:eks/cluster:Cluster",
    severity="medium",
    standards=("CIS EKS 4.1.7", "EKS best practices: cluster access"),
    why="Anyone who can edit the ConfigMap can become an administrator, and a mistake in it locks everyone out.",
    fix="Name people in clusters.<name>.access; go from CONFIG_MAP to API_AND_CONFIG_MAP, then API. That is final.",
    mend={"authenticationMode": "API"},
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={"API": {"accessConfig": {"authenticationMode": "API"}}},
    bad={
        "nothing set": Case({}, at=PATH),
        "both ways": Case({"accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}}, at=PATH),
    },
)
