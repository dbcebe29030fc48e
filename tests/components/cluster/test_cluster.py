import json
from dataclasses import replace

import pytest

from components.cluster.managed_addons import SPECS, check_specs, version
from components.core import iam
from settings.cluster.addons import ManagedAddonSettings
from settings.cluster.landing import landing_pool
from settings.compute.node_pool import NodePoolSettings
from tests.components.stacks import POOL, stack, stack_with_cluster
from tests.in_process.recording_cloud import known


def control_plane(cloud):
    return cloud.one("eks:index:Cluster").inputs


def test_the_control_plane_is_private_encrypted_logged_and_kept(cloud):
    cloud.up(stack())
    inputs = control_plane(cloud)
    assert inputs["endpointPrivateAccess"]
    assert inputs["endpointPublicAccess"] is False
    assert "publicAccessCidrs" not in inputs, "pulumi-eks refuses ranges for an endpoint that is off"
    assert inputs["encryptionConfigKeyArn"] == cloud.one("kms/key:Key", "keys-eks").outputs["arn"]
    assert set(inputs["enabledClusterLogTypes"]) == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    assert inputs["authenticationMode"] == "API"
    assert inputs["deletionProtection"]
    assert cloud.one("eks:index:Cluster").protect


def test_the_control_plane_stands_in_intra_subnets(cloud):
    cloud.up(stack())
    intra = {s.name: s for s in cloud.all("ec2/subnet:Subnet") if "-intra-" in s.name}
    assert len(intra) == 3
    chosen = [name for name, subnet in intra.items() if cloud.one("eks:index:Cluster").stands_on(subnet)]
    assert chosen == ["network-intra-us-west-2a", "network-intra-us-west-2b"], "a third zone may then come and go"


