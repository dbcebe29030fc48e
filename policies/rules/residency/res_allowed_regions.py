"""Everything is built in a region that was decided on."""

from collections.abc import Iterator, Sequence

from policies.rule import Case, Option, Resource, Rule, text

PROVIDER = "pulumi:providers:aws"


def check(resource: Resource, *, regions: Sequence[str]) -> Iterator[tuple[str, str]]:
    region = text(resource, "region")
    if not region and resource.type == PROVIDER:
        yield "region", "is not said, so it comes from whatever machine runs the deployment"
    elif region and region not in regions:
        yield "region", f"is {region}, not one of {', '.join(regions)}"


RULE = Rule(
    id="res-allowed-regions",
    applies_to=(PROVIDER, "aws:*"),
    severity="critical",
    why="Where data lies decides whose law holds for it, and what nobody expects in a region nobody watches.",
    fix="Set region in the stack file to one of these, or add the region to the rule's list, where it is reviewed.",
    on_unknown="fail",
    options={"regions": Option("Regions that may be used.", ["us-east-1", "us-east-2", "us-west-2"])},
    check=check,
    good={
        "provider": {"region": "us-west-2"},
        "a resource, which follows its provider": Case({}, type="aws:ec2/vpc:Vpc"),
        "a resource that says so itself": Case({"region": "us-east-1"}, type="aws:ec2/vpc:Vpc"),
    },
    bad={
        "nothing said": Case({}, at="region"),
        "another region": Case({"region": "ap-southeast-1"}, at="region"),
        "a resource sent elsewhere": Case({"region": "eu-west-1"}, type="aws:s3/bucket:Bucket", at="region"),
    },
)
