"""Real control planes for tests; `make conformance` builds them, and tests do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from simulator.control_plane.build import module_of
from simulator.control_plane.planes import ControlPlanes

VERSION = "1.35"
is_built = pytest.mark.skipif(
    not module_of(VERSION).is_built(), reason=f"Kubernetes {VERSION} is not built here: make conformance builds it"
)


@pytest.fixture(scope="session")
def planes() -> Iterator[ControlPlanes]:
    """The control planes of a test run; a cluster of its own name has one of its own."""
    with closing(ControlPlanes()) as started:
        yield started


def differences(sent: Any, stored: Any, at: str = "") -> list[str]:
    """Returns the places where the API server stores something else than was sent. A refresh would find them.

    What the server adds is no difference, and a field that is not set is not sent.
    """
    if sent is None:
        return []
    if isinstance(sent, Mapping) and isinstance(stored, Mapping):
        return [found for key, each in sent.items() for found in differences(each, stored.get(key), f"{at}.{key}")]
    if isinstance(sent, list) and isinstance(stored, list) and len(sent) == len(stored):
        pairs = enumerate(zip(sent, stored, strict=True))
        return [found for number, pair in pairs for found in differences(*pair, f"{at}[{number}]")]
    return [] if sent == stored else [f"{at}: {sent!r} is stored as {stored!r}"]
