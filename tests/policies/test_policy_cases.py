"""Every case in every rule's record, through the pack as the engine asks it."""

import inspect
from dataclasses import replace

import pytest

from policies.registry import modules
from policies.rule import Case, Rule, StackCase, StackRule
from tests.policies.policy_harness import ALL, RESOURCE_RULES, STACK_RULES, ask, ask_stack, good_cases, urn

GOOD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in RESOURCE_RULES for n, c in good_cases(r)]
BAD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in RESOURCE_RULES for n, c in r.bad.items()]
STACK_GOOD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in STACK_RULES for n, c in r.good.items()]
STACK_BAD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in STACK_RULES for n, c in r.bad.items()]


@pytest.mark.parametrize(("rule", "case"), GOOD)
def test_a_good_resource_passes_without_a_word(rule: Rule, case: Case) -> None:
    assert [d.message for d in ask(rule, case)] == [], "a rule that cries wolf gets waived, and then misses the wolf"


@pytest.mark.parametrize(("rule", "case"), BAD)
def test_a_bad_resource_is_named_with_the_path_that_is_wrong(rule: Rule, case: Case) -> None:
    found = ask(rule, case)
    assert {d.policyName for d in found} == {rule.id}, "the rule did not find what it was written for"
    assert case.at in {d.message.split(" ", 1)[0] for d in found} | {d.message[: len(case.at)] for d in found}, (
        f"somebody who reads {found[0].message!r} would look in the wrong place"
    )


@pytest.mark.parametrize(("rule", "case"), STACK_GOOD)
def test_a_good_stack_passes_without_a_word(rule: StackRule, case: StackCase) -> None:
    assert [d.message for d in ask_stack(rule, case)] == [], "a rule that cries wolf gets waived"


@pytest.mark.parametrize(("rule", "case"), STACK_BAD)
def test_a_bad_stack_is_named_with_resource_and_path(rule: StackRule, case: StackCase) -> None:
    found = ask_stack(rule, case)
    assert case.at, "a bad case says which resource and path the finding has to name"
    name, path = case.at
    expected = urn(case.resources[name].type, name, case.environment)
    assert {d.policyName for d in found} == {rule.id}, "the rule did not find what it was written for"
    assert any(d.urn == expected and d.message.startswith(path) for d in found), [(d.urn, d.message) for d in found]


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_a_rule_has_cases_for_both_sides_and_says_what_silence_means(rule: Rule | StackRule) -> None:
    assert rule.good, "nothing shows what passes"
    assert rule.bad, "nothing shows what fails"
    silent = [
        name
        for name, case in (*rule.good.items(), *rule.bad.items())
        if "nothing said" in name or (isinstance(case, Case) and not case.props) or case == {}
    ]
    assert silent, "the commonest mistake is to say nothing, so one case shows what that means"
    assert all(case.at for case in rule.bad.values()), "a bad case without a path tests half of the message"


def _kinds(rule: Rule | StackRule) -> set[str]:
    """The types that the rule's own cases are of."""
    seen: set[str] = set()
    for case in (*rule.good.values(), *rule.bad.values()):
        if isinstance(case, StackCase):
            seen |= {sample.type for sample in case.resources.values()}
        else:
            seen.add((case.type if isinstance(case, Case) else "") or rule.types[0])
    return seen


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
def test_a_type_without_a_case_of_its_own_is_judged_like_the_first(rule: Rule) -> None:
    bad = next(iter(rule.bad.values()))
    for kind in set(rule.types) - _kinds(rule):
        if not kind.endswith("*"):
            found = ask(rule, replace(bad, type=kind))
            assert found, f"{kind} stands in applies_to, but nothing that is wrong with it is ever found"


@pytest.mark.parametrize("rule", STACK_RULES, ids=lambda rule: rule.id)
def test_each_type_that_a_stack_rule_names_is_in_a_case(rule: StackRule) -> None:
    untried = [kind for kind in set(rule.types) - _kinds(rule) if not kind.endswith(("V2", "*"))]
    assert untried == [], "a relation that no case has was never looked at"


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_a_rule_asks_for_exactly_the_options_that_it_declares(rule: Rule | StackRule) -> None:
    asked = {p.name for p in inspect.signature(rule.check).parameters.values() if p.kind is p.KEYWORD_ONLY}
    assert asked == set(rule.options), "an option that nothing reads is a setting that does nothing"


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_a_rule_says_why_and_how_to_mend_it(rule: Rule | StackRule) -> None:
    for sentence in (rule.why, rule.fix):
        assert sentence.endswith("."), "the two lines are read as sentences in the middle of a preview"
        assert len(sentence) < 160, "a preview is no place for an essay"


def test_every_module_among_the_rules_is_a_rule() -> None:
    assert set(ALL) == set(modules()), "a rule that the pack does not load protects nothing"
    assert len(ALL) > 30, "the rules were not found at all"
