"""Node groups with accelerators: launch templates, interfaces, reservations, user data, quotas, capacity."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES
from simulator.cloud import Cloud
from simulator.provider import InitializationFailure, Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Resource

GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
PLACEMENT = "aws:ec2/placementGroup:PlacementGroup"
NVIDIA = "AL2023_x86_64_NVIDIA"
BOUGHT_BEFORE = "cr-0123456789abcdef0"
NODE_CONFIG = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec: {instance: {localStorage: {strategy: RAID0}}}

--//--
"""


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def gpus(aws: Account, template: Resource | None = None, /, **inputs: Any) -> dict[str, Any]:
    """Returns inputs that pass, of a group with one A100 node in one zone; each test breaks one thing in it."""
    existing_cluster = aws.cloud.get("aws:eks/cluster:Cluster", "main")
    cluster = (
        Resource("aws:eks/cluster:Cluster", "main", "main", {}, existing_cluster.state)
        if existing_cluster
        else aws.cluster()
    )
    defaults: dict[str, Any] = {
        "instanceTypes": ["p4d.24xlarge"],
        "amiType": NVIDIA,
        "scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": 4},
        "subnetIds": cluster["vpcConfig"]["subnetIds"][:1],
    }
    if template:
        defaults["launchTemplate"] = {"id": template.id, "version": "1"}
    role = next((row for row in aws.cloud.of_type("aws:iam/role:Role") if row.id.startswith("node")), None)
    if role:
        defaults["nodeRoleArn"] = role.state["arn"]
        return {"clusterName": "main", **defaults, **inputs}
    return aws.group_inputs(cluster, **{**defaults, **inputs})


def sized(nodes: int) -> dict[str, Any]:
    return {"scalingConfig": {"minSize": 0, "desiredSize": nodes, "maxSize": 8}}


def fabric(name: str) -> list[dict[str, Any]]:
    """Returns all interfaces of a type, in the form of a launch template."""
    return [
        {"networkCardIndex": each.card, "deviceIndex": each.device, "interfaceType": each.kind}
        for each in efa_interfaces(INSTANCE_TYPES[name])
    ]


def failure(aws: Account, name: str = "gpu", /, **inputs: Any) -> InitializationFailure:
    with pytest.raises(InitializationFailure) as failed:
        aws.make(GROUP, name, **inputs)
    return failed.value


@pytest.mark.parametrize(
    ("machine", "image"),
    [
        ("p4d.24xlarge", "AL2023_x86_64_NEURON"),
        ("inf2.xlarge", NVIDIA),
        ("m7g.xlarge", "AL2023_ARM_64_NVIDIA"),
        ("p5.48xlarge", "BOTTLEROCKET_ARM_64_NVIDIA"),
    ],
)
def test_an_image_must_fit_the_accelerators(aws: Account, machine: str, image: str) -> None:
    text = aws.refusal(GROUP, preview=True, **gpus(aws, instanceTypes=[machine], amiType=image))
    assert f"[{machine}] is not a valid instance type for requested amiType {image}" in text


def test_a_standard_image_on_a_gpu_type_is_accepted_with_a_warning(aws: Account) -> None:
    assert aws.make(GROUP, **gpus(aws, amiType="AL2023_x86_64_STANDARD"))["status"] == "ACTIVE"
    assert "p4d.24xlarge has accelerators, but AL2023_x86_64_STANDARD has no driver for them" in aws.warnings[0]


