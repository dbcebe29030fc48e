import json

import pulumi
import pytest

from components.storage.lustre import Traffic, first_names, linked, traffic
from settings.storage.lustre import LinkSettings
from tests.components.stacks import CLUSTER, POOL, stack
from tests.in_process.recording_cloud import known

WRITER = {"namespace": "research", "mode": "write"}
READER = {"namespace": "serving"}
BUCKET = {"purpose": "datasets", "used_by": [{**WRITER, "service_account": "researcher"}]}


def lustre(**values):
    fast = {"purpose": "datasets", "zone": "us-west-2b", "used_by": [WRITER, READER], **values}
    return {"storage": {"lustre": {"fast": fast}, "buckets": {"data": BUCKET}}}


def file_system(cloud):
    return cloud.one("LustreFileSystem").inputs


def test_it_stands_in_the_one_zone_that_the_stack_file_names(cloud):
    cloud.up(stack(**lustre()))
    subnet = next(s for s in cloud.all("subnet:Subnet") if s.name == "network-private-us-west-2b")
    assert cloud.one("LustreFileSystem").property_dependencies["subnetIds"] == {subnet.urn}
    assert isinstance(file_system(cloud)["subnetIds"], str), "the provider takes one subnet, and no list"


def test_what_lasts_is_under_our_key_replicated_compressed_and_logged(cloud):
    cloud.up(stack(**lustre()))
    made = file_system(cloud)
    assert made["deploymentType"] == "PERSISTENT_2"
    assert made["perUnitStorageThroughput"] == 250
    assert made["kmsKeyId"] == cloud.one("kms/key:Key", "keys-data").outputs["arn"]
    assert made["dataCompressionType"] == "LZ4"
    assert made["metadataConfiguration"] == {"mode": "AUTOMATIC"}
    assert made["logConfiguration"]["level"] == "WARN_ERROR"
    logs = cloud.one("logGroup:LogGroup", "fast").inputs
    assert logs["name"] == "/aws/fsx/ml-platform-prod/fast", "FSx writes to names that begin with /aws/fsx"
    assert logs["kmsKeyId"] == cloud.one("kms/key:Key", "keys-logs").outputs["arn"]


def test_scratch_has_the_key_of_fsx_and_nothing_of_what_lasts(cloud):
    cloud.up(stack(**lustre(deployment="scratch-2", purpose="scratch")))
    made = file_system(cloud)
    assert made["deploymentType"] == "SCRATCH_2"
    absent = {"kmsKeyId", "perUnitStorageThroughput", "metadataConfiguration", "automaticBackupRetentionDays"}
    assert not absent & set(made), "AWS refuses these for scratch"
    assert made["skipFinalBackup"], "FSx backs up no scratch, so the delete would fail"


def test_what_holds_data_is_protected_and_leaves_a_backup_in_production(cloud):
    cloud.up(stack(**lustre()))
    assert cloud.one("LustreFileSystem").protect
    assert not file_system(cloud)["skipFinalBackup"]
    cloud.up(stack(**lustre(), environment="dev", deletion_protection=False))
    assert not cloud.one("LustreFileSystem").protect
    assert file_system(cloud)["skipFinalBackup"]


def test_a_linked_file_system_asks_for_no_backup_that_aws_would_refuse(cloud):
    cloud.up(stack(**lustre(links=[{"bucket": "data", "path": "/data"}])))
    assert file_system(cloud)["skipFinalBackup"]
    assert file_system(cloud)["copyTagsToBackups"], "a change of it replaces the file system: links must not touch it"


def test_what_leaves_a_production_stack_stays_with_its_own_ports_but_nobody_reaches_it(cloud):
    cloud.up(stack(**lustre()))
    kept = {r.name for r in cloud.registered.values() if r.retained and "mlplatform:storage:Lustre" in r.urn}
    assert kept == {"fast", *(f"fast-self-{port}-{way}" for port in (988, 1018) for way in ("in", "out"))}
    cloud.up(stack(**lustre(), deletion_protection=False))
    assert not any(r.retained for r in cloud.all("LustreFileSystem")), "else a retired stack leaves it behind"


