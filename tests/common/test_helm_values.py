"""Values of a Helm release, against a tree and a schema."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.helm_values import helm_lines, idle, part_of, refused, wrong_kinds

TREE: dict[str, Any] = {
    "replicas": "number",
    "name": "string",
    "free": "map",
    "either": "scalar",
    "anything": "any",
    "gone": "unread",
    "tolerations": [{"operator": "Exists"}],
    "worker": {"enabled": "boolean"},
}
SCHEMA: dict[str, Any] = {
    "additionalProperties": False,
    "properties": {
        "replicas": {"type": "integer", "minimum": 1},
        "level": {"enum": ["info", "debug"]},
        "name": {"type": ["string", "null"], "pattern": "^a"},
        "hosts": {"type": "array", "items": {"required": ["port"], "type": "object"}},
    },
}
BRANCHES: dict[str, Any] = {
    "properties": {
        "least": {"anyOf": [{"type": ["integer", "null"]}, {"type": ["string", "null"]}]},
        "port": {"anyOf": [{"type": "string", "enum": ["http", "grpc"]}, {"type": "integer", "minimum": 1}]},
        "ports": {"anyOf": [{"type": "object", "required": ["a"]}, {"type": "array", "items": {"type": "integer"}}]},
        "removed": {"type": "null"},
        "amount": {"type": ["integer", "number", "string"]},
        "whole": {"type": "integer"},
        "hosts": {"type": "array", "items": {"type": ["string"]}},
    }
}
LEAVES = {
    "number": st.integers(),
    "string": st.text(),
    "scalar": st.integers() | st.text(),
    "map": st.dictionaries(st.text(), st.integers()),
    "any": st.none() | st.lists(st.integers()),
    "boolean": st.booleans(),
    "list": st.lists(st.integers()),
}
TREES = st.recursive(
    st.sampled_from(sorted(LEAVES)), lambda inner: st.dictionaries(st.text(min_size=1), inner, min_size=1)
)


def values_for(tree: Any) -> st.SearchStrategy[Any]:
    if isinstance(tree, str):
        return LEAVES[tree]
    return st.fixed_dictionaries({}, optional={key: values_for(inner) for key, inner in tree.items()})


@given(st.data(), st.dictionaries(st.text(min_size=1), TREES, min_size=1))
def test_whatever_a_tree_has_passes(data: st.DataObject, tree: dict[str, Any]) -> None:
    values = data.draw(values_for(tree))
    assert list(idle(values, tree, "c 1", True)) == []
    assert list(wrong_kinds(values, tree, "c 1")) == []


@given(st.data(), st.dictionaries(st.text(min_size=1), TREES, min_size=1), st.text(min_size=1))
def test_whatever_a_tree_does_not_have_is_idle(data: st.DataObject, tree: dict[str, Any], key: str) -> None:
    values = {**data.draw(values_for(tree)), key: 1}
    assert [path for path, _ in idle(values, tree, "c 1", True)] == ([] if key in tree else [(key,)])


@pytest.mark.parametrize(
    ("values", "path", "end"),
    [
        ({"replica": 1}, ("replica",), "reads no replica here, so it would change nothing. Did you mean replicas?"),
        ({"worker": {"on": True}}, ("worker", "on"), "would change nothing. Here it has: enabled."),
        ({"gone": 1}, ("gone",), "has it, but no template reads it. Drop it."),
    ],
)
def test_a_value_that_nothing_reads_is_named(values: dict[str, Any], path: tuple[str, ...], end: str) -> None:
    ((found, sentence),) = idle(values, TREE, "small 1.2.3", True)
    assert found == path
    assert sentence.endswith(end)


def test_without_templates_the_message_says_so() -> None:
    ((_, sentence),) = idle({"replica": 1}, TREE, "small 1.2.3", False)
    assert sentence.startswith("values.yaml of the chart small 1.2.3 has no replica here")


@pytest.mark.parametrize(
    ("values", "end"),
    [
        ({"replicas": "3"}, "is a text, but the chart c 1 has a number here. Write a number, without quotes."),
        ({"replicas": True}, "is true or false, but the chart c 1 has a number here. Write a number, without quotes."),
        ({"name": 1.2}, "is a number, but the chart c 1 has a text here. Write it in quotes."),
        ({"tolerations": {}}, "is a map, but the chart c 1 has a list here. Write a list."),
        ({"worker": "on"}, "is a text, but the chart c 1 has a map here. Write keys with values."),
        ({"either": []}, "is a list, but the chart c 1 has a text or a number here. Write one value."),
    ],
)
def test_a_value_of_another_kind_is_named(values: dict[str, Any], end: str) -> None:
    assert [sentence for _, sentence in wrong_kinds(values, TREE, "c 1")] == [end]


def test_a_null_takes_a_default_away() -> None:
    nothing = dict.fromkeys(TREE)
    assert list(wrong_kinds(nothing, TREE, "c 1")) == []
    assert list(refused({"replicas": None}, SCHEMA, "c 1")) == []


@pytest.mark.parametrize(
    ("values", "path", "end", "in_helm"),
    [
        (
            {"replicas": "3"},
            ("replicas",),
            "wants a number here, and this is a text. Write a number, without quotes.",
            "got string, want integer",
        ),
        ({"replicas": 0}, ("replicas",), "has the minimum 1 here.", "0 is less than the minimum of 1"),
        (
            {"level": "trace"},
            ("level",),
            'takes one of "info", "debug" here.',
            "'trace' is not one of ['info', 'debug']",
        ),
        ({"name": "b"}, ("name",), "takes only a text that matches ^a here.", "'b' does not match '^a'"),
        ({"hosts": [{}]}, ("hosts", 0), "requires port here.", "'port' is a required property"),
        (
            {"nam": "a"},
            ("nam",),
            "has no nam here. Did you mean name?",
            "Additional properties are not allowed ('nam' was unexpected)",
        ),
    ],
)
def test_what_a_schema_refuses_is_named(
    values: dict[str, Any], path: tuple[str | int, ...], end: str, in_helm: str
) -> None:
    ((found, sentence),) = refused(values, SCHEMA, "c 1")
    assert found == path
    assert sentence.endswith(end)
    (line,) = helm_lines(values, SCHEMA)
    assert line.endswith(in_helm)


@pytest.mark.parametrize(
    ("values", "end"),
    [
        ({"least": True}, "wants a number or a text here, and this is true or false. Write a number, without quotes."),
        (
            {"least": 1.5},
            "wants a whole number or a text here, and this is a number. Write a whole number, without quotes.",
        ),
        ({"port": "htp"}, 'takes one of "http", "grpc" here.'),
        ({"port": 0}, "has the minimum 1 here."),
        ({"port": []}, "wants a text or a number here, and this is a list. Write it in quotes."),
        ({"ports": ["a"]}, "does not take this value here. Look at the values of the chart."),
        ({"removed": "a"}, "wants no value here, and this is a text. Drop it."),
        ({"amount": []}, "wants a number or a text here, and this is a list. Write a number, without quotes."),
        ({"whole": 1.5}, "wants a whole number here, and this is a number. Write a whole number, without quotes."),
        ({"hosts": [None]}, "wants a text here, and this is null. Write it in quotes."),
    ],
)
def test_a_rule_of_several_types_is_told_by_the_one_that_fits(values: dict[str, Any], end: str) -> None:
    ((_, sentence),) = refused(values, BRANCHES, "c 1")
    assert sentence == f"the schema of the chart c 1 {end}"
    assert len(helm_lines(values, BRANCHES)) == 1


def test_a_value_that_is_not_known_yet_is_not_refused_in_a_list() -> None:
    assert not list(refused({"hosts": [object()]}, BRANCHES, "c 1"))


def test_the_values_of_a_part_are_found() -> None:
    assert part_of({"a": {"b": {"c": 1}}}, ("a", "b")) == {"c": 1}
    assert part_of({"a": 1}, ("a", "b")) == {}
