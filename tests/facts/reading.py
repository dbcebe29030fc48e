"""Reads the facts in this folder, which tests compare the project with."""

import functools
import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent


@functools.cache
def facts(name: str) -> Any:
    """Returns the content of `tests/facts/<name>.json`. Callers share it, so a caller that changes it must copy it."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def chart_facts(name: str) -> Any:
    """Returns the facts of a chart. Without facts the test is skipped: one test of `test_against_charts` fails."""
    if not has_chart_facts(name):
        pytest.skip(f"there are no facts of the chart {name}")
    return facts(f"charts/{name}")


def has_chart_facts(name: str) -> bool:
    """Returns whether the values of a chart have been read."""
    return (FOLDER / "charts" / f"{name}.json").exists()
