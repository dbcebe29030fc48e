"""The creator of a cluster is its admin only by an access entry that the stack has."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag, text

PATH = "accessConfig.bootstrapClusterCreatorAdminPermissions"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, "accessConfig.authenticationMode", default="CONFIG_MAP") == "CONFIG_MAP":
        yield PATH, "is of no use with CONFIG_MAP: the creator is admin by a mapping that nobody can see or remove"
    elif flag(resource, PATH, default=True):  # AWS's own default
        yield PATH, "is not false, so the creator is admin by an access entry that no state and no policy shows"


RULE = Rule(
    id="eks-creator-not-admin",
    applies_to="aws:eks/cluster:Cluster",
    severity="medium",
    standards=("EKS best practices: cluster access",),
    why="Every admin of a cluster is named in the stack, so a review sees who becomes one.",
    fix="Set deployer.role_arn before a cluster is made. On a live one it is ignored: docs/guides/cluster/way-in.md.",
    stack_file={"deployer.role_arn": "arn:aws:iam::<account>:role/<name>"},
    on_unknown="fail",  # literals here
    # Mandatory, it would stop every live stack for good: the flag is read only when a cluster is made.
    dev="advisory",
    staging="advisory",
    prod="advisory",
    check=check,
    good={
        "off": {"accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}},
        "off, with both modes": {
            "accessConfig": {
                "authenticationMode": "API_AND_CONFIG_MAP",
                "bootstrapClusterCreatorAdminPermissions": False,
            }
        },
    },
    bad={
        "nothing set": Case({}, at=PATH),
        "entries, and nothing set": Case({"accessConfig": {"authenticationMode": "API"}}, at=PATH),
        "on": Case(
            {"accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True}}, at=PATH
        ),
        "off, but with the ConfigMap": Case(
            {"accessConfig": {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": False}},
            at=PATH,
        ),
    },
)
