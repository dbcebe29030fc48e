"""The deployer reaches the API of each cluster, and no IAM principal has two access entries."""

from ipaddress import IPv4Address
from typing import Any

import pytest

from settings.cluster.cluster import ApiEndpointSettings
from settings.network.network import NetworkSettings
from settings.stack.checks.way_in import reaches
from tests.settings.stacks import problems, stack

ENDPOINT = ("clusters", "main", "endpoint")
ACCESS = ("clusters", "main", "access")
GATEWAY = (("network", "transit_gateway"), {"id": "tgw-0123456789abcdef0", "cidrs": ["10.200.0.0/16"]})
PEERING = (("network", "peering"), {"tools": {"id": "pcx-0123456789abcdef0", "cidrs": ["10.200.0.0/16"]}})
DEPLOYER = "arn:aws:iam::123456789012:role/deployer"
OFFICE = {"public": True, "public_cidrs": ["203.0.113.0/24"]}
COMPANY = {"private_cidrs": ["10.200.8.0/24"]}
MEMBERS = {"private_security_group_ids": ["sg-0123456789abcdef0"]}


def messages(*changes: Any) -> dict[str, str]:
    return {problem.path: problem.message for problem in problems(stack(*changes))}


def deployed_from(address: str) -> Any:
    return ("deployer",), {"from": address}


@pytest.mark.parametrize(
    ("address", "changes"),
    [
        ("203.0.113.10", [(ENDPOINT, OFFICE)]),
        ("10.200.8.10", [(ENDPOINT, COMPANY), GATEWAY]),
        ("10.200.8.10", [(ENDPOINT, COMPANY), PEERING]),
        ("10.200.9.10", [(ENDPOINT, MEMBERS), PEERING]),
        ("10.0.130.7", []),
        ("10.0.130.7", [(ENDPOINT, OFFICE)]),
        ("100.64.3.4", []),
    ],
    ids=[
        "public range",
        "transit gateway",
        "peering",
        "security group of the peer",
        "node",
        "node of a public API",
        "pod",
    ],
)
def test_a_deployer_that_reaches_the_api_is_accepted(address: str, changes: list[Any]) -> None:
    assert messages(deployed_from(address), *changes) == {}


@pytest.mark.parametrize(
    ("address", "changes"),
    [
        ("203.0.113.10", []),
        ("198.51.100.10", [(ENDPOINT, OFFICE)]),
        ("10.200.9.10", [(ENDPOINT, COMPANY), GATEWAY]),
        ("10.200.8.10", [GATEWAY]),
        ("10.201.8.10", [(ENDPOINT, MEMBERS), PEERING]),
        ("10.200.8.10", [(ENDPOINT, MEMBERS), GATEWAY]),
        ("10.200.8.10", [(ENDPOINT, {**OFFICE, **COMPANY}), GATEWAY]),
    ],
    ids=[
        *("private API", "another range", "not admitted", "routed alone", "not routed"),
        *("security group across a gateway", "the name stands for public addresses"),
    ],
)
def test_a_deployer_that_would_wait_in_vain_is_refused(address: str, changes: list[Any]) -> None:
    found = messages(deployed_from(address), *changes)
    assert list(found) == ["clusters.main.endpoint"]
    assert found["clusters.main.endpoint"].startswith(f"does not admit {address}, which is deployer.from")
    assert found["clusters.main.endpoint"].endswith("Or deploy from elsewhere, and change deployer.from.")


def test_an_api_that_admits_nobody_is_refused_where_nobody_says_from_where_it_is_deployed() -> None:
    found = messages((ENDPOINT, {}))
    assert found["clusters.main.endpoint"].startswith("admits only nodes and pods of the cluster, so neither")
    assert found["clusters.main.endpoint"].endswith("Name the place in deployer.from: it is then checked.")
    for way in (OFFICE, MEMBERS, {"private_cidrs": ["10.0.0.0/16"]}):
        assert messages((ENDPOINT, way)) == {}
    assert messages((ENDPOINT, {}), deployed_from("10.0.130.7")) == {}, "a host of the VPC may be a node"


