"""What an identity policy lets its holder do that leads to everything: judged by what its patterns match.

Sources: Service Authorization Reference; checkov's CKV_AWS_286 for the list of actions that raise one's own rights.
Read 2026-11.
"""

import re
from collections.abc import Iterator, Sequence

from policies.grants import IDENTITY_POLICIES, Condition, Grant, grants, listed
from policies.patterns import are_wide, is_fixed, matches
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
_REQUESTED = re.compile(r"[\w-]+:request(object)?tag/.+")
"""Keys whose value the caller chooses: they bound what is made anew, and nothing that is there already."""
_CREATES = re.compile(r"[\w-]+:(allocate|copy|create|import|register|request|restore|run)\w+\*?")
_OF_A_CONTROLLER = re.compile(r"[\w-]+:(resource|request)tag/(csi\w+name|[\w-]+(\.[\w-]+)+(/.*)?)")
"""Tags that only one controller sets, with its domain in the key: what has one is its own, whatever the value."""
_SHARED = re.compile(
    r"[\w-]+:resourcetag/(.*[:/])?(app|application|env|environment|managed[-_]?by|project|stack|stage)", re.IGNORECASE
)
"""Tags that everything in an account may carry, the administrators' roles too."""
_CALLER = re.compile(
    r"\$\{(aws:(principal(account|arn|orgid|tag/[\w.:/=+@-]+)|username|userid)|saml:sub|"
    r"cognito-identity\.amazonaws\.com:sub)(, *'[^'*?]*')?\}",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"arn:[^:]*:(s3:[^:]*:[^:]*:|(dynamodb|iam|secretsmanager|ssm):[^:]*:[^:]*:[\w-]+[/:])[*?].*", re.IGNORECASE
)
"""Names of roles and of data by their end: it says nothing of whose they are."""
ADMINISTRATORS = re.compile(
    r"arn:[\w-]+:iam::aws:policy/(job-function/.*|.*AdministratorAccess.*|.*Admin(Access|istrator)?|PowerUserAccess|"
    r".*Full_?Access.*|SecretsManagerReadWrite|service-role/AmazonEC2RoleforSSM)"
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
    arns = [_filled(arn) for arn in listed(grant.statement, "Resource")]
    return bool(listed(grant.statement, "NotResource")) or are_wide(arns) or any(map(_LEADING.fullmatch, arns))


def _filled(arn: str) -> str:
    """Returns a pattern with its variables filled in: the caller's own with a name, those of the request with *."""
    arn = re.sub(r"\$\{[*?$]\}", "x", _CALLER.sub("caller", arn))
    return re.sub(r"\$\{[^}]*\}", "*", arn)


def is_bounded(condition: Condition, action: str = "") -> bool:
    """Tells whether a condition bounds what an action is done to: values that are fixed, of a key about it.

    action: as written, in lower case. Without one it is asked of rights that lead to everything: tags of the request
    and tags that everything carries bound none of them, nor does a tag of any value.
    A value that the caller's own identity gives is fixed. A policy for administrators is no bound of a policy.
    """
    if _REQUESTED.fullmatch(condition.key) and not _creates(action):
        return False
    if not action and _SHARED.fullmatch(condition.key):
        return False
    values = [_CALLER.sub("caller", value) for value in condition.values]
    asked = (condition.operator, condition.values)
    if action and asked in (("null", ("false",)), ("stringlike", ("*",))):
        return _OF_A_CONTROLLER.fullmatch(condition.key) is not None
    return (
        condition.operator.removeprefix("foranyvalue:") in _POSITIVE
        and _BOUNDS.fullmatch(condition.key) is not None
        and is_fixed(values)
        and not any("${" in value or ADMINISTRATORS.fullmatch(value) for value in values)
    )


def _creates(action: str) -> bool:
    others = ("ec2:createtags", *(each.lower() for each in ESCALATIONS))
    return _CREATES.fullmatch(action) is not None and not any(matches(action, each) for each in others)


def wide(view: View, path: str) -> Iterator[Grant]:
    """Yields what the document allows on all resources of a kind, with a bound or without."""
    yield from (grant for grant in grants(view, path) if grant.allows and is_wide(grant))


def allowed(view: View, path: str, actions: Sequence[str]) -> Iterator[tuple[Grant, list[str]]]:
    """Yields each statement that allows some of the actions without a bound, and which."""
    for grant in wide(view, path):
        if any(map(is_bounded, grant.conditions)):
            continue
        if found := [action for action in actions if grant.is_for(action)]:
            yield grant, found


_SHOWN = 6


def shown(actions: Sequence[str]) -> str:
    """Returns the actions in words: the first six, and how many more there are."""
    first, others = actions[:_SHOWN], len(actions[_SHOWN:])
    return ", ".join(first) + (f" and {others} more" if others else "")
