"""A cluster gets the add-ons that it needs, and no others."""

from dataclasses import replace
from typing import Any

import pytest

from components.core.addon_spec import every_add_on
from settings.cluster.addon_rules import AddOnRules, installed
from settings.cluster.managed_addons import needed_managed_addons
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import SettingsError
from settings.stack.loader import load
from settings.storage.drivers import needed_drivers
from settings.storage.storage import StorageSettings
from tests.settings.stacks import SOURCE, TODAY, cluster_of, problems, stack

OPERATOR, KARPENTER = {"gpu-operator"}, {"karpenter", "karpenter-crd"}
BY_DEFAULT = {name for name, add_on in every_add_on().items() if add_on.on}


def pool(instance_type: str, **values: Any) -> NodePoolSettings:
    return NodePoolSettings(name="p", instance_types=(instance_type,), **values)


@pytest.mark.parametrize(
    ("requested", "allocation", "needed"),
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
def test_a_pool_brings_the_add_ons_for_its_devices(
    requested: NodePoolSettings, allocation: str, needed: set[str]
) -> None:
    cluster = cluster_of(requested, gpu_allocation=allocation)
    assert set(installed(every_add_on(), cluster)) == needed | BY_DEFAULT
    has_accelerator = requested.accelerator is not None
    assert bool(needed_managed_addons([requested])) == has_accelerator, "only the agent detects faults"


def test_an_add_on_that_something_needs_says_what_to_write_instead() -> None:
    everything = [pool("g6.8xlarge", efa=True, provisioner="karpenter"), pool("g6.xlarge"), pool("inf2.xlarge")]
    cluster = cluster_of(*everything, gpu_allocation="dra")
    needed = {name for name, add_on in every_add_on().items() if add_on.needed_by(cluster)}
    assert needed == {name for name, add_on in every_add_on().items() if add_on.instead}
    assert needed > OPERATOR | KARPENTER


def reported(add_ons: dict[str, AddOnRules], **switches: bool) -> list[tuple[str, str]]:
    """Returns what the loader reports about a stack file that turns these add-ons on or off."""
    addons = {name: {"enabled": on} for name, on in switches.items()}
    try:
        load(stack((("clusters", "main", "addons"), addons)), SOURCE, add_ons, TODAY)
    except SettingsError as error:
        return [(problem.path, problem.message) for problem in error.problems]
    return []


MESH = AddOnRules(name="mesh")
OTHER = AddOnRules(name="other", conflicts={"mesh": "both would rewrite the traffic of every pod."})
VIEW = AddOnRules(name="view", after=("mesh",))


def test_two_conflicting_add_ons_are_refused_with_the_reason() -> None:
    add_ons = {"mesh": MESH, "other": OTHER}
    assert reported(add_ons, other=True) == []
    assert reported(add_ons, other=True, mesh=True) == [
        (
            "clusters.main.addons.other",
            "other and mesh are both on, but both would rewrite the traffic of every pod. Turn one of them off.",
        )
    ]


def test_an_add_on_whose_requirement_is_off_is_refused() -> None:
    add_ons = {"mesh": MESH, "view": VIEW}
    assert reported(add_ons, mesh=True, view=True) == []
    assert reported(add_ons, view=True) == [
        ("clusters.main.addons.view", "view needs mesh, which is off. Turn it on, or turn view off.")
    ]


def test_an_add_on_that_is_needed_and_off_is_reported_once() -> None:
    needed = {"mesh": replace(MESH, needed_by=lambda cluster: "pool cpu"), "view": VIEW}
    assert reported(needed, mesh=False, view=True) == [
        ("clusters.main.addons.mesh.enabled", "is false, but pool cpu needs mesh. Drop it here.")
    ]


def test_a_requirement_of_an_add_on_is_reported_at_the_setting_that_breaks_it() -> None:
    velero = ("clusters", "main", "addons", "velero")
    snapshots = ("clusters", "main", "storage_classes", "snapshots")
    (problem,) = problems(stack((velero, {}), (snapshots, False)))
    assert problem.path == "clusters.main.storage_classes.snapshots"
    assert problem.message.endswith("Set snapshots: true, or turn velero off.")
    assert problems(stack((snapshots, False))) == (), "no other add-on needs snapshots"


def test_a_driver_is_installed_in_the_clusters_whose_pods_mount_something():
    users = [{"namespace": "research", "cluster": "main", "mode": "write"}]
    storage = StorageSettings.model_validate({"file_systems": {"home": {"purpose": "shared", "used_by": users}}})
    assert needed_drivers(storage, "main", ["main", "other"]) == ("aws-efs-csi-driver",)
    assert needed_drivers(storage, "other", ["main", "other"]) == ()
    assert needed_drivers(StorageSettings(), "main", ["main"]) == (), (
        "a driver that is not needed is still a daemon on each node"
    )
