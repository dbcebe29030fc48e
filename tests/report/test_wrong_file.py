"""Every command reports a stack file with mistakes at once, without the engine."""

import pytest

from report import wrong_file
from report.__main__ import main
from report.simulated import Simulated

WRONG = "config:\n  ml-platform:ownr: me\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one stack file, which has a mistake, and no engine."""
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "Pulumi.dev.yaml").write_text(WRONG)
    for module in ("report.__main__", "report.wrong_file", "report.simulated"):
        monkeypatch.setattr(f"{module}.ROOT", tmp_path)
    monkeypatch.setattr(wrong_file, "BUILD", tmp_path / "build")
    monkeypatch.setattr(Simulated, "pulumi", lambda *_, **__: pytest.fail("the engine was started"))
    return tmp_path


@pytest.mark.parametrize("command", ["preview", "rehearse", "write"])
def test_the_mistakes_are_on_stderr_with_their_lines(project, capsys, command):
    assert main([command, "--stack", "dev"]) == 1
    assert "Pulumi.dev.yaml:2:3, ownr: is not a setting" in capsys.readouterr().err


def test_the_summary_of_a_pull_request_shows_the_mistakes(project, capsys):
    old = project / "build" / "dev" / "cost.md"
    old.parent.mkdir(parents=True)
    old.write_text("of another run")
    main(["write", "--stack", "dev"])
    assert capsys.readouterr().out.endswith("dev/summary.md says so too; there is no other report.\n")
    page = (project / "build" / "dev" / "summary.md").read_text()
    assert "there is no preview" in page
    assert "ownr: is not a setting" in page
    assert not old.exists(), "a page of an earlier run would look like one of this run"


def test_the_error_about_a_missing_package_says_what_to_run(project, capsys):
    (project / "requirements.txt").write_text("no-such-package==1.0 \\\n    --hash=sha256:00\n")
    assert main(["preview", "--stack", "dev"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("report: no-such-package==1.0 is not installed in ")
    assert error.endswith("Run: make clean setup\n")


def test_an_error_of_the_disk_is_one_line(project, capsys):
    (project / "build").write_text("a file instead of a folder")
    assert main(["write", "--stack", "dev"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("report: ")
