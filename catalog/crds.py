"""Custom resource definitions in a short form: without descriptions, and each part that occurs twice written once.

`crd_files/<folder>/` has those that the platform makes itself, because no chart brings or upgrades them. Helm upgrades
nothing in the folder `crds/` of a chart.
Sources: kubernetes-sigs/gateway-api v1.6.1, config/crd/standard; kubernetes-sigs/aws-load-balancer-controller v3.5.0,
helm/aws-load-balancer-controller/crds, without GlobalAccelerator, which the controller needs only with the feature gate
GlobalAcceleratorController (pkg/config/feature_gates.go: off); read 2026-11.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "crd_files"
# What a definition says of its origin: the policy that 1.6 brings refuses others, and controllers look at it.
_ANNOTATIONS: Mapping[str, Mapping[str, str]] = {
    "gateway-api": {
        "gateway.networking.k8s.io/bundle-version": "v1.6.1",
        "gateway.networking.k8s.io/channel": "standard",
    }
}


def made_by_us(folder: str) -> dict[str, Mapping[str, Any]]:
    """Returns the definitions of a folder by kind."""
    return {path.stem.partition("_")[2]: read(path) for path in sorted((FOLDER / folder).glob("*.json"))}


def read(path: Path) -> Mapping[str, Any]:
    """Returns the CustomResourceDefinition of a file, which callers must not change: parts of it are shared."""
    content = json.loads(path.read_text(encoding="utf-8"))
    shared, approval = content.pop("shared", {}), content.pop("approval", None)
    whole: dict[str, Any] = {}

    def expand(value: Any) -> Any:
        if isinstance(value, list):
            return [expand(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        name = value.get("$ref")
        if not isinstance(name, str):
            return {key: expand(item) for key, item in value.items()}
        if name not in whole:
            whole[name] = expand(shared[name])
        return whole[name]

    for version in content["versions"]:
        version["schema"] = {"openAPIV3Schema": expand(version["schema"])}
    annotations = {
        **({"api-approved.kubernetes.io": approval} if approval else {}),
        **_ANNOTATIONS.get(path.parent.name, {}),
    }
    metadata: dict[str, Any] = {"name": f"{content['names']['plural']}.{content['group']}"}
    metadata |= {"annotations": annotations} if annotations else {}
    of_crds = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return {**of_crds, "metadata": metadata, "spec": content}
