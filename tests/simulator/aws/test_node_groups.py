"""What becomes of node groups with accelerators: templates, interfaces, reservations, user data, quotas, capacity."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES
from simulator.cloud import Cloud
from simulator.provider import InitializationFailure, Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Held

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


def gpus(aws: Account, template: Held | None = None, /, **inputs: Any) -> dict[str, Any]:
    """A group of one A100 machine in one zone that passes; each test breaks one thing in it."""
    found = aws.cloud.get("aws:eks/cluster:Cluster", "main")
    cluster = Held("aws:eks/cluster:Cluster", "main", "main", {}, found.state) if found else aws.cluster()
    given: dict[str, Any] = {
        "instanceTypes": ["p4d.24xlarge"],
        "amiType": NVIDIA,
        "scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": 4},
        "subnetIds": cluster["vpcConfig"]["subnetIds"][:1],
    }
    if template:
        given["launchTemplate"] = {"id": template.id, "version": "1"}
    role = next((row for row in aws.cloud.of_type("aws:iam/role:Role") if row.id.startswith("node")), None)
    if role:
        given["nodeRoleArn"] = role.state["arn"]
        return {"clusterName": "main", **given, **inputs}
    return aws.group_inputs(cluster, **{**given, **inputs})


def sized(nodes: int) -> dict[str, Any]:
    return {"scalingConfig": {"minSize": 0, "desiredSize": nodes, "maxSize": 8}}


def fabric(name: str) -> list[dict[str, Any]]:
    """All interfaces of a type, as a launch template spells them."""
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
def test_an_image_is_made_for_the_accelerators(aws: Account, machine: str, image: str) -> None:
    text = aws.refusal(GROUP, preview=True, **gpus(aws, instanceTypes=[machine], amiType=image))
    assert f"[{machine}] is not a valid instance type for requested amiType {image}" in text


def test_a_standard_image_on_a_gpu_machine_is_taken_and_said_to_be_useless(aws: Account) -> None:
    assert aws.make(GROUP, **gpus(aws, amiType="AL2023_x86_64_STANDARD"))["status"] == "ACTIVE"
    assert "p4d.24xlarge has accelerators, and AL2023_x86_64_STANDARD no driver for them" in aws.warnings[0]


def test_the_type_may_stand_in_the_launch_template(aws: Account) -> None:
    neuron = aws.make(TEMPLATE, instanceType="inf2.xlarge")
    text = aws.refusal(GROUP, **gpus(aws, neuron, instanceTypes=None))
    assert f"[inf2.xlarge] is not a valid instance type for requested amiType {NVIDIA}" in text
    typo = aws.make(TEMPLATE, "typo", instanceType="p4d.23xlarge")
    text = aws.refusal(GROUP, **gpus(aws, typo, instanceTypes=None))
    assert "The following supplied instance types do not exist: [p4d.23xlarge]" in text


@pytest.mark.parametrize(
    ("said", "text"),
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
def test_a_template_leaves_to_eks_what_eks_fills_in(aws: Account, said: dict[str, Any], text: str) -> None:
    template = aws.make(TEMPLATE, **said)
    for preview in (True, False):
        assert text in aws.refusal(GROUP, "gpu", preview, **gpus(aws, template))


@pytest.mark.parametrize(
    "machine", ["p4d.24xlarge", "p5.48xlarge", "p6-b300.48xlarge", "g6e.48xlarge", "trn1.32xlarge"]
)
def test_the_whole_fabric_of_a_type_can_be_launched(aws: Account, machine: str) -> None:
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
def test_interfaces_that_a_type_lacks_are_refused_before_anything_is_made(
    aws: Account, machine: str, interfaces: list[dict[str, Any]], text: str
) -> None:
    template = aws.make(TEMPLATE, networkInterfaces=interfaces)
    refused = aws.refusal(GROUP, preview=True, **gpus(aws, template, instanceTypes=[machine]))
    assert text in refused
    assert "AsgInstanceLaunchFailures: Could not launch On-Demand Instances." in refused
    assert "the real EKS makes the group and tries for some 20 minutes" in refused
    named = aws.refusal(TEMPLATE, "two", preview=True, networkInterfaces=interfaces, instanceType=machine)
    assert text in named, "a template that names the type tells at the first preview"
    assert aws.cloud.of_type(GROUP) == []


@pytest.mark.parametrize(
    ("said", "text"),
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
def test_a_template_that_launches_nothing_is_refused_at_preview(aws: Account, said: dict[str, Any], text: str) -> None:
    refused = aws.refusal(TEMPLATE, preview=True, **said)
    assert text in refused
    assert "The real EC2 takes the template, and refuses every launch from it." in refused


def test_interfaces_whose_groups_are_still_to_be_made_are_no_obstacle(aws: Account) -> None:
    interfaces = [{**each, "securityGroups": [UNKNOWN]} for each in fabric("p5.48xlarge")]
    assert aws.preview(TEMPLATE, networkInterfaces=interfaces).id == ""


def test_a_template_needs_a_placement_group_that_exists(aws: Account) -> None:
    near = {"placement": {"groupName": "close"}}
    assert aws.preview(TEMPLATE, **near).id == "", "the group may be about to be made"
    assert "InvalidPlacementGroup.Unknown: The Placement Group 'close' is unknown." in aws.refusal(TEMPLATE, **near)
    aws.make(PLACEMENT, name="close", strategy="cluster")
    assert aws.make(TEMPLATE, **near).id


def test_a_placement_group_stays_while_nodes_are_in_it(aws: Account) -> None:
    placement = aws.make(PLACEMENT, name="close", strategy="cluster")
    group = aws.make(GROUP, **gpus(aws, aws.make(TEMPLATE, placement={"groupName": "close"})))
    assert "InvalidPlacementGroup.InUse: The placement group 'close' is in use" in aws.still_used(placement)
    aws.delete(group)
    aws.delete(placement)
    assert aws.cloud.get(PLACEMENT, "close") is None


def test_a_cluster_placement_group_lies_in_one_zone(aws: Account) -> None:
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
def test_user_data_is_in_the_language_of_the_image(aws: Account, image: str, text: str, refused: str) -> None:
    template = aws.make(TEMPLATE, userData=encoded(text))
    given = gpus(aws, template, amiType=image)
    if refused:
        assert refused in aws.refusal(GROUP, preview=True, **given)
    else:
        assert aws.make(GROUP, **given)["status"] == "ACTIVE"


def test_user_data_that_became_wrong_stops_the_update(aws: Account) -> None:
    template = aws.make(TEMPLATE, userData=encoded(NODE_CONFIG))
    given = gpus(aws, template)
    group = aws.make(GROUP, **given)
    aws.update(template, userData=encoded("#!/bin/bash"))
    later = {**given, "launchTemplate": {"id": template.id, "version": "2"}}
    with pytest.raises(Refusal, match="version update: unexpected state 'Failed', wanted target 'Successful'"):
        aws.update(group, preview=True, **later)


def test_user_data_is_base64(aws: Account) -> None:
    assert "expected user_data to be base64 encoded" in aws.problems(TEMPLATE, userData="#!/bin/bash")


def test_types_that_are_not_sold_that_way_never_come(aws: Account) -> None:
    aws.config = {"region": sorted(INSTANCE_TYPES["trn2u.48xlarge"].regions)[0]}
    neuron = {"instanceTypes": ["trn2u.48xlarge"], "amiType": "AL2023_x86_64_NEURON"}
    given = gpus(aws, **neuron, capacityType="SPOT")
    assert "Could not launch Spot Instances. UnfulfillableCapacity" in aws.refusal(GROUP, preview=True, **given)


def block(**said: Any) -> dict[str, Any]:
    """What the launch template of a Capacity Block says."""
    target = {"capacityReservationTarget": {"capacityReservationId": BOUGHT_BEFORE}}
    given = {
        "instanceType": "p4d.24xlarge",
        "instanceMarketOptions": {"marketType": "capacity-block"},
        "capacityReservationSpecification": target,
    }
    return {**given, **said}


def test_a_capacity_block_is_bought_and_named_in_the_template(aws: Account) -> None:
    given = gpus(aws, aws.make(TEMPLATE, **block()), instanceTypes=None, capacityType="CAPACITY_BLOCK")
    assert aws.make(GROUP, **given)["instanceTypes"] == []
    bare = gpus(aws, aws.make(TEMPLATE, "bare"), capacityType="CAPACITY_BLOCK")
    assert "CAPACITY_BLOCK requires a launch template with InstanceMarketOptions" in aws.refusal(GROUP, "two", **bare)
    none = gpus(aws, capacityType="CAPACITY_BLOCK")
    assert "CAPACITY_BLOCK requires a launch template" in aws.refusal(GROUP, "three", preview=True, **none)
    on_demand = gpus(aws, aws.make(TEMPLATE, "four", **block()), instanceTypes=None)
    assert "Instance market options are not supported" in aws.refusal(GROUP, "four", **on_demand)


def test_a_reservation_that_the_cloud_has_never_seen_was_bought_before(aws: Account) -> None:
    target = {"capacityReservationTarget": {"capacityReservationId": BOUGHT_BEFORE}}
    template = aws.make(TEMPLATE, capacityReservationSpecification=target)
    assert aws.make(GROUP, **gpus(aws, template))["status"] == "ACTIVE"


def reserve(aws: Account, **inputs: Any) -> Held:
    given = {
        "availabilityZone": "us-west-2a",
        "instanceCount": 2,
        "instancePlatform": "Linux/UNIX",
        "instanceType": "p4d.24xlarge",
    }
    return aws.make(RESERVATION, **{**given, **inputs})


def targeting(aws: Account, reservation: Held) -> Held:
    target = {"capacityReservationTarget": {"capacityReservationId": reservation.id}}
    return aws.make(TEMPLATE, "target", capacityReservationSpecification=target)


@pytest.mark.parametrize("reserved", [{"instanceType": "p4de.24xlarge"}, {"availabilityZone": "us-west-2b"}])
def test_a_reservation_is_of_the_type_and_in_the_zone(aws: Account, reserved: dict[str, Any]) -> None:
    given = gpus(aws, targeting(aws, reserve(aws, **reserved)))
    for preview in (True, False):
        assert "ReservationCapacityExceeded - The requested reservation does not have sufficient" in aws.refusal(
            GROUP, "gpu", preview, **given
        )


def test_a_reservation_holds_as_many_as_were_reserved(aws: Account) -> None:
    template = targeting(aws, reserve(aws))
    assert "ReservationCapacityExceeded" in aws.refusal(GROUP, preview=True, **gpus(aws, template, **sized(3)))
    aws.make(GROUP, **gpus(aws, template))
    full = failure(aws, "more", **gpus(aws, template, **sized(2)))
    assert "ReservationCapacityExceeded" in full.reasons[0], "one of the two is in use"
    assert aws.make(GROUP, "last", **gpus(aws, template))["status"] == "ACTIVE"


def test_nodes_in_a_reservation_need_neither_luck_nor_quota(cloud: Cloud) -> None:
    aws = Account(cloud, ("capacity=p4d.24xlarge",), quotas={"L-417A185B": 0})
    target = {"capacityReservationTarget": {"capacityReservationId": BOUGHT_BEFORE}}
    template = aws.make(TEMPLATE, capacityReservationSpecification=target)
    assert aws.make(GROUP, **gpus(aws, template))["status"] == "ACTIVE"


def test_a_group_over_the_quota_stays_without_nodes_and_recovers(cloud: Cloud) -> None:
    poor = Account(cloud, quotas={"L-417A185B": 96})
    poor.make(GROUP, "first", **gpus(poor))
    given = gpus(poor, nodeGroupName="second")
    failed = failure(poor, "second", **given)
    assert (
        "VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of 96 allows for the "
        "instance bucket that the specified instance type belongs to." in failed.reasons[0]
    )
    assert failed.state["status"] == "CREATE_FAILED"
    assert not any(key.startswith("__") for key in failed.state), "the cloud's notes are its own"
    held = Held(GROUP, "second", failed.id, failed.inputs, failed.state)
    with pytest.raises(InitializationFailure, match="VcpuLimitExceeded"):
        poor.update(held, **given)
    rich = Account(cloud, quotas={"L-417A185B": 192})
    assert rich.update(held, **given)["status"] == "ACTIVE", "a second run has to converge"
    assert len(cloud.of_type(GROUP)) == 2, "and makes nothing twice"


def test_quotas_are_counted_by_family_and_by_how_nodes_are_bought(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96, "L-DB2E81BA": 4})
    aws.make(GROUP, "p", **gpus(aws))
    aws.make(GROUP, "g", **gpus(aws, instanceTypes=["g6.xlarge"]))
    aws.make(GROUP, "spot", **gpus(aws, capacityType="SPOT"))
    aws.make(GROUP, "cpu", **gpus(aws, instanceTypes=["m5.2xlarge"], amiType="AL2023_x86_64_STANDARD"))
    assert "vCPU limit of 4 allows" in failure(aws, "more", **gpus(aws, instanceTypes=["g6.xlarge"])).reasons[0]


def test_what_goes_gives_its_quota_back(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96})
    aws.delete(aws.make(GROUP, "first", **gpus(aws)))
    assert aws.make(GROUP, "second", **gpus(aws))["status"] == "ACTIVE"


def test_a_reservation_counts_against_the_quota(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 192})
    reservation = reserve(aws)
    assert "VcpuLimitExceeded" in failure(aws, "beside", **gpus(aws)).reasons[0]
    inside = gpus(aws, targeting(aws, reservation))
    assert aws.make(GROUP, "inside", **inside)["status"] == "ACTIVE", "its own nodes count once"
    more = {key: reservation[key] for key in ("availabilityZone", "instancePlatform", "instanceType")}
    with pytest.raises(Refusal, match="VcpuLimitExceeded: You have requested more vCPU capacity"):
        aws.update(reservation, **more, instanceCount=3)


def test_spot_has_words_of_its_own_for_a_quota(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-7212CCBC": 0})
    failed = failure(aws, **gpus(aws, capacityType="SPOT"))
    assert "Could not launch Spot Instances. MaxSpotInstanceCountExceeded" in failed.reasons[0]


def test_a_fault_uses_a_quota_up(cloud: Cloud) -> None:
    aws = Account(cloud, ("quota=L-417A185B:1",))
    failed = failure(aws, nodeGroupName="gpu", **gpus(aws))
    assert "vCPU limit of 0 allows" in failed.reasons[0]
    held = Held(GROUP, "gpu", failed.id, failed.inputs, failed.state)
    assert aws.update(held, nodeGroupName="gpu", **gpus(aws))["status"] == "ACTIVE"


def test_an_account_that_was_told_nothing_has_room(aws: Account) -> None:
    assert aws.make(GROUP, **gpus(aws, **sized(8)))["status"] == "ACTIVE"


def test_a_request_for_a_quota_is_also_its_limit(aws: Account) -> None:
    aws.make("aws:servicequotas/serviceQuota:ServiceQuota", serviceCode="ec2", quotaCode="L-417A185B", value=96)
    aws.make(GROUP, "first", **gpus(aws))
    assert "vCPU limit of 96 allows" in failure(aws, "second", **gpus(aws)).reasons[0]


def test_a_preview_says_that_the_account_has_too_little(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96})
    aws.preview(GROUP, "one", **gpus(aws), launchTemplate={"id": UNKNOWN, "version": UNKNOWN})
    assert aws.warnings == []
    aws.preview(GROUP, "two", **gpus(aws, **sized(2)), launchTemplate={"id": UNKNOWN, "version": UNKNOWN})
    assert "192 vCPUs are wanted beside 0 in use, and the account has 96 of quota L-417A185B" in aws.warnings[0]
    assert "makes the group, which ends in CREATE_FAILED" in aws.warnings[0]
    group = aws.make(GROUP, **gpus(aws))
    aws.update(group, preview=True, **gpus(aws, labels={"team": "ml"}))
    assert len(aws.warnings) == 1, "its own nodes are there already"
    aws.update(group, preview=True, **gpus(aws, **sized(3)))
    assert "192 vCPUs are wanted beside 96 in use" in aws.warnings[1]
    assert "the group is DEGRADED" in aws.warnings[1]


def test_without_capacity_another_type_of_the_group_is_taken(cloud: Cloud) -> None:
    aws = Account(cloud, ("capacity=p4d.24xlarge",))
    both = gpus(aws, instanceTypes=["p4d.24xlarge", "p4de.24xlarge"])
    assert aws.make(GROUP, "both", **both)["status"] == "ACTIVE"
    text = failure(aws, **gpus(aws)).reasons[0]
    assert "InsufficientInstanceCapacity - We currently do not have sufficient p4d.24xlarge capacity" in text
    assert "(us-west-2a)" in text


def test_a_group_that_cannot_grow_is_degraded(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96})
    group = aws.make(GROUP, **gpus(aws))
    assert aws.update(group, **gpus(aws, **sized(2)))["status"] == "DEGRADED", "EKS takes the size, EC2 sends no node"
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
def test_labels_and_taints_are_those_of_kubernetes(aws: Account, inputs: dict[str, Any], text: str) -> None:
    assert text in aws.refusal(GROUP, preview=True, **gpus(aws, **inputs))


def test_layouts_of_mig_are_label_values(aws: Account) -> None:
    labels = {"nvidia.com/mig.config": "2x1g.10gb_1x2g.20gb_1x3g.40gb", "nvidia.com/gpu.present": "true"}
    assert aws.make(GROUP, **gpus(aws, labels=labels))["labels"] == labels


def test_fifty_taints_are_enough(aws: Account) -> None:
    taints = [{"key": f"taint-{index}", "effect": "NO_SCHEDULE"} for index in range(51)]
    assert "expected taints to have between 0 and 50 items, got 51" in aws.problems(GROUP, **gpus(aws, taints=taints))
