"""A small project on the real engine, with the language host that stands beside it."""

from pathlib import Path

import pytest

from engine.locate import Engine, EngineNotFound, locate
from tests.engine.real_project import RUNTIME, Project


@pytest.fixture(scope="session")
def engine() -> Engine:
    try:
        found = locate()
    except EngineNotFound as reason:
        pytest.fail(str(reason))
    if not found.built:
        pytest.skip(f"{found.path} brings its own language host, so there is none of ours beside it")
    return found


@pytest.fixture
def project(engine: Engine, tmp_path: Path) -> Project:
    made = Project(engine, tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\n" + RUNTIME)
    (tmp_path / "backend").mkdir()
    created = made.pulumi("stack", "init", "dev")
    assert created.returncode == 0, created.stdout
    return made
