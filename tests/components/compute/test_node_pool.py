from base64 import b64decode
from collections import Counter
from datetime import datetime
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.compute.machine_image import ami_type, karpenter_alias, release_parameter
from components.compute.node_pool import NodePool, NodePoolArgs
from settings.compute.node_pool import NodePoolSettings
from tests.components.stacks import POOL, stack, stack_with_cluster, stack_with_pool, stage


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
        assert (volume["encrypted"], volume["kmsKeyId"], volume["volumeType"]) == (
            "true",
            cloud.ground.key_arns["ebs"],
            "gp3",
        )
    assert (volumes[sized]["volumeSize"], volumes[sized]["iops"], volumes[sized]["throughput"]) == (200, 4000, 250)


def test_what_a_pool_launches_carries_the_cost_tags(cloud):
    cloud.up_cluster(stack())
    tagged = {s["resourceType"]: s["tags"] for s in template(cloud)["tagSpecifications"]}
    assert set(tagged) == {"instance", "volume", "network-interface"}
    for tags in tagged.values():
        assert tags["cost-center"] == "ml-42", "the provider's default tags stop at the template"


def test_a_cost_tag_that_changes_makes_no_new_version_of_the_template(cloud):
    cloud.up_cluster(stack(tags={"team": "vision"}))
    (launched,) = cloud.all("launchTemplate:LaunchTemplate")
    assert launched.ignore_changes == ("tagSpecifications",), "a new version would start every node of the pool again"
    tags = {tag.name: tag.inputs["tag"] for tag in cloud.all("autoscaling/tag:Tag")}
    keys = ("team", "owner", "cost-center")
    assert set(tags) == {f"main-system-us-west-2{zone}-tag-{key}" for zone in "ab" for key in keys}
    assert tags["main-system-us-west-2a-tag-team"] == {"key": "team", "value": "vision", "propagateAtLaunch": True}


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
    subnet_ids = cloud.ground.private_subnet_ids
    expected = {f"main-system-{zone}": [subnet_ids[zone]] for zone in ("us-west-2a", "us-west-2b")}
    assert groups == expected, "EKS replaces a group whose subnets change, so one more zone must be one more group"
    assert len(cloud.all("launchTemplate:LaunchTemplate")) == 1


def test_nodes_with_efa_are_in_the_subnets_of_pods(cloud):
    cloud.up_cluster(stack_with_pool(instance_types=["p5.48xlarge"], efa=True, zones=["us-west-2b"]))
    group = cloud.one("nodeGroup:NodeGroup", "main-system-us-west-2b").inputs
    assert group["subnetIds"] == [cloud.ground.pod_subnet_ids["us-west-2b"]], "no other interface is left for pods"


def test_a_pool_may_stay_in_some_of_the_zones(cloud):
    cloud.up_cluster(stack_with_pool(zones=["us-west-2b"]))
    assert cloud.names("nodeGroup:NodeGroup") == {"main-system-us-west-2b"}


def test_a_zone_that_the_network_does_not_have_is_named():
    elsewhere: dict[str, Any] = {**POOL, "zones": ("us-west-2z",)}
    settings = NodePoolSettings.model_construct(None, **elsewhere)
    with pytest.raises(ValueError, match=r"leave zones out to use all of them\.$"):
        NodePoolArgs(
            settings=settings,
            stage=stage(),
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
        ("al2023", ["p6e-gb200.36xlarge"], "AL2023_ARM_64_NVIDIA"),
        ("al2023", ["inf2.xlarge", "inf2.8xlarge"], "AL2023_x86_64_NEURON"),
        ("bottlerocket", ["g6.xlarge"], "BOTTLEROCKET_x86_64_NVIDIA"),
    ],
)
def test_the_ami_follows_the_machines(operating_system, types, expected):
    assert ami_type(operating_system, types) == expected


def test_machines_that_cannot_share_an_ami_are_refused():
    with pytest.raises(ValueError, match=r"Put them into separate pools\.$"):
        ami_type("al2023", ["m5.2xlarge", "m7g.xlarge"])


def test_an_image_that_there_is_not_is_refused_with_one_that_there_is():
    with pytest.raises(ValueError, match=r"Take operating_system: al2023, or other instance types\.$"):
        ami_type("bottlerocket", ["inf2.xlarge"])


