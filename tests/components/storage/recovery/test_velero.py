import json

import pytest

from components.core.addon_spec import every_add_on
from components.core.bucket_names import bucket_name
from components.storage.recovery.velero_iam import bucket_key, velero_statements
from tests.components.stacks import CLUSTER, POOL, stack, stack_with_cluster, stage
from tests.in_process.recording_cloud import known

WITH_VELERO = {"addons": {"velero": {}}}
OF_A_BUCKET = (
    *("s3/bucket:Bucket", "BucketPublicAccessBlock", "BucketOwnershipControls", "BucketVersioning"),
    *("BucketServerSideEncryptionConfiguration", "BucketLifecycleConfiguration", "BucketPolicy"),
)


@pytest.fixture
def built(cloud):
    cloud.up_cluster(stack_with_cluster(**WITH_VELERO))
    return cloud


def release(cloud):
    return cloud.one("Release", "main-velero")


def test_nobody_gets_it_unasked(cloud):
    cloud.up_cluster(stack())
    assert cloud.all("nodeGroup:NodeGroup")
    assert "main-velero" not in cloud.names("Release")
    assert not cloud.all("s3/bucket:Bucket")


def test_its_bucket_is_private_versioned_encrypted_with_our_key_and_protected(built):
    for part in OF_A_BUCKET:
        assert built.one(part, "main-velero-bucket"), part
    assert built.one("s3/bucket:Bucket").protect
    (rule,) = built.one("BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == built.ground.key_arns["data"]
    (tls,) = json.loads(built.one("BucketPolicy").inputs["policy"])["Statement"]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_only_velero_decides_when_a_backup_has_had_its_time(built):
    (rule,) = built.one("BucketLifecycleConfiguration").inputs["rules"]
    assert "expiration" not in rule, "half of a backup that S3 has deleted cannot be restored"
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 30}


def test_it_may_use_its_own_bucket_under_our_key_and_nothing_else(built):
    bucket = built.one("s3/bucket:Bucket").inputs["bucket"]
    statements = json.loads(built.one("RolePolicy", "main-velero-permissions").inputs["policy"])["Statement"]
    named = {resource for s in statements for resource in s["Resource"] if ":s3:" in resource}
    assert named == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}
    assert not any(action.startswith("ec2:") for s in statements for action in s["Action"]), "the driver makes copies"
    (key,) = [s for s in statements if s["Action"][0].startswith("kms:")]
    assert key["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": stage().key_alias("data")}}


def test_it_starts_when_its_bucket_and_its_rights_are_there(built):
    for part in OF_A_BUCKET:
        assert release(built).stands_on(built.one(part, "main-velero-bucket")), part
    association = built.one("PodIdentityAssociation", "main-velero-identity")
    assert association.inputs["serviceAccount"] == "velero-server"
    assert release(built).stands_on(association)


def test_backups_go_to_the_bucket_and_volumes_are_copied_by_the_class_made_for_it(built):
    values = release(built).inputs["values"]
    (location,) = values["configuration"]["backupStorageLocation"]
    assert location["bucket"] == built.one("s3/bucket:Bucket").inputs["bucket"]
    assert values["configuration"]["features"] == "EnableCSI"
    labels = built.one("VolumeSnapshotClass").inputs["metadata"]["labels"]
    assert labels == {"velero.io/csi-volumesnapshot-class": "true"}, "Velero picks the class by its label"
    account = values["serviceAccount"]["server"]["name"]
    assert account == every_add_on()["velero"].identities[0].service_account, "permissions are bound to this one"


@pytest.mark.parametrize(("environment", "kept"), [("prod", "720h"), ("dev", "168h")])
def test_everything_is_copied_each_day_and_kept_longer_in_production(cloud, environment, kept):
    cloud.up_cluster(stack(environment=environment, clusters={"main": {**CLUSTER, **WITH_VELERO}}))
    daily = release(cloud).inputs["values"]["schedules"]["daily"]
    assert daily["template"]["includedNamespaces"] == ["*"]
    assert daily["template"]["ttl"] == kept
    assert daily["useOwnerReferencesInBackup"] is False, "else deleting the schedule deletes its backups"


def test_a_cluster_with_velero_has_a_key_for_data(cloud):
    network = {"zones": ["us-west-2a", "us-west-2b"], "flow_logs": {"destination": "cloudwatch"}}
    cloud.up(stack(network=network, clusters={"main": {**CLUSTER, **WITH_VELERO}}))
    assert "keys-data" in cloud.names("kms/key:Key"), "nothing else in the stack would have made one"


def test_two_clusters_keep_their_backups_apart(cloud):
    cluster = {**CLUSTER, **WITH_VELERO, "pools": [POOL]}
    cloud.up(stack(clusters={"main": cluster, "training": cluster}))
    buckets = {b.inputs["bucket"] for b in cloud.all("s3/bucket:Bucket") if "velero" in b.name}
    assert buckets == {bucket_name(stage(), bucket_key(cluster)) for cluster in ("main", "training")}
    assert velero_statements(stage(), "main") != velero_statements(stage(), "training")


def test_all_of_it_is_known_at_preview(cloud):
    cloud.up_cluster(stack_with_cluster(**WITH_VELERO), preview=True)
    assert known(cloud.one("RolePolicy", "main-velero-permissions").inputs["policy"])
    assert known(cloud.one("s3/bucket:Bucket").inputs["bucket"])


def test_the_longest_names_make_different_buckets_that_s3_takes():
    longest = stage(name="a" * 21, environment="staging")
    one, other = (bucket_name(longest, bucket_key("c" * 29 + end)) for end in "ab")
    assert len(one) == len(other) == 63
    assert one != other
