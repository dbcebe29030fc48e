"""Compares the catalog with the facts that it was made from, when those are beside the project."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from catalog.charts import CHARTS
from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES
from catalog.mig import MIG_GPUS, mig_gpu
from catalog.prices import SERVICE_PRICES, on_demand_usd_per_hour

CHARTS_READ_ELSEWHERE = {"neuron-helm-chart"}  # its row names its source
SHARED = Path(__file__).parents[3] / "shared"
pytestmark = pytest.mark.skipif(not (SHARED / "facts").is_dir(), reason="reference facts are not beside the project")


def facts(name: str) -> Any:
    return json.loads((SHARED / name).read_text())


def test_every_instance_type_has_the_figures_of_the_facts() -> None:
    reference = facts("facts/instance_types.json")["instance_types"]
    assert set(INSTANCE_TYPES) == set(reference), "rows are missing, or have no source"
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
            figures = (known.accelerator.name, known.accelerator.count, known.accelerator.memory_mib)
            assert figures == (accelerator["model"], accelerator["count"], accelerator["memory_mib"]), name


def test_every_price_equals_the_price_in_the_facts() -> None:
    reference = facts("facts/prices.json")["on_demand_linux_usd_per_hour"]
    compared = 0
    for region, prices in reference.items():
        for name, usd in prices.items():
            price = on_demand_usd_per_hour(name, region)
            assert price is not None, f"the price of {name} in {region} is missing"
            assert (price.usd, price.region) == (usd, region), name
            compared += 1
    assert compared > 2000, "without prices to compare, this test says nothing"


def test_every_service_price_equals_the_price_in_the_facts() -> None:
    for group, prices in facts("facts/service_prices.json")["services"].items():
        for key, row in prices.items():
            if row["usd"] is not None:
                price = SERVICE_PRICES[f"{group}.{key}"]
                assert (price.usd, price.verified) == (row["usd"], row["verified"]), f"{group}.{key}"


def test_every_chart_has_the_version_and_kinds_of_the_facts() -> None:
    reference = facts("charts/charts.json")
    assert CHARTS.keys() - reference.keys() == CHARTS_READ_ELSEWHERE, "a row without a fact to compare it with"
    for name in CHARTS.keys() & reference.keys():
        chart, row = CHARTS[name], reference[name]
        assert (chart.version, chart.namespace) == (row["version"], row["namespace"]), name
        assert {(c.group, c.kind, c.plural, c.scope) for c in chart.crds} == {
            (c["group"], c["kind"], c["plural"], c["scope"]) for c in row["crds"]
        }, name


def test_every_addon_has_the_namespace_and_policies_of_the_facts() -> None:
    reference = facts("charts/eks_addons.json")["addons"]
    for name, addon in ADDONS.items():
        assert addon.namespace == reference[name]["namespace"], name
        assert addon.service_account == reference[name].get("service_account"), name
        named = {policy.rsplit("/", 1)[-1] for policy in reference[name].get("managed_policies", ())}
        assert {arn.rsplit("/", 1)[-1] for arn in addon.policy_arns} <= named, f"{name}: a policy without a source"


def mig_facts() -> dict[str, Any]:
    """Returns the GPUs of the facts that some EC2 instance type has."""
    gpus = {name: row for name, row in facts("facts/mig_profiles.json")["gpus"].items() if row["ec2_instance_types"]}
    assert len(gpus) > 7, "without GPUs to compare, the tests say nothing"
    return gpus


def test_every_mig_profile_equals_the_profile_in_the_facts() -> None:
    assert set(MIG_GPUS) == set(mig_facts()), "a GPU is missing, or has no source"
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        assert (gpu.compute_slices, gpu.memory_slices) == (row["compute_slices"], row["memory_slices"]), name
        profiles = {p["name"]: p for p in row["profiles"]}
        for known in gpu.profiles.values():
            fact = profiles[known.name]
            assert (known.compute_slices, known.memory_slices, known.memory_gb, known.max_instances) == (
                fact["compute_slices"],
                fact["memory_slices"],
                fact["memory_gb"],
                fact["max_instances"],
            ), f"{name} {known.name}"
            assert known.placement_starts == tuple(fact["placement_starts"]), f"{name} {known.name}"
            assert known.resource == fact["k8s_resource"], "pods would request a resource that no node offers"
        missing = [p["name"] for p in profiles.values() if p["base"] and p["name"] not in gpu.profiles]
        assert missing == [], f"{name}: these profiles are missing"


def test_every_gpu_of_an_instance_type_is_found_by_its_accelerator() -> None:
    for name, row in mig_facts().items():
        for instance_type in row["ec2_instance_types"]:
            accelerator = INSTANCE_TYPES[instance_type].accelerator
            gpu = mig_gpu(accelerator) if accelerator else None
            assert gpu is not None, f"{instance_type}: MIG would be refused"
            assert gpu.name == name, f"{instance_type} would be offered the profiles of another GPU"


def test_exactly_the_layouts_of_the_facts_fit() -> None:
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        base = [p["name"] for p in row["profiles"] if p["base"]]
        counts = [range(gpu.profiles[profile].max_instances + 1) for profile in base]
        layouts = [dict(zip(base, picked, strict=True)) for picked in itertools.product(*counts)]
        valid = [layout for layout in layouts if any(layout.values()) and gpu.fits(layout)]
        assert len(valid) == row["layout_counts"]["valid"], (
            f"{name}: settings would refuse a layout that the GPU accepts, or accept one that it refuses"
        )
        maximal = [layout for layout in valid if not any(gpu.fits({**layout, more: layout[more] + 1}) for more in base)]
        expected = {tuple(sorted(layout.items())) for layout in row["maximal_layouts"]}
        assert {tuple(sorted((k, n) for k, n in layout.items() if n)) for layout in maximal} == expected, name


def test_a_homogeneous_layout_holds_as_many_instances_as_the_facts_say() -> None:
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        for layout in row["homogeneous_layouts"]:
            for profile, count in layout["mig_devices"].items():
                if profile in gpu.profiles:
                    assert gpu.profiles[profile].max_instances == count, f"{name} {profile}"
                    assert gpu.fits({profile: count}), f"{name} {profile}"
                    assert not gpu.fits({profile: count + 1}), f"{name} {profile}: one too many"