def test_spot_pools_and_updates(cloud):
    cloud.up_cluster(stack_with_pool(capacity_type="spot", max_unavailable_percentage=10, node_repair=False))
    assert group(cloud)["capacityType"] == "SPOT"
    assert group(cloud)["updateConfig"] == {"maxUnavailablePercentage": 10}
    assert group(cloud)["nodeRepairConfig"] == {"enabled": False}


GPU = {"name": "gpu", "instance_types": ["g6.12xlarge"], "min_per_zone": 0, "max_per_zone": 2}
TRAINING = {"instance_types": ["p5.48xlarge"], "zones": ["us-west-2a"], "efa": True}
STARTS, ENDS = "2027-01-11T11:30:00Z", "2027-01-18T11:30:00Z"
RESERVATION = {"id": "cr-0123456789abcdef0", "zone": "us-west-2a"}
BLOCK = {**RESERVATION, "kind": "capacity-block", "starts": STARTS, "ends": ENDS}


def up_gpu(cloud, **changes):
    cloud.up_cluster(stack_with_cluster(pools=[POOL, {**GPU, **changes}]))


def gpu_template(cloud):
    return cloud.one("launchTemplate:LaunchTemplate", "main-gpu").inputs


def scaling_group(cloud):
    (made,) = cloud.one("nodeGroup:NodeGroup", "main-gpu-us-west-2a").outputs["resources"]
    return made["autoscalingGroups"][0]["name"]


def gpu_group(cloud):
    return cloud.one("nodeGroup:NodeGroup", "main-gpu-us-west-2a").inputs


def args(ground, now, **changes):
    settings = NodePoolSettings.model_validate({**GPU, "instance_types": ["p5.48xlarge"], **changes})
    return NodePoolArgs(
        settings=settings,
        stage=stage(),
        cluster="main",
        cluster_name=ground.cluster_name,
        cluster_security_group_id=ground.security_group_id,
        vpc_id=ground.vpc_id,
        kubernetes_version="1.35",
        node_role_arn=ground.node_role_arn,
        subnet_ids=ground.private_subnet_ids,
        volume_key_arn=ground.key_arns["ebs"],
        now=datetime.fromisoformat(now),
    )


def up_block(cloud, now):
    cloud.up_part(lambda ground: NodePool("main-gpu", args(ground, now, capacity_type="reserved", reservation=BLOCK)))


def test_nodes_are_told_at_boot_what_their_pool_asks_for(cloud):
    up_gpu(cloud, local_nvme="raid0")
    assert "RAID0" in b64decode(gpu_template(cloud)["userData"]).decode()
    up_gpu(cloud)
    assert "RAID0" not in b64decode(gpu_template(cloud)["userData"]).decode()


@pytest.mark.parametrize(("instance_type", "cards"), [("p5.48xlarge", 32), ("p4d.24xlarge", 4)])
def test_a_node_has_every_efa_of_its_type_and_both_security_groups_on_each(cloud, instance_type, cards):
    up_gpu(cloud, **{**TRAINING, "instance_types": [instance_type]})
    interfaces = gpu_template(cloud)["networkInterfaces"]
    kinds = Counter(i["interfaceType"] for i in interfaces)
    assert kinds == {"interface": 1, "efa-only": cards}
    first = interfaces[0]
    assert (first["networkCardIndex"], first["deviceIndex"], first["interfaceType"]) == (0, 0, "interface")
    assert len({(i["networkCardIndex"], i["deviceIndex"]) for i in interfaces}) == cards + 1
    groups = [
        cloud.one("eks:index:Cluster").outputs["clusterSecurityGroupId"],
        cloud.one("securityGroup:SecurityGroup").id,
    ]
    for interface in interfaces:
        assert interface["securityGroups"] == groups, "without that of the cluster a node never joins"
        assert interface["deleteOnTermination"] == "true", "they would be left behind, and fill the subnet"


def test_the_security_group_of_efa_is_open_to_itself_and_to_nobody_else(cloud):
    up_gpu(cloud, **TRAINING)
    group = cloud.one("securityGroup:SecurityGroup")
    assert not {"ingress", "egress"} & set(group.inputs)
    rules = [*cloud.all("SecurityGroupIngressRule"), *cloud.all("SecurityGroupEgressRule")]
    assert len(rules) == 2, "EFA's traffic needs both ways"
    for rule in rules:
        assert rule.inputs["ipProtocol"] == "-1"
        assert rule.inputs["securityGroupId"] == rule.inputs["referencedSecurityGroupId"] == group.id
        assert "cidrIpv4" not in rule.inputs


