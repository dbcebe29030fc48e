"""Commands of the engine with the program in this process."""

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from report import in_process
from report.in_process import InProcess
from report.simulated import ROOT

pytestmark = pytest.mark.engine


class LostError(grpc.RpcError):
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "connection refused"


def test_a_program_that_loses_the_engine_is_no_program_without_resources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*arguments: object) -> None:
        raise LostError

    monkeypatch.setattr(in_process, "Platform", lost)
    done = InProcess(tmp_path, ROOT, "dev", "203.0.113.10").pulumi("up", "--yes", "--skip-preview")
    assert done.code, "the engine would delete everything that the program has not registered"
    assert "the program lost the engine" in done.said


def test_an_engine_that_gets_the_port_of_one_that_is_gone_is_reached() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    stale = grpc.insecure_channel(address)
    with pytest.raises(grpc.RpcError):
        stale.unary_unary("/any/Call")(b"")
    server = grpc.server(ThreadPoolExecutor(1))
    assert server.add_insecure_port(address)
    server.start()
    with grpc.insecure_channel(address, options=[in_process.OWN_POOL]) as channel:
        with pytest.raises(grpc.RpcError) as answer:
            channel.unary_unary("/any/Call")(b"")
        assert answer.value.code() == grpc.StatusCode.UNIMPLEMENTED, "the server answers"
    server.stop(None)
    stale.close()
