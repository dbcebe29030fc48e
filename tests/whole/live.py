"""A stack that is up, for tests of what is done to it one by one.

The real engine works with the program and the simulator of this process: nothing is loaded again for a command.
"""

import logging
import subprocess
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import grpc
import pulumi
import yaml
from pulumi.automation._server import LanguageServer
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import language_pb2_grpc

from components.stack.platform import Platform
from components.stack.stack_file import SettingsError, load_file
from engine.locate import Engine, locate
from report import events
from report.events import Operation
from simulator.aws.package import AwsPackage
from simulator.caller import Caller
from simulator.cloud import Cloud
from simulator.eks.package import EksPackage
from simulator.faults import Faults
from simulator.kubernetes.package import KubernetesPackage
from simulator.server import Servers
from simulator.workspace import Workspace
from tests.whole.conftest import Project

GONE: Any = object()
logging.getLogger("grpc").setLevel(logging.CRITICAL)  # a program of an engine that has stopped cannot log to it
_LARGEST_MESSAGE = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]


@dataclass(frozen=True)
class Live:
    """A stack and its stack file, which a test may change."""

    file: Path
    workspace: Workspace
    engine: Engine
    environment: Mapping[str, str]
    language: str

    @property
    def name(self) -> str:
        """The name of the stack."""
        return self.file.name.split(".")[1]

    def run(self, *arguments: str, refused: str = "") -> Operation:
        """Runs a command of the engine, which has to succeed, or to be refused with this text in its output."""
        log = self.file.with_name("events.jsonl")
        log.unlink(missing_ok=True)
        options = ("--stack", self.name, "--non-interactive", "--client", self.language, "--event-log", str(log))
        self.workspace.prepare(self.engine.path, self.environment)
        done = subprocess.run(
            (str(self.engine.path), *arguments, *options),
            cwd=self.workspace.shadow,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        if refused:
            assert done.returncode, f"{' '.join(arguments)} is not refused"
            assert refused in said, said[-3000:]
        else:
            assert not done.returncode, f"{' '.join(arguments)} fails:\n{said[-3000:]}"
        return events.read(log.read_text().splitlines())

    def change(self, settings: Mapping[str, Any]) -> None:
        """Changes the stack file. settings: path -> new value, GONE to remove it; items of lists are found by name."""
        content = yaml.safe_load(self.file.read_text())
        for path, value in settings.items():
            _put(content["config"], f"ml-platform:{path}".split("."), value)
        self.file.write_text(yaml.safe_dump(content, sort_keys=False))


@contextmanager
def live(folder: Path, stack: str) -> Generator[Live, None, None]:
    """Brings up a stack and yields it. folder: of the copy of the project, which is made."""
    project = Project(folder)
    file, engine = project.folder / f"Pulumi.{stack}.yaml", locate()
    workspace = Workspace(project.folder, project.folder / ".simulator")
    caller = Caller.at(project.settings(stack)["ml-platform:deployer"]["from"])

    def program() -> None:
        _CallbackServicer._servicers.clear()  # a program that was refused leaves its own behind, on a loop that is gone
        try:
            settings = load_file(file)
        except SettingsError as error:
            raise pulumi.RunError(str(error)) from None
        for key, value in Platform("platform", settings).outputs().items():
            pulumi.export(key, value)

    with (
        closing(Cloud(workspace.cloud)) as cloud,
        ThreadPoolExecutor(4) as threads,
        mock.patch.object(pulumi.log, "debug"),  # each message is a call to the engine, and takes a third of the time
    ):
        packages = (AwsPackage(cloud, Faults(()), {}), EksPackage(), KubernetesPackage(cloud, caller=caller))
        servers = Servers(packages, Faults(()), lambda: None)
        language = grpc.server(threads, options=_LARGEST_MESSAGE)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), language)
        address = f"127.0.0.1:{language.add_insecure_port('127.0.0.1:0')}"
        language.start()
        environment = workspace.environment(engine.bin_dir, servers.ports) | {"PULUMI_DEBUG_COMMANDS": "true"}
        try:
            up = Live(file, workspace, engine, environment, address)
            up.run("up", "--yes", "--skip-preview")
            yield up
        finally:
            language.stop(grace=None).wait()
            servers.stop()


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
