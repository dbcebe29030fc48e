"""Finds the simulated EKS cluster of a kubeconfig, and reads and writes its objects."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from catalog.charts import CHARTS
from catalog.eks_addons import ADDONS
from catalog.kubernetes import CLUSTER_SCOPED, VERSIONS
from simulator.cloud import Cloud, CloudResource
from simulator.kubernetes.kinds import (
    BUILT_IN,
    IN_EVERY_NAMESPACE,
    WITH_ADDON,
    WITH_EVERY_CLUSTER,
    CustomKind,
    kind_of_an_addon,
)
from simulator.kubernetes.schema import builtin_kind, kinds, version_numbers
from simulator.values import UNKNOWN, Props

EKS_CLUSTER = "aws:eks/cluster:Cluster"
_EKS_ADDON = "aws:eks/addon:Addon"
OUTAGE = "simulator:kubernetes:Outage"
"""A Service whose pods are down."""
LEFT_WEBHOOKS = "simulator:kubernetes:LeftWebhooks"
"""A release that is gone, and whose webhooks nobody deleted."""
CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


@dataclass(frozen=True)
class Address:
    """The API server and the EKS cluster that a kubeconfig names, and the role by which it asks for a token."""

    server: str
    cluster: str
    role: str | None = None


def address(kubeconfig: Any) -> Address | None:
    """Reads a kubeconfig, a text or an object. Returns None when there is none, or when it names no EKS cluster."""
    if kubeconfig is None or kubeconfig is UNKNOWN:
        return None
    try:
        config = _parse(kubeconfig) if isinstance(kubeconfig, str) else kubeconfig
        server = config["clusters"][0]["cluster"]["server"]
        arguments = config["users"][0]["user"]["exec"]["args"]
        roles = [arguments[index + 1] for index, word in enumerate(arguments) if word in ("--role", "--role-arn")]
        return Address(server, arguments[arguments.index("--cluster-name") + 1], roles[0] if roles else None)
    except (KeyError, IndexError, TypeError, ValueError, yaml.YAMLError):
        return None


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return yaml.safe_load(text)


@dataclass(frozen=True)
class Cluster:
    """One API server, with its version and its objects in the cloud."""

    cloud: Cloud
    name: str
    version: str
    region: str = ""

    @property
    def place(self) -> str:
        """The region and name: each region may have a cluster of the name."""
        return f"{self.region}-{self.name}"

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> CloudResource | None:
        """Returns the stored object, or None. Objects of BUILT_IN are not stored."""
        return self.cloud.get(token(api_version, kind), self._id(namespace, name), self.region)

    def exists(self, api_version: str, kind: str, namespace: str, name: str) -> bool:
        """Returns whether there is such an object: stored, in BUILT_IN, or in every namespace."""
        built_in = builtin_kind({"apiVersion": api_version, "kind": kind})
        if (built_in, namespace, name) in BUILT_IN or (namespace and (built_in, name) in IN_EVERY_NAMESPACE):
            return True
        return self.get(api_version, kind, namespace, name) is not None

    def namespaces_of_addons(self) -> set[str]:
        """Returns the namespaces that EKS add-ons of the cluster have brought; they are not stored."""
        return {
            addon.namespace
            for addon in ADDONS.values()
            if ("Namespace", "", addon.namespace) not in BUILT_IN
            and self.cloud.get(_EKS_ADDON, f"{self.name}:{addon.name}", self.region)
        }

    def put(self, state: Props, namespace: str, urn: str = "") -> None:
        """Stores an object."""
        type_ = token(state["apiVersion"], state["kind"])
        self.cloud.put(type_, self._id(namespace, state["metadata"]["name"]), state, urn, self.region)

    def times_gone(self, state: Props, namespace: Any) -> int:
        """Returns how many objects of that kind and name were deleted; 0 where the name is not known yet."""
        name = state["metadata"].get("name")
        if UNKNOWN in (namespace, name):
            return 0
        return self.cloud.times_gone(token(state["apiVersion"], state["kind"]), self._id(namespace, name))

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """Deletes the object, and what it owns; with a namespace all objects in it, with a CRD all of its kind."""
        stored = self.get(api_version, kind, namespace, name)
        gone = [*((self.inside(stored.state) or ()) if stored else ()), *([stored.state] if stored else ())]
        if (api_version, kind) == ("v1", "Namespace"):
            for each in self.objects():
                if each.id.startswith(f"{self.name}/{name}/"):
                    self.cloud.delete(each.type, each.id, each.region)
        elif (api_version, kind) == CRD:
            plural, _, group = name.partition(".")
            self._delete_custom_objects(group, plural)
        self.cloud.delete(token(api_version, kind), self._id(namespace, name), self.region)
        uids = {each["metadata"]["uid"] for each in gone if "uid" in each.get("metadata", {})}
        for each in list(self.owned_by(uids)) if uids else ():
            where, _, owned = each.id.removeprefix(f"{self.name}/").rpartition("/")
            self.delete(each.state["apiVersion"], each.state["kind"], where, owned)

    def inside(self, state: Props) -> list[Props] | None:
        """Returns what a namespace has in it, or the objects of the kind of a definition; None for other objects."""
        if (state.get("apiVersion"), state.get("kind")) == ("v1", "Namespace"):
            here = f"{self.name}/{state.get('metadata', {}).get('name')}/"
            return [row.state for row in self.objects() if row.id.startswith(here) and "metadata" in row.state]
        if (state.get("apiVersion"), state.get("kind")) == CRD:
            kind = custom_kind_of(state)
            return [row.state for each in kind.versions for row in self.of_kind(f"{kind.group}/{each}", kind.kind)]
        return None

    def owned_by(self, uids: Collection[str]) -> Iterator[CloudResource]:
        """Yields the objects that the garbage collector deletes with others: all their owners are among these."""
        for each in self.objects():
            owners = each.state.get("metadata", {}).get("ownerReferences") or ()
            if owners and all(owner.get("uid") in uids for owner in owners):
                yield each

    def objects(self) -> Iterator[CloudResource]:
        """Yields all stored objects of this cluster."""
        for each in self.cloud.all():
            if each.type.startswith("kubernetes:") and self._has(each, f"{self.name}/"):
                yield each

    def of_kind(self, api_version: str, kind: str, namespace: str = "") -> Iterator[CloudResource]:
        """Yields the stored objects of one kind, only in one namespace if it is given."""
        prefix = f"{self.name}/{namespace}/" if namespace else f"{self.name}/"
        for each in self.cloud.of_type(token(api_version, kind)):
            if self._has(each, prefix):
                yield each

    def releases(self) -> Iterator[CloudResource]:
        """Yields the Helm releases, whose objects are not simulated."""
        yield from self.of_kind("helm.sh/v3", "Release")

    def releases_of(self, chart: str) -> Iterator[Props]:
        """Yields the releases of a chart of the catalog."""
        row = CHARTS[chart]
        for release in self.releases():
            if str(release.state.get("chart", "")).rstrip("/") in (row.chart, row.repository.rstrip("/")):
                yield release.state

    def served(self, api_version: str, kind: str) -> CustomKind | None:
        """Returns the custom kind if a CRD for it is installed and serves that version, or None."""
        group, _, version = api_version.rpartition("/")
        for each in self.custom_kinds():
            if (each.group, each.kind) == (group, kind) and version in each.versions:
                return each
        return None

    def versions(self, group: str, kind: str) -> tuple[str, ...]:
        """Returns the versions that the cluster serves of a kind: of its own kinds, those that are on by default."""
        own = [each.rpartition("/") for each, named in kinds(self.version) if named == kind]
        custom = (each.versions for each in self.custom_kinds() if (each.group, each.kind) == (group, kind))
        stable = (version for of_group, _, version in own if of_group == group and version.strip("v").isdigit())
        return (*stable, *(version for some in custom for version in some))

    def custom_schema(self, api_version: str, kind: str) -> Mapping[str, Any] | None:
        """Returns the openAPIV3Schema of an installed CRD; None when it is not known."""
        group, _, version = api_version.rpartition("/")
        for definition in self.of_kind(*CRD):
            spec = definition.state.get("spec", {})
            if spec.get("group") == group and spec.get("names", {}).get("kind") == kind:
                for each in spec.get("versions", ()):
                    if each.get("name") == version:
                        schema: Mapping[str, Any] | None = (each.get("schema") or {}).get("openAPIV3Schema")
                        return schema
        return None

    def builtin(self, api_version: str, kind: str) -> Mapping[str, Any] | None:
        """Returns the schema of a built-in kind, or None."""
        return kinds(self.version).get((api_version, kind))

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Returns whether objects of the kind belong to namespaces; True for a kind that is not installed yet."""
        if self.builtin(api_version, kind) is not None:
            return kind not in CLUSTER_SCOPED
        kind_served = self.served(api_version, kind) or kind_of_an_addon(api_version, kind)
        return True if kind_served is None else kind_served.namespaced

    def custom_kinds(self) -> Iterator[CustomKind]:
        """Yields the custom kinds that the cluster serves."""
        yield from WITH_EVERY_CLUSTER
        for addon, brought in WITH_ADDON.items():
            if self.cloud.get(_EKS_ADDON, f"{self.name}:{addon}", self.region):
                yield from brought
        for definition in self.of_kind(*CRD):
            yield custom_kind_of(definition.state)

    def _delete_custom_objects(self, group: str, plural: str) -> None:
        kinds_ = [each for each in self.custom_kinds() if (each.group, each.plural) == (group, plural)]
        for kind in kinds_:
            for version in kind.versions:
                for each in self.of_kind(f"{group}/{version}", kind.kind):
                    self.cloud.delete(each.type, each.id, each.region)

    def _has(self, each: CloudResource, prefix: str) -> bool:
        return each.region in ("", self.region) and each.id.startswith(prefix)

    def _id(self, namespace: str, name: str) -> str:
        return f"{self.name}/{namespace}/{name}" if namespace else f"{self.name}/{name}"


