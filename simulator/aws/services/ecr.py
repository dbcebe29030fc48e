"""ECR: repositories, their policies and lifecycles, pull-through cache rules, creation templates. Tokens `aws:ecr/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the ECR API model of botocore. Words of
refusals: getmoto/moto moto/ecr/exceptions.py, policy_validation.py and models.py; of lifecycles,
cloudposse/terraform-aws-ecr #132 and #158; of rules, aws-controllers-k8s/community #2589,
entigolabs/entigo-infralib #1645 and pulumi/pulumi-aws #5714; read 2026-11. Wordings without a source of their own are
unverified.
Facts: ECR user guide, "Sync an upstream registry", "Lifecycle policy properties", "Examples of lifecycle policies",
"Encryption at rest"; read 2026-11.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from catalog.known_quotas import REPOSITORIES
from simulator.aws import tokens
from simulator.aws.constraints import Constraint, arn, every, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds
from simulator.aws.services.refusals import symmetric_key
from simulator.values import UNKNOWN, has_unknown

ECR = Service("ECR")

_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_NAME = matches(rf"{_PART}(/{_PART})*", "lower-case letters, digits, and between them . _ - /")
_PREFIX = matches(rf"({_PART}(/{_PART})*/?|ROOT)", "ROOT, or lower-case letters, digits, and between them . _ - /")
_MUTABILITY = one_of("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION", "MUTABLE", "MUTABLE_WITH_EXCLUSION")
_FILTER_PATTERN = r"(?=.{1,128}$)[0-9a-zA-Z._-]*(\*[0-9a-zA-Z._-]*){0,2}"
_FILTERS: dict[str, Constraint] = {
    "imageTagMutabilityExclusionFilters": length(1, 5),
    "imageTagMutabilityExclusionFilters[*].filter": matches(
        _FILTER_PATTERN, "1 to 128 letters, digits, and . _ * -, with a maximum of 2 wildcards (*)"
    ),
    "imageTagMutabilityExclusionFilters[*].filterType": one_of("WILDCARD"),
}
_KEY = "encryptionConfigurations[*].kmsKey"
_ENCRYPTION: dict[str, Constraint] = {"encryptionConfigurations[*].encryptionType": one_of("AES256", "KMS", "KMS_DSSE")}
_LIFECYCLE_BYTES = 30720
# Address of a registry -> whether ECR wants a secret for it.
_UPSTREAMS: Final = {
    "public.ecr.aws": False,
    "registry.k8s.io": False,
    "quay.io": False,
    "registry-1.docker.io": True,
    "ghcr.io": True,
    "registry.gitlab.com": True,
    "cgr.dev": True,
}
_AZURE, _OF_ECR = r"[a-z0-9]+\.azurecr\.io", r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com"
SECRET_PREFIX: Final = "ecr-pullthroughcache/"  # noqa: S105
_NO_REPOSITORY = ErrorTemplate(
    "RepositoryNotFoundException",
    "The repository with name '{value}' does not exist in the registry with id '{account}'",
)

_ROLE = {
    "customRoleArn": Reference(
        tokens.ROLE, "arn", ErrorTemplate("ValidationException", "The role {value} does not exist")
    )
}


def _dns_suffix(op: OperationContext) -> str:
    return "amazonaws.com.cn" if op.region.startswith("cn-") else "amazonaws.com"


# Lifecycle policies
_LISTS = ("tagPrefixList", "tagPatternList")
_AGES = ("sinceImagePushed", "sinceImagePulled", "sinceImageTransitioned")
_NO_SCHEMA = "instance failed to match exactly one schema (matched 0 out of 2)"
_SHORTEST_ARCHIVE_DAYS = 90
_MOST_RULES = 50
_MOST_WILDCARDS = 4


def _has(names: Sequence[str], given: Any, allowed: Sequence[str]) -> str | None:
    """Returns why an object of a lifecycle policy does not fit the schema."""
    if not isinstance(given, dict):
        return 'instance type does not match any allowed primitive type (allowed: ["object"])'
    if missing := sorted(set(names) - given.keys()):
        return f"object has missing required properties ({json.dumps(missing)})"
    if more := sorted(given.keys() - set(allowed)):
        return f"object instance has properties which are not allowed by the schema: ({json.dumps(more)})"
    return None


def _enum(value: Any, values: Sequence[str]) -> str | None:
    if value in values:
        return None
    return f"instance value ({json.dumps(value)}) not found in enum (possible values: {json.dumps(list(values))})"


def _rule_faults(rule: Any) -> Iterator[str | None]:
    """Yields what is wrong with one rule. A `null` fits no schema."""
    yield _has(("rulePriority", "selection", "action"), rule, ("rulePriority", "description", "selection", "action"))
    selection, action, priority = rule["selection"], rule["action"], rule["rulePriority"]
    yield _has(("type",), action, ("type", "targetStorageClass"))
    yield _enum(action["type"], ("expire", "transition"))
    yield _has(
        ("tagStatus", "countType", "countNumber"),
        selection,
        (
            *("tagStatus", "tagPrefixList", "tagPatternList", "storageClass"),
            *("countType", "countUnit", "countNumber"),
        ),
    )
    if not isinstance(priority, int) or isinstance(priority, bool) or priority < 1:
        yield f"numeric instance is lower than the required minimum (minimum: 1, found: {priority})"
    number, status, counted = selection["countNumber"], selection["tagStatus"], selection["countType"]
    yield _enum(status, ("any", "tagged", "untagged"))
    of_age = counted in _AGES
    if counted not in ("imageCountMoreThan", *_AGES) or ("countUnit" in selection) != of_age:
        yield _NO_SCHEMA
    if of_age:
        yield _enum(selection["countUnit"], ("days",))
    archived, moves = counted == "sinceImageTransitioned", action["type"] == "transition"
    if moves != ("targetStorageClass" in action) or (archived and (moves or "storageClass" not in selection)):
        yield _NO_SCHEMA
    if counted == "sinceImagePulled" and not moves:
        yield _NO_SCHEMA
    yield _enum(action.get("targetStorageClass", "archive"), ("archive",))
    wanted = "archive" if archived else "standard"
    yield _enum(selection.get("storageClass", wanted), (wanted,))
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        yield f"numeric instance is lower than the required minimum (minimum: 1, found: {json.dumps(number)})"
    if archived and number < _SHORTEST_ARCHIVE_DAYS:
        yield f"numeric instance is lower than the required minimum (minimum: 90, found: {number})"
    lists = [selection[name] for name in _LISTS if name in selection]
    if not all(isinstance(each, list) for each in lists):
        yield 'instance type does not match any allowed primitive type (allowed: ["array"])'
    if status != "tagged" and lists:
        yield f"tagPrefixList and tagPatternList cannot be specified when tagStatus={status.upper()}"
    if status == "tagged" and (len(lists) != 1 or not lists[0]):
        yield "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED."
    if any(str(each).count("*") > _MOST_WILDCARDS for each in selection.get("tagPatternList") or ()):
        yield "A tag pattern has at most 4 wildcards"


def lifecycle_fault(text: str) -> str | None:
    """Returns why ECR refuses a lifecycle policy; None where it takes it."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        return "Could not map policyString into LifecyclePolicy."
    rules = document.get("rules")
    if not isinstance(rules, list):
        return 'object has missing required properties (["rules"])'
    if not rules:
        return "array is too short: must have at least 1 elements but instance has 0 elements"
    if len(rules) > _MOST_RULES:
        return f"array is too long: must have at most 50 elements but instance has {len(rules)} elements"
    for rule in rules:
        if fault := next(filter(None, _rule_faults(rule)), None):
            return fault
    ordered = sorted(rules, key=lambda rule: int(rule["rulePriority"]))
    priorities = [rule["rulePriority"] for rule in ordered]
    if len(set(priorities)) < len(priorities):
        return "Duplicate rule priorities are not allowed"
    for storage_class in ("standard", "archive"):
        chosen = [each["selection"] for each in ordered]
        chosen = [each for each in chosen if each.get("storageClass", "standard") == storage_class]
        statuses = [each["tagStatus"] for each in chosen]
        for status in ("untagged", "any"):
            if statuses.count(status) > 1:
                return f"Only one rule can select {status.title()} images per storage class"
        if "any" in statuses[:-1]:
            return "Rule for tagStatus=ANY must have the lowest priority per storage class"
        tags = [(name, *sorted(each[name])) for each in chosen for name in _LISTS if name in each]
        if len(set(tags)) < len(tags):
            return "Rules of a storage class need different tagPrefixList and tagPatternList"
    return None


