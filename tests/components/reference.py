"""The reference material beside the project, for tests that compare with it and are skipped by name without it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"


def in_reference(path: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (SHARED / path).exists(), reason=f"{path} is not beside the project")
