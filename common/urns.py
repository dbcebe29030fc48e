"""The parts of a URN: `urn:pulumi:<stack>::<project>::<type of the parent>$<type>::<name>`.

Nothing here raises: for a text that is not a URN, stack and type are "", and the name is what follows the last `::`.
Source: sdk/go/common/resource/urn/urn.go of pulumi/pulumi v3.259.0.
"""

_PREFIX = "urn:pulumi:"
_SEPARATORS = 3


def stack_of(urn: str) -> str:
    """Returns the stack; "" when the text does not begin like a URN."""
    return urn.removeprefix(_PREFIX).partition("::")[0] if urn.startswith(_PREFIX) else ""


def type_of(urn: str) -> str:
    """Returns the type of the resource, without the types of its parents; "" when the text is not a URN."""
    parts = urn.split("::", _SEPARATORS)
    return parts[2].rpartition("$")[2] if len(parts) > _SEPARATORS else ""


def name_of(urn: str) -> str:
    """Returns the name that the program gave the resource. A name may contain `::`."""
    return urn.split("::", _SEPARATORS)[-1]
