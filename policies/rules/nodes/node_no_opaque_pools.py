"""Machines are made by types that rules can read: no CloudFormation, no launch configuration, no bare node group."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, present

STACKS = (
    "aws:cloudformation/stack:Stack",
    "aws:cloudformation/stackSet:StackSet",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
)
NODE_GROUP, GROUP = "aws:eks/nodeGroup:NodeGroup", "aws:autoscaling/group:Group"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == GROUP:
        if present(resource, "launchConfiguration"):
            yield "launchConfiguration", "is set: how its machines are made stands where no rule reads it"
    elif resource.type != NODE_GROUP:
        yield "type", f"is {resource.type.rpartition(':')[2]}, which makes machines that no rule here sees"
    elif not present(resource, "launchTemplate"):
        yield "launchTemplate", "is not set, so AWS chooses the metadata service, disks and addresses of the nodes"


RULE = Rule(
    id="node-no-opaque-pools",
    applies_to=(NODE_GROUP, GROUP, *STACKS),
    severity="medium",
    standards=("CKV_AWS_315", "FSBP AutoScaling.9"),
    why="What is hidden in a template of another tool is judged by nobody: keys, public addresses, open disks.",
    fix="Use aws.eks.NodeGroup with a launch template of its own, or Karpenter.",
    no_mend="the resource itself must go",
    dev="advisory",
    check=check,
    good={
        "a node group with a template": {"launchTemplate": {"id": "lt-1", "version": "1"}},
        "a group with a template": Case({"launchTemplate": {"id": "lt-1", "version": "1"}}, type=GROUP),
    },
    bad={
        "nothing set": Case({}, at="launchTemplate"),
        "types alone": Case({"instanceTypes": ["m5.large"]}, at="launchTemplate"),
        "a group without a template": Case({"launchConfiguration": "old"}, type=GROUP, at="launchConfiguration"),
        **{kind.rpartition(":")[2]: Case({"name": "nodes"}, type=kind, at="type") for kind in STACKS},
    },
)
