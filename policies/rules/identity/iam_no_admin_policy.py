"""No policy of the stack allows everything, in one statement or in several."""

import json
from collections.abc import Iterator

from policies.grants import IDENTITY_POLICIES
from policies.powers import EVERYTHING, ROLE, allowed, documents
from policies.rule import Case, Resource, Rule, View


def _document(view: View, path: str) -> Iterator[tuple[str, str]]:
    missing = set(EVERYTHING)
    for grant, actions in allowed(view, path, EVERYTHING):
        missing.difference_update(actions)
        if not missing:
            yield grant.statement.path, "allows everything, with the statements before it"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for given in documents(resource):
        yield from _document(*given)


def _grant(effect: str = "Allow", **statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, **statement}})


SET = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
AT = "policy.Statement[0]"
OTHER = "aws:iam/userPolicy:UserPolicy"
TAG = "aws:ResourceTag/team"
UNBOUNDED = (
    *((TAG, "*"), (TAG, "*e*"), (TAG, "??*"), (TAG, "t*"), (TAG, "${aws:ResourceTag/team}"), (TAG, "")),
    *(
        ("aws:userid", "A*"),
        ("aws:username", "*a*"),
        ("aws:FederatedProvider", "arn:aws:iam::*"),
        ("aws:TagKeys", "a*"),
    ),
    *(("aws:ResourceAccount", "111122223333"), ("ec2:Region", "us-west-2"), ("s3:authType", "REST-HEADER")),
    *(("aws:RequestTag/team", "research"), ("aws:ResourceTag/environment", "prod")),
    *(("aws:PrincipalTag/team", "research"), ("ecs:cluster", "arn:aws:ecs:*:*:cluster/*")),
)
SERVICES = ("iam", "s3", "ec2", "kms", "secretsmanager", "eks", "dynamodb", "organizations")

RULE = Rule(
    id="iam-no-admin-policy",
    applies_to=(*IDENTITY_POLICIES, ROLE),
    severity="critical",
    standards=("FSBP IAM.1", "CKV_AWS_62"),
    why="Anyone who takes over the workload takes over the account.",
    fix="List the actions that the workload calls, and the resources that it calls them on.",
    check=check,
    good={
        "nothing set": {},
        "one action on one bucket": {"policy": _grant(Action="s3:GetObject", Resource="arn:aws:s3:::data/*")},
        "an action without resource-level permissions": {
            "policy": _grant(Action=["ec2:DescribeInstances"], Resource="*")
        },
        "everything on one resource": {"policy": _grant(Action="*", Resource="arn:aws:s3:::data/*")},
        "everything denied": {"policy": _grant("Deny", Action="*", Resource="*")},
        "everything that has a tag": {
            "policy": _grant(Action="*", Resource="*", Condition={"StringEquals": {"aws:ResourceTag/team": "a"}})
        },
        "everything that has the caller's own tag": {
            "policy": _grant(Action="*", Resource="*", Condition={"StringEquals": {TAG: "${aws:PrincipalTag/team}"}})
        },
        "role without inline policies": Case({}, type=ROLE),
    },
    bad={
        **{
            f"everything, where {key} is {value}": Case(
                {"policy": _grant(Action="*", Resource="*", Condition={"StringLike": {key: value}})}, at=AT
            )
            for key, value in UNBOUNDED
        },
        "everything": Case({"policy": _grant(Action="*", Resource="*")}, at=AT),
        "everything, spelled *:*": Case({"policy": _grant(Action=["*:*"], Resource=["*"])}, type=OTHER, at=AT),
        "everything, spelled ?*": Case({"policy": _grant(Action="?*", Resource="arn:aws:*:*:*:*")}, at=AT),
        "all actions but some": Case({"policy": _grant(NotAction="iam:Get*", Resource="*")}, at=AT),
        "all resources but one": Case({"policy": _grant(Action="*", NotResource="arn:aws:s3:::x")}, at=AT),
        "everything of each service": Case(
            {"policy": _grant(Action="*", Resource=[f"arn:aws:{each}:::*" for each in SERVICES])}, at=AT
        ),
        "everything, one service in each statement": Case(
            {
                "policy": json.dumps(
                    {"Statement": [{"Effect": "Allow", "Action": f"{e}:*", "Resource": "*"} for e in SERVICES]}
                )
            },
            at="policy.Statement[7]",
        ),
        "everything in one region": Case(
            {"policy": _grant(Action="*", Resource="*", Condition={"StringEquals": {"aws:RequestedRegion": "eu"}})},
            at=AT,
        ),
        "everything, in a permission set": Case(
            {"inlinePolicy": _grant(Action="*", Resource="*")}, type=SET, at="inlinePolicy.Statement[0]"
        ),
        "inline in a role": Case(
            {"inlinePolicies": [{"policy": "{}"}, {"policy": _grant(Action="*", Resource="*")}]},
            type=ROLE,
            at="inlinePolicies[1].policy.Statement[0]",
        ),
    },
)
