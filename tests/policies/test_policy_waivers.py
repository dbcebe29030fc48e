"""Waivers: what one covers, when it ends, and which mistakes in the file are refused."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.analyzer import APPLIED, BROAD, EXPIRED, UNUSED, Analyzer
from policies.pack import WAIVERS
from policies.rule import Case, Sample
from policies.waivers import LONGEST_DAYS, MOST_RESOURCES, WaiverError, entry_for, load, today
from report.tables import wrapped
from tests.policies.policy_harness import ALL, RESOURCE_RULES, TODAY, request, stack_request

(RULE,) = [rule for rule in RESOURCE_RULES if rule.id == "node-no-ssh"]
GOOD: dict[str, Any] = {
    "rule": "node-no-ssh",
    "urn": "urn:pulumi:prod::ml-platform::*::it",
    "reason": "Debugging of the node image until the new one is out.",
    "owner": "team:platform",
    "expires": TODAY + timedelta(days=30),
}


SSH = request(RULE, Case({"keyName": "ops"}))


def write(folder: Path, *entries: Any) -> Path:
    path = folder / "waivers.yaml"
    path.write_text(yaml.safe_dump(list(entries)), encoding="utf-8")
    return path


def pack(folder: Path, today: date = TODAY, **changes: Any) -> Analyzer:
    waivers = load(write(folder, {**GOOD, **changes}), ALL, TODAY)
    return Analyzer({RULE.id: RULE}, waivers, today=lambda: today)


def reported(pack: Analyzer, case: Case | None = None) -> list[str]:
    return [d.policyName for d in pack.Analyze(request(RULE, case or Case({"keyName": "ops"})), None).diagnostics]


def reported_for_the_stack(pack: Analyzer, stack: str = "prod") -> list[str]:
    return [d.policyName for d in pack.AnalyzeStack(stack_request({}, stack), None).diagnostics]


def test_a_waived_finding_is_shown_as_waived_with_reason_owner_and_end(tmp_path: Path) -> None:
    (note,) = pack(tmp_path).Analyze(request(RULE, Case({"keyName": "ops"})), None).diagnostics
    assert note.policyName == APPLIED.id
    assert note.enforcementLevel == 0, "a waived finding stops nothing"
    for shown in ("node-no-ssh", "Debugging of the node image", "team:platform", "2026-12-01"):
        assert shown in note.message, "a waiver stays visible for as long as it is used"


def test_a_waiver_covers_its_last_day_and_not_the_next(tmp_path: Path) -> None:
    last = GOOD["expires"]
    assert reported(pack(tmp_path, today=last)) == [APPLIED.id]
    assert reported(pack(tmp_path, today=last + timedelta(days=1))) == [RULE.id], "an expired waiver covers nothing"


def test_an_expired_waiver_is_a_finding_even_when_nothing_needs_it(tmp_path: Path) -> None:
    expired = pack(tmp_path, today=GOOD["expires"] + timedelta(days=1))
    assert reported_for_the_stack(expired) == [EXPIRED.id]
    assert EXPIRED.level == "mandatory"


@pytest.mark.parametrize(
    "other",
    [
        {"urn": "urn:pulumi:prod::ml-platform::*::other"},
        {"urn": "urn:pulumi:dev::ml-platform::*::it"},
        {"urn": "urn:pulumi:prod::ml-platform::aws:eks/*::it"},
        {"rule": "node-imdsv2"},
    ],
)
def test_a_waiver_covers_one_rule_in_one_stack_at_the_resources_it_names(tmp_path: Path, other: dict) -> None:
    assert reported(pack(tmp_path, **other)) == [RULE.id]


def test_a_waiver_that_nothing_needed_is_reported(tmp_path: Path) -> None:
    analyzer = pack(tmp_path)
    reported(analyzer, Case({}))
    assert reported_for_the_stack(analyzer) == [UNUSED.id]


def test_a_waiver_that_was_needed_is_not_reported_as_unused(tmp_path: Path) -> None:
    analyzer = pack(tmp_path)
    reported(analyzer)
    assert reported_for_the_stack(analyzer) == []


def test_a_waiver_that_covers_many_resources_is_a_finding_that_counts_them(tmp_path: Path) -> None:
    def told(count: int) -> list[Any]:
        analyzer = pack(tmp_path, urn="urn:pulumi:prod::ml-platform::*aws:ec2/launchTemplate:LaunchTemplate::node-*")
        given = request(RULE, Case({"keyName": "ops"}))
        for number in [*range(count), *range(count)]:
            given.urn = f"urn:pulumi:prod::ml-platform::aws:ec2/launchTemplate:LaunchTemplate::node-{number}"
            analyzer.Analyze(given, None)
        return list(analyzer.AnalyzeStack(stack_request({}), None).diagnostics)

    assert told(MOST_RESOURCES) == []
    (broad,) = told(MOST_RESOURCES + 1)
    assert broad.policyName == BROAD.id
    assert BROAD.level == "mandatory"
    assert f"{MOST_RESOURCES + 1} resources" in broad.message


def test_a_waiver_for_another_stack_is_not_reported(tmp_path: Path) -> None:
    assert reported_for_the_stack(pack(tmp_path, urn="urn:pulumi:dev::ml-platform::*::it")) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rule": "node-no-shh"}, 'there is no rule "node-no-shh" (did you mean "node-no-ssh"?)'),
        ({"urn": "it"}, "is not a URN in one stack"),
        ({"urn": "urn:pulumi:*::ml-platform::*::it"}, "is not a URN in one stack"),
        *(
            ({"urn": f"urn:pulumi:prod::ml-platform::{kind}::{name}"}, "covers the whole stack")
            for kind, name in (("*", "*"), ("?*", "?*"), ("[a-z]*", "*"), ("aws:*", "*"), ("*:*", "*a*"))
        ),
        *(
            ({"urn": f"urn:pulumi:prod::ml-platform::{kind}::{name}"}, "covers the whole stack")
            for kind, name in (
                *(("*:*/*:*", "*"), ("aws:*:*", "*"), ("*", "node-*"), ("aws:ec2/*", "node-*"), ("*:Secret", "*")),
                *(("aws:ec2/vpc:Vp*", "*"), ("kubernetes:core/v1:[A-Z]*", "*"), ("*", "node[0-9]")),
            )
        ),
        ({"owner": "alex"}, "may be a person"),
        ({"expires": "soon"}, "expires is not a date"),
        ({"expires": TODAY + timedelta(days=LONGEST_DAYS + 2)}, f"more than {LONGEST_DAYS} days ahead"),
        ({"reason": ""}, "reason is missing"),
        ({"reason": "TODO"}, 'reason "TODO" tells nobody why'),
        ({"reason": "x"}, 'reason "x" tells nobody why'),
        ({"reason": "2026-11-30 12"}, "tells nobody why"),
        ({"expire": TODAY}, 'there is no key "expire" (did you mean "expires"?)'),
    ],
)
def test_a_waiver_with_a_mistake_is_refused(tmp_path: Path, changes: dict, expected: str) -> None:
    with pytest.raises(WaiverError) as refusal:
        load(write(tmp_path, {**GOOD, **changes}), ALL, TODAY)
    assert expected in str(refusal.value)
    assert "waiver 1" in str(refusal.value), "the message must name the entry"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("*", "it"),
        ("*", "nodes[[]0]"),
        ("aws:ec2/*", "it"),
        ("aws:ec2/launchTemplate:LaunchTemplate", "*"),
        ("*aws:ec2/launchTemplate:LaunchTemplate", "*"),
        ("ml:compute:Pools$aws:ec2/launchTemplate:LaunchTemplate", "*"),
        ("aws:*:LaunchTemplate", "*"),
        ("kubernetes:core/v1:Secret", "team-*"),
        ("pulumi:providers:aws", "*"),
    ],
)
def test_a_waiver_names_a_kind_or_a_resource(tmp_path: Path, kind: str, name: str) -> None:
    (waiver,) = load(write(tmp_path, {**GOOD, "urn": f"urn:pulumi:prod::ml-platform::{kind}::{name}"}), ALL, TODAY)
    assert waiver.stack == "prod"


def test_the_day_is_that_of_utc_and_is_read_once_in_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class East(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime(2026, 11, 1, 23, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr("policies.waivers.datetime", East)
    assert today() == TODAY
    there = TODAY + timedelta(days=1 + LONGEST_DAYS)  # 90 days after what the writer's calendar says east of London
    waivers = load(write(tmp_path, {**GOOD, "expires": there}, GOOD), ALL, today())
    assert [each.expires for each in waivers] == [there, GOOD["expires"]]
    days = iter((GOOD["expires"], GOOD["expires"] + timedelta(days=1)))
    over_midnight = Analyzer({RULE.id: RULE}, waivers[1:], today=lambda: next(days))
    assert [reported(over_midnight) for _ in range(2)] == [[APPLIED.id]] * 2, "an update is not refused half-way"


def test_all_mistakes_in_the_file_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(WaiverError) as refusal:
        load(write(tmp_path, {**GOOD, "owner": "alex"}, "nonsense", {**GOOD, "rule": "x"}), ALL, TODAY)
    assert [line.split(":")[0] for line in str(refusal.value).splitlines()] == [
        "waivers.yaml, waiver 1",
        "waivers.yaml, waiver 2",
        "waivers.yaml, waiver 3",
    ]


def pasted(folder: Path, message: str, **changes: str) -> Path:
    """Returns a file with the entry of a message, as a preview breaks its line, with words in it exchanged."""
    entry = message.partition("Waive: ")[2]
    path = folder / "waivers.yaml"
    path.write_text("\n".join(wrapped(reduce(lambda text, change: text.replace(*change), changes.items(), entry), "")))
    return path


def test_the_waiver_of_a_message_is_refused_as_long_as_nobody_has_written_owner_and_reason(tmp_path: Path) -> None:
    (finding,) = Analyzer({RULE.id: RULE}, today=lambda: TODAY).Analyze(SSH, None).diagnostics
    with pytest.raises(WaiverError) as refusal:
        load(pasted(tmp_path, finding.message), ALL, TODAY)
    assert [line.partition(". ")[0] for line in str(refusal.value).splitlines()] == [
        "waivers.yaml, waiver 1: reason is still the placeholder <why>",
        "waivers.yaml, waiver 1: owner is still the placeholder team:<yours>",
    ]


@pytest.mark.parametrize("name", ["it", "nodes[0]", "a?*", "system:x", "a::b", ":c"])
def test_with_owner_and_reason_the_waiver_of_a_message_covers_that_finding_alone(tmp_path: Path, name: str) -> None:
    asked = request(RULE, Case({"keyName": "ops"}))
    asked.urn = asked.urn.replace("::it", f"::{name}")
    (finding,) = Analyzer({RULE.id: RULE}, today=lambda: TODAY).Analyze(asked, None).diagnostics
    path = pasted(tmp_path, finding.message, **{"<yours>": "platform", "<why>": "until the new image is out"})
    (waiver,) = load(path, ALL, TODAY)
    assert waiver.covers(RULE.id, asked.urn)
    assert not waiver.covers(RULE.id, f"{asked.urn}-2")
    assert waiver.expires == TODAY + timedelta(days=LONGEST_DAYS)


@pytest.mark.parametrize("text", ["{", "rule: x", "", "[]\n- rule: x"])
def test_a_file_that_is_not_a_list_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "waivers.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WaiverError, match=r"waivers\.yaml"):
        load(path, ALL, TODAY)


def test_the_file_in_this_repository_has_no_mistakes() -> None:
    assert isinstance(load(WAIVERS, ALL, today()), tuple)


def test_the_waiver_of_the_guide_lets_a_cluster_policy_pass_and_no_other(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/isolation/who-reaches-whom.md").read_text()
    (block,) = re.findall(r'```yaml title="policies/waivers.yaml"\n(.*?)```', guide, re.DOTALL)
    waivers = load(write(tmp_path, *yaml.safe_load(block)), ALL, TODAY)
    rule = ALL["net-cluster-policies"]
    kind = "kubernetes:networking.k8s.aws/v1alpha1:ClusterNetworkPolicy"
    deny = {"spec": {"subject": {"namespaces": {}}, "egress": [{"action": "Deny", "to": [{"namespaces": {}}]}]}}
    stack = stack_request({"no-metadata": Sample(kind, deny), "another": Sample(kind, deny)})
    diagnostics = Analyzer({rule.id: rule}, waivers, today=lambda: TODAY).AnalyzeStack(stack, None).diagnostics
    assert [(d.policyName, d.urn.rpartition("::")[2]) for d in diagnostics] == [
        (APPLIED.id, "no-metadata"),
        (rule.id, "another"),
    ]


@pytest.mark.parametrize("name", ['a "quoted" one', "a: b, {c} #d", "yes\x1b", "back\\slash"])
def test_the_entry_to_paste_is_yaml_whatever_the_resource_is_called(name: str) -> None:
    urn = f"urn:pulumi:prod::shop::aws:sqs/queue:Queue::{name}"
    (entry,) = yaml.safe_load(entry_for("sqs-encrypted", urn, TODAY))
    assert entry == {
        "rule": "sqs-encrypted",
        "urn": urn,
        "owner": "team:<yours>",
        "reason": "<why>",
        "expires": TODAY + timedelta(days=LONGEST_DAYS),
    }
