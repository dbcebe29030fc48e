"""The stack uses networks of its own: the default VPC of the account has public subnets and open rules."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, flag

DEFAULTS = ("aws:ec2/defaultVpc:DefaultVpc", "aws:ec2/defaultSubnet:DefaultSubnet")
SUBNET = "aws:ec2/subnet:Subnet"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type in DEFAULTS:
        yield "type", "is a default of the account, which gives each machine a public address"
    elif flag(resource, "mapPublicIpOnLaunch"):
        yield "mapPublicIpOnLaunch", "is true, so each machine that starts there gets a public address"


RULE = Rule(
    id="net-no-default-vpc",
    applies_to=(SUBNET, *DEFAULTS),
    severity="medium",
    standards=("CKV_AWS_130", "CKV_AWS_148", "FSBP EC2.15"),
    why="A machine that is started without much thought is on the internet.",
    fix="Make a VPC in the stack, and give a public address only to what needs one, by name.",
    mend={"mapPublicIpOnLaunch": False},
    no_mend="the resource itself must go",
    dev="advisory",
    check=check,
    good={"nothing set": {}, "turned off": {"mapPublicIpOnLaunch": False}},
    bad={
        "public addresses": Case({"mapPublicIpOnLaunch": True}, at="mapPublicIpOnLaunch"),
        **{kind.rpartition(":")[2]: Case({"tags": {}}, type=kind, at="type") for kind in DEFAULTS},
    },
)
