"""Starts and stops a real Prometheus, with what it has read in the past, and a real Alertmanager, on free ports."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from simulator.telemetry.build import programs

_READY_SECONDS = 30.0
_STOP_SECONDS = 10.0
_LAST_LINES = 12
STEP_SECONDS = 60
"""From one sample of the past to the next."""
Series = Mapping[str, float | Sequence[float]]
"""A series as in PromQL, `up{job="x"}` -> its value now, or its last values, one each `STEP_SECONDS`."""


class TelemetryError(Exception):
    """A program did not start, or refuses what it was given. The text has its own words."""


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus. url: with its port."""

    url: str

    def ask(self, path: str, **query: str) -> Any:
        """Returns `data` of an answer of its API, such as `query_range`. Raises TelemetryError."""
        with suppress(URLError), urlopen(f"{self.url}/api/v1/{path}?{urlencode(query)}", timeout=30) as answer:
            return json.load(answer)["data"]
        raise TelemetryError(f"Prometheus does not answer {path} of {query}")

    def values(self, expression: str) -> dict[str, float]:
        """Returns the series of an expression now: labels in the form of PromQL, without the name -> value."""
        found = self.ask("query", query=expression)["result"]
        return {shown(each["metric"]): float(each["value"][1]) for each in found}


def shown(labels: Mapping[str, str]) -> str:
    """Returns labels without the name of the metric, e.g. `{job="x"}`."""
    pairs = (f'{key}="{value}"' for key, value in sorted(labels.items()) if key != "__name__")
    return "{" + ",".join(pairs) + "}"


@contextmanager
def prometheus(
    folder: Path,
    configuration: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]] = (),
    series: Series | None = None,
) -> Generator[Prometheus]:
    """Runs a Prometheus.

    configuration: prometheus.yml without its rules. rules: groups of rules, as in PrometheusRules. series: what it has
    read before. Data in the folder is kept, so that a second one goes on where the first has ended.
    Raises TelemetryError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rule_file = folder / "rules.yaml"
    rule_file.write_text(yaml.safe_dump({"groups": [dict(each) for each in rules]}), encoding="utf-8")
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump({**configuration, "rule_files": [str(rule_file)]}), encoding="utf-8")
    if series:
        write_past(folder, series)
    command: list[Path | str] = [
        programs().prometheus,
        *(f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}", "--web.listen-address=127.0.0.1:0"),
        *("--storage.tsdb.retention.time=30d", "--rules.alert.resend-delay=1s"),
    ]
    with running(folder, command, "/-/ready") as url:
        yield Prometheus(url)


@contextmanager
def prometheus_with_past(folder: Path, rules: Sequence[Mapping[str, Any]], series: Series) -> Generator[Prometheus]:
    """Runs a Prometheus that reads nothing, and whose recording rules were always there.

    Rules build on each other: each pass over the past records those whose series the passes before have recorded.
    """
    rule_file, depths, now = folder / "recorded.yaml", _depths(rules), int(time.time())
    last = max(depths.values(), default=0)
    for number in range(last + 1):
        with prometheus(folder, {}, rules, None if number else series) as running:
            if number == last:
                yield running
                return
            recorded = [
                {
                    "name": group["name"],
                    "rules": [rule for rule in group["rules"] if depths.get(rule.get("record")) == number + 1],
                }
                for group in rules
            ]
            rule_file.write_text(yaml.safe_dump({"groups": recorded}), encoding="utf-8")
            length = max(len(each) if isinstance(each, Sequence) else 1 for each in series.values())
            _promtool(
                *("tsdb", "create-blocks-from", "rules", f"--start={now - length * STEP_SECONDS}", f"--end={now}"),
                *(f"--url={running.url}", f"--output-dir={folder / 'data'}", f"--eval-interval={STEP_SECONDS}s"),
                str(rule_file),
            )


def _depths(rules: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Returns for each recorded series how many rules build on each other up to it."""
    written = {rule["record"]: rule["expr"] for group in rules for rule in group["rules"] if "record" in rule}
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 0  # a rule that reads its own past
            depths[name] = 1 + max((depth(other) for other in written if other in written[name]), default=0)
        return depths[name]

    return {name: depth(name) for name in written}


def write_past(folder: Path, series: Series, ends: float | None = None) -> None:
    """Writes samples into the data of a Prometheus that is not running. ends: time of the last; now. See `Series`."""
    end = time.time() if ends is None else ends
    lines = ["# EOF"]
    for name, given in series.items():
        values = given if isinstance(given, Sequence) else [given]
        begin = end - (len(values) - 1) * STEP_SECONDS
        lines[:0] = [f"{name} {value} {begin + index * STEP_SECONDS:.3f}" for index, value in enumerate(values)]
    file = folder / "past.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _promtool("tsdb", "create-blocks-from", "openmetrics", str(file), str(folder / "data"))


@contextmanager
def alertmanager(folder: Path, configuration: str) -> Generator[str]:
    """Runs an Alertmanager with the text of its configuration, and yields its URL. Raises TelemetryError."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "alertmanager.yaml"
    file.write_text(configuration, encoding="utf-8")
    command: list[Path | str] = [
        programs().alertmanager,
        *(f"--config.file={file}", f"--storage.path={folder / 'data'}", "--web.listen-address=127.0.0.1:0"),
        "--cluster.listen-address=",
    ]
    with running(folder, command, "/-/ready") as url:
        yield url


def _promtool(*arguments: str) -> None:
    done = subprocess.run([programs().promtool, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise TelemetryError(f"promtool {' '.join(arguments[:3])}: {done.stdout}{done.stderr}")


# The program ends when its standard input does, which is also when this process has been killed.
_WATCHED = 'exec 3<&0; "$@" 3<&- & program=$!; { read -r line <&3; kill "$program"; } 2> /dev/null & wait "$program"'


@contextmanager
def running(
    folder: Path, command: Sequence[Path | str], ready: str, url: str = "", environment: Mapping[str, str] | None = None
) -> Generator[str]:
    """Runs a program, and yields its URL once the path `ready` answers; its log is in the folder.

    url: of a program whose log does not tell it. environment: variables beside those that each one has.
    Raises TelemetryError.
    """
    log = folder / f"{Path(command[0]).name}.log"
    with log.open("wb") as output, ExitStack() as after:
        process = subprocess.Popen(
            ["sh", "-c", _WATCHED, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath, "HOME": str(folder), **(environment or {})},
            cwd=folder,
            process_group=0,  # a Ctrl-C ends the command first
        )
        after.callback(_stop, process)
        deadline = time.monotonic() + _READY_SECONDS
        while (found := url or _url(log)) is None or not _answers(f"{found}{ready}"):
            if process.poll() is not None or time.monotonic() > deadline:
                end = "\n    ".join(log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
                raise TelemetryError(f"{command[0]} did not become ready. Its log says:\n    {end}")
            time.sleep(0.05)
        yield found


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _url(log: Path) -> str | None:
    listening = re.search(r'"Listening on".* address=(127\.0\.0\.1:\d+)', log.read_text(errors="replace"))
    return f"http://{listening[1]}" if listening else None


def _answers(url: str) -> bool:
    with suppress(OSError), urlopen(url, timeout=5) as answer:
        return bool(answer.status == http.client.OK)
    return False
