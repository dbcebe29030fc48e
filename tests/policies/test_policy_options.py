"""Options of a stack and of the pack's configuration, and what no configuration loosens in production."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import analyzer_pb2 as wire

from common.wire import to_struct
from policies.analyzer import EXPIRED, IN_PRODUCTION, Analyzer
from policies.held import advisory
from policies.options import strictest
from policies.pack import PRODUCTION, build
from policies.production import ONLY_SHOWS, Production, ProductionError, load
from policies.rule import Case, Option, Rule, StackCase, StackRule
from policies.waivers import Waiver
from tests.policies.policy_harness import ALL, TODAY, check_resource, check_stack, stack_request, urn
from tests.policies.test_policy_analyzer import RELAXED, VPC, RefusedError, configure, probe
from tests.policies.test_policy_analyzer import Context as Engine

ACCOUNT, OTHER = "111122223333", "444455556666"


def shows(resource: Any, **options: Any) -> list[tuple[str, str]]:
    return [("cidrBlock", json.dumps(options, sort_keys=True))]


OPTIONS = {
    "most": Option("Most.", 10, {"dev": 5}, stricter="less"),
    "allowed": Option("Allowed.", ["a"], stricter="fewer"),
    "keys": Option("Keys.", ["a"]),
}
CRITICAL = probe(check=shows, options=OPTIONS, severity="critical", dev="disabled")


def pack(rule: Rule = CRITICAL, production: Production | None = None, only_shows: bool = False) -> Analyzer:
    return Analyzer({rule.id: rule}, (), lambda: TODAY, production, only_shows)


def settle(pack: Analyzer, stack: str, policies: Any = None, **config: str) -> None:
    """Tells the pack its stack, as the engine does."""
    settings = {f"ml-platform:{key}": value for key, value in config.items()}
    if policies is not None:
        settings["ml-platform:policies"] = policies if isinstance(policies, str) else json.dumps(policies)
    pack.ConfigureStack(wire.AnalyzerStackConfigureRequest(stack=stack, config=settings), Engine())


def findings(pack: Analyzer, stack: str, **provider: Any) -> list[wire.AnalyzeDiagnostic]:
    its = wire.AnalyzerProviderResource(type="pulumi:providers:aws", properties=to_struct(provider))
    request = wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack=stack), properties=to_struct({}), provider=its)
    return [each for each in pack.Analyze(request, None).diagnostics if each.policyName != IN_PRODUCTION.id]


def notices(pack: Analyzer, stack: str) -> list[str]:
    """First lines of what the pack itself says of production in a preview of two resources."""
    one = wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack=stack), properties=to_struct({}))
    answers = (*(pack.Analyze(one, None) for _ in "ab"), pack.AnalyzeStack(stack_request({}, stack), None))
    found = [each for answer in answers for each in answer.diagnostics]
    return [each.message.split("\n")[0] for each in found if each.policyName == IN_PRODUCTION.id]


def in_force(pack: Analyzer, stack: str) -> dict[str, Any]:
    """The options that the rule got."""
    (found,) = findings(pack, stack)
    values: dict[str, Any] = json.loads(found.message.split("\n")[0].removeprefix("cidrBlock ").removesuffix("."))
    return values


# Which way is stricter


def cases(rule: Rule | StackRule) -> Iterator[Case | StackCase]:
    for case in (*rule.good.values(), *rule.bad.values()):
        yield case if isinstance(case, Case | StackCase) else Case(case)


def fails(rule: Rule | StackRule, case: Case | StackCase, options: Mapping[str, Any]) -> bool:
    from dataclasses import replace

    again: Any = replace(case, options=options)
    return bool(check_resource(rule, again) if isinstance(rule, Rule) else check_stack(rule, again))


def other_values(rule: Rule | StackRule, name: str) -> list[Any]:
    option = rule.options[name]
    used = [case.options[name] for case in cases(rule) if name in case.options]
    some = [option.default, *option.by_environment.values(), *used]
    if isinstance(option.default, bool):
        return [True, False]
    if isinstance(option.default, int | float):
        return [*some, 0, 10**6]
    return [*some, [], option.default[:1]] if isinstance(option.default, list) else some


DIRECTED = [
    (rule.id, name) for rule in ALL.values() for name, option in rule.options.items() if option.stricter is not None
]


@pytest.mark.parametrize(("rule_id", "name"), DIRECTED)
def test_what_a_looser_value_refuses_a_stricter_one_refuses_too(rule_id: str, name: str) -> None:
    rule = ALL[rule_id]
    option, values = rule.options[name], other_values(rule, name)
    for case in cases(rule):
        refused = [value for value in values if fails(rule, case, {**case.options, name: value})]
        for value in refused:
            for other in values:
                both = strictest(option, value, other)
                assert fails(rule, case, {**case.options, name: both}), (case, value, other)


LISTS = st.lists(st.sampled_from("abcd"), unique=True)


@given(LISTS, LISTS)
def test_the_strictest_of_two_lists_is_what_both_allow_or_what_either_demands(one: list[str], other: list[str]) -> None:
    assert set(strictest(Option("", [], stricter="fewer"), one, other)) == set(one) & set(other)
    assert set(strictest(Option("", [], stricter="more"), one, other)) == set(one) | set(other)


@given(st.integers(0, 9), st.integers(0, 9))
def test_the_strictest_of_two_numbers_is_the_lower_or_the_higher(one: int, other: int) -> None:
    assert strictest(Option("", 1, stricter="less"), one, other) == min(one, other)
    assert strictest(Option("", 1, stricter="more"), one, other) == max(one, other)


def test_of_two_words_the_strict_one_counts() -> None:
    public = ALL["eks-endpoint-private"].options["public"]
    assert {strictest(public, *pair) for pair in (("refused", "allowed"), ("allowed", "refused"))} == {"refused"}
    assert strictest(public, "allowed", "allowed") == "allowed"
    digest = ALL["img-pinned"].options["digest"]
    assert [strictest(digest, *pair) for pair in ((True, False), (False, True), (False, False))] == [True, True, False]


# Where options come from


def test_a_stack_sets_options_and_the_defaults_of_its_environment_remain() -> None:
    it = pack(probe(check=shows, options=OPTIONS))
    settle(it, "dev", {"probe": {"allowed": ["b", "c"]}})
    assert in_force(it, "dev") == {"most": 5, "allowed": ["b", "c"], "keys": ["a"]}


def test_of_the_stacks_value_and_the_packs_the_stricter_one_applies() -> None:
    it = pack(probe(check=shows, options=OPTIONS))
    settle(it, "dev", {"probe": {"most": 3, "allowed": ["b", "c"], "keys": ["z"]}})
    configure(it, probe={"most": 4, "allowed": ["c", "d"], "keys": ["y"]})
    assert in_force(it, "dev") == {"most": 3, "allowed": ["c"], "keys": ["y"]}, "keys have no stricter side"


@pytest.mark.parametrize(
    ("policies", "end"),
    [
        ({"prob": {}}, "is no rule of the policy pack. Did you mean probe?"),
        ({"probe": {"mots": 1}}, "is no option of probe. Did you mean most? Its options: most, allowed, keys."),
        ({"probe": "disabled"}, "with owner, reason and last day."),
        ("[", "is no map of rules. Write for example cost-monthly-cap: {usd: 30000}."),
        ([], "is no map of rules. Write for example cost-monthly-cap: {usd: 30000}."),
    ],
)
def test_wrong_options_of_a_stack_are_refused_also_where_another_program_has_them(policies: Any, end: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        settle(pack(), "dev", policies)
    assert str(refusal.value).endswith(end)


# Production

LISTED = Production(frozenset({ACCOUNT}), frozenset({"acme-eu"}), {"probe": {"most": 8, "allowed": ["a", "b"]}})


@pytest.mark.parametrize(
    ("stack", "config"),
    [
        ("eu-prod", {}),
        ("acme-eu", {}),
        ("dev", {"account_id": ACCOUNT}),
        ("dev", {"deployer": json.dumps({"role_arn": f"arn:aws:iam::{ACCOUNT}:role/deployer"})}),
    ],
    ids=["by name", "listed", "by account", "by deployer"],
)
def test_no_configuration_lowers_a_critical_rule_in_production(stack: str, config: dict[str, str]) -> None:
    for level in ("advisory", "disabled"):
        it = pack(production=LISTED)
        settle(it, stack, environment="dev", **config)
        with pytest.raises(RefusedError, match=r"probe is critical, and stack .* is production .*waivers\.yaml"):
            configure(it, probe={"enforcementLevel": level})
        configure(it)
        assert [each.enforcementLevel for each in findings(it, stack)] == [wire.MANDATORY]


def test_a_rule_that_is_not_critical_may_be_lowered_in_production_and_a_critical_one_elsewhere() -> None:
    it = pack(probe())
    settle(it, "prod")
    configure(it, probe={"enforcementLevel": "advisory"})
    assert [each.enforcementLevel for each in findings(it, "prod")] == [wire.ADVISORY]
    it = pack(production=LISTED)
    settle(it, "staging", account_id=OTHER)
    configure(it, probe={"enforcementLevel": "advisory"})
    assert [each.enforcementLevel for each in findings(it, "staging")] == [wire.ADVISORY]


def test_a_level_that_was_set_before_the_stack_was_known_does_not_count_in_production() -> None:
    it = pack()
    configure(it, probe={"enforcementLevel": "disabled"})
    assert [each.enforcementLevel for each in findings(it, "prod")] == [wire.MANDATORY]


def test_an_option_looser_than_the_floor_is_refused_in_production_alone() -> None:
    loose = {"probe": {"most": 9, "allowed": ["a", "c"], "keys": ["z"]}}
    with pytest.raises(RefusedError) as refusal:
        settle(pack(production=LISTED), "prod", loose)
    assert "probe.most is 9, and stack prod is production (its name says so)" in str(refusal.value)
    assert 'no looser than ["a", "b"]. Write that; or a waiver in policies/waivers.yaml' in str(refusal.value)
    assert "probe.keys" not in str(refusal.value)
    it = pack(production=LISTED)
    settle(it, "prod")
    with pytest.raises(RefusedError, match=r"probe\.most is 9.*no looser than 8"):
        configure(it, probe={"most": 9})
    it = pack(probe(check=shows, options=OPTIONS), LISTED)
    settle(it, "dev", loose)
    assert in_force(it, "dev")["most"] == 9


def test_a_floor_stands_in_for_the_default_in_production_alone() -> None:
    for allowed, stack in ((["b", "c"], "prod"), (["a"], "staging")):
        it = pack(production=Production(floors={"probe": {"most": 12, "allowed": ["b", "c"]}}))
        settle(it, stack)
        assert (in_force(it, stack)["allowed"], in_force(it, stack)["most"]) == (allowed, 12 if stack == "prod" else 10)


def test_a_provider_shows_its_account_before_any_resource_of_it() -> None:
    it = pack(probe(**RELAXED), LISTED)
    settle(it, "dev", environment="dev")
    kind, inputs = "pulumi:providers:aws", to_struct({"allowedAccountIds": json.dumps([ACCOUNT])})
    it.Analyze(wire.AnalyzeRequest(type=kind, urn=urn(kind, stack="dev"), properties=inputs), None)
    assert [each.enforcementLevel for each in findings(it, "dev")] == [wire.MANDATORY]


def test_a_stack_file_of_production_loosens_no_option_of_a_critical_rule_unless_the_file_has_a_floor() -> None:
    with pytest.raises(RefusedError) as refusal:
        settle(pack(), "Prod2", {"probe": {"most": 11, "allowed": ["a"], "keys": ["z"]}}, environment="dev")
    assert "probe.most is 11, and stack Prod2 is production (its name says so)" in str(refusal.value)
    assert "no looser than 10. Write that; or a waiver in policies/waivers.yaml" in str(refusal.value)
    assert str(refusal.value).endswith('as floors in policies/production.yaml probe: {"most": 11}.')
    assert "allowed" not in str(refusal.value)
    it = pack(production=Production(floors={"probe": {"most": 12}}))
    settle(it, "prod", {"probe": {"most": 11}})
    assert in_force(it, "prod")["most"] == 11
    it = pack(probe(check=shows, options=OPTIONS, severity="high"))
    settle(it, "prod", {"probe": {"most": 11}})
    assert in_force(it, "prod")["most"] == 11, "a rule that is not critical"
    it = pack()
    settle(it, "prod")
    configure(it, probe={"most": 11})
    assert in_force(it, "prod")["most"] == 11, "no file of the change, as that of policies.held"


def test_what_a_stack_file_loosens_counts_no_more_once_the_stack_turns_out_to_be_production() -> None:
    it = pack(probe(check=shows, options=OPTIONS, severity="critical"), Production(frozenset({ACCOUNT})))
    settle(it, "dev", {"probe": {"most": 11, "allowed": ["a", "c"]}}, environment="dev")
    assert in_force(it, "dev")["most"] == 11
    (found,) = findings(it, "dev", allowedAccountIds=json.dumps([ACCOUNT]))
    assert '"allowed": ["a"], "keys": ["a"], "most": 10' in found.message


@pytest.mark.parametrize(
    ("names", "is_production"),
    [
        ("prod PROD Prod prod1 prod2 2prod prd eu-PRD1 live Live-2 eu_prod.1 production pre-eu-prod", True),
        ("product products preprod nonprod pre-prod non_prod not-prod alive delivery main dev staging", False),
    ],
)
def test_the_name_of_a_stack_tells_whether_it_is_production(names: str, is_production: bool) -> None:
    assert [name for name in names.split() if bool(Production().why(name)) is not is_production] == []


@given(st.integers(0, 20), LISTS)
def test_no_value_in_force_in_production_is_looser_than_its_floor(most: int, allowed: list[str]) -> None:
    it = pack(production=LISTED)
    it.configure_stack("prod", {"ml-platform:policies": json.dumps({"probe": {"most": most, "allowed": allowed}})})
    found = in_force(it, "prod")
    assert found["most"] <= 8
    assert set(found["allowed"]) <= {"a", "b"}


@pytest.mark.parametrize(
    "provider",
    [
        {"allowedAccountIds": json.dumps([ACCOUNT])},
        {"assumeRoles": json.dumps([{"roleArn": f"arn:aws:iam::{ACCOUNT}:role/deployer"}])},
    ],
)
def test_a_stack_that_builds_in_an_account_of_production_is_judged_as_prod_and_told_so(provider: Any) -> None:
    it = pack(probe(**RELAXED), LISTED)
    settle(it, "dev", environment="dev")
    assert findings(it, "dev") == [], "nothing shows its account yet"
    assert [each.enforcementLevel for each in findings(it, "dev", **provider)] == [wire.MANDATORY]
    assert [each.enforcementLevel for each in findings(it, "dev")] == [wire.MANDATORY], "from then on"
    it.AnalyzeStack(stack_request({}, "dev"), None)
    assert notices(it, "dev") == [
        "Stack dev is judged as prod (policies/production.yaml lists its account 111122223333), but says dev."
    ], "the update tells it again after its preview"


def test_what_is_production_is_told_before_its_rules_refuse_the_first_resource() -> None:
    it = pack(probe(**RELAXED), LISTED)
    settle(it, "prod", environment="dev")
    one = wire.AnalyzeRequest(type=VPC, urn=urn(VPC, stack="prod"), properties=to_struct({}))
    assert [each.policyName for each in it.Analyze(one, None).diagnostics] == [IN_PRODUCTION.id, "probe"]


@pytest.mark.parametrize(
    ("stack", "config", "says"),
    [
        ("eu-prod", {"environment": "dev"}, ["Stack eu-prod is judged as prod (its name says so), but says dev."]),
        ("acme-eu", {"environment": "staging"}, ["(policies/production.yaml lists it), but says staging."]),
        ("eu-prod", {"environment": "prod"}, []),
        ("eu-prod", {}, []),
        ("dev", {"environment": "prod", "account_id": ACCOUNT}, []),
        ("dev", {"environment": "dev", "account_id": OTHER}, []),
    ],
)
def test_what_is_production_and_says_something_else_is_told(stack: str, config: Any, says: list[str]) -> None:
    it = pack(probe(**RELAXED), LISTED)
    settle(it, stack, **config)
    found = notices(it, stack)
    assert len(found) == len(says)
    assert all(end in each for each, end in zip(found, says, strict=True))


def test_another_account_is_no_production() -> None:
    it = pack(probe(**RELAXED), LISTED)
    settle(it, "dev", environment="dev", account_id=OTHER)
    assert findings(it, "dev", allowedAccountIds=json.dumps([OTHER, f"{ACCOUNT}9"])) == []


def test_a_preview_that_only_shows_is_stopped_by_no_notice_either() -> None:
    ended = Waiver("probe", "urn:pulumi:prod::p::t::n", "why", "team:a", TODAY - timedelta(days=1))
    for only_shows, level in ((False, wire.MANDATORY), (True, wire.ADVISORY)):
        it = Analyzer({}, (ended,), lambda: TODAY, only_shows=only_shows)
        (found,) = it.AnalyzeStack(stack_request({}, "prod"), None).diagnostics
        assert (found.policyName, found.enforcementLevel) == (EXPIRED.id, level)
    assert EXPIRED.id in advisory("prod"), "who reads the configuration knows that it would have stopped the preview"


def test_a_preview_that_only_shows_takes_each_level_and_its_options_from_the_configuration() -> None:
    it = pack(production=LISTED, only_shows=True)
    settle(it, "prod", {"probe": {"most": 1}})
    configure(it, probe={"enforcementLevel": "advisory", "most": 7})
    assert [each.enforcementLevel for each in findings(it, "prod")] == [wire.ADVISORY]
    assert in_force(it, "prod")["most"] == 7, "those of the change are not those of its base"


@pytest.mark.parametrize(("environment", "most"), [("dev", 5), ("prod", 10)])
def test_options_change_when_the_stack_turns_out_to_be_production_and_when_it_is_configured_again(
    environment: str, most: int
) -> None:
    it = pack(probe(check=shows, options=OPTIONS), LISTED)
    settle(it, "dev", environment=environment)
    assert in_force(it, "dev")["most"] == most
    assert [
        each for each in findings(it, "dev", allowedAccountIds=json.dumps([ACCOUNT])) if '"most": 8' in each.message
    ]
    settle(it, "dev", {"probe": {"most": 3}})
    assert in_force(it, "dev")["most"] == 3


@pytest.mark.parametrize(("value", "refused"), [("true", False), ("", True), (None, True)])
def test_the_pack_of_this_folder_has_its_file_and_only_the_environment_lets_it_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, refused: bool
) -> None:
    path = tmp_path / "production.yaml"
    path.write_text("{accounts: [], stacks: [acme], floors: {}}", encoding="utf-8")
    monkeypatch.setattr("policies.pack.PRODUCTION", path)
    monkeypatch.delenv(ONLY_SHOWS, raising=False)
    if value is not None:
        monkeypatch.setenv(ONLY_SHOWS, value)
    it = build()
    settle(it, "acme")
    if refused:
        with pytest.raises(RefusedError, match=r"policies/production\.yaml lists it"):
            configure(it, **{"cost-max-gpus": {"enforcementLevel": "advisory"}})
    else:
        configure(it, **{"cost-max-gpus": {"enforcementLevel": "advisory"}})


# The file


def written(tmp_path: Path, content: Any) -> Production:
    path = tmp_path / "production.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return load(path, {"probe": CRITICAL})


def test_the_file_of_this_project_and_its_example_are_right(tmp_path: Path) -> None:
    assert load(PRODUCTION, ALL) == Production()
    text = PRODUCTION.read_text(encoding="utf-8")
    example = yaml.safe_load("\n".join(line[2:] for line in text.split("#\n")[1].splitlines() if line.startswith("# ")))
    path = tmp_path / "production.yaml"
    path.write_text(yaml.safe_dump(example), encoding="utf-8")
    assert load(path, ALL).why("acme-eu") == "policies/production.yaml lists it"


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({"account": []}, '(did you mean "accounts"?). The keys are accounts, stacks, floors.'),
        ({"stacks": None}, "stacks: is missing or no list. Write [] for none."),
        ({"floors": []}, "floors: is missing or no map. Write {} for none."),
        ({"accounts": [111122223333]}, 'Write it in quotes, such as "123456789012".'),
        ({"accounts": ["1111"]}, 'Write it in quotes, such as "123456789012".'),
        ({"accounts": [ACCOUNT, ACCOUNT]}, "is there more than once. Keep one."),
        ({"stacks": ["a b"]}, 'Write it in quotes, such as "acme-eu".'),
        ({"floors": {"prob": {}}}, "floors.prob: is no rule of the policy pack. Did you mean probe?"),
        ({"floors": {"probe": {"most": "8"}}}, "Correct it, or drop it for its default."),
        ({"floors": {"probe": {1: 8}}}, "Its options: most, allowed, keys."),
        ({"floors": {"probe": {"keys": ["a"]}}}, "nobody can say which of its values is stricter. Drop it."),
    ],
)
def test_a_mistake_in_the_file_stops_the_pack_and_says_what_to_write(tmp_path: Path, change: Any, end: str) -> None:
    right = {"accounts": [ACCOUNT], "stacks": ["acme-eu"], "floors": {"probe": {"most": 8}}}
    assert written(tmp_path, right) == Production(frozenset({ACCOUNT}), frozenset({"acme-eu"}), {"probe": {"most": 8}})
    with pytest.raises(ProductionError) as error:
        written(tmp_path, {**right, **change})
    assert str(error.value).endswith(end)
    with pytest.raises(ProductionError, match=r"(?s)account: .*\n.*stacks: ") as both:
        written(tmp_path, {"account": [], "accounts": [], "floors": {}})
    assert len(str(both.value).splitlines()) == 2, "all mistakes at once"


@pytest.mark.parametrize("text", ["[]", "a: ["])
def test_a_file_that_is_no_map_stops_the_pack(tmp_path: Path, text: str) -> None:
    with pytest.raises(ProductionError, match=r"^production\.yaml "):
        written(tmp_path, text)
