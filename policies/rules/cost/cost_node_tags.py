"""Instances and volumes that a launch template or Karpenter creates have the cost tags."""

from collections.abc import Iterator, Sequence

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Option, Resource, Rule, each, text, without_tag
from policies.samples import node_class


def check(resource: Resource, *, tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    if resource.type == NODE_CLASS:
        if missing := without_tag(resource, "spec.tags", tags):
            yield "spec.tags", f"lacks {', '.join(missing)}"
        return
    tagged = {text(spec, "resourceType"): spec for spec in each(resource, "tagSpecifications")}
    for kind in ("instance", "volume"):
        if kind not in tagged:
            yield "tagSpecifications", f"has no entry for {kind}"
            continue
        if missing := without_tag(tagged[kind], "tags", tags):
            yield tagged[kind].under("tags"), f"lacks {', '.join(missing)} for {kind}"


TAGS = {"environment": "prod", "owner": "ml-platform", "cost-center": "ml", "project": "ml-platform"}


def _template(*kinds: str, **tags: str) -> dict[str, object]:
    return {"tagSpecifications": [{"resourceType": kind, "tags": {**TAGS, **tags}} for kind in kinds]}


RULE = Rule(
    id="cost-node-tags",
    applies_to=(LAUNCH_TEMPLATE, NODE_CLASS),
    severity="medium",
    standards=("EKS best practices: cost awareness",),
    why="The provider's default tags do not reach instances, which are most of the bill: they get only these tags.",
    fix="Add the platform's tags to tag_specifications of the launch template, or to spec.tags of the EC2NodeClass.",
    options={"tags": Option("Tags that must be present with a value.", list(TAGS), stricter="more")},
    dev="advisory",
    check=check,
    good={
        "instances and volumes": _template("instance", "volume"),
        "EC2NodeClass": Case(node_class(tags={**TAGS, "Name": "gpu"}), type=NODE_CLASS),
    },
    bad={
        "nothing set": Case({}, at="tagSpecifications"),
        "volumes missing": Case(_template("instance"), at="tagSpecifications"),
        "instances missing": Case(_template("volume"), at="tagSpecifications"),
        "a tag without a value": Case(_template("instance", "volume", owner=""), at="tagSpecifications[0].tags"),
        "EC2NodeClass, nothing set": Case(node_class(), type=NODE_CLASS, at="spec.tags"),
        "EC2NodeClass, a tag without a value": Case(
            node_class(tags={**TAGS, "owner": ""}), type=NODE_CLASS, at="spec.tags"
        ),
    },
)
