"""What a simulated eks.Cluster refuses before it registers anything."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.eks import kubeconfig, vpc_cni
from simulator.eks.inputs import validate
from simulator.provider import Refusal
from tests.facts.reading import facts


def inputs(**changed: Any) -> dict[str, Any]:
    return {"authenticationMode": "API", "vpcId": "vpc-1", "skipDefaultNodeGroup": True} | changed


def refusal(said: dict[str, Any]) -> str:
    with pytest.raises(Refusal) as refused:
        validate(said)
    return str(refused.value)


def test_a_plain_cluster_passes() -> None:
    validate(inputs(subnetIds=["subnet-1"], createInstanceRole=False))


def test_an_input_that_is_not_simulated_is_named_with_where_to_add_it() -> None:
    assert refusal(inputs(fargate=True)).startswith("eks.Cluster input fargate is not simulated")
    assert refusal(inputs(fargate=True)).endswith("simulator/eks/cluster.py."), "silence would rehearse less than asked"


def test_a_default_node_group_is_refused_by_name() -> None:
    assert "default node group" in refusal(inputs(skipDefaultNodeGroup=False))


@pytest.mark.parametrize(
    ("case", "changed"),
    [
        ("entries_config_map", {"authenticationMode": "CONFIG_MAP", "accessEntries": {"a": {}}}),
        ("instance_roles_api", {"instanceRoles": ["role"]}),
        ("public_cidrs_private", {"publicAccessCidrs": ["203.0.113.0/24"], "endpointPublicAccess": False}),
    ],
)
def test_what_the_real_component_refuses_is_refused_in_its_words(case: str, changed: dict[str, Any]) -> None:
    assert facts("eks_component")["errors"][case].endswith(refusal(inputs(**changed))), (
        "people search for the message that they see"
    )


def test_options_of_the_network_add_on_are_all_known_or_refused() -> None:
    with pytest.raises(Refusal, match=r"simulator/eks/vpc_cni\.py\.$"):
        vpc_cni.refuse_unknown({"securityContextPrivileged": True})
    with pytest.raises(Refusal, match=r"cni_custom_network_cfg instead\.$"):
        vpc_cni.refuse_unknown({"customNetworkConfig": True})


def test_zero_warm_interfaces_can_be_asked_for() -> None:
    assert vpc_cni.configuration({"warmEniTarget": 0})["env"]["WARM_ENI_TARGET"] == "0", "zero is not unsaid"
    assert vpc_cni.configuration({})["env"]["WARM_ENI_TARGET"] == "1"


def test_configuration_values_win_over_what_options_say() -> None:
    own = {"env": {"WARM_ENI_TARGET": "3"}, "enableNetworkPolicy": "false"}
    merged = vpc_cni.configuration({"enableNetworkPolicy": True, "configurationValues": own})
    assert (merged["env"]["WARM_ENI_TARGET"], merged["enableNetworkPolicy"]) == ("3", "false")
    assert merged["env"]["ENABLE_POD_ENI"] == "false", "what was not said keeps its default"


def test_a_kubeconfig_for_another_role_replaces_the_role() -> None:
    own = kubeconfig.kubeconfig("main", "https://x", "Y2E=", "us-west-2", role="arn:aws:iam::1:role/a", profile="p")
    other = kubeconfig.for_caller(own, "arn:aws:iam::1:role/b", None)
    assert other == kubeconfig.kubeconfig("main", "https://x", "Y2E=", "us-west-2", role="arn:aws:iam::1:role/b")
