"""No policy of ours grants everything."""

import json
from collections.abc import Iterator

from policies.iam_documents import IDENTITY_POLICIES, allows, names, statements
from policies.rule import Case, Resource, Rule, View, every

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
        yield from every(resource, "inlinePolicies", lambda inline: _document(inline, "policy"))
    else:
        yield from _document(resource, "policy")


def _grant(effect: str = "Allow", **statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, **statement}})


RULE = Rule(
    id="iam-no-admin-policy",
    applies_to=(*IDENTITY_POLICIES, ROLE),
    severity="critical",
    standards=("FSBP IAM.1", "CKV_AWS_62"),
    why="Whoever takes over the workload takes over the account.",
    fix="List the actions that are called, and the resources they are called on.",
    check=check,
    good={
        "one action on one bucket": {"policy": _grant(Action="s3:GetObject", Resource="arn:aws:s3:::data/*")},
        "an action that knows no resources": {"policy": _grant(Action=["ec2:DescribeInstances"], Resource="*")},
        "everything on one resource": {"policy": _grant(Action="*", Resource="arn:aws:s3:::data/*")},
        "everything refused": {"policy": _grant("Deny", Action="*", Resource="*")},
        "role without inline policies": Case({}, type=ROLE),
    },
    bad={
        "everything": Case({"policy": _grant(Action="*", Resource="*")}, at="policy.Statement[0]"),
        "everything, in the other spelling": Case(
            {"policy": _grant(Action=["*:*"], Resource=["*"])}, at="policy.Statement[0]"
        ),
        "everything but": Case({"policy": _grant(NotAction="iam:*", Resource="*")}, at="policy.Statement[0]"),
        "everywhere but": Case({"policy": _grant(Action="*", NotResource="arn:aws:s3:::x")}, at="policy.Statement[0]"),
        "inline in a role": Case(
            {"inlinePolicies": [{"policy": "{}"}, {"policy": _grant(Action="*", Resource="*")}]},
            type=ROLE,
            at="inlinePolicies[1].policy.Statement[0]",
        ),
    },
)