def test_the_instance_type_of_the_launch_template_is_checked(aws: Account) -> None:
    neuron = aws.make(TEMPLATE, instanceType="inf2.xlarge")
    text = aws.refusal(GROUP, **gpus(aws, neuron, instanceTypes=None))
    assert f"[inf2.xlarge] is not a valid instance type for requested amiType {NVIDIA}" in text
    typo = aws.make(TEMPLATE, "typo", instanceType="p4d.23xlarge")
    text = aws.refusal(GROUP, **gpus(aws, typo, instanceTypes=None))
    assert "The following supplied instance types do not exist: [p4d.23xlarge]" in text


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"iamInstanceProfile": {"name": "nodes"}}, "Launch template should not specify an instance profile."),
        ({"networkInterfaces": [{"subnetId": "subnet-a"}]}, "Subnets must be specified in the request."),
        ({"instanceInitiatedShutdownBehavior": "stop"}, "should not specify shutdown or hibernation behavior"),
        (
            {"instanceMarketOptions": {"marketType": "spot"}},
            "Instance market options are not supported with the launch template.",
        ),
    ],
)
def test_a_template_must_not_set_what_eks_sets(aws: Account, inputs: dict[str, Any], text: str) -> None:
    template = aws.make(TEMPLATE, **inputs)
    for preview in (True, False):
        assert text in aws.refusal(GROUP, "gpu", preview, **gpus(aws, template))


@pytest.mark.parametrize(
    "machine", ["p4d.24xlarge", "p5.48xlarge", "p6-b300.48xlarge", "g6e.48xlarge", "trn1.32xlarge"]
)
def test_all_interfaces_of_a_type_can_be_launched(aws: Account, machine: str) -> None:
    template = aws.make(TEMPLATE, networkInterfaces=fabric(machine))
    image = "AL2023_x86_64_NEURON" if machine.startswith("trn") else NVIDIA
    assert aws.make(GROUP, **gpus(aws, template, instanceTypes=[machine], amiType=image))["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("machine", "interfaces", "text"),
    [
        ("p4d.24xlarge", fabric("p5.48xlarge"), "The specified number '4' for the network card index exceeds"),
        ("g6.xlarge", fabric("p4d.24xlarge"), "g6.xlarge cannot have any on network card 0"),
        (
            "p4d.24xlarge",
            [{"interfaceType": "efa"}, {"networkCardIndex": 2, "deviceIndex": 2, "interfaceType": "efa"}],
            "The maximum devices for this network card is 2. Specify a number from 0 to 1, and try again.",
        ),
        (
            "p6-b300.48xlarge",
            [{"interfaceType": "interface"}, {"deviceIndex": 1, "interfaceType": "efa-only"}],
            "p6-b300.48xlarge cannot have any on network card 0",
        ),
        (
            "p5.48xlarge",
            [{"interfaceType": "efa"}, {"deviceIndex": 1, "interfaceType": "efa-only"}],
            "p5.48xlarge cannot have a second one on network card 0",
        ),
    ],
)
def test_interfaces_that_a_type_does_not_have_are_refused_at_preview(
    aws: Account, machine: str, interfaces: list[dict[str, Any]], text: str
) -> None:
    template = aws.make(TEMPLATE, networkInterfaces=interfaces)
    refused = aws.refusal(GROUP, preview=True, **gpus(aws, template, instanceTypes=[machine]))
    assert text in refused
    assert "AsgInstanceLaunchFailures: Could not launch On-Demand Instances." in refused
    assert "the real EKS creates the group and retries for about 20 minutes" in refused
    named = aws.refusal(TEMPLATE, "two", preview=True, networkInterfaces=interfaces, instanceType=machine)
    assert text in named, "a template that names the type is refused at the first preview"
    assert aws.cloud.of_type(GROUP) == []


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        (
            {"networkInterfaces": [{"securityGroups": [UNKNOWN]}], "vpcSecurityGroupIds": [UNKNOWN]},
            "Network interfaces and an instance-level security groups may not be specified on the same request",
        ),
        (
            {"networkInterfaces": [{"associatePublicIpAddress": "true"}, {"networkCardIndex": 1}]},
            "The associatePublicIPAddress parameter cannot be specified when launching with multiple network",
        ),
        ({"networkInterfaces": [{}, {"deviceIndex": 0}]}, "Each network interface requires a unique device index."),
        ({"networkInterfaces": [{"deviceIndex": 1}]}, "The primary network interface is device 0 of network card 0"),
        ({"networkInterfaces": [{"interfaceType": "efa-only"}]}, "and cannot be efa-only"),
        ({"instanceMarketOptions": {"marketType": "capacity-block"}}, "Capacity Block reservations need marketType"),
        (
            {"capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": "cr-1"}}},
            "InvalidCapacityReservationId.Malformed: Invalid id: cr-1",
        ),
    ],
)
def test_a_template_that_cannot_launch_is_refused_at_preview(aws: Account, inputs: dict[str, Any], text: str) -> None:
    refused = aws.refusal(TEMPLATE, preview=True, **inputs)
    assert text in refused
    assert "The real EC2 accepts the template, and refuses every launch from it." in refused


