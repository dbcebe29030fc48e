"""Compares the catalog with facts that are stored apart from it: a row that was changed by mistake differs.

A figure that AWS may change is compared only while the catalog's row is not newer than the fact: `make facts` renews
rows.
"""

import itertools
from typing import Any

from catalog.charts import CHARTS
from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES
from catalog.mig import MIG_GPUS, mig_gpu
from catalog.prices import SERVICE_PRICES, on_demand_usd_per_hour
from catalog.regions import REGIONS
from catalog.rows import read_table
from tests.facts.reading import facts


def test_every_instance_type_has_the_figures_of_the_facts() -> None:
    reference, table = facts("instance_types"), read_table("instance_types")
    assert set(INSTANCE_TYPES) >= set(reference["types"]), "rows are missing"
    for name, row in reference["types"].items():
        known, (*figures, current, regions, accelerator) = INSTANCE_TYPES[name], row
        first = (known.vcpus, known.memory_mib, known.arch, known.max_pods, known.max_pods_prefix_delegation)
        assert [*first, known.max_enis, known.ipv4_per_eni, known.efa_interfaces, known.local_nvme_gb] == figures, name
        gpu = known.accelerator and [known.accelerator.name, known.accelerator.count, known.accelerator.memory_mib]
        assert gpu == accelerator, name
        offered = set(reference["region_sets"][regions].split())
        assert known.regions >= offered, f"{name}: a region is missing"
        if table["read"] <= reference["read"]:
            assert known.regions == offered, f"{name}: a region has no source"
            assert known.current_generation == current, name


def test_every_price_equals_the_price_in_the_facts() -> None:
    reference, table = facts("instance_prices"), read_table("instance_prices")
    compared = {table["sources"][source]["text"] for source in reference["compared_sources"]}
    for name, prices in reference["prices"].items():
        for region, usd in zip(reference["regions"], prices, strict=True):
            price = on_demand_usd_per_hour(name, region)
            assert (price is None) <= (usd is None), f"the price of {name} in {region} is missing"
            if usd is not None and price is not None and price.source in compared:
                assert (price.usd, price.region) == (usd, region), name


def test_every_spot_saving_equals_the_saving_in_the_facts() -> None:
    reference, table = facts("spot_savings"), read_table("instance_prices")
    if table["sources"]["spot-advisor"]["as_of"][:7] <= reference["read"]:
        for name, row in table["types"].items():
            known = dict(zip(reference["regions"], reference["types"].get(name, ()), strict=False))
            assert row.get("spot_saving_pct", {}) == {region: pct for region, pct in known.items() if pct}, name


def test_every_zone_id_equals_the_id_in_the_facts() -> None:
    reference = facts("zones")
    excluded = [zone_id for region in REGIONS.values() for zone_id in region.eks_excluded_zone_ids]
    assert sorted(excluded) == reference["without_cluster_subnets"]
    for name, region in REGIONS.items():
        ids = sorted(zone.zone_id for zone in region.zones)
        prefix = ids[0].partition("-")[0]  # the source does not have newer regions, whose zones have the first numbers
        assert ids == reference["regions"].get(name, [f"{prefix}-az{n}" for n in range(1, len(ids) + 1)]), name


def test_every_service_price_equals_the_price_in_the_facts() -> None:
    reference = facts("service_prices")
    for key, (usd, verified) in reference["prices"].items():
        if SERVICE_PRICES[key].as_of <= reference["read"]:
            assert (SERVICE_PRICES[key].usd, SERVICE_PRICES[key].verified) == (usd, verified), key


def test_every_chart_has_the_version_and_kinds_of_the_facts() -> None:
    reference = facts("charts")["charts"]
    assert CHARTS.keys() <= reference.keys(), "a row without a fact to compare it with"
    for name, chart in CHARTS.items():
        version, namespace, kinds = reference[name]
        assert chart.version == version, f"{name}: read the kinds and values of the new version, and write tests/facts"
        assert chart.namespace == namespace, name
        assert {(c.group, c.kind, c.plural, c.scope) for c in chart.crds} == {tuple(kind) for kind in kinds}, name


