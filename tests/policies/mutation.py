"""`python -m tests.policies.mutation [MODULE ...]`: how many small mistakes in the rules their cases notice.

It changes each function of the rules, and of what they share, in every small way, and each list and word that a rule
compares with; it runs the cases of all rules that use the function. It prints killed and all mutants by operator, and
the survivors that `survivors.yaml` does not argue for. Takes minutes. `make test` runs a part of it.
"""

import argparse
import ast
import contextlib
import copy
import importlib
import inspect
import io
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
import yaml

from policies.registry import modules
from policies.rule import Rule, StackRule
from tests.policies.policy_harness import ALL, check_resource, check_stack, found_at, good_cases

SURVIVORS = Path(__file__).with_name("survivors.yaml")
SHARED = {
    "charts": ("names",),
    "evaluate": ("values", "analyzer", "check"),
    "grants": ("grants", "foreign"),
    "machines": ("pools",),
    "network_policies": ("networks",),
    "objects": ("objects",),
    "patterns": ("patterns",),
    "pods": ("pods",),
    "pools": ("pools",),
    "powers": ("bad_stack", "foreign"),
    "ranges": ("foreign",),
    "rbac": ("foreign",),
    "views": ("values",),
}
"""Modules that rules share -> the tests of them, beside the cases of all rules that use them."""
REVERSED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}
BOUNDS: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
QUICK = ("comparison", "connective", "not", "boolean")
"""Operators that `make test` runs."""
FOR_PEOPLE = re.compile(r"|[,;/.] ?|.+ .+|\\n", re.DOTALL)
"""Words of a finding, and what stands between them."""
NOTHING = ("None", "False", "''", "()", "[]", "{}", "set()")
"""Values that count as a missing one."""
Changed = Iterator[tuple[str, ast.AST]]


def of_expression(node: ast.AST) -> Changed:
    """Yields operator and wrong version of an expression or statement."""
    if isinstance(node, ast.Compare):
        for operator, table in (("comparison", REVERSED), ("bound", BOUNDS)):
            for index, given in enumerate(node.ops):
                if type(given) in table:
                    mutated = copy.deepcopy(node)
                    mutated.ops[index] = table[type(given)]()
                    yield operator, mutated
    elif isinstance(node, ast.BoolOp):
        yield "connective", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "boolean", ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield from (("number", ast.Constant(node.value + step)) for step in (1, -1))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not FOR_PEOPLE.fullmatch(node.value):
        yield "string", ast.Constant("")
    elif isinstance(node, ast.Tuple | ast.List | ast.Set) and isinstance(getattr(node, "ctx", None), ast.Load | None):
        for index in range(len(node.elts) if len(node.elts) > 1 else 0):
            mutated = copy.copy(node)
            mutated.elts = [*node.elts[:index], *node.elts[index + 1 :]]
            yield "item", mutated
    elif isinstance(node, ast.Dict):
        for index in range(len(node.keys) if len(node.keys) > 1 else 0):
            kept = [each for each in range(len(node.keys)) if each != index]
            yield "item", ast.Dict([node.keys[each] for each in kept], [node.values[each] for each in kept])
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield "yield", ast.If(ast.Constant(False), [node], [])  # the function stays a generator
    elif isinstance(node, ast.Return) and ast.unparse(node.value or ast.Constant(None)) not in NOTHING:
        yield "return", ast.Return(None)
    elif isinstance(node, ast.Continue | ast.Break) or (isinstance(node, ast.Return) and node.value is None):
        yield "exit", ast.Pass()


@dataclass(frozen=True)
class Mutant:
    """One mistake. place: module and function or constant. tree: the definition of the place with the mistake."""

    place: str
    operator: str
    change: str
    line: int
    tree: ast.stmt


def _shown(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:90]