def test_interfaces_with_unknown_security_groups_pass_a_preview(aws: Account) -> None:
    interfaces = [{**each, "securityGroups": [UNKNOWN]} for each in fabric("p5.48xlarge")]
    assert aws.preview(TEMPLATE, networkInterfaces=interfaces).id == ""


def test_a_template_needs_a_placement_group_that_exists(aws: Account) -> None:
    near = {"placement": {"groupName": "close"}}
    assert aws.preview(TEMPLATE, **near).id == "", "the same preview may create the group"
    assert "InvalidPlacementGroup.Unknown: The Placement Group 'close' is unknown." in aws.refusal(TEMPLATE, **near)
    aws.make(PLACEMENT, name="close", strategy="cluster")
    assert aws.make(TEMPLATE, **near).id


def test_a_placement_group_with_nodes_cannot_be_deleted(aws: Account) -> None:
    placement = aws.make(PLACEMENT, name="close", strategy="cluster")
    group = aws.make(GROUP, **gpus(aws, aws.make(TEMPLATE, placement={"groupName": "close"})))
    assert "InvalidPlacementGroup.InUse: The placement group 'close' is in use" in aws.delete_refusal(placement)
    aws.delete(group)
    aws.delete(placement)
    assert aws.cloud.get(PLACEMENT, "close") is None


def test_a_cluster_placement_group_is_in_one_zone(aws: Account) -> None:
    aws.make(PLACEMENT, name="close", strategy="cluster")
    template = aws.make(TEMPLATE, placement={"groupName": "close"})
    subnets = aws.cluster()["vpcConfig"]["subnetIds"]
    apart = failure(aws, "both", **gpus(aws, template, subnetIds=subnets, **sized(2)))
    assert (
        "InvalidPlacementGroup.InUse - The placement group 'close' is in use in another availability zone"
        in (apart.reasons[0])
    )
    aws.make(GROUP, "a", **gpus(aws, template))
    assert (
        "another availability zone: us-west-2a."
        in (failure(aws, "b", **gpus(aws, template, subnetIds=subnets[1:])).reasons[0])
    )
    assert aws.make(GROUP, "beside", **gpus(aws, template))["status"] == "ACTIVE"
    aws.make(PLACEMENT, "wide", name="wide", strategy="spread")
    spread = aws.make(TEMPLATE, "spread", placement={"groupName": "wide"})
    assert aws.make(GROUP, "wide", **gpus(aws, spread, subnetIds=subnets, **sized(2)))["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("image", "text", "refused"),
    [
        (NVIDIA, "#!/bin/bash\nmount /dev/nvme1n1", "User data was not in the MIME multipart format."),
        (NVIDIA, NODE_CONFIG.replace("NodeConfig", "Node"), "is no NodeConfig of node.eks.aws/v1alpha1"),
        ("BOTTLEROCKET_x86_64_NVIDIA", "settings: {}", "User data was not in the TOML format"),
        (NVIDIA, NODE_CONFIG, ""),
        ("BOTTLEROCKET_x86_64_NVIDIA", '[settings.kubelet-device-plugins.nvidia]\na = "b"\n', ""),
    ],
)
def test_user_data_has_the_format_of_the_image(aws: Account, image: str, text: str, refused: str) -> None:
    template = aws.make(TEMPLATE, userData=encoded(text))
    inputs = gpus(aws, template, amiType=image)
    if refused:
        assert refused in aws.refusal(GROUP, preview=True, **inputs)
    else:
        assert aws.make(GROUP, **inputs)["status"] == "ACTIVE"


