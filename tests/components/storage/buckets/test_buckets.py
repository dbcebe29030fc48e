"""Buckets: what guards them, what becomes of objects, who may use them, and where their copies go."""

import json
from typing import Any

import pytest

from components.core.bucket_names import bucket_name
from components.stack.kept import Kept
from components.stack.live import LiveStack
from components.storage.buckets import bucket_iam
from components.storage.buckets.bucket_lifecycle import lifecycle
from components.storage.storage_identity import User, role_name
from settings.stack.checks.buckets import BUCKETS_OF_ONE_USER
from settings.storage.buckets import BucketSettings
from settings.storage.storage import StorageSettings
from settings.storage.storage_entry import StorageUserSettings
from simulator.aws.operation_context import ACCOUNT
from tests.components.stacks import CLUSTER, stack, stage
from tests.in_process.recording_cloud import resolved

LOCKED = {"purpose": "datasets", "object_lock_days": 3}
WRITER = {"namespace": "research", "service_account": "trainer", "mode": "write"}
READER = {"namespace": "serving", "service_account": "model-server", "mode": "read"}


def buckets(**entries: Any) -> Any:
    return stack(storage={"buckets": entries})


def data(**changes: Any) -> dict[str, Any]:
    return {"purpose": "datasets", "used_by": [WRITER, READER], **changes}


def rules(**said: Any) -> dict[str, Any]:
    return {str(rule["id"]): rule for rule in lifecycle(BucketSettings(**said))}


def policy(cloud: Any, kind: str, name: str) -> dict[str, dict[str, Any]]:
    text = cloud.one(kind, name).inputs["policy"]
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}


def test_a_bucket_has_everything_that_guards_it(cloud):
    cloud.up(buckets(data=data()))
    bucket = cloud.one("s3/bucket:Bucket", "data")
    assert bucket.protect
    assert bucket.inputs["bucket"] == bucket_name(stage(), "data")
    for kind in (
        "bucketPublicAccessBlock:BucketPublicAccessBlock",
        "bucketOwnershipControls:BucketOwnershipControls",
        "bucketVersioning:BucketVersioning",
        "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "bucketPolicy:BucketPolicy",
        "bucketLogging:BucketLogging",
    ):
        assert cloud.one(f"s3/{kind}", "data").stands_on(bucket), kind


def test_a_bucket_is_under_the_data_key_and_its_access_logs_under_that_of_s3(cloud):
    cloud.up(buckets(data=data()))
    kind = "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"

    def encryption(name):
        (rule,) = cloud.one(kind, name).inputs["rules"]
        return rule["applyServerSideEncryptionByDefault"], rule["bucketKeyEnabled"]

    key = cloud.one("kms/key:Key", "keys-data")
    assert cloud.one(kind, "data").stands_on(key)
    assert encryption("data")[0]["sseAlgorithm"] == "aws:kms"
    assert encryption("data")[1], "else each object pays for a request to KMS"
    assert encryption("access-logs") == ({"sseAlgorithm": "AES256"}, False), "S3 delivers no access logs under our key"


