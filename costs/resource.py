"""One resource as an estimate sees it, and the one way to read a value out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.urns import name_of
from common.values import UNKNOWN


class NoPriceError(Exception):
    """A resource cannot be priced. `str()` is the reason, written for whoever reads the estimate."""


@dataclass(frozen=True)
class Resource:
    """One resource of a preview or of a stack.

    inputs: as registered, in the provider's camelCase; `UNKNOWN` where the value is not known yet.
    property_dependencies: input name -> URNs that its value comes from; empty where the source does not tell.
    parent: URN of the component above; "" where the source does not tell.
    id: the provider's id; "" before it exists.
    """

    urn: str
    type: str
    inputs: Mapping[str, Any]
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    parent: str = ""
    id: str = ""

    @property
    def name(self) -> str:
        """What the program called it."""
        return name_of(self.urn)


def read(inputs: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """The value at a dotted path, `default` where nothing was said.

    Raises NoPriceError when the value, or anything on the way to it, is not known before the update.
    """
    value: Any = inputs
    for step in path.split("."):
        if value is UNKNOWN:
            break
        if not isinstance(value, Mapping) or value.get(step) is None:
            return default
        value = value[step]
    if value is UNKNOWN:
        raise NoPriceError(f"{path} is not known before the update")
    return value


def read_number(inputs: Mapping[str, Any], path: str, default: float) -> float:
    """The number at a dotted path; digits in a string count, since some AWS inputs are written so.

    Raises NoPriceError for an unknown value, or one that is no finite number of zero or more.
    """
    value = read(inputs, path, default)
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        number = -1.0
    if not 0 <= number < 1e12:  # also refuses nan and infinity
        raise NoPriceError(f"{path} is {_shown(value)}, which is no amount that can be priced")
    return number


def read_text(inputs: Mapping[str, Any], path: str, default: str = "") -> str:
    """The text at a dotted path. Raises NoPriceError for an unknown value, or one that is no text."""
    value = read(inputs, path, default)
    if not isinstance(value, str):
        raise NoPriceError(f"{path} is {_shown(value)}, where a text was expected")
    return value


def read_list(inputs: Mapping[str, Any], path: str) -> Sequence[Any]:
    """The list at a dotted path, empty where nothing was said; its elements may be unknown.

    Raises NoPriceError for an unknown value, or one that is no list.
    """
    value = read(inputs, path, ())
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise NoPriceError(f"{path} is {_shown(value)}, where a list was expected")
    return value


def _shown(value: object) -> str:
    """The value's type, never the value: it could be a secret."""
    return f"of type {type(value).__name__}" if not isinstance(value, int | float) else str(value)
