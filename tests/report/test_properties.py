"""Property changes with their values before and after."""

import base64
import json

import pytest

from common.values import OUTPUT_SIGNATURE, SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN, UNKNOWN_TEXT
from report.properties import MOST_LETTERS, Property, properties_of, steps_of


def changed(before, after, **more):
    """Returns the properties of an update, as texts. more: fields of the engine's step."""
    step = {"old": {"inputs": before}, "new": {"inputs": after}, "diffs": sorted({*before, *after}), **more}
    return [str(each) for each in properties_of(step)]


def test_values_before_and_after_are_shown_by_their_path():
    before = {"vpcConfig": {"public": False, "ranges": ["10.0.0.0/8"]}, "size": 1, "gone": "x"}
    after = {"vpcConfig": {"public": True, "ranges": ["10.0.0.0/8", "::/0"]}, "size": UNKNOWN_TEXT}
    assert changed(before, after) == [
        "gone: x → not set",
        "size: 1 → known after up",
        "vpcConfig.public: false → true",
        'vpcConfig.ranges: [] → ["::/0"]',
    ]


def test_the_engines_own_paths_are_taken_where_it_has_them():
    before, after = {"tags": {"a.b": "1", "c": "1"}}, {"tags": {"a.b": "2", "c": "2"}}
    assert changed(before, after, detailedDiff={'tags["a.b"]': {"diffKind": "update"}}) == ['tags["a.b"]: 1 → 2']
    assert steps_of('a.b[2]["c.d"]') == ("a", "b", 2, "c.d")


def test_a_property_that_replaces_says_so():
    step = {"old": {"inputs": {"cidr": "a"}}, "new": {"inputs": {"cidr": "b"}}, "keys": ["cidr"]}
    assert properties_of(step) == (Property("cidr", "replace", "a", "b"),)
    step = {**step, "detailedDiff": {"cidr": {"diffKind": "update-replace"}}, "keys": None}
    assert properties_of(step) == (Property("cidr", "replace", "a", "b"),)


def test_what_aws_changed_is_read_from_the_outputs():
    step = {"old": {"inputs": {}, "outputs": {"arn": "a"}}, "new": {"inputs": {"arn": "b"}}, "diffs": ["arn"]}
    assert properties_of(step) == (Property("arn", "update", "a", "b"),)


def test_documents_are_compared_inside():
    before, after = (
        json.dumps({"Statement": [{"Sid": "A", "Principal": "x"}, *more]}) for more in ([], [{"Sid": "B"}])
    )
    assert changed({"policy": before}, {"policy": after}) == ['policy.Statement[1]: not set → {"Sid": "B"}']
    other = before.replace('"x"', '"y"')
    assert changed({"policy": before}, {"policy": other}) == ["policy.Statement[0].Principal: x → y"]
    assert changed({"text": "{no json"}, {"text": "{neither"}) == ["text: {no json → {neither"]


@pytest.mark.parametrize(
    "secret",
    [
        "[secret]",
        {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": "hunter2"},
        {SIGNATURE_KEY: OUTPUT_SIGNATURE, "secret": True, "value": "hunter2"},
    ],
    ids=["masked by the engine", "encrypted", "an output"],
)
def test_a_secret_is_never_shown(secret):
    assert changed({"password": "old"}, {"password": secret}) == ["password: old → [secret]"]
    inside = changed({"a": {"b": secret, "c": 1}}, {"a": {"b": secret, "c": 2}}, detailedDiff={"a.b.x": {}, "a.c": {}})
    assert inside == ["a.b.x: [secret] → [secret]", "a.c: 1 → 2"]


def test_long_values_are_cut_and_many_differences_are_one():
    (text,) = changed({"data": "x" * 500}, {"data": "y"})
    assert len(text) < 2 * MOST_LETTERS
    many = ({f"k{number}": value for number in range(50)} for value in "ab")
    assert len(changed({"map": next(many)}, {"map": next(many)})) == 1


def test_a_new_or_deleted_resource_has_no_changed_properties():
    assert properties_of({"new": {"inputs": {"a": 1}}, "diffs": ["a"]}) == ()
    assert properties_of({"old": {"inputs": {"a": 1}}, "diffs": ["a"]}) == ()


def test_an_unknown_value_of_the_engine_is_unknown():
    step = {"old": {"inputs": {"a": 1}}, "new": {"inputs": {"a": {SIGNATURE_KEY: OUTPUT_SIGNATURE}}}, "diffs": ["a"]}
    assert properties_of(step)[0].after is UNKNOWN


def test_of_user_data_only_the_lines_that_differ_are_shown():
    before, after = (base64.b64encode(f"#!/bin/sh\nset -e\nslices {each}".encode()).decode() for each in "ab")
    assert changed({"userData": before}, {"userData": after}) == ['userData: ["slices a"] → ["slices b"]']
    assert changed({"userData": "x"}, {"userData": "y"}) == ['userData: ["x"] → ["y"]']


def test_a_long_text_is_cut_around_what_differs():
    before, after = (f"{'a' * 400}[OUTPUT] Host {host} {'z' * 400}" for host in ("loki.one", "loki.two"))
    (text,) = changed({"outputs": before}, {"outputs": after})
    left, right = text.removeprefix("outputs: ").split(" → ")
    assert "Host loki.one" in left
    assert "Host loki.two" in right
    assert all(each.startswith("…") and each.endswith("…") and len(each) <= MOST_LETTERS + 1 for each in (left, right))
    (text,) = changed({"outputs": before}, {"outputs": f"{before} more"})
    assert text.endswith("more"), "also where one text is the beginning of the other"
