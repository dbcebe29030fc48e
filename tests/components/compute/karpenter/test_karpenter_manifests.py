from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES
from catalog.machine_images import KARPENTER_ALIASES
from components.compute.karpenter.karpenter_manifests import node_class, node_overlays, node_pool, quiet_hours
from components.compute.node_labels import labels_of
from components.compute.node_user_data import user_data
from settings.compute.node_pool import NodePoolSettings
from settings.compute.off_peak import OffPeakSettings
from tests.components.stacks import stage

ZONES = ["us-west-2a", "us-west-2b"]
SHARED_TAINT = {"key": "gpu", "value": "true"}
BLOCK = {
    "id": "cr-0123456789abcdef0",
    "kind": "capacity-block",
    "zone": "us-west-2b",
    "starts": "2027-01-11T11:30:00Z",
    "ends": "2027-01-18T11:30:00Z",
}


def pool(**changes):
    raw = {"name": "gpu", "provisioner": "karpenter", "instance_types": ["g6.12xlarge"], "min_per_zone": 0}
    return NodePoolSettings.model_validate({**raw, **changes})


def sliced(**changes):
    sharing = {"strategy": "time-slicing", "replicas": 4}
    return pool(**{"sharing": sharing, "operating_system": "bottlerocket", "taints": [SHARED_TAINT], **changes})


def mig(**changes):
    layout = {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}
    types, sharing = ["p4de.24xlarge"], {"strategy": "mig", "layout": layout}
    return pool(**{"instance_types": types, "sharing": sharing, "taints": [SHARED_TAINT], **changes})


def class_of(settings):
    return node_class(settings, stage(), "main", "key-arn")["spec"]


def pool_of(settings, zones=ZONES):
    return node_pool(settings, zones)["spec"]


def requirement(spec, key):
    (values,) = [r["values"] for r in spec["template"]["spec"]["requirements"] if r["key"] == key]
    return values


