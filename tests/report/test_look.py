"""What a preview sees of a change that is refused, with a fake engine."""

import json

import pytest

from policies.analyzer import EXPIRED
from policies.production import ONLY_SHOWS
from report.dangers import judge
from report.dangers.danger import LOST
from report.look import _configure, by_other_judge, look
from report.simulated import ROOT, Finished, Simulated
from tests.report.logs import BUCKET, NETWORK, finding, state, step, summary, urn

NAT = urn("aws:ec2/natGateway:NatGateway", "b")


def error(about, message):
    return json.dumps({"diagnosticEvent": {"severity": "error", "urn": about, "message": message}})


REFUSED = [
    step("update", NETWORK),
    error(BUCKET, f"Preview failed: {BUCKET} cannot be deleted because it is protected"),
]
WHOLE = [step("update", NETWORK), step("delete", BUCKET), step("delete", NAT), summary(update=1, delete=2)]


@pytest.fixture
def engine(monkeypatch, tmp_path):
    """Returns a function that sets the answers of both previews, and the home. Its state protects the bucket."""
    home = tmp_path / "home"
    (home / "state").mkdir(parents=True)
    previews, commands = [], []

    def pulumi(self, name, *arguments, output=None, log_events=True, **_):
        commands.append((self.home.name, *arguments[:2]))
        if arguments[0] == "stack":
            exported = {"deployment": {"resources": [{**state(BUCKET), "protect": True}]}}
            (self.home / "export.json").write_text(json.dumps(exported))
        if arguments[0] != "preview":
            return Finished(0, 0.1, ())
        code, *log = previews.pop(0)
        return Finished(code, 0.1, tuple(log))

    monkeypatch.setattr(Simulated, "pulumi", pulumi)

    def sees(*answers):
        previews.extend(answers)
        return look(Simulated(home, ROOT), "prod"), commands

    return sees


def test_a_preview_that_succeeds_is_all(engine):
    seen, commands = engine((0, *WHOLE))
    assert (seen.complete, seen.code, seen.refused, len(commands)) == (True, 0, False, 1)
    assert seen.seen == seen.operation


def test_what_protection_refuses_is_seen_in_a_second_preview_of_an_unprotected_copy(engine):
    seen, commands = engine((255, *REFUSED, summary("failed", update=1)), (0, *WHOLE))
    assert [change.op for change in seen.operation.changes] == ["update"], "the first preview keeps its verdict"
    assert seen.seen.counts == {"update": 1, "delete": 2}
    assert seen.refused_at == (BUCKET,), "the state of the copy says nothing of protection, and the real one does"
    assert (seen.complete, seen.code) == (True, 255)
    assert [command for command in commands if command[0] == "home"] == [("home", "preview", "--stack")]
    assert ("look", "state", "unprotect") in commands, "the stack itself stays protected"


def test_a_replacement_that_protection_refuses_is_seen_too(engine):
    refused = error(
        BUCKET, f'unable to replace resource "{BUCKET}"\nas it is currently marked\nfor protection. To unprotect'
    )
    seen, commands = engine((255, step("update", NETWORK), refused), (0, *WHOLE))
    assert (seen.complete, len(seen.seen.changes)) == (True, 3)
    assert ("look", "preview", "--stack") in commands


def test_a_policy_pack_that_does_not_start_gives_its_reason_and_harm_is_seen_without_it(engine):
    lines = ("The policy pack does not start, so nothing is built:\n", "waivers.yaml is not a list.\n")
    said = [json.dumps({"diagnosticEvent": {"severity": "info#err", "message": each}}) for each in lines]
    seen, _ = engine((1, '{"policyLoadEvent":{}}', *said), (0, *WHOLE))
    assert seen.stopped_at == ("", "The policy pack does not start, so nothing is built: waivers.yaml is not a list.")
    assert [change.op for change in seen.seen.changes] == ["delete", "delete", "update"]
    assert seen.refused_at == (BUCKET,)
    assert (seen.complete, seen.seen.succeeded, seen.code) == (False, None, 1), "nobody judged it"


