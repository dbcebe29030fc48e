"""What a stack file has of documentation is told before somebody builds it in a real account."""

import pytest

from components.stack.placeholders import placeholder_warning, placeholders
from tests.components.stacks import stack, stack_with_cluster

ROLE = "arn:aws:iam::123456789012:role/admins"


def open_to(cidr: str) -> dict[str, object]:
    return {"endpoint": {"public": True, "public_cidrs": [cidr]}}


@pytest.mark.parametrize("cidr", ["203.0.113.0/24", "203.0.113.7/32", "192.0.2.0/25", "198.51.100.0/24"])
def test_a_range_of_documentation_is_one(cidr: str) -> None:
    assert "clusters.main.endpoint.public_cidrs" in placeholders(stack_with_cluster(**open_to(cidr)))


def test_an_account_of_documentation_is_one_wherever_it_stands() -> None:
    admins = {"clusters": {"main": {**stack().clusters["main"].model_dump(), "access": {"a": {"principal_arn": ROLE}}}}}
    found = list(placeholders(stack(**admins, deployer={"role_arn": ROLE})))
    assert found == ["account_id", "deployer.role_arn", "clusters.main.access.a"]


def test_a_file_of_ones_own_has_none() -> None:
    own = stack(account_id="210987654321", deployer={"role_arn": "arn:aws:iam::210987654321:role/deployer"})
    assert placeholder_warning(own) is None
    ranges = open_to("8.8.8.0/24")
    assert "public_cidrs" not in (placeholder_warning(stack_with_cluster(**ranges)) or "")


def test_the_warning_names_all_of_them_in_one_sentence() -> None:
    assert placeholder_warning(stack_with_cluster(**open_to("203.0.113.0/24"))) == (
        "placeholders, which AWS refuses: account_id, clusters.main.endpoint.public_cidrs. Write your own before a "
        "real `up`."
    )