def test_its_ports_are_open_to_itself_and_to_the_clusters_that_use_it_and_to_nobody_else(cloud):
    clusters = {"main": CLUSTER, "idle": {**CLUSTER, "pools": [POOL]}}
    users = [{**WRITER, "cluster": "main"}]
    storage = {"lustre": {"fast": {"purpose": "scratch", "zone": "us-west-2b", "used_by": users}}}
    cloud.up(stack(storage=storage, clusters=clusters))
    rules = [r for kind in ("Ingress", "Egress") for r in cloud.all(f"SecurityGroup{kind}Rule") if "fast" in r.name]
    ours = {r.name.rsplit("-", 2)[0] for r in rules}
    assert ours == {"fast-self", "fast-main", "fast-main-nodes"}
    for rule in rules:
        assert (rule.inputs["fromPort"], rule.inputs["toPort"]) in {(988, 988), (1018, 1023)}
        assert rule.inputs["referencedSecurityGroupId"], "by group, since addresses of nodes come and go"
    made = cloud.one("LustreFileSystem")
    assert all(made.stands_on(rule) for rule in rules), "FSx tries its ports before it makes anything"


def test_efa_takes_all_traffic_between_the_groups_and_metadata_of_its_own(cloud):
    assert traffic(efa=True) == [Traffic("all", "-1")]
    cloud.up(stack(**lustre(efa=True, throughput_mibps_per_tib=1000, capacity_gib=4800)))
    made = file_system(cloud)
    assert made["efaEnabled"]
    assert made["metadataConfiguration"] == {"mode": "USER_PROVISIONED", "iops": 6000}
    rules = [r for r in cloud.all("SecurityGroupIngressRule") if r.name.startswith("fast-")]
    assert rules
    assert {rule.inputs["ipProtocol"] for rule in rules} == {"-1"}


def test_a_link_shows_the_bucket_in_its_folder_and_follows_what_it_is_told(cloud):
    link = {"bucket": "data", "path": "/data", "prefix": "images/", "exports": ["NEW"]}
    cloud.up(stack(**lustre(links=[link])))
    made = cloud.one("DataRepositoryAssociation").inputs
    assert made["fileSystemPath"] == "/data"
    bucket, _, prefix = made["dataRepositoryPath"].removeprefix("s3://").partition("/")
    stored = cloud.one("bucket:Bucket", "data")
    assert bucket == stored.inputs["bucket"]
    assert cloud.one("DataRepositoryAssociation").stands_on(stored), "FSx refuses a bucket that is not there yet"
    assert prefix == "images/"
    assert made["s3"] == {
        "autoImportPolicy": {"events": ["NEW", "CHANGED", "DELETED"]},
        "autoExportPolicy": {"events": ["NEW"]},
    }
    assert not made["deleteDataInFilesystem"], "a link that goes must not take the files along"
    assert cloud.one("DataRepositoryAssociation").delete_before_replace, "a folder shows one bucket at a time"


def test_a_link_whose_folder_is_renamed_is_the_link_it_was():
    """FSx refuses a second link of a bucket, so the old one has to go first."""
    data, images = LinkSettings(bucket="data", path="/data"), LinkSettings(bucket="data", path="/images", prefix="i/")
    live = linked("fast", [data, images]) | linked("faster", [data])
    assert first_names("fast", [data, images], live) == {}
    renamed = LinkSettings(bucket="data", path="/set")
    assert first_names("fast", [renamed, images], live) == {"fast/set": "fast/data"}
    exchanged = [LinkSettings(bucket="data", path="/images"), LinkSettings(bucket="data", path="/data", prefix="i/")]
    with pytest.raises(pulumi.RunError, match=r"^storage\.lustre\.fast\.links: .* take both links out, run `up`, and "):
        first_names("fast", exchanged, live)


