"""No policy allows all actions of a service, a family of changes, an end of what runs, or all data, on any resource."""

import json
import re
from collections.abc import Collection, Iterator

from policies.grants import IDENTITY_POLICIES, Grant, listed
from policies.powers import ROLE, documents, unbounded
from policies.rule import Case, Option, Resource, Rule, View

DATA = (
    *("s3:GetObject", "secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt", "dynamodb:Scan"),
    *(
        "rds-db:connect",
        "rds:DownloadDBLogFilePortion",
        "ec2:GetPasswordData",
        "ec2:CreateSnapshot",
        "sqs:ReceiveMessage",
    ),
    *("ecr:PutImage", "s3:PutObject", "s3:DeleteObject", "s3:PutBucketPolicy"),
)
"""Actions that read or replace what people keep. Sources: checkov's CKV_AWS_288 and 287; read 2026-11."""
_READS = re.compile(r"[\w-]+:(batch)?(get|list|describe|head|search|lookup|view|check|estimate|simulate)[a-z]*[*?]*")
_ENDS = re.compile(r"[\w-]+:(delete|terminate|stop|reboot|modify|authorize|revoke|detach|deregister)[a-z]*", re.I)
"""Actions that end or open what others have. One that takes no resource is for the option `allowed`."""


def _problems(grant: Grant, allowed: Collection[str]) -> Iterator[str]:
    if listed(grant.statement, "NotAction"):
        yield "allows all actions but a few"
    for action in listed(grant.statement, "Action"):
        is_family = re.search(r"[*?]", action) and not _READS.fullmatch(action.lower())
        if is_family and action not in allowed:
            yield f"allows {action}"
    ends = [action for action in listed(grant.statement, "Action") if _ENDS.fullmatch(action) and action not in allowed]
    if ends:
        yield f"allows {', '.join(ends)}"
    if data := [action for action in DATA if grant.is_for(action) and action not in allowed]:
        yield f"allows {', '.join(data)}"


def _document(view: View, path: str, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    for grant in unbounded(view, path):
        for problem in _problems(grant, allowed):
            yield grant.statement.path, f"{problem} on any resource, without a condition on what is acted on"


def check(resource: Resource, *, allowed: Collection[str]) -> Iterator[tuple[str, str]]:
    for given in documents(resource):
        yield from _document(*given, allowed)


def _grant(actions: object, resource: object = "*", key: str = "Action", **more: object) -> dict[str, str]:
    statement = {"Effect": "Allow", key: actions, "Resource": resource, **more}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}


SET = "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy"
AT = "policy.Statement[0]"
OURS = {"StringEquals": {"aws:ResourceTag/team": "research"}}

RULE = Rule(
    id="iam-no-broad-grants",
    applies_to=(*IDENTITY_POLICIES, ROLE),
    severity="high",
    standards=("FSBP IAM.21", "CKV_AWS_63", "CKV_AWS_288", "CKV_AWS_290"),
    why="A workload that is taken over reaches what it never used: other teams' data, other machines.",
    fix="Write the actions out, and name the resources, or add a Condition on aws:ResourceTag.",
    dev="advisory",
    options={
        "allowed": Option("Actions or patterns, as written, that may be allowed on any resource.", [], stricter="fewer")
    },
    check=check,
    good={
        "nothing set": {},
        "reading what there is": _grant(["ec2:Describe*", "eks:List*", "pricing:GetProducts"]),
        "objects of one bucket": _grant("s3:*", ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]),
        **{
            f"what has a tag, by {each}": _grant("ec2:*", Condition={each: OURS["StringEquals"]})
            for each in ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
        },
        "what has one of several tags": _grant("ec2:*", Condition={"ForAnyValue:StringEquals": OURS["StringEquals"]}),
        "an action without resources": _grant("ec2:CreateLaunchTemplate"),
        "load balancers by the start of their name": _grant(
            "elasticloadbalancing:DeleteX",
            "arn:aws:elasticloadbalancing:us-west-2:111122223333:loadbalancer/app/ours-*",
        ),
        "an end that is allowed": Case(_grant("ec2:StopInstances"), options={"allowed": ["ec2:StopInstances"]}),
        "one that is allowed": Case(_grant("xray:Put*"), options={"allowed": ["xray:Put*"]}),
        "role without inline policies": Case({}, type=ROLE),
    },
    bad={
        "a service": Case(_grant("s3:*"), at=AT),
        "a service, in every account": Case(_grant("s3:*", "arn:aws:s3:::*"), at=AT),
        "a family of changes": Case(_grant("ec2:Create*"), at=AT),
        "all but a few": Case(_grant("iam:*", key="NotAction"), at=AT),
        **{f"{each} on everything": Case(_grant(each), at=AT) for each in DATA},
        **{
            f"{verb} everything": Case(_grant(f"ec2:{verb}X"), at=AT)
            for verb in (
                "Delete",
                "Terminate",
                "Stop",
                "Reboot",
                "Modify",
                "Authorize",
                "Revoke",
                "Detach",
                "Deregister",
            )
        },
        "every group": Case(
            _grant(
                "autoscaling:DeleteX",
                "arn:aws:autoscaling:us-west-2:111122223333:autoScalingGroup:*:autoScalingGroupName/*",
            ),
            at=AT,
        ),
        **{
            f"every {kind}": Case(
                _grant("elasticloadbalancing:DeleteX", f"arn:aws:elasticloadbalancing:us-west-2:111122223333:{kind}/*"),
                at=AT,
            )
            for kind in (
                "targetgroup",
                *(
                    f"{one}/{of}"
                    for one in ("loadbalancer", "listener", "listener-rule")
                    for of in ("app", "net", "gwy")
                ),
            )
        },
        "all secrets, by pattern": Case(_grant("secretsmanager:Get*"), at=AT),
        "any tag": Case(_grant("ec2:*", Condition={"StringLike": {"aws:ResourceTag/team": "*"}}), at=AT),
        "in one region": Case(_grant("sqs:*", Condition={"StringEquals": {"aws:RequestedRegion": "us-west-2"}}), at=AT),
        "a permission set": Case({"inlinePolicy": _grant("s3:*")["policy"]}, type=SET, at=f"inlinePolicy{AT[6:]}"),
        "inline in a role": Case(
            {"inlinePolicies": [_grant("sns:*")]}, type=ROLE, at="inlinePolicies[0].policy.Statement[0]"
        ),
    },
)
