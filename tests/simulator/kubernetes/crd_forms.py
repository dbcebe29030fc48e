"""Reduces the schema of a CRD to the keys that decide whether an object is accepted and what the server adds to it.

Descriptions and CEL rules are left out; the important rules are in simulator/kubernetes/karpenter.py.

    helm pull REPOSITORY/CHART --version VERSION --untar
    python -m tests.simulator.kubernetes.crd_forms CHART/crds/*.yaml

writes the files of simulator/kubernetes/crds and prints their digests, which are rows of tests/facts/crd_schemas.json.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from simulator.kubernetes.custom import FOLDER

KEPT = (
    *("additionalProperties", "default", "enum", "items", "maxItems", "maxLength", "maxProperties", "maximum"),
    *("minItems", "minLength", "minimum", "nullable", "pattern", "properties", "required", "type"),
    *("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"),
)


def own_form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the parts of the schema that the simulated API server reads. Raises ValueError when it has a `$ref`."""
    if "$ref" in schema:
        raise ValueError(f"the schema refers to {schema['$ref']}. Replace the reference by its target.")
    kept = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in kept:
        kept["properties"] = {name: own_form(field) for name, field in schema["properties"].items()}
    for key in ("additionalProperties", "items"):
        if isinstance(kept.get(key), Mapping):
            kept[key] = own_form(schema[key])
    return kept


def files_of(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields file name and text of each version of a CustomResourceDefinition that the API server serves."""
    spec = definition["spec"]
    for version in spec["versions"]:
        if version["served"]:
            text = json.dumps(own_form(version["schema"]["openAPIV3Schema"]), indent=1, sort_keys=True)
            yield f"{spec['group']}_{spec['names']['plural']}_{version['name']}.json", f"{text}\n"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for name, text in files_of(yaml.safe_load(Path(argument).read_text(encoding="utf-8"))):
            (FOLDER / name).write_text(text, encoding="utf-8")
            print(name.removesuffix(".json"), sha256(text))
