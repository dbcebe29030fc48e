"""Mutation tests: each rule is changed in small ways, and at least one of its cases must fail then.

A mutant that survives shows a gap in the cases, or code without effect. `tests.policies.mutation` has the operators;
here run the quick ones. `python -m tests.policies.mutation` runs all, and prints the figures.
"""

import ast
import sys

import pytest

from policies.registry import modules
from tests.policies.mutation import (
    QUICK,
    argued,
    code_of,
    constants,
    functions,
    in_rule,
    in_shared,
    mutants_of,
    noticed_by,
    remember,
    rule_with,
    survives,
    unargued,
)
from tests.policies.mutation import Mutant as Whole
from tests.policies.policy_harness import ALL

QUICK_SHARED = ("pools", "objects", "rbac", "network_policies", "ranges")


@pytest.mark.parametrize("rule_id", ALL)
def test_the_cases_of_a_rule_notice_every_small_mistake_in_it(rule_id: str) -> None:
    assert unargued(in_rule(rule_id, QUICK)) == [], "no case fails with this mistake; add one that does"


@pytest.mark.parametrize("name", QUICK_SHARED)
def test_the_cases_of_rules_notice_every_small_mistake_in_shared_modules(name: str) -> None:
    results = list(in_shared(name, QUICK))
    assert results, "the test found no function to change"
    assert unargued(results) == [], "no case of any rule fails with this mistake; add one that does"


@pytest.mark.parametrize("rule_id", ALL)
def test_what_is_put_in_place_of_a_rule_is_the_rule_where_nothing_is_wrong(rule_id: str) -> None:
    module = sys.modules[modules()[rule_id]]
    remember([ALL[rule_id]])
    for name, live, definition in functions(module):
        assert survives(live, code_of(Whole(name, "", "", 0, definition)), lambda: noticed_by([ALL[rule_id]]))
    for name, assignment in list(constants(module))[:1]:
        whole = rule_with(Whole(name, "", "", 0, assignment), module)
        assert not noticed_by([ALL[rule_id]], {rule_id: whole}), "each mistake in it would count as noticed"


def test_each_operator_makes_a_mistake() -> None:
    source = '''
def check(resource):
    """What it does."""
    for index, name in enumerate(NAMES):
        if index < 1 and not resource.get(name, "x", default=True):
            yield "path", "what is wrong"
            continue
    return [*NAMES, "more"]
'''
    (definition,) = ast.parse(source).body
    made = {mutant.operator for mutant in mutants_of("here", definition)}
    tested = {"comparison", "bound", "connective", "not", "boolean", "number", "yield", "exit", "return", "item"}
    assert made == tested | {"string"}
    assert not [m for m in mutants_of("here", definition) if "what is wrong ->" in m.change], "words of a finding"


def test_a_reason_for_what_is_noticed_meanwhile_is_told() -> None:
    reason = {place: operators for place, operators in argued().items() if "item" in operators}
    place = next(iter(reason))
    told = unargued([(Whole(place, "item", "a -> b", 1, ast.Pass()), False)])
    assert told[0].startswith(f"{place} "), "a reason that is not needed hides the next gap"
    assert told[0].endswith("is noticed now, so its reason goes")


def test_there_are_many_mutants() -> None:
    count = sum(
        len(list(mutants_of(rule_id, definition, QUICK)))
        for rule_id, name in modules().items()
        for _, _, definition in functions(sys.modules[name])
    )
    assert count > 800, "without mutants the tests above prove nothing"