def test_machines_come_from_a_pinned_image_without_the_nodes_credentials_for_pods():
    spec = class_of(pool())
    assert spec["amiSelectorTerms"] == [{"alias": KARPENTER_ALIASES["al2023"]}]
    assert "latest" not in KARPENTER_ALIASES["al2023"], "each new image would replace every node"
    assert spec["metadataOptions"]["httpTokens"] == "required"
    assert spec["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert spec["associatePublicIPAddress"] is False


def test_machines_find_their_network_by_tag_and_run_under_the_role_that_may_be_passed():
    spec = class_of(pool())
    assert spec["subnetSelectorTerms"] == [{"tags": {"karpenter.sh/discovery": "ml-platform-prod"}}]
    assert spec["securityGroupSelectorTerms"] == [{"tags": {"aws:eks:cluster-name": "ml-platform-prod-main"}}]
    assert spec["role"] == "ml-platform-prod-main-karpenter-usw2"


def test_what_karpenter_starts_can_be_billed():
    tags = class_of(pool())["tags"]
    assert tags["cost-center"] == "ml-42"
    assert tags["Name"] == "ml-platform-prod-main-gpu"
    assert tags["ebs.csi.aws.com/cluster-name"] == "ml-platform-prod-main", "else no volume could be attached"


@pytest.mark.parametrize(
    ("system", "devices"), [("al2023", {"/dev/xvda": True}), ("bottlerocket", {"/dev/xvda": False, "/dev/xvdb": True})]
)
def test_volumes_are_encrypted_and_the_data_volume_has_the_size_asked_for(system, devices):
    volumes = class_of(pool(operating_system=system, disk={"size_gib": 300}))["blockDeviceMappings"]
    assert {v["deviceName"]: v["rootVolume"] for v in volumes} == devices
    assert all(v["ebs"]["encrypted"] and v["ebs"]["kmsKeyID"] == "key-arn" for v in volumes)
    assert [v["ebs"]["volumeSize"] for v in volumes if v["rootVolume"]] == ["300Gi"]


def test_pods_per_node_follow_the_type_that_takes_fewest():
    mixed = pool(instance_types=["g6.xlarge", "g6.12xlarge"])
    known = [pods for t in mixed.instance_types if (pods := INSTANCE_TYPES[t].max_pods_prefix_delegation)]
    assert len(known) == 2
    assert class_of(mixed)["kubelet"] == {"maxPods": min(known)}


def test_efa_pools_have_every_interface_of_their_type_and_a_group_open_to_itself():
    training = pool(instance_types=["p5.48xlarge"], efa=True, zones=["us-west-2a"], placement_group=True)
    spec = class_of(training)
    assert len(spec["networkInterfaces"]) == len(efa_interfaces(INSTANCE_TYPES["p5.48xlarge"])) > 32
    assert spec["subnetSelectorTerms"] == [{"tags": {"karpenter.sh/discovery": "ml-platform-prod-pods"}}], (
        "on a p5 no other interface is left for pods"
    )
    assert spec["networkInterfaces"][0] == {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"}
    own = {"tags": {"karpenter.sh/discovery": "ml-platform-prod-main-gpu"}}
    assert own in spec["securityGroupSelectorTerms"]
    assert len(spec["securityGroupSelectorTerms"]) == 2, "nodes without the cluster's group never join"
    assert spec["placementGroupSelector"] == {"name": "ml-platform-prod-main-gpu"}
    assert "networkInterfaces" not in class_of(pool())


def test_a_reserved_pool_names_its_reservation_and_comes_before_others():
    reserved = pool(
        instance_types=["p5.48xlarge"],
        capacity_type="reserved",
        reservation=BLOCK,
        fallback_capacity_types=["on-demand"],
    )
    assert class_of(reserved)["capacityReservationSelectorTerms"] == [{"id": BLOCK["id"]}]
    spec = pool_of(reserved, reserved.named_zones)
    assert requirement(spec, "karpenter.sh/capacity-type") == ["reserved", "on-demand"]
    assert requirement(spec, "topology.kubernetes.io/zone") == ["us-west-2b"]
    spot, bought = (pool_of(pool(capacity_type=way))["weight"] for way in ("spot", "on-demand"))
    assert spec["weight"] > spot > bought, "what is paid for first, then what is cheap"


def test_gpus_are_shared_before_the_node_joins():
    assert class_of(mig())["userData"] == user_data(mig())
    assert "time-slicing" in class_of(sliced())["userData"]
    assert "userData" not in class_of(pool(instance_types=["m7i.2xlarge"]))


def test_nodes_for_training_over_many_go_only_when_empty():
    asked = {"consolidate": "when-underutilized"}
    training = pool(instance_types=["p5.48xlarge"], efa=True, zones=["us-west-2a"], disruption=asked)
    assert pool_of(training)["disruption"]["consolidationPolicy"] == "WhenEmpty"
    assert pool_of(pool(disruption=asked))["disruption"]["consolidationPolicy"] == "WhenEmptyOrUnderutilized"


def test_local_disks_are_joined_where_asked():
    assert class_of(pool(local_nvme="raid0"))["instanceStorePolicy"] == "RAID0"
    assert "instanceStorePolicy" not in class_of(pool())


def test_limits_stop_at_the_gpus_allowed_and_at_the_nodes_that_the_address_plan_has_room_for():
    limits = pool_of(pool(max_per_zone=3))["limits"]
    assert limits == {"nodes": "6", "cpu": str(6 * 48), "nvidia.com/gpu": "24"}
    limits = pool_of(pool(max_per_zone=3, max_gpus=8))["limits"]
    assert (limits["nodes"], limits["nvidia.com/gpu"]) == ("2", "8")


def test_shared_gpus_are_limited_in_their_parts_as_well():
    limits = pool_of(sliced(max_gpus=8))["limits"]
    assert limits["nvidia.com/gpu.shared"] == "32", "a node that shares its GPUs registers no whole ones"
    limits = pool_of(mig(max_gpus=16))["limits"]
    assert (limits["nvidia.com/mig-1g.10gb"], limits["nvidia.com/mig-3g.40gb"]) == ("32", "16")


def test_neuron_devices_are_limited_by_their_own_name():
    assert pool_of(pool(instance_types=["trn2.48xlarge"], max_per_zone=1))["limits"]["aws.amazon.com/neuron"] == "32"


def test_nodes_carry_the_labels_and_taints_of_the_pool():
    settings = pool(taints=[{"key": "gpu"}, SHARED_TAINT | {"effect": "NoExecute"}], labels={"team": "vision"})
    template = pool_of(settings)["template"]
    assert template["metadata"]["labels"] == labels_of(settings)
    assert template["spec"]["taints"] == [
        {"key": "gpu", "effect": "NoSchedule"},
        {"key": "gpu", "effect": "NoExecute", "value": "true"},
    ]
    assert template["spec"]["nodeClassRef"]["name"] == node_class(settings, stage(), "main", "k")["metadata"]["name"]


def test_disruption_follows_the_settings():
    asked = {
        "consolidate": "when-empty",
        "consolidate_after_minutes": 30,
        "expire_after_hours": 48,
        "drain_hours": 2,
        "max_unavailable_percentage": 20,
    }
    spec = pool_of(pool(disruption=asked))
    assert spec["disruption"] == {
        "consolidationPolicy": "WhenEmpty",
        "consolidateAfter": "30m",
        "budgets": [{"nodes": "20%"}],
    }
    assert spec["template"]["spec"]["expireAfter"] == "48h"
    assert spec["template"]["spec"]["terminationGracePeriod"] == "2h"


def test_without_drain_hours_the_annotation_do_not_disrupt_holds():
    spec = pool_of(pool(disruption={"drain_hours": None}))["template"]["spec"]
    assert "terminationGracePeriod" not in spec, "with one, Karpenter ends annotated pods of nodes that are out of date"
    assert pool_of(pool())["template"]["spec"]["terminationGracePeriod"] == "24h", "no node waits for ever by default"


def test_overlays_tell_karpenter_the_parts_of_each_number_of_gpus():
    overlays = {
        o["metadata"]["name"]: o["spec"] for o in node_overlays(sliced(instance_types=["g6.48xlarge", "g6.xlarge"]))
    }
    assert {name: o["capacity"] for name, o in overlays.items()} == {
        "gpu-1": {"nvidia.com/gpu": "0", "nvidia.com/gpu.shared": "4"},
        "gpu-8": {"nvidia.com/gpu": "0", "nvidia.com/gpu.shared": "32"},
    }, "without the zero Karpenter buys these nodes for pods that request a whole GPU"
    (requirements,) = [o["requirements"] for name, o in overlays.items() if name == "gpu-1"]
    assert {"key": "karpenter.sh/nodepool", "operator": "In", "values": ["gpu"]} in requirements, (
        "else it would hold for pools that share the same machines in another way"
    )
    assert {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g6.xlarge"]} in requirements


def test_overlays_of_mig_count_the_instances_of_the_whole_machine():
    (overlay,) = node_overlays(mig())
    assert overlay["spec"]["capacity"] == {
        "nvidia.com/gpu": "0",
        "nvidia.com/mig-1g.10gb": "16",
        "nvidia.com/mig-2g.20gb": "8",
        "nvidia.com/mig-3g.40gb": "8",
    }


def test_part_of_a_gpu_that_ec2_does_not_count_is_told_and_whole_gpus_are_known():
    (overlay,) = node_overlays(pool(instance_types=["g6f.xlarge"]))
    assert overlay["spec"]["capacity"] == {"nvidia.com/gpu": "1"}
    assert node_overlays(pool()) == []
    assert node_overlays(pool(instance_types=["m7i.2xlarge"])) == []


def _is_off_peak(moment, settings):
    if settings.weekends and moment.weekday() >= 5:
        return True
    hour, minute = map(int, settings.begins.split(":"))
    since = (moment.hour * 60 + moment.minute - hour * 60 - minute) % 1440
    return since < settings.hours * 60


def _is_quiet(moment, budgets):
    """Whether one of the budgets is active: it began within its duration before this moment."""
    for budget in budgets:
        minute, hour, *_, days = budget["schedule"].split()
        hours, minutes = budget["duration"].rstrip("m").split("h")
        lasts = timedelta(hours=int(hours), minutes=int(minutes))
        for day in range(3):
            start = (moment - timedelta(days=day)).replace(hour=int(hour), minute=int(minute))
            if (days == "*" or start.weekday() < 5) and start <= moment < start + lasts:
                return True
    return False


@given(
    st.builds(
        OffPeakSettings,
        begins=st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59])),
        hours=st.integers(1, 23),
        weekends=st.booleans(),
    ),
    st.integers(0, 7 * 24 * 60 - 1),
)
def test_running_nodes_are_left_alone_exactly_when_it_is_not_off_peak(off_peak, minute_of_the_week):
    moment = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=minute_of_the_week)
    assert _is_quiet(moment, quiet_hours(off_peak)) != _is_off_peak(moment, off_peak)


def test_empty_nodes_go_at_any_hour():
    budgets = quiet_hours(OffPeakSettings(begins="20:00", hours=10))
    assert budgets
    assert all("Empty" not in budget["reasons"] for budget in budgets)
    assert quiet_hours(None) == []
