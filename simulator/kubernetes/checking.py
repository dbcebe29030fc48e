"""Check: fills in defaults, and finds mistakes in an object that do not depend on other objects."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator, Mapping
from typing import Any

from catalog.removed_apis import REMOVED
from simulator.kubernetes import meaning
from simulator.kubernetes.custom import object_findings, schema_of
from simulator.kubernetes.meaning.metadata import metadata_findings
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.names import autoname
from simulator.kubernetes.patches import is_patch
from simulator.kubernetes.schema import Finding, Schema, builtin_kind, findings, groups, kinds
from simulator.provider import Call, CheckFailure, CheckResult, Refusal
from simulator.values import UNKNOWN, Props

_DROPPED = "The real provider drops it without a message, in preview and update, and creates the object without it."
PRUNED = (
    "The real provider sends it. An update fails (field not declared in schema); at a create, the API server removes "
    "it without a message."
)


def check_object(call: Call, old: Props, new: Props, seed: bytes, version: str) -> CheckResult:
    """Returns the inputs with name and secret data filled in, and every mistake against the API schema of that version.

    Raises Refusal for ...List resources, which are not simulated.
    """
    kind = call.type.rsplit(":", 1)[-1]
    inputs = copy.deepcopy(new)
    identity = (inputs.get("apiVersion"), inputs.get("kind"))
    if kind.endswith("List") and identity in kinds(version):
        raise Refusal(
            f"{call.type} is not simulated. Create the objects themselves, or add the kind to "
            "simulator/kubernetes/objects.py."
        )
    patch = is_patch(call.type, identity[1])
    if patch and not Node(inputs)["metadata"]["name"].is_set:
        text = "patch resources require the `.metadata.name` field to be set"
        return CheckResult(inputs, (CheckFailure("metadata.name", text),))
    if builtin_kind(inputs) == "Secret":
        _fold_string_data(inputs)
    autoname(inputs, old, call.name, call.urn, seed)
    api_version = inputs.get("apiVersion")
    if not isinstance(api_version, str) or not isinstance(inputs.get("kind"), str):
        return CheckResult(inputs, (CheckFailure("apiVersion", "apiVersion and kind are required, and must be known"),))
    problem = not_served(api_version, inputs["kind"], version)
    if problem:
        return CheckResult(inputs, (CheckFailure("apiVersion", problem),))
    schema = kinds(version).get((api_version, inputs["kind"]))
    unknown_field_note = _DROPPED if schema else PRUNED
    mistakes = [
        each for each in _findings(inputs, schema, version) if not (patch and each.text.startswith("Required value"))
    ]
    return CheckResult(
        inputs, tuple(CheckFailure(each.path, _reason(each, inputs, unknown_field_note)) for each in mistakes)
    )


def missing_value(state: Props, version: str) -> str:
    """Returns the first field that an object needs and has not, in the API server's words; "" when it has all."""
    schema = kinds(version).get((state["apiVersion"], state["kind"]))
    found = (each for each in _findings(state, schema, version) if each.text.startswith("Required value"))
    return next((f"{invalid(state)}: {each.path}: {each.text}" for each in found), "")


def _fold_string_data(inputs: Props) -> None:
    """Moves Secret.stringData into data, as the API server does."""
    plain = inputs.get("stringData")
    if not isinstance(plain, Mapping) or inputs.get("data") is UNKNOWN:
        return
    folded = dict(inputs.get("data") or {})
    for key, value in plain.items():
        folded[key] = base64.b64encode(value.encode()).decode() if isinstance(value, str) else value
    del inputs["stringData"]
    inputs["data"] = folded


def not_served(api_version: str, kind: str, version: str) -> str | None:
    """Returns why the API server of that version does not serve the kind; None for built-in and for custom kinds."""
    if (api_version, kind) in kinds(version):
        return None
    removed = REMOVED.get((api_version, kind))
    if removed:
        since, instead = removed
        use = f' Use "{instead}/{kind}" instead.' if instead else ""
        return (
            f'apiVersion "{api_version}/{kind}" was removed in Kubernetes {since}.{use} '
            "The preview of the real provider accepts it; its update fails."
        )
    group = api_version.rpartition("/")[0]
    if group in groups(version):
        return (
            f'no matches for kind "{kind}" in version "{api_version}": Kubernetes {version} does not serve it. '
            "If it does, the schemas of the kubernetes-validate package are too old."
        )
    return None


def _findings(inputs: Props, schema: Schema | None, version: str) -> Iterator[Finding]:
    if schema is not None:
        yield from findings(inputs, schema, version)
    elif (custom := schema_of(inputs["apiVersion"], inputs["kind"])) is not None:
        yield from object_findings(inputs, custom)
    yield from metadata_findings(inputs, version)
    yield from meaning.findings(inputs)


def _reason(finding: Finding, inputs: Props, unknown_field_note: str) -> str:
    if finding.unknown_field:
        return f"{finding.path}: {finding.text}. {unknown_field_note}"
    return f"{invalid(inputs)}: {finding.path}: {finding.text}"


def invalid(inputs: Mapping[str, Any]) -> str:
    """Returns the beginning of the API server's messages about the content of an object."""
    group = inputs["apiVersion"].rpartition("/")[0]
    name = inputs["metadata"].get("name") if isinstance(inputs.get("metadata"), Mapping) else None
    return f'{inputs["kind"]}{f".{group}" if group else ""} "{name if isinstance(name, str) else ""}" is invalid'
