"""Measures how long a command takes, and the peak memory of each of its processes."""

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
"""(part of a command line, role of the process). The first match counts. The engine has the executable `pulumi`."""


class MeasureError(Exception):
    """A measured command failed, so its time means nothing. `str()` has its output."""


@dataclass(frozen=True)
class Measurement:
    """One run: wall-clock seconds, and by role (`all` is the sum) CPU seconds and peak resident memory in MiB.

    cpu_seconds: other load on the machine hardly changes it. Without /proc it has only `all`, and peak_mib is empty.
    """

    seconds: float
    cpu_seconds: Mapping[str, float]
    peak_mib: Mapping[str, float]


def measure(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], failed: Callable[[int], bool] = bool
) -> Measurement:
    """Runs a command to its end. Raises MeasureError when `failed` returns True for its exit code."""
    peaks: dict[str, float] = {}
    cpu: dict[int, tuple[str, float]] = {}
    start, cpu_before = time.perf_counter(), _cpu_of_children()
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        while process.poll() is None:
            memory: dict[str, float] = {}
            for sample in _process_tree(process.pid):
                memory[sample.role] = memory.get(sample.role, 0.0) + sample.mib
                memory["all"] = memory.get("all", 0.0) + sample.mib
                cpu[sample.pid] = (sample.role, sample.cpu_seconds)  # the last sample of a process counts
            peaks = {role: max(peaks.get(role, 0.0), memory.get(role, 0.0)) for role in peaks.keys() | memory.keys()}
            time.sleep(POLL_SECONDS)
        seconds = time.perf_counter() - start
        output.seek(0)
        if failed(process.returncode):
            raise MeasureError(f"{' '.join(command)} ended with {process.returncode}:\n{output.read().strip()}")
    by_role = {role: sum(used for other, used in cpu.values() if other == role) for role, _ in cpu.values()}
    return Measurement(seconds, by_role | {"all": _cpu_of_children() - cpu_before}, peaks)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@dataclass(frozen=True)
class _Process:
    pid: int
    role: str
    mib: float
    cpu_seconds: float


def _process_tree(root: int) -> Iterator[_Process]:
    """Yields a process and all its descendants, as they are now."""
    if not PROC.is_dir():
        return
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            parent = _parent(entry)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    to_visit = [root]
    while to_visit:
        pid = to_visit.pop()
        to_visit += children.get(pid, [])
        try:
            words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
            pages = int((PROC / str(pid) / "statm").read_text().split()[1])
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except (OSError, IndexError):
            continue  # the process has ended since
        if not words[0]:
            continue  # a zombie process has no command line, so its role is not known
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