def _lifecycle(path: str, member: str) -> Any:
    def rule(op: OperationContext) -> None:
        text = op.get(path)
        if text and (fault := lifecycle_fault(str(text))):
            raise AwsError(
                "InvalidParameterException",
                f"Invalid parameter at '{member}' failed to satisfy constraint: 'Lifecycle policy validation failure: "
                f"{fault}'",
            )

    return rule


# Repositories


def _filters_go_with_exclusions(op: OperationContext) -> None:
    """Filters go with the two kinds of mutability that leave tags out, and these with at least one."""
    mutability, filters = str(op.get("imageTagMutability", "MUTABLE")), op.get("imageTagMutabilityExclusionFilters")
    if mutability.endswith("_WITH_EXCLUSION") != bool(filters):
        raise AwsError(
            "InvalidParameterException",
            "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: "
            f"'ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as {mutability}'",
        )


def _filters_are_used(op: OperationContext) -> None:
    """The provider says it of a repository, and leaves a template to ECR."""
    exclusions = str(op.get("imageTagMutability", "MUTABLE")).endswith("_WITH_EXCLUSION")
    if op.get("imageTagMutabilityExclusionFilters") and not exclusions:
        raise ProviderError(
            "image_tag_mutability_exclusion_filter can only be used when image_tag_mutability is set to "
            "IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION",
            whole=True,
        )


