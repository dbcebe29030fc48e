"""Every case of every rule, sent through the pack like a request of the engine."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from common.values import UNKNOWN
from policies.held import held
from policies.registry import modules
from policies.rule import Case, Rule, StackCase, StackRule
from policies.views import show
from tests.policies.policy_harness import (
    ALL,
    RESOURCE_RULES,
    STACK_RULES,
    check_resource,
    check_stack,
    found_at,
    good_cases,
    urn,
)

GOOD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in RESOURCE_RULES for n, c in good_cases(r)]
BAD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in RESOURCE_RULES for n, c in r.bad.items()]
STACK_GOOD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in STACK_RULES for n, c in r.good.items()]
STACK_BAD = [pytest.param(r, c, id=f"{r.id}: {n}") for r in STACK_RULES for n, c in r.bad.items()]


@pytest.mark.parametrize(("rule", "case"), GOOD)
def test_a_good_resource_has_no_findings(rule: Rule, case: Case) -> None:
    assert [d.message for d in check_resource(rule, case)] == [], (
        "a rule with false alarms gets waived, and then misses real ones"
    )


@pytest.mark.parametrize(("rule", "case"), BAD)
def test_a_finding_names_the_path_that_is_wrong(rule: Rule, case: Case) -> None:
    diagnostics = check_resource(rule, case)
    assert {d.policyName for d in diagnostics} == {rule.id}, "the rule did not find what it was written for"
    paths = {d.message.split(" ", 1)[0] for d in diagnostics} | {d.message[: len(case.at)] for d in diagnostics}
    assert case.at in paths, f"the message {diagnostics[0].message!r} sends its reader to the wrong place"


@pytest.mark.parametrize(("rule", "case"), STACK_GOOD)
def test_a_good_stack_has_no_findings(rule: StackRule, case: StackCase) -> None:
    assert [d.message for d in check_stack(rule, case)] == [], "a rule with false alarms gets waived"


@pytest.mark.parametrize(("rule", "case"), STACK_BAD)
def test_a_finding_about_a_stack_names_resource_and_path(rule: StackRule, case: StackCase) -> None:
    diagnostics = check_stack(rule, case)
    expected, path = found_at(case)
    assert {d.policyName for d in diagnostics} == {rule.id}, "the rule did not find what it was written for"
    assert any(d.urn == expected and d.message.startswith(path) for d in diagnostics), [
        (d.urn, d.message) for d in diagnostics
    ]


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_a_rule_has_good_and_bad_cases_and_one_where_nothing_is_set(rule: Rule | StackRule) -> None:
    assert rule.good, "nothing shows what passes"
    assert rule.bad, "nothing shows what fails"
    nothing_set = [
        name
        for name, case in (*rule.good.items(), *rule.bad.items())
        if "nothing set" in name or (isinstance(case, Case) and not case.props) or case == {}
    ]
    assert nothing_set, "the most common mistake is to set nothing, so one case shows what that means"
    assert all(case.at for case in rule.bad.values()), "a bad case without a path tests only half of the message"


def _types_of_cases(rule: Rule | StackRule) -> set[str]:
    """Returns the resource types in the rule's cases."""
    types: set[str] = set()
    for case in (*rule.good.values(), *rule.bad.values()):
        if isinstance(case, StackCase):
            types |= {sample.type for sample in case.resources.values()}
        else:
            types.add((case.type if isinstance(case, Case) else "") or rule.types[0])
    return types


@pytest.mark.parametrize("rule", RESOURCE_RULES, ids=lambda rule: rule.id)
def test_a_type_without_a_case_of_its_own_is_checked_like_the_first_type(rule: Rule) -> None:
    bad = next(iter(rule.bad.values()))
    for kind in set(rule.types) - _types_of_cases(rule):
        if not kind.endswith("*"):
            assert check_resource(rule, replace(bad, type=kind)), (
                f"{kind} is in applies_to, but the rule finds nothing wrong in it"
            )


