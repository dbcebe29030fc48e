"""Nodes have no SSH keys. Session Manager gives access and records who used it."""

from collections.abc import Iterator

from policies.machines import INSTANCES, SPOT_FLEET, STARTS, launches
from policies.pools import NODE_GROUP
from policies.rule import Case, Resource, Rule, present

INSTANCE = INSTANCES[0]


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for launch in launches(resource):
        for key in ("remoteAccess", "keyName"):
            if present(launch, key):
                yield launch.under(key), "lets anyone with the SSH key log in, and nothing records what they do"


RULE = Rule(
    id="node-no-ssh",
    applies_to=(*STARTS, NODE_GROUP),
    severity="high",
    standards=("CKV_AWS_100", "EKS best practices: hosts"),
    why="People share an SSH key, keep it after they leave, and leave no record when they use it.",
    fix="Remove the key; use `aws ssm start-session`: the nodes have the policy AmazonSSMManagedInstanceCore.",
    mend={"keyName": None, "remoteAccess": None},
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={"no key": {}, "node group without remote access": Case({"nodeRoleArn": "arn"}, type=NODE_GROUP)},
    bad={
        "key in the launch template": Case({"keyName": "ops"}, at="keyName"),
        "remote access of a node group": Case(
            {"remoteAccess": {"ec2SshKey": "ops"}}, type=NODE_GROUP, at="remoteAccess"
        ),
        "a spot fleet": Case(
            {"launchSpecifications": [{}, {"keyName": "ops"}]}, type=SPOT_FLEET, at="launchSpecifications[1].keyName"
        ),
        "instance": Case({"keyName": "ops"}, type=INSTANCE, at="keyName"),
    },
)
