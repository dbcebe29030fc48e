"""Finds the rules: every module in `policies/rules/<group>/` that sets `RULE`."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import policies.rules
from policies.rule import Rule, StackRule


class BadRuleError(Exception):
    """A module among the rules that is none; says which and why."""


@cache
def modules() -> Mapping[str, str]:
    """Rule id -> dotted name of its module, in alphabetical order of group and id."""
    found = {}
    for group in sorted(info.name for info in pkgutil.iter_modules(policies.rules.__path__) if info.ispkg):
        package = importlib.import_module(f"policies.rules.{group}")
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
            if not info.name.startswith("_"):
                found[info.name.replace("_", "-")] = f"{package.__name__}.{info.name}"
    return MappingProxyType(found)


@cache
def rules() -> Mapping[str, Rule | StackRule]:
    """Rule id -> rule. Raises BadRuleError when a module sets no RULE, or one under another id than its own name."""
    found = {}
    for rule_id, name in modules().items():
        rule = getattr(importlib.import_module(name), "RULE", None)
        if not isinstance(rule, Rule | StackRule):
            raise BadRuleError(
                f"{name} sets no RULE, so the pack would leave it out. Set RULE = Rule(...) or StackRule(...)."
            )
        if rule.id != rule_id:
            raise BadRuleError(
                f'{name} holds the rule "{rule.id}", which nobody would look for there. Name it "{rule_id}".'
            )
        found[rule_id] = rule
    return MappingProxyType(found)


def group_of(rule_id: str) -> str:
    """The group (folder) that a rule stands in."""
    return modules()[rule_id].split(".")[2]
