"""S3: buckets and their settings; each setting is a separate resource. Tokens `aws:s3/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the S3 API model; read 2026-11.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

from simulator.aws import paths, tokens
from simulator.aws.constraints import arn, at_least, between, given, length, matches, one_of, timestamp
from simulator.aws.inputs import fields
from simulator.aws.messages import AwsError, ErrorTemplate, ProviderError, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Rule
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import document_kinds, documents
from simulator.aws.services.refusals import refuse, symmetric_key
from simulator.cloud import CloudResource

S3 = Service("S3", modeled=False)

_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
_REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
_KEY_OF_DEFAULT = "rules[*].applyServerSideEncryptionByDefault.kmsMasterKeyId"
# Source: https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
_ZONES = {
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-central-1": "Z21DNDUVLTQW6Q",
}


def _bucket_name(argument: str, value: Any) -> str | None:
    """The name must follow https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    wrong = matches(r"[0-9a-z][0-9a-z.-]{1,61}[0-9a-z]", "3 to 63 lower-case letters, digits, dots and hyphens")
    if text := wrong(argument, value):
        return text
    if value.startswith(("xn--", "sthree-", "amzn-s3-demo-")) or value.endswith(
        ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
    ):
        return f"invalid value for {argument} (this beginning or end is reserved)"
    if ".." in value:
        return f"invalid value for {argument} (two dots in a row)"
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return None
    return f"invalid value for {argument} (formatted as an IP address)"


def _name_is_free(op: OperationContext) -> None:
    """The name must be free: names are unique over all regions and accounts."""
    name = op.get("bucket")
    row = op.cloud.get(tokens.BUCKET, name)
    if row is not None and not (op.call.preview and row.urn == op.call.urn):
        message = "Your previous request to create the named bucket succeeded and you already own it."
        raise AwsError("BucketAlreadyOwnedByYou", message, 409, modeled=True)


def _bucket_is_empty(op: OperationContext) -> None:
    """A bucket with objects cannot be deleted, unless it has `forceDestroy`."""
    if op.before.get("__objects") and not op.before.get("forceDestroy"):
        versioned = any(_versioned(row) for row in op.resources_with(_VERSIONING, "bucket", op.id))
        tail = ". You must delete all versions in the bucket." if versioned else ""
        raise AwsError("BucketNotEmpty", f"The bucket you tried to delete is not empty{tail}", 409)


def _nothing_is_locked(op: OperationContext) -> None:
    """Objects locked in compliance mode prevent the deletion, even with `forceDestroy`."""
    if op.before.get("__objects") and op.before.get("__locked") == "COMPLIANCE":
        raise AwsError("AccessDenied", "Access Denied because object protected by object lock.", 403)


def _versioned(row: CloudResource) -> bool:
    return bool(paths.get(row.state, "versioningConfiguration.status") == "Enabled")


def _has_versioning(op: OperationContext, bucket: str) -> bool:
    row = op.cloud.get(tokens.BUCKET, bucket)
    inline = row is not None and paths.get(row.state, "versioning.enabled") is True
    return inline or any(_versioned(each) for each in op.resources_with(_VERSIONING, "bucket", bucket, everywhere=True))


# From the warmest class to the coldest: S3 moves objects one way. Source: S3 user guide, "Transitioning objects using
# Amazon S3 Lifecycle", which has the 30 days before and in the infrequent classes as well; read 2026-11.
_CLASSES = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
_INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")


