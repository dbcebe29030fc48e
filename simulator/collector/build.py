"""Builds the OpenTelemetry collector from its pinned Go modules, once, with the parts that our configurations name.

All but one: the module of the exporter for X-Ray is refused by the Go module proxy of this project.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine import go_build
from engine.go_module import GoModule
from engine.locate import HOME
from engine.progress import Progress

FOLDER = Path(__file__).parent
UNBUILT = "awsxray"
"""The part that is not in it."""


def module_of(home: Path = HOME) -> GoModule:
    """Returns the module that it is built from."""
    pinned = re.search(r"go\.opentelemetry\.io/collector/otelcol v(\S+)", (FOLDER / "go.mod").read_text("utf-8"))
    assert pinned is not None
    return GoModule(
        title=f"the OpenTelemetry collector {pinned[1]}",
        folder=FOLDER,
        executables={"opentelemetry/collector": "collector"},
        home=home / "collector",
        go_home=home,
    )


def program(home: Path = HOME) -> Path:
    """Returns where it is, or will be."""
    return module_of(home).path("collector")


def ensure(progress: Progress, home: Path = HOME) -> Path:
    """Returns the program; builds it first if necessary, which takes minutes. Raises BuildError."""
    go_build.ensure(module_of(home), progress)
    return program(home)
