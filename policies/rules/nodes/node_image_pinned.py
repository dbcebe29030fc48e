"""An EC2NodeClass names one release of the image, so that Karpenter does not replace nodes by itself.

Source: Karpenter, NodeClasses, spec.amiSelectorTerms, and Tasks, "Managing AMIs"; read 2026-08.
"""

from collections.abc import Iterator

from policies.pools import NODE_CLASS
from policies.rule import Case, Resource, Rule, View, check_each, text
from policies.samples import node_class

TERMS = "spec.amiSelectorTerms"


def _term(term: View) -> Iterator[tuple[str, str]]:
    family, _, release = text(term, "alias").partition("@")
    if family and release in ("", "latest"):
        yield term.under("alias"), "names no release, so Karpenter replaces the nodes on the day a new image comes out"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from check_each(resource, TERMS, _term)


RULE = Rule(
    id="node-image-pinned",
    applies_to=NODE_CLASS,
    severity="medium",
    standards=("EKS best practices: Karpenter",),
    why="An image that nobody tested would reach all nodes at once, and drain the pods on them.",
    fix="Name a release in the alias, such as al2023@v20261012. Update it after a test in dev.",
    dev="advisory",
    check=check,
    good={
        "nothing set, so no alias": node_class(),
        "a release": node_class(amiSelectorTerms=[{"alias": "al2023@v20261012"}]),
        "an image by its id": node_class(amiSelectorTerms=[{"id": "ami-0abc"}]),
    },
    bad={
        "the latest": Case(node_class(amiSelectorTerms=[{"alias": "al2023@latest"}]), at=f"{TERMS}[0].alias"),
        "no release": Case(node_class(amiSelectorTerms=[{"alias": "bottlerocket"}]), at=f"{TERMS}[0].alias"),
    },
)
