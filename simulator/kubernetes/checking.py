"""Check: what the provider fills in, and what is wrong with an object whatever the cluster holds."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kubernetes.custom import schema_of
from simulator.kubernetes.karpenter import rule_findings
from simulator.kubernetes.kinds import REMOVED
from simulator.kubernetes.names import autoname, metadata_findings
from simulator.kubernetes.schema import Finding, Schema, findings, groups, kinds
from simulator.provider import Call, Checked, Failure, Refusal
from simulator.values import UNKNOWN, Props

_DROPPED = "The real provider drops it in silence, at preview and in the update, and makes the object without it."
PRUNED = "The real provider sends it, and the API server prunes it in silence."


def check_object(call: Call, old: Props, new: Props, seed: bytes, version: str) -> Checked:
    """Inputs with name and secret data filled in, and every mistake that the API schema of that version shows.

    Raises Refusal for ...Patch and ...List resources, which are not simulated.
    """
    kind = call.type.rsplit(":", 1)[-1]
    inputs = copy.deepcopy(new)
    said = (inputs.get("apiVersion"), inputs.get("kind"))
    if (kind.endswith("Patch") and kind != said[1]) or (kind.endswith("List") and said in kinds(version)):
        raise Refusal(
            f"{call.type} is not simulated. Make the object itself, or add the kind to simulator/kubernetes/objects.py."
        )
    if inputs.get("kind") == "Secret":
        _fold(inputs)
    autoname(inputs, old, call.name, call.urn, seed)
    api_version = inputs.get("apiVersion")
    if not isinstance(api_version, str) or not isinstance(inputs.get("kind"), str):
        return Checked(inputs, (Failure("apiVersion", "apiVersion and kind are required, and have to be known"),))
    problem = unserved(api_version, inputs["kind"], version)
    if problem:
        return Checked(inputs, (Failure("apiVersion", problem),))
    schema = kinds(version).get((api_version, inputs["kind"]))
    silence = _DROPPED if schema else PRUNED
    found = _findings(inputs, schema or schema_of(api_version, inputs["kind"]), version)
    return Checked(inputs, tuple(Failure(each.path, _reason(each, inputs, silence)) for each in found))


def _fold(inputs: Props) -> None:
    """Secret.stringData becomes data, as the API server would do it."""
    plain = inputs.get("stringData")
    if not isinstance(plain, Mapping) or inputs.get("data") is UNKNOWN:
        return
    folded = dict(inputs.get("data") or {})
    for key, value in plain.items():
        folded[key] = base64.b64encode(value.encode()).decode() if isinstance(value, str) else value
    del inputs["stringData"]
    inputs["data"] = folded


def unserved(api_version: str, kind: str, version: str) -> str | None:
    """Why the API server of that version does not know the kind; None for a built-in kind, and for a custom one."""
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
            "If it should, the schemas of the kubernetes-validate package are too old."
        )
    return None


def _findings(inputs: Props, schema: Schema | None, version: str) -> Iterator[Finding]:
    if schema is not None:
        yield from findings(inputs, schema, version)
    yield from rule_findings(inputs)
    yield from metadata_findings(inputs["kind"], inputs.get("metadata"))
    yield from _selector_findings(inputs)


def _selector_findings(inputs: Props) -> Iterator[Finding]:
    spec = inputs.get("spec")
    if inputs["kind"] not in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet") or not isinstance(spec, Mapping):
        return
    wanted = _at(spec, "selector", "matchLabels")
    labels = _at(spec, "template", "metadata", "labels")
    labels = {} if labels is None else labels
    if not isinstance(wanted, Mapping) or not isinstance(labels, Mapping):
        return
    if any(labels.get(key) not in (value, UNKNOWN) and value is not UNKNOWN for key, value in wanted.items()):
        yield Finding("spec.template.metadata.labels", "`selector` does not match template `labels`")


def _reason(finding: Finding, inputs: Props, silence: str) -> str:
    if finding.unknown_field:
        return f"{finding.path}: {finding.text}. {silence}"
    return f"{invalid(inputs)}: {finding.path}: {finding.text}"


def invalid(inputs: Mapping[str, Any]) -> str:
    """The start of the API server's messages about an object's content."""
    group = inputs["apiVersion"].rpartition("/")[0]
    name = inputs["metadata"].get("name") if isinstance(inputs.get("metadata"), Mapping) else None
    return f'{inputs["kind"]}{f".{group}" if group else ""} "{name if isinstance(name, str) else ""}" is invalid'


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
