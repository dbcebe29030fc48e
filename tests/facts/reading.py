"""The facts beside this module, which tests compare the project with."""

import functools
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@functools.cache
def facts(name: str) -> Any:
    """The content of `tests/facts/<name>.json`; shared, so whoever changes it copies it first."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def chart_facts(name: str) -> Any:
    """What a chart reads. A chart without facts is one that nobody has looked at."""
    path = FOLDER / "charts" / f"{name}.json"
    assert path.exists(), f"{name}: write what its chart reads with `python -m tests.facts.chart_values`, see there"
    return facts(f"charts/{name}")
