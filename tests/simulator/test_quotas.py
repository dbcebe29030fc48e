"""Quotas of the account on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.__main__ import main
from simulator.quotas import QuotaError, parse


def test_quotas_are_given_by_code() -> None:
    assert parse(["L-417A185B=96", "L-1216C47A=0", "L-417A185B=192"]) == {"L-417A185B": 192, "L-1216C47A": 0}
    assert parse([]) == {}


@pytest.mark.parametrize("spec", ["L-417A185B", "P=192", "L-417A185B=many", "L-417A185B=-1", "=5"])
def test_anything_else_is_refused_with_an_example(spec: str) -> None:
    with pytest.raises(QuotaError, match=rf"--quota {spec} is not valid\. Write CODE=NUMBER, for example --quota"):
        parse([spec])


def test_with_a_wrong_command_line_no_command_is_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marker = tmp_path / "started"
    assert main(["--home", str(tmp_path / "home"), "--quota", "P=1", "--", "touch", str(marker)]) == 2
    assert "simulator: --quota P=1 is not valid." in capsys.readouterr().err
    assert not marker.exists()
