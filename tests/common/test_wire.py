import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from common.values import UNKNOWN, UNKNOWN_TEXTS, Secret
from common.wire import from_struct, to_struct

ASSET = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
scalars = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text() | st.just(UNKNOWN)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4) | inner.map(Secret) | st.just(ASSET)
    ),
)


@given(st.dictionaries(st.text(), values, max_size=6))
def test_properties_are_the_same_after_writing_and_reading(props):
    assert from_struct(to_struct(props)) == props


def test_values_are_written_as_the_engine_writes_them():
    written = json_format.MessageToDict(to_struct({"a": Secret("x"), "b": [UNKNOWN], "c": (1, True), "d": None}))
    assert written == {
        "a": {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "x"},
        "b": ["04da6b54-80e4-46f7-96ec-b56ff0331ba9"],
        "c": [1, True],
        "d": None,
    }


@pytest.mark.parametrize("text", sorted(UNKNOWN_TEXTS))
def test_unknowns_of_every_kind_are_read_as_unknown(text):
    assert from_struct(to_struct({"a": {"b": [text]}})) == {"a": {"b": [UNKNOWN]}}


def test_a_whole_number_stays_a_whole_number():
    assert str(from_struct(to_struct({"port": 443.0}))["port"]) == "443", "messages of AWS would show 443.0"


def test_a_value_that_is_not_a_property_value_is_refused():
    with pytest.raises(TypeError, match="object is not a property value"):
        to_struct({"a": object()})
