"""Amounts are compared by what they are, whatever their units."""

from typing import Any

import pytest

from common.quantities import parsed, seconds, size

QUANTITIES: dict[Any, float | None] = {
    "100Gi": 100 * 1024**3,
    "1Ti": 1024**4,
    "500m": 0.5,
    "1e3": 1000,
    "2k": 2000,
    3: 3,
    ".5": 0.5,
    "80GB": None,
    "much": None,
    True: None,
    None: None,
}
SIZES = {"80GB": 80 * 1024**3, "80GiB": 80 * 1024**3, "1TiB": 1024**4, "512B": 512, "80Gi": 80 * 1024**3, "80G": 80e9}
DURATIONS = {"15d": 1_296_000, "1y": 31_536_000, "2w": 1_209_600, "36h": 129_600, "48h0m0s": 172_800, "1.5h": 5400}


@pytest.mark.parametrize("text", QUANTITIES)
def test_a_quantity_of_kubernetes(text: Any) -> None:
    assert parsed(text) == QUANTITIES[text]


@pytest.mark.parametrize("text", SIZES)
def test_a_size_of_prometheus_is_counted_by_1024_and_of_kubernetes_as_it_says(text: str) -> None:
    assert size(text) == SIZES[text]


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_of_prometheus_or_go(text: str) -> None:
    assert seconds(text) == DURATIONS[text]


@pytest.mark.parametrize("text", ["100ms", "0", "1h30m", "5x", "", "d", 15])
def test_what_else_is_a_duration_and_what_is_none(text: Any) -> None:
    assert seconds(text) == {"100ms": pytest.approx(0.1), "0": 0, "1h30m": 5400}.get(text)
