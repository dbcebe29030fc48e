"""Converts property maps between Python and protobuf structs, the form in which the engine sends them.

Maps, lists, texts, booleans and None stay what they are. Whole numbers become int, unknown values UNKNOWN, and secrets
Secret. The engine sends secrets only to a peer that declared that it accepts them. Assets and archives become the maps
that describe them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import struct_pb2

from common.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN, UNKNOWN_TEXT, UNKNOWN_TEXTS, Secret


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Reads a property map."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWN_TEXTS else value.string_value
    if kind == "struct_value":
        fields = from_struct(value.struct_value)
        return Secret(fields.get("value")) if fields.get(SIGNATURE_KEY) == SECRET_SIGNATURE else fields
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number  # protobuf has only floats: 443 would be 443.0
    if kind == "bool_value":
        return value.bool_value
    return None


def to_struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    """Writes a property map. Raises TypeError for a value that is not a property value."""
    struct = struct_pb2.Struct()
    for key, value in props.items():
        _fill(struct.fields[key], value)
    return struct


def _fill(target: struct_pb2.Value, value: Any) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_TEXT
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, Secret):
        _fill(target, {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value.value})
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for key, item in value.items():
            _fill(target.struct_value.fields[key], item)
    elif isinstance(value, Iterable):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item)
    else:
        raise TypeError(f"{type(value).__name__} is not a property value")
