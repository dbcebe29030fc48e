import tomllib
from pathlib import Path

import pytest
import yaml

from common.version import VERSION

ROOT = Path(__file__).parents[2]


def in_pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def in_policy_pack():
    return yaml.safe_load((ROOT / "policies" / "PulumiPolicy.yaml").read_text())["version"]


@pytest.mark.parametrize("read_version", [in_pyproject, in_policy_pack])
def test_files_that_repeat_the_version_agree(read_version):
    assert read_version() == VERSION, "pip and the engine would show another version than the policy pack reports"


def test_the_readme_shows_the_version():
    assert f"ml-platform@v{VERSION} (local: policies)" in (ROOT / "README.md").read_text()
