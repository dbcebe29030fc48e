"""Every resource is in an allowed region."""

from collections.abc import Iterator, Sequence

from policies.rule import Case, Option, Resource, Rule, text

PROVIDER = "pulumi:providers:aws"


def check(resource: Resource, *, regions: Sequence[str]) -> Iterator[tuple[str, str]]:
    region = text(resource, "region")
    if not region and resource.type == PROVIDER:
        yield "region", "is not set, so it depends on the machine that runs the deployment"
    elif region and region not in regions:
        yield "region", f"is {region}, not one of {', '.join(regions)}"


RULE = Rule(
    id="res-allowed-regions",
    applies_to=(PROVIDER, "aws:*"),
    severity="critical",
    why="The region decides which law applies to the data, and nobody watches a region that is not in use.",
    fix="Set copy_to, replicate_to or region to one of these, or write all of yours in "
    "policies.res-allowed-regions.regions, for production in policies/production.yaml.",
    on_unknown="fail",
    options={"regions": Option("Regions that may be used.", ["us-east-1", "us-east-2", "us-west-2"], stricter="fewer")},
    check=check,
    good={
        "provider": {"region": "us-west-2"},
        "a resource in its provider's region": Case({}, type="aws:ec2/vpc:Vpc"),
        "a resource with a region of its own": Case({"region": "us-east-1"}, type="aws:ec2/vpc:Vpc"),
    },
    bad={
        "nothing set": Case({}, at="region"),
        "another region": Case({"region": "ap-southeast-1"}, at="region"),
        "a resource in another region": Case({"region": "eu-west-1"}, type="aws:s3/bucket:Bucket", at="region"),
    },
)
