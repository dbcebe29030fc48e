"""Realistic wrong values and updates of keys, buckets, file systems, backups, logs, events and the rest."""

from __future__ import annotations

from typing import Any

from simulator.aws import tokens
from tests.simulator.aws import sound_values as types
from tests.simulator.aws.wrong_values import REPLACES, of, updates

_IA = {"days": 30, "storageClass": "STANDARD_IA"}
_PREFIX = {"filter": {"prefix": "a/"}}


def _rule(**values: Any) -> dict[str, Any]:
    return {"rules": [{"id": "old", "status": "Enabled", "filter": {"prefix": ""}, **values}]}


def _moves(*moves: dict[str, Any], **values: Any) -> dict[str, Any]:
    return _rule(transitions=list(moves), **values)


def _plan(**values: Any) -> dict[str, Any]:
    return {f"rules.0.{key}": value for key, value in values.items()}


KEYS = (
    *of(
        tokens.KEY,
        ("RSA for MACs", {"customerMasterKeySpec": "RSA_2048", "keyUsage": "GENERATE_VERIFY_MAC"}, "KeyUsage"),
        ("symmetric for signatures", {"keyUsage": "SIGN_VERIFY"}, "KeyUsage"),
        ("elliptic for encryption", {"customerMasterKeySpec": "ECC_NIST_P256"}, "KeyUsage"),
        ("HMAC for encryption", {"customerMasterKeySpec": "HMAC_256"}, "KeyUsage"),
        (
            "Bitcoin's curve for agreement",
            {"customerMasterKeySpec": "ECC_SECG_P256K1", "keyUsage": "KEY_AGREEMENT"},
            "KeyUsage",
        ),
        ("SM2 outside China", {"customerMasterKeySpec": "SM2", "keyUsage": "SIGN_VERIFY"}, "SM2"),
        ("spec of OpenSSL", {"customerMasterKeySpec": "AES_256"}, "customer_master_key_spec"),
        ("usage in words", {"keyUsage": "ENCRYPT"}, "key_usage"),
        (
            "rotation of a signing key",
            {"customerMasterKeySpec": "RSA_2048", "keyUsage": "SIGN_VERIFY", "enableKeyRotation": True},
            "otation",
        ),
        ("period without rotation", {"rotationPeriodInDays": 180}, "enableKeyRotation"),
        ("period too short", {"enableKeyRotation": True, "rotationPeriodInDays": 30}, "rotation_period_in_days"),
        ("window too short", {"deletionWindowInDays": 1}, "deletion_window_in_days"),
        ("window too long", {"deletionWindowInDays": 60}, "deletion_window_in_days"),
        ("long description", {"description": "x" * 8193}, "description"),
    ),
    *updates(
        tokens.KEY,
        ("to many regions", {}, {"multiRegion": True}, REPLACES),
        ("usage", {}, {"keyUsage": "SIGN_VERIFY", "customerMasterKeySpec": "RSA_2048"}, REPLACES),
    ),
    *of(
        tokens.ALIAS,
        ("without alias/", {"name": "main"}, "alias/"),
        ("AWS's own", {"name": "alias/aws/s3"}, "alias/"),
        ("with a space", {"name": "alias/my key"}, "alias/"),
        ("with a dot", {"name": "alias/ml.prod"}, "alias/"),
        ("key that is not there", {"targetKeyId": "01234567-89ab-cdef-0123-456789abcdef"}, "does not exist"),
    ),
)