@pytest.mark.parametrize("key", ["role_arn", "preview_role_arn"])
@pytest.mark.parametrize("region", ["us-west-2", "eu-central-1"])
def test_a_principal_of_another_partition_is_refused(region: str, key: str) -> None:
    foreign = "arn:aws-us-gov:iam::123456789012:role/ops"
    zones = (("network", "zones"), [f"{region}a", f"{region}b"])
    roles = {"role_arn": DEPLOYER, key: foreign}
    found = messages(
        (("region",), region), zones, (("deployer",), roles), (ACCESS, {"o": {"principal_arn": f"{foreign}2"}})
    )
    for path in (f"deployer.{key}", "clusters.main.access.o.principal_arn"):
        assert f"is not of aws, the partition of {region}" in found[path]
        assert found[path].endswith("Write arn:aws:..., with a role of such an account.")


def test_a_boundary_of_another_partition_or_account_is_refused() -> None:
    """IAM refuses it when the first role is made: CreateRole, InvalidInput."""
    boundary = {"permissions_boundary_arn": "arn:aws-cn:iam::123456789012:policy/most"}
    found = messages((("deployer",), boundary))["deployer.permissions_boundary_arn"]
    assert "is not of aws, the partition of us-west-2" in found
    assert found.endswith("Write arn:aws:..., with a policy of such an account.")
    boundary = {"permissions_boundary_arn": "arn:aws:iam::123456789012:policy/most"}
    found = messages((("deployer",), boundary), (("account_id",), "210987654321"))["deployer.permissions_boundary_arn"]
    assert found.startswith("is a policy of account 123456789012, but account_id is 210987654321")
    assert found.endswith("Name a policy of the stack's account.")
    assert messages((("deployer",), boundary), (("account_id",), "123456789012")) == {}
    assert messages((("deployer",), boundary)) == {}, "nobody says which account it is"


def test_a_range_that_the_vpc_has_no_route_to_is_refused() -> None:
    found = messages((ENDPOINT, COMPANY))
    assert found["clusters.main.endpoint.private_cidrs"].endswith("a connection of network.peering, or drop it.")
    assert messages((ENDPOINT, {"private_cidrs": ["10.0.0.0/16"]})) == {}, "the VPC itself needs no route"


def test_a_summary_route_of_the_company_may_contain_the_vpc() -> None:
    gateway = {"id": "tgw-0123456789abcdef0", "cidrs": ["10.0.0.0/8"]}
    assert messages((("network", "transit_gateway"), gateway), (ENDPOINT, COMPANY)) == {}, "the local route is narrower"


@pytest.mark.parametrize("key", ["role_arn", "preview_role_arn"])
def test_the_roles_of_the_deployer_have_entries_already(key: str) -> None:
    roles = {"role_arn": f"{DEPLOYER}-2", key: DEPLOYER}
    found = messages((("deployer",), roles), (ACCESS, {"ci": {"principal_arn": DEPLOYER}}))
    assert found["clusters.main.access.ci.principal_arn"].startswith(f"is deployer.{key}, which has an access entry")
    assert found["clusters.main.access.ci.principal_arn"].endswith("409. Drop this one.")


def test_the_deployer_is_of_the_account_of_the_stack() -> None:
    found = messages((("deployer",), {"role_arn": DEPLOYER}), (("account_id",), "210987654321"))
    assert found["deployer.role_arn"].endswith("Name a role of the stack's account.")
    assert messages((("deployer",), {"role_arn": DEPLOYER}), (("account_id",), "123456789012")) == {}


def test_a_wrong_endpoint_hides_no_other_mistake_and_brings_none() -> None:
    found = messages(deployed_from("203.0.113.10"), (ENDPOINT, {"public": True}))
    assert list(found) == ["clusters.main.endpoint.public_cidrs"]


def test_where_a_host_stands_decides_and_not_who_it_is() -> None:
    network = NetworkSettings()
    everywhere = ApiEndpointSettings(public=True, public_cidrs=("203.0.113.0/24",))
    assert reaches(IPv4Address("203.0.113.255"), everywhere, network)
    assert not reaches(IPv4Address("203.0.114.0"), everywhere, network)
