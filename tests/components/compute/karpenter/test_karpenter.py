import json

import pytest

from tests.components.stacks import POOL, stack_with_cluster
from tests.in_process.recording_cloud import known

GPU = {
    "name": "gpu",
    "provisioner": "karpenter",
    "instance_types": ["g6.12xlarge"],
    "operating_system": "bottlerocket",
    "sharing": {"strategy": "time-slicing", "replicas": 4},
    "taints": [{"key": "gpu", "value": "true"}],
}
TRAINING = {
    "name": "training",
    "provisioner": "karpenter",
    "instance_types": ["p5.48xlarge"],
    "efa": True,
    "placement_group": True,
    "zones": ["us-west-2a"],
    "max_per_zone": 1,
    "taints": [{"key": "gpu", "value": "h100"}],
}


def cluster(*pools, **changes):
    return stack_with_cluster(pools=[POOL, *pools], **changes)


@pytest.fixture
def built(cloud):
    cloud.up_cluster(cluster(GPU, TRAINING))
    return cloud


def release(cloud, name):
    return cloud.one("Release", f"main-{name}")


def test_a_cluster_without_karpenter_pools_has_nothing_of_karpenter(cloud):
    cloud.up_cluster(cluster())
    assert cloud.all("nodeGroup:NodeGroup")
    assert not [r for r in cloud.registered.values() if "karpenter" in r.urn.lower()]


def test_the_queue_is_short_lived_encrypted_and_named_as_karpenter_is_told(built):
    queue = built.one("sqs/queue:Queue").inputs
    assert queue["name"] == release(built, "karpenter").inputs["values"]["settings"]["interruptionQueue"]
    assert queue["sqsManagedSseEnabled"]
    assert queue["messageRetentionSeconds"] == 300


def test_karpenter_hears_of_everything_that_ends_a_machine(built):
    patterns = [json.loads(rule.inputs["eventPattern"]) for rule in built.all("EventRule")]
    assert {kind for pattern in patterns for kind in pattern["detail-type"]} == {
        "AWS Health Event",
        "EC2 Spot Instance Interruption Warning",
        "EC2 Instance Rebalance Recommendation",
        "EC2 Instance State-change Notification",
        "EC2 Capacity Reservation Instance Interruption Warning",
    }
    queue = built.one("sqs/queue:Queue")
    targets = built.all("EventTarget")
    assert len(targets) == len(patterns)
    assert all(queue.urn in target.property_dependencies["arn"] for target in targets)


def test_only_rules_that_exist_may_write_to_the_queue(built):
    allow = json.loads(built.one("QueuePolicy").inputs["policy"])["Statement"][0]
    named = {arn.rsplit("/", 1)[-1] for arn in allow["Condition"]["ArnEquals"]["aws:SourceArn"]}
    assert named == {rule.inputs["name"] for rule in built.all("EventRule")}


def test_nodes_may_join_under_a_role_with_the_permissions_of_managed_ones(built):
    role = built.one("iam/role:Role", "main-karpenter-node")
    assert role.inputs["name"] == "ml-platform-prod-main-karpenter-usw2"
    entry = built.one("accessEntry:AccessEntry", "main-karpenter-node")
    assert entry.inputs["type"] == "EC2_LINUX"
    assert role.urn in entry.property_dependencies["principalArn"]

    def policies(prefix):
        attached = built.all("RolePolicyAttachment")
        return {a.inputs["policyArn"] for a in attached if a.name.startswith(prefix)}

    assert policies("main-karpenter-node-Amazon") == policies("main-node-role-Amazon") != set()


def test_the_controller_runs_where_it_cannot_end_itself(built):
    values = release(built, "karpenter").inputs["values"]
    assert values["nodeSelector"]["ml-platform/pool"] == "system"
    assert values["dnsPolicy"] == "Default", "cluster DNS may run on nodes that it has yet to start"


def test_everything_of_karpenter_is_known_at_preview(cloud):
    cloud.up_cluster(cluster(GPU), preview=True)
    (policy,) = [p for p in cloud.all("RolePolicy") if p.name == "main-karpenter-permissions"]
    assert known(policy.inputs["policy"]), "policies judge it before it is made"
    pool = cloud.one("karpenter.sh/v1:NodePool").inputs
    assert all(known(value) for value in pool["spec"].values())