def test_nodes_of_a_placement_group_stand_in_one_of_their_own(cloud):
    up_gpu(cloud, **TRAINING, placement_group=True)
    placement = cloud.one("placementGroup:PlacementGroup")
    assert placement.inputs["strategy"] == "cluster"
    assert gpu_template(cloud)["placement"] == {"groupName": "ml-platform-prod-main-gpu"}
    assert placement.inputs["name"] == "ml-platform-prod-main-gpu"
    up_gpu(cloud, **TRAINING)
    assert "placement" not in gpu_template(cloud)
    assert not cloud.all("placementGroup:PlacementGroup")


def test_a_reservation_is_named_in_the_template_and_the_pool_stands_in_its_zone(cloud):
    up_gpu(cloud, instance_types=["p5.48xlarge"], capacity_type="reserved", reservation=RESERVATION)
    target = {"capacityReservationTarget": {"capacityReservationId": RESERVATION["id"]}}
    assert gpu_template(cloud)["capacityReservationSpecification"] == target
    assert cloud.names("nodeGroup:NodeGroup") & {"main-gpu-us-west-2a", "main-gpu-us-west-2b"} == {
        "main-gpu-us-west-2a"
    }
    assert gpu_group(cloud)["capacityType"] == "ON_DEMAND"
    assert gpu_group(cloud)["updateConfig"]["updateStrategy"] == "MINIMAL", "a full reservation has no node to spare"
    assert "instanceMarketOptions" not in gpu_template(cloud)


