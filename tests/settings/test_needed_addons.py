"""What pools cannot do without comes by itself, and for nothing else."""

from typing import Any

import pytest

from settings.addon_names import addon_names
from settings.needed_addons import FOR_POOLS, needed_addons, needed_for_storage, needed_managed_addons
from settings.node_pool import NodePoolSettings
from settings.storage import StorageSettings

OPERATOR, KARPENTER = {"gpu-operator"}, {"karpenter", "karpenter-crd"}


def pool(instance_type: str, **values: Any) -> NodePoolSettings:
    return NodePoolSettings(name="p", instance_types=(instance_type,), **values)


@pytest.mark.parametrize(
    ("asked", "allocation", "needed"),
    [
        (pool("m5.large"), "device-plugin", set()),
        (pool("m5.large", provisioner="karpenter"), "device-plugin", KARPENTER),
        (pool("g6.xlarge"), "device-plugin", OPERATOR),
        (pool("g6.xlarge"), "dra", OPERATOR | {"dra-driver-nvidia-gpu"}),
        (pool("g6.xlarge", operating_system="bottlerocket"), "device-plugin", set()),
        (pool("g6.xlarge", provisioner="karpenter"), "device-plugin", OPERATOR | KARPENTER),
        (pool("p5.48xlarge", efa=True), "device-plugin", OPERATOR | {"aws-efa-k8s-device-plugin"}),
        (pool("inf2.xlarge"), "device-plugin", {"neuron-helm-chart"}),
        (pool("inf2.xlarge"), "dra", {"neuron-helm-chart"}),
    ],
)
def test_a_pool_brings_what_offers_its_devices(asked: NodePoolSettings, allocation: str, needed: set[str]) -> None:
    assert set(needed_addons([asked], allocation)) == needed
    assert bool(needed_managed_addons([asked])) == (asked.accelerator is not None), "faults are seen by the agent alone"


def test_each_of_them_is_an_add_on_of_the_platform_and_can_be_done_without() -> None:
    assert set(FOR_POOLS) <= set(addon_names()), "a pool that needs what nobody can install"
    everything = [
        pool("g6.8xlarge", efa=True, provisioner="karpenter"),
        pool("g6.xlarge"),
        pool("inf2.xlarge"),
    ]
    assert set(needed_addons(everything, "dra")) == set(FOR_POOLS), "each refusal says what to write instead"


def test_a_driver_comes_to_the_clusters_whose_pods_mount_something():
    users = [{"namespace": "research", "cluster": "main", "mode": "write"}]
    storage = StorageSettings.model_validate({"file_systems": {"home": {"purpose": "shared", "used_by": users}}})
    assert needed_for_storage(storage, "main", ["main", "other"]) == ("aws-efs-csi-driver",)
    assert needed_for_storage(storage, "other", ["main", "other"]) == ()
    assert needed_for_storage(StorageSettings(), "main", ["main"]) == (), (
        "a driver for nothing is a daemon on each node"
    )
