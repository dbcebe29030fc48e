"""A stack that is up stays where it is, with its names, and so do zones that others rely on."""

from typing import Any

import pulumi
import pytest

from components.stack.live import LiveStack
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, stack, stack_with_network

MAIN = {"name": "ml-platform-prod-main", "control_plane_zones": ["us-west-2b", "us-west-2c"]}
NETWORK = {"cidr": "10.0.0.0/16", "zones": ["us-west-2b", "us-west-2c"], "nat_zones": ["us-west-2b"]}
LIVE = {"region": "us-west-2", "account_id": "123456789012", "network": NETWORK, "clusters": {"main": MAIN}}
OF_EARLIER_RELEASES = {
    "region": "us-west-2",
    "account_id": "123456789012",
    "clusters": {"main": {"name": "ml-platform-prod-main"}},
}


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says what the stack that is up has given out."""

    def say(outputs: dict[str, Any]) -> None:
        monkeypatch.setattr(LiveStack, "read", lambda: LiveStack(outputs))

    say(LIVE)
    return say


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        (
            {"name": "other"},
            r"^name, environment: the stack is up with ml-platform-prod-main, and .* other-prod-main\.",
        ),
        ({"environment": "dev"}, r"^name, environment: the stack is up with ml-platform-prod-main, "),
        ({"region": "us-east-1", "network": {"zones": 2}}, r"^region: the stack is up with us-west-2, "),
        ({"account_id": "210987654321"}, r"^account_id: the stack is up with 123456789012, "),
        ({"network": {"zones": NETWORK["zones"], "cidr": "10.8.0.0/16"}}, r"^network\.cidr: .* with 10\.0\.0\.0/16, "),
    ],
)
def test_what_would_make_everything_anew_is_refused_with_the_way(
    cloud: PlatformCloud, live: Any, changed: dict[str, Any], where: str
) -> None:
    with pytest.raises(pulumi.RunError, match=rf"{where}.*docs/guides/stack/move-a-stack\.md\. A stack without data.*"):
        cloud.up(stack(**changed))
    assert not cloud.all("ec2/vpc:Vpc"), "it is said before anything is built"


@pytest.mark.parametrize("outputs", [{}, OF_EARLIER_RELEASES, LIVE])
def test_a_stack_that_stays_is_built(cloud: PlatformCloud, live: Any, outputs: dict[str, Any]) -> None:
    live(outputs)
    cloud.up(stack_with_network(zones=NETWORK["zones"]))


def test_another_cluster_beside_the_first_one_is_built(cloud: PlatformCloud, live: Any) -> None:
    more = {"main": CLUSTER, "second": CLUSTER}
    cloud.up(stack(clusters=more, network={"zones": NETWORK["zones"]}))


def test_a_zone_with_an_earlier_letter_moves_neither_control_plane_nor_nat(cloud: PlatformCloud, live: Any) -> None:
    cloud.up(stack_with_network(zones=["us-west-2a", *NETWORK["zones"]], nat="single"))
    subnets = {each.id: each.name for each in cloud.all("ec2/subnet:Subnet")}
    cluster = cloud.one("eks/cluster:Cluster").inputs["vpcConfig"]["subnetIds"]
    assert [subnets[id_] for id_ in cluster] == ["network-intra-us-west-2b", "network-intra-us-west-2c"]
    assert cloud.names("ec2/natGateway:NatGateway") == {"network-nat-us-west-2b"}, "its address is in allow lists"


def test_a_number_of_zones_keeps_those_that_are_there(cloud: PlatformCloud, live: Any) -> None:
    """The account may have got us-west-2a later."""
    cloud.up(stack_with_network(zones=2))
    zones = {each.inputs["availabilityZone"] for each in cloud.all("ec2/subnet:Subnet")}
    assert zones == set(NETWORK["zones"])


@pytest.mark.parametrize(
    "changed",
    [
        {"network": {"zones": ["us-west-2a", "us-west-2b"]}},
        {
            "network": {"zones": ["us-west-2a", *NETWORK["zones"]]},
            "clusters": {"main": {**CLUSTER, "control_plane_zones": ["us-west-2a", "us-west-2b"]}},
        },
    ],
)
def test_other_zones_of_a_control_plane_are_refused_before_anything_is_built(
    cloud: PlatformCloud, live: Any, changed: dict[str, Any]
) -> None:
    with pytest.raises(pulumi.RunError, match=r"^clusters\.main: the control plane is in us-west-2b, us-west-2c\. "):
        cloud.up(stack(**changed))
    assert not cloud.all("ec2/vpc:Vpc")


def test_an_address_that_goes_is_said(cloud: PlatformCloud, live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda text, *rest: said.append(text))
    live({**LIVE, "network": {**NETWORK, "nat_zones": ["us-west-2a", "us-west-2b"]}})
    cloud.up(stack_with_network(zones=NETWORK["zones"], nat="single"))
    assert [text.partition(" go,")[0] for text in said] == ["the NAT gateways of us-west-2a"]
