"""A realistic wrong value or document, and what becomes of it in the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Wrong(NamedTuple):
    """One case: inputs that somebody writes by mistake, over the sound ones of the type.

    says: a part of the refusal; "" where it passes. passes: why it passes, with the source when AWS takes it as well.
    before: inputs of a live resource that the wrong ones update; None where the wrong ones create one.
    """

    case: str
    type: str
    inputs: Mapping[str, Any]
    says: str = ""
    passes: str = ""
    before: Mapping[str, Any] | None = None
