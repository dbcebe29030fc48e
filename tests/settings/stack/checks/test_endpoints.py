"""Without NAT, nodes need endpoints, and images from a registry that they reach."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

FOR_NODES = ["ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"]
FROM_ECR = {"values": {"image": {"repository": "123456789012.dkr.ecr.us-west-2.amazonaws.com/mirror"}}}


ON = ("clusters", "main", "addons", "cert-manager")
NO_NAT = (("network", "nat"), "none")


def messages(*changes: Any) -> dict[str, str]:
    """Returns what is reported of a stack whose pools nothing scales."""
    fixed = [(("clusters", "main", "pools", index, "scaling"), "fixed") for index in (0, 1)]
    return {problem.path: problem.message for problem in problems(stack((ON, FROM_ECR), *fixed, *changes))}


def endpoints(*interface: str, gateway: tuple[str, ...] = ("s3",)) -> Any:
    return ("network", "endpoints"), {"gateway": list(gateway), "interface": list(interface)}


def test_a_network_without_nat_names_every_endpoint_that_is_missing() -> None:
    found = messages(NO_NAT, endpoints("ecr.api", "kms"))
    assert list(found) == ["network.endpoints"]
    assert "ec2, ecr.dkr, eks, eks-auth, sts are missing" in found["network.endpoints"]
    wanted = "interface: [ecr.api, kms, ec2, ecr.dkr, eks, eks-auth, sts]"
    assert f"Write `endpoints: {{gateway: [s3], {wanted}}}`" in found["network.endpoints"]
    assert messages(NO_NAT, endpoints("kms", *FOR_NODES)) == {}, "the advice must work"


def test_the_gateway_of_s3_is_needed_for_the_layers_of_images() -> None:
    found = messages(NO_NAT, endpoints(*FOR_NODES, gateway=()))
    assert "s3 is missing" in found["network.endpoints"]


def test_with_nat_no_endpoint_is_needed() -> None:
    assert messages((("network", "nat"), "single"), endpoints(gateway=())) == {}


def test_drivers_and_agents_need_endpoints_of_their_own() -> None:
    agent = (
        ("clusters", "main", "managed_addons"),
        {"amazon-cloudwatch-observability": {"version": "v4.0.0-eksbuild.1"}},
    )
    home = {"purpose": "shared", "used_by": [{"namespace": "research", "mode": "write"}]}
    files = (("storage", "file_systems"), {"home": home})
    found = messages(NO_NAT, endpoints(*FOR_NODES), agent, files)
    assert "elasticfilesystem, logs, monitoring, xray are missing" in found["network.endpoints"]


@pytest.mark.parametrize(
    ("logs", "needed"),
    [
        (None, False),
        ({"to": "cloudwatch"}, True),
        ({"to": "loki", "loki": {}}, False),
        ({"to": "opensearch", "opensearch": {"host": "vpc-logs-abc.us-west-2.es.amazonaws.com"}}, False),
    ],
)
def test_logs_of_containers_need_the_endpoint_of_cloudwatch_where_they_go_there(logs: Any, needed: bool) -> None:
    found = messages(NO_NAT, endpoints(*FOR_NODES[1:]), (("observability",), {"logs": logs} if logs else {}))
    missing = found["network.endpoints"].split(" is missing")[0].split(" are missing")[0]
    assert "ec2" in missing
    assert ("logs" in missing.replace(",", "").split()) is needed


def test_images_of_add_ons_come_from_a_registry_that_nodes_reach() -> None:
    found = messages(NO_NAT, endpoints(*FOR_NODES), (ON, {}))
    assert found[".".join(ON)].endswith("name that registry in values, or write nat: single.")
    assert messages(NO_NAT, endpoints(*FOR_NODES)) == {}


def test_the_autoscaler_needs_an_endpoint_and_an_image_or_a_pool_of_a_fixed_size() -> None:
    auto = (("clusters", "main", "pools", 1, "scaling"), "auto")
    found = messages(NO_NAT, endpoints(*FOR_NODES), auto)
    assert "autoscaling is missing" in found["network.endpoints"]
    assert found["clusters.main.addons.cluster-autoscaler"].endswith("or scaling: fixed in each managed pool.")
    mirrored = (("clusters", "main", "addons", "cluster-autoscaler"), FROM_ECR)
    assert messages(NO_NAT, endpoints(*FOR_NODES, "autoscaling"), auto, mirrored) == {}


def test_the_stacks_own_account_needs_no_name_among_those_that_go_through() -> None:
    own = ("network", "endpoints"), {"policies": "own", "accounts": ["210987654321", "123456789012"]}
    found = messages(own, (("account_id",), "123456789012"))
    assert found == {"network.endpoints.accounts[1]": "is the stack's own account, which always goes through. Drop it."}
    assert messages(own, (("account_id",), "333333333333")) == {}
