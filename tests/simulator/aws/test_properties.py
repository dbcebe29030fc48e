"""Properties that hold for any inputs."""

from __future__ import annotations

import ipaddress
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES
from catalog.regions import REGIONS
from simulator.cloud import Cloud
from simulator.provider import InitializationFailure, Refusal
from tests.simulator.aws.account import Account

SUBNET = "aws:ec2/subnet:Subnet"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:eks/nodeGroup:NodeGroup"
WITH_ZONES_A_AND_B = {
    name for name, row in REGIONS.items() if {f"{name}a", f"{name}b"} <= {zone.name for zone in row.eks_zones}
}
EXAMPLES = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

blocks = st.builds(
    lambda second, third, prefix: str(ipaddress.ip_network(f"10.{second}.{third}.0/{prefix}", strict=False)),
    st.integers(0, 1),
    st.integers(0, 255),
    st.integers(17, 24),
)
tags = st.dictionaries(st.sampled_from(["team", "stage", "owner", "Name"]), st.text("ab", max_size=3))


@EXAMPLES
@given(st.lists(blocks, min_size=1, max_size=8))
def test_subnets_of_a_vpc_never_overlap_and_never_leave_it(cidrs: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Cloud(Path(folder) / "cloud.sqlite")) as cloud:
        aws = Account(cloud)
        vpc = aws.vpc()
        inside = ipaddress.IPv4Network(vpc["cidrBlock"])
        created: list[ipaddress.IPv4Network] = []
        for index, cidr in enumerate(cidrs):
            block = ipaddress.IPv4Network(cidr)
            fits = block.subnet_of(inside) and not any(block.overlaps(other) for other in created)
            try:
                aws.make(SUBNET, f"subnet-{index}", vpcId=vpc.id, cidrBlock=cidr)
                created.append(block)
                assert fits, f"{cidr} was accepted beside {created}"
            except Refusal:
                assert not fits, f"{cidr} was refused beside {created}"


@EXAMPLES
@given(tags, tags, st.integers(1, 64))
def test_the_same_inputs_again_are_no_change(own: dict[str, str], common: dict[str, str], hops: int) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Cloud(Path(folder) / "cloud.sqlite")) as cloud:
        aws = Account(cloud, config={"region": "us-west-2", "defaultTags": {"tags": common}})
        inputs = {"tags": own, "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": hops}}
        template = aws.make(TEMPLATE, **inputs)
        assert aws.diff(template, **inputs).changes == (), "a second run must show no change"
        refreshed = aws.package.read(aws.call(TEMPLATE, "one"), template.id, template.inputs, template.state)
        assert refreshed is not None
        assert refreshed.inputs == template.inputs, "a refresh must show no change"
        assert template["tagsAll"] == {**common, **own}


@EXAMPLES
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=6), st.integers(0, 960))
def test_running_nodes_never_exceed_the_quota(steps: list[tuple[bool, int]], limit: int) -> None:
    """Each step creates a group of A100 nodes; some steps first delete the oldest group."""
    with tempfile.TemporaryDirectory() as folder, closing(Cloud(Path(folder) / "cloud.sqlite")) as cloud:
        aws = Account(cloud, quotas={"L-417A185B": limit})
        inputs = aws.group_inputs(aws.cluster(), instanceTypes=["p4d.24xlarge"], amiType="AL2023_x86_64_NVIDIA")
        running: dict[str, int] = {}
        for index, (operation, nodes) in enumerate(steps):
            if operation and running:
                name = next(iter(running))
                row = cloud.get(GROUP, name)
                assert row is not None
                aws.package.delete(aws.call(GROUP, "any"), name, {}, row.state)
                del running[name]
            sizes = {"scalingConfig": {"minSize": 0, "desiredSize": nodes, "maxSize": 4}}
            room = 96 * (sum(running.values()) + nodes) <= limit or nodes == 0
            try:
                running[aws.make(GROUP, f"group-{index}", **{**inputs, **sizes}).id] = nodes
                assert room, f"{nodes} more were accepted beside {running} with {limit} vCPUs"
            except InitializationFailure as failed:
                running[failed.id] = 0
                assert not room, f"{nodes} more were refused beside {running} with {limit} vCPUs"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(INSTANCE_TYPES)), st.data())
def test_every_instance_type_of_the_catalog_can_be_a_node_group(name: str, data: st.DataObject) -> None:
    machine = INSTANCE_TYPES[name]
    regions = sorted(machine.regions & WITH_ZONES_A_AND_B)
    if not regions:
        return
    kind = machine.accelerator.kind if machine.accelerator else ""
    ends = {"": "STANDARD", "gpu": "NVIDIA", "neuron": "NEURON"}
    image = f"AL2023_{'ARM_64' if machine.arch == 'arm64' else 'x86_64'}_{ends[kind]}"
    fabric = [
        {"networkCardIndex": each.card, "deviceIndex": each.device, "interfaceType": each.kind}
        for each in efa_interfaces(machine)
    ]
    with tempfile.TemporaryDirectory() as folder, closing(Cloud(Path(folder) / "cloud.sqlite")) as cloud:
        aws = Account(cloud, config={"region": data.draw(st.sampled_from(regions))})
        template = aws.make(TEMPLATE, networkInterfaces=fabric or None, instanceType=name)
        inputs = aws.group_inputs(aws.cluster(), instanceTypes=None, amiType=image, launchTemplate={"id": template.id})
        assert aws.make(GROUP, "any", **inputs)["status"] == "ACTIVE"
        assert aws.warnings == []