@pytest.mark.parametrize("links", [[], [{"bucket": "data", "path": "/data"}]])
def test_only_with_links_may_fsx_use_the_data_key(cloud, links):
    cloud.up(stack(**lustre(links=links)))
    statements = json.loads(cloud.one("key:Key", "keys-data").inputs["policy"])["Statement"]
    assert ("FsxLinksUseKey" in {statement["Sid"] for statement in statements}) == bool(links)


def test_each_namespace_finds_a_claim_bound_to_a_volume_that_outlives_it(cloud):
    cloud.up(stack(**lustre(capacity_gib=4800)))
    volumes = {v.inputs["metadata"]["name"]: v.inputs["spec"] for v in cloud.all("PersistentVolume")}
    assert set(volumes) == {"lustre-fast-research", "lustre-fast-serving"}
    made = cloud.one("LustreFileSystem").outputs
    for name, spec in volumes.items():
        assert spec["persistentVolumeReclaimPolicy"] == "Retain"
        assert spec["capacity"] == {"storage": "4800Gi"}
        assert spec["accessModes"] == ["ReadWriteMany"], "the driver takes no other"
        assert spec["csi"]["volumeAttributes"] == {"dnsname": made["dnsName"], "mountname": made["mountName"]}
        assert spec["csi"].get("readOnly", False) == (name == "lustre-fast-serving")
    for claim in cloud.all("PersistentVolumeClaim"):
        assert claim.replace_with == {cloud.one("PersistentVolume", claim.name).urn}, "no volume goes before its claim"
        namespace = claim.inputs["metadata"]["namespace"]
        assert claim.inputs["spec"]["volumeName"] == f"lustre-fast-{namespace}"
        assert claim.inputs["spec"]["storageClassName"] == "", "else the default class makes a volume"
        assert claim.stands_on(cloud.one("Namespace", f"main-namespace-{namespace}"))


def test_growing_it_changes_no_claim(cloud):
    def claims(**values):
        cloud.up(stack(**lustre(**values)))
        return {claim.name: claim.inputs_as_text() for claim in cloud.all("PersistentVolumeClaim")}

    assert claims(capacity_gib=1200) == claims(capacity_gib=4800), "Kubernetes refuses to let such a claim grow"


def test_the_driver_comes_to_the_cluster_that_uses_it_and_may_change_nothing_in_aws(cloud):
    cloud.up(stack(**lustre()))
    driver = cloud.one("eks/addon:Addon", "main-aws-fsx-csi-driver").inputs
    assert driver["addonVersion"] == "v1.9.0-eksbuild.1"
    (identity,) = driver["podIdentityAssociations"]
    assert identity["serviceAccount"] == "fsx-csi-controller-sa", "with an identity EKS tells the pods their region"
    policy = json.loads(cloud.one("rolePolicy:RolePolicy", "main-aws-fsx-csi-driver-file-systems").inputs["policy"])
    assert [statement["Action"] for statement in policy["Statement"]] == [["fsx:DescribeFileSystems"]]
    cloud.up(stack())
    assert "main-aws-fsx-csi-driver" not in cloud.names("eks/addon:Addon")


def test_at_preview_everything_but_ids_is_known(cloud):
    cloud.up(stack(**lustre(links=[{"bucket": "data", "path": "/data"}])), preview=True)
    made = file_system(cloud)
    for name in ("storageCapacity", "deploymentType", "tags", "dataCompressionType", "logConfiguration"):
        assert known(made[name]), name
    assert known(cloud.one("DataRepositoryAssociation").inputs["dataRepositoryPath"])


def test_an_imported_file_system_is_not_replaced_for_groups_that_fsx_does_not_tell(cloud):
    cloud.up(stack(**lustre()))
    assert cloud.one("LustreFileSystem").ignore_changes == ("securityGroupIds",)