def _sites(node: ast.AST, left_out: Collection[int]) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yields where each node stands in its parent."""
    for name, value in ast.iter_fields(node):
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.AST) and id(child) not in left_out:
                yield node, name, index if isinstance(value, list) else None, child
                yield from _sites(child, left_out)


def _left_out(definition: ast.stmt) -> set[int]:
    """Returns the ids of nodes that are no code or have their own operator.

    Annotations; texts for people: docstrings, f-strings, what is wrong in `yield path, what is wrong`; words of a list,
    of which each is dropped; the 0 of `or 0`, which stands for what is not set.
    """
    found: list[ast.AST | None] = []
    for node in ast.walk(definition):
        if isinstance(node, ast.JoinedStr | ast.arguments | ast.arg) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            found.append(node)
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            found.append(node.value.elts[-1])
        elif isinstance(node, ast.FunctionDef):
            found.append(node.returns)
        elif isinstance(node, ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.BoolOp) and ast.unparse(node.values[-1]) == "0":
            found.append(node.values[-1])
        if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1:
            found += [each for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return {id(node) for node in found}


def mutants_of(place: str, definition: ast.stmt, operators: Collection[str] = ()) -> Iterator[Mutant]:
    """Yields the mutants of a function or an assignment. operators: only these; all of them when empty."""
    left_out = _left_out(definition)
    for parent, field, index, node in list(_sites(definition, left_out)):
        for operator, mutated in of_expression(node):
            if operators and operator not in operators:
                continue
            ast.copy_location(mutated, node)
            _put(parent, field, index, mutated)
            tree = copy.deepcopy(definition)
            _put(parent, field, index, node)
            change = f"{_shown(node)} -> {_shown(mutated)}"
            yield Mutant(place, operator, change, getattr(node, "lineno", 0), ast.fix_missing_locations(tree))


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


# What the mistakes are made in

FOR_CASES = ("rule_of",)  # of what rules share


def functions(module: ModuleType) -> Iterator[tuple[str, FunctionType, ast.FunctionDef]]:
    """Yields name, function and definition of the functions and methods of a module, without those that build cases."""
    body = ast.parse(inspect.getsource(module)).body
    is_rule = hasattr(module, "RULE")
    used = _used(body, ["check"]) if is_rule else set()
    for node in body:
        if isinstance(node, ast.FunctionDef) and (node.name in used if is_rule else node.name not in FOR_CASES):
            yield node.name, _plain(getattr(module, node.name)), node
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and "super()" not in ast.unparse(method):
                    live = inspect.getattr_static(getattr(module, node.name), method.name)
                    yield f"{node.name}.{method.name}", _plain(live), method


def _used(body: Sequence[ast.stmt], waiting: list[str]) -> set[str]:
    """Returns the names of a module that these names in it need, and not only the cases."""
    defined: dict[str, ast.stmt] = {}
    for node in body:
        for name in _names_of(node):
            defined[name] = node
    used = set[str]()
    while waiting:
        name = waiting.pop()
        if name not in used and name in defined:
            used.add(name)
            waiting += [each.id for each in ast.walk(defined[name]) if isinstance(each, ast.Name)]
    return used


def _names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]


def _plain(live: Any) -> FunctionType:
    """Returns the function below decorators."""
    for name in ("fget", "func", "__wrapped__", "__func__"):
        live = getattr(live, name, None) or live
    assert isinstance(live, FunctionType), live
    return live


def code_of(mutant: Mutant) -> CodeType:
    """Returns the code of a mutated function."""
    definition = copy.copy(mutant.tree)
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    whole = compile(ast.Module([definition], []), mutant.place, "exec")
    return next(each for each in whole.co_consts if isinstance(each, CodeType) and each.co_name == definition.name)


def constants(module: ModuleType) -> Iterator[tuple[str, ast.stmt]]:
    """Yields the assignments of a module that its functions need, in a rule's those of its check."""
    body = ast.parse(inspect.getsource(module)).body
    functions = [node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    used = _used(body, ["check"] if hasattr(module, "RULE") else functions)
    for node in body:
        is_type = isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript)
        if isinstance(node, ast.Assign | ast.AnnAssign) and not is_type and not used.isdisjoint(_names_of(node)):
            yield ", ".join(_names_of(node)), node


# Who notices them


def noticed_by(rules: Iterable[Rule | StackRule], instead: Mapping[str, Rule | StackRule] | None = None) -> bool:
    """Tells whether a case of any of the rules has another result than it should. instead: checks of these rules."""
    return any(_has_other_result((instead or {}).get(rule.id, rule), rule) for rule in rules)


@cache
def _count(rule_id: str, case: str) -> int:
    """Returns how many findings a bad case has. Asked before the first mistake."""
    rule = ALL[rule_id]
    return len(check_resource(rule, rule.bad[case]) if isinstance(rule, Rule) else check_stack(rule, rule.bad[case]))


