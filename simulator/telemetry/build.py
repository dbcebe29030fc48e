"""Builds the programs of Prometheus from their pinned Go modules, once; the pins are those of the chart.

Of Prometheus's service discovery only that of Kubernetes is built in: the others need the SDK of each cloud.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine import go_build
from engine.go_module import GoModule
from engine.locate import HOME
from engine.progress import Progress

FOLDER = Path(__file__).parent
_PROMETHEUS, _ALERTMANAGER = "github.com/prometheus/prometheus", "github.com/prometheus/alertmanager"
_EXECUTABLES = {
    f"{_PROMETHEUS}/cmd/prometheus": "prometheus",
    f"{_PROMETHEUS}/cmd/promtool": "promtool",
    f"{_ALERTMANAGER}/cmd/alertmanager": "alertmanager",
    f"{_ALERTMANAGER}/cmd/amtool": "amtool",
    "telemetry/operator": "operator",
}


@dataclass(frozen=True)
class Programs:
    """The executables. operator: the part of the operator that writes the configurations."""

    prometheus: Path
    promtool: Path
    alertmanager: Path
    amtool: Path
    operator: Path


def module_of(home: Path = HOME) -> GoModule:
    """Returns the module that the programs are built from."""
    pinned = re.search(rf"{_PROMETHEUS} v0\.(\d)0?(\d+)\.(\d+)", (FOLDER / "go.mod").read_text(encoding="utf-8"))
    assert pinned is not None
    version = ".".join(pinned.groups())  # a Go module of version 3.14.0 is v0.314.0
    return GoModule(
        title=f"Prometheus {version}",
        folder=FOLDER,
        executables=_EXECUTABLES,
        home=home / "telemetry",
        go_home=home,
        tags=("remove_all_sd", "enable_kubernetes_sd"),
        missing={_ALERTMANAGER: "ui/app/dist/index.html"},
    )


def programs(home: Path = HOME) -> Programs:
    """Returns where the programs are, or will be."""
    module = module_of(home)
    return Programs(*(module.path(name) for name in _EXECUTABLES.values()))


def ensure(progress: Progress, home: Path = HOME) -> Programs:
    """Returns the programs; builds them first if necessary, which takes minutes. Raises BuildError."""
    go_build.ensure(module_of(home), progress)
    return programs(home)
