"""Names that the stack gives, and that somebody else may have. Names that Pulumi makes have digits and never clash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from components.cluster.log_groups import STACK_TAG
from preflight.account import Ask, CouldNotLookError
from preflight.check import Check, Finding, check, failure, ok, warning
from preflight.needs import Needs, name_of

RUNBOOK = "docs/runbooks/stack/interrupted-up.md"
UP, _LIST = "eks:DescribeCluster", "eks:ListClusters"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What has a name already. tags: its own. ours: whether it is this stack's whatever the tags say."""

    tags: Mapping[str, str]
    taken_over: bool = False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of thing with a name of ours. find: returns what has the name, or None.

    kept: `up` imports it, in production, when it has the tags of the stack: it may outlive its entry there.
    """

    title: str
    type: str
    calls: tuple[str, ...]
    find: Callable[[Ask, str, str], Standing | None]
    kept: bool = False


def _check(kind: Kind) -> Check:
    @check(kind.title, calls=(*kind.calls, *({UP} - {*kind.calls})))
    def names(needs: Needs, ask: Ask) -> Iterator[Finding]:
        """Each name of this kind is free, or what has it is this stack's."""
        for resource in needs.of(kind.type):
            name, region = name_of(resource), needs.region_of(resource)
            if name is None:
                continue
            try:
                found = kind.find(ask, name, region)
            except _TakenError as reason:
                yield failure(str(reason), "nobody can make a second one", _rename(needs))
                continue
            wanted = {**(resource.inputs.get("tags") or {})}.get(STACK_TAG)
            yield _judged(needs, ask, kind, name, found, wanted)

    return names


def _judged(needs: Needs, ask: Ask, kind: Kind, name: str, found: Standing | None, wanted: str | None) -> Finding:
    if found is None:
        return ok(f"{name} is free")
    if found.taken_over:
        return ok(f"{name} was left by EKS, and `up` takes it over")
    owner = found.tags.get(STACK_TAG)
    if not needs.owns(found.tags) or (owner and wanted and owner != wanted):
        named = found.tags.get("project") or found.tags.get("Name")
        whose = f"stack {owner}" if owner else named or "nobody by its tags"
        return failure(f"{name} stands already, of {whose}", "`up` cannot make it, and stops half-way", _rename(needs))
    if is_up(needs, ask) or (kind.kept and needs.stage.retains):
        return ok(f"{name} is this stack's")
    return warning(
        f"{name} has the tags of this stack, which is not up",
        "`up` stops at it unless the state of the stack has it",
        f"Import it or delete it: {RUNBOOK}.",
        f"python -m report pending --stack {needs.stack}",
    )


def _rename(needs: Needs) -> str:
    return f"Give the stack another `name` than {needs.settings.name}. Or delete what has the name, if nobody needs it."


def is_up(needs: Needs, ask: Ask) -> bool:
    """Tells whether a cluster of the stack is up."""
    found = (_cluster(ask, needs.stage.cluster_name(key), needs.settings.region) for key in needs.settings.clusters)
    return any(each is not None and needs.owns(each.tags) for each in found)


class _TakenError(Exception):
    """A name belongs to somebody whose tags nobody here may read."""


def _cluster(ask: Ask, name: str, region: str) -> Standing | None:
    answer = ask(UP, region=region, absent=("ResourceNotFoundException",), name=name)
    return Standing(tags=answer["cluster"].get("tags", {})) if answer else None


def _log_group(ask: Ask, name: str, region: str) -> Standing | None:
    answer = ask("logs:DescribeLogGroups", region=region, logGroupNamePrefix=name)["logGroups"]
    for group in answer:
        if group["logGroupName"] == name:
            arn = group["arn"].removesuffix(":*")
            tags = ask("logs:ListTagsForResource", region=region, resourceArn=arn).get("tags", {})
            # EKS writes once more after a cluster is deleted: components/cluster/log_groups.py.
            left = name.startswith("/aws/eks/") and not (tags or group.get("retentionInDays") or group.get("kmsKeyId"))
            return Standing(tags=tags, taken_over=left)
    return None


