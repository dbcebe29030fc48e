"""Node groups: the range from the lowest to the highest cost, and the disks of the nodes."""

from catalog.prices import on_demand_usd_per_hour, spot_usd_per_hour
from common.values import UNKNOWN
from costs.resource import Resource
from tests.costs.builders import group, group_with_unknown_template, items, price, reasons, resource, template

POOL = "urn:pulumi:dev::ml-platform::mlplatform:compute:NodePool::pool"


def usd(name: str) -> float:
    price = on_demand_usd_per_hour(name, "us-west-2")
    assert price is not None
    return price.usd


def nodes(result):
    (line,) = [item for item in result.items if item.item.startswith("nodes")]
    return line


def test_the_range_is_min_size_of_the_cheapest_type_to_max_size_of_the_most_expensive():
    line = nodes(price(group("m5.4xlarge", "m5.2xlarge", low=2, high=5)))
    cheapest, most_expensive = usd("m5.2xlarge"), usd("m5.4xlarge")
    assert line.item == "nodes, m5.2xlarge to m5.4xlarge, on-demand"
    assert line.monthly_min_usd == 2 * 730 * cheapest, "the least it can cost"
    assert line.monthly_max_usd == 5 * 730 * most_expensive, "the most it can cost"


def test_spot_has_a_typical_price_and_a_note():
    line = nodes(price(group("m5.2xlarge", capacityType="SPOT")))
    assert line.price_min == spot_usd_per_hour("m5.2xlarge", "us-west-2")
    assert "typical spot price; spot prices change by zone and hour" in line.approximations


def test_a_group_in_a_capacity_reservation_has_the_price_of_the_reservation():
    target = {"capacityReservationTarget": {"capacityReservationId": "cr-0123456789abcdef0"}}
    plain = template(parent=POOL)
    inputs = {**plain.inputs, "capacityReservationSpecification": target}
    reserving = Resource(plain.urn, plain.type, inputs, parent=POOL)
    line = nodes(price(group("p4d.24xlarge", launchTemplate={"id": UNKNOWN}, parent=POOL), reserving))
    assert line.item == "nodes, p4d.24xlarge, reserved"
    assert line.monthly_max_usd == 5 * 730 * usd("p4d.24xlarge")
    assert "even when no node runs in it" in line.notes[0], "an empty reservation is billed too"


def test_a_group_in_a_capacity_block_costs_only_its_disks():
    result = price(group("p5.48xlarge", capacityType="CAPACITY_BLOCK"))
    assert [item.item for item in result.items] == ["node disks, gp3"]
    assert "paid when the block was bought" in reasons(result)[0]


def test_the_sharing_label_of_a_group_gives_the_price_of_a_slice():
    line = nodes(price(group("p4d.24xlarge", labels={"ml-platform/sharing": "time-slicing-2"})))
    assert list(line.slices) == ["nvidia.com/gpu.shared"]
    assert line.notes[-1].startswith("one nvidia.com/gpu.shared costs")
    assert list(nodes(price(group("inf2.xlarge"))).slices) == ["aws.amazon.com/neuron"], (
        "without a label, devices are whole"
    )


def test_an_instance_type_without_a_price_is_listed_and_the_others_still_count():
    result = price(group("m5.2xlarge", "zz9.huge"))
    assert nodes(result).monthly_max_usd > 0
    assert [reason for reason in reasons(result) if reason.startswith("zz9.huge: no price")], (
        "otherwise its cost would be missing"
    )


def test_a_type_that_aws_sells_in_capacity_blocks_has_that_reason():
    assert "Capacity Blocks" in " ".join(reasons(price(group("p5e.48xlarge"))))


def test_the_disk_comes_from_the_launch_template_that_the_property_depends_on():
    other, dependency = template("other", volumeSize=999), template("dependency", volumeSize=80)
    pool = group_with_unknown_template()
    linked = Resource(pool.urn, pool.type, pool.inputs, {"launchTemplate": [dependency.urn]})
    disks = items(price(linked, other, dependency))["node disks, gp3"]
    assert (disks.quantity_min, disks.quantity_max) == (160, 400), "two to five nodes of 80 GiB"


def test_without_dependencies_the_group_uses_the_template_with_its_parent():
    disks = items(price(group_with_unknown_template(POOL), template(parent=POOL), template("far")))["node disks, gp3"]
    assert disks.quantity_min == 200, "two nodes of 100 GiB"


def test_the_template_of_a_running_stack_is_found_by_its_id():
    running = Resource(template().urn, template().type, template().inputs, id="lt-0abc")
    disks = items(price(group(launchTemplate={"id": "lt-0abc"}), running, template("far")))["node disks, gp3"]
    assert disks.quantity_min == 200


def test_a_group_without_its_template_has_unpriced_disks():
    result = price(group_with_unknown_template(), template())
    assert not [item for item in result.items if "disk" in item.item], "another component's template would be a guess"
    assert "disks of the nodes: the launch template cannot be found" in reasons(result)[0]


def test_iops_and_throughput_are_billed_beyond_what_gp3_includes():
    fast = template(parent=POOL, iops=4000, throughput=225)
    lines = items(price(group_with_unknown_template(POOL), fast))
    assert lines["node disks, IOPS over 3000"].quantity_min == 2000, "1000 more on each of two nodes"
    assert lines["node disks, MiB/s over 125"].quantity_min == 200


def test_without_a_launch_template_the_disk_has_20_gib():
    assert items(price(group(low=1, high=1)))["node disks, gp3"].quantity_min == 20
    assert items(price(group(low=1, high=1, diskSize=50)))["node disks, gp3"].quantity_min == 50


def test_an_unknown_size_is_unpriced_and_not_zero():
    result = price(group(scalingConfig={"minSize": UNKNOWN, "maxSize": 3}))
    assert reasons(result) == ["scalingConfig.minSize is not known before the update"]
    assert not result.items


def test_unknown_instance_types_are_unpriced():
    assert reasons(price(group(instanceTypes=UNKNOWN)))[0] == "instanceTypes is not known before the update"


def test_a_single_volume_is_priced_like_a_node_disk():
    result = price(resource("aws:ebs/volume:Volume", size=100, type="io2", iops=40000))
    assert items(result)["volume, io2"].monthly_min_usd == 12.5
    assert "IOPS beyond 32000 have no price" in reasons(result)[0]


def test_a_volume_type_without_a_price_is_unpriced():
    assert reasons(price(resource("aws:ebs/volume:Volume", size=100)))[0].startswith("gp2 volumes have no price")
