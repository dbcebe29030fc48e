"""The end of support is told before it comes."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from catalog.kubernetes import VERSIONS
from components.stack.stack_file import SettingsError, load_file
from components.stack.support import DAYS_AHEAD, support_warnings
from settings.cluster.cluster import ClusterSettings
from tests.components.stacks import CLUSTER

ROOT = Path(__file__).parents[3]

RELEASE = VERSIONS["1.35"]


def told(support_type: str, today: date) -> list[str]:
    cluster = ClusterSettings.model_validate({**CLUSTER, "version": "1.35", "support_type": support_type})
    return list(support_warnings({"main": cluster}, today))


@pytest.mark.parametrize(
    ("support_type", "end", "then"),
    [
        ("STANDARD", RELEASE.end_standard, "AWS then upgrades the cluster by itself"),
        ("EXTENDED", RELEASE.end_standard, "it costs six times as much an hour from then on"),
        ("EXTENDED", RELEASE.end_extended, "AWS then upgrades the cluster by itself"),
    ],
)
def test_each_end_is_told_from_120_days_ahead_to_its_last_day(support_type: str, end: date, then: str) -> None:
    assert told(support_type, end - timedelta(days=DAYS_AHEAD + 1)) == []
    for days in (DAYS_AHEAD, 1, 0):
        (warning,) = told(support_type, end - timedelta(days=days))
        assert f"ends on {end}, in {days} days; {then}." in warning
        assert warning.startswith("clusters.main: ")


def test_past_all_support_the_file_takes_the_version_that_aws_has_given_the_cluster() -> None:
    """One of the supported versions would be refused for a cluster that is further away from it."""
    with pytest.raises(SettingsError, match=r"Write the version that the cluster has now: `aws eks describe-cluster "):
        load_file(ROOT / "Pulumi.dev.yaml", date(2029, 1, 1))
