"""The metadata service of instances requires a session token (IMDSv2)."""

from collections.abc import Iterator

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule, text
from policies.samples import node_class

INSTANCE = "aws:ec2/instance:Instance"
SPOT = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    is_node_class = resource.type == NODE_CLASS
    options = "spec.metadataOptions" if is_node_class else "metadataOptions"
    if text(resource, f"{options}.httpEndpoint") == "disabled":
        return
    default = "required" if is_node_class else "optional"  # the defaults of Karpenter and of EC2
    if text(resource, f"{options}.httpTokens", default=default) != "required":
        yield f"{options}.httpTokens", "is not required, so version 1 of the metadata service answers too"


RULE = Rule(
    id="node-imdsv2",
    applies_to=(LAUNCH_TEMPLATE, INSTANCE, SPOT, NODE_CLASS),
    severity="high",
    standards=("FSBP EC2.8", "FSBP EC2.170", "CKV_AWS_79"),
    why="Without tokens, a forged request through any pod or proxy can read the credentials of the node's role.",
    fix='Set metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1}.',
    mend={"httpTokens": "required"},
    check=check,
    good={
        "token required": {"metadataOptions": {"httpTokens": "required"}},
        "no metadata service at all": {"metadataOptions": {"httpEndpoint": "disabled"}},
        "instance": Case({"metadataOptions": {"httpTokens": "required"}}, type=INSTANCE),
        "EC2NodeClass, whose default is required": Case(node_class(), type=NODE_CLASS),
    },
    bad={
        "nothing set, so AWS leaves it optional": Case({}, at="metadataOptions.httpTokens"),
        "optional": Case({"metadataOptions": {"httpTokens": "optional"}}, at="metadataOptions.httpTokens"),
        "endpoint enabled, tokens not set": Case(
            {"metadataOptions": {"httpEndpoint": "enabled"}}, type=INSTANCE, at="metadataOptions.httpTokens"
        ),
        "EC2NodeClass": Case(
            node_class(metadataOptions={"httpTokens": "optional"}),
            type=NODE_CLASS,
            at="spec.metadataOptions.httpTokens",
        ),
    },
)
