"""Instances answer only metadata requests that carry a session token."""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule, text

TEMPLATE, INSTANCE = "aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/instance:Instance"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if text(resource, "metadataOptions.httpEndpoint") == "disabled":
        return
    if text(resource, "metadataOptions.httpTokens", default="optional") != "required":
        yield (
            "metadataOptions.httpTokens",
            "does not say required, so version 1 of the metadata service answers as well",
        )


RULE = Rule(
    id="node-imdsv2",
    applies_to=(TEMPLATE, INSTANCE),
    severity="high",
    standards=("FSBP EC2.8", "FSBP EC2.170", "CKV_AWS_79"),
    why="Without a token, a request forged through any pod or proxy reads the credentials of the node's role.",
    fix='Set metadata_options={"http_tokens": "required", "http_put_response_hop_limit": 1}.',
    check=check,
    good={
        "token required": {"metadataOptions": {"httpTokens": "required"}},
        "no metadata service at all": {"metadataOptions": {"httpEndpoint": "disabled"}},
        "instance": Case({"metadataOptions": {"httpTokens": "required"}}, type=INSTANCE),
    },
    bad={
        "nothing said, so AWS leaves it optional": Case({}, at="metadataOptions.httpTokens"),
        "optional": Case({"metadataOptions": {"httpTokens": "optional"}}, at="metadataOptions.httpTokens"),
        "endpoint on, tokens unsaid": Case(
            {"metadataOptions": {"httpEndpoint": "enabled"}}, type=INSTANCE, at="metadataOptions.httpTokens"
        ),
    },
)
