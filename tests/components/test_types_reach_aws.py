"""A misspelt or mistyped argument of a resource is found by `make check`, without a preview.

Each mistake is planted in a copy of one module. The checker runs once, as `make check` runs it.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FLOW_LOGS, NODE_POOL = "components/network/flow_logs.py", "components/compute/node_pool.py"
LUSTRE, CLAIM, CONTROL_PLANE = (
    "components/storage/lustre.py",
    "components/storage/claimed_volume.py",
    "components/cluster/control_plane.py",
)
# What is wrong -> the module, what stands there, and what is planted in its place.
MISTAKES = {
    "misspelt_argument": (FLOW_LOGS, "retention_in_days=", "retention_in_dayz="),
    "misspelt_key": (FLOW_LOGS, '"file_format":', '"file_formatt":'),
    "text_for_a_number": (FLOW_LOGS, "=args.settings.aggregation_seconds", '="60"'),
    "list_for_a_single": (LUSTRE, "subnet_ids=args.subnet_id", "subnet_ids=[args.subnet_id]"),
    "misspelt_key_in_a_helper": (NODE_POOL, '"volume_size":', '"volume_siz":'),
    "key_as_aws_spells_it": (NODE_POOL, '"http_tokens":', '"httpTokens":'),
    "misspelt_key_of_kubernetes": (CLAIM, '"volume_name":', '"volume_nam":'),
    "misspelt_argument_of_eks": (CONTROL_PLANE, "deletion_protection=", "deletion_protectoin="),
    "misspelt_key_in_eks": (CONTROL_PLANE, '"support_type":', '"suport_type":'),
    "misspelt_key_of_iam": ("components/core/iam.py", '"Principal": "*"', '"Principle": "*"'),
}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Name of a module -> what the checker says of it, in a copy of the project with its own configuration."""
    project = tmp_path_factory.mktemp("project")
    shutil.copy(PROJECT / "pyproject.toml", project)
    shutil.copytree(PROJECT / "components", project / "components")
    for room in ("common", "settings", "catalog"):
        (project / room).symlink_to(PROJECT / room)
    (project / ".venv").symlink_to(sys.prefix)
    planted = project / "components/planted"
    planted.mkdir()
    for mistake, (module, right, wrong) in MISTAKES.items():
        text = (PROJECT / module).read_text(encoding="utf-8")
        assert right in text, f"{module} has changed; plant {mistake} where it would be made now"
        (planted / f"{mistake}.py").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    command = [sys.executable, "-m", "ty", "check", "--no-progress", "--output-format", "concise"]
    said = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False).stdout
    found: dict[str, list[str]] = {}
    for module, finding in re.findall(r"^\S*?(\w+)\.py:\d+:\d+: (.*)$", said, re.MULTILINE):
        found.setdefault(module, []).append(finding)
    return found


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_what_aws_or_kubernetes_is_told_is_found(findings, mistake) -> None:
    assert mistake in findings, "it would be found by the cloud, minutes into a deployment"


def test_what_is_right_is_left_alone(findings) -> None:
    assert set(findings) <= set(MISTAKES), "a finding would prove nothing"
