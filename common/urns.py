"""The parts of a URN: `urn:pulumi:<stack>::<project>::<type of the parent>$<type>::<name>`.

Nothing here raises: a text that is no URN has no stack and no type, and its name is what follows the last `::`.
Source: sdk/go/common/resource/urn/urn.go of pulumi/pulumi v3.259.0.
"""

_PREFIX = "urn:pulumi:"
_SEPARATORS = 3


def stack_of(urn: str) -> str:
    """The stack. "" where the text does not begin as a URN."""
    return urn.removeprefix(_PREFIX).partition("::")[0] if urn.startswith(_PREFIX) else ""


def type_of(urn: str) -> str:
    """The type of the resource itself, without the types of its parents. "" where the text is no URN."""
    parts = urn.split("::", _SEPARATORS)
    return parts[2].rpartition("$")[2] if len(parts) > _SEPARATORS else ""


def name_of(urn: str) -> str:
    """What the program called the resource. A name may hold `::` itself."""
    return urn.split("::", _SEPARATORS)[-1]
