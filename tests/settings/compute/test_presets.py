"""Presets: each is a whole pool; the stack file overrides it, and it overrides the profile."""

from typing import Any

import pytest
import yaml

from catalog.instance_types import INSTANCE_TYPES
from catalog.prices import node_usd_per_hour, unpriced_reason
from catalog.regions import REGIONS
from components.stack.stack_file import explain, load
from settings.compute import preset_page
from settings.compute.node_pool import NodePoolSettings
from settings.compute.presets import PRESETS, preset_values, with_presets
from tests.settings.stacks import RIGHT, SOURCE, TODAY, problems, stack

SYSTEM = RIGHT["clusters"]["main"]["pools"][0]
ONE_ZONE = {"h100-training"}  # the user names the zone


def with_pools(*pools: dict[str, Any], region: str = "us-west-2", environment: str = "prod") -> dict[str, Any]:
    zones = [zone.name for zone in REGIONS[region].eks_zones[:2]]
    system = {**SYSTEM, "instance_types": ["m6i.large" if region != "us-west-2" else "m5.large"]}
    return {
        **stack((("clusters", "main", "pools"), [system, *pools])),
        "region": region,
        "environment": environment,
        "network": {"zones": zones},
    }


def region_of(preset: str) -> str:
    types = [INSTANCE_TYPES[name] for name in PRESETS[preset].values["instance_types"]]
    offering = set.intersection(*(set(t.regions) for t in types))
    return "us-west-2" if "us-west-2" in offering else min(offering & set(REGIONS))


def pool_of(*pools: dict[str, Any], region: str = "us-west-2", environment: str = "prod") -> NodePoolSettings:
    return load(with_pools(*pools, region=region, environment=environment), SOURCE, TODAY).clusters["main"].pools[1]


def alone(preset: str) -> dict[str, Any]:
    zone = REGIONS[region_of(preset)].eks_zones[0].name
    return {"preset": preset, **({"zones": [zone]} if preset in ONE_ZONE else {})}


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
@pytest.mark.parametrize("preset", PRESETS)
def test_one_line_with_a_preset_is_a_whole_pool(preset: str, environment: str) -> None:
    pool = pool_of(alone(preset), region=region_of(preset), environment=environment)
    assert pool.name == preset, "a pool that nobody named has the name of its preset"
    assert pool.min_per_zone == 0, "a preset that nobody uses costs nothing"
    assert pool.accelerator is None or pool.taints, "pods without GPUs would fill the nodes"


@pytest.mark.parametrize("operating_system", ["al2023", "bottlerocket"])
@pytest.mark.parametrize("provisioner", ["managed", "karpenter"])
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_may_be_put_on_either_provisioner(preset: str, provisioner: str, operating_system: str) -> None:
    pool = {**alone(preset), "provisioner": provisioner, "operating_system": operating_system}
    found = problems(with_pools(pool, region=region_of(preset), environment="dev"))
    no_image = operating_system == "bottlerocket" and (preset in ("inf2", "trn2") or "mig" in preset)
    assert ["al2023." in problem.message for problem in found] == [True] * no_image, found


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_with_accelerators_is_karpenters_unless_it_has_efa_or_a_reservation(preset: str) -> None:
    made = pool_of(alone(preset), region=region_of(preset))
    accelerated = made.accelerator is not None
    assert (made.provisioner == "karpenter") == (accelerated and not made.efa)
    if accelerated and len(made.instance_types) == 1:
        zone = REGIONS[region_of(preset)].eks_zones[0].name
        own = {"capacity_type": "reserved", "reservation": {"id": "cr-0123456789abcdef0", "zone": zone}}
        reserved = {**alone(preset), **own, "placement_group": False}
        assert pool_of(reserved, region=region_of(preset)).provisioner == "managed"
        assert pool_of({**reserved, "provisioner": "karpenter"}, region=region_of(preset)).provisioner == "karpenter"


def test_what_only_karpenter_has_is_dropped_from_a_managed_pool_and_kept_where_the_user_writes_it() -> None:
    assert PRESETS["gpu-small"].values["disruption"], "or this shows nothing"
    pool_of({"preset": "gpu-small", "provisioner": "managed"})
    own = {"preset": "gpu-small", "provisioner": "managed", "disruption": {"consolidate": "when-empty"}}
    (problem,) = problems(with_pools(own))
    assert problem.path == "clusters.main.pools[1].disruption", "the user's own mistake is told"


@pytest.mark.parametrize("preset", PRESETS)
def test_the_price_of_a_preset_is_known_or_has_a_reason_why_not(preset: str) -> None:
    for name in PRESETS[preset].values["instance_types"]:
        assert node_usd_per_hour(name, region_of(preset), "on-demand") or unpriced_reason(name), (
            "a surprise on the bill"
        )


