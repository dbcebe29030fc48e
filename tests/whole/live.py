"""A stack that is up, for tests of what is done to it one by one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from report import events
from report.events import Operation
from report.in_process import InProcess
from tests.whole.conftest import Project, drop_quotas_of_lost_pools

GONE: Any = object()


@dataclass(frozen=True)
class Live:
    """A stack and its stack file, which a test may change."""

    file: Path
    engine: InProcess

    @property
    def cloud(self) -> Path:
        """The file of the simulated cloud."""
        return self.engine.cloud

    def run(self, *arguments: str, refused: str = "") -> Operation:
        """Runs a command of the engine, which has to succeed, or to be refused with this text in its output."""
        done = self.engine.pulumi(*arguments)
        if refused:
            assert done.code, f"{' '.join(arguments)} is not refused"
            assert refused in done.said, done.said[-3000:]
        else:
            assert not done.code, f"{' '.join(arguments)} fails:\n{done.said[-3000:]}"
        return events.read(done.events)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Changes the stack file. settings: path -> new value, GONE to remove it; items of lists are found by name."""
        content = yaml.safe_load(self.file.read_text())
        for path, value in settings.items():
            _put(content["config"], f"ml-platform:{path}".split("."), value)
        drop_quotas_of_lost_pools(content["config"])
        self.file.write_text(yaml.safe_dump(content, sort_keys=False))


def live(folder: Path, stack: str, settings: Mapping[str, Any] | None = None) -> Live:
    """Brings up a stack and returns it. folder: of the copy of the project, which is made. settings: for `change`."""
    project = Project(folder)
    caller = project.settings(stack)["ml-platform:deployer"]["from"]
    engine = InProcess(project.folder / ".simulator", project.folder, stack, caller)
    up = Live(project.folder / f"Pulumi.{stack}.yaml", engine)
    up.change(settings or {})
    up.run("up", "--yes", "--skip-preview")
    return up


def _put(target: Any, path: list[str], value: Any) -> None:
    *steps, last = path
    for step in steps:
        target = target[_index(target, step)] if isinstance(target, list) else target.setdefault(step, {})
    if isinstance(target, list):
        index = _index(target, last)
        target[index : index + 1] = [] if value is GONE else [value]
    elif value is GONE:
        target.pop(last, None)
    else:
        target[last] = value


def _index(items: list[dict[str, Any]], name: str) -> int:
    """Returns the index of an item, or the number of items for a new one."""
    names = [item.get("name") or item.get("preset") or item.get("namespace") for item in items]
    return names.index(name) if name in names else len(names)
