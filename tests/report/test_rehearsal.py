"""The commands of a rehearsal and its output, with a fake engine."""

import json

import pytest

from report import base, events, simulated, write
from report import rehearse as rehearsal
from report.base import Base, BaseFailsError, inside
from report.look import PACK
from report.preview import preview
from report.simulated import Finished, ReportError, Simulated
from tests.report.logs import BUCKET, NETWORK, created, finding, step, summary


class Engine:
    """Answers every command of a rehearsal.

    fails: the command that fails. left_over: resources left in the cloud. steps: command -> the events of its steps.
    kept: whether users keep something in the cluster.
    """

    def __init__(self, monkeypatch, tmp_path, protected=False, fails=None, left_over=(), steps=None, kept=False):
        self.commands: list[tuple[str, ...]] = []
        self.callers: set[str | None] = set()
        self._protected, self._fails, self._steps = protected, fails, steps or {}
        for module in (rehearsal, write):
            monkeypatch.setattr(module, "HOME", tmp_path / ".simulator")
        monkeypatch.setattr(
            Simulated, "pulumi", lambda simulated, *args, **options: self._answer(simulated, *args, **options)
        )
        monkeypatch.setattr(Simulated, "cloud", lambda simulated: left_over)
        monkeypatch.setattr(rehearsal, "_retire", lambda simulated, stack, results: not kept)

    def _answer(self, simulated, name, *arguments, output=None, watch=None, log_events=True):
        self.commands.append(arguments)
        self.callers.add(simulated.caller)
        if arguments[0] == self._fails:
            print("error: no capacity", file=output)
            return Finished(255, 0.5, self._steps.get(arguments[0], ()))
        events = (*self._steps.get(arguments[0], [step("same", BUCKET, protect=self._protected)]), summary(same=1))
        if log_events:
            log = simulated.home / "logs" / f"{name}.events.jsonl"
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text("\n".join(events))
        return Finished(0, 1.0, events if log_events else ())

    @property
    def command_names(self):
        return [command[0] for command in self.commands]


@pytest.fixture
def new_engine(monkeypatch, tmp_path):
    return lambda **options: Engine(monkeypatch, tmp_path, **options)


def test_a_stack_is_built_checked_twice_and_destroyed(new_engine, capsys):
    engine = new_engine()
    assert rehearsal.rehearse("dev") == 0
    assert engine.command_names == ["preview", "up", "refresh", "preview", "destroy"]
    assert "--expect-no-changes" in engine.commands[2], "the cloud must be equal to the state"
    assert "--expect-no-changes" in engine.commands[3], "a second run must change nothing"
    assert "the cloud is empty" in capsys.readouterr().out


def test_each_step_runs_from_where_the_deployer_stands(new_engine, capsys):
    engine = new_engine()
    assert rehearsal.rehearse("prod") == 0
    assert engine.callers == {"10.200.8.10"}, "deployer.from of prod"
    assert "Rehearsal of prod, in the simulator, from 10.200.8.10" in capsys.readouterr().out


def test_a_command_says_where_it_runs_from(tmp_path):
    from_office = Simulated(tmp_path, caller="203.0.113.10").command("up")
    assert from_office[from_office.index("--from") + 1] == "203.0.113.10"
    assert from_office.index("--from") < from_office.index("--"), "it is an option of the simulator"
    assert "--from" not in Simulated(tmp_path).command("up"), "from anywhere on the internet"


def test_another_revision_is_built_from_inside_its_vpc(tmp_path):
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text("config:\n  ml-platform:network:\n    cidr: 10.64.0.0/16\n")
    assert inside(file) == "10.64.0.10", "an older one may have no way in, and is compared all the same"
    file.write_text("config:\n  ml-platform:environment: dev\n")
    assert inside(file) == "10.0.0.10"


def test_protection_is_removed_before_destroy(new_engine, capsys):
    engine = new_engine(protected=True)
    assert rehearsal.rehearse("prod") == 0
    assert engine.command_names[4:] == ["config", "up", "destroy"]
    assert engine.commands[4][:4] == ("config", "set", "ml-platform:deletion_protection", "false")
    assert "--policy-pack" in engine.commands[1], "the policies apply to the build"
    assert "--policy-pack" not in engine.commands[5], "the policies of prod refuse a stack without protection"
    assert "1 resources are protected, so destroy would delete nothing" in capsys.readouterr().out


def test_what_cannot_be_retired_ends_the_rehearsal_before_destroy(new_engine):
    engine = new_engine(kept=True)
    rehearsal.rehearse("dev")
    assert engine.command_names == ["preview", "up", "refresh", "preview"]


