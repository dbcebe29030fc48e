"""Reduces CRDs to the keys that decide whether an object is accepted and what the API server adds to it.

    helm template REPOSITORY/CHART --version VERSION --include-crds > CHART.yaml
    python -m tests.simulator.kubernetes.crd_forms CHART.yaml

writes the files of simulator/kubernetes/crds and prints their digests, which are rows of tests/facts/crd_schemas.json.
A chart with `crds_when` needs `--set` for one of these values.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from simulator.kubernetes.custom import FOLDER, files

KEPT = frozenset(
    {
        *("additionalProperties", "allOf", "anyOf", "default", "enum", "exclusiveMaximum", "exclusiveMinimum"),
        *("format", "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength"),
        *("minProperties", "minimum", "multipleOf", "not", "nullable", "oneOf", "pattern", "properties", "required"),
        *("type", "uniqueItems", "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string"),
        *("x-kubernetes-list-map-keys", "x-kubernetes-list-type", "x-kubernetes-map-type"),
        *("x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations"),
    }
)
DROPPED = frozenset({"description", "example", "externalDocs", "title"})
_APPROVAL = "api-approved.kubernetes.io"  # the API server refuses a group of *.k8s.io without it
_WORTH_SHARING = 120  # characters: a shorter schema is written where it stands
Schema = Mapping[str, Any]


def own_form(schema: Schema) -> dict[str, Any]:
    """Returns the schema without descriptions. Raises ValueError for a key that is not known here, such as `$ref`."""
    unknown = sorted(schema.keys() - KEPT - DROPPED)
    if unknown:
        raise ValueError(
            f"a schema has {', '.join(unknown)}. Add it to KEPT when it decides anything, else to DROPPED."
        )
    return _each_child({key: value for key, value in schema.items() if key in KEPT}, own_form)


def _each_child(schema: Schema, change: Callable[[Schema], dict[str, Any]]) -> dict[str, Any]:
    changed = dict(schema)
    if "properties" in changed:
        changed["properties"] = {name: change(field) for name, field in changed["properties"].items()}
    for key in ("additionalProperties", "items", "not"):
        if isinstance(changed.get(key), Mapping):
            changed[key] = change(changed[key])
    for key in ("allOf", "anyOf", "oneOf"):
        if key in changed:
            changed[key] = [change(choice) for choice in changed[key]]
    return changed


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _shared(versions: list[dict[str, Any]]) -> dict[str, Any]:
    """Replaces each schema that occurs again by a reference, in place, and returns the shared schemas by name."""
    occurrences: Counter[str] = Counter()
    names: dict[str, str] = {}
    shared: dict[str, Any] = {}

    def count(schema: Schema) -> dict[str, Any]:
        occurrences[_text(schema)] += 1
        return _each_child(schema, count)

    def replace(schema: Schema) -> dict[str, Any]:
        text = _text(schema)
        if occurrences[text] == 1 or len(text) < _WORTH_SHARING:
            return _each_child(schema, replace)
        if text not in names:
            names[text] = str(len(names))
            shared[names[text]] = _each_child(schema, replace)
        return {"$ref": names[text]}

    for version in versions:
        count(version["schema"])
    for version in versions:
        version["schema"] = replace(version["schema"])
    return shared


def file_of(definition: Mapping[str, Any]) -> tuple[str, str]:
    """Returns file name and text of a CustomResourceDefinition."""
    spec = definition["spec"]
    versions = [
        {key: version[key] for key in ("name", "served", "storage", "subresources") if key in version}
        | {"schema": own_form(version["schema"]["openAPIV3Schema"])}
        for version in spec["versions"]
    ]
    content = {key: spec[key] for key in ("conversion", "group", "names", "scope") if key in spec}
    shared = _shared(versions)
    content |= {"versions": versions} | ({"shared": shared} if shared else {})
    annotations = definition["metadata"].get("annotations") or {}
    content |= {"approval": annotations[_APPROVAL]} if _APPROVAL in annotations else {}
    return f"{spec['group']}_{spec['names']['kind']}.json", f"{_text(content)}\n"


def definitions_in(text: str) -> Iterator[Mapping[str, Any]]:
    """Yields the CustomResourceDefinitions among the documents of a YAML text."""
    for document in yaml.safe_load_all(text):
        if isinstance(document, Mapping) and document.get("kind") == "CustomResourceDefinition":
            yield document


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for definition in definitions_in(Path(argument).read_text(encoding="utf-8")):
            name, text = file_of(definition)
            stem = name.removesuffix(".json")
            files().get(stem, FOLDER / name).write_text(text, encoding="utf-8")
            print(stem, sha256(text))