def _key_goes_with_kms(op: OperationContext) -> None:
    for each in op.get("encryptionConfigurations", []):
        if each.get("kmsKey") and not str(each.get("encryptionType")).startswith("KMS"):
            raise AwsError(
                "InvalidParameterException",
                "Invalid parameter at 'encryptionConfiguration' failed to satisfy constraint: 'KmsKey can only be set "
                "for encryption type KMS'",
            )


def _double_encryption_is_govclouds(op: OperationContext) -> None:
    for each in op.get("encryptionConfigurations", []):
        if each.get("encryptionType") == "KMS_DSSE" and not op.region.startswith("us-gov-"):
            raise AwsError("InvalidParameterException", f"KMS_DSSE is not supported in {op.region}")


def _is_empty(op: OperationContext) -> None:
    """A repository with images cannot be deleted, unless the state has `forceDelete`: the program alone is no help."""
    if op.before.get("__images") and not op.before.get("forceDelete"):
        raise AwsError(
            "RepositoryNotEmptyException",
            f"The repository with name '{op.id}' in registry with id '{op.account}' cannot be deleted because it still "
            "contains images",
        )


_RULES = (_filters_go_with_exclusions, _key_goes_with_kms, _double_encryption_is_govclouds)


def _key(code: str) -> dict[str, Reference]:
    missing = ErrorTemplate(code, "KMS key {value} is not found or not accessible")
    return {_KEY: Reference(tokens.KEY, "arn", missing, outside=lambda value: ":key/" not in value)}


