import json
from typing import Any

import pytest

from components.storage.file_system import file_system_policy, lifecycle_policies, posix_user, root_directory
from settings.storage.file_systems import FileSystemSettings, posix_id
from tests.components.stacks import CLUSTER, stack, stage

ZONES = ["us-west-2a", "us-west-2b", "us-west-2c"]
WRITER, READER = {"namespace": "research", "mode": "write"}, {"namespace": "serving"}


def system(**changes: Any) -> dict[str, Any]:
    return {"purpose": "shared", "used_by": [WRITER, READER], **changes}


def settings(**changes: Any) -> FileSystemSettings:
    return FileSystemSettings.model_validate(system(**changes))


def stored(*, around: dict[str, Any] | None = None, **changes: Any):
    return stack(storage={"file_systems": {"home": system(**changes)}}, **(around or {}))


def statement(policy: str, sid: str) -> dict[str, Any]:
    return next(s for s in json.loads(policy)["Statement"] if s["Sid"] == sid)


def test_it_is_encrypted_with_our_key_and_elastic(cloud):
    cloud.up(stored())
    made = cloud.one("efs/fileSystem:FileSystem", "home")
    assert made.inputs["encrypted"] is True
    assert cloud.one("kms/key:Key", "keys-data").urn in made.property_dependencies["kmsKeyId"]
    assert made.inputs["throughputMode"] == "elastic"
    assert made.inputs["tags"]["ml-platform:purpose"] == "shared"
    assert made.inputs["tags"]["ml-platform:backup"] == "daily", "a file system without this tag has no backups"
    assert made.protect
    cloud.up(stored(around={"deletion_protection": False}))
    assert not cloud.one("efs/fileSystem:FileSystem", "home").protect, "retiring a stack starts with this"


def test_dropping_a_zone_leaves_the_mount_targets_of_the_others_alone(cloud):
    cloud.up(stored())
    assert cloud.names("efs/mountTarget:MountTarget") == {f"home-{zone}" for zone in ZONES}
    before = {m.name: m.inputs_as_text() for m in cloud.all("efs/mountTarget:MountTarget")}
    cloud.up(stored(around={"network": {"zones": ZONES[:2]}}))
    after = {m.name: m.inputs_as_text() for m in cloud.all("efs/mountTarget:MountTarget")}
    assert after == {name: before[name] for name in after}, "a renamed mount target is a deleted mount target"
    assert len(after) == 2


def test_only_nodes_of_clusters_that_use_it_come_in_and_only_by_nfs(cloud):
    clusters = {"main": CLUSTER, "other": CLUSTER}
    users = [{**WRITER, "cluster": "other"}]
    cloud.up(stored(used_by=users, around={"clusters": clusters}))
    (rule,) = [r for r in cloud.all("SecurityGroupIngressRule") if r.name.startswith("home")]
    assert (rule.inputs["ipProtocol"], rule.inputs["fromPort"], rule.inputs["toPort"]) == ("tcp", 2049, 2049)
    assert (
        rule.inputs["referencedSecurityGroupId"]
        == cloud.one("eks:index:Cluster", "other").outputs["clusterSecurityGroupId"]
    )
    assert "cidrIpv4" not in rule.inputs
    group = cloud.one("ec2/securityGroup:SecurityGroup", "home-nfs")
    targets = cloud.all("efs/mountTarget:MountTarget")
    assert len(targets) == 3
    assert all(target.stands_on(group) for target in targets)


def test_a_writer_is_confined_to_its_folder_as_a_user_of_its_own():
    own = posix_id("research")
    assert posix_user("research", settings()) == {"uid": own, "gid": own}
    folder = root_directory("research", settings())
    assert folder["path"] == "/research"
    assert folder["creation_info"] == {"owner_uid": own, "owner_gid": own, "permissions": "0750"}


