"""Turns Kubernetes manifests, such as `helm template` prints, into resources as a program would declare them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from catalog.kubernetes import CLUSTER_SCOPED
from common.values import SECRET_SIGNATURE, SIGNATURE_KEY
from common.yaml_parser import PARSER


def resources_of_manifests(text: str, namespace: str = "") -> list[dict[str, Any]]:
    """Returns a resource for each object of a text of YAML documents or JSON, and for each item of a list of objects.

    namespace: of objects that name none, as of `helm template --namespace`; what belongs to no namespace gets none.
    Data of a Secret are secret: the provider of Kubernetes marks them so. Raises ValueError for what is no object.
    """
    try:
        documents = [_with_text_keys(each) for each in yaml.load_all(text, Loader=PARSER)]
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {' '.join(str(error).split())}") from None
    objects = [each for document in documents if document for each in _objects(document)]
    specs = [each.get("spec") or {} for each in objects if each["kind"] == "CustomResourceDefinition"]
    without = CLUSTER_SCOPED | {spec["names"]["kind"] for spec in specs if spec.get("scope") == "Cluster"}
    return [_resource(each, "" if each["kind"] in without else namespace) for each in objects]


def _with_text_keys(value: Any) -> Any:
    """Returns a value as JSON has it, which is how Kubernetes reads YAML: `on:` is the key "true"."""
    if isinstance(value, Mapping):
        return {key if isinstance(key, str) else json.dumps(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _objects(document: Any) -> Iterator[Mapping[str, Any]]:
    given = document if isinstance(document, Mapping) else {}
    names = (given.get("apiVersion"), given.get("kind"))
    if not all(isinstance(each, str) for each in names) or not isinstance(given.get("metadata") or {}, Mapping):
        shown = json.dumps(document, default=str)[:60]
        raise ValueError(
            f"{shown} has no apiVersion and kind, or no map as metadata. Give what `helm template` prints."
        )
    if given["kind"].endswith("List") and isinstance(items := given.get("items"), list):
        kind = given["kind"].removesuffix("List")  # items of a list with a kind of its own may leave theirs out
        own = {"apiVersion": given["apiVersion"], "kind": kind} if kind else {}
        for item in items:
            yield from _objects({**own, **item} if isinstance(item, Mapping) else item)
    else:
        yield given


def _resource(given: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    metadata = {**({"namespace": namespace} if namespace else {}), **(given.get("metadata") or {})}
    inputs = {**given, "metadata": metadata}
    if given["kind"] == "Secret":
        inputs |= {key: _secret(given[key]) for key in ("data", "stringData") if given.get(key)}
    version = given["apiVersion"] if "/" in given["apiVersion"] else f"core/{given['apiVersion']}"
    token = f"kubernetes:{version}:{given['kind']}"
    name = metadata.get("name") or metadata.get("generateName") or "unnamed"
    place = f"{metadata['namespace']}/{name}" if metadata.get("namespace") else name
    return {"urn": f"urn:pulumi:objects::objects::{token}::{place}", "type": token, "inputs": inputs}


def _secret(value: Any) -> dict[str, str]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": json.dumps(value)}
