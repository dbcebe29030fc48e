"""Quantities are written as the API server stores them."""

import pytest

from components.tenancy.quantities import count, mebibytes


@pytest.mark.parametrize(("amount", "text"), [(0, "0"), (7, "7"), (500, "500"), (1000, "1k"), (1500, "1500")])
def test_numbers(amount: int, text: str) -> None:
    assert count(amount) == text


@pytest.mark.parametrize(
    ("amount", "text"), [(0, "0"), (128, "128Mi"), (65536, "64Gi"), (1024**2, "1Ti"), (1000 * 1024, "1000Gi")]
)
def test_memory(amount: int, text: str) -> None:
    assert mebibytes(amount) == text
