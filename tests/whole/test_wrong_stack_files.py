"""A wrong stack file ends the preview with its list of errors, and nothing is built."""

import re

import pytest

pytestmark = pytest.mark.engine


def test_several_mistakes_are_several_lines_of_one_report_and_no_traceback(project):
    project.change("dev", network__cidr="10.0.0.0/33", clusters__main__version="1.12", ownr="x")
    done = project.simulate("pulumi", "preview", "--stack", "dev", "--non-interactive")
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    for path in ("network.cidr", "clusters.main.version", "ownr"):
        lines = re.findall(rf"Pulumi\.dev\.yaml:\d+:\d+, {re.escape(path)}: ", output)
        assert len(lines) == 1, f"{path} should be told once, with its line:\n{output}"
    assert "did you mean" in output.lower()
    assert "Traceback" not in output
    assert "aws:" not in output, "nothing is registered while anything is wrong"
    assert project.held() == []
