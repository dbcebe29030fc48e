"""The metadata service of instances requires a session token (IMDSv2)."""

from collections.abc import Iterator

from policies.machines import INSTANCES, SPOT_FLEET, STARTS, launches
from policies.pools import NODE_CLASS
from policies.rule import Case, Resource, Rule, text
from policies.samples import node_class

INSTANCE = INSTANCES[0]


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    is_node_class = resource.type == NODE_CLASS
    options = "spec.metadataOptions" if is_node_class else "metadataOptions"
    default = "required" if is_node_class else "optional"  # the defaults of Karpenter and of EC2
    for launch in launches(resource):
        if text(launch, f"{options}.httpEndpoint") == "disabled":
            continue
        if text(launch, f"{options}.httpTokens", default=default) != "required":
            path = launch.under(f"{options}.httpTokens")
            yield path, "is not required, so version 1 of the metadata service answers too"


RULE = Rule(
    id="node-imdsv2",
    applies_to=(*STARTS, NODE_CLASS),
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
        "a spot fleet, which has no place for it": Case(
            {"launchSpecifications": [{}]}, type=SPOT_FLEET, at="launchSpecifications[0].metadataOptions.httpTokens"
        ),
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
