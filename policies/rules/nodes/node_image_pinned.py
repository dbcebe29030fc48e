"""Karpenter starts nodes from one release of the image, until somebody names another.

Source: Karpenter, NodeClasses, spec.amiSelectorTerms, and Tasks, "Managing AMIs"; read 2026-08.
"""

from collections.abc import Iterator

from policies.pools import NODE_CLASS
from policies.rule import Case, Resource, Rule, View, every, text
from policies.samples import node_class

TERMS = "spec.amiSelectorTerms"


def _term(term: View) -> Iterator[tuple[str, str]]:
    family, _, release = text(term, "alias").partition("@")
    if family and release in ("", "latest"):
        yield term.under("alias"), "names no release, so each new image replaces the nodes on the day it comes out"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from every(resource, TERMS, _term)


RULE = Rule(
    id="node-image-pinned",
    applies_to=NODE_CLASS,
    severity="medium",
    standards=("EKS best practices: Karpenter",),
    why="A release that nobody tried would reach all nodes at once, and drain what runs on them.",
    fix="Name a release in the alias, such as al2023@v20261012, and raise it when it was tried in dev.",
    dev="advisory",
    check=check,
    good={
        "nothing said of an alias": node_class(),
        "a release": node_class(amiSelectorTerms=[{"alias": "al2023@v20261012"}]),
        "an image by its id": node_class(amiSelectorTerms=[{"id": "ami-0abc"}]),
    },
    bad={
        "the latest": Case(node_class(amiSelectorTerms=[{"alias": "al2023@latest"}]), at=f"{TERMS}[0].alias"),
        "no release": Case(node_class(amiSelectorTerms=[{"alias": "bottlerocket"}]), at=f"{TERMS}[0].alias"),
    },
)
