"""Trust policies name who may assume a role."""

import json
from collections.abc import Iterator

from policies.iam_documents import allows, principals, statements
from policies.rule import Case, Resource, Rule, present


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for statement in statements(resource, "assumeRolePolicy"):
        trusted = principals(statement)
        if not allows(statement) or present(statement, "Condition"):
            continue
        if any("*" in name for name in trusted):
            yield statement.under("Principal"), "is everyone: any AWS account may assume the role"
        elif any(name.endswith(":root") for name in trusted):
            yield (
                statement.under("Principal"),
                "is a whole account without a condition: all its users and roles may assume the role",
            )


def _trust(principal: object, effect: str = "Allow", **more: object) -> dict[str, str]:
    grant = {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more}
    return {"assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [grant]})}


AT = "assumeRolePolicy.Statement[0].Principal"
RULE = Rule(
    id="iam-trust-no-wildcard",
    applies_to="aws:iam/role:Role",
    severity="critical",
    standards=("CKV_AWS_60", "CKV_AWS_61"),
    why="Anyone who may assume the role has all its permissions.",
    fix="Name the service or the role, and add a Condition on aws:SourceAccount or aws:PrincipalArn.",
    check=check,
    good={
        "nothing set, which IAM refuses by itself": {},
        "a service": _trust({"Service": ["eks.amazonaws.com"]}),
        "one role": _trust({"AWS": "arn:aws:iam::111122223333:role/deployer"}),
        "an account, with a condition": _trust(
            {"AWS": "arn:aws:iam::111122223333:root"}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}
        ),
        "denied": _trust("*", effect="Deny"),
    },
    bad={
        "everyone": Case(_trust("*"), at=AT),
        "everyone, spelled as a map": Case(_trust({"AWS": "*"}), at=AT),
        "every role of an account": Case(_trust({"AWS": "arn:aws:iam::111122223333:role/*"}), at=AT),
        "a whole account": Case(_trust({"AWS": "arn:aws:iam::111122223333:root"}), at=AT),
    },
)
