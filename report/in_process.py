"""Runs commands of the engine with the program and the simulator of this process: nothing is loaded again for each.

The engine is Pulumi's own, in a process of its own, and can be killed there; `--client` tells it where the program is.
"""

import gc
import logging
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import grpc
import pulumi
from pulumi.automation import _server
from pulumi.automation._server import LanguageServer
from pulumi.runtime import resource, run_in_stack, settings
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2_grpc, source_pb2

from common.loading import loading
from components.stack.stack_file import SettingsError, load_file
from engine.locate import locate
from simulator import killed_engine
from simulator.aws.package import AwsPackage
from simulator.caller import Caller
from simulator.cloud import Cloud
from simulator.control_plane.planes import ControlPlanes
from simulator.eks.package import EksPackage
from simulator.faults import Faults
from simulator.kubernetes.package import KubernetesPackage
from simulator.server import OWN_POOL, Servers
from simulator.workspace import Workspace

with loading():
    from components.stack.platform import Platform

logging.getLogger("grpc").setLevel(logging.CRITICAL)  # a program of an engine that has stopped cannot log to it
_LARGEST_MESSAGE = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]
_WITHOUT_PROGRAM = ("config", "import", "stack")


@dataclass(frozen=True)
class Done:
    """A command that has ended: its exit code, its standard output and error, and the engine's events, one per line."""

    code: int
    output: str
    errors: str
    events: tuple[str, ...]

    @property
    def said(self) -> str:
        """All that it printed."""
        return self.output + self.errors


@dataclass(frozen=True)
class InProcess:
    """A stack in a home of the simulator.

    project: the folder with its stack file. caller: the address from which the commands run. principal: who runs them.
    planes: starts the real API servers that answer for Kubernetes objects; None: the simulated admission answers.
    """

    home: Path
    project: Path
    stack: str
    caller: str | None = None
    principal: str | None = None
    planes: ControlPlanes | None = None

    @property
    def cloud(self) -> Path:
        """The file of the simulated cloud."""
        return Workspace(self.project, self.home).cloud

    def pulumi(self, *arguments: str, fault: str = "") -> Done:
        """Runs one command of the engine to its end.

        fault: as of `--fault`. The state is written at the end, or at each step where the fault kills the engine.
        """
        workspace, engine = Workspace(self.project, self.home), locate()
        faults = Faults((fault,) if fault else ())
        caller = Caller.at(self.caller, self.principal)
        running: list[subprocess.Popen[str]] = []
        with closing(Cloud(self.cloud)) as cloud, ThreadPoolExecutor(4) as threads:
            kubernetes = KubernetesPackage(cloud, caller=caller, planes=self.planes, faults=faults)
            packages = (AwsPackage(cloud, faults, {}, caller=caller), EksPackage(), kubernetes)
            servers = Servers(packages, faults, lambda: running[0].kill())
            language = grpc.server(threads, options=_LARGEST_MESSAGE)
            language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(self._program), language)
            address = f"127.0.0.1:{language.add_insecure_port('127.0.0.1:0')}"
            language.start()
            environment = workspace.environment(engine.bin_dir, servers.ports) | {
                "PULUMI_DEBUG_COMMANDS": "true",
                "PULUMI_SKIP_CHECKPOINTS": "false" if fault.startswith("die") else "true",
            }
            try:
                workspace.prepare(engine.path, environment)
                killed_engine.clean_up(self.home / "state")
                log = self.home / "events.jsonl"
                log.unlink(missing_ok=True)
                program = () if arguments[0] in _WITHOUT_PROGRAM else ("--client", address, "--event-log", str(log))
                with (
                    mock.patch.object(_server, "run_in_stack", _run_in_stack),
                    mock.patch.object(settings, "_GRPC_CHANNEL_OPTIONS", [*_GRPC_CHANNEL_OPTIONS, OWN_POOL]),
                    mock.patch.object(pulumi.log, "debug", _unsaid),  # each would call the engine: a third of the time
                    mock.patch.object(resource, "_get_stack_trace", source_pb2.StackTrace),  # a sixth of the rest
                    subprocess.Popen(
                        (str(engine.path), *arguments, "--stack", self.stack, "--non-interactive", *program),
                        cwd=workspace.shadow,
                        env=environment,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE,
                        text=True,
                    ) as process,
                ):
                    running.append(process)
                    output, errors = process.communicate()
            finally:
                language.stop(grace=None).wait()
                servers.stop()
        if fault.startswith("die"):
            with mock.patch.object(sys, "unraisablehook"):
                gc.collect()  # the program waits for ever for an engine that is dead, and would say so when it goes
        return Done(process.returncode, output, errors, tuple(log.read_text().splitlines()) if log.exists() else ())

    def _program(self) -> None:
        # A program that was refused leaves its own behind, on a loop that is gone.
        _CallbackServicer._servicers.clear()  # noqa: SLF001
        try:
            stack_settings = load_file(Workspace(self.project, self.home).shadow / f"Pulumi.{self.stack}.yaml")
        except SettingsError as error:
            raise pulumi.RunError(str(error)) from None
        for key, value in Platform("platform", stack_settings).outputs().items():
            pulumi.export(key, value)


def _unsaid(*_: object, **__: object) -> None:
    """Logs nothing. A Mock would keep every message."""


async def _run_in_stack(program: Callable[[], None]) -> None:
    """Runs a program. Raises RunError when it loses the engine.

    The SDK takes that for the end of an engine, and of the program: it would be a success, and an engine that still
    runs would delete what the program had not come to. Source: pulumi 3.259, automation/_server.py; read 2026-11.
    """
    try:
        await run_in_stack(program)
    except grpc.RpcError as error:
        raise pulumi.RunError(f"the program lost the engine: {error}") from None
