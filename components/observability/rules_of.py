"""Which rules a cluster has, as PrometheusRules.

A group is the `GROUP` of a module in a folder `rules/` of any room, or the rules of an add-on.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import components
from components.core.addon_spec import every_add_on
from components.core.flows import PROMETHEUS
from components.core.metrics import Alert, Recording, RuleGroup
from components.core.promql import of_exporters
from components.core.untyped import Manifest
from settings.cluster.addon_rules import installed
from settings.cluster.parts import ClusterParts


@cache
def every_group() -> Sequence[RuleGroup]:
    """Returns the group of each module in a folder `rules/`. Raises ValueError when one has none, or two one name."""
    modules = pkgutil.walk_packages(components.__path__, f"{components.__name__}.")
    found = []
    for name in sorted(module.name for module in modules if ".rules." in module.name):
        group = getattr(importlib.import_module(name), "GROUP", None)
        if not isinstance(group, RuleGroup):
            raise ValueError(f"{name.replace('.', '/')}.py has no group. Write GROUP = RuleGroup(...) in it.")
        found.append(group)
    names = [group.name for group in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two groups of rules are named {', '.join(twice)}. Rename one.")
    return tuple(found)


def recorded() -> frozenset[str]:
    """Returns the names of all metrics that rules record, of rooms and of add-ons."""
    rules = [group.rules for group in every_group()] + [spec.rules for spec in every_add_on().values()]
    return frozenset(rule.name for each in rules for rule in each if isinstance(rule, Recording))


def rule_groups(cluster: ClusterParts, region: str) -> list[RuleGroup]:
    """Returns the groups that a cluster has, with its constants."""
    of_add_ons = [
        RuleGroup(name=name, rules=spec.rules)
        for name, spec in installed(every_add_on(), cluster).items()
        if spec.rules
    ]
    of_rooms = [replace(group, rules=group.rules_of(cluster, region)) for group in every_group() if group.when(cluster)]
    return [*of_rooms, *of_add_ons]


def prometheus_rule(group: RuleGroup, runbooks: str) -> Manifest:
    """Returns a group as an object. runbooks: where its runbook is read."""
    rules = [_rule(each, f"{runbooks.rstrip('/')}/{group.name}.md") for each in group.rules]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": f"ml-platform-{group.name}", "namespace": PROMETHEUS.namespace},
        "spec": {"groups": [{"name": group.name, "rules": rules}]},
    }


def _rule(rule: Recording | Alert, runbook: str) -> dict[str, Any]:
    expr = of_exporters(rule.expr)
    if isinstance(rule, Recording):
        return {"record": rule.name, "expr": expr, **({"labels": dict(rule.labels)} if rule.labels else {})}
    return {
        "alert": rule.name,
        "expr": expr,
        **({"for": f"{rule.minutes}m"} if rule.minutes else {}),
        "labels": {"severity": rule.severity, "audience": rule.audience},
        "annotations": {"summary": rule.summary, "runbook_url": f"{runbook}#{rule.name.lower()}"},
    }
