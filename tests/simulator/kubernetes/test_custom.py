"""Custom kinds of the catalog: their definitions, schemas and rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.charts import CHARTS
from simulator.kubernetes import rules
from simulator.kubernetes.custom import (
    definition,
    definitions_of,
    files,
    object_findings,
    schema_of,
    with_defaults,
)
from simulator.kubernetes.kinds import WITH_EVERY_CLUSTER
from simulator.kubernetes.rules import compiled, rule_findings
from simulator.kubernetes.schema import Schema, expression, findings
from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props
from tests.facts.reading import facts
from tests.simulator.kubernetes.bench import Bench, bench, widget, widget_definition
from tests.simulator.kubernetes.crd_forms import definitions_in, file_of, sha256
from tests.simulator.kubernetes.custom_objects import (
    GOOD,
    WRONG_AT_UPDATE,
    WRONG_BY_RULE,
    WRONG_BY_SCHEMA,
    Wrong,
    changed,
)

CRDS = [(chart.name, crd) for chart in CHARTS.values() for crd in chart.crds]
WITHOUT_A_CHART = {"gateway.networking.k8s.io", "networking.k8s.aws"}  # of manifests of a release; of EKS


def every_schema() -> Iterator[tuple[str, Schema]]:
    """Yields each schema inside the schemas of all versions, with a name."""

    def inside(name: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
        yield name, schema
        for field, of_field in schema.get("properties", {}).items():
            yield from inside(f"{name}.{field}", of_field)
        for key in ("additionalProperties", "items"):
            if isinstance(schema.get(key), Mapping):
                yield from inside(f"{name}[]", schema[key])

    for stem in sorted(files()):
        known = definition(*stem.split("_"))
        assert known is not None
        for version in known["spec"]["versions"]:
            yield from inside(f"{stem} {version['name']}", version["schema"]["openAPIV3Schema"])


def mistakes(inputs: Props) -> list[tuple[str, str]]:
    schema = schema_of(inputs["apiVersion"], inputs["kind"])
    assert schema is not None
    return [(each.path, each.text) for each in object_findings(inputs, schema)]


def test_our_definitions_equal_those_of_the_charts() -> None:
    known = facts("crd_schemas")
    versions = {chart: CHARTS[chart].version for chart in known["versions"] if chart in CHARTS}
    assert versions.items() <= known["versions"].items(), "read them again"
    digests = {path.stem: sha256(path.read_text(encoding="utf-8")) for path in files().values()}
    assert digests == known["sha256"], "a changed schema accepts what the chart's refuses, or the other way round"


def test_every_kind_of_the_catalog_has_a_definition_and_every_definition_a_kind() -> None:
    assert CRDS
    for chart, crd in CRDS:
        known = definition(crd.group, crd.kind)
        assert known is not None, f"{chart}: write the file of {crd.kind} with tests/simulator/kubernetes/crd_forms.py"
        spec = known["spec"]
        served = sorted(version["name"] for version in spec["versions"] if version["served"])
        assert (spec["scope"], spec["names"]["plural"], served) == (crd.scope, crd.plural, sorted(crd.versions))
        assert sum(version["storage"] for version in spec["versions"]) == 1, "the API server refuses any other number"
        assert known["metadata"]["name"] == f"{crd.plural}.{crd.group}"
    named = {f"{crd.group}_{crd.kind}" for _, crd in CRDS}
    others = set(files()) - named
    assert {name.partition("_")[0] for name in others} == WITHOUT_A_CHART, "a file without a kind is never read"
    assert len(definitions_of("karpenter-crd")) == len(CHARTS["karpenter-crd"].crds)


def test_of_the_kinds_that_eks_installs_those_of_network_policies_have_a_definition() -> None:
    known = {each.kind for each in WITH_EVERY_CLUSTER if definition(each.group, each.kind)}
    assert known == {"ApplicationNetworkPolicy", "ClusterNetworkPolicy"}, (
        "of the others Amazon publishes none at the version that a cluster gets"
    )
    assert schema_of("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy") is None
    assert schema_of("karpenter.sh/v1beta1", "NodePool") is None, "a version that is not served has no objects"


def test_a_form_keeps_what_decides_and_no_descriptions() -> None:
    rule = {"rule": "self > 1", "message": "too small"}
    size = {"type": "integer", "minimum": 1, "description": "How many.", "x-kubernetes-validations": [rule]}
    items = {"type": "array", "items": {"type": "object", "oneOf": [{"required": ["a"]}], "properties": {"a": size}}}
    schema = {"type": "object", "properties": {"description": items, "again": items}, "required": ["again"]}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}, "deprecated": True}
    spec = {"group": "example.com", "names": {"kind": "Widget", "plural": "widgets"}, "scope": "Cluster"}
    crd = {"kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com", "annotations": {}}}
    whole = crd | {"spec": spec | {"versions": [version | {"schema": {"openAPIV3Schema": schema}}]}}
    (again,) = definitions_in(f"kind: Service\n---\n{json.dumps(whole)}")
    name, text = file_of(again)
    assert name == "example.com_Widget.json"
    assert "How many" not in text
    assert '"deprecated"' not in text
    (kept,) = json.loads(text)["versions"]
    assert kept["schema"]["properties"] == {"description": {"$ref": "0"}, "again": {"$ref": "0"}}
    assert text.count(json.dumps(rule, separators=(",", ":"), sort_keys=True)) == 1, "what occurs again is shared"
    with pytest.raises(
        ValueError, match=r"a schema has \$ref\. Add it to KEPT when it decides anything, else to DROPPED"
    ):
        file_of(changed(whole, "spec.versions.0.schema.openAPIV3Schema.$ref", "#/a"))


def test_every_default_is_allowed_where_it_stands() -> None:
    defaults = [(name, schema) for name, schema in every_schema() if "default" in schema]
    assert len(defaults) > 1000
    for name, schema in defaults:
        filled = with_defaults(schema["default"], schema)
        assert not [*findings(filled, schema), *rule_findings(filled, schema)], name


def test_every_rule_of_the_catalog_can_be_evaluated() -> None:
    every_rule = [
        (name, rule) for name, schema in every_schema() for rule in schema.get("x-kubernetes-validations", ())
    ]
    assert len(every_rule) > 500
    skipped = {name for name, rule in every_rule if compiled(rule["rule"]) is None}
    assert skipped == set(), "a rule that needs more of CEL refuses nothing: add its functions to rules.py"


def test_every_pattern_of_the_catalog_can_be_compiled() -> None:
    patterns = {schema["pattern"] for _, schema in every_schema() if "pattern" in schema}
    assert len(patterns) > 50
    for pattern in patterns:
        expression(pattern)


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_object_is_accepted(kind: str) -> None:
    rules.SKIPPED.clear()
    assert mistakes(GOOD[kind]) == []
    assert not rules.SKIPPED, "every rule was evaluated"


@pytest.mark.parametrize("wrong", [*WRONG_BY_SCHEMA, *WRONG_BY_RULE], ids=lambda wrong: f"{wrong[0]}-{wrong[1]}")
def test_a_wrong_object_is_refused_in_the_words_of_the_api_server(wrong: Wrong) -> None:
    kind, path, value, end, text = wrong
    ((where, reason),) = mistakes(changed(GOOD[kind], path, value))
    assert where.endswith(end)
    assert text in reason


@pytest.mark.parametrize("wrong", WRONG_AT_UPDATE, ids=lambda wrong: f"{wrong[0]}-{wrong[1]}")
@pytest.mark.parametrize("preview", [True, False])
def test_a_forbidden_change_is_refused_at_preview_as_well(tmp_path: Path, wrong: Wrong, *, preview: bool) -> None:
    kind, path, value, end, text = wrong
    cluster = bench(tmp_path)
    for chart, crd in CRDS:
        if crd.kind == kind and GOOD[kind]["apiVersion"].startswith(f"{crd.group}/"):
            row = CHARTS[chart]
            where = (
                {"chart": row.repository}
                if row.oci
                else {"chart": row.chart, "repositoryOpts": {"repo": row.repository}}
            )
            cluster.make(where | {"name": chart, "namespace": "kube-system", "version": row.version}, chart)
    if kind == "NodePool":
        cluster.make(changed(GOOD["EC2NodeClass"], "metadata.name", "gpu"), "class")
    made = cluster.make(GOOD[kind], "made")
    cluster.update(made, changed(GOOD[kind], "metadata.labels", {"a": "b"}), "made", preview=True)
    with pytest.raises(Refusal) as refused:
        cluster.update(made, changed(GOOD[kind], path, value), "made", preview)
    place, _, reason = str(refused.value).partition(": Invalid value: ")
    assert place.endswith(end)
    assert text in reason


def definition_with(schema: Props) -> Props:
    return changed(widget_definition(), "spec.versions.0.schema.openAPIV3Schema.properties.spec", schema)


@pytest.mark.parametrize(
    ("schema", "good", "wrong", "reason"),
    [
        ({"allOf": [{"minimum": 3}, {"maximum": 5}]}, 4, 6, "should be less than or equal to 5"),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"b": 1}, {"c": 1}, "at least one schema (anyOf)"),
        ({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1}, {"a": 1, "b": 1}, "Found 2 valid alternat"),
        ({"not": {"pattern": "^x"}}, "y", "x", '"spec" must not validate the schema (not)'),
        ({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, 4, 3, "in body should be greater than 3"),
        ({"type": "integer", "maximum": 3, "exclusiveMaximum": True}, 2, 3, "in body should be less than 3"),
        ({"type": "integer", "multipleOf": 3}, 6.0, 4, "in body should be a multiple of 3"),
        ({"type": "object", "additionalProperties": {}, "minProperties": 1}, {"a": 1}, {}, "at least 1 properties"),
        ({"type": "object", "additionalProperties": {}, "maxProperties": 1}, {"a": 1}, {"a": 1, "b": 1}, "Too many: 2"),
        ({"type": "array", "x-kubernetes-list-type": "set"}, ["a", "b"], ["a", "a"], 'Duplicate value: "a"'),
        ({"type": "array", "uniqueItems": True}, [1, 2], [1, 1], "Duplicate value: 1"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z", "now", 'of type date-time: "now"'),
        ({"type": "string", "format": "duration"}, "1h30m", "soon", 'must be of type duration: "soon"'),
        ({"type": "string", "format": "byte"}, "YQ==", "%%", 'must be of type byte: "%%"'),
        ({"type": "string", "format": "byte"}, "YWI=", "", 'must be of type byte: ""'),
        ({"type": "object"}, {}, {"a": 1}, "unknown field"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) and value else None,
)
def test_every_key_of_a_schema_is_checked(schema: Props, good: Any, wrong: Any, reason: str) -> None:
    whole = {"type": "object", "properties": {"spec": schema}}
    assert not list(object_findings({"spec": good}, whole))
    (finding,) = object_findings({"spec": wrong}, whole)
    assert reason in finding.text
    for unknown in (UNKNOWN, {"a": UNKNOWN}, [UNKNOWN, UNKNOWN]):
        fitting = isinstance(unknown, str) or "not" in schema or "oneOf" in schema
        assert not fitting or not list(object_findings({"spec": unknown}, whole)), "it may become anything"


RULE = {"rule": "self.size < 3 || self.colour == 'red'", "message": "only red ones are large"}


def test_the_rules_of_a_programs_own_definition_are_evaluated(tmp_path: Path) -> None:
    cluster = bench(tmp_path)
    properties = {"size": {"type": "integer"}, "colour": {"type": "string", "default": "blue"}}
    spec = {"type": "object", "properties": properties, "x-kubernetes-validations": [RULE]}
    cluster.make(definition_with(spec), "definition")
    cluster.make(widget(size=3, colour="red"), "red")
    with pytest.raises(Refusal, match=r'"w2" is invalid: spec: Invalid value: only red ones are large$'):
        cluster.make(changed(widget(size=3), "metadata.name", "w2"), "blue")
    cluster.preview(changed(widget(size=UNKNOWN), "metadata.name", "w3"), "unknown")


@pytest.mark.parametrize(
    ("rule", "value", "refused"),
    [
        ("has(self.a)", {"b": UNKNOWN}, True),  # the rule does not read the unknown field
        ("has(self.a)", {"a": UNKNOWN}, False),
        ("self.l.all(x, has(x.a))", {"l": [{"b": UNKNOWN}]}, True),
        ("self.l.all(x, has(x.a))", {"l": [{"b": UNKNOWN}, UNKNOWN]}, False),
        ("self.m.all(k, self.m[k] != '')", {"m": {"k": UNKNOWN}}, False),
        ("self.__namespace__ == 'a' && self.b__dash__c == 1", {"namespace": "b", "b-c": 1}, True),
        ("self.__namespace__ == 'a' && self.b__dash__c == 1", {"namespace": "a", "b-c": 1}, False),
        ("self.a == 'x'", {"b": "y"}, True),  # a missing field is an error, and an error refuses the object
        ("self.l.exists(x, x.a == 'x')", {"l": [{"b": "y"}]}, False),  # a later item could make up for the error
        ("self.l.exists(x, x.a == 'x')", {"a": "y"}, True),  # the list itself is missing
        ("self.n > 1.5", {"n": 1}, True),
        ("isIP(self.a)", {"a": "10.0.0.1"}, False),
        ("isIP(self.a)", {"a": "fe80::1%eth0"}, True),
        ("notAFunction(self.a)", {"a": "x"}, False),
    ],
)
def test_a_rule_refuses_what_it_can_judge(rule: str, value: Props, *, refused: bool) -> None:
    text: Schema = {"type": "string"}
    of_items = {"type": "array", "items": {"type": "object", "properties": {"a": text, "b": text}}}
    fields: dict[str, Schema] = {
        "a": text,
        "b": text,
        "namespace": text,
        "b-c": {"type": "integer"},
        "n": {"type": "number"},
    }
    fields |= {"l": of_items, "m": {"type": "object", "additionalProperties": text}}
    schema = {"type": "object", "properties": fields, "x-kubernetes-validations": [{"rule": rule}]}
    found = [each.text for each in rule_findings(value, schema)]
    assert bool(found) == refused
    assert all(rule in each for each in found), "without a message, the rule is the message"


def test_reason_and_field_path_of_a_rule_are_those_of_the_api_server() -> None:
    rule = {"rule": "!has(self.a)", "message": "not here", "reason": "FieldValueForbidden", "fieldPath": ".a"}
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "x-kubernetes-validations": [rule]}
    (finding,) = rule_findings({"a": "x"}, schema, path="spec")
    assert (finding.path, finding.text) == ("spec.a", "Forbidden: not here")


def test_a_broken_schema_hides_the_rules_as_in_the_api_server() -> None:
    broken = changed(changed(GOOD["ScaledObject"], "spec.minReplicaCount", 5), "spec.pollingInterval", 0)
    assert [path for path, _ in mistakes(broken)] == ["spec.pollingInterval"]


def test_each_version_of_a_planned_definition_has_its_own_schema(tmp_path: Path) -> None:
    cluster = bench(tmp_path)
    both = widget_definition()
    other = changed(both["spec"]["versions"][0], "schema.openAPIV3Schema.properties.spec.properties.size.minimum", 5)
    both["spec"]["versions"].append(other | {"name": "v2", "storage": False})
    cluster.preview(both, "definition")
    cluster.preview(widget(size=1), "first")
    with pytest.raises(Refusal, match=r"spec\.size in body should be greater than or equal to 5$"):
        cluster.preview(widget(size=1) | {"apiVersion": "example.com/v2"}, "second")


def test_items_are_compared_with_old_ones_only_by_the_keys_of_their_list() -> None:
    size = {"type": "integer", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed"}]}
    plain = {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}, "size": size}}}
    by_name = plain | {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    old = [{"name": "a", "size": 1}, {"name": "b", "size": 2}]
    assert not list(rule_findings([{"name": "a", "size": 3}], plain, old)), "its items have no identity"
    assert not list(rule_findings([{"name": "c", "size": 3}, {"name": "b", "size": 2}], by_name, old))
    (found,) = rule_findings([{"name": "b", "size": 1}], by_name, old)
    assert found.path == "[0].size"


def test_an_object_of_a_later_version_is_not_compared_with_the_stored_one(tmp_path: Path) -> None:
    cluster: Bench = bench(tmp_path)
    rule = {"rule": "self == oldSelf", "message": "fixed"}
    both = definition_with(
        {"type": "object", "properties": {"size": {"type": "integer", "x-kubernetes-validations": [rule]}}}
    )
    versions = both["spec"]["versions"]
    versions.append(versions[0] | {"name": "v2", "storage": False})
    cluster.make(both, "definition")
    made = cluster.make(widget(), "w")
    with pytest.raises(Refusal, match=r"spec\.size: Invalid value: 2: fixed$"):
        cluster.update(made, widget(size=2), "w")
    cluster.update(made, widget(size=2) | {"apiVersion": "example.com/v2"}, "w", preview=True)


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1", "v1beta2"])
def test_a_policy_that_a_version_of_linkerds_server_does_not_have_is_a_mistake(tmp_path: Path, version: str) -> None:
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, "port": "http", "accessPolicy": "audit"}
    server = {"apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server", "metadata": {"name": "http"}, "spec": spec}
    cluster = bench(tmp_path)
    assert cluster.failures(server) == {}
    (reason,) = cluster.failures({**server, "apiVersion": f"policy.linkerd.io/{version}"}).values()
    assert reason.startswith("spec.accessPolicy: unknown field")
    assert reason.endswith("removes it without a message."), "the port would be closed, not audited"