@pytest.mark.parametrize("rule", STACK_RULES, ids=lambda rule: rule.id)
def test_each_type_that_a_stack_rule_names_is_in_a_case(rule: StackRule) -> None:
    untested = [kind for kind in set(rule.types) - _types_of_cases(rule) if not kind.endswith(("V2", "*"))]
    assert untested == [], "a relation without a case is not tested"


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_a_check_takes_exactly_the_options_that_the_rule_declares(rule: Rule | StackRule) -> None:
    parameters = {p.name for p in inspect.signature(rule.check).parameters.values() if p.kind is p.KEYWORD_ONLY}
    assert parameters == set(rule.options), "an option that no check reads changes nothing"


@pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())
def test_a_rule_says_why_it_exists_and_how_to_fix_a_finding(rule: Rule | StackRule) -> None:
    for sentence in (rule.why, rule.fix):
        assert sentence.endswith("."), "a preview shows both as sentences"
        assert len(sentence) < 160, "a preview has no room for long texts"


def test_every_module_in_rules_is_a_rule() -> None:
    assert set(ALL) == set(modules()), "a rule that the pack does not load protects nothing"
    assert len(ALL) > 30, "the rules were not found at all"


def test_data_that_goes_is_at_its_own_urn_so_that_a_waiver_for_it_covers_nothing_else() -> None:
    rule = ALL["rel-data-kept"]
    assert isinstance(rule, StackRule)
    gone = [urn("aws:s3/bucket:Bucket", name) for name in ("logs", "models")]
    case = StackCase({"other": rule.bad["replaced"].resources["home"]}, options={"held": gone})
    assert [d.urn for d in check_stack(rule, case)] == gone


def test_what_two_classes_share_is_one_finding() -> None:
    rule = ALL["lb-class-pins-scheme"]
    assert isinstance(rule, StackRule)
    case = rule.bad["targets by node"]
    twice = replace(case, resources={**case.resources, "second": case.resources["class"]})
    assert len(check_stack(rule, twice)) == len(check_stack(rule, case)) == 1


def test_the_list_of_held_data_says_what_stays_in_aws() -> None:
    buckets = [
        {"urn": urn("aws:s3/bucket:Bucket", name), "type": "aws:s3/bucket:Bucket", "retainOnDelete": name == "copy"}
        for name in ("models", "copy")
    ]
    options = held({"deployment": {"resources": buckets}})["rel-data-kept"]
    assert options == {"held": [each["urn"] for each in buckets], "retained": [buckets[1]["urn"]]}


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yields the paths of all values in a case that are neither maps nor lists."""
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    below = [each for key, item in items for each in leaves(item, (*path, key))]
    yield from below or ([path] if path else [])


def without(value: Any, path: tuple[str | int, ...]) -> Any:
    """Returns a copy of the value with an unknown one at the path."""
    if not path:
        return UNKNOWN
    first, *rest = path
    if isinstance(value, Mapping):
        return {key: without(item, tuple(rest)) if key == first else item for key, item in value.items()}
    return [without(item, tuple(rest)) if index == first else item for index, item in enumerate(value)]


BESIDE = [
    pytest.param(r, replace(c, props=without(c.props, leaf)), show(leaf), id=f"{r.id}: {n}, {show(leaf)}")
    for r in RESOURCE_RULES
    for n, c in r.bad.items()
    for leaf in leaves(c.props)
    if not (c.at.startswith(show(leaf)) or show(leaf).startswith(c.at))
]


COUNTS_AS_SET = {
    "obs-alerts-reach-somebody": "values.alertmanager.config.receivers[0].sns_configs",
    "rbac-no-secret-read": "rules[0].resourceNames",
    "secret-no-plaintext": "spec.containers[0].args[1]",
}
"""Rule -> the value that it wants to be there, whatever it is."""


@pytest.mark.parametrize(("rule", "case", "leaf"), BESIDE)
def test_a_finding_stays_beside_an_unknown_value_or_the_rule_says_that_it_waits(
    rule: Rule, case: Case, leaf: str
) -> None:
    said = check_resource(rule, case)
    if not any(d.policyName == rule.id and d.message.startswith(case.at) for d in said):
        undecided = [d for d in said if leaf in d.message and "unknown" in d.message]
        assert undecided or COUNTS_AS_SET.get(rule.id) == leaf, "the unknown value hides what is wrong"
        if rule.severity == "critical":
            assert all(d.policyName == rule.id for d in undecided), "in production it must be known"