REPOSITORY = ResourceType(
    type=tokens.REPOSITORY,
    service=ECR,
    creates="CreateRepository",
    updates="PutImageTagMutability",
    deletes="DeleteRepository",
    display_name="ECR Repository",
    label="{name}",
    id="{name}",
    arn="arn:{partition}:ecr:{region}:{account}:repository/{name}",
    replace_on="encryptionConfigurations encryptionConfigurations[*].encryptionType "
    "encryptionConfigurations[*].kmsKey name",
    autoname=Autoname(),
    defaults={
        "encryptionConfigurations[*].encryptionType": "AES256",
        "forceDelete": False,
        "imageTagMutability": "MUTABLE",
    },
    # The provider hides that a block is left out, so taking scanning out of the program does not turn it off.
    aws_defaults={
        "encryptionConfigurations": [{"encryptionType": "AES256", "kmsKey": ""}],
        "encryptionConfigurations[*].kmsKey": "",
        "imageScanningConfiguration": {"scanOnPush": False},
    },
    computed={
        "registryId": "{account}",
        "repositoryUrl": lambda op: op.fill("{account}.dkr.ecr.{region}.") + f"{_dns_suffix(op)}/{op.get('name')}",
    },
    constraints={
        "imageTagMutability": _MUTABILITY,
        "name": every(length(2, 256), _NAME),
        **_FILTERS,
        **_ENCRYPTION,
    },
    references=_key("KmsException"),
    unique=Unique(
        "name",
        ErrorTemplate(
            "RepositoryAlreadyExistsException",
            "The repository with name '{name}' already exists in the registry with id '{account}'",
        ),
    ),
    not_found=_NO_REPOSITORY,
    quotas=(Quota(*REPOSITORIES.limit, ErrorTemplate("LimitExceededException", "The repository quota is exceeded")),),
    rules=(_filters_are_used, *_RULES, symmetric_key(_KEY, "KmsException")),
    update_rules=(_filters_are_used, *_RULES),
    delete_rules=(_is_empty,),
    cascade_deletes=(
        CascadeDelete(tokens.REPOSITORY_POLICY, "repository"),
        CascadeDelete(tokens.LIFECYCLE_POLICY, "repository"),
    ),
    untold="forceDelete",
    source="hashicorp/terraform-provider-aws internal/service/ecr/repository.go",
)

LIFECYCLE_POLICY = ResourceType(
    type=tokens.LIFECYCLE_POLICY,
    service=ECR,
    creates="PutLifecyclePolicy",
    deletes="DeleteLifecyclePolicy",
    display_name="ECR Lifecycle Policy",
    label="{repository}",
    id="{repository}",
    required="policy repository",
    replace_on="policy repository",
    delete_before_replace=True,  # pulumi/pulumi-aws pull request 2085: otherwise the new policy would be deleted
    documents="policy",
    computed={"registryId": "{account}"},
    constraints={"policy": length(100, _LIFECYCLE_BYTES)},
    references={"repository": Reference(tokens.REPOSITORY, missing=_NO_REPOSITORY)},
    not_found=ErrorTemplate(
        "LifecyclePolicyNotFoundException",
        "Lifecycle policy does not exist for the repository with name '{value}' in the registry with id '{account}'",
    ),
    rules=(_lifecycle("policy", "LifecyclePolicyText"),),
    source="hashicorp/terraform-provider-aws internal/service/ecr/lifecycle_policy.go",
)

