"""Builds pools, node classes and pods for the cases of rules. Each keeps the rules except in what a case sets."""

from typing import Any

from catalog.requirements import INSTANCE_TYPE
from common.values import UNKNOWN

A100, H100, L4, PLAIN = "p4d.24xlarge", "p5.48xlarge", "g6.xlarge", "m5.2xlarge"
TAINT = {"key": "gpu", "value": "true", "effect": "NO_SCHEDULE"}
NO_SCHEDULE = {"key": "gpu", "value": "true", "effect": "NoSchedule"}


def node_group(*types: str, sizes: tuple[int, int, int] = (0, 1, 0), **more: Any) -> dict[str, object]:
    """Returns a node group. sizes: minimum, maximum, desired."""
    scaling = dict(zip(("minSize", "maxSize", "desiredSize"), sizes, strict=True))
    return {"instanceTypes": list(types), "scalingConfig": scaling, **more}


def node_group_of_template(**more: Any) -> dict[str, object]:
    """Returns a node group whose launch template has the instance type, as a preview shows it before it is built."""
    return {**node_group(**more), "instanceTypes": UNKNOWN}


def requirement(key: str, *values: str, operator: str = "In") -> dict[str, object]:
    """Returns one requirement of a NodePool."""
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def node_pool(
    *types: str,
    name: str = "gpu",
    requirements: tuple[dict[str, object], ...] = (),
    labels: dict[str, str] | None = None,
    taints: tuple[dict[str, str], ...] = (),
    limits: dict[str, object] | None = None,
    **spec: Any,
) -> dict[str, object]:
    """Returns a NodePool. spec: more fields of its spec; the field `template` is merged into the spec of its nodes."""
    template = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name},
        "requirements": [*([requirement(INSTANCE_TYPE, *types)] if types else []), *requirements],
        **({"taints": list(taints)} if taints else {}),
        **spec.pop("template", {}),
    }
    metadata = {"metadata": {"labels": labels}} if labels else {}
    limits_field = {} if limits is None else {"limits": limits}
    return {"metadata": {"name": name}, "spec": {"template": {**metadata, "spec": template}, **limits_field, **spec}}


def node_class(name: str = "gpu", **spec: object) -> dict[str, object]:
    """Returns an EC2NodeClass."""
    return {"metadata": {"name": name}, "spec": spec}


def pod(*resources: dict[str, object], namespace: str = "", **spec: object) -> dict[str, object]:
    """Returns a Pod with one container for each entry of `resources`."""
    containers = [
        {"name": f"main-{index}", "image": "train", "resources": requested} for index, requested in enumerate(resources)
    ]
    return {"metadata": {"namespace": namespace} if namespace else {}, "spec": {"containers": containers, **spec}}


def limits(**amounts: object) -> dict[str, object]:
    """Returns resources with equal limits and requests."""
    return {"limits": amounts, "requests": amounts}
