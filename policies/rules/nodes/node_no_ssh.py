"""Nobody logs in to a node by SSH; Session Manager does that, with a record of who did."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, present

TEMPLATE, NODE_GROUP, INSTANCE = (
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:ec2/instance:Instance",
)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for key in ("remoteAccess", "keyName"):
        if present(resource, key):
            yield key, "opens the nodes to whoever holds an SSH key, and nothing records what they do"


RULE = Rule(
    id="node-no-ssh",
    applies_to=(TEMPLATE, NODE_GROUP, INSTANCE),
    severity="high",
    standards=("CKV_AWS_100", "EKS best practices: hosts"),
    why="An SSH key is shared, outlives its owner's job, and leaves no record.",
    fix="Take the key out; use `aws ssm start-session`, for which nodes carry AmazonSSMManagedInstanceCore.",
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={"no key": {}, "node group without remote access": Case({"nodeRoleArn": "arn"}, type=NODE_GROUP)},
    bad={
        "key in the launch template": Case({"keyName": "ops"}, at="keyName"),
        "remote access of a node group": Case(
            {"remoteAccess": {"ec2SshKey": "ops"}}, type=NODE_GROUP, at="remoteAccess"
        ),
        "instance": Case({"keyName": "ops"}, type=INSTANCE, at="keyName"),
    },
)
