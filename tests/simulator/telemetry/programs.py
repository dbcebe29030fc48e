"""Prometheus's programs for tests; `make conformance` builds them, and tests do not."""

import pytest

from simulator.telemetry.build import module_of

is_built = pytest.mark.skipif(
    not module_of().is_built(), reason=f"{module_of().title} is not built here: make conformance builds it"
)
