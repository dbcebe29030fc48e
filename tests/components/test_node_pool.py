import pytest

from components.machine_image import ami_type
from components.node_pool import NodePoolArgs
from settings.node_pool import NodePoolSettings
from tests.components.stacks import POOL, stack, stack_with_pool


def template(cloud):
    return cloud.one("launchTemplate:LaunchTemplate").inputs


def group(cloud):
    return cloud.one("nodeGroup:NodeGroup", "main-system-us-west-2a").inputs


def test_pods_cannot_take_the_credentials_of_their_node(cloud):
    cloud.up_cluster(stack())
    options = template(cloud)["metadataOptions"]
    assert options["httpTokens"] == "required", "IMDSv1 gives the node's credentials to any SSRF"
    assert options["httpPutResponseHopLimit"] == 1, "one hop more, and pods are inside"


@pytest.mark.parametrize(
    ("operating_system", "sized", "devices"),
    [("al2023", "/dev/xvda", ["/dev/xvda"]), ("bottlerocket", "/dev/xvdb", ["/dev/xvda", "/dev/xvdb"])],
)
def test_every_volume_is_encrypted_gp3_and_the_size_lands_on_the_right_one(cloud, operating_system, sized, devices):
    disk = {"size_gib": 200, "iops": 4000, "throughput_mibps": 250}
    cloud.up_cluster(stack_with_pool(operating_system=operating_system, disk=disk))
    volumes = {d["deviceName"]: d["ebs"] for d in template(cloud)["blockDeviceMappings"]}
    assert list(volumes) == devices
    for volume in volumes.values():
        assert (volume["encrypted"], volume["kmsKeyId"], volume["volumeType"]) == ("true", "ebs-key", "gp3")
    assert (volumes[sized]["volumeSize"], volumes[sized]["iops"], volumes[sized]["throughput"]) == (200, 4000, 250)


def test_what_a_pool_launches_carries_the_cost_tags(cloud):
    cloud.up_cluster(stack())
    tagged = {s["resourceType"]: s["tags"] for s in template(cloud)["tagSpecifications"]}
    assert set(tagged) == {"instance", "volume", "network-interface"}
    for tags in tagged.values():
        assert tags["cost-center"] == "ml-42", "the provider's default tags stop at the template"


def test_taints_and_labels_reach_eks_in_its_own_spelling(cloud):
    taints = [{"key": "pool", "value": "cpu", "effect": effect} for effect in ("NoSchedule", "PreferNoSchedule")]
    taints.append({"key": "drain", "effect": "NoExecute"})
    cloud.up_cluster(stack_with_pool(taints=taints, labels={"platform/workload-control": "true"}))
    assert [t["effect"] for t in group(cloud)["taints"]] == ["NO_SCHEDULE", "PREFER_NO_SCHEDULE", "NO_EXECUTE"]
    assert group(cloud)["taints"][2] == {"key": "drain", "value": "", "effect": "NO_EXECUTE"}
    assert group(cloud)["labels"] == {"ml-platform/pool": "system", "platform/workload-control": "true"}


def test_the_number_of_nodes_is_left_to_whoever_scales_them(cloud):
    cloud.up_cluster(stack_with_pool(min_per_zone=2, max_per_zone=6))
    assert group(cloud)["scalingConfig"] == {"minSize": 2, "maxSize": 6, "desiredSize": 2}
    assert all(g.ignore_changes == ("scalingConfig.desiredSize",) for g in cloud.all("nodeGroup:NodeGroup"))
    cloud.up_cluster(stack_with_pool(min_per_zone=2, max_per_zone=6, desired_per_zone=4))
    assert group(cloud)["scalingConfig"]["desiredSize"] == 4


def test_a_pool_has_no_physical_name_so_that_its_replacement_can_come_first(cloud):
    cloud.up_cluster(stack())
    assert "nodeGroupName" not in group(cloud)
    assert group(cloud)["launchTemplate"]["version"] == "1", "$Latest would show as a change for ever"


def test_nodes_wait_for_the_cni_and_keep_their_permissions_until_they_are_gone(cloud):
    cloud.up_cluster(stack())
    nodes = cloud.one("nodeGroup:NodeGroup", "main-system-us-west-2b")
    for addon in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent"):
        assert nodes.stands_on(cloud.one("addon:Addon", f"main-{addon}")), "no node gets ready without it"
    policies = cloud.all("RolePolicyAttachment")
    node_policies = [p for p in policies if p.name.startswith("main-node-role-")]
    assert len(node_policies) == 3
    assert all(nodes.stands_on(p) for p in node_policies), "a node that loses its role cannot leave the cluster"
    assert not any("EKS_CNI" in p.inputs["policyArn"] for p in node_policies), "the CNI has a role of its own"


def test_a_pool_has_a_group_of_its_own_in_each_zone(cloud):
    cloud.up_cluster(stack())
    groups = {g.name: g.inputs["subnetIds"] for g in cloud.all("nodeGroup:NodeGroup")}
    expected = {"main-system-us-west-2a": ["private-a"], "main-system-us-west-2b": ["private-b"]}
    assert groups == expected, "EKS replaces a group whose subnets change, so one more zone must be one more group"
    assert len(cloud.all("launchTemplate:LaunchTemplate")) == 1


def test_a_pool_may_stay_in_some_of_the_zones(cloud):
    cloud.up_cluster(stack_with_pool(zones=["us-west-2b"]))
    assert cloud.names("nodeGroup:NodeGroup") == {"main-system-us-west-2b"}


def test_a_zone_that_the_network_does_not_have_is_named():
    settings = NodePoolSettings.model_construct(**{**POOL, "zones": ("us-west-2z",)})
    with pytest.raises(ValueError, match=r"leave zones out to use all of them\.$"):
        NodePoolArgs(
            settings=settings,
            stage=None,
            cluster="main",
            cluster_name="c",
            cluster_security_group_id="sg-cluster",
            vpc_id="vpc",
            kubernetes_version="1.35",
            node_role_arn="role",
            subnet_ids={"us-west-2a": "subnet"},
            volume_key_arn="key",
        )


@pytest.mark.parametrize(
    ("operating_system", "types", "expected"),
    [
        ("al2023", ["m5.2xlarge", "m5.4xlarge"], "AL2023_x86_64_STANDARD"),
        ("al2023", ["m7g.xlarge"], "AL2023_ARM_64_STANDARD"),
        ("bottlerocket", ["m5.2xlarge"], "BOTTLEROCKET_x86_64"),
        ("al2023", ["p4d.24xlarge"], "AL2023_x86_64_NVIDIA"),
    ],
)
def test_the_ami_follows_the_machines(operating_system, types, expected):
    assert ami_type(operating_system, types) == expected


def test_machines_that_cannot_share_an_ami_are_refused():
    with pytest.raises(ValueError, match=r"Put them into pools of their own\.$"):
        ami_type("al2023", ["m5.2xlarge", "m7g.xlarge"])


def test_spot_pools_and_updates(cloud):
    cloud.up_cluster(stack_with_pool(capacity_type="spot", max_unavailable_percentage=10, node_repair=False))
    assert group(cloud)["capacityType"] == "SPOT"
    assert group(cloud)["updateConfig"] == {"maxUnavailablePercentage": 10}
    assert group(cloud)["nodeRepairConfig"] == {"enabled": False}
