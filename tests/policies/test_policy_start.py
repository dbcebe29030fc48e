"""The pack as a process: it starts in its own folder, answers over gRPC and ends without output."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2_grpc

from common.version import VERSION

ROOT = Path(__file__).parents[2]


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder)]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_the_pack_prints_its_port_answers_and_ends_without_a_message(stop_signal: signal.Signals) -> None:
    process = start(ROOT / "policies")
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            info = analyzer_pb2_grpc.AnalyzerStub(channel).GetPluginInfo(empty_pb2.Empty(), timeout=30)
        assert info.version == VERSION
        process.send_signal(stop_signal)
        _, error = process.communicate(timeout=30)
        assert (process.returncode, error) == (0, ""), (
            "the engine ends the pack in every run, which is not worth a message"
        )
    finally:
        process.kill()
        process.communicate()


def test_a_mistake_in_the_waivers_stops_the_pack_before_anything_is_built(tmp_path: Path) -> None:
    for room in ("policies", "catalog", "common", "costs"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "policies" / "waivers.yaml").write_text("- {rule: node-no-shh}\n", encoding="utf-8")
    process = start(tmp_path / "policies")
    out, error = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, ""), (
        "a pack without its waivers would give other results than the reviewed one"
    )
    assert 'did you mean "node-no-ssh"?' in error
    assert "Traceback" not in error


def test_the_pack_starts_without_loading_tables_of_machines_or_the_sdks() -> None:
    program = (
        "import sys; from policies.pack import build; build();"
        "from catalog.instance_types import INSTANCE_TYPES as types; from catalog.mig import MIG_GPUS as gpus;"
        "print([name for name in ('pulumi_aws', 'pulumi_kubernetes', 'costs') if name in sys.modules],"
        " '_rows' in vars(types), '_rows' in vars(gpus))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[] False False", "every preview waits for the pack to start"