def _lifecycle_makes_sense(op: OperationContext) -> None:
    """Ids differ, and the actions of each rule fit together. S3's wordings, but for those about filters and sizes."""
    ids = [rule.get("id") for rule in op.get("rules", [])]
    if len(set(ids)) < len(ids):
        raise AwsError("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    for rule in op.get("rules", []):
        mistake = next((text for wrong, text in chain(_action_mistakes(rule), _day_mistakes(rule)) if wrong), None)
        if mistake:
            raise AwsError("MalformedXML" if mistake.startswith("The XML") else "InvalidArgument", mistake)


def _action_mistakes(rule: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    end, moves = rule.get("expiration") or {}, rule.get("transitions") or []
    abort, chosen = rule.get("abortIncompleteMultipartUpload") or {}, rule.get("filter") or {}
    both, marker, uploads = (
        chosen.get("and") or {},
        end.get("expiredObjectDeleteMarker"),
        abort.get("daysAfterInitiation"),
    )
    tags = chosen.get("tag") or both.get("tags")
    least, most = both.get("objectSizeGreaterThan") or 0, both.get("objectSizeLessThan")
    dates = [each["date"] for each in (end, *moves) if each.get("date")]
    kinds = {key for each in (end, *moves) for key in ("days", "date") if each.get(key) is not None}
    actions = (end, moves, abort, rule.get("noncurrentVersionExpiration"), rule.get("noncurrentVersionTransitions"))
    elements = [key for key, value in chosen.items() if value not in (None, "") and not key.startswith("__")]
    yield not any(actions), "At least one action needs to be specified in a rule"
    yield (
        (end.get("days") or 1) < 0 or (end.get("days") == 0 and not marker),
        ("'Days' for Expiration action must be a positive integer"),
    )
    yield (
        uploads is not None and uploads <= 0,
        ("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer"),
    )
    yield not all(re.search(r"T00:00:00(\.0+)?(Z|\+00:00)$", date) for date in dates), "'Date' must be at midnight GMT"
    yield (
        sum(map(bool, (end.get("days"), end.get("date"), marker))) > 1,
        ("The XML was not well-formed: Expiration has one of Days, Date and ExpiredObjectDeleteMarker"),
    )
    yield len(kinds) > 1, "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule"
    yield rule.get("prefix") and chosen, "The XML was not well-formed: a rule has a Prefix or a Filter"
    yield len(elements) > 1, "The XML was not well-formed: a Filter has one of its elements; And takes several"
    yield most and least >= most, "'ObjectSizeLessThan' must be a size greater than 'ObjectSizeGreaterThan'"
    yield tags and abort, "AbortIncompleteMultipartUpload cannot be specified with Tags."
    yield tags and marker, "ExpiredObjectDeleteMarker cannot be specified with Tags."


def _day_mistakes(rule: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """Yields what is wrong with the days of transitions, and of the expiration after them."""
    of = f"for filter '(prefix={(rule.get('filter') or {}).get('prefix') or ''})'"
    for days, word, moves, last in (
        ("days", "Days", rule.get("transitions"), rule.get("expiration")),
        (
            *("noncurrentDays", "NoncurrentDays"),
            *(rule.get("noncurrentVersionTransitions"), rule.get("noncurrentVersionExpiration")),
        ),
    ):
        steps = sorted((int(move[days]), move["storageClass"]) for move in moves or [] if move.get(days) is not None)
        end = (last or {}).get(days)
        for day, storage in steps:
            yield (
                storage in _INFREQUENT and day < 30,
                (f"'{word}' in Transition action must be greater than or equal to 30 for storageClass '{storage}'"),
            )
            yield (
                end is not None and int(end) <= day,
                (f"'{word}' in the Expiration action {of} must be greater than '{word}' in the Transition action"),
            )
        for (day, storage), (later, colder) in pairwise(steps):
            yield storage == colder, f"'StorageClass' must be different for 'Transition' actions in same 'Rule' {of}"
            yield (
                later == day or _CLASSES.index(colder) < _CLASSES.index(storage),
                (f"'{word}' in the 'Transition' action of '{storage}' must be less than that of a colder class {of}"),
            )
            yield (
                storage in _INFREQUENT and _CLASSES.index(colder) > 2 and later < day + 30,
                (f"'{word}' in the 'Transition' action of '{colder}' must be 30 days more than of '{storage}' {of}"),
            )


def _policy_may_be_put(op: OperationContext) -> None:
    """The document must not be too long, and public ones may be blocked."""
    text = op.get("policy")
    if len(json.dumps(json.loads(text), separators=(",", ":"))) > 20480:
        raise AwsError("PolicyTooLarge", "The policy exceeds the maximum allowed document size.")
    bucket = op.get("bucket")
    if any(_public(statement) for statement in documents.allowed(text)) and _blocks_public_policies(op, bucket):
        message = (
            f"User: {op.fill('arn:{partition}:iam::{account}:user/deployer')} is not authorized to perform: "
            f's3:PutBucketPolicy on resource: "{op.fill("arn:{partition}:s3:::{bucket}")}" because public policies are '
            "blocked by the BlockPublicPolicy block public access setting."
        )
        raise AwsError("AccessDenied", message, 403)


def _public(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    return (principal == "*" or principal == {"AWS": "*"}) and not statement.get("Condition")


def _blocks_public_policies(op: OperationContext, bucket: str) -> bool:
    rows = op.resources_with(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket", bucket, everywhere=True
    )
    return any(row.state.get("blockPublicPolicy") for row in rows)


def _versioning_is_not_taken_back(op: OperationContext) -> None:
    """Versioning can only be suspended after it was enabled; with Object Lock it cannot change at all."""
    old = paths.get(op.before, "versioningConfiguration.status")
    new = op.get("versioningConfiguration.status")
    if new != "Enabled" and _locked(op, op.get("bucket")):
        message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        raise AwsError("InvalidBucketState", message, 409)
    if new != "Enabled" and any(op.resources_with(_REPLICATION, "bucket", op.get("bucket"), everywhere=True)):
        message = "A replication configuration is present on this bucket, so you cannot change the versioning state."
        raise AwsError("InvalidBucketState", message, 409)
    if new == "Disabled" and old in ("Enabled", "Suspended"):
        raise ProviderError(f'versioning_configuration.status cannot be updated from "{old}" to "{new}"')


def _needs_versioning(setting: str) -> Rule:
    """Returns the rule of a setting that needs versioning."""

    def rule(op: OperationContext) -> None:
        if not op.call.preview and not _has_versioning(op, op.get("bucket")):
            message = f"Versioning must be 'Enabled' on the bucket to apply a {setting} configuration"
            code, status = ("InvalidBucketState", 409) if setting == "Object Lock" else ("InvalidRequest", 400)
            raise AwsError(code, message, status)

    return rule


def _locked(op: OperationContext, bucket: str) -> Any:
    """Returns the mode of Object Lock. The lock stays on after its default rule is deleted."""
    row = op.cloud.get(tokens.BUCKET, bucket)
    return None if row is None else row.state.get("__locked") or row.state.get("objectLockEnabled")


def _mark_locked(op: OperationContext) -> None:
    row = op.cloud.get(tokens.BUCKET, op.state["bucket"])
    if row is not None:
        mode = paths.get(op.state, "rule.defaultRetention.mode") or "GOVERNANCE"
        op.cloud.put(row.type, row.id, {**row.state, "__locked": mode})


def _retention_is_days_or_years(op: OperationContext) -> None:
    retention = op.get("rule.defaultRetention", {})
    if retention and bool(retention.get("days")) == bool(retention.get("years")):
        raise AwsError(
            "MalformedXML", "The XML you provided was not well-formed or did not validate against our schema"
        )


def _deep_archive_takes_half_a_year(op: OperationContext) -> None:
    for tier in op.get("tierings", []):
        if tier.get("accessTier") == "DEEP_ARCHIVE_ACCESS" and int(tier.get("days") or 0) < 180:
            raise AwsError("InvalidArgument", "'Days' for DEEP_ARCHIVE_ACCESS must be between 180 and 730")


def _replication_is_whole(op: OperationContext) -> None:
    """Each rule has what its other parts need. The wordings about priorities and time control are unverified."""
    rules = op.get("rules", [])
    priorities = [rule.get("priority") or 0 for rule in rules if rule.get("filter")]
    if len(set(priorities)) < len(priorities):
        raise AwsError("InvalidRequest", "Priority must be unique between the rules")
    for rule in rules:
        destination, criteria = rule.get("destination") or {}, rule.get("sourceSelectionCriteria") or {}
        encrypted = (criteria.get("sseKmsEncryptedObjects") or {}).get("status") == "Enabled"
        if rule.get("filter") and not rule.get("deleteMarkerReplication"):
            message = "DeleteMarkerReplication must be specified for this version of Cross Region Replication schema."
            raise AwsError("InvalidRequest", message)
        marked = (rule.get("deleteMarkerReplication") or {}).get("status") == "Enabled"
        by_tags = (rule.get("filter") or {}).get("tag") or ((rule.get("filter") or {}).get("and") or {}).get("tags")
        if marked and by_tags:
            message = "Delete marker replication is not supported if any Tag filter is specified."
            raise AwsError("InvalidRequest", message)
        if encrypted and not (destination.get("encryptionConfiguration") or {}).get("replicaKmsKeyId"):
            message = "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present."
            raise AwsError("InvalidRequest", message)
        if destination.get("replicationTime") and not destination.get("metrics"):
            raise AwsError("InvalidRequest", "ReplicationTime must be specified together with Metrics")


def _destinations_are_versioned(op: OperationContext) -> None:
    for destination in _destinations(op):
        if op.call.preview:
            return
        if op.cloud.get(tokens.BUCKET, destination) is None:
            raise AwsError("InvalidRequest", "Destination bucket must exist.")
        if not _has_versioning(op, destination):
            raise AwsError("InvalidRequest", "Destination bucket must have versioning enabled.")
        if _locked(op, op.get("bucket")) and not _locked(op, destination):  # wording not seen
            raise AwsError("InvalidRequest", "Destination bucket must have object lock enabled.")


def _role_lets_s3_copy(op: OperationContext) -> None:
    """S3 accepts any role, and objects that it cannot copy get the status FAILED.

    Source: S3 User Guide, "Setting up permissions for live replication": the trust policy has no condition, and nothing
    says that S3 sends `aws:SourceArn` or `aws:SourceAccount`; read 2026-11.
    """
    role = op.find(tokens.ROLE, "arn", op.get("role"))
    if role is None:
        return
    trust = role.state.get("assumeRolePolicy")
    keys = {
        key
        for statement in documents.allowed(trust)
        for operator, tests in (statement.get("Condition") or {}).items()
        for key in tests
        if key.lower() in ("aws:sourcearn", "aws:sourceaccount") and not operator.endswith("IfExists")
    }
    reason = ""
    if keys:
        reason = f"requires {' and '.join(sorted(keys))}, which S3 is not known to send: use the IfExists form"
    if not documents.trusts(role.state, "s3.amazonaws.com", "sts:AssumeRole"):
        reason = "does not let s3.amazonaws.com assume it"
    if reason:
        raise ProviderError(
            f"the role of the replication {reason}. S3 accepts the configuration, but copies no object.", whole=True
        )


def _destinations(op: OperationContext) -> Iterator[str]:
    for rule in op.get("rules", []):
        yield str((rule.get("destination") or {}).get("bucket", "")).split(":::", 1)[-1]


def _target_takes_logs(op: OperationContext) -> None:
    row = op.cloud.get(tokens.BUCKET, op.get("targetBucket"))
    if row is None and not op.call.preview:
        message = (
            "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate "
            "grants for the log-delivery group."
        )
        raise AwsError("InvalidTargetBucketForLogging", message)
    if row is not None and row.state.get("region", op.region) != op.region:
        raise AwsError("CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed.", 403)


def _mark_target_not_empty(op: OperationContext) -> None:
    row = op.cloud.get(tokens.BUCKET, op.state["targetBucket"])
    if row is not None:
        op.cloud.put(row.type, row.id, {**row.state, "__objects": 1})


def _setting_id(op: OperationContext) -> str:
    owner = op.get("expectedBucketOwner")
    return f"{op.get('bucket')},{owner}" if owner else str(op.get("bucket"))


def _setting(
    name: str,
    display_name: str,
    *,
    puts: str,
    required: str = "",
    source: str = "",
    replace_on: str = "",
    references: dict[str, Reference] | None = None,
    **more: Any,
) -> ResourceType:
    """Returns the type of one bucket setting. Its id is the bucket's name, and the expected owner if there is one.

    more: other fields of a `ResourceType`.
    """
    type_ = f"aws:s3/{name[0].lower()}{name[1:]}:{name}"
    owner = "expectedBucketOwner" in (fields(type_) or ())
    file = source or "bucket_" + paths.snake(name[6].lower() + name[7:])
    return ResourceType(
        type=type_,
        service=S3,
        creates=puts,
        display_name=f"S3 Bucket {display_name}",
        id=_setting_id if owner else "{bucket}",
        required=f"bucket {required}",
        replace_on=f"bucket {replace_on}" + (" expectedBucketOwner" if owner else ""),
        references={"bucket": Reference(tokens.BUCKET, "bucket"), **(references or {})},
        source=f"hashicorp/terraform-provider-aws internal/service/s3/{file}.go",
        **{"creating": f"creating S3 Bucket ({{bucket}}) {display_name}", **more},
    )


BUCKET = ResourceType(
    type=tokens.BUCKET,
    service=S3,
    creates="CreateBucket",
    updates="PutBucketTagging",
    display_name="S3 Bucket",
    id="{bucket}",
    arn="arn:{partition}:s3:::{bucket}",
    replace_on="bucket bucketNamespace bucketPrefix objectLockEnabled",
    autoname=Autoname("bucket", max_length=63, lower=True, given_prefix="bucketPrefix"),
    documents="policy",
    defaults={"forceDestroy": False},
    aws_defaults={
        "accelerationStatus": "",
        "acl": "",
        "bucketNamespace": "global",
        "bucketPrefix": "",
        "grants": lambda op: [
            {"id": op.fill("{hex64:owner}"), "permissions": ["FULL_CONTROL"], "type": "CanonicalUser", "uri": ""}
        ],
        "objectLockEnabled": False,
        "policy": "",
        "requestPayer": "BucketOwner",
        "serverSideEncryptionConfiguration": {
            "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}
        },
        "versioning": {"enabled": False, "mfaDelete": False},
    },
    computed={
        "bucketDomainName": "{bucket}.s3.amazonaws.com",
        "bucketRegion": "{region}",
        "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
        "hostedZoneId": lambda op: _ZONES.get(op.region) or op.fill("Z{ALNUM13}"),
        "websiteDomain": "",
        "websiteEndpoint": "",
    },
    constraints={
        "accelerationStatus": one_of("Enabled", "Suspended"),
        "bucket": _bucket_name,
        "bucketNamespace": one_of("account-regional", "global"),
        "bucketPrefix": matches(
            r"[0-9a-z][0-9a-z.-]{0,36}|", "at most 37 lower-case letters, digits, dots and hyphens"
        ),
        "requestPayer": one_of("BucketOwner", "Requester"),
    },
    conflicts=("bucket bucketPrefix",),
    not_found=ErrorTemplate("NoSuchBucket", "The specified bucket does not exist", 404),
    quotas=(
        Quota(
            "L-DC2B2D3D",
            10000,
            ErrorTemplate("TooManyBuckets", "You have attempted to create more buckets than allowed"),
        ),
    ),
    always=(document_kinds.BUCKET.of("policy"),),
    rules=(_name_is_free,),
    delete_rules=(_bucket_is_empty, _nothing_is_locked),
    cascade_deletes=tuple(
        CascadeDelete(f"aws:s3/bucket{name}:Bucket{name}", "bucket")
        for name in (
            "IntelligentTieringConfiguration",
            "LifecycleConfiguration",
            "Logging",
            "ObjectLockConfiguration",
            "OwnershipControls",
            "Policy",
            "PublicAccessBlock",
            "ReplicationConfig",
            "ServerSideEncryptionConfiguration",
            "Versioning",
        )
    ),
    source="hashicorp/terraform-provider-aws internal/service/s3/bucket.go",
)

TIERING = ResourceType(
    type="aws:s3/bucketIntelligentTieringConfiguration:BucketIntelligentTieringConfiguration",
    service=S3,
    creates="PutBucketIntelligentTieringConfiguration",
    display_name="S3 Bucket Intelligent-Tiering Configuration",
    creating="creating S3 Bucket ({bucket}) Intelligent-Tiering Configuration ({bucket}:{name})",
    id="{bucket}:{name}",
    required="bucket tierings",
    replace_on="bucket name",
    autoname=Autoname(),
    sets="tierings",
    defaults={"status": "Enabled"},
    constraints={
        "status": one_of("Disabled", "Enabled"),
        "tierings[*].accessTier": one_of("ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"),
        "tierings[*].days": between(90, 730),
    },
    references={"bucket": Reference(tokens.BUCKET, "bucket")},
    always=(_deep_archive_takes_half_a_year,),
    source="hashicorp/terraform-provider-aws internal/service/s3/bucket_intelligent_tiering_configuration.go",
)

LIFECYCLE = _setting(
    "BucketLifecycleConfiguration",
    "Lifecycle Configuration",
    puts="PutBucketLifecycleConfiguration",
    deletes="DeleteBucketLifecycle",
    aws_defaults={"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
    constraints={
        "rules": length(1, 1000),
        "rules[*].id": length(1, 255),
        "rules[*].expiration.date": timestamp,
        "rules[*].noncurrentVersionExpiration": given("noncurrentDays"),
        "rules[*].noncurrentVersionExpiration.newerNoncurrentVersions": between(1, 100),
        "rules[*].noncurrentVersionExpiration.noncurrentDays": at_least(1),
        "rules[*].noncurrentVersionTransitions[*]": given("noncurrentDays storageClass", 2, 2),
        "rules[*].noncurrentVersionTransitions[*].noncurrentDays": at_least(0),
        "rules[*].noncurrentVersionTransitions[*].storageClass": one_of(*sorted(_CLASSES)),
        "rules[*].status": one_of("Disabled", "Enabled"),
        "rules[*].transitions[*]": given("days date"),
        "rules[*].transitions[*].date": timestamp,
        "rules[*].transitions[*].days": at_least(0),
        "rules[*].transitions[*].storageClass": one_of(*sorted(_CLASSES)),
        "transitionDefaultMinimumObjectSize": one_of("all_storage_classes_128K", "varies_by_storage_class"),
    },
    always=(_lifecycle_makes_sense,),
)

LOGGING = _setting(
    "BucketLogging",
    "Logging",
    puts="PutBucketLogging",
    deletes="PutBucketLogging",
    required="targetBucket targetPrefix",
    always=(_target_takes_logs,),
    companions=_mark_target_not_empty,
)

OBJECT_LOCK = _setting(
    "BucketObjectLockConfiguration",
    "Object Lock Configuration",
    puts="PutObjectLockConfiguration",
    deletes="PutObjectLockConfiguration",
    replace_on="objectLockEnabled",
    defaults={"objectLockEnabled": "Enabled"},
    constraints={
        "objectLockEnabled": one_of("Enabled"),
        "rule.defaultRetention.days": between(1, 36500),
        "rule.defaultRetention.mode": one_of("COMPLIANCE", "GOVERNANCE"),
        "rule.defaultRetention.years": between(1, 100),
    },
    always=(_needs_versioning("Object Lock"), _retention_is_days_or_years),
    companions=_mark_locked,
)

OWNERSHIP = _setting(
    "BucketOwnershipControls",
    "Ownership Controls",
    puts="PutBucketOwnershipControls",
    required="rule",
    constraints={"rule.objectOwnership": one_of("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")},
)

POLICY = _setting(
    "BucketPolicy",
    "Policy",
    puts="PutBucketPolicy",
    required="policy",
    creating="putting S3 Bucket ({bucket}) Policy",
    updating="putting S3 Bucket ({bucket}) Policy",
    documents="policy",
    always=(document_kinds.BUCKET.of("policy"), _policy_may_be_put),
)

PUBLIC_ACCESS = _setting(
    "BucketPublicAccessBlock",
    "Public Access Block",
    puts="PutPublicAccessBlock",
    defaults={
        "blockPublicAcls": False,
        "blockPublicPolicy": False,
        "ignorePublicAcls": False,
        "restrictPublicBuckets": False,
    },
)

REPLICATION = _setting(
    "BucketReplicationConfig",
    "Replication Configuration",
    puts="PutBucketReplication",
    required="role rules",
    source="bucket_replication_configuration",
    constraints={
        "rules": length(1, 1000),
        "rules[*].destination.bucket": arn,
        "rules[*].destination.replicationTime.time.minutes": one_of(15),
        "rules[*].destination.storageClass": one_of("STANDARD", "REDUCED_REDUNDANCY", *_CLASSES),
        "rules[*].id": length(0, 255),
        "rules[*].status": one_of("Disabled", "Enabled"),
    },
    references={
        "role": Reference(tokens.ROLE, "arn", ErrorTemplate("InvalidArgument", "Invalid role ARN")),
    },
    always=(_needs_versioning("replication"), _replication_is_whole, _destinations_are_versioned, _role_lets_s3_copy),
)

ENCRYPTION = _setting(
    "BucketServerSideEncryptionConfiguration",
    "Server-side Encryption Configuration",
    puts="PutBucketEncryption",
    required="rules",
    always=(
        refuse(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse",
            lambda op: any(
                (default := rule.get("applyServerSideEncryptionByDefault") or {}).get("kmsMasterKeyId")
                and default.get("sseAlgorithm") not in ("aws:kms", "aws:kms:dsse")
                for rule in op.get("rules")
            ),
        ),
        symmetric_key(_KEY_OF_DEFAULT, "InvalidArgument"),
    ),
    constraints={
        "rules": length(1, 1),
        "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm": one_of(
            "AES256", "aws:fsx", "aws:kms", "aws:kms:dsse"
        ),
        "rules[*].blockedEncryptionTypes[*]": one_of("NONE", "SSE-C"),
    },
    references={_KEY_OF_DEFAULT: Reference(tokens.KEY, "arn", outside=lambda value: ":key/" not in value)},
)

VERSIONING = _setting(
    "BucketVersioning",
    "Versioning",
    puts="PutBucketVersioning",
    deletes="PutBucketVersioning",
    required="versioningConfiguration",
    aws_defaults={"versioningConfiguration.mfaDelete": ""},
    constraints={
        "versioningConfiguration.mfaDelete": one_of("Disabled", "Enabled"),
        "versioningConfiguration.status": one_of("Disabled", "Enabled", "Suspended"),
    },
    update_rules=(_versioning_is_not_taken_back,),
)

TYPES = (
    BUCKET,
    TIERING,
    LIFECYCLE,
    LOGGING,
    OBJECT_LOCK,
    OWNERSHIP,
    POLICY,
    PUBLIC_ACCESS,
    REPLICATION,
    ENCRYPTION,
    VERSIONING,
)