REPOSITORY_POLICY = ResourceType(
    type=tokens.REPOSITORY_POLICY,
    service=ECR,
    creates="SetRepositoryPolicy",
    updates="SetRepositoryPolicy",
    deletes="DeleteRepositoryPolicy",
    display_name="ECR Repository Policy",
    creating="setting ECR Repository Policy ({repository})",
    updating="setting ECR Repository Policy ({repository})",
    id="{repository}",
    required="policy repository",
    replace_on="repository",
    documents="policy",
    computed={"registryId": "{account}"},
    constraints={"policy": length(0, 10240)},
    references={"repository": Reference(tokens.REPOSITORY, missing=_NO_REPOSITORY)},
    not_found=ErrorTemplate(
        "RepositoryPolicyNotFoundException",
        "Repository policy does not exist for the repository with name '{value}' in the registry with id '{account}'",
    ),
    rules=(document_kinds.REPOSITORY.of("policy"),),
    update_rules=(document_kinds.REPOSITORY.of("policy"),),
    source="hashicorp/terraform-provider-aws internal/service/ecr/repository_policy.go",
)


# The pull-through cache


def _region_has_caches(op: OperationContext) -> None:
    if op.region.startswith(("cn-", "us-gov-")):
        raise AwsError("UnsupportedUpstreamRegistryException", f"Pull through cache is not supported in {op.region}")


def _upstream_is_known(op: OperationContext) -> None:
    """ECR caches a few registries, and wants a secret for some of them: not nvcr.io, and no name in front of another.

    The words for an unknown one are unverified.
    """
    url = str(op.get("upstreamRegistryUrl"))
    of_ecr = re.fullmatch(_OF_ECR, url) is not None
    if url not in _UPSTREAMS and not of_ecr and not re.fullmatch(_AZURE, url):
        raise AwsError(
            "UnsupportedUpstreamRegistryException",
            f"The specified upstream registry {url} is not supported",
        )
    credentials = op.inputs.get("credentialArn")
    if _UPSTREAMS.get(url, not of_ecr) and credentials is not UNKNOWN and not credentials:
        raise AwsError(
            "UnsupportedUpstreamRegistryException",
            "The specified upstream registry requires authentication. Specify a valid Secrets Manager ARN",
        )


def _secret_can_be_read(op: OperationContext) -> None:
    """ECR reads the secret when it makes the rule: it is of this account and region, has a value, and AWS's own key.

    The role of ECR may read no key of the account: AWSECRPullThroughCache_ServiceRolePolicy. A secret that the same
    update makes has no value, since the simulator knows no SecretVersion; that ECR refuses it is unverified, but what
    it would read is not there. Source: ECR user guide, "Storing your upstream repository credentials"; read 2026-11.
    """
    given = op.inputs.get("credentialArn")
    if given is not UNKNOWN and not given:
        return
    nowhere = AwsError(
        "SecretNotFoundException", "The ARN of the secret specified in the pull through cache rule was not found"
    )
    if given is UNKNOWN or has_unknown(given):
        raise nowhere
    if f":secret:{SECRET_PREFIX}" not in str(given):
        raise AwsError(
            "InvalidParameterException",
            "Invalid parameter at 'credentialArn' failed to satisfy constraint: 'must satisfy regular expression "
            "'^arn:aws(-\\w+)*:secretsmanager:[a-zA-Z0-9-:]+:secret:ecr\\-pullthroughcache\\/[a-zA-Z0-9\\/_+=.@-]+$''",
        )
    secret = op.find(tokens.SECRET, "id", given)
    if secret is None:
        raise nowhere
    if secret.state.get("kmsKeyId"):
        raise AwsError("UnableToDecryptSecretValueException", "The secret is accessible but is unable to be decrypted.")


def _credentials_are_changed(op: OperationContext) -> None:
    """An update is one of the credentials. Without any, as where they are taken away, ECR refuses it."""
    if all(each is not UNKNOWN and not each for each in map(op.inputs.get, ("credentialArn", "customRoleArn"))):
        raise AwsError(
            "InvalidParameterException",
            "Invalid input: Please set either credential arn or role arn to update the credentials",
        )


