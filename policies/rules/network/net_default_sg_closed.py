"""The default security group of each VPC allows no traffic."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each

VPCS = ("aws:ec2/vpc:Vpc", "aws:ec2/defaultVpc:DefaultVpc")
VPC, GROUP = VPCS[0], "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
RULES = (
    *(f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule" for way in ("Ingress", "Egress")),
    "aws:ec2/securityGroupRule:SecurityGroupRule",
)


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    managed = set()
    for group in stack.of(GROUP):
        managed |= {vpc.urn for vpc in stack.linked(group, "vpcId", VPCS)}
        for key in ("ingress", "egress"):
            if any(True for _ in each(group.inputs_of, key)):  # of rules that nobody sets, a preview knows nothing
                yield group, key, "has rules, which apply to everything that names no security group"
    for rule in stack.of(*RULES):
        if stack.linked(rule, "securityGroupId", (GROUP,)):
            yield rule, "securityGroupId", "is the default group, which then is open again"
    for vpc in stack.of(*VPCS):
        if vpc.urn not in managed:
            yield vpc, "defaultSecurityGroupId", "has no DefaultSecurityGroup in this stack, so AWS's open rules stay"


def _stack(**rules: object) -> StackCase:
    return StackCase(
        {"main": Sample(VPC), "closed": Sample(GROUP, {"ingress": [], **rules}, links={"vpcId": "main"})},
        at=("closed", next(iter(rules), "")),
    )


RULE = StackRule(
    id="net-default-sg-closed",
    applies_to=(*VPCS, GROUP, *RULES),
    severity="high",
    standards=("FSBP EC2.2", "CKV2_AWS_12"),
    why="A resource that names no security group gets this one, whose members can reach each other.",
    fix="Add aws.ec2.DefaultSecurityGroup(vpc_id=vpc.id) without ingress and egress, which closes it.",
    mend={"ingress": [], "egress": []},
    no_mend="the DefaultSecurityGroup is missing, or the resource goes",
    dev="advisory",
    check=check,
    good={"closed": _stack(), "no VPC": StackCase({})},
    bad={
        "nothing set": StackCase({"main": Sample(VPC)}, at=("main", "defaultSecurityGroupId")),
        "an ingress rule": _stack(ingress=[{"self": True}]),
        "a default VPC that is adopted": StackCase({"main": Sample(VPCS[1])}, at=("main", "defaultSecurityGroupId")),
        **{
            f"a rule of its own, {kind}": StackCase(
                {**_stack().resources, "rule": Sample(kind, links={"securityGroupId": "closed"})},
                at=("rule", "securityGroupId"),
            )
            for kind in RULES
        },
        "an egress rule": _stack(egress=[{"cidrBlocks": ["0.0.0.0/0"]}]),
    },
)