def test_the_order_of_coming_and_the_reverse_of_going(built):
    """NodePools go first, while the controller is there to end their nodes; its queue and roles go last."""
    controller, crds = release(built, "karpenter"), release(built, "karpenter-crd")
    assert controller.stands_on(crds)
    assert controller.inputs["skipCrds"], "the other chart owns them"
    for needed in (
        built.one("sqs/queue:Queue"),
        built.one("QueuePolicy"),
        built.one("iam/role:Role", "main-karpenter-node"),
        built.one("accessEntry:AccessEntry", "main-karpenter-node"),
        built.one("PodIdentityAssociation", "main-karpenter-identity"),
        built.one("RolePolicy", "main-karpenter-permissions"),
    ):
        assert controller.stands_on(needed), needed.name
    classes, pools = built.all("EC2NodeClass"), built.all("karpenter.sh/v1:NodePool")
    assert len(classes) == len(pools) == 2
    for node_class in classes:
        assert node_class.stands_on(controller)
        assert node_class.stands_on(built.one("addon:Addon", "main-vpc-cni")), "nodes without it are never ready"
    for pool in pools:
        (own,) = [c for c in classes if c.name == pool.name]
        assert pool.stands_on(own)


def test_a_pool_does_not_begin_before_karpenter_knows_its_parts(built):
    (overlay,) = built.all("NodeOverlay")
    assert overlay.inputs["metadata"]["name"] == "gpu-4"
    assert built.one("karpenter.sh/v1:NodePool", "main-gpu").stands_on(overlay)


def test_what_a_node_class_finds_by_name_or_tag_is_there_before_it(built):
    spec = built.one("EC2NodeClass", "main-training").inputs["spec"]
    group, place = built.one("ec2/securityGroup:SecurityGroup"), built.one("PlacementGroup")
    assert place.inputs["name"] == spec["placementGroupSelector"]["name"]
    assert place.inputs["strategy"] == "cluster"
    tags = [term["tags"] for term in spec["securityGroupSelectorTerms"]]
    assert {"karpenter.sh/discovery": group.inputs["tags"]["karpenter.sh/discovery"]} in tags
    assert built.one("EC2NodeClass", "main-training").stands_on(group)
    assert built.one("EC2NodeClass", "main-training").stands_on(place)


def test_an_object_that_its_controller_refuses_is_no_success(built):
    kinds = ("EC2NodeClass", "NodePool", "NodeOverlay", "ClusterIssuer")
    objects = [each for kind in kinds for each in built.all(kind) if each.type.startswith("kubernetes:")]
    assert {each.type.rsplit(":", 1)[-1] for each in objects} >= {"EC2NodeClass", "NodePool", "NodeOverlay"}
    for each in objects:
        assert each.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}, each.name


def test_a_karpenter_pool_stands_in_the_zones_of_the_network_unless_it_names_some(built):
    def zones(name):
        template = built.one("karpenter.sh/v1:NodePool", name).inputs["spec"]["template"]["spec"]
        (values,) = [r["values"] for r in template["requirements"] if r["key"] == "topology.kubernetes.io/zone"]
        return values

    assert zones("main-gpu") == ["us-west-2a", "us-west-2b"]
    assert zones("main-training") == ["us-west-2a"]


def test_karpenter_pools_make_no_node_groups(built):
    assert {group.name for group in built.all("nodeGroup:NodeGroup")} == {
        "main-system-us-west-2a",
        "main-system-us-west-2b",
    }


def test_features_come_on_when_a_pool_needs_them(cloud):
    def gates(*pools):
        cloud.up_cluster(cluster(*pools))
        return release(cloud, "karpenter").inputs["values"]["settings"]["featureGates"]

    plain = {"name": "cpu", "provisioner": "karpenter", "instance_types": ["m7i.2xlarge"], "node_repair": False}
    assert gates(plain) == {"nodeOverlay": False, "nodeRepair": False, "reservedCapacity": True}
    assert gates(plain, GPU)["nodeOverlay"]
    assert gates({**plain, "node_repair": True})["nodeRepair"]


def test_pods_with_claims_are_reckoned_with_where_gpus_are_claimed(cloud):
    plain = {"name": "cpu", "provisioner": "karpenter", "instance_types": ["m7i.2xlarge"]}

    def ignored(allocation):
        cloud.up_cluster(cluster(plain, gpu_allocation=allocation))
        return release(cloud, "karpenter").inputs["values"]["settings"]["ignoreDRARequests"]

    assert ignored("device-plugin") is True
    assert ignored("dra") is False
