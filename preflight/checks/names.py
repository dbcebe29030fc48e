"""Names that the stack gives, and that somebody else may have. Names that Pulumi makes have digits and never clash."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from components.cluster.log_groups import STACK_TAG
from preflight.account import Ask, CouldNotLookError
from preflight.check import Check, Finding, check, could_not_look, failure, ok, warning
from preflight.needs import Needs, name_of, tags_of

UP, LIST = "eks:DescribeCluster", "eks:ListClusters"
Has = Mapping[str, str] | CouldNotLookError | None
"""The tags of what has a name; None when it is free; an error when that shows only to another caller."""
Find = Callable[[Ask, str, str], Has]
"""Asks for a name in a region."""


def find_names(title: str, type_: str, find: Find, *calls: str, kept: bool = False) -> Check:
    """Makes the check of a type. kept: in production `up` imports it, since it may outlive its entry there."""

    @check(title, calls=tuple(dict.fromkeys((*calls, UP))))
    def names(needs: Needs, ask: Ask) -> Iterator[Finding]:
        for resource in needs.of(type_):
            if name := name_of(resource):
                tags, wanted = find(ask, name, needs.region_of(resource)), resource.inputs.get("tags") or {}
                yield _judged(needs, ask, name, tags, wanted.get(STACK_TAG), kept and needs.stage.retains)

    return names


def _judged(needs: Needs, ask: Ask, name: str, tags: Has, stack: str | None, imported: bool) -> Finding:
    if tags is None:
        return ok(f"{name} is free")
    if isinstance(tags, CouldNotLookError):
        return could_not_look(str(tags), tags.fix)
    owner = tags.get(STACK_TAG)
    if not needs.owns(tags) or (owner and stack and owner != stack):
        whose = f"stack {owner}" if owner else tags.get("project") or tags.get("Name")
        said = f"of {whose}" if whose else "and no tag says whose it is"
        return failure(f"{name} stands already, {said}", "`up` cannot make it, and stops half-way", _rename(needs))
    if imported or is_up(needs, ask):
        return ok(f"{name} is this stack's")
    return warning(
        f"{name} has the tags of this stack, which is not up",
        "`up` stops at it unless the state of the stack has it",
        "Import it or delete it: docs/runbooks/stack/interrupted-up.md.",
        f"python -m report pending --stack {needs.stack}",
    )


def _rename(needs: Needs) -> str:
    return f"Give the stack another `name` than {needs.settings.name}. Or delete what has the name, if nobody needs it."


def is_up(needs: Needs, ask: Ask) -> bool:
    """Tells whether a cluster of the stack is up."""
    names = map(needs.stage.cluster_name, needs.settings.clusters)
    return any(needs.owns(_cluster(ask, name, needs.settings.region) or {}) for name in names)


def _cluster(ask: Ask, name: str, region: str) -> Mapping[str, str] | None:
    answer = ask(UP, region=region, absent=("ResourceNotFoundException",), name=name)
    return tags_of(answer["cluster"]) if answer else None


def _log_group(ask: Ask, name: str, region: str) -> Mapping[str, str] | None:
    for group in ask("logs:DescribeLogGroups", region=region, logGroupNamePrefix=name)["logGroups"]:
        if group["logGroupName"] == name:
            arn = group["arn"].removesuffix(":*")
            tags = tags_of(ask("logs:ListTagsForResource", region=region, resourceArn=arn))
            # EKS writes once more after a cluster is deleted, and `up` imports that: components/cluster/log_groups.py.
            left = name.startswith("/aws/eks/") and not (group.get("retentionInDays") or group.get("kmsKeyId"))
            return tags or (None if left else {})
    return None


def _bucket(ask: Ask, name: str, region: str) -> Has:
    """S3 says 403 about a bucket of another account, and about any name to a caller who may not ask."""
    if name in {each["Name"] for each in ask("s3:ListBuckets")["Buckets"]}:
        return tags_of(ask("s3:GetBucketTagging", region=region, absent=("NoSuchTagSet",), Bucket=name))
    try:
        found = ask("s3:HeadBucket", region=region, absent=("404", "NoSuchBucket"), Bucket=name)
    except CouldNotLookError as error:
        if error.code not in ("403", "AccessDenied", "Forbidden"):
            raise
        why = f"{name} is taken by another account, or this caller may not look ({error.code})"
        fix = (
            "Let s3:ListBucket hold for the name: in preflight/policy.json, service control policies, and policies of "
            "endpoints. If it does, the name is taken, and the stack needs another `name`."
        )
        return CouldNotLookError(why, fix, error.code)
    return None if found is None else {}


def _listed(listing: str, key: str, name_key: str, tagging: str, parameter: str, id_key: str) -> Find:
    """Returns how to find what is only listed: by its name among all, then its tags by its id."""

    def find(ask: Ask, name: str, region: str) -> Mapping[str, str] | None:
        ids = (each[id_key] for each in ask(listing, region=region)[key] if each[name_key] == name)
        found = next(ids, None)
        return None if found is None else tags_of(ask(tagging, region=region, **{parameter: found}))

    return find


def _queue(ask: Ask, name: str, region: str) -> Mapping[str, str] | None:
    gone = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
    answer = ask("sqs:GetQueueUrl", region=region, absent=gone, QueueName=name)
    return tags_of(ask("sqs:ListQueueTags", region=region, QueueUrl=answer["QueueUrl"])) if answer else None


def _role(ask: Ask, name: str, region: str) -> Mapping[str, str] | None:
    answer: Any = ask("iam:GetRole", absent=("NoSuchEntity",), RoleName=name)
    return tags_of(answer["Role"]) if answer else None


_LOGS = ("logs:DescribeLogGroups", "logs:ListTagsForResource")
_BUCKETS = ("s3:ListBuckets", "s3:HeadBucket", "s3:GetBucketTagging")
_KEYS, _KEY_TAGS = "kms:ListAliases", "kms:ListResourceTags"
_VAULTS, _VAULT_TAGS = "backup:ListBackupVaults", "backup:ListTags"
find_alias = _listed(_KEYS, "Aliases", "AliasName", _KEY_TAGS, "KeyId", "TargetKeyId")
find_vault = _listed(_VAULTS, "BackupVaultList", "BackupVaultName", _VAULT_TAGS, "ResourceArn", "BackupVaultArn")

clusters = find_names("Names of clusters", "eks/cluster:Cluster", _cluster)
log_groups = find_names("Names of log groups", "cloudwatch/logGroup:LogGroup", _log_group, *_LOGS, kept=True)
buckets = find_names("Names of buckets", "s3/bucket:Bucket", _bucket, *_BUCKETS, kept=True)
aliases = find_names("Aliases of keys", "kms/alias:Alias", find_alias, _KEYS, _KEY_TAGS)
vaults = find_names("Names of backup vaults", "backup/vault:Vault", find_vault, _VAULTS, _VAULT_TAGS, kept=True)
queues = find_names("Names of queues", "sqs/queue:Queue", _queue, "sqs:GetQueueUrl", "sqs:ListQueueTags")
roles = find_names("Names of IAM roles", "iam/role:Role", _role, "iam:GetRole")


_SECRET = "secretsmanager:DescribeSecret"  # noqa: S105 - a call


@check("Names of secrets", calls=(_SECRET, UP))
def secrets(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """No secret of another has the name, and none is in its recovery window: CreateSecret refuses both.

    Source: Secrets Manager API, CreateSecret (InvalidRequestException) and DescribeSecret (DeletedDate); read 2026-11.
    """
    for resource in needs.of("secretsmanager/secret:Secret"):
        if not (name := name_of(resource)):
            continue
        region = needs.region_of(resource)
        found = ask(_SECRET, region=region, absent=("ResourceNotFoundException",), SecretId=name)
        if found and found.get("DeletedDate"):
            yield failure(
                f"{name} is scheduled for deletion, and its recovery window is not over",
                "CreateSecret is refused, and `up` stops half-way",
                "Restore it and let the stack have it, as in docs/guides/tenancy/give-a-workload-a-secret.md; or wait.",
                f"aws secretsmanager restore-secret --region {region} --secret-id {name}",
            )
        else:
            wanted = (resource.inputs.get("tags") or {}).get(STACK_TAG)
            yield _judged(needs, ask, name, tags_of(found) if found else None, wanted, imported=False)


@check("The same names elsewhere", calls=(LIST,))
def elsewhere(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """No stack of the same name is in another region that this one uses."""
    own = set(map(needs.stage.cluster_name, needs.settings.clusters))
    for region in needs.regions[1:]:
        if same := sorted(own.intersection(ask(LIST, region=region)["clusters"])):
            seen, why = f"{', '.join(same)} is also a cluster in {region}", "bills and reports add both stacks up"
            yield warning(seen, why, _rename(needs))
        else:
            yield ok(f"no cluster of these names in {region}")