BUCKETS = (
    *of(
        tokens.BUCKET,
        ("capitals", {"bucket": "ML-data"}, "bucket"),
        ("underscores", {"bucket": "ml_data"}, "bucket"),
        ("short", {"bucket": "ml"}, "bucket"),
        ("long", {"bucket": "x" * 64}, "bucket"),
        ("empty", {"bucket": ""}, "bucket"),
        ("an address", {"bucket": "192.168.5.4"}, "IP address"),
        ("hyphen at the end", {"bucket": "ml-data-"}, "bucket"),
        ("two dots", {"bucket": "ml..data"}, "dots"),
        ("xn--", {"bucket": "xn--data"}, "reserved"),
        ("sthree-", {"bucket": "sthree-data"}, "reserved"),
        ("-s3alias", {"bucket": "data-s3alias"}, "reserved"),
        ("--ol-s3", {"bucket": "data--ol-s3"}, "reserved"),
        (".mrap", {"bucket": "data.mrap"}, "reserved"),
        ("--x-s3", {"bucket": "data--usw2-az1--x-s3"}, "reserved"),
        ("--table-s3", {"bucket": "data--table-s3"}, "reserved"),
        ("taken", {"bucket": "ml-one"}, "already own it"),
        ("long prefix", {"bucket": None, "bucketPrefix": "x" * 38}, "bucket_prefix"),
        ("prefix with capitals", {"bucket": None, "bucketPrefix": "ML-"}, "bucket"),
        ("name and prefix", {"bucketPrefix": "ml-"}, "conflicts with"),
    ),
    *updates(
        tokens.BUCKET,
        ("name", {}, {"bucket": "ml-renamed"}, REPLACES),
        ("lock", {}, {"objectLockEnabled": True}, REPLACES),
    ),
    *of(
        types.ENCRYPTION,
        ("key of AES256", {"rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "AES256"}, "KMSMasterKeyID"),
        ("algorithm", {"rules.0.applyServerSideEncryptionByDefault.sseAlgorithm": "AES-256"}, "sse_algorithm"),
        (
            "key that is not there",
            {"rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId": "arn:aws:kms:us-west-2:123456789012:key/0"},
            "does not exist",
        ),
        ("two rules", {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}] * 2}, "rule"),
        ("blocked types", {"rules.0.blockedEncryptionTypes": ["SSE-KMS"]}, "blocked_encryption_types"),
        ("bucket that is not there", {"bucket": "nobody"}, "does not exist"),
    ),
    *of(types.VERSIONING, ("lower case", {"versioningConfiguration": {"status": "enabled"}}, "status")),
    *updates(
        types.VERSIONING,
        ("back to disabled", {}, {"versioningConfiguration": {"status": "Disabled"}}, "cannot be updated"),
        (
            "suspended beside replication",
            {"bucket": "<replicated>"},
            {"versioningConfiguration": {"status": "Suspended"}},
            "eplication",
        ),
        (
            "suspended beside a lock",
            {"bucket": "<locked>"},
            {"versioningConfiguration": {"status": "Suspended"}},
            "Object Lock",
        ),
    ),
    *of(
        types.LIFECYCLE,
        (
            "the same id twice",
            {"rules": [{"id": "a", "status": "Enabled", "expiration": {"days": day}} for day in (1, 2)]},
            "ID",
        ),
        ("long id", _rule(id="x" * 256, expiration={"days": 9}), "id"),
        ("empty id", _rule(id="", expiration={"days": 9}), "id"),
        ("status in lower case", _rule(status="enabled", expiration={"days": 9}), "status"),
        ("nothing to do", _rule(), "action"),
        ("no rule", {"rules": []}, "rules"),
        ("days of nothing", _rule(expiration={"days": 0}), "positive integer"),
        ("negative days", _rule(expiration={"days": -1}), "positive integer"),
        ("days and date", _rule(expiration={"days": 9, "date": "2099-01-01T00:00:00Z"}), "MalformedXML"),
        ("date within a day", _rule(expiration={"date": "2099-01-01T12:00:00Z"}), "midnight"),
        ("date without a time", _rule(expiration={"date": "2099-01-01"}), "RFC3339"),
        ("infrequent too early", _moves({"days": 7, "storageClass": "STANDARD_IA"}), "30"),
        ("class in short", _moves({"days": 30, "storageClass": "IA"}), "storage_class"),
        ("class that nothing moves to", _moves({"days": 30, "storageClass": "STANDARD"}), "storage_class"),
        ("move of no day", _moves({"storageClass": "GLACIER"}), "days"),
        (
            "move by day and date",
            _moves({"days": 30, "date": "2099-01-01T00:00:00Z", "storageClass": "GLACIER"}),
            "date",
        ),
        ("negative move", _moves({"days": -1, "storageClass": "GLACIER"}), "days"),
        (
            "moves by days and by date",
            _moves(_IA, {"date": "2099-01-01T00:00:00Z", "storageClass": "GLACIER"}),
            "mixed",
        ),
        ("expires by date, moves by days", _moves(_IA, expiration={"date": "2099-01-01T00:00:00Z"}), "mixed"),
        (
            "expires before it moves",
            _moves({"days": 90, "storageClass": "GLACIER"}, expiration={"days": 60}),
            "greater",
        ),
        (
            "warmer later",
            _moves({"days": 30, "storageClass": "GLACIER"}, {"days": 60, "storageClass": "STANDARD_IA"}),
            "ransition",
        ),
        ("two classes on a day", _moves(_IA, {"days": 30, "storageClass": "GLACIER"}), "ransition"),
        ("archive soon after infrequent", _moves(_IA, {"days": 40, "storageClass": "GLACIER"}), "30 days"),
        ("the same class twice", _moves(_IA, {"days": 90, "storageClass": "STANDARD_IA"}), "StorageClass"),
        ("versions of no day", _rule(noncurrentVersionExpiration={"noncurrentDays": 0}), "noncurrent_days"),
        ("versions without days", _rule(noncurrentVersionExpiration={"newerNoncurrentVersions": 3}), "noncurrent_days"),
        (
            "too many versions",
            _rule(noncurrentVersionExpiration={"noncurrentDays": 9, "newerNoncurrentVersions": 101}),
            "100",
        ),
        (
            "versions infrequent too early",
            _rule(noncurrentVersionTransitions=[{"noncurrentDays": 7, "storageClass": "STANDARD_IA"}]),
            "30",
        ),
        (
            "versions expire before they move",
            _rule(
                noncurrentVersionTransitions=[{"noncurrentDays": 60, "storageClass": "GLACIER"}],
                noncurrentVersionExpiration={"noncurrentDays": 30},
            ),
            "greater",
        ),
        ("marker and days", _rule(expiration={"days": 9, "expiredObjectDeleteMarker": True}), "MalformedXML"),
        (
            "marker by tags",
            _rule(filter={"tag": {"key": "a", "value": "b"}}, expiration={"expiredObjectDeleteMarker": True}),
            "ag",
        ),
        (
            "uploads by tags",
            _rule(
                filter={"tag": {"key": "a", "value": "b"}}, abortIncompleteMultipartUpload={"daysAfterInitiation": 7}
            ),
            "ag",
        ),
        ("uploads of no day", _rule(abortIncompleteMultipartUpload={"daysAfterInitiation": 0}), "positive integer"),
        (
            "prefix and tag without and",
            _rule(filter={"prefix": "a/", "tag": {"key": "a", "value": "b"}}, expiration={"days": 9}),
            "a Filter has one",
        ),
        ("two prefixes", _rule(prefix="a/", filter={"prefix": "b/"}, expiration={"days": 9}), "a Prefix or a Filter"),
        (
            "sizes the wrong way round",
            _rule(filter={"and": {"objectSizeGreaterThan": 9, "objectSizeLessThan": 5}}, expiration={"days": 9}),
            "size",
        ),
    ),
    *of(
        types.OBJECT_LOCK,
        ("mode in lower case", {"rule": {"defaultRetention": {"mode": "governance", "days": 1}}}, "mode"),
        (
            "days and years",
            {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1, "years": 1}}},
            "MalformedXML",
        ),
        ("neither", {"rule": {"defaultRetention": {"mode": "GOVERNANCE"}}}, "MalformedXML"),
        ("days of nothing", {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 0}}}, "days"),
        ("more than a century", {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "years": 101}}}, "years"),
        ("without versions", {"bucket": "<bucket>"}, "Versioning"),
    ),
    *of(
        types.LOGGING,
        ("target that is not there", {"targetBucket": "nobody"}, "target bucket"),
        ("target's ARN", {"targetBucket": "<versioned:arn>"}, "target"),
    ),
    *of(types.OWNERSHIP, ("of nobody", {"rule": {"objectOwnership": "BucketOwner"}}, "object_ownership")),
    *of(types.PUBLIC_ACCESS, ("a switch that is a word", {"blockPublicAcls": "on"}, "expected boolean")),
    *of(
        types.REPLICATION,
        ("without versions", {"bucket": "<bucket>"}, "Versioning"),
        ("copy without versions", {"rules.0.destination.bucket": "<bucket:arn>"}, "versioning"),
        ("copy by its name", {"rules.0.destination.bucket": "ml-copy"}, "ARN"),
        ("copy that is not there", {"rules.0.destination.bucket": "arn:aws:s3:::nobody"}, "must exist"),
        ("role for something else", {"role": "<node-role:arn>"}, "s3.amazonaws.com"),
        ("status in lower case", {"rules.0.status": "enabled"}, "status"),
        ("long id", {"rules.0.id": "x" * 256}, "id"),
        ("class", {"rules.0.destination.storageClass": "COLD"}, "storage_class"),
        (
            "markers of objects by their tags",
            {
                "rules.0.filter": {"tag": {"key": "copy", "value": "yes"}},
                "rules.0.deleteMarkerReplication": {"status": "Enabled"},
            },
            "Delete marker replication",
        ),
        ("no word about markers", {"rules.0.deleteMarkerReplication": None}, "DeleteMarkerReplication"),
        (
            "the same priority twice",
            {
                "rules": [
                    {
                        "id": name,
                        "status": "Enabled",
                        "priority": 1,
                        "filter": {"prefix": name},
                        "deleteMarkerReplication": {"status": "Disabled"},
                        "destination": {"bucket": "<copy:arn>"},
                    }
                    for name in ("a", "b")
                ]
            },
            "riority",
        ),
        (
            "encrypted objects without a key",
            {"rules.0.sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}}},
            "ReplicaKmsKeyID",
        ),
        (
            "time without metrics",
            {"rules.0.destination.replicationTime": {"status": "Enabled", "time": {"minutes": 15}}},
            "etrics",
        ),
        (
            "time of 5 minutes",
            {
                "rules.0.destination.replicationTime": {"status": "Enabled", "time": {"minutes": 5}},
                "rules.0.destination.metrics": {"status": "Enabled"},
            },
            "15",
        ),
    ),
    *of(
        types.TIERING,
        ("days", {"tierings": [{"accessTier": "ARCHIVE_ACCESS", "days": 30}]}, "days"),
        ("deep too early", {"tierings": [{"accessTier": "DEEP_ARCHIVE_ACCESS", "days": 90}]}, "180"),
        ("tier", {"tierings": [{"accessTier": "ARCHIVE", "days": 90}]}, "access_tier"),
    ),
)

