"""Copies of data are in allowed regions only."""

from collections.abc import Iterator, Sequence

from policies.grants import is_foreign, own_accounts
from policies.rule import NotKnownError, Option, Resource, Sample, Stack, StackCase, StackRule, View, each, text

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
VAULT = "aws:backup/vault:Vault"
S3_COPY = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
EFS_COPY = "aws:efs/replicationConfiguration:ReplicationConfiguration"
PLAN = "aws:backup/plan:Plan"
STORED = "aws:secretsmanager/secret:Secret"


def check(stack: Stack, *, regions: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    for copy in stack.of(S3_COPY):
        yield from _outside(copy, "rules", _target_regions(stack, copy, BUCKETS), regions)
        for rule in each(copy, "rules"):
            account = text(rule, "destination.account")
            if account and is_foreign(account, own_accounts(copy)):
                yield copy, rule.under("destination.account"), f"is {account}, an account that is not ours"
    for plan in stack.of(PLAN):
        yield from _outside(plan, "rules", [*_vault_regions(plan), *_target_regions(stack, plan, (VAULT,))], regions)
    for copy in stack.of(EFS_COPY):
        zone = text(copy, "destination.availabilityZoneName")
        region = text(copy, "destination.region", default=zone[:-1])
        yield from _outside(copy, "destination.region", [region or "a region that nobody named"], regions)
    for secret in stack.of(STORED):
        yield from _outside(
            secret, "replicas", [text(replica, "region") for replica in each(secret, "replicas")], regions
        )


def _outside(
    resource: Resource, path: str, used: Sequence[str], regions: Sequence[str]
) -> Iterator[tuple[Resource, str, str]]:
    for region in sorted(set(used) - set(regions)):
        if region:
            yield resource, path, f"copies to {region}, not one of {', '.join(regions)}"


def _target_regions(stack: Stack, copy: Resource, types: Sequence[str]) -> list[str]:
    """Returns the regions of the buckets or vaults of this stack that the rules of a copy name."""
    return [text(target, "region") for target in stack.linked(copy, "rules", types)]


def _vault_regions(plan: Resource) -> list[str]:
    """Returns the regions in the ARNs of the plan's vaults. ARNs of new vaults are unknown: see `_target_regions`."""
    return [
        arn.split(":")[3]
        for rule in each(plan, "rules")
        for action in each(rule, "copyActions")
        if (arn := _if_known(action, "destinationVaultArn")).count(":") > 3
    ]


def _if_known(view: View, path: str) -> str:
    try:
        return text(view, path)
    except NotKnownError:
        return ""


def _bucket(region: str) -> StackCase:
    rules = [{"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::copy"}}]
    return StackCase(
        {
            "data": Sample(BUCKETS[0], {"bucket": "data", "region": "us-west-2"}),
            "copy": Sample(BUCKETS[0], {"bucket": "copy", "region": region}),
            "copying": Sample(S3_COPY, {"rules": rules}, links={"bucket": "data", "rules": "copy"}),
        },
        at=("copying", "rules"),
    )


def _plan(region: str) -> StackCase:
    arn = f"arn:aws:backup:{region}:111122223333:backup-vault:copies"
    rules = [{"ruleName": "daily", "copyActions": [{"destinationVaultArn": arn}]}]
    return StackCase({"plan": Sample(PLAN, {"rules": rules})}, at=("plan", "rules"))


def _vault(region: str) -> StackCase:
    return StackCase(
        {
            "vault": Sample(VAULT, {"region": region}),
            "plan": Sample(PLAN, {"rules": [{"ruleName": "daily"}]}, links={"rules": "vault"}),
        },
        at=("plan", "rules"),
    )


def _file_system(region: str) -> StackCase:
    return StackCase(
        {"copying": Sample(EFS_COPY, {"destination": {"region": region}})}, at=("copying", "destination.region")
    )


def _secret(region: str) -> StackCase:
    return StackCase({"it": Sample(STORED, {"replicas": [{"region": region}]})}, at=("it", "replicas"))


def _zone(region: str) -> StackCase:
    zone = {"destination": {"availabilityZoneName": f"{region}a"}}
    return StackCase({"copying": Sample(EFS_COPY, zone)}, at=("copying", "destination.region"))


def _account(number: str) -> StackCase:
    rule = {"destination": {"bucket": "arn:aws:s3:::copy", "account": number}}
    copying = Sample(S3_COPY, {"rules": [rule]})
    return StackCase({"copying": copying}, at=("copying", "rules[0].destination.account"))


CASES = {
    "a bucket": _bucket,
    "a backup in a vault given by ARN": _plan,
    "a backup in a vault of this stack": _vault,
    "a file system": _file_system,
    "a file system in one zone": _zone,
    "a secret": _secret,
}

RULE = StackRule(
    id="res-replication-in-region",
    applies_to=(S3_COPY, EFS_COPY, PLAN, VAULT, STORED, *BUCKETS),
    severity="high",
    why="A copy is subject to the law of the region that it is in, as the data itself is.",
    fix="Set replicate_to or copy_to to one of these, or write all of yours in "
    "policies.res-replication-in-region.regions.",
    options={
        "regions": Option("Regions that copies may be in.", ["us-east-1", "us-east-2", "us-west-2"], stricter="fewer")
    },
    check=check,
    good={
        "nothing set, so no copies": StackCase({}),
        "a bucket of the account": _account("111122223333"),
        **{name: case("us-east-2") for name, case in CASES.items()},
    },
    bad={
        **{f"{name}, in another region": case("eu-west-1") for name, case in CASES.items()},
        "a bucket of another account": _account("999999999999"),
        "a file system, nobody says where": StackCase(
            {"copying": Sample(EFS_COPY, {"destination": {"kmsKeyId": "key"}})}, at=("copying", "destination.region")
        ),
    },
)