def test_wrong_user_data_in_a_new_template_version_fails_the_update(aws: Account) -> None:
    template = aws.make(TEMPLATE, userData=encoded(NODE_CONFIG))
    inputs = gpus(aws, template)
    group = aws.make(GROUP, **inputs)
    aws.update(template, userData=encoded("#!/bin/bash"))
    later = {**inputs, "launchTemplate": {"id": template.id, "version": "2"}}
    with pytest.raises(Refusal, match="version update: unexpected state 'Failed', wanted target 'Successful'"):
        aws.update(group, preview=True, **later)


def test_user_data_is_base64(aws: Account) -> None:
    assert "expected user_data to be base64 encoded" in aws.problems(TEMPLATE, userData="#!/bin/bash")


def test_a_type_that_is_not_sold_as_spot_is_refused(aws: Account) -> None:
    aws.config = {"region": sorted(INSTANCE_TYPES["trn2u.48xlarge"].regions)[0]}
    neuron = {"instanceTypes": ["trn2u.48xlarge"], "amiType": "AL2023_x86_64_NEURON"}
    inputs = gpus(aws, **neuron, capacityType="SPOT")
    assert "Could not launch Spot Instances. UnfulfillableCapacity" in aws.refusal(GROUP, preview=True, **inputs)


def block(**changes: Any) -> dict[str, Any]:
    """Returns the inputs of a launch template with a Capacity Block."""
    target = {"capacityReservationTarget": {"capacityReservationId": BOUGHT_BEFORE}}
    defaults = {
        "instanceType": "p4d.24xlarge",
        "instanceMarketOptions": {"marketType": "capacity-block"},
        "capacityReservationSpecification": target,
    }
    return {**defaults, **changes}


def test_a_capacity_block_is_named_in_the_launch_template(aws: Account) -> None:
    inputs = gpus(aws, aws.make(TEMPLATE, **block()), instanceTypes=None, capacityType="CAPACITY_BLOCK")
    assert aws.make(GROUP, **inputs)["instanceTypes"] == []
    bare = gpus(aws, aws.make(TEMPLATE, "bare"), capacityType="CAPACITY_BLOCK")
    assert "CAPACITY_BLOCK requires a launch template with InstanceMarketOptions" in aws.refusal(GROUP, "two", **bare)
    none = gpus(aws, capacityType="CAPACITY_BLOCK")
    assert "CAPACITY_BLOCK requires a launch template" in aws.refusal(GROUP, "three", preview=True, **none)
    on_demand = gpus(aws, aws.make(TEMPLATE, "four", **block()), instanceTypes=None)
    assert "Instance market options are not supported" in aws.refusal(GROUP, "four", **on_demand)


def test_a_reservation_outside_the_cloud_is_assumed_to_exist(aws: Account) -> None:
    target = {"capacityReservationTarget": {"capacityReservationId": BOUGHT_BEFORE}}
    template = aws.make(TEMPLATE, capacityReservationSpecification=target)
    assert aws.make(GROUP, **gpus(aws, template))["status"] == "ACTIVE"


def reserve(aws: Account, **inputs: Any) -> Resource:
    defaults = {
        "availabilityZone": "us-west-2a",
        "instanceCount": 2,
        "instancePlatform": "Linux/UNIX",
        "instanceType": "p4d.24xlarge",
    }
    return aws.make(RESERVATION, **{**defaults, **inputs})


def targeting(aws: Account, reservation: Resource) -> Resource:
    target = {"capacityReservationTarget": {"capacityReservationId": reservation.id}}
    return aws.make(TEMPLATE, "target", capacityReservationSpecification=target)


@pytest.mark.parametrize("reserved", [{"instanceType": "p4de.24xlarge"}, {"availabilityZone": "us-west-2b"}])
def test_a_reservation_must_have_the_type_and_zone_of_the_group(aws: Account, reserved: dict[str, Any]) -> None:
    inputs = gpus(aws, targeting(aws, reserve(aws, **reserved)))
    for preview in (True, False):
        assert "ReservationCapacityExceeded - The requested reservation does not have sufficient" in aws.refusal(
            GROUP, "gpu", preview, **inputs
        )