def test_the_first_failure_ends_the_rehearsal_and_shows_the_engines_error(new_engine, capsys):
    engine = new_engine(fails="refresh")
    assert rehearsal.rehearse("dev") == 255
    assert engine.command_names == ["preview", "up", "refresh"], "nothing runs after a failure"
    output = capsys.readouterr().out
    assert "error: no capacity" in output
    assert ".simulator/rehearsal/dev cloud list" in output, "the command to inspect the cloud"


def test_a_resource_left_in_the_cloud_is_a_failure(new_engine, capsys):
    new_engine(left_over=("aws:ec2/eip:Eip  eipalloc-1",))
    assert rehearsal.rehearse("dev") == 1
    assert "eipalloc-1" in capsys.readouterr().out, "the output names the resource"


@pytest.fixture
def on_base(monkeypatch):
    """Replaces the base. Returns the revisions that were brought up."""
    revisions: list[str] = []

    def bring_up(stack, revision, home, watch=None):
        revisions.append(revision)
        home.mkdir(parents=True)
        return Base(f"`{revision}`", home / "base", "key" if stack == "dev" else "")

    for name, fake in {
        "bring_up": bring_up,
        "stamp": lambda stack, revision: f"files of today on {revision}",
        "live_pack": lambda simulated, stack: (*PACK, "--policy-pack-config", "held.json"),
    }.items():
        monkeypatch.setattr(base, name, fake)
    return revisions


def test_a_change_is_built_on_its_base_and_nothing_is_destroyed(new_engine, on_base, capsys):
    engine = new_engine(steps={name: [step("update", NETWORK)] for name in ("preview", "up")})
    assert rehearsal.rehearse_change("dev", "origin/main") == 0
    assert on_base == ["origin/main"]
    assert engine.command_names == ["preview", "up", "refresh", "preview"]
    assert "--policy-pack-config" in engine.commands[0], "the pack knows what holds data on the base"
    assert "--expect-no-changes" in engine.commands[2]
    assert "since origin/main: up did what the preview showed." in capsys.readouterr().out


def test_what_the_preview_did_not_show_is_a_failure(new_engine, on_base, capsys):
    new_engine(steps={"up": [step("delete", BUCKET)]})
    assert rehearsal.rehearse_change("dev", "origin/main") == 1
    output = capsys.readouterr().out
    assert "Bucket network-flow-logs: the preview showed nothing, up did delete" in output
    assert "up did 1 that the preview had not shown" in output.splitlines()[-1], "the end says what matters"


def test_an_up_that_fails_shows_the_dangers_all_the_same(new_engine, on_base, capsys):
    new_engine(fails="up", steps={"preview": [step("delete", BUCKET)]})
    assert rehearsal.rehearse_change("dev", "origin/main") == 255
    assert "    data: Bucket network-flow-logs deleted" in capsys.readouterr().out


def test_two_rehearsals_of_a_stack_do_not_share_a_home(monkeypatch, tmp_path):
    monkeypatch.setattr(simulated, "HOME", tmp_path)
    with simulated.alone("rehearse of dev"):
        with pytest.raises(ReportError, match="another rehearse of dev runs in this folder"):
            simulated.alone("rehearse of dev").__enter__()
        with simulated.alone("rehearse of prod"):
            pass
    with simulated.alone("rehearse of dev"):
        pass


def test_a_refused_change_shows_what_the_preview_saw_and_builds_nothing(new_engine, on_base, capsys):
    engine = new_engine(fails="preview", steps={"preview": [step("delete", BUCKET), finding()]})
    assert rehearsal.rehearse_change("dev", "origin/main") == 255
    assert engine.command_names == ["preview", "stack"], "the state is read for a second look, and nothing is built"
    output = capsys.readouterr().out
    assert "policy net-flow-logs" in output
    assert "Dangers, incomplete, stopped" in output, "this engine has no state, so there is no second look"
    assert "    data: Bucket network-flow-logs deleted: its objects and all their versions would be lost" in output


def test_a_refused_rehearsal_begins_with_the_cause_and_has_the_fix_of_each_kind_of_place(new_engine, on_base, capsys):
    refused = [finding(message=f"{each}.\nFix: In the program: {each}: 1.") for each in "ab"]
    cause = finding(events.CAUSE, "advisory", "Judged as prod.\nFix: say so.")
    new_engine(fails="preview", steps={"preview": [step("delete", BUCKET), *refused, cause, finding("z", "advisory")]})
    rehearsal.rehearse_change("dev", "origin/main")
    said = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("    policy ")]
    assert said == [
        "policy production: network Judged as prod. Fix: say so.",
        "policy net-flow-logs: network a. Fix: In the program: a: 1; b: 1. (2 resources)",
    ]


