"""The VPC CNI gives pods addresses of their own subnets, and its network policies hold."""

from collections.abc import Iterator

from catalog.eks_addons import VPC_CNI_AT_LEAST, release_of
from policies.rule import Case, Resource, Rule, text

LEAST = ".".join(map(str, VPC_CNI_AT_LEAST))


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, "addonName") != "vpc-cni":
        return
    version = text(resource, "addonVersion")
    if not version:
        yield "addonVersion", "is not set, so AWS chooses one, and perhaps another at the next run"
    elif release_of(version) < VPC_CNI_AT_LEAST:
        yield (
            "addonVersion",
            f"is {version}, older than {LEAST}: pods take addresses of the nodes' subnets, or lose their network",
        )


RULE = Rule(
    id="eks-vpc-cni-version",
    applies_to="aws:eks/addon:Addon",
    severity="high",
    standards=("EKS best practices: networking",),
    why="An older VPC CNI fills the subnets of nodes, and its network policies cut pods off or let others in.",
    fix=f"Drop clusters.<name>.managed_addons.vpc-cni.version, or set it to v{LEAST} or later.",
    on_unknown="fail",
    check=check,
    good={
        "the oldest that works": {"addonName": "vpc-cni", "addonVersion": "v1.22.4-eksbuild.3"},
        "a newer one": {"addonName": "vpc-cni", "addonVersion": "v1.23.0-eksbuild.1"},
        "another add-on": {"addonName": "coredns", "addonVersion": "v1.14.2-eksbuild.4"},
    },
    bad={
        "nothing set, so AWS chooses": Case({"addonName": "vpc-cni"}, at="addonVersion"),
        "the tag of subnets has no effect": Case(
            {"addonName": "vpc-cni", "addonVersion": "v1.21.1-eksbuild.8"}, at="addonVersion"
        ),
        "policies are shared across namespaces": Case(
            {"addonName": "vpc-cni", "addonVersion": "v1.22.3-eksbuild.1"}, at="addonVersion"
        ),
        "no version at all": Case({"addonName": "vpc-cni", "addonVersion": "latest"}, at="addonVersion"),
    },
)