def test_a_reservation_has_room_for_the_reserved_number_of_nodes(aws: Account) -> None:
    template = targeting(aws, reserve(aws))
    assert "ReservationCapacityExceeded" in aws.refusal(GROUP, preview=True, **gpus(aws, template, **sized(3)))
    aws.make(GROUP, **gpus(aws, template))
    full = failure(aws, "more", **gpus(aws, template, **sized(2)))
    assert "ReservationCapacityExceeded" in full.reasons[0], "one of the two is in use"
    assert aws.make(GROUP, "last", **gpus(aws, template))["status"] == "ACTIVE"


def test_nodes_in_a_reservation_need_neither_free_capacity_nor_quota(cloud: Cloud) -> None:
    aws = Account(cloud, ("capacity=p4d.24xlarge",), quotas={"L-417A185B": 0})
    target = {"capacityReservationTarget": {"capacityReservationId": BOUGHT_BEFORE}}
    template = aws.make(TEMPLATE, capacityReservationSpecification=target)
    assert aws.make(GROUP, **gpus(aws, template))["status"] == "ACTIVE"


def test_a_group_over_the_quota_stays_without_nodes(cloud: Cloud) -> None:
    poor = Account(cloud, quotas={"L-417A185B": 96})
    poor.make(GROUP, "first", **gpus(poor))
    inputs = gpus(poor, nodeGroupName="second")
    failed = failure(poor, "second", **inputs)
    assert (
        "VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of 96 allows for the "
        "instance bucket that the specified instance type belongs to." in failed.reasons[0]
    )
    assert failed.state["status"] == "CREATE_FAILED"
    assert not any(key.startswith("__") for key in failed.state), "internal keys must not reach the engine"
    group = Resource(GROUP, "second", failed.id, failed.inputs, failed.state)
    rich = Account(cloud, quotas={"L-417A185B": 192})
    assert rich.update(group, **inputs)["status"] == "CREATE_FAILED", "a second run ends well, and has no nodes"
    assert len(cloud.of_type(GROUP)) == 2, "the second run must not create the group again"


def test_quotas_are_counted_by_family_and_capacity_type(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96, "L-DB2E81BA": 4})
    aws.make(GROUP, "p", **gpus(aws))
    aws.make(GROUP, "g", **gpus(aws, instanceTypes=["g6.xlarge"]))
    aws.make(GROUP, "spot", **gpus(aws, capacityType="SPOT"))
    aws.make(GROUP, "cpu", **gpus(aws, instanceTypes=["m5.2xlarge"], amiType="AL2023_x86_64_STANDARD"))
    assert "vCPU limit of 4 allows" in failure(aws, "more", **gpus(aws, instanceTypes=["g6.xlarge"])).reasons[0]


def test_a_deleted_group_frees_its_quota(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96})
    aws.delete(aws.make(GROUP, "first", **gpus(aws)))
    assert aws.make(GROUP, "second", **gpus(aws))["status"] == "ACTIVE"


def test_a_reservation_counts_against_the_quota(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 192})
    reservation = reserve(aws)
    assert "VcpuLimitExceeded" in failure(aws, "beside", **gpus(aws)).reasons[0]
    inside = gpus(aws, targeting(aws, reservation))
    assert aws.make(GROUP, "inside", **inside)["status"] == "ACTIVE", "nodes in the reservation must not count twice"
    more = {key: reservation[key] for key in ("availabilityZone", "instancePlatform", "instanceType")}
    with pytest.raises(Refusal, match="VcpuLimitExceeded: You have requested more vCPU capacity"):
        aws.update(reservation, **more, instanceCount=3)


