"""Answers of the metadata service reach the node only, not its pods."""

from collections.abc import Iterator

from policies.machines import SPOT_FLEET, STARTS, launches
from policies.pools import NODE_CLASS
from policies.rule import Case, Option, Resource, Rule, number, text
from policies.samples import node_class

LIMIT = "metadataOptions.httpPutResponseHopLimit"


def check(resource: Resource, *, max_hops: float) -> Iterator[tuple[str, str]]:
    is_node_class = resource.type == NODE_CLASS
    options = "spec.metadataOptions" if is_node_class else "metadataOptions"
    path = f"{options}.httpPutResponseHopLimit"
    for launch in launches(resource):
        if text(launch, f"{options}.httpEndpoint") == "disabled":
            continue
        hops = number(launch, path, default=1 if is_node_class else None)  # Karpenter's own default
        if hops is None:
            yield launch.under(path), "is not set, so the image decides, and images for EKS say 2"
        elif hops > max_hops:
            yield launch.under(path), f"is {hops:g}, more than {max_hops:g}"


RULE = Rule(
    id="node-imds-hop-limit",
    applies_to=(*STARTS, NODE_CLASS),
    severity="medium",
    standards=("CKV_AWS_341",),
    why="With two hops a pod can get the node's token, and with it the permissions of the node's role.",
    mend={"httpPutResponseHopLimit": 1},
    fix='Set metadata_options={"http_put_response_hop_limit": 1}; give pods their own role by Pod Identity.',
    options={"max_hops": Option("The most hops that a metadata answer may travel.", 1, stricter="less")},
    dev="advisory",
    check=check,
    good={
        "one hop": {"metadataOptions": {"httpPutResponseHopLimit": 1}},
        "no metadata service at all": {"metadataOptions": {"httpEndpoint": "disabled"}},
        "EC2NodeClass, whose default is one hop": Case(node_class(), type=NODE_CLASS),
    },
    bad={
        "nothing set": Case({}, at=LIMIT),
        "a spot fleet": Case({"launchSpecifications": [{}]}, type=SPOT_FLEET, at=f"launchSpecifications[0].{LIMIT}"),
        "two hops": Case({"metadataOptions": {"httpPutResponseHopLimit": 2}}, at=LIMIT),
        "EC2NodeClass": Case(
            node_class(metadataOptions={"httpPutResponseHopLimit": 2}), type=NODE_CLASS, at=f"spec.{LIMIT}"
        ),
    },
)
