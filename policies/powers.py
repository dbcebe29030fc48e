"""What an identity policy lets its holder do that leads to everything: judged by what its patterns match.

Sources: Service Authorization Reference; checkov's CKV_AWS_286 for the list of actions that raise one's own rights.
Read 2026-11.
"""

import re
from collections.abc import Iterator, Sequence

from policies.grants import IDENTITY_POLICIES, Condition, Grant, grants, listed
from policies.patterns import are_wide, is_fixed
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
    *("iam:CreateOpenIDConnectProvider", "iam:CreateServiceSpecificCredential", "iam:UpdateSAMLProvider"),
    *("iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary", "iam:PassRole"),
    *("iam:PutRolePermissionsBoundary", "iam:PutUserPermissionsBoundary", "iam:SetDefaultPolicyVersion"),
    *("iam:UpdateAssumeRolePolicy", "iam:UpdateLoginProfile", "sts:AssumeRole", "sso:CreateAccountAssignment"),
    *("sso:AttachManagedPolicyToPermissionSet", "sso:PutInlinePolicyToPermissionSet"),
    *("eks:AssociateAccessPolicy", "eks:CreateAccessEntry", "eks:UpdateAccessEntry", "lambda:UpdateFunctionCode"),
    *("lambda:UpdateFunctionConfiguration", "ssm:SendCommand", "ssm:StartSession", "ecs:ExecuteCommand"),
    *("ec2-instance-connect:SendSSHPublicKey", "cloudformation:UpdateStack", "codebuild:UpdateProject"),
    *("glue:UpdateDevEndpoint", "kms:PutKeyPolicy", "sagemaker:CreatePresignedNotebookInstanceUrl"),
)
"""Actions that give their caller the rights of somebody else."""
_POSITIVE = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_BOUNDS = re.compile(
    r"[\w-]+:(resource|request|requestobject|existingobject|bucket|[\w-]+-)tag/.+|arc-zonal-shift:resourceidentifier|"
    r"acm:domainnames|backup:copytargets|bedrock:inferenceprofilearn|cloudformation:rolearn|cloudwatch:namespace|"
    r"dynamodb:leadingkeys|ec2:(createaction|instance(id|profile)|launchtemplate|parent(snapshot|volume)|"
    r"(networkinterface|routetable|securitygroup|snapshot|volume)id|(subnet|vpc)(id)?)|"
    r"ecs:(cluster|container-instances|service|task|task-definition)|eks:clustername|"
    r"elasticfilesystem:(accesspointarn|createaction)|elasticloadbalancing:createaction|"
    r"events:(eventbusarn|source|targetarn)|iam:(awsservicename|permissionsboundary|policyarn)|"
    r"kms:(encryptioncontext:.+|requestalias|resourcealiases)|lambda:(functionarn|layer)|"
    r"route53:changeresourcerecordsetsnormalizedrecordnames|s3:(accessgrantsinstancearn|dataaccesspointarn)|"
    r"sagemaker:(domainid|userprofilename)|secretsmanager:(name|secretid)|servicequotas:service|sns:endpoint"
)
"""Keys about what is acted on. Any other says who calls, how, when or where, or is not known: it bounds nothing."""
_CALLER = re.compile(r"\$\{aws:(principal(account|arn|orgid|tag/[\w.:/=+@-]+)|username|userid)\}", re.IGNORECASE)
ADMINISTRATORS = re.compile(
    r"arn:[\w-]+:iam::aws:policy/(job-function/.*|.*AdministratorAccess.*|.*Admin(Access|istrator)?|PowerUserAccess|"
    r".*Full_?Access.*|SecretsManagerReadWrite)"
)
"""AWS's policies for administrators, or for everything in a service."""


def documents(resource: Resource) -> Iterator[tuple[View, str]]:
    """Yields a view and the path in it of each identity policy of the resource: its own, or those inline in a role."""
    if resource.type == ROLE:
        yield from ((inline, "policy") for inline in each(resource, "inlinePolicies"))
    else:
        yield resource, IDENTITY_POLICIES[resource.type]


def is_wide(grant: Grant) -> bool:
    """Tells whether a statement is about all resources of a kind, or many, in whatever spelling."""
    return bool(listed(grant.statement, "NotResource")) or are_wide(listed(grant.statement, "Resource"))


def is_bounded(condition: Condition) -> bool:
    """Tells whether a condition bounds what is acted on: values that are fixed, of a key about it or the request.

    A value that the caller's own identity gives is fixed. A policy for administrators is no bound of a policy.
    """
    values = [_CALLER.sub("caller", value) for value in condition.values]
    return (
        condition.operator.removeprefix("foranyvalue:") in _POSITIVE
        and _BOUNDS.fullmatch(condition.key) is not None
        and is_fixed(values)
        and not any("${" in value or ADMINISTRATORS.fullmatch(value) for value in values)
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


_SHOWN = 6


def shown(actions: Sequence[str]) -> str:
    """Returns the actions in words: the first six, and how many more there are."""
    first, others = actions[:_SHOWN], len(actions[_SHOWN:])
    return ", ".join(first) + (f" and {others} more" if others else "")
