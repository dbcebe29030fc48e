"""The description of a Helm add-on. Every module in a folder `addons/` has one, and is found automatically."""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, get_args

import components
from catalog.charts import CHARTS, Chart
from components.core import iam
from components.core.flows import Flow
from components.core.metrics import Alert, Recording, Scrape
from components.core.stage import DataClass, Stage
from components.core.tolerations import tolerating
from components.core.untyped import Manifest, Values
from settings.cluster.addon_rules import AddOnRules, installed
from settings.cluster.landing import landing_pool
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings
from settings.core.problems import nearest_or_all
from settings.ingress.ingress import IngressSettings
from settings.mesh.mesh import MeshSettings
from settings.observability.observability import ObservabilitySettings
from settings.secrets.secrets import SecretsSettings
from settings.tenancy.admission import AdmissionSettings

if TYPE_CHECKING:  # a stack file is checked without the SDKs, which take seconds to load
    import pulumi

LEVELS = ("restricted", "baseline", "privileged")  # Pod Security Standards, from strict to lax
COMES_WITH_THE_CLUSTER = "kube-system"


@dataclass(frozen=True, kw_only=True)
class AddOnContext:
    """What an add-on can know about its cluster.

    cluster: key in the stack file. zones: how many the network has.
    mesh, ingress: of the cluster; None where it has none. networks: the ranges of its nodes, pods and Services.
    secrets: None where nothing of its is kept. admission: of the stack. observability: None where nothing is measured.
    teams: name -> namespaces, of its teams.
    """

    stage: Stage
    cluster: str
    kubernetes_version: str
    pools: tuple[NodePoolSettings, ...]
    gpu_allocation: str
    mesh: MeshSettings | None = None
    ingress: IngressSettings | None = None
    secrets: SecretsSettings | None = None
    admission: AdmissionSettings = field(default_factory=AdmissionSettings)
    observability: ObservabilitySettings | None = None
    zones: int = 0
    networks: tuple[str, ...] = ()
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def cluster_name(self) -> str:
        return self.stage.cluster_name(self.cluster)

    @property
    def trust_domain(self) -> str:
        """That of the mesh. No other cluster has it, so an identity of one means nothing in another."""
        return f"{self.cluster}.{self.stage.region}.{self.stage.prefix}"

    @property
    def landing_pool(self) -> NodePoolSettings:
        return landing_pool(self.pools)


