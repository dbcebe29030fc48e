"""Options of rules: what their values look like, and which of several values is the strictest."""

from collections.abc import Mapping
from typing import Any

from common.policy_options import Known
from policies.rule import Option, Rule, StackRule


def schema(option: Option) -> dict[str, Any]:
    """Returns the JSON Schema of an option's value, which follows from its default."""
    described = {"description": option.description}
    if isinstance(option.default, bool):
        return {"type": "boolean", **described}
    if isinstance(option.default, int | float):
        return {"type": "number", "minimum": 0, **described}
    if isinstance(option.default, str):
        values = [option.default, *option.by_environment.values()]
        return {"type": "string", "enum": sorted(set(values)), **described}
    return {"type": "array", "items": {"type": "string"}, **described}


def known(rules: Mapping[str, Rule | StackRule]) -> Known:
    """Returns rule -> option -> schema."""
    return {
        rule.id: {name: schema(option) for name, option in rule.options.items()}
        for rule in sorted(rules.values(), key=lambda rule: rule.id)
    }


def strictest(option: Option, value: Any, other: Any) -> Any:
    """Returns what keeps both values: the stricter one; of lists, what both allow, or what either demands.

    The first value, for an option of which nobody can say which way is stricter.
    """
    if option.stricter is None:
        return value
    if isinstance(value, list | tuple):
        if option.stricter == "fewer":
            return [each for each in value if each in other]
        return [*value, *(each for each in other if each not in value)]
    if option.stricter in ("less", "more"):
        return (min if option.stricter == "less" else max)(value, other)
    return other if other == option.stricter else value
