"""The order of a rehearsal, with an engine that only answers: which commands run, and what is said about them."""

import pytest

from report import rehearse as rehearsal
from report.preview import preview
from report.simulated import Finished, Simulated
from tests.report.logs import BUCKET, created, finding, step, summary


class Engine:
    """Answers every command of a rehearsal; `fails` names the one that fails, `left` is what stays in the cloud."""

    def __init__(self, monkeypatch, tmp_path, protected=False, fails=None, left=()):
        self.commands: list[tuple[str, ...]] = []
        self._protected, self._fails = protected, fails
        monkeypatch.setattr(rehearsal, "HOME", tmp_path / ".simulator")
        monkeypatch.setattr(Simulated, "pulumi", lambda simulated, *args, **options: self._answer(*args, **options))
        monkeypatch.setattr(Simulated, "cloud", lambda simulated: left)

    def _answer(self, name, *arguments, output=None, watch=None, log_events=True):
        self.commands.append(arguments)
        if arguments[0] == self._fails:
            print("error: no capacity", file=output)
            return Finished(255, 0.5, ())
        events = (step("same", BUCKET, protect=self._protected), summary(same=1))
        return Finished(0, 1.0, events if log_events else ())

    @property
    def verbs(self):
        return [command[0] for command in self.commands]


@pytest.fixture
def engine(monkeypatch, tmp_path):
    return lambda **options: Engine(monkeypatch, tmp_path, **options)


def test_a_stack_is_built_checked_twice_and_taken_down(engine, capsys):
    rehearsed = engine()
    assert rehearsal.rehearse("dev") == 0
    assert rehearsed.verbs == ["preview", "up", "refresh", "preview", "destroy"]
    assert "--expect-no-changes" in rehearsed.commands[2], "the cloud must hold what the state says"
    assert "--expect-no-changes" in rehearsed.commands[3], "a second run must change nothing"
    assert "the cloud is empty" in capsys.readouterr().out


def test_protection_is_lifted_as_an_operator_would_do_it(engine, capsys):
    rehearsed = engine(protected=True)
    assert rehearsal.rehearse("prod") == 0
    assert rehearsed.verbs[4:] == ["config", "up", "destroy"]
    assert rehearsed.commands[4][:4] == ("config", "set", "ml-platform:deletion_protection", "false")
    assert "--policy-pack" in rehearsed.commands[1], "the build is held to the policies"
    assert "--policy-pack" not in rehearsed.commands[5], (
        "the policies of prod rightly refuse a stack without protection"
    )
    assert "1 resources are protected, so destroy would refuse them" in capsys.readouterr().out


def test_the_first_failure_ends_the_rehearsal_and_shows_what_the_engine_said(engine, capsys):
    rehearsed = engine(fails="refresh")
    assert rehearsal.rehearse("dev") == 255
    assert rehearsed.verbs == ["preview", "up", "refresh"], "nothing runs after a failure"
    shown = capsys.readouterr().out
    assert "error: no capacity" in shown
    assert ".simulator/rehearsal/dev cloud list" in shown, "the way to look at what is there"


def test_something_left_in_the_cloud_is_a_failure(engine, capsys):
    engine(left=("aws:ec2/eip:Eip  eipalloc-1",))
    assert rehearsal.rehearse("dev") == 1
    assert "eipalloc-1" in capsys.readouterr().out, "what is left is named"


def test_an_earlier_rehearsal_is_forgotten(engine, tmp_path, capsys):
    engine()
    home = tmp_path / ".simulator" / "rehearsal" / "dev"
    home.mkdir(parents=True)
    (home / "cloud.sqlite").touch()
    assert rehearsal.rehearse("dev") == 0
    assert not (home / "cloud.sqlite").exists()
    assert "Starting afresh" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "log", "shown"),
    [
        (0, created(), True),
        (255, [*created()[:-2], finding(), summary("failed", create=12)], True),
        (1, created()[:6], False),
    ],
    ids=["succeeds", "refused by a policy", "fails half-way"],
)
def test_a_preview_gives_the_engines_code_and_a_cost_only_where_all_is_known(monkeypatch, capsys, code, log, shown):
    monkeypatch.setattr(Simulated, "pulumi", lambda *args, **options: Finished(code, 1.0, tuple(log)))
    assert preview("dev") == code
    assert ("Monthly cost of dev" in capsys.readouterr().out) is shown
