"""Commands of the engine with the program in this process."""

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