_P1 = {"deploymentType": "PERSISTENT_1", "perUnitStorageThroughput": 50}
_SCRATCH = {"deploymentType": "SCRATCH_2", "perUnitStorageThroughput": None}
FILES = (
    *of(
        tokens.LUSTRE,
        ("1000 GiB", {"storageCapacity": 1000}, "storage capacity"),
        ("3600 GiB", {"storageCapacity": 3600}, "storage capacity"),
        ("no capacity", {"storageCapacity": None}, "StorageCapacity"),
        (
            "HDD without a word about its cache",
            {"deploymentType": "PERSISTENT_1", "storageType": "HDD", "storageCapacity": 6000}
            | {"perUnitStorageThroughput": 12},
            "driveCacheType",
        ),
        ("throughput of the other type", {"perUnitStorageThroughput": 50}, "PerUnitStorageThroughput"),
        ("throughput of no type", {"perUnitStorageThroughput": 300}, "per_unit_storage_throughput"),
        ("no throughput", {"perUnitStorageThroughput": None}, "PerUnitStorageThroughput"),
        ("throughput of a scratch one", {"deploymentType": "SCRATCH_2"}, "SCRATCH_2"),
        ("backups of a scratch one", {**_SCRATCH, "automaticBackupRetentionDays": 7}, "SCRATCH_2"),
        ("key of a scratch one", {**_SCRATCH, "kmsKeyId": "<key:arn>"}, "SCRATCH_2"),
        ("type in words", {"deploymentType": "PERSISTENT"}, "deployment_type"),
        ("import path", {"importPath": "s3://ml-one"}, "importPath"),
        ("export without import", {**_SCRATCH, "exportPath": "s3://ml-one"}, "mport"),
        ("import path without s3", {**_SCRATCH, "importPath": "ml-one/data"}, "s3://"),
        ("day of the week in words", {"weeklyMaintenanceStartTime": "Mon:05:00"}, "weekly_maintenance_start_time"),
        ("day 8", {"weeklyMaintenanceStartTime": "8:05:00"}, "weekly_maintenance_start_time"),
        ("hour 25", {"weeklyMaintenanceStartTime": "1:25:00"}, "weekly_maintenance_start_time"),
        (
            "backup at 5",
            {"automaticBackupRetentionDays": 7, "dailyAutomaticBackupStartTime": "5:00"},
            "daily_automatic_backup_start_time",
        ),
        ("kept too long", {"automaticBackupRetentionDays": 91}, "automatic_backup_retention_days"),
        ("compression", {"dataCompressionType": "ZSTD"}, "data_compression_type"),
        ("version", {"fileSystemTypeVersion": "2.11"}, "file_system_type_version"),
        ("old version", {"fileSystemTypeVersion": "2.10"}, "2.10"),
        ("two subnets", {"subnetIds": ["<subnet-a>", "<subnet-b>"]}, "subnet"),
        ("subnet that is not there", {"subnetIds": "subnet-0123456789abcdef0"}, "does not exist"),
        ("group that lets nothing in", {"securityGroupIds": ["<group>"]}, "988"),
        (
            "log group of another name",
            {"logConfiguration": {"level": "ERROR_ONLY", "destination": "<logs:arn>"}},
            "/aws/fsx",
        ),
        ("IOPS by themselves", {"metadataConfiguration": {"mode": "AUTOMATIC", "iops": 6000}}, "AUTOMATIC"),
        ("no IOPS", {"metadataConfiguration": {"mode": "USER_PROVISIONED"}}, "ops"),
        ("IOPS of no step", {"metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 5000}}, "iops"),
        ("EFA without metadata", {"efaEnabled": True}, "efaEnabled"),
        ("cache without a disk", {"driveCacheType": "READ"}, "driveCacheType"),
        ("HDD of PERSISTENT_2", {"storageType": "HDD", "storageCapacity": 5400}, "HDD"),
        (
            "HDD of the wrong size",
            {**_P1, "storageType": "HDD", "perUnitStorageThroughput": 12, "storageCapacity": 1800},
            "6000",
        ),
        ("root squash by a name", {"rootSquashConfiguration": {"rootSquash": "nobody"}}, "root_squash"),
        ("key that is not there", {"kmsKeyId": "arn:aws:kms:us-west-2:123456789012:key/0"}, "does not exist"),
    ),
    *updates(
        tokens.LUSTRE,
        ("down", {"storageCapacity": 4800}, {"storageCapacity": 2400}, REPLACES),
        ("off the step", {}, {"storageCapacity": 1500}, "storage capacity"),
        ("deployment type", {}, _P1, REPLACES),
        ("subnet", {}, {"subnetIds": "<subnet-b>"}, REPLACES),
        ("key", {}, {"kmsKeyId": "<other-key:arn>"}, REPLACES),
        ("throughput of no step", {}, {"perUnitStorageThroughput": 200}, "PerUnitStorageThroughput"),
        ("version back", {"fileSystemTypeVersion": "2.15"}, {"fileSystemTypeVersion": "2.12"}, REPLACES),
    ),
    *of(
        tokens.LUSTRE_LINK,
        ("path without a slash", {"fileSystemPath": "data"}, "file_system_path"),
        ("bucket without s3", {"dataRepositoryPath": "ml-one/data"}, "data_repository_path"),
        ("bucket's ARN", {"dataRepositoryPath": "<bucket:arn>"}, "data_repository_path"),
        ("bucket that is not there", {"dataRepositoryPath": "s3://nobody"}, "does not exist"),
        ("event in lower case", {"s3": {"autoImportPolicy": {"events": ["new"]}}}, "events"),
        ("chunks of nothing", {"importedFileChunkSize": 0}, "imported_file_chunk_size"),
        ("file system that is not there", {"fileSystemId": "fs-0123456789abcdef0"}, "does not exist"),
    ),
    *of(
        tokens.FILE_SYSTEM,
        ("provisioned without a rate", {"throughputMode": "provisioned"}, "provisionedThroughputInMibps"),
        ("a rate of elastic", {"provisionedThroughputInMibps": 100}, "provisionedThroughputInMibps"),
        (
            "rate of nothing",
            {"throughputMode": "provisioned", "provisionedThroughputInMibps": 0},
            "provisioned_throughput",
        ),
        (
            "rate too high",
            {"throughputMode": "provisioned", "provisionedThroughputInMibps": 9999},
            "provisioned_throughput",
        ),
        ("Max I/O and elastic", {"performanceMode": "maxIO"}, "Max I/O"),
        ("mode with a capital", {"throughputMode": "Elastic"}, "throughput_mode"),
        ("key without encryption", {"encrypted": False, "kmsKeyId": "<key:arn>"}, "encrypted"),
        ("key for signatures", {"kmsKeyId": "<signing-key:arn>"}, "symmetric"),
        ("key by its alias", {"kmsKeyId": "alias/main"}, "invalid ARN"),
        (
            "two moves in a policy",
            {"lifecyclePolicies": [{"transitionToIa": "AFTER_30_DAYS", "transitionToArchive": "AFTER_90_DAYS"}]},
            "single transition",
        ),
        (
            "the same move twice",
            {"lifecyclePolicies": [{"transitionToIa": "AFTER_30_DAYS"}, {"transitionToIa": "AFTER_7_DAYS"}]},
            "transitionToIa",
        ),
        ("days of no step", {"lifecyclePolicies": [{"transitionToIa": "AFTER_2_DAYS"}]}, "transition_to_ia"),
        (
            "archive before infrequent",
            {"lifecyclePolicies": [{"transitionToIa": "AFTER_90_DAYS"}, {"transitionToArchive": "AFTER_30_DAYS"}]},
            "later",
        ),
        (
            "archive of bursting",
            {"throughputMode": "bursting", "lifecyclePolicies": [{"transitionToArchive": "AFTER_90_DAYS"}]},
            "Archive",
        ),
        (
            "back after a day",
            {"lifecyclePolicies": [{"transitionToPrimaryStorageClass": "AFTER_1_DAY"}]},
            "transition_to_primary",
        ),
        ("long token", {"creationToken": "x" * 65}, "creation_token"),
        ("zone of another region", {"availabilityZoneName": "us-east-1a"}, "vailability"),
        ("overwrite by a copy", {"protection": {"replicationOverwrite": "REPLICATING"}}, "replication_overwrite"),
    ),
    *updates(
        tokens.FILE_SYSTEM,
        ("performance mode", {"throughputMode": "bursting"}, {"performanceMode": "maxIO"}, REPLACES),
        ("encryption off", {}, {"encrypted": False}, REPLACES),
        ("key", {"kmsKeyId": "<key:arn>"}, {"kmsKeyId": "<other-key:arn>"}, REPLACES),
        ("provisioned without a rate", {}, {"throughputMode": "provisioned"}, "provisionedThroughputInMibps"),
    ),
    *of(
        tokens.MOUNT_TARGET,
        ("a second one in a zone", {"subnetId": "<subnet-too>"}, "already exists in this AZ"),
        ("another VPC", {"subnetId": "<foreign>", "securityGroups": None}, "same VPC"),
        ("group of another VPC", {"securityGroups": ["<foreign-group>"]}, "does not exist in the VPC"),
        ("too many groups", {"securityGroups": [f"sg-0123456789abcdef{n}" for n in range(6)]}, "security_groups"),
        ("file system that is not there", {"fileSystemId": "fs-0123456789abcdef0"}, "does not exist"),
    ),
    *of(
        tokens.FILE_ACCESS_POINT,
        ("negative user", {"posixUser.uid": -1}, "uid"),
        ("user over 32 bits", {"posixUser.uid": 4294967296}, "uid"),
        ("owner over 32 bits", {"rootDirectory.creationInfo.ownerUid": 4294967296}, "owner_uid"),
        ("negative owner", {"rootDirectory.creationInfo.ownerGid": -1}, "owner_gid"),
        ("permissions of ls", {"rootDirectory.creationInfo.permissions": "rwxr-xr-x"}, "permissions"),
        ("permissions that are not octal", {"rootDirectory.creationInfo.permissions": "0789"}, "permissions"),
        ("no permissions", {"rootDirectory.creationInfo.permissions": None}, "ermissions"),
        ("no owner", {"rootDirectory.creationInfo.ownerUid": None}, "wner"),
        ("path without a slash", {"rootDirectory.path": "teams"}, "path"),
        ("deep path", {"rootDirectory.path": "/a/b/c/d/e"}, "four"),
        ("long path", {"rootDirectory.path": "/" + "x" * 100}, "path"),
        ("too many groups", {"posixUser.secondaryGids": list(range(17))}, "secondary_gids"),
        ("group over 32 bits", {"posixUser.secondaryGids": [4294967296]}, "secondary_gids"),
    ),
    *of(tokens.FILE_BACKUP_POLICY, ("status", {"backupPolicy": {"status": "ON"}}, "status")),
    *of(
        tokens.FILE_REPLICATION,
        ("nowhere", {"destination": {}}, "egion"),
        ("region in words", {"destination": {"region": "Oregon"}}, "egion"),
        ("file system that is not there", {"destination": {"fileSystemId": "fs-0123456789abcdef0"}}, "does not exist"),
    ),
)

OPERATIONS = (
    *of(
        tokens.VAULT,
        ("name with a space", {"name": "my vault"}, "name"),
        ("short name", {"name": "v"}, "name"),
        ("taken", {"name": "main"}, "already exists"),
        ("key by its alias", {"kmsKeyArn": "alias/main"}, "invalid ARN"),
    ),
    *of(
        types.VAULT_LOCK,
        ("minimum over maximum", {"minRetentionDays": 400}, "less than or equal"),
        ("no day", {"minRetentionDays": 0}, "min_retention_days"),
        ("more than a century", {"maxRetentionDays": 36501}, "max_retention_days"),
        ("grace of a day", {"changeableForDays": 1}, "changeable_for_days"),
        ("vault that is not there", {"backupVaultName": "nobody"}, "does not exist"),
    ),
    *of(
        tokens.BACKUP_PLAN,
        ("cron of Unix", _plan(schedule="cron(0 5 * * *)"), "not valid"),
        ("cron without its name", _plan(schedule="0 5 * * ? *"), "not valid"),
        ("both days", _plan(schedule="cron(0 5 * * * *)"), "not valid"),
        ("hour 25", _plan(schedule="cron(0 25 * * ? *)"), "not valid"),
        ("a rate", _plan(schedule="rate(1 day)"), "not valid"),
        ("every five minutes", _plan(schedule="cron(0/5 * * * ? *)"), "60 minutes"),
        ("start within half an hour", _plan(startWindow=30), "60"),
        ("completed before the start", _plan(startWindow=120, completionWindow=60), "ompletion"),
        ("completed half an hour after the start", _plan(startWindow=120, completionWindow=150), "60"),
        ("cold for a month", _plan(lifecycle={"coldStorageAfter": 30, "deleteAfter": 60}), "90 days"),
        ("continuous for too long", _plan(enableContinuousBackup=True, lifecycle={"deleteAfter": 60}), "35"),
        (
            "continuous and cold",
            _plan(enableContinuousBackup=True, lifecycle={"deleteAfter": 35, "coldStorageAfter": 1}),
            "90 days",
        ),
        ("name with a space", _plan(ruleName="every day"), "rule_name"),
        (
            "the same name twice",
            {
                "rules": [
                    {"ruleName": "a", "targetVaultName": "main", "schedule": f"cron(0 {hour} * * ? *)"}
                    for hour in (1, 9)
                ]
            },
            "unique",
        ),
        ("vault that is not there", _plan(targetVaultName="nobody"), "does not exist"),
        ("copy by its name", _plan(copyActions=[{"destinationVaultArn": "main"}]), "ARN"),
        (
            "copy that is not there",
            _plan(copyActions=[{"destinationVaultArn": "arn:aws:backup:us-east-1:123456789012:backup-vault:x"}]),
            "does not exist",
        ),
        (
            "copy that is cold for a month",
            _plan(
                copyActions=[
                    {"destinationVaultArn": "<vault:arn>", "lifecycle": {"coldStorageAfter": 1, "deleteAfter": 9}}
                ]
            ),
            "90 days",
        ),
        ("time zone", _plan(scheduleExpressionTimezone="Pacific"), "ime zone"),
        ("no rule", {"rules": []}, "ule"),
        (
            "setting of another type",
            {"advancedBackupSettings": [{"resourceType": "EBS", "backupOptions": {"WindowsVSS": "enabled"}}]},
            "resource_type",
        ),
    ),
    *of(
        tokens.BACKUP_SELECTION,
        ("role for something else", {"iamRoleArn": "<node-role:arn>"}, "assumed by AWS Backup"),
        ("resource by its id", {"resources": ["<files>"]}, "ARN"),
        ("name with a space", {"name": "my files"}, "name"),
        ("tag type", {"selectionTags": [{"type": "EQUALS", "key": "a", "value": "b"}]}, "type"),
        ("plan that is not there", {"planId": "01234567-89ab-cdef-0123-456789abcdef"}, "Cannot find"),
    ),
    *of(
        tokens.LOG_GROUP,
        ("retention of ten days", {"retentionInDays": 10}, "retention_in_days"),
        ("retention of a decade", {"retentionInDays": 3600}, "retention_in_days"),
        ("class in words", {"logGroupClass": "INFREQUENT"}, "log_group_class"),
        ("name with a space", {"name": "my logs"}, "name"),
        ("AWS's own name", {"name": "aws/ml"}, "aws/"),
        ("long name", {"name": "x" * 513}, "name"),
        ("taken", {"name": "/ml/logs"}, "already exists"),
        ("key that is not there", {"kmsKeyId": "arn:aws:kms:us-west-2:123456789012:key/0"}, "does not exist"),
        ("name and prefix", {"namePrefix": "/ml"}, "conflicts with"),
    ),
    *updates(tokens.LOG_GROUP, ("class", {}, {"logGroupClass": "INFREQUENT_ACCESS"}, REPLACES)),
    *of(
        tokens.EVENT_RULE,
        ("no trigger", {"eventPattern": None}, "must be specified"),
        ("cron of Unix", {"scheduleExpression": "cron(0 5 * * *)"}, "ScheduleExpression"),
        ("both days", {"scheduleExpression": "cron(0 5 * * * *)"}, "ScheduleExpression"),
        ("rate of one minutes", {"scheduleExpression": "rate(1 minutes)"}, "ScheduleExpression"),
        ("rate of two minute", {"scheduleExpression": "rate(2 minute)"}, "ScheduleExpression"),
        ("rate of nothing", {"scheduleExpression": "rate(0 minutes)"}, "ScheduleExpression"),
        ("rate in seconds", {"scheduleExpression": "rate(30 seconds)"}, "ScheduleExpression"),
        ("rate without its name", {"scheduleExpression": "5 minutes"}, "ScheduleExpression"),
        ("time of the scheduler", {"scheduleExpression": "at(2099-01-01T00:00:00)"}, "ScheduleExpression"),
        (
            "schedule on a bus",
            {"eventBusName": "mine", "eventPattern": None, "scheduleExpression": "rate(1 day)"},
            "default",
        ),
        ("pattern in YAML", {"eventPattern": "source: aws.ec2"}, "JSON"),
        ("text where a list belongs", {"eventPattern": '{"source": "aws.ec2"}'}, "object or an array"),
        ("empty list", {"eventPattern": '{"source": []}'}, "Empty arrays"),
        ("empty pattern", {"eventPattern": "{}"}, "mpty"),
        ("misspelt field", {"eventPattern": '{"sources": ["aws.ec2"]}'}, "sources"),
        ("misspelt operator", {"eventPattern": '{"source": [{"prefixx": "aws"}]}'}, "prefixx"),
        ("number of words", {"eventPattern": '{"detail": {"n": [{"numeric": ["over", 5]}]}}'}, "numeric"),
        ("state in words", {"state": "ON"}, "state"),
        ("name with a space", {"name": "my rule"}, "name"),
        ("long name", {"name": "x" * 65}, "name"),
        ("long description", {"description": "x" * 513}, "description"),
    ),
    *of(
        tokens.EVENT_TARGET,
        ("queue by its address", {"arn": "https://sqs.us-west-2.amazonaws.com/123456789012/events"}, "invalid ARN"),
        ("id with a space", {"targetId": "my queue"}, "target_id"),
        ("rule that is not there", {"rule": "nobody"}, "does not exist"),
        ("input twice", {"input": "{}", "inputPath": "$.detail"}, "onflict"),
        ("input that is no JSON", {"input": "hello"}, "JSON"),
        ("too many attempts", {"retryPolicy": {"maximumRetryAttempts": 200}}, "maximum_retry_attempts"),
        ("age of a second", {"retryPolicy": {"maximumEventAgeInSeconds": 1}}, "maximum_event_age_in_seconds"),
        ("dead letters to a bucket", {"deadLetterConfig": {"arn": "<bucket:arn>"}}, "SQS"),
    ),
    *of(
        tokens.SCHEDULE,
        ("cron of AWS", {"recurrence": "0 20 ? * MON-FRI *"}, "invalid"),
        ("cron with its name", {"recurrence": "cron(0 20 * * *)"}, "invalid"),
        ("hour 24", {"recurrence": "0 24 * * *"}, "invalid"),
        ("minimum over maximum", {"minSize": 5, "desiredCapacity": 5}, "greater than or equal"),
        ("desired over maximum", {"desiredCapacity": 5}, "must be between"),
        ("start in the past", {"startTime": "2020-01-01T00:00:00Z"}, "past"),
        ("end before the start", {"startTime": "2099-01-02T00:00:00Z", "endTime": "2099-01-01T00:00:00Z"}, "before"),
        ("time without a zone", {"startTime": "2099-01-01T00:00:00"}, "iso8601"),
        ("time zone", {"timeZone": "Mars"}, "time zone"),
        ("never", {"recurrence": None}, "recurrence"),
        ("group that is not there", {"autoscalingGroupName": "nobody"}, "not found"),
        ("size below nothing", {"minSize": -2}, "min_size"),
    ),
    *of(
        types.GROUP_TAG,
        ("AWS's own key", {"tag": {"key": "aws:x", "value": "a", "propagateAtLaunch": True}}, "aws:"),
        ("long key", {"tag": {"key": "x" * 129, "value": "a", "propagateAtLaunch": True}}, "128"),
        ("no word on launches", {"tag": {"key": "a", "value": "b"}}, "propagate"),
        ("group that is not there", {"autoscalingGroupName": "nobody"}, "not found"),
    ),
    *of(
        types.PARAMETER,
        ("AWS's own name", {"name": "/aws/x"}, "prefixed"),
        ("name with a space", {"name": "/ml/my model"}, "name"),
        ("path without its slash", {"name": "ml/model"}, "slash"),
        ("deep path", {"name": "/a" * 16}, "15"),
        ("two values", {"insecureValue": "two"}, "only one of"),
        ("no value", {"value": None}, "must be specified"),
        ("empty value", {"value": ""}, "value"),
        ("long value", {"value": "x" * 4097}, "4096"),
        ("type in lower case", {"type": "string"}, "type"),
        ("tier", {"tier": "Premium"}, "tier"),
        ("long description", {"description": "x" * 1025}, "description"),
    ),
    *of(
        tokens.SERVICE_QUOTA,
        ("less than now", {"value": 1}, "less than current"),
        ("code that is not there", {"quotaCode": "L-00000000"}, "couldn't find"),
        ("code in words", {"quotaCode": "vCPUs!"}, "quota_code"),
        ("service of another name", {"serviceCode": "EC2 instances"}, "service_code"),
    ),
)
