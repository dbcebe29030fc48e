"""A simulated EKS cluster, and the engine's requests to the Kubernetes provider."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.cloud import Cloud
from simulator.eks.kubeconfig import kubeconfig
from simulator.kubernetes.package import KubernetesPackage
from simulator.provider import Call, CheckResult, DiffResult
from simulator.values import Props

ENDPOINT = "https://0123456789ABCDEF0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com"
EKS = "aws:eks/cluster:Cluster"
EMPTY: Props = {}


@dataclass
class Bench:
    """A provider, and a cloud with the cluster `main`."""

    cloud: Cloud
    package: KubernetesPackage
    config: Props
    warnings: list[str] = field(default_factory=list)

    def call(self, token: str, name: str, preview: bool = False) -> Call:
        urn = f"urn:pulumi:test::project::{token}::{name}"
        return Call(urn, self.config, preview, self.warnings.append)

    def check(self, inputs: Props, name: str = "x", old: Props = EMPTY, seed: bytes = b"seed") -> CheckResult:
        return self.package.check(self.call(token(inputs), name), old, copy.deepcopy(inputs), seed)

    def checked(self, inputs: Props, name: str = "x", old: Props = EMPTY, seed: bytes = b"seed") -> Props:
        checked = self.check(inputs, name, old, seed)
        assert not checked.failures, checked.failures
        return checked.inputs

    def preview(self, inputs: Props, name: str = "x") -> Props:
        return self.package.create(self.call(token(inputs), name, preview=True), self.checked(inputs, name)).state

    def make(self, inputs: Props, name: str = "x") -> tuple[str, Props, Props]:
        """Creates an object, and returns its id, checked inputs and state."""
        checked = self.checked(inputs, name)
        created = self.package.create(self.call(token(inputs), name), checked)
        return created.id, checked, created.state

    def diff(self, old: Props, new: Props, name: str = "x") -> DiffResult:
        return self.package.diff(self.call(token(new), name), "id", old, {}, new)

    def update(self, resource: tuple[str, Props, Props], new: Props, name: str = "x", preview: bool = False) -> Props:
        id_, old, state = resource
        return self.package.update(self.call(token(new), name, preview), id_, old, state, new)

    def delete(self, resource: tuple[str, Props, Props], name: str = "x") -> None:
        id_, inputs, state = resource
        self.package.delete(self.call(token(inputs), name), id_, inputs, state)

    def failures(self, inputs: Props) -> dict[str, str]:
        return {failure.property: failure.reason for failure in self.check(inputs).failures}


def bench(folder: Path, version: str = "1.35") -> Bench:
    cloud = Cloud(folder / "cloud.sqlite")
    arn = "arn:aws:eks:us-west-2:123456789012:cluster/main"
    cloud.put(EKS, "main", {"name": "main", "arn": arn, "version": version, "endpoint": ENDPOINT})
    config = {"kubeconfig": json.dumps(kubeconfig("main", ENDPOINT, "Y2E=", "us-west-2"))}
    return Bench(cloud, KubernetesPackage(cloud, patience_seconds=0.2), config)


def token(inputs: Props) -> str:
    if "chart" in inputs:
        return "kubernetes:helm.sh/v3:Release"
    api_version = inputs["apiVersion"]
    return f"kubernetes:{api_version if '/' in api_version else f'core/{api_version}'}:{inputs['kind']}"


def namespace(name: str, **labels: str) -> Props:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def config_map(name: str | None = "settings", in_namespace: str = "default", **data: str) -> Props:
    metadata = {"namespace": in_namespace} | ({"name": name} if name else {})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}}


def deployment(in_namespace: str = "default", **spec: Any) -> Props:
    container = {"name": "app", "image": "registry.invalid/app:1"}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    full_spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template} | spec
    metadata = {"name": "web", "namespace": in_namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": full_spec}


def widget_definition(scope: str = "Namespaced") -> Props:
    size = {"type": "integer", "minimum": 1}
    spec = {"type": "object", "required": ["size"], "properties": {"size": size, "colour": {"type": "string"}}}
    version: Props = {"name": "v1", "served": True, "storage": True}
    version |= {"schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "names": names, "scope": scope, "versions": [version]},
    }


def widget(**spec: Any) -> Props:
    metadata = {"name": "w", "namespace": "default"}
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "spec": {"size": 1} | spec}
