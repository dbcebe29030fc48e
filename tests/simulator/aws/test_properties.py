"""What holds whatever is asked for."""

from __future__ import annotations

import ipaddress
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.cloud import Cloud
from simulator.provider import Refusal
from tests.simulator.aws.account import Account

SUBNET = "aws:ec2/subnet:Subnet"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
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
def test_subnets_of_a_vpc_never_overlap_and_never_leave_it(wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Cloud(Path(folder) / "cloud.sqlite")) as cloud:
        aws = Account(cloud)
        vpc = aws.vpc()
        inside = ipaddress.ip_network(vpc["cidrBlock"])
        made: list[ipaddress.IPv4Network] = []
        for index, cidr in enumerate(wanted):
            block = ipaddress.IPv4Network(cidr)
            fits = block.subnet_of(inside) and not any(block.overlaps(other) for other in made)
            try:
                aws.make(SUBNET, f"subnet-{index}", vpcId=vpc.id, cidrBlock=cidr)
                made.append(block)
                assert fits, f"{cidr} was let in beside {made}"
            except Refusal:
                assert not fits, f"{cidr} was refused beside {made}"


@EXAMPLES
@given(tags, tags, st.integers(1, 64))
def test_asking_for_the_same_again_is_no_change(own: dict[str, str], common: dict[str, str], hops: int) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Cloud(Path(folder) / "cloud.sqlite")) as cloud:
        aws = Account(cloud, config={"region": "us-west-2", "defaultTags": {"tags": common}})
        inputs = {"tags": own, "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": hops}}
        template = aws.make(TEMPLATE, **inputs)
        assert aws.diff(template, **inputs).changes == (), "a second run has to be quiet"
        found = aws.package.read(aws.call(TEMPLATE, "one"), template.id, template.inputs, template.state)
        assert found is not None
        assert found.inputs == template.inputs, "and so has a refresh"
        assert template["tagsAll"] == {**common, **own}
