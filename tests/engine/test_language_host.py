"""Calls the language host over its own protocol, without an engine."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, language_pb2, language_pb2_grpc

from engine.language_host import __main__ as entry
from engine.language_host.policy_pack import stack_variables


@dataclass
class Host:
    process: subprocess.Popen[bytes]
    stub: language_pb2_grpc.LanguageRuntimeStub


def start(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", str(entry.__file__), *arguments, "127.0.0.1:1"]
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    process = start(tmp_path_factory.mktemp("anywhere"), "--logtostderr", "-v=9")
    assert process.stdout is not None
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Host(process, language_pb2_grpc.LanguageRuntimeStub(channel))
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, b""), "output of the host would appear in the user's output"


def info(folder: Path, virtualenv: str = sys.prefix, **options: str) -> language_pb2.ProgramInfo:
    program = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
    program.options.update({"virtualenv": virtualenv, **options})
    return program


def test_the_host_answers_the_handshake_and_reports_its_version(host: Host) -> None:
    host.stub.Handshake(language_pb2.LanguageHandshakeRequest(engine_address="127.0.0.1:2"))

    assert host.stub.GetPluginInfo(empty_pb2.Empty()).version.startswith("3."), "the engine shows it in `about`"
    assert host.stub.Cancel(empty_pb2.Empty()) == empty_pb2.Empty()


def test_required_packages_are_those_that_the_environment_declares(host: Host, tmp_path: Path) -> None:
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    for package, manifest in {
        "pulumi_aws": '{"resource": true, "name": "aws", "version": "7.51.1"}',
        "pulumi_policy": '{"resource": false}',
        "pulumi_mine": '{"resource": true, "version": "1.0.0", "server": "https://plugins.example"}',
    }.items():
        (site / package).mkdir(parents=True)
        (site / package / "pulumi-plugin.json").write_text(manifest)
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)

    response = host.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info(tmp_path, "venv")))

    assert {(required.name, required.kind, required.version, required.server) for required in response.packages} == {
        ("aws", "resource", "7.51.1", ""),
        ("mine", "resource", "1.0.0", "https://plugins.example"),
    }, "for a package too many, the engine would try a download, which fails without a network"


def test_about_names_the_python_that_programs_run_with(host: Host, tmp_path: Path) -> None:
    response = host.stub.About(language_pb2.AboutRequest(info=info(tmp_path)))

    assert response.executable == str(Path(sys.prefix, "bin", "python"))
    assert response.version == sys.version.split()[0]


def test_only_direct_dependencies_are_reported_unless_all_are_requested(host: Host, tmp_path: Path) -> None:
    def names(transitive: bool) -> set[str]:
        request = language_pb2.GetProgramDependenciesRequest(info=info(tmp_path), transitiveDependencies=transitive)
        return {dependency.name for dependency in host.stub.GetProgramDependencies(request).dependencies}

    direct, every = names(transitive=False), names(transitive=True)

    assert "pulumi-policy" in direct
    assert "grpcio" not in direct, "the project depends on it only through pulumi"
    assert direct | {"grpcio", "pulumi"} <= every


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"virtualenv": "nowhere"}, "Create it with `make setup`"),
        ({"toolchain": "poetry"}, "Write `toolchain: pip`"),
    ],
    ids=["no environment", "another toolchain"],
)
def test_an_environment_that_cannot_be_used_is_named_with_advice(
    host: Host, tmp_path: Path, options: dict[str, str], advice: str
) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        host.stub.Run(language_pb2.RunRequest(info=info(tmp_path, **options), pwd=str(tmp_path)))

    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    assert str(tmp_path) in refused.value.details()
    assert advice in refused.value.details()


def test_a_method_that_the_host_does_not_have_is_refused_without_a_traceback(host: Host) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        host.stub.GenerateProgram(language_pb2.GenerateProgramRequest())

    assert refused.value.code() == grpc.StatusCode.UNIMPLEMENTED, "the engine does not accept other codes"
    assert refused.value.details().endswith("Use Pulumi's own CLI for that.")


def test_installing_passes_on_the_output_of_pip_and_fails_when_pip_does(host: Host, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("this is no requirement\n")
    responses = host.stub.InstallDependencies(language_pb2.InstallDependenciesRequest(info=info(tmp_path)))
    received: list[language_pb2.InstallDependenciesResponse] = []

    with pytest.raises(grpc.RpcError) as failed:
        received.extend(responses)

    output = b"".join(response.stdout + response.stderr for response in received)
    assert b"requirements.txt" in output, f"only pip's own output says what is wrong: {output!r}"
    assert failed.value.details().endswith("-m pip install -r requirements.txt` ended with exit status 1.")


def catches(pid: int, number: signal.Signals) -> bool:
    """Tells whether a process has a handler for a signal. The host sets that of SIGTERM last."""
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(status["SigCgt"], 16) >> (number - 1) & 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_host_still_loads_ends_it_quietly(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    while not catches(process.pid, signal.SIGTERM):
        time.sleep(0.001)  # Python has started, gRPC has not
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)

    assert (process.returncode, errors) == (0, b"")


def test_a_signal_ends_the_host_whichever_thread_gets_it(tmp_path: Path) -> None:
    hosts = [start(tmp_path) for _ in range(8)]
    for started in hosts:
        assert started.stdout is not None
        assert int(started.stdout.readline()) > 0
        started.send_signal(signal.SIGINT)

    assert [started.wait(timeout=4) for started in hosts] == [0] * 8, (
        "the engine waits five seconds for a host that does not end"
    )
    for started in hosts:
        started.communicate()


def test_a_pack_gets_the_stack_in_the_variables_that_the_sdk_reads() -> None:
    configured = analyzer_pb2.AnalyzerStackConfigureRequest(
        stack="prod",
        project="ml-platform",
        organization="acme",
        dry_run=True,
        config={"ml-platform:network": "{}"},
        config_secret_keys=["ml-platform:token"],
    )

    assert stack_variables(configured.SerializeToString()) == {
        "PULUMI_STACK": "prod",
        "PULUMI_PROJECT": "ml-platform",
        "PULUMI_ORGANIZATION": "acme",
        "PULUMI_DRY_RUN": "true",
        "PULUMI_CONFIG": '{"ml-platform:network": "{}"}',
        "PULUMI_CONFIG_SECRET_KEYS": '["ml-platform:token"]',
    }
