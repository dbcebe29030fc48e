"""Every VPC writes flow logs."""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, text

VPC, FLOW_LOG = "aws:ec2/vpc:Vpc", "aws:ec2/flowLog:FlowLog"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    watched = set()
    for log in stack.of(FLOW_LOG):
        watched |= {vpc.urn for vpc in stack.linked(log, "vpcId", (VPC,))}
        if text(log, "trafficType", default="ALL") == "ACCEPT":
            yield log, "trafficType", "is ACCEPT, so rejected traffic is not logged"
    for vpc in stack.of(VPC):
        if vpc.urn not in watched:
            yield vpc, "id", "has no FlowLog in this stack"


def _stack(traffic: str = "ALL") -> StackCase:
    return StackCase(
        {"main": Sample(VPC), "log": Sample(FLOW_LOG, {"trafficType": traffic}, links={"vpcId": "main"})},
        at=("log", "trafficType"),
    )


RULE = StackRule(
    id="net-vpc-flow-logs",
    applies_to=(VPC, FLOW_LOG),
    severity="high",
    standards=("FSBP EC2.6", "CKV2_AWS_11"),
    why="Only flow logs record who connected to whom, and nobody can create them after an incident.",
    fix='Add aws.ec2.FlowLog(vpc_id=vpc.id, traffic_type="ALL", ...); `network.flow_logs` does.',
    mend={"trafficType": "ALL"},
    no_mend="the FlowLog is missing",
    dev="advisory",
    check=check,
    good={"all traffic": _stack(), "rejected traffic": _stack("REJECT"), "no VPC": StackCase({})},
    bad={
        "nothing set": StackCase({"main": Sample(VPC)}, at=("main", "id")),
        "only accepted traffic": _stack("ACCEPT"),
        "a second VPC": StackCase({**_stack().resources, "other": Sample(VPC)}, at=("other", "id")),
    },
)
