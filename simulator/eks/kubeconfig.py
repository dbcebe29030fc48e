"""Writes the kubeconfig of pulumi-eks. It names its cluster in the arguments of `aws eks get-token`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_EXEC_API = "client.authentication.k8s.io/v1beta1"


def kubeconfig(
    cluster: str, endpoint: str, certificate: str, region: str, role: str | None = None, profile: str | None = None
) -> dict[str, Any]:
    """Returns the kubeconfig as an object, with its keys in the order of the real one.

    Source: pulumi-eks 4.4, nodejs/eks/cluster/cluster.ts, generateKubeconfig.
    """
    arguments = ["--region", region, "eks", "get-token", "--cluster-name", cluster, "--output", "json"]
    arguments += ["--role", role] if role else []
    arguments += ["--profile", profile] if profile else []
    environment = [{"name": "KUBERNETES_EXEC_INFO", "value": f'{{"apiVersion": "{_EXEC_API}"}}'}]
    execute = {"apiVersion": _EXEC_API, "command": "aws", "args": arguments, "env": environment}
    server = {"server": endpoint, "certificate-authority-data": certificate}
    return {
        "apiVersion": "v1",
        "clusters": [{"cluster": server, "name": "kubernetes"}],
        "contexts": [{"context": {"cluster": "kubernetes", "user": "aws"}, "name": "aws"}],
        "current-context": "aws",
        "kind": "Config",
        "users": [{"name": "aws", "user": {"exec": execute}}],
    }


def for_caller(known: Mapping[str, Any], role: str | None, profile: str | None) -> dict[str, Any]:
    """Returns the kubeconfig of the same cluster for another role or profile, as Cluster.get_kubeconfig does."""
    server = known["clusters"][0]["cluster"]
    arguments = known["users"][0]["user"]["exec"]["args"]
    region, cluster = arguments[arguments.index("--region") + 1], arguments[arguments.index("--cluster-name") + 1]
    return kubeconfig(cluster, server["server"], server["certificate-authority-data"], region, role, profile)


def text(config: Mapping[str, Any]) -> str:
    """Returns the JSON text without spaces, as JavaScript writes it."""
    return json.dumps(config, separators=(",", ":"), ensure_ascii=False)
