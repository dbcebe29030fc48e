"""One command in the simulated cloud, and what its options give to the providers."""

from pathlib import Path
from typing import Any

import pytest

from simulator import session
from simulator.__main__ import main
from simulator.control_plane.planes import ControlPlanes
from simulator.kubernetes.package import KubernetesPackage
from simulator.workspace import Workspace


@pytest.mark.engine
@pytest.mark.parametrize(("options", "planes"), [([], type(None)), (["--kubernetes", "real"], ControlPlanes)])
def test_real_api_servers_answer_where_the_command_line_asks_for_them(
    options: list[str], planes: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering: list[Any] = []

    def package(*arguments: Any, **named: Any) -> KubernetesPackage:
        answering.append(named["planes"])
        return KubernetesPackage(*arguments, **named)

    monkeypatch.setattr(session, "KubernetesPackage", package)
    monkeypatch.setattr(Workspace, "prepare", lambda workspace, *_: workspace.shadow.mkdir())
    assert main(["--home", str(tmp_path), *options, "--", "true"]) == 0
    assert [type(each) for each in answering] == [planes]
