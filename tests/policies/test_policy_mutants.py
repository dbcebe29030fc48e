"""Mutation tests: each rule is changed in every small way, and at least one of its cases must fail then.

A comparison is reversed, an `and` becomes an `or`, a `not` is removed, a True becomes a False. A mutant that survives
shows a gap in the cases, or code without effect.
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
from tests.policies.policy_harness import ALL, check_resource, check_stack, found_at, good_cases

REVERSED: dict[type[ast.cmpop], type[ast.cmpop]] = {
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


def mutations(node: ast.AST) -> Iterator[ast.expr]:
    """Yields wrong versions of the node, each with one change."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            mutated = copy.deepcopy(node)
            mutated.ops[index] = REVERSED[type(operator)]()
            yield mutated
    elif isinstance(node, ast.BoolOp):
        mutated = copy.deepcopy(node)
        mutated.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield mutated
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


def checking_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """Returns the functions of the check, without those that build cases."""
    return [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and ast.unparse(node.returns or ast.Constant(None)) not in TYPES_OF_CASE_BUILDERS
    ]


TYPES_OF_CASE_BUILDERS = ("Case", "StackCase", "str", "dict[str, object]", "dict[str, str]")
SHARED_BY_RULES = (
    "policies.pools",
    "policies.objects",
    "policies.rbac",
    "policies.network_policies",
    "policies.ranges",
)
Functions = Callable[[ast.Module], list[ast.FunctionDef]]


def all_functions(tree: ast.Module) -> list[ast.FunctionDef]:
    """Returns every function, also those of classes."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def mutants(source: str, functions: Functions = checking_functions) -> Iterator[tuple[str, ast.Module]]:
    tree = ast.parse(source)
    for function in functions(tree):
        for node in ast.walk(function):
            for mutated in mutations(node):
                copied = copy.deepcopy(tree)
                twin = next(t for o, t in zip(ast.walk(tree), ast.walk(copied), strict=True) if o is node)
                _Replace(twin, mutated).visit(copied)
                mutant = ast.fix_missing_locations(copied)
                yield f"line {mutated.lineno}: {ast.unparse(node)} -> {ast.unparse(mutated)}", mutant


def run(tree: ast.Module, name: str) -> Rule | StackRule:
    module = ModuleType(name)
    exec(compile(tree, name, "exec"), module.__dict__)
    return module.RULE


def a_case_fails(rule: Rule | StackRule, original: Rule | StackRule) -> bool:
    """Tells whether any case of the original rule has another result with the check of `rule`."""
    if isinstance(original, StackRule) and isinstance(rule, StackRule):
        for case in original.good.values():
            if check_stack(rule, case):
                return True
        for case in original.bad.values():
            case_urn, path = found_at(case)
            if [(d.urn, d.message.startswith(path)) for d in check_stack(rule, case)].count((case_urn, True)) == 0:
                return True
        return False
    assert isinstance(original, Rule)
    assert isinstance(rule, Rule), "a mutant is a rule of the same class"
    if any(check_resource(rule, case) for _, case in good_cases(original)):
        return True
    for case in original.bad.values():
        diagnostics = check_resource(rule, case)
        if not any(d.policyName == original.id and d.message.startswith(case.at) for d in diagnostics):
            return True
        if len(diagnostics) != len(check_resource(original, case)):
            return True
    return False


@pytest.mark.parametrize("rule_id", ALL, ids=str)
def test_the_cases_of_a_rule_notice_every_small_mistake_in_it(rule_id: str) -> None:
    name = modules()[rule_id]
    survivors = [
        change
        for change, tree in mutants(inspect.getsource(sys.modules[name]))
        if not a_case_fails(run(tree, name), ALL[rule_id])
    ]
    assert survivors == [], "no case fails with this mistake; add one that does"


@pytest.mark.parametrize("name", SHARED_BY_RULES)
def test_the_cases_of_rules_notice_every_small_mistake_in_shared_modules(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {rule_id: inspect.getsource(sys.modules[module]) for rule_id, module in modules().items()}
    users = {rule_id: ast.parse(source) for rule_id, source in sources.items() if f"from {name} import" in source}
    assert len(users) > 2, "no rule uses the module, so no case could fail"
    survivors = []
    for change, tree in mutants(inspect.getsource(sys.modules[name]), all_functions):
        mutant = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, mutant)
        exec(compile(tree, name, "exec"), mutant.__dict__)
        if not any(a_case_fails(run(user, rule_id), ALL[rule_id]) for rule_id, user in users.items()):
            survivors.append(change)
    assert survivors == [], "no case of any rule fails with this mistake; add one that does"


def test_there_are_many_mutants() -> None:
    count = sum(len(list(mutants(inspect.getsource(sys.modules[name])))) for name in modules().values())
    assert count > 100, "without mutants the tests above prove nothing"
