"""The machines and disks that a launch template starts carry the cost tags as well."""

from collections.abc import Iterator, Sequence

from policies.rule import Case, Option, Resource, Rule, each, text


def check(resource: Resource, *, tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    tagged = {text(spec, "resourceType"): spec for spec in each(resource, "tagSpecifications")}
    for kind in ("instance", "volume"):
        if kind not in tagged:
            yield "tagSpecifications", f"has none for {kind}"
            continue
        missing = [name for name in tags if not text(tagged[kind], ("tags", name)).strip()]
        if missing:
            yield tagged[kind].under("tags"), f"lacks {', '.join(missing)} for {kind}"


TAGS = {"environment": "prod", "owner": "ml-platform", "cost-center": "ml", "project": "ml-platform"}


def _template(*kinds: str, **tags: str) -> dict[str, object]:
    return {"tagSpecifications": [{"resourceType": kind, "tags": {**TAGS, **tags}} for kind in kinds]}


RULE = Rule(
    id="cost-node-tags",
    applies_to="aws:ec2/launchTemplate:LaunchTemplate",
    severity="medium",
    standards=("EKS best practices: cost awareness",),
    why="The provider's default tags stop at the launch template; the instances, most of the bill, get only these.",
    fix="Give the launch template tag_specifications for instance and volume with the platform's tags.",
    options={"tags": Option("Tags that have to be there, with a value.", list(TAGS))},
    dev="advisory",
    check=check,
    good={"both": _template("instance", "volume")},
    bad={
        "nothing said": Case({}, at="tagSpecifications"),
        "disks forgotten": Case(_template("instance"), at="tagSpecifications"),
        "machines forgotten": Case(_template("volume"), at="tagSpecifications"),
        "a tag without a value": Case(_template("instance", "volume", owner=""), at="tagSpecifications[0].tags"),
    },
)
