"""Finds the rules: every module in `policies/rules/<group>/` sets one `RULE`."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import policies.rules
from policies.rule import Rule, StackRule


class BadRuleError(Exception):
    """A module in `policies/rules/` is not a valid rule. The text names the module and the reason."""


@cache
def modules() -> Mapping[str, str]:
    """Returns rule id -> dotted name of its module, sorted by group and id."""
    by_rule_id = {}
    for group in sorted(info.name for info in pkgutil.iter_modules(policies.rules.__path__) if info.ispkg):
        package = importlib.import_module(f"policies.rules.{group}")
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
            if not info.name.startswith("_"):
                by_rule_id[info.name.replace("_", "-")] = f"{package.__name__}.{info.name}"
    return MappingProxyType(by_rule_id)


@cache
def rules() -> Mapping[str, Rule | StackRule]:
    """Returns rule id -> rule. Raises BadRuleError when a module sets no RULE, or a rule whose id is not its name."""
    by_id = {}
    for rule_id, name in modules().items():
        rule = getattr(importlib.import_module(name), "RULE", None)
        if not isinstance(rule, Rule | StackRule):
            raise BadRuleError(
                f"{name} sets no RULE, so the pack cannot load it. Set RULE = Rule(...) or RULE = StackRule(...)."
            )
        if rule.id != rule_id:
            raise BadRuleError(
                f'{name} has a rule with the id "{rule.id}", which does not match the file name. Set id="{rule_id}".'
            )
        by_id[rule_id] = rule
    return MappingProxyType(by_id)


def statement_of(rule_id: str) -> str:
    """Returns what the rule demands: the first line of its module's docstring."""
    return (importlib.import_module(modules()[rule_id]).__doc__ or "").partition("\n")[0]


def group_of(rule_id: str) -> str:
    """Returns the group (folder) of a rule."""
    return modules()[rule_id].split(".")[2]
