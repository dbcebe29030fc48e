"""A small project on the real engine, with the language host beside the engine."""

from pathlib import Path

import pytest

from engine.locate import Engine, EngineNotFound, locate
from tests.engine.real_project import RUNTIME, Project


@pytest.fixture(scope="session")
def engine() -> Engine:
    try:
        located = locate()
    except EngineNotFound as reason:
        pytest.fail(str(reason))
    if not located.built:
        pytest.skip(f"{located.path} has its own language host, so these tests would not run ours")
    return located


@pytest.fixture
def project(engine: Engine, tmp_path: Path) -> Project:
    new_project = Project(engine, tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\n" + RUNTIME)
    (tmp_path / "backend").mkdir()
    created = new_project.pulumi("stack", "init", "dev")
    assert created.returncode == 0, created.stdout
    return new_project
