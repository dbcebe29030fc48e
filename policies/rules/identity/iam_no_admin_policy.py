"""No policy of the stack allows all actions on all resources."""

import json
from collections.abc import Iterator

from policies.iam_documents import IDENTITY_POLICIES, allows, names, statements
from policies.rule import Case, Resource, Rule, View, check_each

ROLE = "aws:iam/role:Role"


def _document(view: View, path: str) -> Iterator[tuple[str, str]]:
    for statement in statements(view, path):
        everything = "*" in names(statement, "Action") or "*:*" in names(statement, "Action")
        all_but = names(statement, "NotAction")
        everywhere = "*" in names(statement, "Resource") or names(statement, "NotResource")
        if allows(statement) and (everything or all_but) and everywhere:
            yield (
                statement.path,
                "allows every action on every resource" if everything else "allows all but a few actions",
            )


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == ROLE:
        yield from check_each(resource, "inlinePolicies", lambda inline: _document(inline, "policy"))
    else:
        yield from _document(resource, "policy")


def _grant(effect: str = "Allow", **statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, **statement}})


RULE = Rule(
    id="iam-no-admin-policy",
    applies_to=(*IDENTITY_POLICIES, ROLE),
    severity="critical",
    standards=("FSBP IAM.1", "CKV_AWS_62"),
    why="Anyone who takes over the workload takes over the account.",
    fix="List the actions that the workload calls, and the resources that it calls them on.",
    check=check,
    good={
        "one action on one bucket": {"policy": _grant(Action="s3:GetObject", Resource="arn:aws:s3:::data/*")},
        "an action without resource-level permissions": {
            "policy": _grant(Action=["ec2:DescribeInstances"], Resource="*")
        },
        "everything on one resource": {"policy": _grant(Action="*", Resource="arn:aws:s3:::data/*")},
        "everything denied": {"policy": _grant("Deny", Action="*", Resource="*")},
        "role without inline policies": Case({}, type=ROLE),
    },
    bad={
        "everything": Case({"policy": _grant(Action="*", Resource="*")}, at="policy.Statement[0]"),
        "everything, spelled *:*": Case({"policy": _grant(Action=["*:*"], Resource=["*"])}, at="policy.Statement[0]"),
        "all actions but some": Case({"policy": _grant(NotAction="iam:*", Resource="*")}, at="policy.Statement[0]"),
        "all resources but one": Case(
            {"policy": _grant(Action="*", NotResource="arn:aws:s3:::x")}, at="policy.Statement[0]"
        ),
        "inline in a role": Case(
            {"inlinePolicies": [{"policy": "{}"}, {"policy": _grant(Action="*", Resource="*")}]},
            type=ROLE,
            at="inlinePolicies[1].policy.Statement[0]",
        ),
    },
)
