"""Every add-on of EKS has an exact version."""

import re
from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text

VERSION, EXACT = "addonVersion", re.compile(r"v\d+\.\d+\.\d+[\w.+-]*-eksbuild\.\d+")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not EXACT.fullmatch(text(resource, VERSION)):
        yield VERSION, "is no exact version, so AWS chooses one, and perhaps another for the next cluster"


RULE = Rule(
    id="eks-addon-pinned",
    applies_to="aws:eks/addon:Addon",
    severity="medium",
    standards=("EKS best practices: cluster upgrades",),
    why="Dev and prod run other versions, and nobody sees in a pull request that one changed.",
    fix="Set addon_version, such as v1.14.2-eksbuild.4; clusters.<name>.managed_addons take it from the catalog.",
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "a version": {"addonName": "coredns", VERSION: "v1.14.2-eksbuild.4"},
        "a version of somebody else's program": {"addonName": "metrics-server", VERSION: "v0.8.1-rc.1-eksbuild.6"},
    },
    bad={
        "nothing set": Case({"addonName": "coredns"}, at=VERSION),
        "latest": Case({"addonName": "coredns", VERSION: "latest"}, at=VERSION),
    },
)
