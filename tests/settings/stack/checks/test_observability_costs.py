"""Prices that nobody read are not told."""

from typing import Any

from tests.settings.stacks import problems, stack

CLOSED = (("network", "nat"), "none")
COPY = {"opencost": {"exporter": {"extraEnv": {"AWS_PRICING_URL": "https://prices.example.com/index.json"}}}}


def said(*settings: Any) -> list[str]:
    return [each.message for each in problems(stack(*settings)) if each.path == "observability.costs"]


def test_without_a_way_to_the_price_list_costs_are_off_or_have_a_copy() -> None:
    (message,) = said(CLOSED, (("observability",), {}))
    assert "OpenCost of cluster main does not reach" in message
    assert message.endswith("addons.opencost.values.opencost.exporter.extraEnv.AWS_PRICING_URL.")
    assert said(CLOSED, (("observability",), {"costs": False})) == []
    assert said(CLOSED, (("observability",), {}), (("clusters", "main", "addons", "opencost"), {"values": COPY})) == []


def test_with_a_way_nothing_is_said() -> None:
    assert said((("observability",), {})) == []


def test_a_cluster_that_measures_nothing_tells_no_costs() -> None:
    assert said(CLOSED) == []
