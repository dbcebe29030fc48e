"""Real control planes for tests; `make conformance` builds them, and tests do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

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
