"""One resource of an estimate, and functions that read values from its inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.quantities import parsed
from common.urns import name_of
from common.values import UNKNOWN


class NoPriceError(Exception):
    """A resource cannot be priced. `str()` is the reason, for the reader of the estimate."""


@dataclass(frozen=True)
class Resource:
    """One resource of a preview or of a stack.

    inputs: as the program registered them, in the provider's camelCase; `UNKNOWN` for an unknown value.
    property_dependencies: input name -> URNs that its value comes from; empty when the source does not have them.
    parent: URN of the parent component; "" when the source does not have it.
    id: the provider's id; "" before the resource exists.
    provider: URN of the provider; "" when the source does not have it.
    """

    urn: str
    type: str
    inputs: Mapping[str, Any]
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    parent: str = ""
    id: str = ""
    provider: str = ""

    @property
    def name(self) -> str:
        """The logical name."""
        return name_of(self.urn)


def read(inputs: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """Returns the value at a dotted path, `default` where absent.

    Raises NoPriceError when the value, or a value that contains it, is unknown before the update.
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
    """Returns the number at a dotted path, also from a string of digits, as some AWS inputs are.

    Raises NoPriceError for an unknown value, or one that is not a finite number of at least zero.
    """
    value = read(inputs, path, default)
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        number = -1.0
    if not 0 <= number < 1e12:  # also refuses nan and infinity
        raise NoPriceError(f"{path} is {_shown(value)}, which is not an amount that can be priced")
    return number


def read_text(inputs: Mapping[str, Any], path: str, default: str = "") -> str:
    """Returns the string at a dotted path. Raises NoPriceError for an unknown value, or one that is not a string."""
    value = read(inputs, path, default)
    if not isinstance(value, str):
        raise NoPriceError(f"{path} is {_shown(value)}, but must be a string")
    return value


def text_if_known(inputs: Mapping[str, Any], path: str) -> str:
    """Returns the string at a dotted path, "" for an unknown value, or one that is not a string."""
    try:
        return read_text(inputs, path)
    except NoPriceError:
        return ""


def read_list(inputs: Mapping[str, Any], path: str) -> Sequence[Any]:
    """Returns the list at a dotted path, empty where absent; its items may be unknown.

    Raises NoPriceError for an unknown value, or one that is not a list.
    """
    value = read(inputs, path, ())
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise NoPriceError(f"{path} is {_shown(value)}, but must be a list")
    return value


def _shown(value: object) -> str:
    """Returns a number as it is, and of any other value only its type: it could be a secret."""
    return f"of type {type(value).__name__}" if not isinstance(value, int | float) else str(value)


def quantity(value: Any, path: str) -> float:
    """Returns the number of a Kubernetes quantity, e.g. `8`, `100Gi`. Raises NoPriceError for anything else."""
    if value is UNKNOWN:
        raise NoPriceError(f"{path} is not known before the update")
    amount = parsed(value)
    if amount is None or amount < 0:
        raise NoPriceError(f"{path} is not a quantity")
    return float(amount)
