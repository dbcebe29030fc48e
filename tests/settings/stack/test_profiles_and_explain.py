"""Profiles lie under what a stack file says, and every setting in force tells where it comes from."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.stack.stack_file import explain, load
from settings.stack.loader import SettingsError, read_file
from settings.stack.profiles import PROFILES, with_profile
from tests.settings.stacks import RIGHT, SOURCE, TODAY, problems, stack

ROOT = Path(__file__).parents[3]


def loaded(environment: str, **over: Any) -> Any:
    return load({**stack(), "environment": environment, **over}, SOURCE, TODAY)


@pytest.mark.parametrize("environment", PROFILES)
def test_every_profile_makes_a_stack_that_is_right(environment: str) -> None:
    raw = {**stack(), "environment": environment, "network": {}}
    assert problems(raw) == (), "a default that is refused is no default"


def test_dev_is_cheap_and_can_be_thrown_away() -> None:
    dev = loaded("dev", network={})
    assert (dev.network.nat, dev.network.zones, dev.deletion_protection) == ("single", 2, False), "cheap, and removable"
    assert {pool.capacity_type for pool in dev.clusters["main"].pools} == {"spot"}, "dev may lose its nodes"


def test_prod_stands_alone_in_each_zone_and_remembers_a_year() -> None:
    prod = loaded("prod", network={})
    assert (prod.network.nat, prod.network.zones, prod.deletion_protection) == ("per-zone", 3, True), "no single point"
    assert (prod.clusters["main"].logs.retention_days, prod.network.flow_logs.retention_days) == (365, 365), "audits"
    assert not prod.clusters["main"].endpoint.public, "the API is nobody's business outside"


def test_what_the_stack_file_says_wins_over_its_profile() -> None:
    dev = loaded("dev", deletion_protection=True, network={"nat": "none"})
    assert (dev.deletion_protection, dev.network.nat, dev.network.zones) == (True, "none", 2), "key by key, no more"


def test_a_pool_on_demand_stays_so_in_dev() -> None:
    raw = stack((("clusters", "main", "pools", 0, "capacity_type"), "on-demand"), (("environment",), "dev"))
    kinds = [pool.capacity_type for pool in load(raw, SOURCE, TODAY).clusters["main"].pools]
    assert kinds == ["on-demand", "spot"], "a wildcard of the profile must not reach over the file's own word"


def test_a_profile_does_not_invent_clusters() -> None:
    assert "clusters" not in with_profile({"environment": "dev"}), "a missing key has to be reported as missing"


def test_a_profile_leaves_what_it_was_given_as_it_was() -> None:
    raw = stack((("environment",), "dev"))
    before = repr(raw)
    with_profile(raw)
    assert repr(raw) == before, "explain compares the two"


@pytest.mark.parametrize("name", ["Pulumi.dev.yaml", "Pulumi.prod.yaml"])
def test_every_setting_in_force_is_explained_once(name: str) -> None:
    rows = explain(read_file(ROOT / name), name, TODAY)
    paths = [row.path for row in rows]
    assert len(paths) == len(set(paths)) > 50, "each setting once, and all of them"
    assert {row.origin for row in rows} == {"stack file", "preset", "profile", "default"}, "all are in use"


def test_each_origin_is_told() -> None:
    raw = {**stack(), "network": {"cidr": "10.9.0.0/16"}}
    rows = {row.path: (row.value, row.origin) for row in explain(raw, SOURCE, TODAY)}
    assert rows["network.cidr"] == ("10.9.0.0/16", "stack file")
    assert rows["network.nat"] == ("per-zone", "profile")
    assert rows["network.pod_cidr"] == ("100.64.0.0/16", "default")
    assert rows["clusters.main.pools[1].max_per_zone"] == (4, "stack file")
    assert rows["clusters.main.pools[1].capacity_type"] == ("on-demand", "profile")
    assert rows["clusters.main.pools[1].instance_types"] == (["m5.2xlarge", "m5.4xlarge"], "stack file")


def test_the_config_of_a_file_can_be_explained_as_it_stands() -> None:
    config = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    assert explain(config, SOURCE, TODAY) == explain(read_file(ROOT / "Pulumi.dev.yaml"), SOURCE, TODAY)


def test_wrong_settings_are_not_explained() -> None:
    with pytest.raises(SettingsError, match="clusters: is missing"):
        explain({k: v for k, v in RIGHT.items() if k != "clusters"}, SOURCE, TODAY)


def test_support_is_judged_by_the_day() -> None:
    extended = stack((("clusters", "main", "version"), "1.34"))
    assert problems(extended, date(2026, 12, 2)) == (), "the last day of support is a day of support"
    assert [p.path for p in problems(extended, date(2026, 12, 3))] == ["clusters.main.version"], "the day after is not"