def test_spot_has_its_own_message_for_a_quota(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-7212CCBC": 0})
    failed = failure(aws, **gpus(aws, capacityType="SPOT"))
    assert "Could not launch Spot Instances. MaxSpotInstanceCountExceeded" in failed.reasons[0]


def test_a_fault_can_use_up_a_vcpu_quota(cloud: Cloud) -> None:
    aws = Account(cloud, ("quota=L-417A185B:1",))
    failed = failure(aws, nodeGroupName="gpu", **gpus(aws))
    assert "vCPU limit of 0 allows" in failed.reasons[0]
    assert aws.make(GROUP, nodeGroupName="another", **gpus(aws))["status"] == "ACTIVE", "the fault is over"


def test_without_given_quotas_vcpus_are_unlimited(aws: Account) -> None:
    assert aws.make(GROUP, **gpus(aws, **sized(8)))["status"] == "ACTIVE"


def test_a_granted_request_sets_the_limit(aws: Account) -> None:
    aws.make("aws:servicequotas/serviceQuota:ServiceQuota", serviceCode="ec2", quotaCode="L-417A185B", value=96)
    aws.make(GROUP, "first", **gpus(aws))
    assert "vCPU limit of 96 allows" in failure(aws, "second", **gpus(aws)).reasons[0]


def test_a_preview_warns_when_the_quota_is_too_small(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96})
    aws.preview(GROUP, "one", **gpus(aws), launchTemplate={"id": UNKNOWN, "version": UNKNOWN})
    assert aws.warnings == []
    aws.preview(GROUP, "two", **gpus(aws, **sized(2)), launchTemplate={"id": UNKNOWN, "version": UNKNOWN})
    assert "need 192 vCPUs and 0 are in use, but the account has 96 of quota L-417A185B" in aws.warnings[0]
    assert "creates the group, which ends in CREATE_FAILED" in aws.warnings[0]
    group = aws.make(GROUP, **gpus(aws))
    aws.update(group, preview=True, **gpus(aws, labels={"team": "ml"}))
    assert len(aws.warnings) == 1, "the group's nodes are already running"
    aws.update(group, preview=True, **gpus(aws, **sized(3)))
    assert "need 192 vCPUs and 96 are in use" in aws.warnings[1]
    assert "the group is DEGRADED" in aws.warnings[1]


def test_without_capacity_the_group_uses_another_of_its_types(cloud: Cloud) -> None:
    aws = Account(cloud, ("capacity=p4d.24xlarge",))
    both = gpus(aws, instanceTypes=["p4d.24xlarge", "p4de.24xlarge"])
    assert aws.make(GROUP, "both", **both)["status"] == "ACTIVE"
    text = failure(aws, **gpus(aws)).reasons[0]
    assert "InsufficientInstanceCapacity - We currently do not have sufficient p4d.24xlarge capacity" in text
    assert "(us-west-2a)" in text


def test_a_group_that_cannot_grow_is_degraded(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96})
    group = aws.make(GROUP, **gpus(aws))
    assert aws.update(group, **gpus(aws, **sized(2)))["status"] == "DEGRADED", (
        "EKS accepts the size, EC2 starts no node"
    )
    assert "VcpuLimitExceeded" in aws.warnings[-1]
    assert aws.update(group, **gpus(aws, **sized(1)))["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"labels": {f"label-{index}": "x" for index in range(51)}}, "51 labels are more than the 50"),
        ({"labels": {"kubernetes.io/role": "gpu"}}, "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/,"),
        ({"labels": {"team": "ml ops"}}, "Label value ml ops of team is invalid"),
        (
            {"taints": [{"key": "gpu", "value": each, "effect": "NO_SCHEDULE"} for each in ("true", "mig")]},
            "Taint with key gpu and effect NO_SCHEDULE is specified more than once",
        ),
    ],
)
def test_invalid_labels_and_taints_are_refused(aws: Account, inputs: dict[str, Any], text: str) -> None:
    assert text in aws.refusal(GROUP, preview=True, **gpus(aws, **inputs))


def test_mig_layouts_are_valid_label_values(aws: Account) -> None:
    labels = {"nvidia.com/mig.config": "2x1g.10gb_1x2g.20gb_1x3g.40gb", "nvidia.com/gpu.present": "true"}
    assert aws.make(GROUP, **gpus(aws, labels=labels))["labels"] == labels