def test_findings_keep_the_level_that_the_second_preview_takes_away(engine):
    mandatory = finding("eks-endpoint-private", message="a")
    later = [
        finding("eks-endpoint-private", "advisory", "a"),
        finding("cost-nat-count", "advisory", "b"),
        finding("no-rule", "advisory"),
    ]
    seen, _ = engine((255, mandatory, summary("failed")), (0, *later, *WHOLE))
    assert [each.policy for each in seen.seen.mandatory] == ["cost-nat-count", "eks-endpoint-private"]
    assert len(seen.seen.findings) == 3, "the finding of both previews is one"


def test_what_only_fails_says_where_and_is_not_tried_again(engine):
    seen, commands = engine((1, error(NETWORK, "no\nsuch zone"), error("", "preview failed"), summary("failed")))
    assert len(commands) == 1
    assert (seen.complete, seen.stopped_at) == (False, (NETWORK, "no such zone"))


def test_a_second_preview_that_fails_says_where(engine):
    seen, _ = engine((255, *REFUSED), (1, step("delete", NAT), error(NETWORK, "boom"), summary("failed", delete=1)))
    assert (seen.complete, seen.stopped_at) == (False, (NETWORK, "boom"))
    assert [change.name for change in seen.seen.changes] == ["b"], "what it saw is shown all the same"


def test_a_second_preview_that_does_not_start_leaves_the_first(engine):
    seen, _ = engine((255, *REFUSED), (1,))
    assert seen.seen == seen.operation
    assert not seen.complete
    assert seen.stopped_at[0] == BUCKET


def test_the_rules_of_the_base_judge_a_change_of_the_judge_as_well(engine, monkeypatch, tmp_path):
    monkeypatch.setattr("report.look._configure", lambda *_: frozenset({"eks-endpoint-private", "cost-nat-count"}))
    lowered = [finding("eks-endpoint-private", "advisory", "open"), finding("cost-nat-count", message="two")]
    seen, commands = engine((0, *lowered, *WHOLE), (0, *lowered, finding("no-rule", "advisory"), *WHOLE))
    found, unseen = by_other_judge(Simulated(tmp_path / "home", ROOT), "prod", tmp_path / "base", seen)
    assert unseen == ""
    assert [each.policy for each in found] == ["eks-endpoint-private"], "the other is refused by the change's own rules"
    assert ("look", "preview", "--stack") in commands
    (danger,) = judge.refused(found)
    assert danger.opening == "the rules of the base refuse it by eks-endpoint-private: open"
    assert (danger.kind, danger.severity) == ("judge", LOST)


NO_START = json.dumps({"diagnosticEvent": {"severity": "info#err", "message": "The policy pack does not start: x"}})


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((1, '{"policyLoadEvent":{}}', NO_START), "The policy pack does not start: x"),
        ((0, step("update", NETWORK)), "the engine gives no reason, exit 0"),
        ((1, step("update", NETWORK), error(NETWORK, "no zone"), summary("failed")), "no zone"),
    ],
)
def test_a_base_that_does_not_judge_all_of_a_change_is_no_base_that_refuses_nothing(
    engine, monkeypatch, tmp_path, answer, why
):
    monkeypatch.setattr("report.look._configure", lambda *_: frozenset())
    seen, _ = engine((0, *WHOLE), answer)
    found, unseen = by_other_judge(Simulated(tmp_path / "home", ROOT), "prod", tmp_path / "base", seen)
    assert (found, unseen) == ((), why)
    (danger,) = judge.unjudged(unseen)
    assert (danger.opening, danger.severity) == ("the rules of the base could not judge all of it", LOST)
    assert danger.consequence.endswith(f"not known: {why}")