def test_a_public_endpoint_is_open_to_named_ranges(cloud):
    cloud.up_cluster(stack_with_cluster(endpoint={"public": True, "public_cidrs": ["203.0.113.0/24"]}))
    assert control_plane(cloud)["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_the_log_group_is_there_before_the_cluster_and_goes_after_it(cloud):
    cloud.up_cluster(stack())
    group = cloud.one("LogGroup")
    assert group.inputs["name"] == "/aws/eks/ml-platform-prod-main/cluster"
    assert group.inputs["retentionInDays"] == 365
    assert group.inputs["kmsKeyId"] == cloud.ground.key_arns["logs"]
    assert group.protect
    assert group.urn in cloud.one("eks:index:Cluster").property_dependencies["name"], "else EKS makes one of its own"


def test_a_new_vpc_means_a_new_control_plane_and_first_the_end_of_the_old_one(cloud):
    cloud.up(stack())
    vpc = cloud.one("ec2/vpc:Vpc")
    (replaced,) = [r for r in cloud.custom() if vpc.urn in r.replace_with]
    assert replaced == cloud.one("eks/cluster:Cluster"), "EKS takes no subnets of another VPC"
    assert replaced.delete_before_replace, "its name is taken until then"


def test_pulumi_eks_makes_nothing_that_we_make_ourselves(cloud):
    cloud.up_cluster(stack())
    inputs = control_plane(cloud)
    assert inputs["skipDefaultNodeGroup"]
    assert inputs["skipDefaultSecurityGroups"], "its groups open everything to the outside"
    assert inputs["bootstrapSelfManagedAddons"] is False
    assert inputs["useDefaultVpcCni"], "the CNI is an add-on of ours"
    assert inputs["kubeProxyAddonOptions"]["enabled"] is False
    assert inputs["corednsAddonOptions"]["enabled"] is False


def test_names_are_known_at_preview_and_still_carry_the_dependency(cloud):
    cloud.up(stack(), preview=True)
    assert control_plane(cloud)["name"] == "ml-platform-prod-main"
    on_cluster = [r for r in cloud.custom() if "clusterName" in r.inputs]
    assert len(on_cluster) >= 7
    for resource in on_cluster:
        assert resource.inputs["clusterName"] == "ml-platform-prod-main", "policies read it at preview"
        assert resource.property_dependencies["clusterName"], "replacing the cluster has to replace what is on it"
    assert not known(cloud.one("ec2/subnet:Subnet", "network-intra-us-west-2a").inputs["vpcId"]), "preview is a preview"


@pytest.mark.parametrize(
    ("namespaces", "scope"),
    [([], {"type": "cluster"}), (["team-a"], {"type": "namespace", "namespaces": ["team-a"]})],
)
def test_access_entries(cloud, namespaces, scope):
    principal = "arn:aws:iam::123456789012:role/admins"
    entry = {"principal_arn": principal, "policy": "admin", "namespaces": namespaces, "groups": ["platform:admins"]}
    cloud.up_cluster(stack_with_cluster(access={"admins": entry}))
    assert cloud.one("accessEntry:AccessEntry").inputs["kubernetesGroups"] == ["platform:admins"]
    association = cloud.one("AccessPolicyAssociation").inputs
    assert association["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminPolicy"
    assert association["accessScope"] == scope
    assert association["principalArn"] == principal


def test_an_access_entry_can_be_taken_away_even_in_production(cloud):
    entry = {"principal_arn": "arn:aws:iam::123456789012:role/leaver"}
    cloud.up_cluster(stack_with_cluster(access={"leaver": entry}))
    assert not cloud.one("accessEntry:AccessEntry").protect, "whoever leaves must lose access at the next run"


def test_the_cni_hands_out_prefixes_and_enforces_network_policy_under_a_role_of_its_own(cloud):
    cloud.up_cluster(stack())
    addon = cloud.one("addon:Addon", "main-vpc-cni").inputs
    values = json.loads(addon["configurationValues"])
    assert values["enableNetworkPolicy"] == "true"
    assert values["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    (identity,) = addon["podIdentityAssociations"]
    assert identity["serviceAccount"] == "aws-node"
    assert identity["roleArn"] == cloud.one("iam/role:Role", "main-vpc-cni").outputs["arn"]


@pytest.mark.parametrize("observability", [None, {}])
def test_the_ebs_driver_serves_metrics_whether_or_not_they_are_read(cloud, observability):
    cloud.up_cluster(stack(observability=observability))
    addon = cloud.one("addon:Addon", "main-aws-ebs-csi-driver")
    values = json.loads(addon.inputs["configurationValues"])["controller"]
    assert values["enableMetrics"] is True, "observability that is switched on would start the driver again"


def test_the_csi_driver_may_use_the_volume_key_and_tags_what_it_makes(cloud):
    cloud.up_cluster(stack())
    addon = cloud.one("addon:Addon", "main-aws-ebs-csi-driver")
    assert json.loads(addon.inputs["configurationValues"])["controller"]["extraVolumeTags"]["cost-center"] == "ml-42"
    policy = cloud.one("RolePolicy")
    statements = json.loads(policy.inputs["policy"])["Statement"]
    aliases = [s["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"] for s in statements]
    assert aliases == ["alias/ml-platform-prod-ebs"] * 2
    assert addon.stands_on(policy), "its pods start at once, and fail while their role can do nothing"


@pytest.mark.parametrize(
    ("changes", "policy"),
    [
        ({}, "AmazonEBSCSIDriverEKSClusterScopedPolicy"),
        ({"storage_classes": {"volume_scope": "account"}}, "AmazonEBSCSIDriverPolicyV2"),
        ({"version": "1.34"}, "AmazonEBSCSIDriverPolicyV2"),
        ({"managed_addons": {"aws-ebs-csi-driver": {"version": "v1.57.0-eksbuild.1"}}}, "AmazonEBSCSIDriverPolicyV2"),
    ],
)
def test_the_csi_driver_manages_the_volumes_of_its_cluster_alone_where_it_can_tell_them(cloud, changes, policy):
    cloud.up_cluster(stack_with_cluster(**changes))
    attached = [r.inputs["policyArn"] for r in cloud.all("RolePolicyAttachment") if "aws-ebs-csi-driver" in r.name]
    assert attached == [f"arn:aws:iam::aws:policy/{policy}"]


def test_every_managed_addon_is_pinned(cloud):
    cloud.up_cluster(stack())
    addons = cloud.all("addon:Addon")
    assert {a.inputs["addonName"] for a in addons} == {
        "vpc-cni",
        "kube-proxy",
        "eks-pod-identity-agent",
        "coredns",
        "aws-ebs-csi-driver",
        "metrics-server",
        "snapshot-controller",
    }
    assert all(a.inputs["addonVersion"].startswith("v") for a in addons)
    for way in ("resolveConflictsOnCreate", "resolveConflictsOnUpdate"):
        assert {a.inputs[way] for a in addons} == {"OVERWRITE"}, "an update stops at a field that somebody changed"


def test_the_stack_file_chooses_versions_configures_and_adds(cloud):
    chosen = {
        "coredns": {"version": "v9.9.9-eksbuild.1", "configuration": {"replicaCount": 3}},
        "vpc-cni": {"configuration": {"env": {"WARM_PREFIX_TARGET": "2"}}},
        "eks-node-monitoring-agent": {},
    }
    cloud.up_cluster(stack_with_cluster(managed_addons=chosen))
    coredns = cloud.one("addon:Addon", "main-coredns").inputs
    assert coredns["addonVersion"] == "v9.9.9-eksbuild.1"
    assert json.loads(coredns["configurationValues"]) == {"replicaCount": 3}
    environment = json.loads(cloud.one("addon:Addon", "main-vpc-cni").inputs["configurationValues"])["env"]
    assert environment == {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "2"}, "ours stays underneath"
    assert cloud.one("addon:Addon", "main-eks-node-monitoring-agent")


def test_statements_of_an_eks_add_on_without_a_managed_policy_become_its_role(cloud, monkeypatch):
    statement = iam.allow("MountData", ["s3:GetObject"], ["arn:aws:s3:::data/*"])
    specs = {
        **SPECS,
        "aws-mountpoint-s3-csi-driver": replace(SPECS["coredns"], statements=lambda _: {"s3": [statement]}),
    }
    monkeypatch.setattr("components.cluster.managed_addons.SPECS", specs)
    cloud.up_cluster(stack_with_cluster(managed_addons={"aws-mountpoint-s3-csi-driver": {}}))
    policy = cloud.one("RolePolicy", "main-aws-mountpoint-s3-csi-driver-s3")
    assert json.loads(policy.inputs["policy"])["Statement"] == [statement]
    (association,) = cloud.one("eks/addon:Addon", "main-aws-mountpoint-s3-csi-driver").inputs["podIdentityAssociations"]
    assert association["serviceAccount"] == "s3-csi-driver-sa"


def test_statements_that_no_pod_would_get_are_refused():
    with pytest.raises(
        ValueError, match=r"has no service_account in catalog/eks_addons\.py\. .*drop the statements\.$"
    ):
        check_specs({**SPECS, "coredns": replace(SPECS["coredns"], statements=lambda _: {})})
    with pytest.raises(ValueError, match=r"^SPECS has no row for coredns of catalog/eks_addons\.py\. Add one\.$"):
        check_specs({name: spec for name, spec in SPECS.items() if name != "coredns"})


def test_an_add_on_that_nobody_pinned_is_refused():
    with pytest.raises(ValueError, match=r"Give managed_addons\.snapshot-controller\.version\.$"):
        version("snapshot-controller", "1.33", ManagedAddonSettings())


def test_addons_that_need_nodes_wait_for_a_pool_and_no_longer(cloud):
    pools = [{**POOL, "name": "gpu", "taints": [{"key": "gpu"}]}, POOL]
    cloud.up_cluster(stack_with_cluster(pools=pools))
    system = cloud.one("nodeGroup:NodeGroup", "main-system-us-west-2a")
    tainted = cloud.one("nodeGroup:NodeGroup", "main-gpu-us-west-2a")
    for addon in ("coredns", "aws-ebs-csi-driver", "metrics-server"):
        assert cloud.one("addon:Addon", f"main-{addon}").stands_on(system), "EKS waits for pods that have no node"
        assert not cloud.one("addon:Addon", f"main-{addon}").stands_on(tainted), "nothing of them runs there"
    for addon in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent"):
        assert not cloud.one("addon:Addon", f"main-{addon}").stands_on(system)


def test_the_landing_pool_is_the_first_that_takes_pods_at_once():
    def pool(name, **more):
        return NodePoolSettings(**{**POOL, "name": name, **more})

    tainted = pool("a", taints=[{"key": "gpu"}])
    empty = pool("b", min_per_zone=0)
    full = pool("c")
    reluctant = pool("d", taints=[{"key": "batch", "effect": "PreferNoSchedule"}])
    assert landing_pool([tainted, empty, full]) is full
    assert landing_pool([tainted, reluctant]) is reluctant
    assert landing_pool([tainted, empty]) is tainted, "somebody has to be first"
    begins_with_one = {"min_per_zone": 0, "desired_per_zone": 1}
    assert landing_pool([pool("g", **begins_with_one, scaling="auto"), full]) is full, "its last node may end"
    assert landing_pool([kept := pool("h", **begins_with_one), full]) is kept, "POOL is fixed"
    resting = pool("f", off_peak={"begins": "20:00", "hours": 10})
    assert landing_pool([resting, full]) is full, "DNS has to be there at night too"
    of_karpenter = pool("e", provisioner="karpenter", min_per_zone=0, scaling="auto")
    assert landing_pool([of_karpenter, full]) is full
    assert landing_pool([of_karpenter, tainted]) is tainted, "Karpenter would have to be there before itself"


def test_nodes_with_accelerators_are_watched_for_their_faults(cloud):
    gpus = {"name": "gpu", "instance_types": ["g6.12xlarge"], "taints": [{"key": "gpu"}]}
    cloud.up_cluster(stack_with_cluster(pools=[POOL, gpus]))
    assert cloud.one("addon:Addon", "main-eks-node-monitoring-agent")
    cloud.up_cluster(stack_with_cluster(pools=[POOL]))
    assert "main-eks-node-monitoring-agent" not in cloud.names("addon:Addon")


def test_pools_bring_the_add_ons_that_they_cannot_do_without(cloud):
    gpus = {"name": "gpu", "instance_types": ["g6.12xlarge"], "taints": [{"key": "gpu"}]}
    cloud.up_cluster(stack_with_cluster(pools=[POOL, gpus]))
    assert cloud.names("Release") == {"main-cert-manager", "main-cluster-autoscaler", "main-gpu-operator"}
