"""No address of a Kubernetes service belongs to the VPC or to a connected network."""

from typing import Any

import pytest

from settings.stack.checks.service_ranges import default_service_cidr
from tests.settings.stacks import problems, stack

PATH = "clusters.main.service_cidr"
SERVICES = ("clusters", "main", "service_cidr")
RANGE = (("network", "cidr"), "192.168.0.0/16")


def gateway(*cidrs: str) -> Any:
    return ("network", "transit_gateway"), {"id": "tgw-0123456789abcdef0", "cidrs": list(cidrs)}


def peering(*cidrs: str) -> Any:
    return ("network", "peering"), {"tools": {"id": "pcx-0123456789abcdef0", "cidrs": list(cidrs)}}


def messages(*changes: Any) -> dict[str, str]:
    return {problem.path: problem.message for problem in problems(stack(*changes))}


@pytest.mark.parametrize(
    ("vpc", "services"),
    [("10.0.0.0/16", "172.20.0.0/16"), ("172.16.0.0/16", "10.100.0.0/16"), ("192.168.0.0/16", "10.100.0.0/16")],
)
def test_eks_chooses_by_the_range_of_the_vpc(vpc: str, services: str) -> None:
    assert default_service_cidr(vpc) == services


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ([gateway("172.16.0.0/12")], "is not given, so EKS takes 172.20.0.0/16, which overlaps with 172.16.0.0/12 of"),
        ([peering("172.20.5.0/24")], "is not given, so EKS takes 172.20.0.0/16, which overlaps with 172.20.5.0/24 of"),
        ([RANGE, gateway("10.0.0.0/8")], "is not given, so EKS takes 10.100.0.0/16, which overlaps with 10.0.0.0/8 of"),
        ([(SERVICES, "10.0.64.0/20")], "is 10.0.64.0/20, which overlaps with 10.0.0.0/16 of network.cidr"),
        (
            [(SERVICES, "10.201.0.0/16"), gateway("10.201.0.0/24")],
            "is 10.201.0.0/16, which overlaps with 10.201.0.0/24",
        ),
    ],
)
def test_a_range_that_services_share_with_a_network_is_refused(changes: list[Any], start: str) -> None:
    found = messages(*changes)
    assert list(found) == [PATH]
    assert found[PATH].startswith(start)
    assert found[PATH].endswith("would be replaced for that, so name narrower ranges there.")


@pytest.mark.parametrize(
    "changes", [[gateway("10.0.0.0/8")], [(SERVICES, "10.201.0.0/16"), gateway("172.16.0.0/12")], [RANGE]]
)
def test_a_range_of_their_own_is_accepted(changes: list[Any]) -> None:
    assert messages(*changes) == {}


@pytest.mark.parametrize(
    ("cidr", "end"),
    [
        ("100.64.0.0/16", "172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)."),
        ("172.31.0.0/25", "172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)."),
        ("10.0.0.0/8", "172.16.0.0/12 or 192.168.0.0/16 (RFC 1918)."),
        ("172.31.0.1/16", "Write 172.31.0.0/16."),
    ],
)
def test_a_range_that_eks_does_not_take_is_refused(cidr: str, end: str) -> None:
    found = messages((SERVICES, cidr))
    assert list(found) == [PATH]
    assert found[PATH].endswith(end)
