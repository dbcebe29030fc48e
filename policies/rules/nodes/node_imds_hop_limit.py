"""The answer of the metadata service does not travel past the node itself."""

from collections.abc import Iterator

from policies.rule import Case, Option, Resource, Rule, number, text

LIMIT = "metadataOptions.httpPutResponseHopLimit"


def check(resource: Resource, *, max_hops: float) -> Iterator[tuple[str, str]]:
    if text(resource, "metadataOptions.httpEndpoint") == "disabled":
        return
    hops = number(resource, LIMIT)
    if hops is None:
        yield LIMIT, "is not set, and the images of EKS node groups then allow 2"
    elif hops > max_hops:
        yield LIMIT, f"is {hops:g}, more than {max_hops:g}"


RULE = Rule(
    id="node-imds-hop-limit",
    applies_to="aws:ec2/launchTemplate:LaunchTemplate",
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
    },
    bad={
        "nothing said": Case({}, at=LIMIT),
        "two hops": Case({"metadataOptions": {"httpPutResponseHopLimit": 2}}, at=LIMIT),
    },
)
