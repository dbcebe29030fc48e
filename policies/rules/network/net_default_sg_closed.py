"""The default security group of each VPC lets nothing through."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, present

VPC, GROUP = "aws:ec2/vpc:Vpc", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    managed = set()
    for group in stack.of(GROUP):
        managed |= {vpc.urn for vpc in stack.linked(group, "vpcId", (VPC,))}
        for key in ("ingress", "egress"):
            if present(group, key):
                yield group, key, "holds rules, which everything gets that names no group of its own"
    for vpc in stack.of(VPC):
        if vpc.urn not in managed:
            yield vpc, "defaultSecurityGroupId", "is managed by no DefaultSecurityGroup, so AWS's open one stays"


def _stack(**rules: object) -> StackCase:
    return StackCase(
        {"main": Sample(VPC), "closed": Sample(GROUP, {"ingress": [], **rules}, links={"vpcId": "main"})},
        at=("closed", next(iter(rules), "")),
    )


RULE = StackRule(
    id="net-default-sg-closed",
    applies_to=(VPC, GROUP),
    severity="high",
    standards=("FSBP EC2.2", "CKV2_AWS_12"),
    why="Whatever forgets to name its security group gets this one, which lets its members reach each other.",
    fix="Add aws.ec2.DefaultSecurityGroup(vpc_id=vpc.id) without ingress and egress, which closes it.",
    on_unknown="pass",  # rules given here are known at preview; an unknown list is what AWS had there
    dev="advisory",
    check=check,
    good={"closed": _stack(), "no VPC": StackCase({})},
    bad={
        "nothing said": StackCase({"main": Sample(VPC)}, at=("main", "defaultSecurityGroupId")),
        "ingress kept": _stack(ingress=[{"self": True}]),
        "egress kept": _stack(egress=[{"cidrBlocks": ["0.0.0.0/0"]}]),
    },
)
