"""Automatic names, and the API server's rules for names and labels."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kubernetes.schema import Finding
from simulator.values import UNKNOWN, Props

AUTONAMED = "pulumi.com/autonamed"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_LABEL_VALUE = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_LABEL_KEY = rf"({_SUBDOMAIN}/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_KEY_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    f"character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_LABEL_KEY}')"
)
_ONE_LABEL = frozenset({"Namespace", "Service"})
_ANY_NAME = frozenset({"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"})


def suffix(urn: str, seed: bytes) -> str:
    """Returns eight hex digits, from the engine's seed if it gives one, so that a replacement has a new name."""
    return hashlib.sha256(seed + urn.encode()).hexdigest()[:8]


def autoname(inputs: Props, old: Props, urn_name: str, urn: str, seed: bytes) -> None:
    """Gives an object without a name an automatic name, or the automatic name that it had before."""
    metadata = inputs["metadata"] = {} if inputs.get("metadata") is None else inputs["metadata"]
    if metadata is UNKNOWN or metadata.get("name") is not None:
        return
    earlier = old.get("metadata") or {}
    old_name = earlier.get("name") if is_autonamed(old) else None
    metadata["name"] = old_name or f"{urn_name}-{suffix(urn, seed)}"
    annotations = metadata.get("annotations")
    if annotations is not UNKNOWN:
        metadata["annotations"] = {**(annotations or {}), AUTONAMED: "true"}


def is_autonamed(inputs: Mapping[str, Any]) -> bool:
    """Returns whether the provider chose the name."""
    metadata = inputs.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and annotations.get(AUTONAMED) == "true"


def metadata_findings(kind: str, metadata: Any) -> Iterator[Finding]:
    """Yields the mistakes in name and labels, in the API server's words."""
    if not isinstance(metadata, Mapping):
        return
    name = metadata.get("name")
    if isinstance(name, str) and kind not in _ANY_NAME:
        yield from _name_findings(kind, name)
    labels = metadata.get("labels")
    for key, value in labels.items() if isinstance(labels, Mapping) else ():
        if not re.fullmatch(_LABEL_KEY, key):
            yield Finding("metadata.labels", f'Invalid value: "{key}": {_KEY_RULE}')
        if isinstance(value, str) and not (re.fullmatch(_LABEL_VALUE, value) and len(value) <= 63):
            yield Finding(
                "metadata.labels",
                f'Invalid value: "{value}": a valid label must be an empty string or consist of alphanumeric '
                "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  "
                f"or 'my_value',  or '12345', regex used for validation is '{_LABEL_VALUE}')",
            )


def _name_findings(kind: str, name: str) -> Iterator[Finding]:
    if kind in _ONE_LABEL:
        pattern, longest, form, example = _LABEL, 63, "label", "'my-name',  or '123-abc'"
        characters = "lower case alphanumeric characters or '-'"
    else:
        pattern, longest, form, example = _SUBDOMAIN, 253, "subdomain", "'example.com'"
        characters = "lower case alphanumeric characters, '-' or '.'"
    if not re.fullmatch(pattern, name):
        yield Finding(
            "metadata.name",
            f'Invalid value: "{name}": a lowercase RFC 1123 {form} must consist of {characters}, and must start and '
            f"end with an alphanumeric character (e.g. {example}, regex used for validation is '{pattern}')",
        )
    if len(name) > longest:
        yield Finding("metadata.name", f'Invalid value: "{name}": must be no more than {longest} characters')
