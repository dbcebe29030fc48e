"""Each branch of an expression decides some case: without it, a case of its alert or number is no longer met."""

import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest

from components.core.metrics import Alert
from components.core.promql import of_exporters
from tests.components.observability.rules.cases import LEANED_ON, READ, filled
from tests.components.observability.rules.every_rule import alerts, groups, promtools, rule_file

OPERATORS = {"MatchOp.Equal": "=", "MatchOp.NotEqual": "!=", "MatchOp.Re": "=~", "MatchOp.NotRe": "!~"}
OF_EXPORTERS = "job"
"""The label whose values another test holds against the catalog."""


def cuts(text: str) -> Iterator[tuple[str, str]]:
    """Yields what is left out, and the expression without it: a side of `or`, or an alternative of a matcher."""
    nodes: list[promql.Expr] = []
    promql.walk(promql.parse(text), nodes.append)
    for place, node in enumerate(nodes):
        for what, instead in _cuts_of(node):
            yield what, _replaced(text, place, instead)


def _cuts_of(node: promql.Expr) -> Iterator[tuple[str, promql.Expr]]:
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "or":
        yield f"or {node.rhs}", node.lhs
        yield f"{node.lhs} or", node.rhs
    elif isinstance(node, promql.VectorSelector):
        matchers = [(each.name, OPERATORS[str(each.op)], each.value) for each in node.matchers.matchers]
        for index, (label, operator, value) in enumerate(matchers):
            if label == OF_EXPORTERS:
                continue
            rest = [*matchers[:index], *matchers[index + 1 :]]
            if operator in ("=~", "!~"):
                for fewer in _fewer(value):
                    yield f"{label}{operator}{value} -> {fewer}", _selector(node, [*rest, (label, operator, fewer)])


def _fewer(value: str) -> Iterator[str]:
    """Yields a regular expression without each of its alternatives."""
    for found in re.finditer(r"(?<=\|)[^|()]*\|?|(?<![^(])[^|()]+\|", value):
        left = value[: found.start()] + value[found.end() :]
        yield re.sub(r"\|(?=\)|$)", "", left)


def _selector(node: promql.VectorSelector, matchers: list[tuple[str, str, str]]) -> promql.Expr:
    inside = ",".join(f"{label}{operator}{_quoted(value)}" for label, operator, value in matchers)
    return promql.parse(f"{node.name}{{{inside}}}")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _replaced(text: str, place: int, instead: promql.Expr) -> str:
    seen = iter(range(10_000))
    return str(promql.transform(promql.parse(text), lambda node: instead if next(seen) == place else None))


EVERY: dict[str, list[dict[str, Any]]] = {group["name"]: group["rules"] for group in rule_file()["groups"]}
HOME = {rule.name: group.name for group in groups() for rule in group.rules}


EACH = "evaluation_interval"
"""In a file whose cases last for days, which cannot be judged with others: for branches there are shorter ones."""


@cache
def asked_of(rule: str) -> list[dict[str, Any]]:
    """Returns the cases of a rule, and of a recording also those of the alerts that stand on it."""
    names, found = {rule, *(each.name for each in alerts() if rule in each.expr)}, []
    for case in (filled(each) for content in READ.values() if EACH not in content for each in content["tests"]):
        of_alerts = [each for each in case["alert_rule_test"] if each["alertname"] in names]
        numbers = [each for each in case.get("promql_expr_test", []) if rule in each["expr"]]
        if of_alerts or numbers:
            found.append({**case, "alert_rule_test": of_alerts, "promql_expr_test": numbers})
    return found


def _name(rule: dict[str, Any]) -> str:
    return str(rule.get("alert", rule.get("record")))


def leaned_on(text: str) -> set[str]:
    """Returns the rules that a text names, and those that they are made of."""
    found, texts = set[str](), [text]
    while texts:
        words = {*re.findall(r"[A-Za-z_][\w:]*", texts.pop())}
        for each in (rule for rules in EVERY.values() for rule in rules if _name(rule) in words - found):
            found.add(_name(each))
            texts.append(each["expr"])
    return found


def judged(cases: list[tuple[str, Alert, str]], folder: Path) -> dict[str, bool]:
    """Returns whether the cases of a rule are met when it has another expression, by the name of each."""
    program = promtools().get("ours") or promtools()["Debian's"]
    for name, rule, expr in cases:
        asked = asked_of(rule.name)
        needed = leaned_on(json.dumps(asked) + expr) | {rule.name}
        kept = [
            {
                "name": group,
                "rules": [{**each, "expr": of_exporters(expr)} if _name(each) == rule.name else each for each in rules],
            }
            for group, every in EVERY.items()
            if (rules := [each for each in every if _name(each) in needed])
        ]
        kept.sort(key=lambda group: LEANED_ON.index(group["name"]) if group["name"] in LEANED_ON else len(LEANED_ON))
        order = [group["name"] for group in kept]
        test = {"rule_files": [f"rules-{name}"], "evaluation_interval": "1m", "group_eval_order": order, "tests": asked}
        (folder / f"rules-{name}").write_text(json.dumps({"groups": kept}), encoding="utf-8")
        (folder / name).write_text(json.dumps(test), encoding="utf-8")
    run = subprocess.run(
        [program, "test", "rules", *(name for name, _, _ in cases)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = re.findall(r"^  (SUCCESS|FAILED:)$", run.stdout, re.MULTILINE)
    return {name: verdict == "SUCCESS" for (name, _, _), verdict in zip(cases, said, strict=True)}


@pytest.mark.skipif(not promtools(), reason="no promtool is here: `make conformance` builds ours")
def test_each_branch_of_an_alert_decides_a_case(tmp_path: Path) -> None:
    cases, cut = [], {}
    for alert in alerts():
        for number, (what, expr) in enumerate(cuts(alert.expr) if asked_of(alert.name) else ()):
            cut[f"{alert.name}-{number}.yaml"] = f"{alert.name} without {what}"
            cases.append((f"{alert.name}-{number}.yaml", alert, expr))
        if any(alert is other for _, other, _ in cases):
            cases.append((f"{alert.name}.yaml", alert, alert.expr))
    met = judged(cases, tmp_path)
    assert len(cut) > 80
    assert [name for name, right in met.items() if name not in cut and not right] == [], "as they are, all are met"
    assert [cut[name] for name, right in met.items() if name in cut and right] == [], "nobody would miss it"
