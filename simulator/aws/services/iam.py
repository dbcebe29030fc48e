"""IAM: roles, policies and attachments. Tokens `aws:iam/...`. IAM is global: no type has a region.

Each entry was made from the provider's source that it names, its SDK 7.51 and the IAM API model; read 2026-11.
"""

from __future__ import annotations

import hashlib

from catalog.iam import attachable_policies
from catalog.known_quotas import INSTANCE_PROFILES, POLICIES, ROLES
from simulator.aws import paths, tokens
from simulator.aws.constraints import arn, between, every, length, matches, policy_json
from simulator.aws.messages import AwsError, ErrorTemplate, Service
from simulator.aws.model import Autoname, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds
from simulator.values import has_unknown

IAM = Service("IAM")
MADE = "2026-01-02T03:04:05Z"  # a constant, since with a clock two equal runs would differ

_NAME = matches(r"[\w+=,.@-]*", "letters, digits and +=,.@-_")
_PATH = every(length(1, 512), matches(r"/(.*/)?", "must begin and end with /"))
_NO_ROLE = ErrorTemplate("NoSuchEntity", "The role with name {value} cannot be found.", 404)
_TO_ROLE = Reference(tokens.ROLE, "name")
_NO_POLICY = ErrorTemplate("NoSuchEntity", "Policy {value} does not exist or is not attachable.", 404)
_NO_SCOPE = ErrorTemplate("NoSuchEntity", "Scope ARN: {value} does not exist or is not attachable.", 404, modeled=False)


def _is_aws_managed(value: str) -> bool:
    """Returns whether AWS maintains the policy: such policies are not in the cloud, but they exist."""
    return ":iam::aws:policy/" in value


def _is_policy(value: str) -> bool:
    """Returns whether it is a policy at all: a boundary is made by those who let the stack be deployed."""
    return ":policy/" in value


def _compact(text: str) -> int:
    return len("".join(text.split()))


def _policies_of_aws_exist(op: OperationContext) -> None:
    """A policy that AWS maintains must exist, with its path, and must not be for service-linked roles alone."""
    found = [
        each
        for path in ("policyArn", "permissionsBoundary", "managedPolicyArns[*]")
        for each in paths.find(op.inputs, path)
    ]
    partition = op.region_facts.partition
    for path, value in found:
        if has_unknown(value) or not _is_aws_managed(value):
            continue
        name = value.partition(":policy/")[2]
        if not value.startswith(f"arn:{partition}:"):
            raise AwsError("InvalidInput", f"ARN {value} is not valid.")
        if name.startswith("aws-service-role/"):
            raise AwsError("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.")
        if partition == "aws" and name not in attachable_policies():  # other partitions have more, and lack some
            raise op.error(_NO_SCOPE if path == "permissionsBoundary" else _NO_POLICY, value)


def _policy_is_short(op: OperationContext) -> None:
    if _compact(op.get("policy")) > 6144:
        raise AwsError("LimitExceeded", "Cannot exceed quota for PolicySize: 6144", 409)


def _inline_policies_fit(op: OperationContext) -> None:
    """The inline policies of a role may have 10240 characters together."""
    role = op.get("role")
    policies = op.resources_with(tokens.ROLE_POLICY, "role", role)
    rows = [row for row in policies if row.state.get("name") != op.get("name")]
    if sum(_compact(row.state["policy"]) for row in rows) + _compact(op.get("policy")) > 10240:
        raise AwsError("LimitExceeded", f"Maximum policy size of 10240 bytes exceeded for role {role}", 409)


def _trust_policy_is_short(op: OperationContext) -> None:
    if _compact(op.get("assumeRolePolicy")) > 2048:
        raise AwsError("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048", 409)


def _detach_role(op: OperationContext) -> None:
    """Removes the role from its instance profiles, and with `forceDetachPolicies` detaches its policies."""
    for row in list(op.resources_with(tokens.INSTANCE_PROFILE, "role", op.before["name"])):
        op.cloud.put(row.type, row.id, {key: value for key, value in row.state.items() if key != "role"})
    if op.before.get("forceDetachPolicies"):
        for type_ in (tokens.ROLE_POLICY_ATTACHMENT, tokens.ROLE_POLICY):
            for row in list(op.resources_with(type_, "role", op.before["name"])):
                op.cloud.delete(row.type, row.id, row.region)


def _issuer(op: OperationContext) -> str:
    url = str(op.get("url")).removeprefix("https://")
    return op.fill("arn:{partition}:iam::{account}:oidc-provider/") + url


def _thumbprint(op: OperationContext) -> list[str]:
    return [hashlib.sha1(str(op.get("url")).encode(), usedforsecurity=False).hexdigest()]


def _linked_name(op: OperationContext) -> str:
    service = str(op.get("awsServiceName")).split(".amazonaws", 1)[0]
    known = {
        "autoscaling": "AutoScaling",
        "eks": "AmazonEKS",
        "eks-nodegroup": "AmazonEKSNodegroup",
        "elasticloadbalancing": "ElasticLoadBalancing",
        "spot": "EC2Spot",
    }
    name = known.get(service, "".join(part.capitalize() for part in service.replace(".", "-").split("-")))
    suffix = op.get("customSuffix")
    return f"AWSServiceRoleFor{name}" + (f"_{suffix}" if suffix else "")


