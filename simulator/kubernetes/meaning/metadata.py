"""Metadata of every object: its name by the rule of its kind, labels, annotations, finalizers and owners.

Source: pkg/apis/*/validation of Kubernetes 1.35.4, read in November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.selectors import label_findings
from simulator.kubernetes.schema import Finding, builtin_kind, version_numbers

_ANNOTATIONS_BYTES = 256 * 1024
_STANDARD_FINALIZERS = frozenset({"kubernetes", "orphan", "foregroundDeletion"})
_NAMES: dict[str, tuple[Callable[[str], Iterator[str]], ...]] = {
    "APIService": (formats.path_segment,),
    "CSIDriver": (formats.at_most(63), formats.subdomain),
    "ClusterRole": (formats.path_segment,),
    "ClusterRoleBinding": (formats.path_segment,),
    "Namespace": (formats.label,),
    "Role": (formats.path_segment,),
    "RoleBinding": (formats.path_segment,),
    "Service": (formats.label,),
    "StatefulSet": (formats.label,),
}


def metadata_findings(inputs: Mapping[str, Any], version: str) -> Findings:
    """Yields the mistakes in the metadata of an object. version: of the API server, e.g. "1.35"."""
    kind, node = builtin_kind(inputs), Node(inputs.get("metadata"), "metadata")
    rules = _NAMES.get(kind, (formats.subdomain,))
    if kind == "Service" and version_numbers(version) < (1, 36):
        rules = (formats.label_1035,)
    yield from node["name"].must_match(*rules)
    yield from label_findings(node["labels"])
    annotations = node["annotations"]
    for key, _ in annotations.entries:
        for why in formats.qualified_name(key.lower()):
            yield annotations.invalid(why, key)
    size = sum(len(key) + len(value.text or "") for key, value in annotations.entries)
    if size > _ANNOTATIONS_BYTES:
        yield Finding(annotations.path, f"Too long: may not be more than {_ANNOTATIONS_BYTES} bytes")
    for each in node["finalizers"].items:
        if each.text and "/" not in each.text and each.text not in _STANDARD_FINALIZERS:
            yield each.invalid("name is neither a standard finalizer name nor is it fully qualified")
        yield from each.must_match(formats.qualified_name)
    for owner in node["ownerReferences"].items:
        short = Node(owner.value, f"{node.path}.ownerReferences")
        for name in ("apiVersion", "kind", "name", "uid"):
            if short[name].is_empty:
                yield Node("", short[name].path).invalid("must not be empty")