def remember(rules: Iterable[Rule | StackRule]) -> None:
    """Counts what the rules find without a mistake."""
    for rule in rules:
        for name in rule.bad:
            _count(rule.id, name)


def _has_other_result(rule: Rule | StackRule, original: Rule | StackRule) -> bool:
    if isinstance(original, Rule) and isinstance(rule, Rule):
        if any(check_resource(rule, case) for _, case in good_cases(original)):
            return True
        for name, case in original.bad.items():
            said = check_resource(rule, case)
            if len(said) != _count(rule.id, name):
                return True
            if not any(each.policyName == rule.id and each.message.startswith(case.at) for each in said):
                return True
    elif isinstance(original, StackRule) and isinstance(rule, StackRule):
        if any(check_stack(rule, case) for case in original.good.values()):
            return True
        for name, stack in original.bad.items():
            told, (urn, path) = check_stack(rule, stack), found_at(stack)
            if len(told) != _count(rule.id, name):
                return True
            if not any(each.urn == urn and each.message.startswith(path) for each in told):
                return True
    return False


def users(module: str) -> list[Rule | StackRule]:
    """Returns the rules whose module uses another one, also by way of others, the nearest first."""
    wanted, order = {module}, list[str]()
    sources = {name: source for name, each in sys.modules.items() if (source := _source(name, each))}
    while new := [
        n for n, s in sources.items() if n not in wanted and any(f"from {each} import" in s for each in wanted)
    ]:
        wanted.update(new)
        order += new
    by_module = {name: ALL[rule_id] for rule_id, name in modules().items()}
    return [by_module[name] for name in order if name in by_module]


def _source(name: str, module: ModuleType) -> str:
    return inspect.getsource(module) if name.startswith("policies.") and getattr(module, "__file__", None) else ""


Judge = Callable[[], bool]


class _TooLongError(BaseException):  # no check may catch it
    """A mistake made a check run for ever."""


def _stop(*_: object) -> None:
    raise _TooLongError


def survives(live: FunctionType, code: CodeType, noticed: Judge) -> bool:
    """Tells whether nobody notices a function with other code."""
    if len(code.co_freevars) != len(live.__code__.co_freevars):
        return False
    original = live.__code__
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, 40)
    try:
        live.__code__ = code
        _forget(live)
        return not noticed()
    except (Exception, _TooLongError):
        return False  # a mistake that ends a check with an error is noticed
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        live.__code__ = original
        _forget(live)


def _forget(live: FunctionType) -> None:
    """Empties the caches of a function's module, which have answers of other code."""
    for each in vars(sys.modules[live.__module__]).values():
        if clear := getattr(each, "cache_clear", None):
            clear()


def rule_with(mutant: Mutant, module: ModuleType) -> Rule | StackRule:
    """Returns the rule of a module in which one assignment is wrong."""
    tree = ast.parse(inspect.getsource(module))
    names = _names_of(mutant.tree)
    tree.body = [mutant.tree if names and _names_of(each) == names else each for each in tree.body]
    changed = ModuleType(module.__name__)
    exec(compile(tree, mutant.place, "exec"), changed.__dict__)
    return changed.RULE


def in_rule(rule_id: str, operators: Collection[str] = ()) -> Iterator[tuple[Mutant, bool]]:
    """Yields each mutant of a rule, and whether it survives."""
    module = sys.modules[modules()[rule_id]]
    remember([ALL[rule_id]])
    for name, live, definition in functions(module):
        for mutant in mutants_of(f"{rule_id} {name}", definition, operators):
            yield mutant, survives(live, code_of(mutant), lambda: noticed_by([ALL[rule_id]]))
    if not operators:
        for name, assignment in constants(module):
            for mutant in mutants_of(f"{rule_id} {name}", assignment):
                try:
                    survived = not noticed_by([ALL[rule_id]], {rule_id: rule_with(mutant, module)})
                except Exception:
                    survived = False
                yield mutant, survived