def test_access_logs_of_every_bucket_go_to_one_that_only_s3_writes_to(cloud):
    cloud.up(buckets(data=data(), models=data(purpose="models")))
    target = cloud.one("s3/bucket:Bucket", "access-logs")
    grants = cloud.one("s3/bucketPolicy:BucketPolicy", "access-logs")
    for name in ("data", "models"):
        logging = cloud.one("s3/bucketLogging:BucketLogging", name)
        assert logging.inputs["targetPrefix"] == f"{name}/"
        assert logging.stands_on(target)
        assert logging.stands_on(grants), "before it, S3 refuses the target"
    statement = policy(cloud, "s3/bucketPolicy:BucketPolicy", "access-logs")["WriteAccessLogs"]
    assert statement["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


def test_nobody_comes_without_tls(cloud):
    cloud.up(buckets(data=data(replicate_to="us-east-2")))
    for name in ("data", "data-copy", "access-logs"):
        statement = policy(cloud, "s3/bucketPolicy:BucketPolicy", name)["TlsOnly"]
        assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")


def test_a_stack_without_buckets_has_no_bucket_for_access_logs(cloud):
    cloud.up(stack(storage={"file_systems": {"home": {"purpose": "shared", "used_by": [{"namespace": "research"}]}}}))
    assert not cloud.all("s3/bucketLogging:BucketLogging")
    assert cloud.names("s3/bucket:Bucket") == {"network-flow-logs-bucket"}


def test_each_service_account_has_one_role_with_the_rights_to_all_of_its_buckets(cloud):
    cloud.up(buckets(data=data(), models=data(purpose="models", used_by=[{**WRITER, "mode": "read"}])))
    association = cloud.one("podIdentityAssociation:PodIdentityAssociation", "main.research.trainer")
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("research", "trainer")
    assert association.stands_on(cloud.one("iam/rolePolicy:RolePolicy", "main.research.trainer-buckets"))
    grants = policy(cloud, "iam/rolePolicy:RolePolicy", "main.research.trainer-buckets")
    arns = {name: f"arn:aws:s3:::{bucket_name(stage(), name)}" for name in ("data", "models")}
    assert grants["ReadObjects"]["Resource"] == [f"{arn}/*" for arn in arns.values()]
    assert grants["WriteObjects"]["Resource"] == [f"{arns['data']}/*"]


def test_who_reads_can_neither_write_nor_encrypt(cloud):
    cloud.up(buckets(data=data()))
    grants = policy(cloud, "iam/rolePolicy:RolePolicy", "main.serving.model-server-buckets")
    actions = {action for statement in grants.values() for action in statement["Action"]}
    assert actions == {"s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "kms:Decrypt"}


def test_roles_are_for_the_cluster_that_the_user_names(cloud):
    settings = stack(
        clusters={"main": CLUSTER, "other": CLUSTER},
        storage={"buckets": {"data": data(used_by=[{**READER, "cluster": "other"}])}},
    )
    cloud.up(settings)
    (association,) = cloud.all("podIdentityAssociation:PodIdentityAssociation")
    assert association.name == "other.serving.model-server"
    trust = json.loads(cloud.one("iam/role:Role", "other.serving.model-server").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"].endswith("cluster/ml-platform-prod-other")


@pytest.mark.parametrize("statement", json.loads(bucket_iam.access(stage(), ["a", "b"], ["b"]))["Statement"])
def test_no_right_to_buckets_is_wider_than_their_names(statement):
    assert not any("*" in action for action in statement["Action"])
    if statement["Action"][0].startswith("kms:"):
        condition = statement["Condition"]
        assert condition["StringEquals"] == {"kms:ViaService": "s3.us-west-2.amazonaws.com"}
        assert all(stage().prefix in arn for arn in condition["ArnLike"]["kms:EncryptionContext:aws:s3:arn"])
    else:
        assert all(arn.startswith(f"arn:aws:s3:::{stage().prefix}-") for arn in statement["Resource"])


def test_the_rights_to_as_many_buckets_as_settings_allow_fit_into_a_role():
    names = [f"b{number:020}" for number in range(BUCKETS_OF_ONE_USER)]
    longest = bucket_iam.access(stage(name="a" * 21, environment="staging"), names, names)
    assert len("".join(longest.split())) <= 10240, "IAM counts all but spaces"


def test_in_production_a_bucket_stays_with_all_that_guards_it_until_protection_is_lifted(cloud):
    cloud.up(buckets(data=data(replicate_to="us-east-2", object_lock_days=7)))
    kept = {(r.name, r.type) for r in cloud.registered.values() if r.retained and ":s3/" in r.type}
    assert len([kind for name, kind in kept if name == "data"]) == 8, "the bucket, its six settings and its lock"
    assert len([kind for name, kind in kept if name == "data-copy"]) == 8
    cloud.up(stack(deletion_protection=False, storage={"buckets": {"data": data()}}))
    assert not any(r.retained for r in cloud.all("s3/bucket:Bucket")), "else a retired stack leaves them behind"


def test_role_names_fit_and_differ_by_user_and_region():
    long = [User("c" * 30, "n" * 63, "s" * 200 + end) for end in "ab"]
    names = {role_name(stage(region=region), user) for user in long for region in ("us-west-2", "us-east-2")}
    assert len(names) == 4, "roles are shared by all regions"
    assert {len(name) for name in names} == {64}


def test_leftovers_go_in_every_bucket():
    for purpose in ("datasets", "scratch", "backups"):
        leftovers = rules(purpose=purpose)["leftovers"]
        assert leftovers["abort_incomplete_multipart_upload"] == {"days_after_initiation": 7}
        assert leftovers["noncurrent_version_expiration"]["noncurrent_days"] <= 30


def test_checkpoints_expire_and_datasets_move_to_cheaper_tiers():
    assert rules(purpose="checkpoints")["expire"]["expiration"] == {"days": 30}
    assert "tiers" not in rules(purpose="checkpoints")
    assert rules(purpose="datasets")["tiers"]["transitions"] == [{"days": 0, "storage_class": "INTELLIGENT_TIERING"}]
    assert "expire" not in rules(purpose="datasets")


def test_markers_of_deleted_objects_are_swept_up_by_one_rule_alone():
    assert rules(purpose="datasets")["leftovers"]["expiration"] == {"expired_object_delete_marker": True}
    assert "expiration" not in rules(purpose="scratch")["leftovers"], "S3 refuses both in one bucket's expiry"


def test_a_locked_bucket_is_the_same_bucket_as_before_and_waits_for_versioning(cloud):
    cloud.up(buckets(data=data(object_lock_days=30)))
    lock = cloud.one("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "data")
    assert lock.inputs["rule"] == {"defaultRetention": {"mode": "COMPLIANCE", "days": 30}}
    assert lock.stands_on(cloud.one("s3/bucketVersioning:BucketVersioning", "data"))
    assert "objectLockEnabled" not in cloud.one("s3/bucket:Bucket", "data").inputs, "it would replace the bucket"


def test_outside_production_a_lock_can_be_bypassed_so_that_the_stack_can_go(cloud):
    cloud.up(stack(environment="dev", storage={"buckets": {"data": data(object_lock_days=30)}}))
    lock = cloud.one("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.inputs["rule"]["defaultRetention"]["mode"] == "GOVERNANCE"


def test_a_copy_is_in_the_other_region_under_the_key_there_and_as_well_guarded(cloud):
    cloud.up(buckets(data=data(replicate_to="us-east-2", object_lock_days=30)))
    there = cloud.one("pulumi:providers:aws", "storage-us-east-2-aws")
    copied = [r for r in cloud.registered.values() if r.name == "data-copy"]
    assert len(copied) == 8, "the bucket, its six settings and its lock"
    assert all(r.provider.startswith(there.urn) for r in copied)
    assert cloud.one("s3/bucket:Bucket", "data-copy").inputs["bucket"] == bucket_name(stage(), "data", "us-east-2")
    replication = cloud.one("s3/bucketReplicationConfig:BucketReplicationConfig", "data")
    for kind in ("bucketVersioning:BucketVersioning", "bucketObjectLockConfiguration:BucketObjectLockConfiguration"):
        for name in ("data", "data-copy"):
            assert replication.stands_on(cloud.one(f"s3/{kind}", name)), f"S3 refuses it before {kind} of {name}"
    (rule,) = replication.inputs["rules"]
    assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}, (
        "else nothing is copied"
    )
    assert cloud.one("kms/key:Key", "storage-us-east-2-copies").urn in replication.property_dependencies["rules"]


def test_a_copy_of_a_bucket_that_once_had_a_lock_has_one(cloud, monkeypatch):
    """S3 keeps the lock when its default retention goes, and refuses to copy into a bucket without one."""
    kept = {"kept": Kept().after(StorageSettings.model_validate({"buckets": {"data": LOCKED}}), [], []).outputs()}
    monkeypatch.setattr(LiveStack, "read", lambda: LiveStack(kept))
    outputs = cloud.up(buckets(data=data(replicate_to="us-east-2"), models=data(replicate_to="us-east-2"))).outputs()
    lock = cloud.one("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert (lock.name, lock.inputs.get("rule")) == ("data-copy", None)
    assert cloud.one("s3/bucketReplicationConfig:BucketReplicationConfig", "data").stands_on(lock)
    assert outputs["kept"]["locked"] == ["data"], "for ever"


@pytest.mark.parametrize(("mount", "made"), [(True, {"main-namespace-research"}), (False, set())])
def test_a_namespace_is_made_as_its_description_says(cloud, mount, made):
    cloud.up(buckets(data={"purpose": "datasets", "used_by": [WRITER], "mount": mount}))
    assert {each.name for each in cloud.all("core/v1:Namespace")} & {"main-namespace-research"} == made
    said = StorageUserSettings.model_fields["namespace"].description
    assert "and the bucket is mounted" in str(said)


def test_buckets_that_are_copied_to_one_region_share_its_provider_and_key(cloud):
    cloud.up(buckets(data=data(replicate_to="us-east-2"), models=data(replicate_to="us-east-2")))
    assert [key for key in cloud.names("kms/key:Key") if "us-east-2" in key] == ["storage-us-east-2-copies"]
    assert cloud.names("pulumi:providers:aws") == {"platform-aws", "storage-us-east-2-aws"}


def test_the_role_that_copies_reads_here_and_writes_there_alone(cloud):
    cloud.up(buckets(data=data(replicate_to="us-east-2")))
    grants = policy(cloud, "iam/rolePolicy:RolePolicy", "data-replication")
    here, there = (f"arn:aws:s3:::{bucket_name(stage(), 'data', region)}" for region in (None, "us-east-2"))
    assert grants["ReadVersions"]["Resource"] == [f"{here}/*"]
    assert grants["WriteCopies"]["Resource"] == [f"{there}/*"]
    assert grants["EncryptCopies"]["Resource"] == [f"arn:aws:kms:us-east-2:{ACCOUNT}:key/*"]
    assert grants["EncryptCopies"]["Condition"]["ForAnyValue:StringEquals"] == {
        "kms:ResourceAliases": "alias/ml-platform-prod-copies-us-west-2"
    }


def test_the_stack_exports_the_names_of_its_buckets(cloud):
    outputs = cloud.up(buckets(data=data())).outputs()
    assert {key: resolved(name) for key, name in outputs["buckets"].items()} == {"data": bucket_name(stage(), "data")}


def test_what_a_bucket_is_for_and_how_much_it_holds_stands_in_its_tags(cloud):
    cloud.up(buckets(data=data(expected_gib=500, monthly_growth_gib=20)))
    tags = cloud.one("s3/bucket:Bucket", "data").inputs["tags"]
    assert tags["ml-platform:purpose"] == "datasets"
    assert (tags["ml-platform:expected-gib"], tags["ml-platform:monthly-growth-gib"]) == ("500", "20")
    assert "ml-platform:backup" in tags


def test_everything_is_known_at_preview_that_a_policy_judges(cloud):
    cloud.up(buckets(data=data(replicate_to="us-east-2")), preview=True)
    documents = [*cloud.all("s3/bucketPolicy:BucketPolicy"), *cloud.all("iam/rolePolicy:RolePolicy")]
    assert len(documents) > 5
    assert all(isinstance(document.inputs["policy"], str) for document in documents)


def test_a_mounted_bucket_has_a_volume_and_a_claim_in_each_namespace(cloud):
    cloud.up(buckets(data=data(mount=True)))
    for namespace, mode in (("research", "ReadWriteMany"), ("serving", "ReadOnlyMany")):
        volume = cloud.one("v1:PersistentVolume", f"data-main-{namespace}")
        claim = cloud.one("v1:PersistentVolumeClaim", f"data-main-{namespace}")
        assert claim.inputs["metadata"] == {"name": "s3-data", "namespace": namespace}
        assert claim.inputs["spec"]["accessModes"] == volume.inputs["spec"]["accessModes"] == [mode]
        assert claim.inputs["spec"]["volumeName"] == volume.inputs["metadata"]["name"]
        assert volume.inputs["spec"]["claimRef"] == {"namespace": namespace, "name": "s3-data"}
        assert volume.inputs["spec"]["csi"]["volumeAttributes"] == {
            "bucketName": bucket_name(stage(), "data"),
            "authenticationSource": "pod",
        }
        assert claim.stands_on(cloud.one("v1:Namespace", f"main-namespace-{namespace}"))
    assert "read-only" in cloud.one("v1:PersistentVolume", "data-main-serving").inputs["spec"]["mountOptions"]
    assert "read-only" not in cloud.one("v1:PersistentVolume", "data-main-research").inputs["spec"]["mountOptions"]


def test_the_driver_comes_with_a_mounted_bucket_and_has_no_rights_of_its_own(cloud):
    name = "main-aws-mountpoint-s3-csi-driver"
    cloud.up(buckets(data=data()))
    assert name not in cloud.names("eks/addon:Addon")
    cloud.up(buckets(data=data(mount=True)))
    assert "podIdentityAssociations" not in cloud.one("eks/addon:Addon", name).inputs
