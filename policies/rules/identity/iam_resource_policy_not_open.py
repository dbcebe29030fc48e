"""No resource policy lets in everyone, or an account that is not trusted: topics, secrets, backups, logs and the rest.

Buckets, keys, queues, repositories and file systems have rules of their own.
"""

from collections.abc import Collection, Iterator

from policies.grants import TRUSTED, Principal, is_foreign, let_in, own_accounts
from policies.rule import Case, Resource, Rule, present, text
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
BOUNDS = ("principalOrgId", "organizationId", "sourceAccount", "sourceArn")


def check(resource: Resource, *, trusted_accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    if resource.type in PROPERTY:
        yield from let_in(resource, PROPERTY[resource.type], "they may use what the policy is for", trusted_accounts)
    else:
        owner = Principal("aws", text(resource, "principal")).owner
        known = any(present(resource, bound) for bound in BOUNDS)
        foreign = is_foreign(owner, own_accounts(resource, trusted_accounts))
        if not known and (foreign or "*" in text(resource, "principal")):
            yield "principal", "is not of ours, and no organization and no source bounds it: strangers may call"


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
    options={"trusted_accounts": TRUSTED},
    check=check,
    good={
        "nothing set": {},
        "a service for our account": policy_for(
            {"Service": "cloudwatch.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}
        ),
        "a service that calls a function": Case({"principal": "events.amazonaws.com"}, type=PERMISSION),
        **{
            f"who calls, by {each}": Case(
                {"principal": "*", each: "o-1"}, type=LAYER if each == BOUNDS[1] else PERMISSION
            )
            for each in BOUNDS
        },
        "a role of ours": Case({"principal": "arn:aws:iam::111122223333:role/caller"}, type=PERMISSION),
    },
    bad={
        "everyone": Case(policy_for("*"), at=AT),
        **{f"everyone, {kind}": _of(kind) for kind in PROPERTY if kind != TOPIC},
        "another account": Case(policy_for({"AWS": "999999999999"}), at=AT),
        "everyone calls a function": Case({"principal": "*"}, type=PERMISSION, at="principal"),
        "another account uses a layer": Case({"principal": "999999999999"}, type=LAYER, at="principal"),
    },
)
