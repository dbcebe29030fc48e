"""Profiles are defaults that a stack file overrides, and every setting in force is explained with its origin."""

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


def loaded(environment: str, **changes: Any) -> Any:
    return load({**stack(), "environment": environment, **changes}, SOURCE, TODAY)


@pytest.mark.parametrize("environment", PROFILES)
def test_every_profile_makes_a_valid_stack(environment: str) -> None:
    raw = {**stack(), "environment": environment, "network": {}}
    assert problems(raw) == (), "a profile must not be refused by the rules"


def test_dev_is_cheap_and_can_be_removed() -> None:
    dev = loaded("dev", network={})
    assert (dev.network.nat, dev.network.zones, dev.deletion_protection) == ("single", 2, False), "cheap, and removable"
    assert {pool.capacity_type for pool in dev.clusters["main"].pools} == {"spot"}, "dev may lose its nodes"


def test_prod_survives_the_loss_of_a_zone_and_keeps_logs_for_a_year() -> None:
    prod = loaded("prod", network={})
    assert (prod.network.nat, prod.network.zones, prod.deletion_protection) == ("per-zone", 3, True), "no single point"
    assert (prod.clusters["main"].logs.retention_days, prod.network.flow_logs.retention_days) == (365, 365), "audits"
    assert not prod.clusters["main"].endpoint.public, "the API must not be public"


def test_the_stack_file_overrides_its_profile() -> None:
    dev = loaded("dev", deletion_protection=True, network={"nat": "per-zone"})
    assert (dev.deletion_protection, dev.network.nat, dev.network.zones) == (True, "per-zone", 2), "key by key, no more"


def test_an_on_demand_pool_stays_on_demand_in_dev() -> None:
    raw = stack((("clusters", "main", "pools", 0, "capacity_type"), "on-demand"), (("environment",), "dev"))
    kinds = [pool.capacity_type for pool in load(raw, SOURCE, TODAY).clusters["main"].pools]
    assert kinds == ["on-demand", "spot"], "a wildcard of the profile must not override the file"


def test_a_profile_adds_no_clusters() -> None:
    assert "clusters" not in with_profile({"environment": "dev"}), "a missing key must be reported as missing"


def test_adding_a_profile_does_not_change_the_given_values() -> None:
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


def test_each_setting_is_explained_with_its_origin() -> None:
    raw = {**stack(), "network": {"cidr": "10.9.0.0/16"}}
    rows = {row.path: (row.value, row.origin) for row in explain(raw, SOURCE, TODAY)}
    assert rows["network.cidr"] == ("10.9.0.0/16", "stack file")
    assert rows["network.nat"] == ("per-zone", "profile")
    assert rows["network.pod_cidr"] == ("100.64.0.0/16", "default")
    assert rows["clusters.main.pools[1].max_per_zone"] == (4, "stack file")
    assert rows["clusters.main.pools[1].capacity_type"] == ("on-demand", "profile")
    assert rows["clusters.main.pools[1].instance_types"] == (["m5.2xlarge", "m5.4xlarge"], "stack file")


def test_the_config_of_a_file_can_be_explained_unchanged() -> None:
    config = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    assert explain(config, SOURCE, TODAY) == explain(read_file(ROOT / "Pulumi.dev.yaml"), SOURCE, TODAY)


def test_wrong_settings_are_not_explained() -> None:
    with pytest.raises(SettingsError, match="clusters: is missing"):
        explain({k: v for k, v in RIGHT.items() if k != "clusters"}, SOURCE, TODAY)


def test_support_of_a_version_depends_on_the_date() -> None:
    extended = stack((("clusters", "main", "version"), "1.34"))
    assert problems(extended, date(2026, 12, 2)) == (), "the last day of support counts"
    assert [p.path for p in problems(extended, date(2026, 12, 3))] == ["clusters.main.version"], (
        "the day after does not"
    )
