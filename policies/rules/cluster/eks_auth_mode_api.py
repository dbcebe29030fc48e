"""Who may enter a cluster is said by access entries, not by a ConfigMap inside it."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text

PATH = "accessConfig.authenticationMode"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, PATH, default="CONFIG_MAP") != "API":
        yield PATH, "is not API, so the aws-auth ConfigMap still lets people in"


RULE = Rule(
    id="eks-auth-mode-api",
    applies_to="aws:eks/cluster:Cluster",
    severity="medium",
    standards=("CIS EKS 4.1.7", "EKS best practices: cluster access"),
    why="Who can edit one ConfigMap could make himself an administrator, and a mistake in it locks everybody out.",
    fix="Set authentication_mode to API and name people in clusters.<name>.access. There is no way back.",
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={"API": {"accessConfig": {"authenticationMode": "API"}}},
    bad={
        "nothing said": Case({}, at=PATH),
        "both": Case({"accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}}, at=PATH),
    },
)