def test_a_group_may_have_fifty_taints(aws: Account) -> None:
    taints = [{"key": f"taint-{index}", "effect": "NO_SCHEDULE"} for index in range(51)]
    assert "expected taints to have between 0 and 50 items, got 51" in aws.problems(GROUP, **gpus(aws, taints=taints))


def test_a_release_is_of_the_groups_version_and_never_goes_back(aws: Account) -> None:
    cluster = aws.cluster()
    inputs = aws.group_inputs(cluster, nodeGroupName="cpu", version="1.35")
    group = aws.make(GROUP, **inputs, releaseVersion="1.35.0-20261012")
    assert aws.update(group, **inputs, releaseVersion="1.35.1-20261112")["releaseVersion"] == "1.35.1-20261112"
    with pytest.raises(Refusal, match="is older than the current release version"):
        aws.update(group, **inputs, releaseVersion="1.35.0-20260901")
    wrong = aws.refusal(GROUP, **aws.group_inputs(cluster, version="1.35"), releaseVersion="1.36.0-20261012")
    assert "Requested Nodegroup release version 1.36.0-20261012 is invalid" in wrong


def nodes_of(aws: Account, group: Resource) -> int:
    row = aws.cloud.get(GROUP, group.id)
    assert row is not None
    return int(row.state["scalingConfig"]["desiredSize"])


def test_an_update_without_sizes_ends_no_node_that_somebody_added(aws: Account) -> None:
    group = aws.make(GROUP, **gpus(aws))
    row = aws.cloud.get(GROUP, group.id)
    assert row is not None
    scaled = {**row.state, "scalingConfig": {**row.state["scalingConfig"], "desiredSize": 3}}
    aws.cloud.put(GROUP, group.id, scaled)
    for changed in ({"tags": {"a": "b"}}, {"updateConfig": {"maxUnavailablePercentage": 50}}):
        aws.update(group, **{**group.inputs, **changed})
        assert nodes_of(aws, group) == 3, "the provider sends sizes only when one of them changes"
    aws.update(group, **{**group.inputs, **sized(1)})
    assert nodes_of(aws, group) == 1, "with another maximum it sends the number too"


def test_a_new_version_of_kubernetes_brings_its_own_image(aws: Account) -> None:
    cluster = aws.cluster(version="1.35")
    group = aws.make(GROUP, **gpus(aws, version="1.35"))
    aws.update(cluster, **{**cluster.inputs, "version": "1.36"})
    newer = {**group.inputs, "version": "1.36"}
    state = aws.update(group, **newer)
    assert state["releaseVersion"] == "1.36.0-20260115"
    with pytest.raises(Refusal, match="is older than the current release version"):
        aws.update(group, **newer, releaseVersion="1.36.0-20251201")


WEB = {"app": "web"}
ONE_MAY_GO = {"expectedPods": 2, "disruptionsAllowed": 1}