def in_shared(
    name: str, operators: Collection[str] = (), first: Judge = lambda: False
) -> Iterator[tuple[Mutant, bool]]:
    """Yields each mutant of a module that rules share, and whether it survives. first: asked before the cases."""
    module = importlib.import_module(f"policies.{name}")
    rules = users(f"policies.{name}") or [*ALL.values()]
    remember(rules)
    last: list[Rule | StackRule] = []  # the rule that noticed the mistake before notices the next one soonest

    def noticed() -> bool:
        if first():
            return True
        for rule in (*last, *rules):
            if noticed_by([rule]):
                last[:] = [rule]
                return True
        return not operators and _a_test_fails(SHARED[name])

    for function, live, definition in functions(module):
        for mutant in mutants_of(f"{name} {function}", definition, operators):
            yield mutant, survives(live, code_of(mutant), noticed)
    for constant, assignment in constants(module) if not operators else ():
        for mutant in mutants_of(f"{name} {constant}", assignment):
            yield mutant, _survives_in(module, mutant, noticed)


def _survives_in(module: ModuleType, mutant: Mutant, noticed: Judge) -> bool:
    """Tells whether nobody notices another value of a constant, in the module and in those that import it."""
    values = dict(vars(module))
    places = [(vars(each), n) for n in _names_of(mutant.tree) for each in list(sys.modules.values())
              if each.__name__.startswith("policies.") and vars(each).get(n) is vars(module)[n]]  # fmt: skip
    before = [(names, name, names[name]) for names, name in places]
    try:
        exec(compile(ast.Module([mutant.tree], []), mutant.place, "exec"), values)
        for names, name in places:
            names[name] = values[name]
        return not noticed()
    except Exception:
        return False
    finally:
        for names, name, value in before:
            names[name] = value


def _statements(name: str) -> Judge:
    """Returns the judge of the reading of policy documents: the verdicts about the statements in its test."""
    if name != "grants":
        return lambda: False
    test = importlib.import_module("tests.policies.test_policy_grants")
    expected = test.verdicts(test.grants)
    return lambda: bool(test.verdicts(test.grants) != expected)


def _a_test_fails(names: Iterable[str]) -> bool:
    files = [str(SURVIVORS.with_name(f"test_policy_{name}.py")) for name in names]
    quietly = [
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not engine",
        "-k",
        "not mistake and not crashes and not milliseconds",
        "-W",
        "ignore",
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        return pytest.main([*quietly, *files]) != pytest.ExitCode.OK


def argued() -> dict[str, dict[str, str]]:
    """Returns place -> operator -> why what survives there is no gap."""
    reasons: dict[str, dict[str, str]] = {}
    for reason, places in (yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")) or {}).items():
        for place, operators in places.items():
            reasons.setdefault(place, {}).update(dict.fromkeys(operators.split(", "), reason))
    return reasons


def unargued(results: Iterable[tuple[Mutant, bool]], score: Counter[tuple[str, bool]] | None = None) -> list[str]:
    """Returns the survivors that have no reason, and the reasons whose mutant is noticed now."""
    reasons, problems, known = argued(), list[str](), Counter[tuple[str, bool]]()
    alive, tried = set[tuple[str, str]](), set[tuple[str, str]]()
    for mutant, survived in results:
        known[mutant.operator, survived] += 1
        if survived and mutant.operator not in reasons.get(mutant.place, {}):
            problems.append(f"{mutant.place}:{mutant.line} {mutant.operator}: {mutant.change}")
        if survived:
            alive.add((mutant.place, mutant.operator))
        tried.add((mutant.place, mutant.operator))
    for place, operator in sorted(tried - alive):
        if operator in reasons.get(place, {}):
            problems.append(f"{place} {operator}: is noticed now, so its reason goes")
    if score is not None:
        score += known
    return problems


def main(arguments: Sequence[str]) -> int:
    """Runs all mutants, or those of some modules, and prints the figures. Returns 1 for a survivor without a reason."""
    parser = argparse.ArgumentParser(prog="python -m tests.policies.mutation", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="MODULE", help="ids of rules, or names of modules that rules share")
    names = parser.parse_args(arguments).names or [*ALL, *SHARED]
    score: Counter[tuple[str, bool]] = Counter()
    problems: list[str] = []
    for name in names:
        found = unargued(in_rule(name) if name in ALL else in_shared(name, first=_statements(name)), score)
        problems += found
        print("\n".join(found), flush=True) if found else None
    for operator in sorted({each for each, _ in score}):
        killed, survived = score[operator, False], score[operator, True]
        print(f"{operator:11} {killed:6} of {killed + survived:6} killed ({killed / (killed + survived):.1%})")
    killed, total = sum(n for (_, survived), n in score.items() if not survived), sum(score.values())
    print(f"all         {killed:6} of {total:6} killed ({killed / total:.1%}); {len(problems)} without a reason")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
