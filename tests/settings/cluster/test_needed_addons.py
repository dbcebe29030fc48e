"""A cluster gets the add-ons that it needs, and no others."""

from dataclasses import replace
from typing import Any

import pytest

from catalog.eks_addons import ADDONS
from components.core.addon_spec import every_add_on
from settings.cluster.addon_rules import AddOnRules, installed
from settings.cluster.managed_addons import eks_addons
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import SettingsError
from settings.ingress.ingress import DnsSettings, IngressSettings
from settings.mesh.mesh import MeshSettings
from settings.observability.logs import LogSettings, LokiSettings
from settings.observability.observability import ObservabilitySettings
from settings.observability.traces import TempoSettings, TraceSettings
from settings.secrets.secrets import SecretsSettings
from settings.stack.checks import versions as version_checks
from settings.stack.loader import load
from settings.storage.drivers import needed_drivers
from settings.storage.storage import StorageSettings
from settings.tenancy.signatures import KyvernoSettings
from tests.settings.stacks import SOURCE, TODAY, cluster_of, problems, stack

OPERATOR, KARPENTER = {"gpu-operator"}, {"karpenter", "karpenter-crd"}
BY_DEFAULT = {name for name, add_on in every_add_on().items() if add_on.on}


def pool(instance_type: str, **values: Any) -> NodePoolSettings:
    return NodePoolSettings.model_validate(
        {"name": "p", "instance_types": [instance_type], "max_per_zone": 1, **values}
    )


GB200 = pool("g6.xlarge").model_copy(update={"instance_types": ("p6e-gb200.36xlarge",)})  # arm64


@pytest.mark.parametrize(
    ("requested", "allocation", "needed"),
    [
        (pool("m5.large"), "device-plugin", set()),
        (pool("m5.large", provisioner="karpenter"), "device-plugin", KARPENTER),
        (pool("g6.xlarge"), "device-plugin", OPERATOR),
        (pool("g6.xlarge"), "dra", OPERATOR | {"dra-driver-nvidia-gpu"}),
        (pool("g6.xlarge", operating_system="bottlerocket"), "device-plugin", {"dcgm-exporter"}),
        (GB200.model_copy(update={"operating_system": "bottlerocket"}), "device-plugin", {"dcgm-exporter"}),
        (pool("m5.large", operating_system="bottlerocket"), "device-plugin", set()),
        (pool("g6.xlarge", provisioner="karpenter"), "device-plugin", OPERATOR | KARPENTER),
        (pool("p5.48xlarge", efa=True), "device-plugin", OPERATOR | {"aws-efa-k8s-device-plugin"}),
        (pool("inf2.xlarge"), "device-plugin", {"neuron-helm-chart"}),
        (pool("inf2.xlarge"), "dra", {"neuron-helm-chart"}),
        (pool("m5.large", max_per_zone=2), "device-plugin", {"cluster-autoscaler"}),
        (pool("m5.large", max_per_zone=2, scaling="fixed"), "device-plugin", set()),
        (pool("m5.large", max_per_zone=2, provisioner="karpenter"), "device-plugin", KARPENTER),
    ],
)
def test_a_pool_brings_the_add_ons_for_its_devices(
    requested: NodePoolSettings, allocation: str, needed: set[str]
) -> None:
    cluster = cluster_of(requested, gpu_allocation=allocation)
    assert set(installed(every_add_on(), cluster)) == needed | BY_DEFAULT
    has_accelerator = requested.accelerator is not None
    assert ("eks-node-monitoring-agent" in eks_addons(cluster)) == has_accelerator, "only the agent detects faults"


DOORS = IngressSettings(dns=DnsSettings(zones={"Z0123456789ABCDEFGHIJ": "ml.example.com"}))


def test_an_add_on_that_something_needs_says_what_to_write_instead() -> None:
    everything = [
        pool("g6.8xlarge", efa=True, provisioner="karpenter"),
        *(pool("g6.xlarge"), pool("g6.xlarge", operating_system="bottlerocket"), pool("inf2.xlarge")),
        pool("m5.large", max_per_zone=2),
    ]
    cluster = replace(
        cluster_of(*everything, gpu_allocation="dra"),
        mesh=MeshSettings(viz=True),
        ingress=DOORS,
        secrets=SecretsSettings(),
        kyverno=KyvernoSettings(),
        observability=ObservabilitySettings(
            logs=LogSettings(to="loki", loki=LokiSettings()), traces=TraceSettings(tempo=TempoSettings())
        ),
    )
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
OTHER = AddOnRules(name="other", conflicts={"mesh": "both would rewrite the traffic of every pod"})
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


@pytest.mark.parametrize(
    ("instead", "advice"),
    [(None, "Turn other off or change pool cpu."), ("pools: []", "Turn other off or write pools: [].")],
)
def test_an_add_on_that_a_setting_needs_names_the_setting_where_it_conflicts(instead: str | None, advice: str) -> None:
    needed = replace(MESH, needed_by=lambda cluster: "pool cpu", instead=instead)
    ((path, message),) = reported({"mesh": needed, "other": OTHER}, other=True)
    assert path == "clusters.main.addons.other"
    assert message.endswith(f"; pool cpu needs mesh. {advice}"), "mesh cannot be turned off"


def test_an_add_on_that_a_setting_needs_cannot_be_turned_off_for_want_of_another() -> None:
    view = replace(VIEW, needed_by=lambda cluster: "pool cpu")
    ((_, message),) = reported({"mesh": MESH, "view": view})
    assert message == "view needs mesh, which is off. Turn it on, or change pool cpu."


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


@pytest.mark.parametrize("addon", sorted(ADDONS))
def test_every_eks_add_on_that_a_cluster_gets_needs_a_version(monkeypatch: pytest.MonkeyPatch, addon: str) -> None:
    gpu = {"name": "gpu", "instance_types": ["g6.12xlarge"]}
    raw = stack()
    raw["clusters"]["main"]["pools"].append(gpu)
    got = eks_addons(ClusterParts.of(load(raw, SOURCE, every_add_on(), TODAY).clusters["main"]))
    monkeypatch.setattr(version_checks, "ADDONS", {**ADDONS, addon: replace(ADDONS[addon], versions={})})
    unpinned = [problem.message for problem in problems(raw)]
    assert any(f"no version of {addon} " in message for message in unpinned) == (addon in got)
