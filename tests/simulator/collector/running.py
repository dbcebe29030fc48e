"""Starts and stops a real collector with one of our configurations, on free ports of loopback."""

from __future__ import annotations

import copy
import json
import socket
import subprocess
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import yaml

from simulator.collector.build import program
from tests.simulator.telemetry.server import running


@dataclass(frozen=True)
class Collector:
    """A running collector.

    grpc, http, mesh: addresses that take spans; http and mesh, for proxies of the mesh, are "" where it takes none so.
    metrics: a URL.
    """

    grpc: str
    http: str
    metrics: str
    mesh: str = ""

    def send(
        self,
        *spans: Mapping[str, Any],
        resource: Mapping[str, str] | None = None,
        scope: Mapping[str, str] | None = None,
    ) -> None:
        """Sends spans in the form of OTLP's JSON, of one sender. Raises HTTPError where they are refused."""
        of_sender, of_scope = (
            {"attributes": [{"key": key, "value": {"stringValue": value}} for key, value in (each or {}).items()]}
            for each in (resource, scope)
        )
        body = {
            "resourceSpans": [{"resource": of_sender, "scopeSpans": [{"scope": of_scope, "spans": [*spans]}]}],
        }
        request = Request(
            f"http://{self.http}/v1/traces", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=10):
            pass

    def series(self) -> dict[str, float]:
        """Returns what it tells of itself: series in the form of Prometheus -> value."""
        with urlopen(self.metrics, timeout=10) as answer:
            lines = [line for line in answer.read().decode().splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def why_refused(configuration: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> str:
    """Returns the words of the program about a configuration that it does not run; "" for one that it runs."""
    file = _written(configuration, folder)
    command: list[Path | str] = [program(), "validate", f"--config={file}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(environment))
    return "" if done.returncode == 0 else done.stderr


@contextmanager
def collector(
    folder: Path, configuration: Mapping[str, Any], environment: Mapping[str, str] | None = None
) -> Generator[Collector]:
    """Runs a collector with a configuration of ours, whose ports alone are others. Raises TelemetryError."""
    moved = copy.deepcopy(dict(configuration))
    protocols = moved["receivers"]["otlp"]["protocols"]
    ports = _free_ports("grpc", "http", "metrics", "health", "mesh")
    addresses = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    for name, each in protocols.items():
        each["endpoint"] = addresses[name]
    if of_mesh := moved["receivers"].get("otlp/mesh"):
        of_mesh["protocols"]["grpc"]["endpoint"] = addresses["mesh"]
    moved["extensions"]["health_check"]["endpoint"] = addresses["health"]
    exporter = moved["service"]["telemetry"]["metrics"]["readers"][0]["pull"]["exporter"]["prometheus"]
    host, _, port = addresses["metrics"].partition(":")
    exporter.update(host=host, port=int(port))
    command: list[Path | str] = [program(), f"--config={_written(moved, folder)}"]
    with running(folder, command, "/", url=f"http://{addresses['health']}", environment=environment or {}):
        yield Collector(
            addresses["grpc"],
            addresses["http"] if "http" in protocols else "",
            f"http://{addresses['metrics']}/metrics",
            addresses["mesh"] if of_mesh else "",
        )


def _written(configuration: Mapping[str, Any], folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "collector.yaml"
    file.write_text(yaml.safe_dump(dict(configuration)), encoding="utf-8")
    return file


def _free_ports(*names: str) -> dict[str, int]:
    with ExitStack() as held:
        sockets = {name: held.enter_context(socket.socket()) for name in names}
        for each in sockets.values():
            each.bind(("127.0.0.1", 0))
        return {name: each.getsockname()[1] for name, each in sockets.items()}
