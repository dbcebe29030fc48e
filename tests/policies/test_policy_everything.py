"""The stack with each kind of thing that the components make keeps the rules, but for what its settings leave out."""

from collections.abc import Iterator
from typing import Any

from policies.check import judge
from tests.components.whole_stacks import built

CHOSEN = {
    "cost-monthly-cap": "Container Insights is an add-on of its settings, and has no price here",
    "cost-required-tags": "the provider puts them on everything, and this engine makes no tagsAll",
    "gpu-pool-tainted": "a pool of its settings has GPUs and no taint",
    "net-team-namespaces-closed": "its settings have no isolation",
}
"""Mandatory rules that the stack breaks, and why that is not what a component writes."""


def states() -> Iterator[dict[str, Any]]:
    """Yields the resources as a state has them."""
    for urn, made in built("everything", preview=True).registered.items():
        yield {
            "type": made.type,
            "urn": urn,
            "id": made.id if isinstance(made.id, str) else "",
            "inputs": made.inputs,
            "outputs": {**made.inputs, **made.outputs},
            "parent": made.parent,
            "provider": made.provider,
            "protect": made.protect,
            "propertyDependencies": {key: sorted(urns) for key, urns in made.property_dependencies.items()},
        }


def test_a_stack_with_everything_breaks_no_rule_that_its_settings_do_not() -> None:
    outcomes = judge([*states()], environment="prod")
    failed = {each.rule for each in outcomes if each.status == "failed" and each.level == "mandatory"}
    assert failed == CHOSEN.keys()
    assert not [each for each in outcomes if each.status == "crashed"]
