"""The values of every release of whole stacks, against what the charts read."""

import pytest

from settings.cluster.helm_values import mistakes_of
from tests.components.whole_stacks import STACKS, built


@pytest.mark.parametrize("stack", STACKS)
def test_no_release_has_a_value_that_its_chart_ignores_or_refuses(stack: str) -> None:
    releases = built(stack).all("Release")
    assert releases
    for release in releases:
        assert list(mistakes_of(release.inputs["name"], release.inputs["values"])) == [], release.name
