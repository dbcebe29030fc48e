"""The loader reads a stack file as the real engine hands it to a program."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from components.stack.stack_file import load_file, load_pulumi_config
from settings.core.stack_file import read_stack_file
from tests.engine.conftest import engine, project
from tests.engine.real_project import RUNTIME, Project
from tests.settings.stacks import TODAY

pytestmark = pytest.mark.engine
__all__ = ["engine", "project"]  # fixtures

ROOT = Path(__file__).parents[3]
UNUSUAL_VALUES = """
config:
  ml-platform:number: 3
  ml-platform:zero: -0
  ml-platform:fraction: 1.50
  ml-platform:whole: 100000000.0
  ml-platform:switch: True
  ml-platform:word: on
  ml-platform:clock: 12:30:45
  ml-platform:quoted: "007"
  ml-platform:lines: |
    one
    two
  ml-platform:folded: >-
    one
    two
  ml-platform:map: {a: 3, b: 1.0, c: 1.50, d: yes, e: ~, f: [], g: {}, 1: x, h: "<&>", i: -0.0, j: [off, 2]}
  ml-platform:anchored: &zones [us-west-2a, us-west-2b]
  ml-platform:again: *zones
  other:setting: 5
"""
PROGRAM = """
    import json
    from pathlib import Path
    from pulumi.runtime.config import get_config_env

    Path("handed.json").write_text(json.dumps(dict(get_config_env())))
"""


def config_from_the_engine(project: Project, stack_file: str) -> dict[str, str]:
    """Returns the config that the engine hands to a program of this project, for this stack file."""
    (project.folder / "Pulumi.yaml").write_text("name: ml-platform\n" + RUNTIME)
    created = project.pulumi("stack", "init", "read")
    assert created.returncode == 0, created.stdout
    (project.folder / "Pulumi.read.yaml").write_text(stack_file)
    project.program(PROGRAM)
    preview = project.pulumi("preview", "--stack", "read")
    assert preview.returncode == 0, preview.stdout
    config: dict[str, str] = json.loads((project.folder / "handed.json").read_text())
    return config


def parsed(config: Mapping[str, str]) -> dict[str, Any]:
    """Parses structures, so that a comparison ignores the spaces in their JSON."""
    return {key: json.loads(text) if text[:1] in "[{" and text else text for key, text in config.items()}


def test_unusual_values_are_read_as_the_engine_reads_them(project: Project, tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(UNUSUAL_VALUES)
    read_here = parsed(read_stack_file(tmp_path / "odd.yaml").config)
    assert read_here == parsed(config_from_the_engine(project, UNUSUAL_VALUES)), (
        "what is checked at a desk must be what is deployed"
    )


def test_a_real_stack_file_comes_to_the_same_settings(project: Project) -> None:
    name = "Pulumi.prod.yaml"
    config = config_from_the_engine(project, (ROOT / name).read_text())
    assert load_pulumi_config(config, Path(name), TODAY) == load_file(ROOT / name, TODAY), "both readers must agree"
