"""Property values as the engine sends them to a policy pack, turned into plain Python values.

Maps, lists, texts, booleans and None come out as themselves, whole numbers as int (the wire knows only floats), an
unknown value as `UNKNOWN`, a secret as `Secret(value)`. Assets and archives come out as the map that describes them.

Source: plugin/rpc.go, sig/sig.go and properties.go under sdk/go/common/resource of pulumi/pulumi, read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 a constant of the protocol, not a password
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_TEXTS = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        UNKNOWN_TEXT,  # text: what the engine sends for most values
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # map
    }
)


class Unknown:
    """The one value of a property that only an update can tell."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that may be judged and never shown."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def decode(properties: Struct) -> dict[str, Any]:
    """The properties of one resource as plain values."""
    return {key: _decode_value(value) for key, value in properties.fields.items()}


def _decode_value(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in UNKNOWN_TEXTS else text
    if kind == "struct_value":
        return _decode_map(value.struct_value)
    if kind == "list_value":
        return [_decode_value(item) for item in value.list_value.values]
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return None


def _decode_map(properties: Struct) -> Any:
    fields = decode(properties)
    if fields.pop(SIGNATURE_KEY, None) == SECRET_SIGNATURE:
        return Secret(fields.get("value"))
    return fields


def plain(value: Any) -> Any:
    """`value` with secrets opened and unknowns as the text that the engine uses for them, for code that reads those.

    The result may hold secrets: it is for computing, never for showing.
    """
    if isinstance(value, Secret):
        return plain(value.value)
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
