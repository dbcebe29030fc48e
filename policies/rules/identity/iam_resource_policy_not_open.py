"""No resource policy lets in everyone, or an account that is not trusted: topics, secrets, backups, logs and the rest.

Buckets, keys, queues, repositories and file systems have rules of their own.
"""

import re
from collections.abc import Collection, Iterator

from common.values import UNKNOWN
from policies.grants import TRUSTED, Grant, let_in, open_to
from policies.rule import Case, Resource, Rule, View, present, text
from policies.samples import policy_for

BY_PROPERTY = {
    "policy": (
        *("acmpca/policy:Policy", "apigateway/restApi:RestApi", "apigateway/restApiPolicy:RestApiPolicy"),
        *("backup/vaultPolicy:VaultPolicy", "bedrock/agentcoreResourcePolicy:AgentcoreResourcePolicy"),
        *("cloudwatch/eventBusPolicy:EventBusPolicy", "codebuild/resourcePolicy:ResourcePolicy"),
        *("dsql/clusterPolicy:ClusterPolicy", "dynamodb/resourcePolicy:ResourcePolicy", "glacier/vaultLock:VaultLock"),
        *("glue/resourcePolicy:ResourcePolicy", "iot/policy:Policy", "kinesis/resourcePolicy:ResourcePolicy"),
        *("lambda/resourcePolicy:ResourcePolicy", "mediastore/containerPolicy:ContainerPolicy"),
        *("msk/clusterPolicy:ClusterPolicy", "networkfirewall/resourcePolicy:ResourcePolicy"),
        *("oam/sinkPolicy:SinkPolicy", "opensearchingest/resourcePolicy:ResourcePolicy"),
        *("redshift/resourcePolicy:ResourcePolicy", "redshiftserverless/resourcePolicy:ResourcePolicy"),
        *("schemas/registryPolicy:RegistryPolicy", "secretsmanager/secret:Secret"),
        *("secretsmanager/secretPolicy:SecretPolicy", "ses/identityPolicy:IdentityPolicy"),
        *("sesv2/emailIdentityPolicy:EmailIdentityPolicy", "sns/topic:Topic", "sns/topicPolicy:TopicPolicy"),
        *("vpclattice/authPolicy:AuthPolicy", "vpclattice/resourcePolicy:ResourcePolicy"),
    ),
    "policyDocument": (
        *("amp/resourcePolicy:ResourcePolicy", "cloudwatch/logResourcePolicy:LogResourcePolicy"),
        *("codeartifact/domainPermissions:DomainPermissions", "xray/resourcePolicy:ResourcePolicy"),
        "codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy",
    ),
    "accessPolicy": (
        *("cloudsearch/domainServiceAccessPolicy:DomainServiceAccessPolicy", "glacier/vault:Vault"),
        "cloudwatch/logDestinationPolicy:LogDestinationPolicy",
    ),
    "accessPolicies": (
        *("elasticsearch/domain:Domain", "elasticsearch/domainPolicy:DomainPolicy", "opensearch/domain:Domain"),
        "opensearch/domainPolicy:DomainPolicy",
    ),
    "resourcePolicy": ("sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",),
    "deliveryDestinationPolicy": ("cloudwatch/logDeliveryDestinationPolicy:LogDeliveryDestinationPolicy",),
}
"""Property with the document -> types of AWS that have it, without `aws:`. Source: pulumi-aws 7, read 2026-11."""
PROPERTY = {f"aws:{kind}": name for name, kinds in BY_PROPERTY.items() for kind in kinds}
PERMISSION, LAYER = "aws:lambda/permission:Permission", "aws:lambda/layerVersionPermission:LayerVersionPermission"
BOUNDS = {
    "principalOrgId": ("StringEquals", "aws:PrincipalOrgID", "o-0123456789"),
    "organizationId": ("StringEquals", "aws:PrincipalOrgID", "o-0123456789"),
    "sourceAccount": ("StringEquals", "aws:SourceAccount", "111122223333"),
    "sourceArn": ("ArnLike", "aws:SourceArn", "arn:aws:events:us-west-2:111122223333:rule/nightly"),
}
"""Property -> the condition that AWS makes of it, and a value that names whom it lets in."""

