"""A workspace of Amazon Managed Prometheus is encrypted with a key of ours. It cannot be changed later."""

from collections.abc import Iterator

from common.values import UNKNOWN
from policies.rule import Case, Resource, Rule, present

KEY = "kmsKeyArn"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if not present(resource, KEY):
        yield KEY, "is not set, so AWS encrypts the samples with a key of its own, which nobody here can take away"


RULE = Rule(
    id="amp-workspace-cmk",
    applies_to="aws:amp/workspace:Workspace",
    severity="medium",
    why="Metrics name teams, models and customers; another key means another, empty workspace.",
    fix="Give kmsKeyArn when the workspace is made.",
    mend={"kmsKeyArn": "arn:aws:kms:<region>:<account>:key/<id>"},
    dev="advisory",
    on_unknown="pass",
    check=check,
    good={"a key": {KEY: "arn:aws:kms:us-west-2:123456789012:key/x"}, "a key of this stack": {KEY: UNKNOWN}},
    bad={"nothing set": Case({"alias": "main"}, at=KEY), "an empty one": Case({KEY: ""}, at=KEY)},
)
