"""CustomResourceDefinitions and APIServices.

Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation and k8s.io/kube-aggregator 0.35.4, read in
November 2026.
"""

from __future__ import annotations

import re
from typing import Any

from simulator.kubernetes.meaning import formats
from simulator.kubernetes.meaning.node import Findings, Node
from simulator.kubernetes.meaning.webhooks import client_findings
from simulator.values import has_unknown

_APPROVED = "api-approved.kubernetes.io"
_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_CHANGES = "https://github.com/kubernetes/enhancements/pull/1111"


def definition_findings(definition: Node) -> Findings:
    """Yields the mistakes in a CustomResourceDefinition."""
    spec = definition["spec"]
    group, names, versions = spec["group"], spec["names"], spec["versions"]
    yield from group.must_match(formats.subdomain)
    if group.text and "." not in group.text:
        yield group.invalid("should be a domain with at least one dot")
    if re.search(r"(^|\.)(k8s|kubernetes)\.io$", group.text or ""):
        annotations = definition["metadata"]["annotations"]
        approval = annotations.entry(_APPROVED)
        if not approval.is_set:
            yield approval.required(f'protected groups must have approval annotation "{_APPROVED}", see {_CHANGES}')
    yield from spec["scope"].must_be("Cluster", "Namespaced")
    yield from _name_findings(names)
    yield from _conversion_findings(spec["conversion"])
    yield from _version_findings(versions)
    whole = len(versions.items) == 1  # then the API server calls the schema that of all versions
    for version in versions.items:
        schema = version["schema"]["openAPIV3Schema"]
        yield from schema.must_be_set()
        base = spec if whole else version
        path = f"{base.path}.validation.openAPIV3Schema" if whole else schema.path
        if schema.is_set:
            yield from _schema_findings(Node(schema.value, path), root=True)
        for column in Node(version["additionalPrinterColumns"].value, f"{base.path}.additionalPrinterColumns").items:
            yield from column["name"].must_be_set()
            path_ = Node(column["jsonPath"].value, f"{column.path}.JSONPath")
            yield from path_.must_be_set()
            if path_.text and not path_.text.startswith("."):
                yield path_.invalid("must be a simple json path starting with .")
            type_ = column["type"]
            if type_.text and type_.text not in _COLUMN_TYPES:
                yield type_.invalid(f"must be one of {','.join(_COLUMN_TYPES)}")
        yield from _scale_findings(Node(version["subresources"].value, f"{base.path}.subresources")["scale"])


def identity_findings(definition: Node) -> Findings:
    """Yields a finding when the name of a new CustomResourceDefinition is not that of its plural and group."""
    name, group, plural = (
        definition.at("metadata", "name"),
        definition["spec"]["group"],
        definition["spec"]["names"]["plural"],
    )
    if name.text and group.text and plural.text and name.text != f"{plural.text}.{group.text}":
        yield name.invalid('must be spec.names.plural+"."+spec.group')


def _name_findings(names: Node) -> Findings:
    for name in ("plural", "singular"):
        yield from names[name].must_match(formats.label_1035)
    for name in ("kind", "listKind"):
        text = names[name].text
        for why in formats.label_1035(text.lower()) if text else ():
            yield names[name].invalid(f"may have mixed case, but should otherwise match: {why}")
    for each in names["shortNames"].items:
        yield from each.must_match(formats.label_1035)
    if names["kind"].text and names["kind"].text == names["listKind"].text:
        yield names["listKind"].invalid("kind and listKind may not be the same")


def _conversion_findings(conversion: Node) -> Findings:
    strategy = conversion["strategy"]
    yield from strategy.must_be("None", "Webhook")
    if strategy.text == "Webhook":
        client, reviews = conversion["webhook"]["clientConfig"], conversion["webhook"]["conversionReviewVersions"]
        short = Node(client.value, "spec.conversion.webhookClientConfig")
        yield from short.must_be_set("required when strategy is set to Webhook")
        if client.is_set:
            yield from client_findings(short)
        yield from Node(reviews.value, "spec.conversion.conversionReviewVersions").must_be_set()


def _version_findings(versions: Node) -> Findings:
    seen = set()
    for each in versions.items:
        yield from each["name"].must_match(formats.label_1035)
    for each in versions.items:
        if each["name"].text and each["name"].text in seen:
            yield Node(_brief(versions), versions.path).invalid("must contain unique version names")
        seen.add(each["name"].text)
    stored = [each for each in versions.items if each["storage"].value is True]
    if not has_unknown(versions.value) and versions.items and len(stored) != 1:
        yield Node(_brief(versions), versions.path).invalid("must have exactly one version marked as storage version")


def _brief(versions: Node) -> list[Any]:
    return [
        {"Name": each["name"].value, "Served": each["served"].value, "Storage": each["storage"].value}
        for each in versions.items
    ]


def _scale_findings(scale: Node) -> Findings:
    if not scale.is_set:
        return
    for name, root in (("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")):
        path = scale[name]
        yield from path.must_be_set()
        if path.text and not path.text.startswith(f"{root}."):
            yield path.invalid(f"should be a json path under {root}")


def _schema_findings(schema: Node, *, root: bool = False, typed: bool = True) -> Findings:
    """Yields the mistakes in a structural schema. typed: whether it has to say its type."""
    if not isinstance(schema.value, dict):
        return
    type_, items = schema["type"], schema["items"]
    free = any(
        schema[name].value is True for name in ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")
    )
    if type_.text not in (None, *_TYPES):
        yield type_.unsupported(_TYPES)
    if root and type_.text and type_.text != "object":
        yield type_.invalid("must be object at the root")
    if typed and type_.is_empty and not free:
        yield type_.required(
            "must not be empty for specified object fields" if not root else "must not be empty at the root"
        )
    if type_.text == "array":
        yield from items.must_be_set("must be specified")
    if schema["properties"].is_set and isinstance(schema["additionalProperties"].value, dict):
        yield schema["additionalProperties"].forbidden("additionalProperties and properties are mutual exclusive")
    list_type = schema["x-kubernetes-list-type"]
    yield from list_type.must_be("atomic", "map", "set")
    if list_type.text == "map":
        yield from schema["x-kubernetes-list-map-keys"].must_be_set(
            "must not be empty if x-kubernetes-list-type is map"
        )
    if root:
        metadata = schema["properties"].entry("metadata")
        fields = set(dict(metadata["properties"].entries))
        if fields - {"name", "generateName"}:
            yield metadata.forbidden(
                "must not specify anything other than name and generateName, but metadata is implicitly specified"
            )
    for _, each in schema["properties"].entries:
        yield from _schema_findings(each)
    if isinstance(schema["additionalProperties"].value, dict):
        yield from _schema_findings(schema["additionalProperties"])
    yield from _schema_findings(items)


def api_service_findings(service: Node) -> Findings:
    """Yields the mistakes in an APIService."""
    spec, name = service["spec"], service.at("metadata", "name")
    group, version = spec["group"], spec["version"]
    if name.text and version.text and not group.is_unknown:
        needed = f"{version.text}.{group.text or ''}"
        if name.text != needed:
            yield name.invalid(f'must be `spec.version+"."+spec.group`: "{needed}"')
    for field, most in (("groupPriorityMinimum", 20000), ("versionPriority", 1000)):
        number = spec[field].number
        if number is not None and not 0 < number <= most:
            yield spec[field].invalid(f"must be positive and less than {most}")
    if spec["insecureSkipTLSVerify"].value is True and spec["caBundle"].text:
        yield spec["insecureSkipTLSVerify"].invalid("may not be true if caBundle is present")