_SERVICE = re.compile(r"[\w.-]+\.amazonaws\.com(\.cn)?")
"""Services are let in for whom `iam-service-source-bound` says; their source is known later, as a rule."""


def check(resource: Resource, *, trusted_accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    if resource.type in PROPERTY:
        yield from let_in(resource, PROPERTY[resource.type], "they may use what the policy is for", trusted_accounts)
    elif not _SERVICE.fullmatch(text(resource, "principal")) and open_to(_permission(resource), trusted_accounts)[0]:
        yield "principal", "is not of ours, and no organization and no source of ours bounds it: strangers may call"


def _permission(resource: Resource) -> Grant:
    """Returns a permission as the statement that AWS makes of it."""
    bounds = [(*BOUNDS[each][:2], text(resource, each)) for each in BOUNDS if present(resource, each)]
    conditions: dict[str, dict[str, str]] = {}
    for operator, key, value in bounds:
        conditions.setdefault(operator, {})[key] = value
    statement = {"Principal": {"AWS": text(resource, "principal")}, "Condition": conditions}
    return Grant(View(resource, statement, ""), allows=True)


AT = "policy.Statement[0].Principal"
TOPIC = "aws:sns/topicPolicy:TopicPolicy"


def _of(kind: str) -> Case:
    path = PROPERTY[kind]
    return Case(policy_for("*", path=path), type=kind, at=f"{path}.Statement[0].Principal")


RULE = Rule(
    id="iam-resource-policy-not-open",
    applies_to=(TOPIC, *(kind for kind in PROPERTY if kind != TOPIC), PERMISSION, LAYER),
    severity="critical",
    standards=("FSBP SNS.4", "FSBP Lambda.1", "CKV_AWS_169", "CKV_AWS_301", "CKV_AWS_283"),
    why="A policy on a resource lets in whom it names, whatever their own account says.",
    fix="Name the principals, or add a Condition on aws:SourceAccount, aws:SourceArn or aws:PrincipalOrgID.",
    mend={"Principal": {"AWS": "arn:aws:iam::<account>:role/<name>"}},
    options={"trusted_accounts": TRUSTED},
    check=check,
    good={
        "nothing set": {},
        "a service for our account": policy_for(
            {"Service": "cloudwatch.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}
        ),
        "a service that calls a function": Case({"principal": "events.amazonaws.com"}, type=PERMISSION),
        "a service, for what is made in the same update": Case(
            {"principal": "apigateway.amazonaws.com", "sourceArn": UNKNOWN}, type=PERMISSION
        ),
        **{
            f"who calls, by {each}": Case(
                {"principal": "*", each: value}, type=LAYER if each == "organizationId" else PERMISSION
            )
            for each, (_, _, value) in BOUNDS.items()
        },
        "a role of ours": Case({"principal": "arn:aws:iam::111122223333:role/caller"}, type=PERMISSION),
    },
    bad={
        "everyone": Case(policy_for("*"), at=AT),
        **{f"everyone, {kind}": _of(kind) for kind in PROPERTY if kind != TOPIC},
        "another account": Case(policy_for({"AWS": "999999999999"}), at=AT),
        "a source of everyone": Case(
            {"principal": "*", "sourceArn": "arn:aws:*:*:*:*"}, type=PERMISSION, at="principal"
        ),
        "a source of another account": Case(
            {"principal": "*", "sourceAccount": "999999999999"}, type=PERMISSION, at="principal"
        ),
        "any organization": Case({"principal": "*", "organizationId": "*"}, type=LAYER, at="principal"),
        "everyone calls a function": Case({"principal": "*"}, type=PERMISSION, at="principal"),
        "another account uses a layer": Case({"principal": "999999999999"}, type=LAYER, at="principal"),
    },
)
