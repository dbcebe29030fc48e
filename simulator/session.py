"""Runs one command in the simulated cloud: starts the providers before it, and stops them after it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from engine.locate import EngineNotFound, locate
from simulator import fault_targets, killed_engine, quotas
from simulator.aws.package import AwsPackage
from simulator.caller import Caller, CallerError
from simulator.cloud import Cloud
from simulator.control_plane.planes import ControlPlanes
from simulator.eks.package import EksPackage
from simulator.faults import FaultError, Faults
from simulator.kubernetes.package import KubernetesPackage
from simulator.server import Servers
from simulator.workspace import Workspace, WorkspaceError


def run(
    workspace: Workspace,
    cloud_file: Path,
    fault_specs: Sequence[str],
    quota_specs: Sequence[str],
    address: str | None,
    principal: str | None,
    command: Sequence[str],
    *,
    real_kubernetes: bool = False,
) -> int:
    """Runs the command and returns its exit code, 128 + N when signal N ended it. Raises WorkspaceError.

    address: where the caller stands; None for any host on the internet. principal: ARN of the caller; None for a user
    of the account. real_kubernetes: real API servers answer for the objects of the simulated clusters.
    """
    try:
        caller = Caller.at(address, principal)
        faults, account, engine = Faults(fault_specs), quotas.parse(quota_specs), locate()
        fault_targets.check(faults)
    except (CallerError, EngineNotFound, FaultError, quotas.QuotaError) as error:
        raise WorkspaceError(str(error)) from None
    workspace.home.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=workspace.home / "simulator.log", format="%(asctime)s %(message)s")
    child = _Child()
    with closing(Cloud(cloud_file)) as cloud, ExitStack() as closed:
        cloud.quotas = account
        planes = closed.enter_context(closing(ControlPlanes())) if real_kubernetes else None
        kubernetes = KubernetesPackage(cloud, caller=caller, planes=planes, faults=faults)
        packages = (AwsPackage(cloud, faults, account, caller=caller), EksPackage(), kubernetes)
        servers = Servers(packages, faults, child.kill)
        try:
            environment = workspace.environment(engine.bin_dir, servers.ports)
            workspace.prepare(engine.path, environment, command)
            killed_engine.clean_up(workspace.home / "state")
            return child.run(command, workspace.shadow, environment)
        finally:
            servers.stop()
            workspace.bring_back()


class _Child:
    """The command, in its own process group, so that each interrupt reaches it exactly once.

    A second interrupt makes the engine abort its running operations, so a Ctrl-C must not arrive both from the terminal
    and from this process. If there is a terminal, the group gets it: Ctrl-C and prompts then go to the command
    directly.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
        """Runs the command and returns its exit code."""
        with self._signals_passed_on():
            try:
                self._process = subprocess.Popen(command, cwd=folder, env=dict(environment), process_group=0)
            except FileNotFoundError:
                print(f"simulator: there is no command {command[0]} on PATH", file=sys.stderr)
                return 127
            with _terminal_given_to(self._process.pid):
                code = self._process.wait()
        return 128 - code if code < 0 else code

    def kill(self) -> None:
        """Ends the command without warning, as a crash would."""
        if self._process is not None:
            self._process.kill()

    @contextmanager
    def _signals_passed_on(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _pass_on(self, number: int, frame: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)


@contextmanager
def _terminal_given_to(group: int) -> Iterator[None]:
    if not os.isatty(0) or os.tcgetpgrp(0) != os.getpgrp():
        yield
        return
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else the kernel stops this process in the last line
    try:
        os.tcsetpgrp(0, group)
        yield
    finally:
        os.tcsetpgrp(0, os.getpgrp())
        signal.signal(signal.SIGTTOU, before)