def custom_kind_of(definition: Mapping[str, Any]) -> CustomKind:
    """Returns the custom kind that a CustomResourceDefinition object defines."""
    spec = definition.get("spec", {})
    names = spec.get("names", {})
    versions = tuple(each.get("name", "") for each in spec.get("versions", ()) if each.get("served", True))
    namespaced = spec.get("scope") != "Cluster"
    return CustomKind(spec.get("group", ""), names.get("kind", ""), names.get("plural", ""), namespaced, versions)


def token(api_version: str, kind: str) -> str:
    """Returns the Pulumi type of a kind. It contains the group `core`, which apiVersion leaves out."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"


RELEASE = token("helm.sh/v3", "Release")


def row_of(cloud: Cloud, named: Address | None) -> CloudResource | None:
    """Returns the EKS cluster at an address; None when the cloud has no cluster of that name and address."""
    for row in cloud.of_type(EKS_CLUSTER) if named else ():
        if named and row.id == named.cluster and row.state.get("endpoint", named.server) == named.server:
            return row
    return None


def find(cloud: Cloud, kubeconfig: Any) -> Cluster | None:
    """Returns the cluster that a kubeconfig names; None when the cloud has no cluster of that name and address."""
    row = row_of(cloud, address(kubeconfig))
    return cluster_of(cloud, row) if row else None


def cluster_of(cloud: Cloud, row: CloudResource) -> Cluster:
    """Returns the API server of an EKS cluster in the cloud."""
    version = row.state.get("version")
    newest = max(VERSIONS, key=version_numbers)
    return Cluster(cloud, row.id, version if isinstance(version, str) else newest, row.region)


def delete_objects(cluster: Cluster) -> None:
    """Deletes all objects of a deleted cluster."""
    marks = [*cluster.cloud.of_type(OUTAGE), *cluster.cloud.of_type(LEFT_WEBHOOKS)]
    for each in [*cluster.objects(), *(each for each in marks if each.id.startswith(f"{cluster.name}/"))]:
        cluster.cloud.delete(each.type, each.id, each.region)


def delete_orphans(cloud: Cloud) -> None:
    """Deletes the objects of clusters that were deleted while the simulator was not running."""
    for each in cloud.all():
        of_a_cluster = each.type.startswith("kubernetes:")
        if of_a_cluster and cloud.get(EKS_CLUSTER, each.id.split("/", 1)[0], each.region) is None:
            cloud.delete(each.type, each.id, each.region)