def test_a_capacity_block_is_waited_for_with_no_nodes(cloud):
    up_block(cloud, "2027-01-01T00:00:00Z")
    assert gpu_template(cloud)["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert gpu_template(cloud)["instanceType"] == "p5.48xlarge"
    assert gpu_group(cloud)["capacityType"] == "CAPACITY_BLOCK"
    assert "instanceTypes" not in gpu_group(cloud), "EKS refuses it beside that of the template"
    assert gpu_group(cloud)["scalingConfig"] == {"minSize": 0, "maxSize": 2, "desiredSize": 0}
    start = cloud.one("schedule:Schedule").inputs
    assert (start["startTime"], start["desiredCapacity"], start["minSize"]) == (STARTS, 2, 0)
    assert start["autoscalingGroupName"] == scaling_group(cloud)


def test_a_capacity_block_that_has_begun_is_used_at_once(cloud):
    up_block(cloud, "2027-01-12T00:00:00Z")
    assert gpu_group(cloud)["scalingConfig"]["desiredSize"] == 2
    assert not cloud.all("schedule:Schedule"), "Auto Scaling refuses an action in the past"


@pytest.mark.parametrize(("scaling", "off", "on"), [("auto", (0, 0, 0), (1, -1, 3)), ("fixed", (0, 0, 3), (1, 2, 3))])
def test_a_group_goes_to_zero_when_nobody_needs_it_and_comes_back(cloud, scaling, off, on):
    hours = {"begins": "20:00", "hours": 10}
    up_gpu(cloud, min_per_zone=1, desired_per_zone=2, max_per_zone=3, scaling=scaling, off_peak=hours)
    held = off, on
    found = {s.name: s.inputs for s in cloud.all("schedule:Schedule")}
    assert len(found) == 4, "two for the group in each zone"
    off, on = found["main-gpu-us-west-2a-off-20-00"], found["main-gpu-us-west-2a-on-06-00"]
    sizes = tuple((each["minSize"], each["desiredCapacity"], each["maxSize"]) for each in (off, on))
    assert sizes == held, "the autoscaler would bring it up at night, and the morning would end what it keeps"
    assert off["recurrence"] == "0 20 * * 1,2,3,4,5"
    assert off["timeZone"] == on["timeZone"] == "Etc/UTC"
    assert off["autoscalingGroupName"] == scaling_group(cloud)


def test_a_pool_that_is_meant_to_run_at_night_says_so_where_policies_look(cloud):
    up_gpu(cloud, always_on=True, scaling="fixed")
    assert gpu_group(cloud)["tags"] == {"always-on": "true"}
    up_gpu(cloud, scaling="fixed")
    assert "tags" not in gpu_group(cloud)


def test_a_plain_pool_is_what_it_was_before_there_were_gpus(cloud):
    cloud.up_cluster(stack())
    for absent in ("userData", "networkInterfaces", "placement", "capacityReservationSpecification", "instanceType"):
        assert absent not in template(cloud), "each new version of a template replaces the nodes"
    assert not cloud.all("schedule:Schedule")


def pool(**settings: Any) -> NodePoolSettings:
    return NodePoolSettings.model_validate({**POOL, **settings})


@pytest.mark.parametrize(
    ("types", "strategy"), [(["p5.48xlarge"], "MINIMAL"), (["trn1.32xlarge"], "MINIMAL"), (["m7i.large"], None)]
)
def test_an_accelerated_pool_ends_a_node_before_its_successor_starts(cloud, types, strategy):
    cloud.up_cluster(stack_with_pool(instance_types=types))
    assert group(cloud)["updateConfig"].get("updateStrategy") == strategy


@pytest.mark.parametrize(
    ("settings", "parameter"),
    [
        (
            {"instance_types": ["m7g.large"], "image_release": "20261012"},
            (
                "eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard/"
                "amazon-eks-node-al2023-arm64-standard-1.35-v20261012/release_version"
            ),
        ),
        (
            {"instance_types": ["g6.xlarge"], "image_release": "20261012"},
            (
                "eks/optimized-ami/1.35/amazon-linux-2023/x86_64/nvidia/"
                "amazon-eks-node-al2023-x86_64-nvidia-1.35-v20261012/release_version"
            ),
        ),
        (
            {"instance_types": ["g6.xlarge"], "operating_system": "bottlerocket", "image_release": "1.67.0"},
            "bottlerocket/aws-k8s-1.35-nvidia/x86_64/1.67.0/image_version",
        ),
    ],
)
def test_the_release_of_a_pool_is_read_from_its_public_parameter(settings, parameter):
    assert release_parameter(pool(**settings), "1.35") == f"/aws/service/{parameter}"


def test_a_managed_pool_has_the_release_of_the_stack_file(cloud):
    cloud.up_cluster(stack_with_pool(image_release="20261012"))
    assert group(cloud)["releaseVersion"] == "1.35.0-20261012"


@pytest.mark.parametrize("provisioner", ["managed", "karpenter"])
def test_a_release_that_aws_does_not_have_is_told_with_the_pool(cloud, monkeypatch, provisioner):
    def missing(**asked: Any) -> None:
        raise LookupError("couldn't find resource")

    monkeypatch.setattr(aws.ssm, "get_parameter", missing)
    more = {"name": "more", "instance_types": ["m5.2xlarge"], "provisioner": provisioner, "image_release": "20261013"}
    settings = stack_with_cluster(pools=[POOL, more])
    with pytest.raises(pulumi.RunError, match=r"image_release 20261013 of more .*amazon-eks-ami/releases \(couldn't"):
        cloud.up_cluster(settings)


def test_a_karpenter_pool_has_the_release_of_the_stack_file_or_of_the_platform():
    assert karpenter_alias(pool(image_release="20261112")) == "al2023@v20261112"
    assert karpenter_alias(pool(operating_system="bottlerocket", image_release="1.70.1")) == "bottlerocket@v1.70.1"
    assert karpenter_alias(pool()).startswith("al2023@v20")


@pytest.mark.parametrize(
    ("system", "release"), [("al2023", "1.67.0"), ("al2023", "v20261012"), ("bottlerocket", "20261012")]
)
def test_a_release_has_the_form_of_its_operating_system(system, release):
    with pytest.raises(ValueError, match=f"{release} is no release of {system}. Write for example image_release: "):
        pool(operating_system=system, image_release=release)


def test_only_reserved_capacity_is_given_back_first(cloud):
    cloud.up_cluster(stack_with_pool())
    assert not cloud.one("nodeGroup:NodeGroup", "main-system-us-west-2a").delete_before_replace
    reserved = {"id": "cr-0123456789abcdef0", "zone": "us-west-2a"}
    of_one_type = {"instance_types": ["m5.2xlarge"], "capacity_type": "reserved", "reservation": reserved}
    assert pool(**of_one_type).replacement == "delete-first"
    with pytest.raises(ValueError, match="Karpenter replaces nodes one by one"):
        pool(provisioner="karpenter", min_per_zone=0, replacement="delete-first")