def test_every_chart_has_the_program_of_the_facts() -> None:
    reference = facts("app_versions")["charts"]
    assert CHARTS.keys() <= reference.keys(), "a row without a fact to compare it with"
    for name, chart in CHARTS.items():
        assert [chart.version, chart.app_version] == reference[name], f"{name}: read Chart.yaml, and write tests/facts"


def test_every_addon_has_the_namespace_and_policies_of_the_facts() -> None:
    for name, addon in ADDONS.items():
        namespace, service_account, policies = facts("eks_addons")["addons"][name]
        assert (addon.namespace, addon.service_account) == (namespace, service_account), name
        named = {arn.rsplit("/", 1)[-1] for arn in (*addon.policy_arns, *addon.cluster_policy_arns)}
        assert named <= set(policies), f"{name}: a policy without a source"


def mig_facts() -> dict[str, Any]:
    """Returns the GPUs of the facts that some EC2 instance type has."""
    gpus: dict[str, Any] = facts("mig_gpus")["gpus"]
    assert len(gpus) > 7, "without GPUs to compare, the tests say nothing"
    return gpus


def test_every_mig_profile_equals_the_profile_in_the_facts() -> None:
    assert set(MIG_GPUS) == set(mig_facts()), "a GPU is missing, or has no source"
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        assert (gpu.compute_slices, gpu.memory_slices) == (row["compute_slices"], row["memory_slices"]), name
        profiles = {profile: figures for profile, *figures in row["profiles"]}
        for known in gpu.profiles.values():
            *figures, resource, _ = profiles[known.name]
            first = [known.compute_slices, known.memory_slices, known.memory_gb, list(known.placement_starts)]
            assert [*first, known.max_instances] == figures, f"{name} {known.name}"
            assert known.resource == resource, "pods would request a resource that no node offers"
        missing = [profile for profile, (*_, base) in profiles.items() if base and profile not in gpu.profiles]
        assert missing == [], f"{name}: these profiles are missing"


def test_every_gpu_of_an_instance_type_is_found_by_its_accelerator() -> None:
    for name, row in mig_facts().items():
        for instance_type in row["instance_types"]:
            accelerator = INSTANCE_TYPES[instance_type].accelerator
            gpu = mig_gpu(accelerator) if accelerator else None
            assert gpu is not None, f"{instance_type}: MIG would be refused"
            assert gpu.name == name, f"{instance_type} would be offered the profiles of another GPU"


def test_exactly_the_layouts_of_the_facts_fit() -> None:
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        base = [profile for profile, *_, is_base in row["profiles"] if is_base]
        counts = [range(gpu.profiles[profile].max_instances + 1) for profile in base]
        layouts = [dict(zip(base, picked, strict=True)) for picked in itertools.product(*counts)]
        valid = [layout for layout in layouts if any(layout.values()) and gpu.fits(layout)]
        assert len(valid) == row["valid_layouts"], (
            f"{name}: settings would refuse a layout that the GPU accepts, or accept one that it refuses"
        )
        maximal = [layout for layout in valid if not any(gpu.fits({**layout, more: layout[more] + 1}) for more in base)]
        expected = {tuple(sorted(layout.items())) for layout in row["maximal_layouts"]}
        assert {tuple(sorted((k, n) for k, n in layout.items() if n)) for layout in maximal} == expected, name


def test_a_homogeneous_layout_holds_as_many_instances_as_the_facts_say() -> None:
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        for profile, count in row["homogeneous_layouts"].items():
            if profile in gpu.profiles:
                assert gpu.profiles[profile].max_instances == count, f"{name} {profile}"
                assert gpu.fits({profile: count}), f"{name} {profile}"
                assert not gpu.fits({profile: count + 1}), f"{name} {profile}: one too many"
