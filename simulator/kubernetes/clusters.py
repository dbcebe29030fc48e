"""Which simulated EKS cluster a kubeconfig names, and the objects that live in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from catalog.kubernetes import VERSIONS
from simulator.cloud import Cloud, CloudResource
from simulator.kubernetes.kinds import (
    BUILT_IN,
    CLUSTER_SCOPED,
    WITH_ADDON,
    WITH_EVERY_CLUSTER,
    Served,
    brought_by_an_addon,
)
from simulator.kubernetes.schema import kinds
from simulator.values import UNKNOWN, Props

EKS_CLUSTER = "aws:eks/cluster:Cluster"
_EKS_ADDON = "aws:eks/addon:Addon"
CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


@dataclass(frozen=True)
class Address:
    """What a kubeconfig says: the API server, and the cluster that `aws eks get-token` is asked for."""

    server: str
    cluster: str


def address(kubeconfig: Any) -> Address | None:
    """Reads a kubeconfig given as text or as an object; None when there is none, or it names no EKS cluster."""
    if kubeconfig is None or kubeconfig is UNKNOWN:
        return None
    try:
        config = _parse(kubeconfig) if isinstance(kubeconfig, str) else kubeconfig
        server = config["clusters"][0]["cluster"]["server"]
        arguments = config["users"][0]["user"]["exec"]["args"]
        return Address(server, arguments[arguments.index("--cluster-name") + 1])
    except (KeyError, IndexError, TypeError, ValueError, yaml.YAMLError):
        return None


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return yaml.safe_load(text)


@dataclass(frozen=True)
class Cluster:
    """One API server: its version, and its objects in the cloud."""

    cloud: Cloud
    name: str
    version: str

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> CloudResource | None:
        """The stored object; those of BUILT_IN are not stored."""
        return self.cloud.get(token(api_version, kind), self._id(namespace, name))

    def exists(self, api_version: str, kind: str, namespace: str, name: str) -> bool:
        """Whether there is such an object, stored or there from the start."""
        return (kind, namespace, name) in BUILT_IN or self.get(api_version, kind, namespace, name) is not None

    def put(self, state: Props, namespace: str, urn: str = "") -> None:
        """Stores an object."""
        type_ = token(state["apiVersion"], state["kind"])
        self.cloud.put(type_, self._id(namespace, state["metadata"]["name"]), state, urn)

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """Deletes the object, and everything in it when it is a namespace, every object of it when it is a CRD."""
        if kind == "Namespace":
            for each in self.objects():
                if each.id.startswith(f"{self.name}/{name}/"):
                    self.cloud.delete(each.type, each.id)
        elif kind == CRD[1]:
            plural, _, group = name.partition(".")
            self._forget_custom(group, plural)
        self.cloud.delete(token(api_version, kind), self._id(namespace, name))

    def objects(self) -> Iterator[CloudResource]:
        """Everything stored of this cluster."""
        for each in self.cloud.all():
            if each.type.startswith("kubernetes:") and each.id.startswith(f"{self.name}/"):
                yield each

    def of_kind(self, api_version: str, kind: str, namespace: str = "") -> Iterator[CloudResource]:
        """The stored objects of one kind, in one namespace where one is given."""
        prefix = f"{self.name}/{namespace}/" if namespace else f"{self.name}/"
        for each in self.cloud.of_type(token(api_version, kind)):
            if each.id.startswith(prefix):
                yield each

    def served(self, api_version: str, kind: str) -> Served | None:
        """The custom kind, when a CRD for it is installed and serves that version."""
        group, _, version = api_version.rpartition("/")
        for each in self._custom_kinds():
            if (each.group, each.kind) == (group, kind) and version in each.versions:
                return each
        return None

    def custom_schema(self, api_version: str, kind: str) -> Mapping[str, Any] | None:
        """The openAPIV3Schema of an installed CRD; None where it has none that we know."""
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
        """The schema of a kind that the API server itself serves."""
        return kinds(self.version).get((api_version, kind))

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Whether objects of the kind live in namespaces; so for a kind that is not installed yet."""
        if self.builtin(api_version, kind) is not None:
            return kind not in CLUSTER_SCOPED
        found = self.served(api_version, kind) or brought_by_an_addon(api_version, kind)
        return True if found is None else found.namespaced

    def _custom_kinds(self) -> Iterator[Served]:
        yield from WITH_EVERY_CLUSTER
        for addon, brought in WITH_ADDON.items():
            if self.cloud.get(_EKS_ADDON, f"{self.name}:{addon}"):
                yield from brought
        for definition in self.of_kind(*CRD):
            yield served_by(definition.state)

    def _forget_custom(self, group: str, plural: str) -> None:
        gone = [each for each in self._custom_kinds() if (each.group, each.plural) == (group, plural)]
        for kind in gone:
            for version in kind.versions:
                for each in self.of_kind(f"{group}/{version}", kind.kind):
                    self.cloud.delete(each.type, each.id)

    def _id(self, namespace: str, name: str) -> str:
        return f"{self.name}/{namespace}/{name}" if namespace else f"{self.name}/{name}"


def served_by(definition: Mapping[str, Any]) -> Served:
    """What a CustomResourceDefinition object makes the API server serve."""
    spec = definition.get("spec", {})
    names = spec.get("names", {})
    versions = tuple(each.get("name", "") for each in spec.get("versions", ()) if each.get("served", True))
    namespaced = spec.get("scope") != "Cluster"
    return Served(spec.get("group", ""), names.get("kind", ""), names.get("plural", ""), namespaced, versions)


def token(api_version: str, kind: str) -> str:
    """The Pulumi type of a kind: the core group is spelled out."""
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{kind}"


def find(cloud: Cloud, kubeconfig: Any) -> Cluster | None:
    """The cluster that a kubeconfig names; None when its name or its address is not known in the cloud."""
    said = address(kubeconfig)
    found = cloud.get(EKS_CLUSTER, said.cluster) if said else None
    if said is None or found is None or found.state.get("endpoint", said.server) != said.server:
        return None
    version = found.state.get("version")
    return Cluster(cloud, said.cluster, version if isinstance(version, str) else max(VERSIONS, key=_numbers))


def forget(cloud: Cloud, cluster: str) -> None:
    """Removes every object of a cluster that is gone."""
    for each in cloud.all():
        if each.type.startswith("kubernetes:") and each.id.startswith(f"{cluster}/"):
            cloud.delete(each.type, each.id)


def forget_orphans(cloud: Cloud) -> None:
    """Removes the objects of clusters that went while nobody watched."""
    for each in cloud.all():
        if each.type.startswith("kubernetes:") and cloud.get(EKS_CLUSTER, each.id.split("/", 1)[0]) is None:
            cloud.delete(each.type, each.id)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