@pytest.mark.parametrize(
    ("replicas", "spec", "status", "told"),
    [
        (1, {"minAvailable": 1}, {}, True),
        (2, {"minAvailable": 1}, {}, False),
        (3, {"minAvailable": "67%"}, {}, True),
        (3, {"minAvailable": "66%"}, {}, False),
        (3, {"maxUnavailable": 0}, {}, True),
        (3, {"maxUnavailable": "0%"}, {}, True),
        (3, {"maxUnavailable": "00%"}, {}, True),
        (1, {"maxUnavailable": 1}, {}, False),
        (1, {"minAvailable": 1, "selector": {"matchLabels": {"app": "other"}}}, {}, False),
        (3, {"minAvailable": "100%"}, {}, True),
        (2, {"minAvailable": 1}, ONE_MAY_GO | {"disruptionsAllowed": 0}, True),  # a pod of it does not work
        (2, {"minAvailable": 1}, ONE_MAY_GO, False),
    ],
)
def test_a_budget_that_lets_no_pod_go_is_told_before_nodes_roll(
    aws: Account, replicas: int, spec: dict[str, Any], status: dict[str, Any], told: bool
) -> None:
    cluster = aws.cluster(version="1.35")
    group = aws.make(GROUP, **gpus(aws, version="1.35"))
    budget = {"spec": {"selector": {"matchLabels": WEB}, **spec}, "status": status}
    deployment = {"spec": {"replicas": replicas, "template": {"metadata": {"labels": WEB}}}}
    for name in ("main", "other"):  # another cluster's are of no matter
        more = {"spec": {"maxUnavailable": 0}} if name == "other" else {}
        aws.cloud.put("kubernetes:policy/v1:PodDisruptionBudget", f"{name}/a/web", budget | more, "", "us-west-2")
    aws.cloud.put("kubernetes:apps/v1:Deployment", "main/a/web", deployment, "", "us-west-2")
    aws.update(group, **{**group.inputs, "labels": {"a": "b"}})
    assert not [each for each in aws.warnings if "lets no pod go" in each], "no node goes for a label"
    aws.update(cluster, **{**cluster.inputs, "version": "1.36"})
    aws.update(group, **{**group.inputs, "version": "1.36"})
    said = [each for each in aws.warnings if "lets no pod go" in each]
    assert bool(said) == told
    assert all(each.startswith("The PodDisruptionBudget a/web lets no pod go.") for each in said)


def test_two_budgets_of_the_same_pods_let_none_of_them_go(aws: Account) -> None:
    cluster = aws.cluster(version="1.35")
    group = aws.make(GROUP, **gpus(aws, version="1.35"))
    for name, labels in (("web", WEB), ("all", {}), ("other", {"app": "other"})):
        budget = {"spec": {"selector": {"matchLabels": labels}, "maxUnavailable": 1}}
        aws.cloud.put("kubernetes:policy/v1:PodDisruptionBudget", f"main/a/{name}", budget, "", "us-west-2")
    deployment = {"spec": {"replicas": 2, "template": {"metadata": {"labels": WEB}}}}
    aws.cloud.put("kubernetes:apps/v1:Deployment", "main/a/web", deployment, "", "us-west-2")
    aws.update(cluster, **{**cluster.inputs, "version": "1.36"})
    aws.update(group, **{**group.inputs, "version": "1.36"})
    told = {each.split()[2] for each in aws.warnings if "lets no pod go" in each}
    assert told == {"a/web", "a/all"}


def test_a_forced_update_asks_no_budget(aws: Account) -> None:
    cluster = aws.cluster(version="1.35")
    group = aws.make(GROUP, **gpus(aws, version="1.35"))
    budget = {"spec": {"selector": {}, "maxUnavailable": 0}}
    aws.cloud.put("kubernetes:policy/v1:PodDisruptionBudget", "main/a/web", budget, "", "us-west-2")
    aws.update(cluster, **{**cluster.inputs, "version": "1.36"})
    aws.update(group, **{**group.inputs, "version": "1.36", "forceUpdateVersion": True})
    assert not [each for each in aws.warnings if "lets no pod go" in each]


def test_a_live_group_moves_to_bottlerocket_in_a_preview_as_in_an_update(aws: Account) -> None:
    template = aws.make(TEMPLATE, "nodes", name="nodes", userData=encoded(NODE_CONFIG))
    inputs = {"launchTemplate": {"name": "nodes", "version": "$Latest"}, "nodeGroupName": "cpu"}
    group = aws.group(aws.cluster(), **inputs)
    new = {**group.inputs, "amiType": "BOTTLEROCKET_x86_64"}
    assert aws.diff(group, **new).replaces == {"amiType"}
    for preview in (True, False):
        aws.update(template, preview, name="nodes", userData=encoded("[settings.kubernetes]\nmax-pods = 50"))
        if not preview:
            aws.delete(group)
        checked = aws.checked(group.type, group.name, **new)
        aws.package.create(aws.call(group.type, group.name, preview), checked)
