"""Whether the cases would notice a rule going wrong: each rule is broken in every small way, and a case must see it.

A comparison is turned round, an `and` becomes an `or`, a `not` is dropped, a True becomes a False. What survives is
either a gap in the cases or code that decides nothing.
"""

import ast
import copy
import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from policies.registry import modules
from policies.rule import Rule, StackRule
from tests.policies.policy_harness import ALL, ask, ask_stack, good_cases, urn

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def broken_ways(node: ast.AST) -> Iterator[ast.expr]:
    """The same node, made wrong in one way each."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            wrong = copy.deepcopy(node)
            wrong.ops[index] = TURNED[type(operator)]()
            yield wrong
    elif isinstance(node, ast.BoolOp):
        wrong = copy.deepcopy(node)
        wrong.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield wrong
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.copy_location(ast.Constant(not node.value), node)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.old:
            return ast.copy_location(self.new, node)
        return super().visit(node)


def judging(tree: ast.Module) -> list[ast.FunctionDef]:
    """The functions that judge: what makes the cases is left alone."""
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or ast.Constant(None)) not in MAKES_CASES
    ]


MAKES_CASES = ("StackCase", "str", "dict[str, object]", "dict[str, str]")
SHARED_BY_RULES = ("policies.pools",)
Functions = Callable[[ast.Module], list[ast.FunctionDef]]


def everything(tree: ast.Module) -> list[ast.FunctionDef]:
    """Every function, those of classes as well."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def mutants(source: str, functions: Functions = judging) -> Iterator[tuple[str, ast.Module]]:
    tree = ast.parse(source)
    for function in functions(tree):
        for node in ast.walk(function):
            for wrong in broken_ways(node):
                copied = copy.deepcopy(tree)
                twin = next(t for o, t in zip(ast.walk(tree), ast.walk(copied), strict=True) if o is node)
                _Replace(twin, wrong).visit(copied)
                mutant = ast.fix_missing_locations(copied)
                yield f"line {wrong.lineno}: {ast.unparse(node)} -> {ast.unparse(wrong)}", mutant


def run(tree: ast.Module, name: str) -> Rule | StackRule:
    module = ModuleType(name)
    exec(compile(tree, name, "exec"), module.__dict__)
    return module.RULE


def notices(rule: Rule | StackRule, original: Rule | StackRule) -> bool:
    """Whether any case of the original comes out otherwise with the check of `rule`."""
    if isinstance(original, StackRule) and isinstance(rule, StackRule):
        for case in original.good.values():
            if ask_stack(rule, case):
                return True
        for case in original.bad.values():
            assert case.at is not None, "a bad case says where the finding is"
            name, path = case.at
            place = urn(case.resources[name].type, name, case.environment)
            if [(d.urn, d.message.startswith(path)) for d in ask_stack(rule, case)].count((place, True)) == 0:
                return True
        return False
    assert isinstance(original, Rule)
    assert isinstance(rule, Rule), "broken, a rule is still one of its kind"
    if any(ask(rule, case) for _, case in good_cases(original)):
        return True
    for case in original.bad.values():
        found = ask(rule, case)
        if not any(d.policyName == original.id and d.message.startswith(case.at) for d in found):
            return True
        if len(found) != len(ask(original, case)):
            return True
    return False


@pytest.mark.parametrize("rule_id", ALL, ids=str)
def test_no_small_mistake_in_a_rule_goes_unnoticed_by_its_cases(rule_id: str) -> None:
    name = modules()[rule_id]
    survivors = [
        how for how, tree in mutants(inspect.getsource(sys.modules[name])) if not notices(run(tree, name), ALL[rule_id])
    ]
    assert survivors == [], "no case tells the rule from a broken one; add the case that does"


@pytest.mark.parametrize("name", SHARED_BY_RULES)
def test_no_small_mistake_in_what_rules_share_goes_unnoticed_by_their_cases(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {rule_id: inspect.getsource(sys.modules[module]) for rule_id, module in modules().items()}
    users = {rule_id: ast.parse(source) for rule_id, source in sources.items() if f"from {name} import" in source}
    assert len(users) > 2, "nothing uses it, so nothing could notice"
    survivors = []
    for how, tree in mutants(inspect.getsource(sys.modules[name]), everything):
        broken = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, broken)
        exec(compile(tree, name, "exec"), broken.__dict__)
        if not any(notices(run(user, rule_id), ALL[rule_id]) for rule_id, user in users.items()):
            survivors.append(how)
    assert survivors == [], "no case of any rule tells it from a broken one; add the case that does"


def test_the_rules_are_broken_in_many_ways() -> None:
    made = sum(len(list(mutants(inspect.getsource(sys.modules[name])))) for name in modules().values())
    assert made > 100, "a search that breaks nothing finds nothing"
