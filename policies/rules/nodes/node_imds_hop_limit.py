"""The answer of the metadata service does not travel past the node itself."""

from collections.abc import Iterator

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Option, Resource, Rule, number, text
from policies.samples import node_class

LIMIT = "metadataOptions.httpPutResponseHopLimit"


def check(resource: Resource, *, max_hops: float) -> Iterator[tuple[str, str]]:
    of_karpenter = resource.type == NODE_CLASS
    options = "spec.metadataOptions" if of_karpenter else "metadataOptions"
    if text(resource, f"{options}.httpEndpoint") == "disabled":
        return
    path = f"{options}.httpPutResponseHopLimit"
    hops = number(resource, path, default=1 if of_karpenter else None)  # Karpenter's own default
    if hops is None:
        yield path, "is not set, and the images of EKS node groups then allow 2"
    elif hops > max_hops:
        yield path, f"is {hops:g}, more than {max_hops:g}"


RULE = Rule(
    id="node-imds-hop-limit",
    applies_to=(LAUNCH_TEMPLATE, NODE_CLASS),
    severity="medium",
    standards=("FSBP AutoScaling.4", "CKV_AWS_341"),
    why="With two hops a pod gets the token of its node, and with it the rights of the node's role.",
    fix='Set metadata_options={"http_put_response_hop_limit": 1}; give pods their own role by Pod Identity.',
    options={"max_hops": Option("Hops that a metadata answer may travel.", 1)},
    dev="advisory",
    check=check,
    good={
        "one hop": {"metadataOptions": {"httpPutResponseHopLimit": 1}},
        "no metadata service at all": {"metadataOptions": {"httpEndpoint": "disabled"}},
        "EC2NodeClass, where Karpenter allows one": Case(node_class(), type=NODE_CLASS),
    },
    bad={
        "nothing said": Case({}, at=LIMIT),
        "two hops": Case({"metadataOptions": {"httpPutResponseHopLimit": 2}}, at=LIMIT),
        "EC2NodeClass": Case(
            node_class(metadataOptions={"httpPutResponseHopLimit": 2}), type=NODE_CLASS, at=f"spec.{LIMIT}"
        ),
    },
)
