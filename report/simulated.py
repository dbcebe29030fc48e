"""Pulumi commands in the simulator, each with the log of what the engine did."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""

HOME = ROOT / ".simulator"
"""The simulator's own home, where `python -m simulator` keeps its state when nothing else is said."""

POLL_SECONDS = 0.25


class ReportError(Exception):
    """A report cannot be made. `str()` says why, and what to do."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended: its exit code, how long it took, and the engine's events, one line each."""

    code: int
    seconds: float
    events: tuple[str, ...]


@dataclass(frozen=True)
class Simulated:
    """A home of the simulator, and the project that commands run in.

    home: where state, cloud and logs live. project: the folder with the Pulumi.yaml; ours, or another revision of it.
    """

    home: Path
    project: Path = ROOT

    def pulumi(
        self,
        name: str,
        *arguments: str,
        output: IO[str] | None = None,
        watch: Callable[[Path], None] | None = None,
        log_events: bool = True,
    ) -> Finished:
        """Runs one pulumi command to its end.

        name: what its event log is called. output: where it prints to; the terminal when not given.
        watch: called with the event log again and again while the command runs.
        """
        log = self.home / "logs" / f"{name}.events.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        events = ("--event-log", str(log)) if log_events else ()
        command = self.command(*arguments, *events)
        began = time.monotonic()
        with subprocess.Popen(
            command, cwd=self.project, env=self.environment, stdout=output, stderr=output and subprocess.STDOUT
        ) as process:
            before = signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # the engine ends, then we do
            while watch is not None and process.poll() is None:
                watch(log)
                time.sleep(POLL_SECONDS)
            code = process.wait()
            signal.signal(signal.SIGTERM, before)
        lines = tuple(log.read_text().splitlines()) if log.exists() else ()
        return Finished(code, time.monotonic() - began, lines)

    def cloud(self) -> tuple[str, ...]:
        """What the simulated cloud holds, one line each. Raises ReportError when it cannot be listed."""
        done = subprocess.run(
            self._simulator("cloud", "list"),
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ReportError(f"the simulated cloud cannot be listed: {done.stderr.strip()}")
        return tuple(line for line in done.stdout.splitlines() if line.strip())

    def clear(self) -> bool:
        """Forgets everything in this home; tells whether there was anything."""
        there = self.home.exists()
        shutil.rmtree(self.home, ignore_errors=True)
        return there

    def command(self, *arguments: str) -> Sequence[str]:
        """The command line that runs pulumi with these arguments in this home."""
        return self._simulator("--", "pulumi", *arguments)

    @property
    def environment(self) -> Mapping[str, str]:
        """PULUMI_DEBUG_COMMANDS brings the flag for event logs. Other revisions run in our simulator, not in theirs."""
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        ours = {"PYTHONPATH": path} if self._isolated else {}
        return os.environ | {"PULUMI_DEBUG_COMMANDS": "true"} | ours

    @property
    def _isolated(self) -> Sequence[str]:
        return () if self.project == ROOT else ("-P",)

    def _simulator(self, *arguments: str) -> Sequence[str]:
        return (sys.executable, *self._isolated, "-m", "simulator", "--home", str(self.home), *arguments)


def shown(path: Path) -> str:
    """A path as it is told to people: from the project's folder, where it is in it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
