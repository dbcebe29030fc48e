"""Trust policies name who may assume a role."""

import json
from collections.abc import Collection, Iterator

from policies.grants import TRUSTED, grants, open_to
from policies.rule import Case, Resource, Rule


def check(resource: Resource, *, trusted_accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    for grant in grants(resource, "assumeRolePolicy"):
        where, whom = open_to(grant, trusted_accounts)
        if whom:
            yield where, f"is {whom}, and no condition keeps it to principals of ours: they may assume the role"
        elif grant.whole_accounts():
            yield (
                grant.statement.under("Principal"),
                "is a whole account without a condition on its principals: all its users and roles may assume the role",
            )


def _trust(principal: object, effect: str = "Allow", **more: object) -> dict[str, str]:
    grant = {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole", **more}
    given = {key: value for key, value in grant.items() if value is not None}
    return {"assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [given]})}


def _principals(pattern: str, operator: str = "ArnLike") -> dict[str, object]:
    return {operator: {"aws:PrincipalArn": f"arn:aws:iam::111122223333:{pattern}"}}


AT = "assumeRolePolicy.Statement[0].Principal"
ROOT = {"AWS": "arn:aws:iam::111122223333:root"}
RULE = Rule(
    id="iam-trust-no-wildcard",
    applies_to="aws:iam/role:Role",
    severity="critical",
    standards=("CKV_AWS_60", "CKV_AWS_61"),
    why="Anyone who may assume the role has all its permissions.",
    fix="Name the service or the role, and add a Condition on aws:SourceAccount or aws:PrincipalArn.",
    mend={"Principal": {"AWS": "arn:aws:iam::<account>:role/<name>"}},
    options={"trusted_accounts": TRUSTED},
    check=check,
    good={
        "nothing set, which IAM refuses by itself": {},
        "a service": _trust({"Service": ["eks.amazonaws.com"]}),
        "one role": _trust({"AWS": "arn:aws:iam::111122223333:role/deployer"}),
        "an account, for some of its roles": _trust(ROOT, Condition=_principals("role/deploy-*")),
        "an account, for principals with a tag": _trust(
            ROOT, Condition={"StringEquals": {"aws:PrincipalTag/team": "platform"}}
        ),
        "denied": _trust("*", effect="Deny"),
        "a role of a trusted account": Case(
            _trust({"AWS": "arn:aws:iam::999999999999:role/ci"}), options={"trusted_accounts": ["999999999999"]}
        ),
    },
    bad={
        "everyone": Case(_trust("*"), at=AT),
        "everyone, spelled as a map": Case(_trust({"AWS": "*"}), at=AT),
        "everyone over TLS": Case(_trust("*", Condition={"Bool": {"aws:SecureTransport": "true"}}), at=AT),
        "every role of an account": Case(_trust({"AWS": "arn:aws:iam::111122223333:role/*"}), at=AT),
        "a whole account": Case(_trust(ROOT), at=AT),
        "a whole account by its number": Case(_trust({"AWS": "111122223333"}), at=AT),
        "a whole account, in words of a condition": Case(_trust(ROOT, Condition=_principals("role/*")), at=AT),
        **{
            f"a whole account, for most of its roles, {pattern}": Case(
                _trust(ROOT, Condition=_principals(pattern)), at=AT
            )
            for pattern in ("role/*a*", "r*", "*ole/*")
        },
        "a whole account, for principals with any tag": Case(
            _trust(ROOT, Condition={"StringLike": {"aws:PrincipalTag/team": "*"}}), at=AT
        ),
        "a whole account with a second factor": Case(
            _trust(ROOT, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}), at=AT
        ),
        "a role of another account": Case(_trust({"AWS": "arn:aws:iam::999999999999:role/ci"}), at=AT),
        "all but one": Case(_trust(None, NotPrincipal=ROOT), at="assumeRolePolicy.Statement[0].NotPrincipal"),
    },
)