def test_a_rehearsal_shows_what_the_change_does_to_its_judge_and_a_gentler_way(
    new_engine, on_base, monkeypatch, tmp_path, capsys
):
    new_engine(steps={name: [step("update", NETWORK)] for name in ("preview", "up")})
    waivers = tmp_path / ".simulator/rehearsal/dev/base/policies/waivers.yaml"
    bring_up = base.bring_up

    def with_files(*given):
        result = bring_up(*given)
        waivers.parent.mkdir(parents=True)
        waivers.write_text("[]")
        return result

    monkeypatch.setattr(base, "bring_up", with_files)
    assert rehearsal.rehearse_change("dev", "origin/main") == 0
    output = capsys.readouterr().out
    assert "    judge: what judges it is changed" in output
    assert "      Gently: make it a change of its own" in output
    assert "  The verdict: the preview succeeds." in output


def test_a_stack_that_the_base_does_not_have_is_built_from_nothing(new_engine, on_base, capsys):
    engine = new_engine()
    assert rehearsal.rehearse_change("prod", "v1") == 0
    assert "v1 has no stack prod, so everything is new." in capsys.readouterr().out
    assert "--policy-pack-config" not in engine.commands[0], "nothing holds data yet"


def test_a_report_reads_the_preview_of_the_same_rehearsal(new_engine, on_base, monkeypatch, tmp_path, capsys):
    engine = new_engine(steps=dict.fromkeys(("preview", "up"), created()[:-2]))
    monkeypatch.setattr(write, "BUILD", tmp_path / "build")
    for module, name in ((write, "bring_up"), (write, "live_pack"), (write, "stamp")):
        monkeypatch.setattr(module, name, getattr(base, name))
    assert rehearsal.rehearse_change("dev", "origin/main") == 0
    assert write.write("dev", "origin/main") == 0
    assert len(engine.commands) == 4, "nothing ran again"
    assert write.write("dev", "v1") == 0
    assert engine.command_names[4:] == ["preview"], "another base"
    assert on_base == ["origin/main", "v1"]
    assert "compared with `v1`" in (tmp_path / "build" / "dev" / "summary.md").read_text()


def test_a_report_is_made_also_when_the_base_fails(new_engine, monkeypatch, tmp_path, capsys):
    def fail(stack, revision, home):
        raise BaseFailsError("dev of v1 fails by itself")

    engine = new_engine(steps={"preview": created()[:-2]})
    monkeypatch.setattr(write, "BUILD", tmp_path / "build")
    monkeypatch.setattr(write, "bring_up", fail)
    assert write.write("dev", "v1") == 0
    assert engine.command_names == ["preview"]
    assert "dev of v1 fails by itself" in capsys.readouterr().err
    page = (tmp_path / "build" / "dev" / "summary.md").read_text()
    assert "compared with an empty account, because `v1` fails by itself" in page


def test_the_state_of_an_earlier_rehearsal_is_deleted(new_engine, tmp_path, capsys):
    new_engine()
    home = tmp_path / ".simulator" / "rehearsal" / "dev"
    home.mkdir(parents=True)
    (home / "cloud.sqlite").touch()
    assert rehearsal.rehearse("dev") == 0
    assert not (home / "cloud.sqlite").exists()
    assert "Deleted the state of an earlier rehearsal" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "log", "has_cost"),
    [
        (0, created(), True),
        (255, [*created()[:-2], finding(), summary("failed", create=12)], False),
        (1, created()[:6], False),
    ],
    ids=["succeeds", "refused by a policy", "fails half-way"],
)
def test_a_preview_returns_the_engines_code_and_shows_a_cost_only_when_it_succeeds(
    monkeypatch, tmp_path, capsys, code, log, has_cost
):
    monkeypatch.setattr("report.preview.HOME", tmp_path)
    monkeypatch.setattr(Simulated, "pulumi", lambda *args, **options: Finished(code, 1.0, tuple(log)))
    assert preview("dev") == code
    output = capsys.readouterr().out
    assert ("Monthly cost of dev" in output) is has_cost
    assert ("USD/month" in output) is has_cost, "a sum of what was seen so far looks like the sum of all"


def test_what_a_program_retains_is_no_fault() -> None:
    record, bucket = "aws:route53/record:Record", "aws:s3/bucket:Bucket"
    lines = (f"{record}   Z1_a_CNAME   proof", f"{record}   Z1_b_CNAME   other", f"{bucket}   b   proof")
    metadata = {"op": "delete", "urn": f"urn:pulumi:dev::p::{record}::proof", "type": record}
    event = {"resourcePreEvent": {"metadata": {**metadata, "old": {"retainOnDelete": True}}}}
    kept, left_over = rehearsal._apart(lines, events.read([json.dumps(event)]))
    assert kept == [lines[0]]
    assert left_over == list(lines[1:])