def _bucket(ask: Ask, name: str, region: str) -> Standing | None:
    if name in {each["Name"] for each in ask("s3:ListBuckets")["Buckets"]}:
        answer = ask("s3:GetBucketTagging", region=region, absent=("NoSuchTagSet",), Bucket=name)
        return Standing(tags={each["Key"]: each["Value"] for each in (answer or {}).get("TagSet", ())})
    try:
        if ask("s3:HeadBucket", region=region, absent=("404", "NoSuchBucket"), Bucket=name) is None:
            return None
    except CouldNotLookError as error:
        if error.code not in ("403", "AccessDenied", "Forbidden"):
            raise
    raise _TakenError(f"{name} is a bucket of another account")


def _alias(ask: Ask, name: str, region: str) -> Standing | None:
    for alias in ask("kms:ListAliases", region=region)["Aliases"]:
        if alias["AliasName"] == name:
            tags = ask("kms:ListResourceTags", region=region, KeyId=alias["TargetKeyId"]).get("Tags", ())
            return Standing(tags={each["TagKey"]: each["TagValue"] for each in tags})
    return None


def _vault(ask: Ask, name: str, region: str) -> Standing | None:
    for vault in ask("backup:ListBackupVaults", region=region)["BackupVaultList"]:
        if vault["BackupVaultName"] == name:
            return Standing(tags=ask("backup:ListTags", region=region, ResourceArn=vault["BackupVaultArn"])["Tags"])
    return None


def _queue(ask: Ask, name: str, region: str) -> Standing | None:
    gone = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
    answer = ask("sqs:GetQueueUrl", region=region, absent=gone, QueueName=name)
    if answer is None:
        return None
    return Standing(tags=ask("sqs:ListQueueTags", region=region, QueueUrl=answer["QueueUrl"]).get("Tags", {}))


def _role(ask: Ask, name: str, region: str) -> Standing | None:
    answer = ask("iam:GetRole", absent=("NoSuchEntity",), RoleName=name)
    return Standing(tags=_pairs(answer["Role"])) if answer else None


def _profile(ask: Ask, name: str, region: str) -> Standing | None:
    answer = ask("iam:GetInstanceProfile", absent=("NoSuchEntity",), InstanceProfileName=name)
    return Standing(tags=_pairs(answer["InstanceProfile"])) if answer else None


def _pairs(thing: Mapping[str, list[Mapping[str, str]]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in thing.get("Tags", ())}


clusters = _check(Kind(title="Names of clusters", type="eks/cluster:Cluster", calls=(UP,), find=_cluster))
log_groups = _check(
    Kind(
        title="Names of log groups",
        type="cloudwatch/logGroup:LogGroup",
        calls=("logs:DescribeLogGroups", "logs:ListTagsForResource"),
        find=_log_group,
        kept=True,
    )
)
buckets = _check(
    Kind(
        title="Names of buckets",
        type="s3/bucket:Bucket",
        calls=("s3:ListBuckets", "s3:HeadBucket", "s3:GetBucketTagging"),
        find=_bucket,
        kept=True,
    )
)
aliases = _check(
    Kind(
        title="Aliases of keys",
        type="kms/alias:Alias",
        calls=("kms:ListAliases", "kms:ListResourceTags"),
        find=_alias,
    )
)
vaults = _check(
    Kind(
        title="Names of backup vaults",
        type="backup/vault:Vault",
        calls=("backup:ListBackupVaults", "backup:ListTags"),
        find=_vault,
        kept=True,
    )
)
queues = _check(
    Kind(title="Names of queues", type="sqs/queue:Queue", calls=("sqs:GetQueueUrl", "sqs:ListQueueTags"), find=_queue)
)
roles = _check(Kind(title="Names of IAM roles", type="iam/role:Role", calls=("iam:GetRole",), find=_role))
profiles = _check(
    Kind(
        title="Names of instance profiles",
        type="iam/instanceProfile:InstanceProfile",
        calls=("iam:GetInstanceProfile",),
        find=_profile,
    )
)


@check("The same names elsewhere", calls=(_LIST,))
def elsewhere(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """No stack of the same name is in another region that this one uses."""
    own = {needs.stage.cluster_name(key) for key in needs.settings.clusters}
    for region in needs.regions[1:]:
        if same := sorted(own.intersection(ask(_LIST, region=region)["clusters"])):
            yield warning(
                f"{', '.join(same)} is also a cluster in {region}",
                "two stacks have the same tags: bills and reports add them up",
                _rename(needs),
            )
        else:
            yield ok(f"no cluster of these names in {region}")
