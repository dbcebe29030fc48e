"""The catalog against the facts that it was made from, where those are at hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.charts import CHARTS
from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES
from catalog.prices import SERVICE_PRICES, on_demand_usd_per_hour

SHARED = Path(__file__).parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "facts").is_dir(), reason="reference facts are not beside the project")


def facts(name: str) -> Any:
    return json.loads((SHARED / name).read_text())


def test_every_instance_type_has_the_figures_of_the_facts() -> None:
    reference = facts("facts/instance_types.json")["instance_types"]
    assert set(INSTANCE_TYPES) == set(reference), "rows were lost or made up"
    for name, row in reference.items():
        known, enis, accelerator = INSTANCE_TYPES[name], row["enis"] or {}, row["accelerator"]
        assert (known.vcpus, known.memory_mib, known.arch) == (row["vcpus"], row["memory_mib"], row["arch"]), name
        assert known.max_pods == enis.get("max_pods"), name
        assert known.max_pods_prefix_delegation == enis.get("max_pods_prefix_delegation"), name
        assert (known.max_enis, known.ipv4_per_eni) == (enis.get("max_enis"), enis.get("ipv4_per_eni")), name
        assert known.efa_interfaces == (row["efa"] or {}).get("max_interfaces"), name
        assert known.local_nvme_gb == (row["local_nvme"] or {}).get("total_gb", 0), name
        assert known.regions == frozenset(row["regions"]), name
        assert known.current_generation == row["current_generation"], name
        assert (known.accelerator is None) == (accelerator is None), name
        if known.accelerator:
            found = (known.accelerator.name, known.accelerator.count, known.accelerator.memory_mib)
            assert found == (accelerator["model"], accelerator["count"], accelerator["memory_mib"]), name


def test_every_price_is_that_of_the_facts() -> None:
    reference = facts("facts/prices.json")["on_demand_linux_usd_per_hour"]
    compared = 0
    for region, prices in reference.items():
        for name, usd in prices.items():
            price = on_demand_usd_per_hour(name, region)
            assert price is not None, f"{name} in {region} was lost"
            assert (price.usd, price.region) == (usd, region), name
            compared += 1
    assert compared > 2000, "the loop has to have something to loop over"


def test_every_service_price_is_that_of_the_facts() -> None:
    for group, prices in facts("facts/service_prices.json")["services"].items():
        for key, row in prices.items():
            if row["usd"] is not None:
                price = SERVICE_PRICES[f"{group}.{key}"]
                assert (price.usd, price.verified) == (row["usd"], row["verified"]), f"{group}.{key}"


def test_every_chart_has_the_version_and_kinds_of_the_facts() -> None:
    reference = facts("charts/charts.json")
    for name, chart in CHARTS.items():
        row = reference[name]
        assert (chart.version, chart.namespace) == (row["version"], row["namespace"]), name
        assert {(c.group, c.kind, c.plural, c.scope) for c in chart.crds} == {
            (c["group"], c["kind"], c["plural"], c["scope"]) for c in row["crds"]
        }, name


def test_every_addon_lives_and_acts_as_the_facts_say() -> None:
    reference = facts("charts/eks_addons.json")["addons"]
    for name, addon in ADDONS.items():
        assert addon.namespace == reference[name]["namespace"], name
        assert addon.service_account == reference[name].get("service_account"), name
        named = {policy.rsplit("/", 1)[-1] for policy in reference[name].get("managed_policies", ())}
        assert {arn.rsplit("/", 1)[-1] for arn in addon.policy_arns} <= named, f"{name}: a policy nobody asked for"
