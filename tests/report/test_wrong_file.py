"""A wrong stack file is told by every command at once, without the engine."""

import pytest

from report import wrong_file
from report.__main__ import main
from report.simulated import Simulated

WRONG = "config:\n  ml-platform:ownr: me\n"


@pytest.fixture
def wrong(tmp_path, monkeypatch):
    """A project with one stack file, which is wrong, and no engine that could be started."""
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "Pulumi.dev.yaml").write_text(WRONG)
    for module in ("report.__main__", "report.wrong_file", "report.simulated"):
        monkeypatch.setattr(f"{module}.ROOT", tmp_path)
    monkeypatch.setattr(wrong_file, "BUILD", tmp_path / "build")
    monkeypatch.setattr(Simulated, "pulumi", lambda *_, **__: pytest.fail("the engine was started"))
    return tmp_path


@pytest.mark.parametrize("command", ["preview", "rehearse", "write"])
def test_the_mistakes_stand_on_stderr_with_their_lines(wrong, capsys, command):
    assert main([command, "--stack", "dev"]) == 1
    assert "Pulumi.dev.yaml:2:3, ownr: is no setting" in capsys.readouterr().err


def test_the_summary_of_a_pull_request_says_what_it_did_not_see(wrong, capsys):
    old = wrong / "build" / "dev" / "cost.md"
    old.parent.mkdir(parents=True)
    old.write_text("of another run")
    main(["write", "--stack", "dev"])
    page = (wrong / "build" / "dev" / "summary.md").read_text()
    assert "nothing was previewed" in page
    assert "ownr: is no setting" in page
    assert not old.exists(), "a page of another run would be read as one of this"


def test_a_package_that_is_gone_is_named_with_the_way_out(wrong, capsys):
    (wrong / "requirements.txt").write_text("no-such-package==1.0 \\\n    --hash=sha256:00\n")
    assert main(["preview", "--stack", "dev"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("report: no-such-package==1.0 is not installed in ")
    assert error.endswith("Run: make clean setup\n")


def test_a_disk_that_takes_nothing_is_one_line(wrong, capsys):
    (wrong / "build").write_text("a file where a folder has to be")
    assert main(["write", "--stack", "dev"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("report: ")
