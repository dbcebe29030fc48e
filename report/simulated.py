"""Runs Pulumi commands in the simulator and returns the engine's event log."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""

HOME = ROOT / ".simulator"
"""The default home of the simulator, where `python -m simulator` keeps its state."""

POLL_SECONDS = 0.25


class ReportError(Exception):
    """A report cannot be made. `str()` says why and what to do."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended: its exit code, its duration, and the engine's events, one per line."""

    code: int
    seconds: float
    events: tuple[str, ...]


@dataclass(frozen=True)
class Simulated:
    """A home of the simulator, and the project that its commands use.

    home: the folder of state, cloud and logs. project: the folder with Pulumi.yaml, of this or another revision.
    caller: the address from which the commands run; None for any host on the internet. variables: of their environment.
    """

    home: Path
    project: Path = ROOT
    caller: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)

    def pulumi(
        self,
        name: str,
        *arguments: str,
        output: IO[str] | None = None,
        watch: Callable[[Path], None] | None = None,
        log_events: bool = True,
    ) -> Finished:
        """Runs one pulumi command to its end.

        name: the name of its event log. output: the file for its output; the terminal when not given.
        watch: called with the path of the event log every POLL_SECONDS while the command runs.
        """
        log = self.home / "logs" / f"{name}.events.jsonl"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        events = ("--event-log", str(log)) if log_events else ()
        command = self.command(*arguments, *events)
        start = time.monotonic()
        with subprocess.Popen(
            command, cwd=self.project, env=self.environment, stdout=output, stderr=output and subprocess.STDOUT
        ) as process:
            previous_handler = signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # first ends the engine
            while watch is not None and process.poll() is None:
                watch(log)
                time.sleep(POLL_SECONDS)
            code = process.wait()
            signal.signal(signal.SIGTERM, previous_handler)
        lines = tuple(log.read_text().splitlines()) if log.exists() else ()
        return Finished(code, time.monotonic() - start, lines)

    def cloud(self) -> tuple[str, ...]:
        """Returns the resources of the simulated cloud, one per line. Raises ReportError when listing them fails."""
        done = subprocess.run(
            self._simulator("cloud", "list"),
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ReportError(f"listing the simulated cloud failed: {done.stderr.strip()}")
        return tuple(line for line in done.stdout.splitlines() if line.strip())

    def clear(self) -> bool:
        """Deletes this home. Tells whether it existed."""
        existed = self.home.exists()
        shutil.rmtree(self.home, ignore_errors=True)
        return existed

    def command(self, *arguments: str) -> Sequence[str]:
        """Returns the command line that runs pulumi with these arguments in this home."""
        caller = ("--from", self.caller) if self.caller else ()
        return self._simulator(*caller, "--", "pulumi", *arguments)

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables of commands.

        PULUMI_DEBUG_COMMANDS enables the option for event logs. Another revision runs in the simulator of this one.
        The state is written at the end of a command and not at each step, which would take most of the time.
        """
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        import_path = {"PYTHONPATH": path} if self._isolated else {}
        variables = {"PULUMI_DEBUG_COMMANDS": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
        return {**os.environ, **variables, **import_path, **self.variables}

    @property
    def _isolated(self) -> Sequence[str]:
        return () if self.project == ROOT else ("-P",)

    def _simulator(self, *arguments: str) -> Sequence[str]:
        return (sys.executable, *self._isolated, "-m", "simulator", "--home", str(self.home), *arguments)


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Holds a lock for something that two processes cannot do at once, since both would use one home.

    Raises ReportError when another one holds it.
    """
    lock = HOME / "locks" / what.replace(" ", "-").replace("/", "-of-")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ReportError(f"another {what} runs in this folder. Wait until it has ended.") from None
        yield


def project_with(stack_file: Path, folder: Path) -> Path:
    """Fills the folder with links to this project, but with that stack file alone, and returns it."""
    folder.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name not in {HOME.name, ".git", "build"} and not entry.match("Pulumi.*.yaml"):
            (folder / entry.name).symlink_to(entry)
    shutil.copy(stack_file, folder)
    return folder


def shown(path: Path) -> str:
    """Returns a path for messages: relative to the project's folder if it is in there."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