@dataclass(frozen=True, kw_only=True)
class AwsSideArgs:
    """Arguments of `AddOnSpec.in_aws`, which makes the AWS side of an add-on.

    name: first part of the names of its resources.
    cluster_name: carries the dependency on the cluster.
    key_arns: data class -> its KMS key, for each class in `AddOnSpec.keys`.
    """

    name: str
    cluster_name: "pulumi.Input[str]"
    key_arns: Mapping[DataClass, "pulumi.Input[str]"]
    opts: "pulumi.ResourceOptions"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A Kubernetes service account of the add-on, and its permissions in AWS. Without statements it gets no role."""

    service_account: str
    statements: Callable[[AddOnContext], Sequence[iam.Statement]]


def no_flows(cluster: ClusterParts) -> Sequence[Flow]:
    return ()


def no_metrics(cluster: ClusterParts) -> Sequence[Scrape]:
    return ()


def no_reads(context: AddOnContext) -> Mapping[str, Sequence[tuple[str, str]]]:
    return {}


def no_manifests(context: AddOnContext) -> Mapping[str, Manifest]:
    return {}


@dataclass(frozen=True, kw_only=True)
class AddOnSpec(AddOnRules):
    """One add-on. Its chart, with version and namespace, is the row of the same name in the catalog.

    The fields of `AddOnRules` say when a cluster has it, and what it requires of the stack file.

    pod_security: level of the Pod Security Standards that its namespace enforces.
    daemons: one entry for each of its DaemonSets, which must run on nodes with any taints: the path in the values
        (`daemonsets.tolerations`) that gets tolerations for the pools' taints, or `TOLERATES_ALL`. () for none.
    values: our values for the chart; the stack file overrides them.
    identities: its service accounts with permissions in AWS; each gets a role by EKS Pod Identity.
    in_aws: makes what it uses in AWS besides its permissions, or nothing where these settings need nothing; this exists
        before the add-on starts, and until it ends.
        Import the component inside the function: a stack file is checked without the SDKs, which take seconds to load.
    keys: data classes whose KMS key `in_aws` uses.
    definitions: groups of CRDs outside of any chart that must exist before it: folders of catalog/crd_files.
    before: name -> custom resource of an add-on in `after` that must be ready before the chart is installed.
    manifests: name -> custom resource of a CRD of the chart; Pulumi waits for its condition `Ready`.
    flows: everything that its pods send and receive; in kube-system with the labels of its own pods. Not their probes,
        and nothing of pods with `hostNetwork`: network policies leave these alone.
    reads: service account -> kinds of objects that it reads in the whole cluster, beyond what its chart lets it: API
        group and plural name of each.
    values_of_aws: values that only what `in_aws` made can tell, such as an id; the others come over them.
    metrics: what Prometheus reads of its pods, where a cluster has `observability`.
    rules: what is computed from its metrics, and what somebody is told.
    claims_volumes: whether its pods claim volumes of EBS. Their driver is there before its namespace, and until that is
        gone with its claims: it deletes their volumes.
    skip_crds: whether the CRDs in the chart's own `crds/` folder are skipped, because another add-on has them.
    awaited: whether `pulumi up` waits until its pods are ready, and fails otherwise.
    """

    pod_security: Literal["restricted", "baseline", "privileged"]
    daemons: tuple[str, ...]
    values: Callable[[AddOnContext], Values]
    identities: tuple[Identity, ...] = ()
    in_aws: "Callable[[AddOnContext, AwsSideArgs], pulumi.Resource | None] | None" = None
    keys: tuple[DataClass, ...] = ()
    definitions: tuple[str, ...] = ()
    before: Callable[[AddOnContext], Mapping[str, Manifest]] = no_manifests
    manifests: Callable[[AddOnContext], Mapping[str, Manifest]] = no_manifests
    flows: Callable[[ClusterParts], Sequence[Flow]] = no_flows
    reads: Callable[[AddOnContext], Mapping[str, Sequence[tuple[str, str]]]] = no_reads
    values_of_aws: "Callable[[pulumi.Resource], Values] | None" = None
    metrics: Callable[[ClusterParts], Sequence[Scrape]] = no_metrics
    rules: tuple[Recording | Alert, ...] = ()
    claims_volumes: bool = False
    skip_crds: bool = False
    awaited: bool = True

    def __post_init__(self) -> None:
        known = get_args(DataClass)
        if unknown := [key for key in self.keys if key not in known]:
            raise ValueError(
                f"keys of add-on {self.name}: there is no data class {', '.join(unknown)}. Write one of "
                f"{', '.join(known)}."
            )

    @property
    def chart(self) -> Chart:
        return CHARTS[self.name]

    @property
    def namespaces(self) -> Collection[str]:
        return [self.chart.namespace]

    @property
    def service_accounts(self) -> Collection[tuple[str, str]]:
        return [(self.chart.namespace, identity.service_account) for identity in self.identities]


@cache
def every_add_on() -> Mapping[str, AddOnSpec]:
    """Returns every add-on by name: the `ADD_ON` of each module in a folder `addons/`.

    Raises ValueError when a module has no add-on, or an add-on has no chart or names an add-on that does not exist.
    """
    modules = pkgutil.walk_packages(components.__path__, f"{components.__name__}.")
    names = sorted(module.name for module in modules if ".addons." in module.name)
    specs = [add_on_of(importlib.import_module(name)) for name in names]
    add_ons = {spec.name: spec for spec in sorted(specs, key=lambda spec: spec.name)}
    check_names(add_ons)
    return add_ons


def add_on_of(module: ModuleType) -> AddOnSpec:
    """Returns the add-on of a module in a folder `addons/`. Raises ValueError when it has none, or no chart."""
    file, room = f"{module.__name__.replace('.', '/')}.py", module.__name__.split(".")[1]
    spec = getattr(module, "ADD_ON", None)
    if not isinstance(spec, AddOnSpec):
        raise ValueError(f'{file} has no add-on. Write ADD_ON = AddOnSpec(name="...", ...) in it, or move the file.')
    if spec.name not in CHARTS:
        raise ValueError(f"{file}: {spec.name} has no chart. Add its row to catalog/data/charts/{room}.json.")
    return spec


def check_names(add_ons: Mapping[str, AddOnSpec]) -> None:
    """Raises ValueError when an add-on names one that does not exist, which would be ignored or never be installed."""
    for spec in add_ons.values():
        for key in ("after", "after_if_on", "conflicts"):
            for name in getattr(spec, key):
                if name not in add_ons:
                    raise ValueError(
                        f"{key} of add-on {spec.name}: {name} is not an add-on.{nearest_or_all(name, add_ons)}"
                    )


def to_install(add_ons: Mapping[str, AddOnSpec], cluster: ClusterParts) -> list[AddOnSpec]:
    """Returns the add-ons that a cluster gets, each one after the add-ons that it needs.

    Raises ValueError when the cluster's settings name an unknown add-on, or turn off an add-on that another one needs.
    The loader refuses such a stack file before.
    """
    unknown = sorted(set(cluster.addons or ()) - set(add_ons))
    if unknown:
        raise ValueError(f"there is no add-on {', '.join(unknown)}. There are: {', '.join(sorted(add_ons))}.")
    on = installed(add_ons, cluster)
    for spec in on.values():
        missing = [name for name in spec.after if name not in on]
        if missing:
            raise ValueError(
                f"add-on {spec.name} needs {', '.join(missing)}, which is off. Turn it on, or turn {spec.name} off."
            )
    order = TopologicalSorter({name: spec.before_it(on) for name, spec in sorted(on.items())}).static_order()
    return [on[name] for name in order]


def values_of(spec: AddOnSpec, context: AddOnContext) -> dict[str, Any]:
    """Returns our values, with tolerations for the taints of all pools in the DaemonSets."""
    return tolerating(spec.values(context), spec.daemons, context.pools)


def namespace_levels(specs: Sequence[AddOnSpec]) -> dict[str, str]:
    """Returns, for each namespace, the strictest Pod Security level that all its add-ons run under."""
    levels: dict[str, str] = {}
    for spec in specs:
        name = spec.chart.namespace
        if name != COMES_WITH_THE_CLUSTER:
            levels[name] = max(levels.get(name, spec.pod_security), spec.pod_security, key=LEVELS.index)
    return levels
