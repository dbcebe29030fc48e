"""Helm add-ons. An add-on is data, an `AddOnSpec` in `components/addons/`; this module knows how to install one."""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Literal

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from catalog.charts import CHARTS, Chart
from components import addons, iam
from components.overlay import overlay
from components.pod_identity import pod_role
from components.stage import Stage
from components.tolerations import tolerating
from settings.cluster import AddonSettings
from settings.landing import landing_pool
from settings.node_pool import NodePoolSettings

LEVELS = ("restricted", "baseline", "privileged")  # of the Pod Security Standards, each laxer than the one before
COMES_WITH_THE_CLUSTER = "kube-system"
INSTALL_SECONDS = 600  # pulling images over a cold NAT takes longer than Helm's five minutes


@dataclass(frozen=True, kw_only=True)
class AddOnContext:
    """What an add-on may ask about the cluster it is put on.

    cluster: its key in the stack file. needed: add-ons that its pools cannot do without.
    """

    stage: Stage
    cluster: str
    kubernetes_version: str
    pools: tuple[NodePoolSettings, ...] = ()
    gpu_allocation: str = "device-plugin"
    needed: frozenset[str] = frozenset()

    @property
    def cluster_name(self) -> str:
        return self.stage.cluster_name(self.cluster)

    @property
    def landing_pool(self) -> NodePoolSettings:
        return landing_pool(self.pools)


def no_statements(context: AddOnContext) -> Sequence[iam.Statement]:
    return ()


def no_manifests(context: AddOnContext) -> Mapping[str, Mapping[str, Any]]:
    return {}


@dataclass(frozen=True, kw_only=True)
class AddOnSpec:
    """One add-on. Its chart, with version and namespace, is the row of the same name in the catalog.

    pod_security: level of the Pod Security Standards that its namespace enforces.
    values: our values for the chart; the stack file's are laid over them.
    after: add-ons that have to be there first, if they are on.
    service_account: Kubernetes service account that gets the AWS permissions of `statements`.
    manifests: name -> custom resource of a kind that the chart itself brings.
    daemons: paths in the values (`daemonsets.tolerations`) of the tolerations of pods that every node needs, whatever
        taints its pool has. The pools' taints are laid there.
    skip_crds: whether the CRDs in the chart's own `crds/` folder are left out, because another add-on owns them.
    on: whether a cluster has it when its stack file says nothing and no pool needs it.
    """

    name: str
    pod_security: Literal["restricted", "baseline", "privileged"]
    values: Callable[[AddOnContext], Mapping[str, Any]]
    after: tuple[str, ...] = ()
    service_account: str | None = None
    statements: Callable[[AddOnContext], Sequence[iam.Statement]] = no_statements
    manifests: Callable[[AddOnContext], Mapping[str, Mapping[str, Any]]] = no_manifests
    daemons: tuple[str, ...] = ()
    skip_crds: bool = False
    on: bool = False

    @property
    def chart(self) -> Chart:
        return CHARTS[self.name]


def discover() -> dict[str, AddOnSpec]:
    """Every add-on there is, found by being a module of `components.addons` with an `ADD_ON`."""
    found = {}
    for module in pkgutil.iter_modules(addons.__path__):
        spec: AddOnSpec = importlib.import_module(f"{addons.__name__}.{module.name}").ADD_ON
        found[spec.name] = spec
    return found


def wanted(
    specs: Mapping[str, AddOnSpec], settings: Mapping[str, AddonSettings], needed: Collection[str] = ()
) -> list[AddOnSpec]:
    """The add-ons that a cluster gets, each one after those it needs. needed: those that its pools cannot do without.

    Raises ValueError for an add-on that does not exist, and for one that needs another which is off.
    """
    unknown = sorted(set(settings) - set(specs))
    if unknown:
        raise ValueError(f"there is no add-on {', '.join(unknown)}. There are: {', '.join(sorted(specs))}.")
    on = {
        name: spec
        for name, spec in specs.items()
        if (settings[name].enabled if name in settings else spec.on or name in needed)
    }
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


def make_namespaces(
    cluster: str, specs: Sequence[AddOnSpec], context: AddOnContext, opts: pulumi.ResourceOptions
) -> dict[str, pulumi.Resource]:
    """The namespaces of the add-ons, by name. They belong to the cluster, since add-ons may share one."""
    return {
        name: kubernetes.core.v1.Namespace(
            f"{cluster}-namespace-{name}",
            metadata={
                "name": name,
                "labels": {
                    f"pod-security.kubernetes.io/{mode}{suffix}": value
                    for mode, enforced in (("enforce", level), ("audit", "restricted"), ("warn", "restricted"))
                    for suffix, value in (("", enforced), ("-version", f"v{context.kubernetes_version}"))
                },
            },
            opts=opts,
        )
        for name, level in namespace_levels(specs).items()
    }


@dataclass(frozen=True, kw_only=True)
class AddOnArgs:
    """What one add-on is told, and what it stands on.

    after: its namespace, and what its pods need in order to become ready.
    """

    spec: AddOnSpec
    settings: AddonSettings
    context: AddOnContext
    cluster_name: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()


class AddOn(pulumi.ComponentResource):
    """Permissions, release, then the custom resources that the release makes possible."""

    release_name: pulumi.Output[str]

    def __init__(self, name: str, args: AddOnArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:addons:AddOn", name, None, opts)
        spec, chart = args.spec, args.spec.chart
        waits = [*args.after, *self._permissions(name, args)]
        release = kubernetes.helm.v3.Release(
            name,
            name=spec.name,
            namespace=chart.namespace,
            chart=chart.repository if chart.oci else chart.chart,
            version=chart.version,
            repository_opts=None if chart.oci else {"repo": chart.repository},
            values=overlay(values_of(spec, args.context), args.settings.values),
            skip_crds=spec.skip_crds or None,
            skip_await=False,  # a release that is not ready is a failure, not a success with a surprise later
            timeout=INSTALL_SECONDS,
            opts=pulumi.ResourceOptions(parent=self, depends_on=waits),
        )
        for key, manifest in spec.manifests(args.context).items():
            kubernetes.apiextensions.CustomResource(
                f"{name}-{key}",
                api_version=manifest["apiVersion"],
                kind=manifest["kind"],
                metadata=manifest["metadata"],
                spec=manifest["spec"],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[release]),  # its kind comes with the release
            )
        self.release_name = release.name
        self.register_outputs({"release_name": self.release_name})

    def _permissions(self, name: str, args: AddOnArgs) -> list[pulumi.Resource]:
        statements = args.spec.statements(args.context)
        if not statements:
            return []
        context = args.context
        inline = {"permissions": iam.document(*statements)}
        role = pod_role(name, context.stage, context.cluster, self, statements=inline)
        association = aws.eks.PodIdentityAssociation(
            f"{name}-identity",
            cluster_name=args.cluster_name,
            namespace=args.spec.chart.namespace,
            service_account=args.spec.service_account,
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return [association, *role.permissions]  # a pod that starts before them runs without them until restarted
