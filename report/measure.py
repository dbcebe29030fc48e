"""How long a command takes, and how much memory each of the processes under it holds at its peak."""

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.05
PROC = Path("/proc")

ROLES = (
    ("run_program", "program"),
    ("language_host", "host"),
    ("pulumi-language", "host"),
    ("pulumi.policy", "pack"),
    ("policy_pack", "pack"),
    ("simulator", "simulator"),
)
"""Part of a command line -> the process's role. The first that fits counts; the engine is told by its executable."""


class MeasureError(Exception):
    """A measured command failed, so its time means nothing. `str()` holds what it printed."""


@dataclass(frozen=True)
class Measurement:
    """One run: wall-clock seconds, and by role (`all` for everything) seconds of CPU and the peak of resident MiB.

    cpu_seconds: other load on the machine hardly moves it. Without /proc there is `all` alone, and no peak_mib.
    """

    seconds: float
    cpu_seconds: Mapping[str, float]
    peak_mib: Mapping[str, float]


def measure(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], failed: Callable[[int], bool] = bool
) -> Measurement:
    """Runs a command to its end. Raises MeasureError when `failed` says so of its exit code."""
    peaks: dict[str, float] = {}
    cpu: dict[int, tuple[str, float]] = {}
    began, cpu_before = time.perf_counter(), _cpu_of_children()
    with (
        tempfile.TemporaryFile("w+") as printed,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=printed, stderr=subprocess.STDOUT) as process,
    ):
        while process.poll() is None:
            now: dict[str, float] = {}
            for seen in _family(process.pid):
                now[seen.role] = now.get(seen.role, 0.0) + seen.mib
                now["all"] = now.get("all", 0.0) + seen.mib
                cpu[seen.pid] = (seen.role, seen.cpu_seconds)  # what a process used up to its last sample
            peaks = {role: max(peaks.get(role, 0.0), now.get(role, 0.0)) for role in peaks.keys() | now.keys()}
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - began
        printed.seek(0)
        if failed(process.returncode):
            raise MeasureError(f"{' '.join(command)} ended with {process.returncode}:\n{printed.read().strip()}")
    used = {role: sum(spent for other, spent in cpu.values() if other == role) for role, _ in cpu.values()}
    return Measurement(seconds, used | {"all": _cpu_of_children() - cpu_before}, peaks)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class _Process:
    pid: int
    role: str
    mib: float
    cpu_seconds: float


def _family(root: int) -> Iterator[_Process]:
    """A process and everything under it, as they are at this moment."""
    if not PROC.is_dir():
        return
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            parent = _parent(entry)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, [])
        try:
            words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
            pages = int((PROC / str(pid) / "statm").read_text().split()[1])
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except (OSError, IndexError):
            continue  # it has ended meanwhile
        if not words[0]:
            continue  # a zombie: its command line is gone, and with it its role
        ticks = int(fields[11]) + int(fields[12])  # utime and stime: proc(5)
        mib = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
        yield _Process(pid, _role(words), mib, ticks / os.sysconf("SC_CLK_TCK"))


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _role(words: Sequence[str]) -> str:
    if Path(words[0]).name == "pulumi":
        return "engine"
    line = " ".join(words)
    return next((role for part, role in ROLES if part in line), "other")