def _linked_arn(op: OperationContext) -> str:
    front = op.fill("arn:{partition}:iam::{account}:role/aws-service-role/{awsServiceName}/")
    return front + _linked_name(op)


def _linked_role_is_new(op: OperationContext) -> None:
    name = _linked_name(op)
    if any(row.state.get("name") == name for row in op.others()):
        message = f"Service role name {name} has been taken in this account, please try a different suffix."
        raise AwsError("InvalidInput", message)


_ROLE_RULES = (
    _trust_policy_is_short,
    document_kinds.TRUST.of("assumeRolePolicy"),
    document_kinds.INLINE.of("inlinePolicies[*].policy"),
    _policies_of_aws_exist,
)
ROLE = ResourceType(
    type=tokens.ROLE,
    service=IAM,
    creates="CreateRole",
    updates="UpdateAssumeRolePolicy",
    display_name="IAM Role",
    updating="updating IAM Role ({id}) assume role policy",
    id="{name}",
    arn="arn:{partition}:iam::{account}:role{path}{name}",
    required="assumeRolePolicy",
    replace_on="name namePrefix path",
    autoname=Autoname(max_length=64, given_prefix="namePrefix"),
    documents="assumeRolePolicy",
    sets="managedPolicyArns inlinePolicies",
    defaults={"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"},
    aws_defaults={"inlinePolicies": [], "managedPolicyArns": [], "namePrefix": ""},
    computed={"createDate": MADE, "uniqueId": "AROA{ALNUM17}"},
    constraints={
        "description": length(0, 1000),
        "inlinePolicies[*].policy": policy_json,
        "maxSessionDuration": between(3600, 43200),
        "name": every(length(1, 64), _NAME),
        "namePrefix": every(length(0, 38), _NAME),
        "path": _PATH,
        "permissionsBoundary": arn,
    },
    references={
        "managedPolicyArns[*]": Reference(tokens.POLICY, "arn", outside=_is_aws_managed),
        "permissionsBoundary": Reference(
            tokens.POLICY,
            "arn",
            _NO_SCOPE,
            outside=_is_policy,  # of the layer below: whether it is there, the preflight asks
        ),
    },
    not_found=_NO_ROLE,
    unique=Unique("name", ErrorTemplate("EntityAlreadyExists", "Role with name {name} already exists.", 409)),
    quotas=(Quota(*ROLES.limit, ErrorTemplate("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", 409)),),
    always=_ROLE_RULES,
    delete_rules=(_detach_role,),
    used_by=(
        Use(
            tokens.ROLE_POLICY_ATTACHMENT,
            "role",
            ErrorTemplate("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409),
            by="name",
            retried=True,
        ),
        Use(
            tokens.ROLE_POLICY,
            "role",
            ErrorTemplate("DeleteConflict", "Cannot delete entity, must delete policies first.", 409),
            by="name",
            retried=True,
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/iam/role.go",
)

POLICY = ResourceType(
    type=tokens.POLICY,
    service=IAM,
    creates="CreatePolicy",
    updates="CreatePolicyVersion",
    display_name="IAM Policy",
    label="{name}",
    id="{arn}",
    arn="arn:{partition}:iam::{account}:policy{path}{name}",
    required="policy",
    replace_on="description name namePrefix path",
    autoname=Autoname(given_prefix="namePrefix"),
    documents="policy",
    defaults={"path": "/"},
    computed={"attachmentCount": 0, "policyId": "ANPA{ALNUM17}"},
    constraints={
        "description": length(0, 1000),
        "name": every(length(1, 128), _NAME),
        "namePrefix": every(length(0, 102), _NAME),
        "path": _PATH,
        "policy": policy_json,
    },
    not_found=_NO_POLICY,
    unique=Unique(
        "name",
        ErrorTemplate(
            "EntityAlreadyExists", "A policy called {name} already exists. Duplicate names are not allowed.", 409
        ),
    ),
    quotas=(
        Quota(*POLICIES.limit, ErrorTemplate("LimitExceeded", "Cannot exceed quota for PoliciesPerAccount: 1500", 409)),
    ),
    always=(document_kinds.MANAGED.of("policy"), _policy_is_short),
    used_by=tuple(
        Use(
            user,
            path,
            ErrorTemplate("DeleteConflict", "Cannot delete a policy attached to entities.", 409),
            by="arn",
            retried=True,
        )
        for user, path in (
            (tokens.ROLE_POLICY_ATTACHMENT, "policyArn"),
            (tokens.ROLE, "managedPolicyArns[*]"),
            (tokens.ROLE, "permissionsBoundary"),
        )
    ),
    source="hashicorp/terraform-provider-aws internal/service/iam/policy.go",
)

ROLE_POLICY = ResourceType(
    type=tokens.ROLE_POLICY,
    service=IAM,
    creates="PutRolePolicy",
    display_name="IAM Role Policy",
    creating="putting IAM Role ({role}) Policy ({name})",
    updating="putting IAM Role ({role}) Policy ({name})",
    id="{role}:{name}",
    required="policy role",
    replace_on="name namePrefix role",
    autoname=Autoname(given_prefix="namePrefix"),
    documents="policy",
    constraints={"name": every(length(1, 128), _NAME), "policy": policy_json},
    references={"role": _TO_ROLE},
    always=(document_kinds.INLINE.of("policy"), _inline_policies_fit),
    source="hashicorp/terraform-provider-aws internal/service/iam/role_policy.go",
)

ROLE_POLICY_ATTACHMENT = ResourceType(
    type=tokens.ROLE_POLICY_ATTACHMENT,
    service=IAM,
    creates="AttachRolePolicy",
    deletes="DetachRolePolicy",
    display_name="IAM Role Policy Attachment",
    creating="attaching IAM Policy ({policyArn}) to IAM Role ({role})",
    deleting="detaching IAM Policy ({policyArn}) from IAM Role ({role})",
    id="{role}/{policyArn}",
    required="policyArn role",
    replace_on="policyArn role",
    delete_before_replace=True,
    constraints={"policyArn": arn},
    references={"role": _TO_ROLE, "policyArn": Reference(tokens.POLICY, "arn", outside=_is_aws_managed)},
    quotas=(
        Quota(
            "L-0DA4ABF3",
            10,
            ErrorTemplate("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10", 409),
            per="role",
        ),
    ),
    rules=(_policies_of_aws_exist,),
    source="hashicorp/terraform-provider-aws internal/service/iam/role_policy_attachment.go",
)

INSTANCE_PROFILE = ResourceType(
    type=tokens.INSTANCE_PROFILE,
    service=IAM,
    creates="CreateInstanceProfile",
    updates="AddRoleToInstanceProfile",
    display_name="IAM Instance Profile",
    id="{name}",
    arn="arn:{partition}:iam::{account}:instance-profile{path}{name}",
    replace_on="name namePrefix path",
    autoname=Autoname(given_prefix="namePrefix"),
    defaults={"path": "/"},
    computed={"createDate": MADE, "uniqueId": "AIPA{ALNUM17}"},
    constraints={"name": every(length(1, 128), _NAME), "path": _PATH},
    references={"role": _TO_ROLE},
    not_found=ErrorTemplate("NoSuchEntity", "Instance Profile {value} cannot be found.", 404),
    unique=Unique("name", ErrorTemplate("EntityAlreadyExists", "Instance Profile {name} already exists.", 409)),
    quotas=(
        Quota(
            *INSTANCE_PROFILES.limit,
            ErrorTemplate("LimitExceeded", "Cannot exceed quota for InstanceProfilesPerAccount: 1000", 409),
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/iam/instance_profile.go",
)

OPEN_ID_CONNECT_PROVIDER = ResourceType(
    type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    service=IAM,
    creates="CreateOpenIDConnectProvider",
    updates="AddClientIDToOpenIDConnectProvider",
    display_name="IAM OIDC Provider",
    updating="updating IAM OIDC Provider ({id}) client IDs",
    id=_issuer,
    required="clientIdLists url",
    replace_on="url",
    sets="clientIdLists",
    aws_defaults={"thumbprintLists": _thumbprint},
    computed={"arn": "{id}"},
    constraints={
        "clientIdLists": length(1, 100),
        "clientIdLists[*]": length(1, 255),
        "thumbprintLists": length(0, 5),
        "thumbprintLists[*]": length(40, 40),
        "url": matches(r"(https://)?[\w./:-]+", "an https URL"),
    },
    not_found=ErrorTemplate("NoSuchEntity", "OpenIDConnect Provider not found for arn {value}", 404),
    unique=Unique("url", ErrorTemplate("EntityAlreadyExists", "Provider with url {url} already exists.", 409)),
    quotas=(
        Quota(
            "L-858F3967",
            100,
            ErrorTemplate("LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100", 409),
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/iam/openid_connect_provider.go",
)

SERVICE_LINKED_ROLE = ResourceType(
    type="aws:iam/serviceLinkedRole:ServiceLinkedRole",
    service=IAM,
    creates="CreateServiceLinkedRole",
    updates="UpdateRole",
    display_name="IAM Service Linked Role",
    label="{awsServiceName}",
    id=_linked_arn,
    required="awsServiceName",
    replace_on="awsServiceName customSuffix",
    computed={
        "arn": "{id}",
        "createDate": MADE,
        "name": _linked_name,
        "path": "/aws-service-role/{awsServiceName}/",
        "uniqueId": "AROA{ALNUM17}",
    },
    constraints={"awsServiceName": matches(r"[\w.-]+\.amazonaws\.com(\.cn)?", "a service name, SERVICE.amazonaws.com")},
    rules=(_linked_role_is_new,),
    source="hashicorp/terraform-provider-aws internal/service/iam/service_linked_role.go",
)

TYPES = (
    ROLE,
    POLICY,
    ROLE_POLICY,
    ROLE_POLICY_ATTACHMENT,
    INSTANCE_PROFILE,
    OPEN_ID_CONNECT_PROVIDER,
    SERVICE_LINKED_ROLE,
)
