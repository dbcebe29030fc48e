"""An EC2NodeClass names one release of the image, so that Karpenter does not replace nodes by itself.

Source: Karpenter, NodeClasses, spec.amiSelectorTerms, and Tasks, "Managing AMIs"; read 2026-08.
"""

import re
from collections.abc import Iterator

from policies.pools import NODE_CLASS
from policies.rule import Case, Resource, Rule, each, present, text
from policies.samples import node_class

TERMS = "spec.amiSelectorTerms"
HARM = "so Karpenter replaces the nodes on the day a new image comes out"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for term in each(resource, TERMS):
        family, _, release = text(term, "alias").partition("@")
        if family and release in ("", "latest"):
            yield term.under("alias"), f"names no release, {HARM}"
        if re.search(r"[*?]", text(term, "name")):
            yield term.under("name"), f"has a wildcard, {HARM}"
        if re.search("recommended|latest", text(term, "ssmParameter")):
            yield term.under("ssmParameter"), f"is moved by AWS, {HARM}"
        if present(term, "tags"):
            yield term.under("tags"), f"selects every image that gets them, {HARM}"


PARAMETER = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard"

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
        "an image by its name": node_class(amiSelectorTerms=[{"name": "nodes-7"}]),
        "a parameter of a release": node_class(amiSelectorTerms=[{"ssmParameter": f"{PARAMETER}/v20261012"}]),
    },
    bad={
        "the latest": Case(node_class(amiSelectorTerms=[{"alias": "al2023@latest"}]), at=f"{TERMS}[0].alias"),
        "any of a name": Case(node_class(amiSelectorTerms=[{"name": "nodes-*"}]), at=f"{TERMS}[0].name"),
        "any of a tag": Case(node_class(amiSelectorTerms=[{"tags": {"team": "a"}}]), at=f"{TERMS}[0].tags"),
        **{
            f"the {word} parameter": Case(
                node_class(amiSelectorTerms=[{"ssmParameter": f"{PARAMETER}/{word}/image_id"}]),
                at=f"{TERMS}[0].ssmParameter",
            )
            for word in ("recommended", "latest")
        },
        "no release": Case(node_class(amiSelectorTerms=[{"alias": "bottlerocket"}]), at=f"{TERMS}[0].alias"),
    },
)
