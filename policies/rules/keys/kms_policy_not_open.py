"""No key policy lets everyone use the key."""

import json
from collections.abc import Iterator

from policies.iam_documents import allows, principals, statements
from policies.rule import Case, Resource, Rule, present

KEY, POLICY = "aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for statement in statements(resource, "policy"):
        if allows(statement) and "*" in principals(statement) and not present(statement, "Condition"):
            yield statement.under("Principal"), "is everyone, without a condition: any AWS account may use the key"


def _policy(principal: object, effect: str = "Allow", **more: object) -> dict[str, str]:
    grant = {"Effect": effect, "Principal": principal, "Action": "kms:Decrypt", "Resource": "*", **more}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [grant]})}


RULE = Rule(
    id="kms-policy-not-open",
    applies_to=(KEY, POLICY),
    severity="critical",
    standards=("FSBP KMS.5", "CKV_AWS_33"),
    why="Anyone who may use the key may read everything that it encrypts.",
    fix="Name the principals, or add a Condition such as kms:CallerAccount.",
    check=check,
    good={
        "the account": _policy({"AWS": "arn:aws:iam::111122223333:root"}),
        "a service": _policy({"Service": "logs.us-west-2.amazonaws.com"}),
        "everyone in the account": _policy("*", Condition={"StringEquals": {"kms:CallerAccount": "111122223333"}}),
        "denied": _policy("*", effect="Deny"),
        "nothing set, so AWS allows the account only": {},
    },
    bad={
        "everyone": Case(_policy("*"), at="policy.Statement[0].Principal"),
        "everyone, spelled as a map": Case(_policy({"AWS": ["*"]}), type=POLICY, at="policy.Statement[0].Principal"),
    },
)
