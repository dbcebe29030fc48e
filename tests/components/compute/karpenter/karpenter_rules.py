"""The rules of Karpenter's CRDs that are written in CEL, by hand: JSON Schema cannot say them.

Source: x-kubernetes-validations of the CRDs in chart karpenter-crd 1.14.1, read 2026-08.
"""

from collections.abc import Iterator, Mapping
from typing import Any

FORBIDDEN_TAGS = {
    "eks:eks-cluster-name",
    "karpenter.sh/nodepool",
    "karpenter.sh/nodeclaim",
    "karpenter.k8s.aws/ec2nodeclass",
}
OPEN_OF_KARPENTER = {"karpenter.sh/capacity-type", "karpenter.sh/nodepool"}
OPEN_OF_AWS = (
    "karpenter.k8s.aws/instance-",
    "karpenter.k8s.aws/capacity-reservation-",
    "karpenter.k8s.aws/ec2nodeclass",
)
ORDINARY = {"cpu", "memory", "ephemeral-storage", "pods"}


def broken_rules(manifest: Mapping[str, Any]) -> list[str]:
    rules = {"EC2NodeClass": _node_class, "NodePool": _node_pool, "NodeOverlay": _node_overlay}
    return list(rules[manifest["kind"]](manifest["spec"]))


def _node_class(spec: Mapping[str, Any]) -> Iterator[str]:
    if ("role" in spec) == ("instanceProfile" in spec):
        yield "must specify exactly one of role, instanceProfile"
    images = spec.get("amiSelectorTerms", [])
    if any("alias" in term and len(term) > 1 for term in images):
        yield "an alias stands alone in its term"
    if any("alias" in term for term in images) and len(images) > 1:
        yield "an alias is the only term"
    for terms in ("subnetSelectorTerms", "securityGroupSelectorTerms", "capacityReservationSelectorTerms"):
        if terms in spec and not all(spec[terms]):
            yield f"{terms}: an empty term"
        if not spec.get(terms, [True]):
            yield f"{terms} is empty"
    for key in spec.get("tags", {}):
        if not key or key in FORBIDDEN_TAGS or key.startswith("kubernetes.io/cluster"):
            yield f"tag {key} is restricted"
    if sum(volume.get("rootVolume", False) for volume in spec.get("blockDeviceMappings", [])) > 1:
        yield "more than one root volume"
    for volume in spec.get("blockDeviceMappings", []):
        if not {"volumeSize", "snapshotID"} & set(volume["ebs"]):
            yield "neither size nor snapshot"
    if "placementGroupSelector" in spec and len(spec["placementGroupSelector"]) != 1:
        yield "placement group by name or by id"
    yield from _interfaces(spec.get("networkInterfaces", []))


def _interfaces(interfaces: list[dict[str, Any]]) -> Iterator[str]:
    if not interfaces:
        return
    if {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"} not in interfaces:
        yield "no primary interface"
    places = [(i["networkCardIndex"], i["deviceIndex"]) for i in interfaces]
    adapters = [i["networkCardIndex"] for i in interfaces if i["interfaceType"] == "efa-only"]
    if len(set(places)) < len(places) or len(set(adapters)) < len(adapters):
        yield "two interfaces in one place, or two adapters on one card"


def _node_pool(spec: Mapping[str, Any]) -> Iterator[str]:
    template = spec["template"]
    labels, requirements = template["metadata"]["labels"], template["spec"]["requirements"]
    keys = [*labels, *(r["key"] for r in requirements)]
    if len(keys) > 100:
        yield "more than 100 labels and requirements"
    if "karpenter.sh/nodepool" in keys:
        yield "karpenter.sh/nodepool is restricted"
    yield from _keys(keys)
    yield from _values(requirements)
    for budget in spec["disruption"].get("budgets", []):
        if ("schedule" in budget) != ("duration" in budget):
            yield "a budget's schedule and duration go together"


def _node_overlay(spec: Mapping[str, Any]) -> Iterator[str]:
    if ORDINARY & set(spec.get("capacity", {})):
        yield "restricted resource"
    if "price" in spec and "priceAdjustment" in spec:
        yield "price or adjustment"
    yield from _keys([r["key"] for r in spec["requirements"]])
    yield from _values(spec["requirements"])


def _keys(keys: list[str]) -> Iterator[str]:
    for key in keys:
        domain = key.split("/")[0]
        if domain.endswith("karpenter.sh") and key not in OPEN_OF_KARPENTER:
            yield f"{key} is restricted"
        if domain.endswith("karpenter.k8s.aws") and not key.startswith(OPEN_OF_AWS):
            yield f"{key} is restricted"
        if key == "kubernetes.io/hostname":
            yield f"{key} is restricted"


def _values(requirements: list[dict[str, Any]]) -> Iterator[str]:
    for requirement in requirements:
        if requirement["operator"] in ("In", "NotIn") and not requirement.get("values"):
            yield f"{requirement['key']}: no values"