CACHE_RULE = ResourceType(
    type=tokens.CACHE_RULE,
    service=ECR,
    creates="CreatePullThroughCacheRule",
    updates="UpdatePullThroughCacheRule",
    deletes="DeletePullThroughCacheRule",
    display_name="ECR Pull Through Cache Rule",
    label="{ecrRepositoryPrefix}",
    id="{ecrRepositoryPrefix}",
    required="ecrRepositoryPrefix upstreamRegistryUrl",
    replace_on="ecrRepositoryPrefix upstreamRegistryUrl upstreamRepositoryPrefix",
    aws_defaults={"upstreamRepositoryPrefix": "ROOT"},
    computed={"registryId": "{account}"},
    constraints={
        "credentialArn": arn,
        "customRoleArn": arn,
        "ecrRepositoryPrefix": every(length(2, 30), _PREFIX),
        "upstreamRepositoryPrefix": every(length(2, 30), _PREFIX),
    },
    references=_ROLE,
    unique=Unique(
        "ecrRepositoryPrefix",
        ErrorTemplate(
            "PullThroughCacheRuleAlreadyExistsException",
            "The pull through cache rule with prefix '{ecrRepositoryPrefix}' already exists in the registry with id "
            "'{account}'",
        ),
    ),
    not_found=ErrorTemplate(
        "PullThroughCacheRuleNotFoundException",
        "The pull through cache rule with prefix '{value}' was not found in the registry with id '{account}'",
    ),
    rules=(_region_has_caches, _upstream_is_known, _secret_can_be_read),
    update_rules=(_credentials_are_changed, _secret_can_be_read),
    source="hashicorp/terraform-provider-aws internal/service/ecr/pull_through_cache_rule.go",
)

CREATION_TEMPLATE = ResourceType(
    type=tokens.CREATION_TEMPLATE,
    service=ECR,
    creates="CreateRepositoryCreationTemplate",
    updates="UpdateRepositoryCreationTemplate",
    deletes="DeleteRepositoryCreationTemplate",
    display_name="ECR Repository Creation Template",
    label="{prefix}",
    id="{prefix}",
    required="appliedFors prefix",
    replace_on="prefix",
    documents="lifecyclePolicy repositoryPolicy",
    sets="appliedFors",
    defaults={"encryptionConfigurations[*].encryptionType": "AES256", "imageTagMutability": "MUTABLE"},
    aws_defaults={
        "encryptionConfigurations": [{"encryptionType": "AES256", "kmsKey": ""}],
        "encryptionConfigurations[*].kmsKey": "",
    },
    computed={"registryId": "{account}"},
    constraints={
        "appliedFors": length(1, 3),
        "appliedFors[*]": one_of("CREATE_ON_PUSH", "PULL_THROUGH_CACHE", "REPLICATION"),
        "customRoleArn": arn,
        "description": length(0, 255),
        "imageTagMutability": _MUTABILITY,
        "lifecyclePolicy": length(0, _LIFECYCLE_BYTES),
        "prefix": every(length(2, 256), _PREFIX),
        "repositoryPolicy": length(0, 10240),
        **_FILTERS,
        **_ENCRYPTION,
    },
    references={**_key("InvalidParameterException"), **_ROLE},
    unique=Unique(
        "prefix",
        ErrorTemplate("TemplateAlreadyExistsException", "The repository creation template {prefix} already exists"),
    ),
    not_found=ErrorTemplate("TemplateNotFoundException", "The repository creation template {value} was not found"),
    rules=(*_RULES, _lifecycle("lifecyclePolicy", "LifecyclePolicy"), document_kinds.REPOSITORY.of("repositoryPolicy")),
    update_rules=(
        *_RULES,
        _lifecycle("lifecyclePolicy", "LifecyclePolicy"),
        document_kinds.REPOSITORY.of("repositoryPolicy"),
    ),
    source="hashicorp/terraform-provider-aws internal/service/ecr/repository_creation_template.go",
)

TYPES = (REPOSITORY, LIFECYCLE_POLICY, REPOSITORY_POLICY, CACHE_RULE, CREATION_TEMPLATE)
