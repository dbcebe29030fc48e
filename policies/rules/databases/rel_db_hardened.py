"""Databases are encrypted, private, in two zones, backed up, and not deleted by one call."""

from collections.abc import Iterator, Mapping

from policies.rule import Case, Resource, Rule, flag, number

INSTANCE, CLUSTER = "aws:rds/instance:Instance", "aws:rds/cluster:Cluster"
OTHERS = ("aws:docdb/cluster:Cluster", "aws:neptune/cluster:Cluster")
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
LEAST_DAYS = 7


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if flag(resource, "publiclyAccessible"):
        yield "publiclyAccessible", "is true, so the database has a public address"
    if resource.type == CLUSTER_INSTANCE:
        return
    if not flag(resource, "storageEncrypted"):
        yield "storageEncrypted", "is not true, and cannot be changed later"
    if not flag(resource, "deletionProtection"):
        yield "deletionProtection", "is not true, so one call deletes the database"
    if (number(resource, "backupRetentionPeriod", 0) or 0) < LEAST_DAYS:
        yield "backupRetentionPeriod", f"is less than {LEAST_DAYS} days, so a mistake of last week stays"
    if resource.type == INSTANCE and not flag(resource, "multiAz"):
        yield "multiAz", "is not true, so it is down as long as its zone is"
    if flag(resource, "skipFinalSnapshot"):
        yield "skipFinalSnapshot", "is true, so nothing is left when the database is deleted"


_CLUSTER: Mapping[str, object] = {"storageEncrypted": True, "deletionProtection": True, "backupRetentionPeriod": 7}
_GOOD = {**_CLUSTER, "multiAz": True}

RULE = Rule(
    id="rel-db-hardened",
    applies_to=(INSTANCE, CLUSTER, *OTHERS, CLUSTER_INSTANCE),
    severity="high",
    standards=("CKV_AWS_16", "CKV_AWS_17", "CKV_AWS_133", "CKV_AWS_157", "CKV_AWS_293", "FSBP RDS.2", "FSBP RDS.3"),
    why="A database holds what cannot be computed again.",
    fix="Set storage_encrypted, deletion_protection, multi_az, backup_retention_period=7; drop publicly_accessible.",
    mend={
        "storageEncrypted": True,
        "deletionProtection": True,
        "backupRetentionPeriod": 7,
        "multiAz": True,
        "skipFinalSnapshot": False,
        "publiclyAccessible": False,
    },
    dev="advisory",
    check=check,
    good={
        "hardened": _GOOD,
        "a cluster": Case(_CLUSTER, type=CLUSTER),
        "a machine of a cluster": Case({"instanceClass": "db.r8g.large"}, type=CLUSTER_INSTANCE),
    },
    bad={
        "nothing set": Case({}, at="storageEncrypted"),
        "not encrypted": Case({**_GOOD, "storageEncrypted": False}, at="storageEncrypted"),
        "not protected": Case({**_GOOD, "deletionProtection": False}, at="deletionProtection"),
        "short backups": Case({**_GOOD, "backupRetentionPeriod": 6}, at="backupRetentionPeriod"),
        "one zone": Case({**_GOOD, "multiAz": False}, at="multiAz"),
        "no last snapshot": Case({**_GOOD, "skipFinalSnapshot": True}, at="skipFinalSnapshot"),
        "a public address": Case({**_GOOD, "publiclyAccessible": True}, at="publiclyAccessible"),
        "a public machine of a cluster": Case(
            {"publiclyAccessible": True}, type=CLUSTER_INSTANCE, at="publiclyAccessible"
        ),
    },
)
