"""No policy lets its holder take the rights of others: change any role, pass any role, or become any role."""

import json
from collections.abc import Iterator

from policies.grants import IDENTITY_POLICIES
from policies.powers import ESCALATIONS, ROLE, allowed, documents, shown
from policies.rule import Case, Resource, Rule, View


def _document(view: View, path: str) -> Iterator[tuple[str, str]]:
    for grant, actions in allowed(view, path, ESCALATIONS):
        yield grant.statement.path, f"allows {shown(actions)} on any resource, which gives the rights of others"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    for given in documents(resource):
        yield from _document(*given)


def _grant(actions: object, resource: object = "*", effect: str = "Allow", **more: object) -> dict[str, str]:
    statement = {"Effect": effect, "Action": actions, "Resource": resource, **more}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


SET = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
AT = "policy.Statement[0]"
BOUNDARY = {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::111122223333:policy/boundary"}}

RULE = Rule(
    id="iam-no-priv-escalation",
    applies_to=(*IDENTITY_POLICIES, ROLE),
    severity="critical",
    standards=("CKV_AWS_286",),
    why="Who may change a role, or start a machine with it, has its rights: a small policy becomes a large one.",
    fix="Name the roles in Resource; for roles that are made later, add a Condition on iam:PermissionsBoundary.",
    check=check,
    good={
        "nothing set": {},
        "one role passed": _grant("iam:PassRole", "arn:aws:iam::111122223333:role/nodes"),
        "roles of one letter": _grant("sts:AssumeRole", "arn:aws:iam::*:role/a*"),
        "roles of one beginning": _grant("sts:AssumeRole", "arn:aws:iam::*:role/ml-platform-*"),
        "roles of the caller": _grant("sts:AssumeRole", "arn:aws:iam::*:role/team-${aws:PrincipalTag/team}"),
        "roles that have a boundary": _grant("iam:PutRolePolicy", Condition=BOUNDARY),
        "reading": _grant(["iam:Get*", "iam:List*"]),
        "denied": _grant("iam:*", effect="Deny"),
        "role without inline policies": Case({}, type=ROLE),
    },
    bad={
        **{f"{each} on everything": Case(_grant(each), at=AT) for each in ESCALATIONS},
        "any role, by the beginning of its kind": Case(
            _grant("iam:PassRole", "arn:aws:iam::111122223333:role*"), at=AT
        ),
        "any role, by the end of its kind": Case(_grant("sts:AssumeRole", "arn:aws:iam::*:*ole/*"), at=AT),
        **{
            f"roles by their end, {end}": Case(_grant("sts:AssumeRole", f"arn:aws:iam::*:role/{end}"), at=AT)
            for end in ("*admin*", "*-deployer", "${aws:RequestTag/role}", "?dmin")
        },
        **{
            f"{each} with a tag that the caller chooses": Case(
                _grant(each, Condition={"StringEquals": {"aws:RequestTag/team": "research"}}), at=AT
            )
            for each in ("sts:AssumeRole", "eks:CreateAccessEntry", "iam:*")
        },
        "what has a tag that everything carries": Case(
            _grant("iam:*", Condition={"StringEquals": {"aws:ResourceTag/environment": "prod"}}), at=AT
        ),
        "what has any tag of a controller": Case(
            _grant("iam:*", Condition={"Null": {"aws:ResourceTag/ebs.csi.aws.com/cluster": "false"}}), at=AT
        ),
        "roles of every beginning": Case(
            _grant("iam:PassRole", [f"arn:aws:iam::111122223333:role/{each}*" for each in "abcdefghijklmnop"]), at=AT
        ),
        "a boundary that is none": Case(
            _grant(
                "iam:PutRolePolicy",
                Condition={"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}},
            ),
            at=AT,
        ),
        "any role passed": Case(_grant(["ec2:RunInstances", "iam:PassRole"]), at=AT),
        "any role of the account": Case(_grant("iam:PassRole", "arn:aws:iam::111122223333:role/*"), at=AT),
        "any role passed to a service": Case(
            _grant("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}), at=AT
        ),
        "any role assumed": Case(_grant("sts:AssumeRole", "arn:aws:iam::*:role/*"), at=AT),
        "all of IAM, in another case": Case(_grant("IAM:*"), at=AT),
        "by pattern": Case(_grant(["iam:Put*", "iam:Create*"]), at=AT),
        "a permission set": Case(
            {"inlinePolicy": _grant("iam:PassRole")["policy"]}, type=SET, at="inlinePolicy.Statement[0]"
        ),
        "inline in a role": Case(
            {"inlinePolicies": [_grant("eks:*")]}, type=ROLE, at="inlinePolicies[0].policy.Statement[0]"
        ),
    },
)