def test_the_shared_a100_has_a_label_for_each_of_its_purposes() -> None:
    labels = pool_of({"preset": "a100-time-slicing"}).labels
    assert {"research", "development", "training", "batch-inference"} <= labels.keys(), "pods select nodes by purpose"
    assert "production-inference" not in labels, "another pod may take the memory of the GPU"


def test_a_preset_for_one_zone_requires_the_zone() -> None:
    reported = problems(with_pools({"preset": "h100-training"}))
    assert [p.path for p in reported] == ["clusters.main.pools[1].zones"]
    assert "Write for example `zones: [us-west-2a]`" in reported[0].message, "the advice is the line to write"


def test_the_stack_file_overrides_a_preset_and_a_preset_overrides_the_profile() -> None:
    changes = {"preset": "h100", "name": "tuning", "taints": [], "max_per_zone": 2, "labels": {"team": "vision"}}
    pool = pool_of(changes)
    assert (pool.name, pool.taints, pool.max_per_zone) == ("tuning", (), 2), "the values of the file"
    assert pool.labels == {"team": "vision", "training": "true", "fine-tuning": "true"}, "maps are merged"
    assert pool_of(alone("h100-training"), environment="dev").capacity_type == "on-demand", "dev would say spot"


@pytest.mark.parametrize(
    ("sharing", "label"),
    [
        ({"replicas": 3}, "time-slicing-3"),
        ({"strategy": "mps", "replicas": 6}, "mps-6"),
        ({"strategy": "none"}, "none"),
        ({"strategy": "mig", "profile": "1g.10gb"}, "mig-7x1g.10gb"),
    ],
)
def test_the_stack_file_can_change_the_sharing_of_a_preset(sharing: dict[str, Any], label: str) -> None:
    assert pool_of({"preset": "h100", "sharing": sharing}).shared.label == label


@pytest.mark.parametrize(
    ("sharing", "label"),
    [({"profile": "1g.10gb"}, "mig-7x1g.10gb"), ({"layout": {"7g.80gb": 1}}, "mig-1x7g.80gb"), ({}, None)],
)
def test_a_new_profile_or_layout_replaces_that_of_the_preset(sharing: dict[str, Any], label: str | None) -> None:
    assert pool_of({"preset": "a100-mig", "sharing": sharing}).shared.label == (
        label or "mig-2x1g.10gb_1x2g.20gb_1x3g.40gb"
    ), "merged, the two would contradict each other"


def test_an_unknown_preset_is_reported_once() -> None:
    reported = problems(with_pools({"preset": "h10"}))
    assert [(p.path, p.message.split()[0]) for p in reported] == [("clusters.main.pools[1].preset", "h10")], (
        "name and instance types are missing because of it"
    )
    assert reported[0].message.endswith("Did you mean h100?")


def test_explain_shows_which_values_come_from_a_preset() -> None:
    rows = {
        r.path: (r.value, r.origin) for r in explain(with_pools({"preset": "h100", "max_per_zone": 2}), SOURCE, TODAY)
    }
    path = "clusters.main.pools[1]"
    assert rows[f"{path}.preset"] == ("h100", "stack file")
    assert rows[f"{path}.max_per_zone"] == (2, "stack file")
    assert rows[f"{path}.sharing.replicas"] == (2, "preset")
    assert rows[f"{path}.taints[0].value"] == ("h100", "preset")
    assert rows[f"{path}.capacity_type"] == ("on-demand", "profile")
    assert rows[f"{path}.efa"] == (False, "default")


def test_adding_presets_does_not_change_the_given_values() -> None:
    raw = with_pools({"preset": "h100", "sharing": {"replicas": 3}, "labels": {"team": "vision"}})
    before = repr((raw, PRESETS))
    with_presets(raw)
    assert repr((raw, PRESETS)) == before, "the next pool of the preset would be another one"


@pytest.mark.parametrize("raw", [{}, {"clusters": None}, {"clusters": {"a": 1}}, {"clusters": {"a": {"pools": [1]}}}])
def test_invalid_clusters_and_pools_stay_unchanged(raw: dict[str, Any]) -> None:
    assert with_presets(raw) == raw


def test_the_page_shows_each_preset_as_a_pool_to_copy() -> None:
    text = preset_page.page()
    assert preset_page.PAGE.read_text() == text, "run `python -m settings.compute.preset_page`"
    blocks = [yaml.safe_load(block.split("```")[0]) for block in text.split("```yaml\n")[2:]]
    assert blocks == [preset_values(name) for name in PRESETS], "what is copied has to be what the preset is"
