"""What an identity policy lets its holder do that leads to everything: judged by what its patterns match.

Sources: Service Authorization Reference; checkov's CKV_AWS_286 for the list of actions that raise one's own rights.
Read 2026-11.
"""

import re
from collections.abc import Iterator, Sequence

from policies.grants import IDENTITY_POLICIES, Condition, Grant, grants, listed
from policies.rule import Resource, View, each

ROLE = "aws:iam/role:Role"
EVERYTHING = (
    *("iam:PutRolePolicy", "s3:DeleteBucket", "ec2:TerminateInstances", "kms:ScheduleKeyDeletion"),
    *("secretsmanager:GetSecretValue", "eks:DeleteCluster", "dynamodb:DeleteTable", "organizations:LeaveOrganization"),
)
"""Actions of unlike services: who may do all of them may do everything."""
ESCALATIONS = (
    *(f"iam:{verb}{kind}" for verb in ("Attach", "Put") for kind in ("GroupPolicy", "RolePolicy", "UserPolicy")),
    *("iam:AddUserToGroup", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreatePolicyVersion"),
    *("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary", "iam:PassRole"),
    *("iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary", "iam:SetDefaultPolicyVersion"),
    *("iam:UpdateAssumeRolePolicy", "iam:UpdateLoginProfile", "sts:AssumeRole"),
    *("eks:AssociateAccessPolicy", "eks:CreateAccessEntry", "lambda:UpdateFunctionCode", "ssm:SendCommand"),
    *("ssm:StartSession", "ec2-instance-connect:SendSSHPublicKey"),
)
"""Actions that give their caller the rights of somebody else."""
_POSITIVE = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_KIND = r"(autoScalingGroup:[*?]*:autoScalingGroupName/|(loadbalancer|listener(-rule)?)/(app|net|gwy)/|[\w-]+[/:])?"
"""What stands before the name in an ARN: the kind, of which some have two words."""
_ABOUT_CALLS = re.compile(
    r"aws:(requestedregion|viaawsservice|calledvia.*|securetransport|currenttime|multifactorauth.*|useragent|referer|"
    r"principal.*|source(ip|account|arn|org.*)?|resourceaccount|resourceorg.*)|iam:passedtoservice|kms:viaservice"
)
"""Keys that say who calls, how and when, and nothing of what is acted on."""


def documents(resource: Resource) -> Iterator[tuple[View, str]]:
    """Yields a view and the path in it of each identity policy of the resource: its own, or those inline in a role."""
    if resource.type == ROLE:
        yield from ((inline, "policy") for inline in each(resource, "inlinePolicies"))
    else:
        yield resource, IDENTITY_POLICIES[resource.type]


def is_wide(grant: Grant) -> bool:
    """Tells whether a statement is about all resources of a kind, in whatever spelling."""
    return bool(listed(grant.statement, "NotResource")) or any(map(_is_wide, listed(grant.statement, "Resource")))


def _is_wide(pattern: str) -> bool:
    parts = pattern.split(":", 5)
    if len(parts) < 6:
        return pattern.endswith(("*", "?"))
    of_kind = "" if parts[2] == "s3" else _KIND
    return re.fullmatch(rf"{of_kind}[*?/:]*\*[*?/:]*", parts[5]) is not None


def is_bounded(condition: Condition) -> bool:
    """Tells whether a condition bounds what is acted on: a fixed value of a key about the resource or the request."""
    return (
        condition.operator.removeprefix("foranyvalue:") in _POSITIVE
        and not _ABOUT_CALLS.fullmatch(condition.key)
        and bool(condition.values)
        and not any(re.fullmatch(r"[*?]*|arn:[\w*-]*(:[\w*-]*){0,3}:?[*?]*", value) for value in condition.values)
    )


def unbounded(view: View, path: str) -> Iterator[Grant]:
    """Yields what the document allows on all resources of a kind without a bound."""
    for grant in grants(view, path):
        if grant.allows and is_wide(grant) and not any(map(is_bounded, grant.conditions)):
            yield grant


def allowed(view: View, path: str, actions: Sequence[str]) -> Iterator[tuple[Grant, list[str]]]:
    """Yields each statement that allows some of the actions without a bound, and which."""
    for grant in unbounded(view, path):
        if found := [action for action in actions if grant.is_for(action)]:
            yield grant, found
