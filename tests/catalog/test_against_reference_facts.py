"""The catalog against facts that stand apart from it: a row that was changed by mistake differs.

Figures that `make facts` renewed later are not compared with older ones, where AWS may have changed them since.
"""

import itertools
from typing import Any

from catalog.charts import CHARTS
from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES
from catalog.mig import MIG_GPUS, mig_gpu
from catalog.prices import SERVICE_PRICES, on_demand_usd_per_hour
from catalog.rows import read_table
from tests.facts.reading import facts


def test_every_instance_type_has_the_figures_of_the_facts() -> None:
    reference, table = facts("instance_types"), read_table("instance_types")
    assert set(INSTANCE_TYPES) >= set(reference["types"]), "rows were lost"
    for name, row in reference["types"].items():
        known, (*figures, current, regions, accelerator) = INSTANCE_TYPES[name], row
        own = (known.vcpus, known.memory_mib, known.arch, known.max_pods, known.max_pods_prefix_delegation)
        assert [*own, known.max_enis, known.ipv4_per_eni, known.efa_interfaces, known.local_nvme_gb] == figures, name
        found = known.accelerator and [known.accelerator.name, known.accelerator.count, known.accelerator.memory_mib]
        assert found == accelerator, name
        offered = set(reference["region_sets"][regions].split())
        assert known.regions >= offered, f"{name}: a region was lost"
        if table["read"] <= reference["read"]:
            assert known.regions == offered, f"{name}: a region was made up"
            assert known.current_generation == current, name


def test_every_price_is_that_of_the_facts() -> None:
    reference, table = facts("instance_prices"), read_table("instance_prices")
    compared = {table["sources"][source]["text"] for source in reference["compared_sources"]}
    for name, prices in reference["prices"].items():
        for region, usd in zip(reference["regions"], prices, strict=True):
            price = on_demand_usd_per_hour(name, region)
            assert (price is None) <= (usd is None), f"{name} in {region} was lost"
            if usd is not None and price is not None and price.source in compared:
                assert (price.usd, price.region) == (usd, region), name


def test_every_service_price_is_that_of_the_facts() -> None:
    reference = facts("service_prices")
    for key, (usd, verified) in reference["prices"].items():
        if SERVICE_PRICES[key].as_of <= reference["read"]:
            assert (SERVICE_PRICES[key].usd, SERVICE_PRICES[key].verified) == (usd, verified), key


def test_every_chart_has_the_version_and_kinds_of_the_facts() -> None:
    reference = facts("charts")["charts"]
    assert CHARTS.keys() <= reference.keys(), "a row that nothing can be compared with"
    for name, chart in CHARTS.items():
        version, namespace, kinds = reference[name]
        assert chart.version == version, f"{name}: read its kinds and values anew, and write them to tests/facts"
        assert chart.namespace == namespace, name
        assert {(c.group, c.kind, c.plural, c.scope) for c in chart.crds} == {tuple(kind) for kind in kinds}, name


def test_every_addon_lives_and_acts_as_the_facts_say() -> None:
    for name, addon in ADDONS.items():
        namespace, service_account, policies = facts("eks_addons")["addons"][name]
        assert (addon.namespace, addon.service_account) == (namespace, service_account), name
        named = {arn.rsplit("/", 1)[-1] for arn in addon.policy_arns}
        assert named <= set(policies), f"{name}: a policy nobody asked for"


def mig_facts() -> dict[str, Any]:
    """The GPUs that an EC2 instance type has."""
    gpus: dict[str, Any] = facts("mig_gpus")["gpus"]
    assert len(gpus) > 7, "the loop has to have something to loop over"
    return gpus


def test_every_mig_profile_is_that_of_the_facts() -> None:
    assert set(MIG_GPUS) == set(mig_facts()), "a GPU was lost or made up"
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        assert (gpu.compute_slices, gpu.memory_slices) == (row["compute_slices"], row["memory_slices"]), name
        profiles = {profile: figures for profile, *figures in row["profiles"]}
        for known in gpu.profiles.values():
            *figures, resource, _ = profiles[known.name]
            own = [known.compute_slices, known.memory_slices, known.memory_gb, list(known.placement_starts)]
            assert [*own, known.max_instances] == figures, f"{name} {known.name}"
            assert known.resource == resource, "pods would ask for what no node offers"
        lost = [profile for profile, (*_, base) in profiles.items() if base and profile not in gpu.profiles]
        assert lost == [], f"{name}: profiles that everybody may want"


def test_every_gpu_of_an_instance_type_is_found_by_its_accelerator() -> None:
    for name, row in mig_facts().items():
        for instance_type in row["instance_types"]:
            accelerator = INSTANCE_TYPES[instance_type].accelerator
            found = mig_gpu(accelerator) if accelerator else None
            assert found is not None, f"{instance_type}: MIG would be refused"
            assert found.name == name, f"{instance_type} would be offered the profiles of another GPU"


def test_exactly_the_layouts_of_the_facts_fit() -> None:
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        base = [profile for profile, *_, wanted_by_all in row["profiles"] if wanted_by_all]
        counts = [range(gpu.profiles[profile].max_instances + 1) for profile in base]
        layouts = [dict(zip(base, picked, strict=True)) for picked in itertools.product(*counts)]
        valid = [layout for layout in layouts if any(layout.values()) and gpu.fits(layout)]
        assert len(valid) == row["valid_layouts"], f"{name}: settings would refuse or take what the GPU does not"
        maximal = [layout for layout in valid if not any(gpu.fits({**layout, more: layout[more] + 1}) for more in base)]
        wanted = {tuple(sorted(layout.items())) for layout in row["maximal_layouts"]}
        assert {tuple(sorted((k, n) for k, n in layout.items() if n)) for layout in maximal} == wanted, name


def test_a_homogeneous_layout_holds_as_many_instances_as_the_facts_say() -> None:
    for name, row in mig_facts().items():
        gpu = MIG_GPUS[name]
        for profile, count in row["homogeneous_layouts"].items():
            if profile in gpu.profiles:
                assert gpu.profiles[profile].max_instances == count, f"{name} {profile}"
                assert gpu.fits({profile: count}), f"{name} {profile}"
                assert not gpu.fits({profile: count + 1}), f"{name} {profile}: one too many"
