"""Instances answer only metadata requests that carry a session token."""

from collections.abc import Iterator

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule, text
from policies.samples import node_class

INSTANCE = "aws:ec2/instance:Instance"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    of_karpenter = resource.type == NODE_CLASS
    options = "spec.metadataOptions" if of_karpenter else "metadataOptions"
    if text(resource, f"{options}.httpEndpoint") == "disabled":
        return
    unsaid = "required" if of_karpenter else "optional"  # the defaults of Karpenter and of EC2
    if text(resource, f"{options}.httpTokens", default=unsaid) != "required":
        yield f"{options}.httpTokens", "does not say required, so version 1 of the metadata service answers as well"


RULE = Rule(
    id="node-imdsv2",
    applies_to=(LAUNCH_TEMPLATE, INSTANCE, NODE_CLASS),
    severity="high",
    standards=("FSBP EC2.8", "FSBP EC2.170", "CKV_AWS_79"),
    why="Without a token, a request forged through any pod or proxy reads the credentials of the node's role.",
    fix='Set metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1}.',
    check=check,
    good={
        "token required": {"metadataOptions": {"httpTokens": "required"}},
        "no metadata service at all": {"metadataOptions": {"httpEndpoint": "disabled"}},
        "instance": Case({"metadataOptions": {"httpTokens": "required"}}, type=INSTANCE),
        "EC2NodeClass, where Karpenter requires it": Case(node_class(), type=NODE_CLASS),
    },
    bad={
        "nothing said, so AWS leaves it optional": Case({}, at="metadataOptions.httpTokens"),
        "optional": Case({"metadataOptions": {"httpTokens": "optional"}}, at="metadataOptions.httpTokens"),
        "endpoint on, tokens unsaid": Case(
            {"metadataOptions": {"httpEndpoint": "enabled"}}, type=INSTANCE, at="metadataOptions.httpTokens"
        ),
        "EC2NodeClass": Case(
            node_class(metadataOptions={"httpTokens": "optional"}),
            type=NODE_CLASS,
            at="spec.metadataOptions.httpTokens",
        ),
    },
)
