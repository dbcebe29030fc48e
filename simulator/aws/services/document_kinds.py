"""What each service refuses in policy documents, in its words: a row for each kind of document.

The words were read 2026-11 in the sources of document_grammar.py, and where a row says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from catalog.iam import iam_names
from simulator.aws.services.document_grammar import IAM_PATHS, Fault, Grammar, Statement
from simulator.aws.services.documents import listed
from simulator.values import has_unknown

# Issuers of many tenants, each with the claim that a trust policy has to test. Source: IAM User Guide,
# "Identity-provider controls for shared OIDC providers"; read 2026-11.
_SHARED_ISSUERS = {
    **dict.fromkeys(("token.actions.githubusercontent.com", "vstoken.actions.githubusercontent.com"), "sub"),
    **dict.fromkeys(("oidc-configuration.audit-log.githubusercontent.com", "gitlab.com", "agent.buildkite.com"), "sub"),
    **dict.fromkeys(("app.terraform.io", "oidc.codefresh.io", "scalr.io", "proidc.upbound.io"), "sub"),
    **dict.fromkeys(("studio.datachain.ai/api", "tokens.cloud.shisho.dev"), "sub"),
    **dict.fromkeys(("api.pulumi.com/oidc", "oidc.vercel.com", "sandboxes.cloud"), "aud"),
    "cognito-identity.amazonaws.com": "aud",
}
_TRUST_ACTIONS = (
    *("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"),
    *("sts:TagSession", "sts:SetSourceIdentity", "sts:SetContext"),
)


def _covers(pattern: str, action: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


def _trust(statement: Statement) -> Iterator[Fault]:
    for action in statement.texts("Action", "NotAction"):
        if action == "*" or not any(_covers(action, each) for each in _TRUST_ACTIONS):
            yield Fault("trust-action", action)
    principals = statement.content.get("Principal")
    for provider in listed(principals.get("Federated")) if isinstance(principals, dict) else ():
        issuer = str(provider).rpartition(":oidc-provider/")[2]  # that of Cognito is no ARN
        claim = f"{issuer}:{_SHARED_ISSUERS.get(issuer)}"
        allows = statement.content.get("Effect") == "Allow"
        if allows and issuer in _SHARED_ISSUERS and claim not in statement.condition_keys():
            yield Fault("shared-issuer", claim)


def _key(statement: Statement) -> Iterator[Fault]:
    for resource in statement.texts("Resource"):
        if resource != "*" and ":kms:" not in resource:
            yield Fault("key-resource", resource)
    for key in statement.condition_keys():
        if key.startswith(("aws:resourcetag/", "kms:resourcealiases")):
            yield Fault("key-condition", key)


def _queue(statement: Statement) -> Iterator[Fault]:
    actions = statement.texts("Action", "NotAction")
    for action in actions:
        if not any(_covers(action, f"sqs:{each}") for each in iam_names()["sqs"]):
            yield Fault("action", action)
    if len(actions) > 7:
        yield Fault("many-actions")


# Actions that the policy of a topic may name. Source: SNS API, AddPermission, and SNS's own default policy.
_OF_TOPICS = (
    *("AddPermission", "DeleteTopic", "GetDataProtectionPolicy", "GetTopicAttributes", "ListSubscriptionsByTopic"),
    *("ListTagsForResource", "Publish", "PutDataProtectionPolicy", "Receive", "RemovePermission"),
    *("SetTopicAttributes", "Subscribe", "TagResource", "UntagResource"),
)


def _topic(statement: Statement) -> Iterator[Fault]:
    for action in statement.texts("Action", "NotAction"):
        if action.lower() not in {f"sns:{each.lower()}" for each in _OF_TOPICS}:
            yield Fault("action", action)


_SYSTEM_IDS = ("aws:principalaccount", "aws:resourceaccount", "aws:sourceaccount", "aws:sourcevpc", "aws:sourcevpce")
_BESIDE_A_WILDCARD = 6


def _endpoint(statement: Statement) -> Iterator[Fault]:
    """Source: AWS PrivateLink guide, "Control access to VPC endpoints using endpoint policies"; read 2026-11."""
    for operator, tests in (statement.content.get("Condition") or {}).items():
        for key, values in tests.items() if isinstance(tests, dict) else ():
            for value in listed(values):
                wild = bool(set("*?") & set(str(value)))
                if key.lower() in _SYSTEM_IDS and (wild or str(operator).startswith("Numeric")):
                    yield Fault("id-wildcard", key)
                beside = max(map(len, re.split(r"[*?]", str(value))))
                if wild and str(operator).startswith("String") and beside < _BESIDE_A_WILDCARD:
                    yield Fault("short-wildcard", value)


def _bucket(statement: Statement) -> Iterator[Fault]:
    """Actions, resources and condition keys of S3 have to fit one another."""
    resources = [each.partition(":::")[2] for each in statement.texts("Resource", "NotResource")]
    bucket = statement.op.inputs["bucket"]
    for resource in () if has_unknown(bucket) else resources:
        ending = resource.removeprefix(bucket)
        if ending == resource or ending[:1] not in ("", "/", "*", "?"):
            yield Fault("resource", resource)
    kinds = {"object" if "/" in each else "bucket" for each in resources}
    kinds |= {"object" for each in resources if each.endswith("*")}
    known = {name: row.lower().split() for name, row in iam_names()["s3"].items()}
    keys = {key for row in known.values() for key in row}
    own = [re.sub("/.*", "/<key>", key) for key in statement.condition_keys() if not key.startswith("aws:")]
    yield from (Fault("condition-key", key) for key in own if key not in keys and (key[:3] == "s3:" or ":" not in key))
    own = [key for key in own if key in keys and key not in known["*"]]
    for action in statement.texts("Action", "NotAction"):
        matches = [
            row for name, row in known.items() if _covers(action, f"s3:{name}") and {"bucket", "object"} & {*row}
        ]
        fitting = [row for row in matches if kinds & {*row}]
        if not matches:
            yield Fault("action", action)
        elif "Action" in statement.content and "Resource" in statement.content:
            if not fitting:
                yield Fault("action-not-for-resource", action)
            for key in own:
                if not any({key, "*"} & {*row} for row in fitting or matches):
                    yield Fault("condition-not-for-action", key)


_INLINE = {
    "json form unknown-element version no-statement empty-statement no-effect effect": "Syntax errors in policy.",
    "operator": "Syntax errors in policy.",
    "effect-letters legacy date": "The policy failed legacy parsing",
    "equal-sids": "Statement IDs (SID) in a single policy must be unique.",
    "sid-letters": (
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    ),
    "principal-given": "Policy document should not specify a principal.",
    "no-action": "Policy statement must contain actions.",
    "resource": 'Resource {value} must be in ARN format or "*".',
    "partition region": "{value}",
    "short-resource": "Resource vendor must be fully qualified and cannot contain regexes.",
    "iam-path": f'IAM resource path must either be "*" or start with {", ".join(IAM_PATHS)}.',
    "no-vendor": "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    "colons": "Actions/Condition can contain only one colon.",
    "vendor": "Vendor {value} is not valid",
    "no-resource": "Policy statement must contain resources.",
}
INLINE = Grammar("MalformedPolicyDocument", _INLINE)
MANAGED = Grammar(
    "MalformedPolicyDocument",
    {"no-version old-version": "Policy document must be version 2012-10-17 or greater.", **_INLINE},
)
# The words of the parser that most services share.
_SHARED = {
    "json": "This policy contains invalid Json",
    "form unknown-element operator": "Syntax error at position (1,{at})",
    "version": "The policy must contain a valid version string",
    "no-statement": "Missing required field Statement",
    "empty-statement": "Could not parse the policy: Statement is empty!",
    "no-effect": "Missing required field Effect",
    "effect effect-letters": "Invalid effect: {value}",
    "no-principal": "Missing required field Principal",
    "empty-principal": "Missing required field Principal cannot be empty!",
    "no-action": "Missing required field Action",
    "all-but-principal": "Allow with NotPrincipal is not allowed.",
}
_EQUAL_SIDS = {"equal-sids": "The Statement Ids in the policy are not unique"}
_NO_RESOURCE = {"no-resource": "Missing required field Resource"}
TRUST = Grammar(
    "MalformedPolicyDocument",
    {
        **_SHARED,
        "not-principal": "AssumeRole policy must not contain NotPrincipal field.",
        "any-principal principal-form": "Principal must be a JSON object.",
        "federated": "Federated principals must be valid domain names or SAML metadata ARNs",
        "principal": "Invalid principal in policy: {value}",
        "trust-action": "AssumeRole policy may only specify STS AssumeRole actions.",
        "resource-given": "Has prohibited field Resource",
        **_EQUAL_SIDS,
        "shared-issuer": "Missing required condition key {value} of a shared identity provider",  # wording not seen
    },
    _trust,
)
# KMS refuses statements without actions and the one resource * since 2025-08: AWS's notice, quoted in
# ministryofjustice/analytical-platform #7691. The condition keys: awsdocs/aws-kms-developer-guide #47; read 2026-11.
KEY = Grammar(
    "MalformedPolicyDocumentException",
    {
        **_SHARED,
        "principal-form principal federated": "Policy contains a statement with one or more invalid principals.",
        **_NO_RESOURCE,
        "key-resource": "The only valid value of Resource in a key policy is *",  # wording not seen
        "key-condition": "These condition keys are not permitted in a key policy: {value}",
    },
    _key,
)
BUCKET = Grammar(
    "MalformedPolicy",
    {
        "unknown-element": "Unknown field {value}",
        "operator": "Invalid Condition type : {value}",
        **_SHARED,
        "principal-form principal federated": "Invalid principal in policy",
        "action": "Policy has invalid action",
        **_NO_RESOURCE,
        "resource partition short-resource legacy region": "Policy has invalid resource",
        "address": "Invalid IP address in Conditions",
        "condition-key": "Policy has an invalid condition key",
        "condition-not-for-action": "Conditions do not apply to combination of actions and resources in statement",
        "action-not-for-resource": "Action does not apply to any resource(s) in statement",
        **_EQUAL_SIDS,
    },
    _bucket,
)
# SQS has one sentence for all. The quota of actions: SQS Developer Guide, "Amazon SQS policy quotas"; read 2026-11.
QUEUE = Grammar(
    "InvalidAttributeValue",
    {
        f"{' '.join(_SHARED)} equal-sids principal-form principal federated action many-actions no-resource resource": (
            "Invalid value for the parameter Policy."
        )
    },
    _queue,
)
# The words about actions: SNS's answer to `sns:*`, as in hashicorp/terraform-provider-aws discussions; unverified.
TOPIC = Grammar(
    "InvalidParameter",
    {
        "action": "Invalid parameter: Policy statement action out of service scope!",
        f"{' '.join(_SHARED)} equal-sids principal-form principal federated no-resource resource": (
            "Invalid parameter: Policy Error: null"
        ),
    },
    _topic,
)
FILE_SYSTEM = Grammar(
    "InvalidPolicyException",
    {
        "no-principal empty-principal principal-form principal federated": "Policy contains invalid Principal block.",
        **_SHARED,
        **_EQUAL_SIDS,
    },
)
# The words about wildcards are unverified.
_OF_ENDPOINTS = {
    "id-wildcard": "Wildcards are not allowed in values of {value}",
    "short-wildcard": "{value} has fewer than six characters before or after a wildcard",
}
ENDPOINT = Grammar(  # the beginning: hashicorp/terraform-provider-aws #42291, read 2026-11
    "InvalidPolicyDocument",
    {
        kinds: f"The Policy Document is not valid. {words}"
        for kinds, words in {**_SHARED, **_NO_RESOURCE, **_EQUAL_SIDS, **_OF_ENDPOINTS}.items()
    },
    _endpoint,
)
# The principal's words: terraform-provider-aws, internal/service/secretsmanager/secret.go; the others were not seen.
SECRET = Grammar(
    "MalformedPolicyDocumentException",
    {
        "principal-form principal federated": "This resource policy contains an unsupported principal.",
        f"{' '.join(_SHARED)} equal-sids no-resource": "This resource policy contains a syntax error.",
    },
)


def _repository(statement: Statement) -> Iterator[Fault]:
    for action in statement.texts("Action", "NotAction"):
        if not action.lower().startswith("ecr:"):
            yield Fault("action", action)


# The words: terraform-provider-aws #3924 and #39064, awsdocs/amazon-ecr-user-guide #20 (Resource); read 2026-11. That
# actions of other services are refused was not seen.
_INVALID = "Invalid parameter at 'PolicyText' failed to satisfy constraint: '{}'"
REPOSITORY = Grammar(
    "InvalidParameterException",
    {
        f"{' '.join(_SHARED)} equal-sids principal-form federated action resource-given": _INVALID.format(
            "Invalid repository policy provided"
        ),
        "principal": _INVALID.format("Principal not found"),
    },
    _repository,
    outside=True,
)
