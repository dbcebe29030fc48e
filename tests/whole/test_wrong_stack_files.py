"""A wrong stack file fails the preview with a list of its errors, and nothing is created."""

import re

import pytest

pytestmark = pytest.mark.engine


def test_each_mistake_is_one_line_and_there_is_no_traceback(project):
    project.change("dev", network__cidr="10.0.0.0/33", clusters__main__version="1.12", ownr="x")
    completed = project.simulate("pulumi", "preview", "--stack", "dev", "--non-interactive", apart=True)
    output = completed.stdout + completed.stderr
    assert completed.returncode == 1, output
    for path in ("network.cidr", "clusters.main.version", "ownr"):
        lines = re.findall(rf"Pulumi\.dev\.yaml:\d+:\d+, {re.escape(path)}: ", output)
        assert len(lines) == 1, f"{path} must be reported once, with its line:\n{output}"
    assert "did you mean" in output.lower()
    assert "Traceback" not in output
    assert "aws:" not in output, "with a wrong stack file, no resource may be registered"
    assert project.resources() == []
