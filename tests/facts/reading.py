"""Reads the facts in this folder, which tests compare the project with."""

import functools
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@functools.cache
def facts(name: str) -> Any:
    """Returns the content of `tests/facts/<name>.json`. Callers share it, so a caller that changes it must copy it."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
