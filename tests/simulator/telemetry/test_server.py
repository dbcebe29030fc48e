"""A real Prometheus for tests and pages: it has a past, says why it does not start, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.simulator.telemetry.programs import is_built
from tests.simulator.telemetry.server import TelemetryError, alertmanager, prometheus, prometheus_with_past

pytestmark = is_built
RULES = [
    {
        "name": "sums",
        "rules": [
            {"record": "jobs:twice", "expr": "jobs:sum * 2"},
            {"record": "jobs:sum", "expr": "sum by (team) (jobs)"},
        ],
    }
]
PAST = {'jobs{team="a",node="1"}': [float(each) for each in range(180)], 'jobs{team="a",node="2"}': [1.0] * 180}


def test_recording_rules_were_always_there_also_those_that_build_on_others(tmp_path: Path) -> None:
    with prometheus_with_past(tmp_path, RULES, PAST) as running:
        now = time.time()
        query = {"start": str(now - 7200), "end": str(now - 600), "step": "600"}
        ((series,),) = [running.ask("query_range", query="jobs:twice", **query)["result"]]

    numbers = [float(value) for _, value in series["values"]]
    assert len(numbers) == 12
    # Jobs of node 1 grow by one a minute, and node 2 has one.
    assert [later - earlier for earlier, later in pairwise(numbers)] == [20.0] * 11
    assert numbers[-1] == pytest.approx(2 * (179 - 10 + 1), abs=2)


def test_what_it_refuses_is_told_in_its_own_words(tmp_path: Path) -> None:
    wrong = [{"name": "a", "rules": [{"record": "x", "expr": "rate(up"}]}]
    with pytest.raises(TelemetryError, match="unclosed left parenthesis"), prometheus(tmp_path, {}, wrong):
        pass
    with pytest.raises(TelemetryError, match="no routes provided"), alertmanager(tmp_path, "receivers: []"):
        pass


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time; from tests.simulator.telemetry.server import prometheus\n"
        "with prometheus(pathlib.Path(sys.argv[1]), {}) as running: print(running.url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert re.match(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 15
    while (left := _running_in(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for each in left:
        os.kill(each, signal.SIGKILL)
    assert left == []


def _running_in(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has just ended
        if command[0].endswith("/prometheus") and any(str(folder) in each for each in command):
            found.append(int(entry.parent.name))
    return found