def test_a_base_whose_levels_or_settings_cannot_be_read_does_not_judge(engine, tmp_path):
    seen, _ = engine((0, *WHOLE))
    simulated, base = Simulated(tmp_path / "home", ROOT), tmp_path / "base"
    (base / "policies").mkdir(parents=True)
    found, unseen = by_other_judge(simulated, "prod", base, seen)
    assert found == ()
    assert "Pulumi.prod.yaml" in unseen
    (base / "Pulumi.prod.yaml").write_text("config: {ml-platform:environment: prod}")
    found, unseen = by_other_judge(simulated, "prod", base, seen)
    assert unseen.startswith("its levels cannot be read: ")
    assert "held" in unseen, "the last line says what python could not do"


def test_what_notices_of_the_base_refuse_counts_and_that_its_own_waiver_has_ended_does_not(
    engine, monkeypatch, tmp_path
):
    monkeypatch.setattr("report.look._configure", lambda *_: frozenset({"waiver-broad", "waiver-expired"}))
    said = [finding("waiver-broad", "advisory"), finding("waiver-expired", "advisory"), finding("rule-crashed")]
    seen, _ = engine((0, *WHOLE), (0, *said, *WHOLE))
    found, _ = by_other_judge(Simulated(tmp_path / "home", ROOT), "prod", tmp_path / "base", seen)
    assert [each.policy for each in found] == ["rule-crashed", "waiver-broad"]
    assert EXPIRED.id == "waiver-expired"


def test_the_second_preview_may_set_each_level_and_the_first_may_not(engine, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr("report.look._configure", lambda *_: seen.append("levels") or frozenset())
    real = Simulated.pulumi

    def pulumi(self, *arguments, **options):
        seen.append((self.home.name, self.environment.get(ONLY_SHOWS)))
        return real(self, *arguments, **options)

    monkeypatch.setattr(Simulated, "pulumi", pulumi)
    engine((255, *REFUSED), (0, *WHOLE))
    assert seen[0] == ("home", None)
    assert seen[-1] == ("look", "true")
    assert "levels" in seen


def configured(folder, stack, production="{accounts: [], stacks: [], floors: {}}", **settings):
    """The configuration of the second preview's pack, and the rules that would refuse."""
    (folder / "policies").mkdir(parents=True)
    (folder / "policies" / "production.yaml").write_text(production)
    for name in ("catalog", "common", "costs"):
        (folder / name).symlink_to(ROOT / name)
    for entry in (ROOT / "policies").iterdir():
        if entry.name != "production.yaml":
            (folder / "policies" / entry.name).symlink_to(entry)
    config = {f"ml-platform:{key}": value for key, value in settings.items()}
    (folder / f"Pulumi.{stack}.yaml").write_text(json.dumps({"config": config}))
    exported, written = folder / "export.json", folder / "config.json"
    exported.write_text(json.dumps({"deployment": {"resources": [state(BUCKET)]}}))
    mandatory = _configure(folder, stack, exported, written)
    return json.loads(written.read_text()), mandatory


def test_a_judge_has_the_options_of_its_own_stack_file(tmp_path):
    policies = {"cost-monthly-cap": {"usd": 5}, "rel-data-kept": {"held": ["none"]}}
    config, mandatory = configured(tmp_path, "staging", environment="dev", policies=policies)
    assert config["cost-monthly-cap"] == {"usd": 5}, "it is advisory in dev, so no level is taken away"
    assert config["rel-data-kept"]["held"] == [BUCKET], "what holds data is known from the state"
    assert config["profile"] == {"environment": "dev"}
    assert "cost-max-gpus" in mandatory
    assert "cost-monthly-cap" not in mandatory


@pytest.mark.parametrize(
    ("stack", "production", "settings"),
    [
        ("eu-prod", "{}", {}),
        ("acme", "{stacks: [acme]}", {}),
        ("dev", "{accounts: ['123456789012']}", {"account_id": "123456789012"}),
        ("dev", "{accounts: ['123456789012']}", {"deployer": {"role_arn": "arn:aws:iam::123456789012:role/deployer"}}),
    ],
)
def test_a_stack_of_production_is_seen_with_the_levels_of_prod(tmp_path, stack, production, settings):
    config, mandatory = configured(tmp_path, stack, production, environment="dev", **settings)
    assert config["profile"] == {"environment": "prod"}
    assert "cost-monthly-cap" in mandatory
