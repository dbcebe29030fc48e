"""What a Helm add-on says about itself. Each is a module in the folder `addons/` of its room, found by being there."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Literal

import components
from catalog.charts import CHARTS, Chart
from components.core import iam
from components.core.stage import Stage
from components.core.tolerations import tolerating
from components.core.untyped import Manifest, Values
from settings.cluster.addon_rules import AddOnRules, installed
from settings.cluster.landing import landing_pool
from settings.cluster.parts import ClusterParts
from settings.compute.node_pool import NodePoolSettings

if TYPE_CHECKING:  # a stack file is checked without the SDKs, which take seconds to load
    import pulumi

LEVELS = ("restricted", "baseline", "privileged")  # of the Pod Security Standards, each laxer than the one before
COMES_WITH_THE_CLUSTER = "kube-system"


@dataclass(frozen=True, kw_only=True)
class AddOnContext:
    """What an add-on may ask about the cluster it is put on. cluster: its key in the stack file."""

    stage: Stage
    cluster: str
    kubernetes_version: str
    pools: tuple[NodePoolSettings, ...] = ()
    gpu_allocation: str = "device-plugin"

    @property
    def cluster_name(self) -> str:
        return self.stage.cluster_name(self.cluster)

    @property
    def landing_pool(self) -> NodePoolSettings:
        return landing_pool(self.pools)


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """What the AWS side of an add-on is made with.

    name: what the names of its resources begin with. cluster_name: carries the dependency on the cluster.
    key_arns: class of data (`data`, `logs`) -> the KMS key for it; those that `AddOnSpec.keys` asks for are there.
    """

    name: str
    cluster_name: "pulumi.Input[str]"
    key_arns: Mapping[str, "pulumi.Input[str]"]
    opts: "pulumi.ResourceOptions"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A Kubernetes service account of the add-on, and its permissions in AWS."""

    service_account: str
    statements: Callable[[AddOnContext], Sequence[iam.Statement]]


def no_manifests(context: AddOnContext) -> Mapping[str, Manifest]:
    return {}


@dataclass(frozen=True, kw_only=True)
class AddOnSpec(AddOnRules):
    """One add-on. Its chart, with version and namespace, is the row of the same name in the catalog.

    When a cluster has it, and what it needs of the stack file, stands in the fields of `AddOnRules`.

    pod_security: level of the Pod Security Standards that its namespace enforces.
    daemons: one entry for each of its DaemonSets, whose pods every node needs whatever taints its pool has: the path in
        the values (`daemonsets.tolerations`) where the pools' taints are laid, or `TOLERATES_ALL`. () for none.
    values: our values for the chart; the stack file's are laid over them.
    identities: its service accounts that have permissions in AWS; one role each, by EKS Pod Identity.
    in_aws: makes what it uses in AWS beside its permissions: there before it starts, and gone after it has ended.
        Import the component inside the function: a stack file is checked without the SDKs, which take seconds to load.
    keys: classes of data whose KMS key `in_aws` takes.
    manifests: name -> custom resource of a kind that the chart itself brings.
    skip_crds: whether the CRDs in the chart's own `crds/` folder are left out, because another add-on owns them.
    """

    pod_security: Literal["restricted", "baseline", "privileged"]
    daemons: tuple[str, ...]
    values: Callable[[AddOnContext], Values]
    identities: tuple[Identity, ...] = ()
    in_aws: "Callable[[AddOnContext, Foundation], pulumi.Resource] | None" = None
    keys: tuple[str, ...] = ()
    manifests: Callable[[AddOnContext], Mapping[str, Manifest]] = no_manifests
    skip_crds: bool = False

    @property
    def chart(self) -> Chart:
        return CHARTS[self.name]


@cache
def every_add_on() -> Mapping[str, AddOnSpec]:
    """Every add-on there is, by name: whatever a module in some room's `addons/` has as its `ADD_ON`."""
    modules = pkgutil.walk_packages(components.__path__, f"{components.__name__}.")
    names = sorted(module.name for module in modules if ".addons." in module.name)
    specs: list[AddOnSpec] = [importlib.import_module(name).ADD_ON for name in names]
    return {spec.name: spec for spec in sorted(specs, key=lambda spec: spec.name)}


def to_install(add_ons: Mapping[str, AddOnSpec], cluster: ClusterParts) -> list[AddOnSpec]:
    """The add-ons that a cluster gets, each one after those it needs.

    Raises ValueError where the cluster's settings name an add-on that does not exist, or turn off one that another
    needs. The loader refuses such a stack file before.
    """
    unknown = sorted(set(cluster.addons or ()) - set(add_ons))
    if unknown:
        raise ValueError(f"there is no add-on {', '.join(unknown)}. There are: {', '.join(sorted(add_ons))}.")
    on = installed(add_ons, cluster)
    for spec in on.values():
        missing = [name for name in spec.after if name not in on]
        if missing:
            raise ValueError(
                f"add-on {spec.name} needs {', '.join(missing)}, which is off. Turn it on, or {spec.name} off."
            )
    order = TopologicalSorter({name: spec.after for name, spec in sorted(on.items())}).static_order()
    return [on[name] for name in order]


def values_of(spec: AddOnSpec, context: AddOnContext) -> dict[str, Any]:
    """Our values, with the taints of all pools tolerated by the pods that every node needs."""
    return tolerating(spec.values(context), spec.daemons, context.pools)


def namespace_levels(specs: Sequence[AddOnSpec]) -> dict[str, str]:
    """Namespace -> the Pod Security level that all add-ons in it can live with."""
    levels: dict[str, str] = {}
    for spec in specs:
        name = spec.chart.namespace
        if name != COMES_WITH_THE_CLUSTER:
            levels[name] = max(levels.get(name, spec.pod_security), spec.pod_security, key=LEVELS.index)
    return levels
