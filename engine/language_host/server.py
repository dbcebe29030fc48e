"""The host's gRPC service. It answers the engine's calls by running processes with the program's own Python.

Source: the protocol's own comments (pulumi/runtime/proto/language_pb2.pyi in the SDK) and the calls of engine 3.259
(pkg/resource/plugin/langruntime_plugin.go).
"""

import importlib.metadata
import json
import os
import platform
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ENVIRONMENT = dict(os.environ)  # copied before the next line, so that programs do not get the variable for gRPC
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # children are only started by exec; without this, gRPC warns on stderr

import grpc  # noqa: E402

from engine.language_host import children, protocol, virtualenv  # noqa: E402
from engine.language_host.children import Child, Output  # noqa: E402
from engine.language_host.policy_pack import PolicyPackRelay  # noqa: E402

RUNNER = Path(__file__).with_name("run_program.py")
SHOWN_ALREADY = 32  # exit status of the runner: the program failed, and the engine has reported why


class LanguageHost(protocol.language_grpc.LanguageRuntimeServicer):  # type: ignore[misc]  # generated, untyped
    """Serves one engine. engine_address: programs send their log lines there."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._engine_address = request.engine_address or self._engine_address
        return protocol.language.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return protocol.plugin.PluginInfo(version=importlib.metadata.version("pulumi"))

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        environment = _environment(request.info, context)
        version = platform.python_version()
        if environment.root is not None:
            command = [str(environment.python), "-c", "import platform; print(platform.python_version())"]
            version = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        return protocol.language.AboutResponse(
            executable=str(environment.python), version=version, metadata={"toolchain": "pip"}
        )

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return protocol.language.GetRequiredPackagesResponse(
            packages=[
                protocol.plugin.PackageDependency(
                    name=needed.name, kind="resource", version=needed.version, server=needed.server
                )
                for needed in virtualenv.required_plugins(_environment(request.info, context))
            ]
        )

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        environment = _environment(request.info, context)
        packages = virtualenv.installed(environment, transitive=request.transitiveDependencies)
        return protocol.language.GetProgramDependenciesResponse(
            dependencies=[protocol.language.DependencyInfo(name=name, version=version) for name, version in packages]
        )

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: N802
        directory = request.info.program_directory or request.directory
        environment = _environment(request.info, context, must_exist=False)
        for command in _install_commands(environment, directory):
            child = Child(command, directory, environment.activate(ENVIRONMENT))
            context.add_callback(child.stop)
            for output in child.outputs():
                yield protocol.language.InstallDependenciesResponse(**{output.stream: output.text})
            if status := child.exit_status():
                context.abort(grpc.StatusCode.INTERNAL, f"`{' '.join(command)}` ended with exit status {status}.")

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        environment = _environment(request.info, context)
        variables = environment.activate(ENVIRONMENT) | {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        command = [str(environment.python), "-u", str(RUNNER), self._run_settings(request)]
        command += [str(Path(request.info.program_directory, request.info.entry_point or ".")), *request.args]
        # The program writes to the host's own stdout and stderr: the engine reads them there, in the order of writing.
        process = subprocess.Popen(command, cwd=request.pwd or None, env=variables, stdin=subprocess.DEVNULL)
        if not context.add_callback(lambda: children.stop(process)):
            children.stop(process)
        status = process.wait()
        if status == 0:
            return protocol.language.RunResponse()
        if status == SHOWN_ALREADY or not context.is_active():
            return protocol.language.RunResponse(bail=True)
        if status < 0:
            return protocol.language.RunResponse(error=f"The program was ended by {signal.Signals(-status).name}.")
        return protocol.language.RunResponse(error=f"The program ended with exit status {status}.")

    def _run_settings(self, request: Any) -> str:
        return json.dumps(
            {
                "monitor": request.monitor_address,
                "engine": self._engine_address,
                "project": request.project,
                "stack": request.stack,
                "organization": request.organization,
                "parallel": request.parallel,
                "dry_run": request.dryRun,
                "root_directory": request.info.root_directory,
            }
        )

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: N802
        environment, folder = _environment(request.info, context), request.info.program_directory
        variables = environment.activate(dict(pair.partition("=")[::2] for pair in request.env) or ENVIRONMENT)
        python = [str(environment.python), "-u"]
        if request.kind == "analyzer":
            command = [*python, "-m", "pulumi.policy", *request.args, folder]
            relay = PolicyPackRelay(lambda stack: Child(command, folder, {**variables, **stack}))
            context.add_callback(relay.stop)
            visible: Iterator[Output | int] = relay.run()
        else:
            child = Child([*python, folder, *request.args], request.pwd, variables)
            context.add_callback(child.stop)
            visible = _output_and_status(child)
        for shown in visible:
            if isinstance(shown, int):
                yield protocol.language.RunPluginResponse(exitcode=shown)
            else:
                yield protocol.language.RunPluginResponse(**{shown.stream: shown.text})

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        # A running program ends by itself, since the monitor refuses its next registration; SIGINT ends the other
        # children.
        return protocol.language.google_dot_protobuf_dot_empty__pb2.Empty()


def _output_and_status(child: Child) -> Iterator[Output | int]:
    yield from child.outputs()
    yield child.exit_status()


def _environment(info: Any, context: grpc.ServicerContext, *, must_exist: bool = True) -> virtualenv.PythonEnvironment:
    find = virtualenv.existing if must_exist else virtualenv.configured
    options: Mapping[str, object] = dict(info.options.items())
    try:
        return find(info.root_directory, options)
    except virtualenv.VirtualenvError as problem:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(problem))
        raise


def _install_commands(environment: virtualenv.PythonEnvironment, directory: str) -> Iterator[list[str]]:
    if environment.root is not None and not environment.python.is_file():
        yield [sys.executable, "-m", "venv", str(environment.root)]
    if Path(directory, "requirements.txt").is_file():
        yield [str(environment.python), "-m", "pip", "install", "-r", "requirements.txt"]


def _refusal(method: str) -> Callable[..., Any]:
    def refuse(self: LanguageHost, request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"The language host beside a built engine runs programs and policy packs; it does not {method}. "
            "Use Pulumi's own CLI for that.",
        )

    return refuse


# The generated base class raises for these methods, and gRPC would print a traceback into the user's output.
for _method, _what in {
    "GetRequiredPlugins": "answer GetRequiredPlugins, which GetRequiredPackages replaced",
    "RuntimeOptionsPrompts": "ask for options of new projects",
    "Template": "fill in templates of new projects",
    "GenerateProgram": "convert programs",
    "GenerateProject": "convert projects",
    "GeneratePackage": "generate SDKs",
    "Pack": "pack SDKs",
    "Link": "link local packages",
}.items():
    setattr(LanguageHost, _method, _refusal(_what))


def _signal_descriptor() -> int:
    """Returns a file descriptor that becomes readable when a signal asks the host to end.

    The C handler writes to it, in the thread that gets the signal. A Python handler would not run while the main thread
    waits for a lock.
    """
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    return readable


def _wait_for_end(wake: int) -> None:
    """Waits for a signal or for the end of the engine. When the engine is gone, ends what the host started as well.

    The engine holds the other end of the host's stdin and never writes to it, so stdin ends when the engine does.
    """
    watched = [wake, 0] if stat.S_ISFIFO(os.fstat(0).st_mode) else [wake]
    while wake not in (ready := select.select(watched, [], [])[0]):
        if 0 in ready and not os.read(0, 4096):
            if os.getpgrp() == os.getpid():
                os.killpg(0, signal.SIGTERM)
            return


def serve(arguments: Sequence[str]) -> int:
    """Serves until SIGINT, SIGTERM or the end of the engine. Prints the port first, as the engine expects of a plugin.

    arguments: given by the engine: flags for logging, then the engine's address.
    """
    addresses = [argument for argument in arguments if not argument.startswith("-")]
    server = grpc.server(ThreadPoolExecutor(max_workers=32), options=protocol.MESSAGE_SIZE)
    protocol.language_grpc.add_LanguageRuntimeServicer_to_server(LanguageHost("".join(addresses[-1:])), server)
    port = server.add_insecure_port("127.0.0.1:0")
    wake = _signal_descriptor()
    server.start()
    print(port, flush=True)
    _wait_for_end(wake)
    server.stop(None).wait(5)
    sys.stdout.flush()
    os._exit(0)  # the engine has closed the connection; threads that still wait for children must not delay it
