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


def refusal(inputs_: dict[str, Any]) -> str:
    with pytest.raises(Refusal) as refused:
        validate(inputs_)
    return str(refused.value)


def test_a_plain_cluster_passes() -> None:
    validate(inputs(subnetIds=["subnet-1"], createInstanceRole=False))


def test_an_input_that_is_not_simulated_is_refused_with_the_file_to_add_it_to() -> None:
    assert refusal(inputs(fargate=True)).startswith("eks.Cluster input fargate is not simulated")
    assert refusal(inputs(fargate=True)).endswith("simulator/eks/cluster.py."), "ignoring it would rehearse less"


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
def test_refusals_have_the_words_of_the_real_component(case: str, changed: dict[str, Any]) -> None:
    assert facts("eks_component")["errors"][case].endswith(refusal(inputs(**changed))), (
        "users search the web for the message that they see"
    )


def test_options_of_the_network_add_on_that_are_not_simulated_are_refused() -> None:
    with pytest.raises(Refusal, match=r"simulator/eks/vpc_cni\.py\.$"):
        vpc_cni.refuse_unknown({"securityContextPrivileged": True})
    with pytest.raises(Refusal, match=r"cni_custom_network_cfg instead\.$"):
        vpc_cni.refuse_unknown({"customNetworkConfig": True})


def test_zero_warm_interfaces_are_possible() -> None:
    assert vpc_cni.configuration({"warmEniTarget": 0})["env"]["WARM_ENI_TARGET"] == "0", "zero is a value"
    assert vpc_cni.configuration({})["env"]["WARM_ENI_TARGET"] == "1"


def test_configuration_values_replace_values_from_options() -> None:
    configuration = {"env": {"WARM_ENI_TARGET": "3"}, "enableNetworkPolicy": "false"}
    merged = vpc_cni.configuration({"enableNetworkPolicy": True, "configurationValues": configuration})
    assert (merged["env"]["WARM_ENI_TARGET"], merged["enableNetworkPolicy"]) == ("3", "false")
    assert merged["env"]["ENABLE_POD_ENI"] == "false", "other values keep their default"


def test_a_kubeconfig_for_another_role_replaces_the_role() -> None:
    first = kubeconfig.kubeconfig("main", "https://x", "Y2E=", "us-west-2", role="arn:aws:iam::1:role/a", profile="p")
    second = kubeconfig.for_caller(first, "arn:aws:iam::1:role/b", None)
    assert second == kubeconfig.kubeconfig("main", "https://x", "Y2E=", "us-west-2", role="arn:aws:iam::1:role/b")