def test_a_reader_sees_the_folders_of_all_who_write():
    shared = settings(used_by=[WRITER, {"namespace": "data", "mode": "write"}, READER])
    assert root_directory("serving", shared) == {"path": "/"}
    assert posix_user("serving", shared)["secondary_gids"] == sorted((posix_id("research"), posix_id("data")))


def test_ids_stay_when_others_come_and_are_none_that_the_driver_hands_out():
    assert posix_id("research") == 1_473_237_786, "files on disk belong to this number"
    ids = {posix_id(f"team-{number}") for number in range(1000)}
    assert len(ids) == 1000
    assert min(ids) > 7_000_000, "the driver's own range ends there"
    assert max(ids) < 2**31
    more = settings(used_by=[{"namespace": "data", "mode": "write"}, READER, WRITER])
    assert posix_user("research", settings()) == posix_user("research", more), "a change would replace it"
    assert root_directory("research", settings()) == root_directory("research", more), "a change would replace it"


def test_the_policy_wants_tls_a_mount_target_and_an_access_point_and_makes_nobody_root():
    policy = file_system_policy(stage(), [])
    assert statement(policy, "TlsOnly")["Effect"] == "Deny"
    assert statement(policy, "TlsOnly")["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    mount = statement(policy, "MountByAccessPoint")
    assert mount["Condition"]["Bool"] == {"elasticfilesystem:AccessedViaMountTarget": "true"}
    assert mount["Condition"]["ArnLike"] == {
        "elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/*"
    }
    allowed = [a for s in json.loads(policy)["Statement"] if s["Effect"] == "Allow" for a in s["Action"]]
    assert set(allowed) == {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}
    assert not any("Resource" in s for s in json.loads(policy)["Statement"]), "its ARN is not known at preview"


def test_readers_are_kept_from_writing_by_the_policy_and_not_by_their_mount_alone(cloud):
    cloud.up(stored())
    policy = cloud.one("FileSystemPolicy", "home").inputs["policy"]
    denied = statement(policy, "ReadersDoNotWrite")
    assert "elasticfilesystem:ClientWrite" in denied["Action"]
    (reader,) = denied["Condition"]["ArnEquals"]["elasticfilesystem:AccessPointArn"]
    assert reader == cloud.one("AccessPoint", "home-serving").outputs["arn"]
    cloud.up(stored(used_by=[WRITER]))
    assert "ReadersDoNotWrite" not in cloud.one("FileSystemPolicy", "home").inputs["policy"]


def test_only_the_driver_of_the_clusters_that_use_it_mounts_and_proves_who_it_is(cloud):
    clusters = {"main": CLUSTER, "other": CLUSTER, "third": CLUSTER}
    users = [{**WRITER, "cluster": "main"}, {**READER, "cluster": "other"}]
    cloud.up(stored(used_by=users, around={"clusters": clusters}))
    policy = cloud.one("FileSystemPolicy", "home")
    roles = [cloud.one("iam/role:Role", f"{name}-aws-efs-csi-driver-node") for name in ("main", "other")]
    principals = statement(policy.inputs["policy"], "MountByAccessPoint")["Principal"]
    assert principals == {"AWS": sorted(role.outputs["arn"] for role in roles)}
    assert "third-aws-efs-csi-driver-node" not in cloud.names("iam/role:Role")
    assert cloud.one("StorageClass", "home-main").inputs["mountOptions"] == ["iam"]
    association = cloud.one("PodIdentityAssociation", "main-aws-efs-csi-driver-node")
    assert association.inputs["serviceAccount"] == "efs-csi-node-sa"
    restart = cloud.one("DaemonSetPatch", "main-aws-efs-csi-driver-node")
    assert cloud.one("eks/addon:Addon", "main-aws-efs-csi-driver").stands_on(association), "its pods get it at start"
    assert restart.stands_on(association)
    assert policy.stands_on(restart), "before, nothing could mount"
    mounts = [each for each in cloud.all("RolePolicyAttachment") if "driver-node" in each.name]
    assert not mounts, "the file system says what the role may do"


@pytest.mark.parametrize(("access", "option", "anybody"), [("both", ["iam"], True), ("network", None, True)])
def test_a_live_file_system_goes_to_iam_by_a_step_in_which_both_work(cloud, access, option, anybody):
    cloud.up(stored(access=access))
    allowed = statement(cloud.one("FileSystemPolicy", "home").inputs["policy"], "MountByAccessPoint")
    assert (allowed["Principal"] == {"AWS": "*"}) is anybody
    spec = cloud.one("core/v1:PersistentVolume", "home-main-research").inputs["spec"]
    assert spec.get("mountOptions") == option


def test_a_file_system_that_no_namespace_uses_lets_nobody_in():
    policy = file_system_policy(stage(), [], [])
    assert [each["Sid"] for each in json.loads(policy)["Statement"]] == ["TlsOnly"]


def test_each_namespace_finds_a_claim_of_its_own(cloud):
    cloud.up(stored())
    held = {v.name: v.inputs for v in cloud.all("core/v1:PersistentVolume")}
    claims = {c.name: c.inputs for c in cloud.all("PersistentVolumeClaim")}
    assert set(held) == set(claims) == {"home-main-research", "home-main-serving"}
    system_id = cloud.one("MountTarget", "home-us-west-2a").inputs["fileSystemId"]
    for namespace in ("research", "serving"):
        name = f"home-main-{namespace}"
        spec, claim = held[name]["spec"], claims[name]
        assert spec["accessModes"] == claim["spec"]["accessModes"] == ["ReadWriteMany"], "the driver takes no other"
        assert spec["claimRef"] == {"namespace": namespace, "name": "efs-home"}, "else another claim may take it"
        assert claim["metadata"] == {"name": "efs-home", "namespace": namespace}
        assert claim["spec"]["volumeName"] == held[name]["metadata"]["name"]
        assert spec["storageClassName"] == claim["spec"]["storageClassName"] == ""
        assert spec["persistentVolumeReclaimPolicy"] == "Retain"
        file_system, _, point = spec["csi"]["volumeHandle"].partition("::")
        assert file_system == system_id
        assert point.startswith("fsap-")
    assert held["home-main-serving"]["spec"]["csi"]["readOnly"] is True
    assert held["home-main-serving"]["spec"]["mountOptions"] == ["iam", "ro"]
    assert held["home-main-research"]["spec"]["mountOptions"] == ["iam"]


def test_a_claim_waits_for_its_namespace_and_for_every_mount_target(cloud):
    cloud.up(stored())
    targets = cloud.all("MountTarget")
    for name in ("research", "serving"):
        held = cloud.one("core/v1:PersistentVolume", f"home-main-{name}")
        claim = cloud.one("PersistentVolumeClaim", f"home-main-{name}")
        assert claim.stands_on(cloud.one("core/v1:Namespace", f"main-namespace-{name}"))
        assert claim.stands_on(held)
        assert claim.replace_with == {held.urn}, "a volume waits for its claim to go, for ever"
        assert len(targets) == 3
        assert all(held.stands_on(target) for target in targets)


def test_namespaces_are_made_once_and_those_of_others_are_left_to_them(cloud):
    entries = {
        "home": system(used_by=[WRITER, {"namespace": "kube-system"}, {"namespace": "karpenter"}]),
        "models": system(used_by=[WRITER]),
    }
    pool = {"name": "k", "instance_types": ["g6.12xlarge"], "min_per_zone": 0, "provisioner": "karpenter"}
    cluster = {**CLUSTER, "pools": [*CLUSTER["pools"], pool], "addons": {"cert-manager": {"enabled": True}}}
    entries["home"]["used_by"].append({"namespace": "cert-manager"})
    cloud.up(stack(storage={"file_systems": entries}, clusters={"main": cluster}))
    made = [n.inputs["metadata"]["name"] for n in cloud.all("core/v1:Namespace")]
    assert made.count("research") == 1
    assert made.count("cert-manager") == 1, "the add-on makes its own"
    assert "kube-system" not in made
    research = cloud.one("core/v1:Namespace", "main-namespace-research")
    assert research.inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"


def test_further_volumes_are_made_on_demand_each_for_a_user_of_its_own(cloud):
    cloud.up(stored())
    made = cloud.one("StorageClass", "home-main").inputs
    assert made["metadata"] == {"name": "efs-home"}
    assert made["provisioner"] == "efs.csi.aws.com"
    assert made["parameters"]["provisioningMode"] == "efs-ap"
    assert made["parameters"]["fileSystemId"].startswith("fs-")
    assert made["parameters"]["ensureUniqueDirectory"] == "true"
    assert "uid" not in made["parameters"], "one user for all claims could read all of them"
    assert made["reclaimPolicy"] == "Retain"
    cloud.up(stored(around={"environment": "dev"}))
    assert cloud.one("StorageClass", "home-main").inputs["reclaimPolicy"] == "Delete"


@pytest.mark.parametrize(("version", "pin"), [("1.34", "v2"), ("1.35", "v3"), ("1.36", "v3")])
def test_the_driver_comes_to_the_clusters_that_use_it(cloud, version, pin):
    clusters = {"main": {**CLUSTER, "version": version}, "other": CLUSTER}
    cloud.up(stored(used_by=[{**WRITER, "cluster": "main"}], around={"clusters": clusters}))
    driver = cloud.one("eks/addon:Addon", "main-aws-efs-csi-driver")
    assert driver.inputs["addonVersion"].startswith(pin)
    (identity,) = driver.inputs["podIdentityAssociations"]
    assert identity["serviceAccount"] == "efs-csi-controller-sa"
    assert "other-aws-efs-csi-driver" not in cloud.names("eks/addon:Addon")


def test_the_copy_is_under_a_key_of_its_own_region(cloud):
    cloud.up(stored(replicate_to="us-east-1"))
    copy = cloud.one("ReplicationConfiguration", "home-copy")
    assert copy.inputs["destination"]["region"] == "us-east-1"
    assert copy.stands_on(cloud.one("efs/fileSystem:FileSystem", "home"))
    assert "platform-aws" in copy.provider, "EFS is asked where the original is"
    key = cloud.one("kms/key:Key", "storage-us-east-1-copies")
    assert key.urn in copy.property_dependencies["destination"]
    assert "storage-us-east-1-aws" in key.provider


@pytest.mark.parametrize(("changes", "stays"), [({"replicate_to": "us-east-1"}, True), ({}, False)])
def test_the_key_of_a_copy_that_stays_stays_with_it(cloud, changes, stays):
    """Also outside production: EFS keeps the copy when the replication ends, and without the key nobody can read it."""
    copied = {"buckets": {"data": {"purpose": "datasets", "replicate_to": "us-east-1"}}}
    home = {"file_systems": {"home": {"purpose": "shared", "used_by": [WRITER], **changes}}}
    cloud.up(stack(environment="dev", storage={**copied, **home}))
    assert bool(cloud.one("kms/key:Key", "storage-us-east-1-copies").retained) is stays
    assert not cloud.one("kms/key:Key", "keys-data").retained, "nothing else stays"


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        ({}, ["AFTER_30_DAYS", "AFTER_1_ACCESS"]),
        ({"infrequent_after_days": 1}, ["AFTER_1_DAY", "AFTER_1_ACCESS"]),
        ({"archive_after_days": 90}, ["AFTER_30_DAYS", "AFTER_90_DAYS", "AFTER_1_ACCESS"]),
        ({"infrequent_after_days": None}, []),
    ],
)
def test_files_that_nobody_reads_move_to_cheaper_classes_and_back_when_read(changes, moves):
    found = lifecycle_policies(settings(**changes))
    assert [when for move in found for when in move.values()] == moves
    assert all(len(move) == 1 for move in found), "EFS takes one move for each entry"
