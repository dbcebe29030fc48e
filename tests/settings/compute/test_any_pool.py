"""Pools drawn from the whole catalog: settings refuse exactly the impossible ones, and never crash."""

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings

from catalog.instance_types import INSTANCE_TYPES
from catalog.mig import mig_gpu
from catalog.sharing import Sharing, accelerator_label
from components.core.addon_spec import every_add_on
from components.stack.stack_file import load
from settings.compute.node_pool import NodePoolSettings
from settings.core.naming import label_value_mistakes
from settings.stack.loader import SettingsError
from tests.settings.compute.any_pool import NETWORK_ZONES, any_stack, drawn_pool, impossible
from tests.settings.stacks import SOURCE, TODAY, cluster_of

SEEN: Counter[str] = Counter()


def pool_of(raw: dict[str, Any]) -> NodePoolSettings | SettingsError:
    """Returns the loaded pool, or the error. Any other exception fails the test."""
    try:
        return load(raw, SOURCE, TODAY).clusters["main"].pools[1]
    except SettingsError as error:
        return error


@settings(max_examples=2000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(any_stack())
def test_impossible_pools_are_refused_and_all_others_accepted(raw: dict[str, Any]) -> None:
    reasons = impossible(raw)
    pool = pool_of(raw)
    SEEN["refused" if reasons else "accepted"] += 1
    SEEN.update(reasons)
    if isinstance(pool, SettingsError):
        assert reasons, f"refused without a reason: {drawn_pool(raw)}\n{pool}"
        for problem in pool.problems:
            assert problem.path.startswith("clusters.main.pools[1]"), "the mistake is in the drawn pool"
            assert problem.message.endswith("."), f"a message ends with advice: {problem}"
    else:
        assert not reasons, f"accepted in spite of {reasons}: {drawn_pool(raw)}"
        check_what_the_platform_relies_on(pool)


def check_what_the_platform_relies_on(pool: NodePoolSettings) -> None:
    """Checks what the rest of the platform relies on in a pool that was accepted."""
    shared, accelerator = pool.shared, pool.accelerator
    assert not list(label_value_mistakes(shared.label)), "the sharing is a node label"
    assert Sharing.of_label(shared.label) == shared, "prices and policies read it back"
    assert 0 < pool.most_nodes(NETWORK_ZONES) <= pool.max_per_zone * NETWORK_ZONES, "a pool that can have no node"
    assert pool.min_per_zone <= pool.start_per_zone <= pool.max_per_zone
    if accelerator is None:
        assert shared == Sharing(), "nothing to share"
        return
    assert {accelerator_label(t.accelerator) for t in pool.machines if t.accelerator} == {
        accelerator_label(accelerator)
    }
    resources = shared.resources(accelerator)
    assert resources, "a pool that offers nothing"
    assert all(count > 0 for count in resources.values()), "a pool that offers nothing"
    gpu = mig_gpu(accelerator)
    if shared.strategy == "mig":
        assert gpu is not None, "MIG on a GPU without MIG"
        assert gpu.fits(dict(shared.layout)), "a layout that the driver would refuse"
    assert (
        every_add_on()["gpu-operator"].is_on(cluster_of(pool))
        or every_add_on()["neuron-helm-chart"].is_on(cluster_of(pool))
        or pool.operating_system == "bottlerocket"
    ), "nothing offers the GPUs"


def test_the_draws_reached_both_sides_and_every_reason() -> None:
    assert SEEN["accepted"] > 300, f"too few valid pools to mean anything: {SEEN}"
    assert SEEN["refused"] > 300, f"too few invalid pools to mean anything: {SEEN}"
    expected_reasons = {
        "no image",
        "not offered",
        "no addresses",
        "fallbacks",
        "another zone",
        "dates",
        "no disks",
    }
    expected_reasons |= {
        "sizes",
        "scaling",
        "desired",
        "max_gpus",
        "always_on",
        "off_peak",
        "disruption",
        "max_unavailable_percentage",
    }
    expected_reasons |= {
        "replicas",
        "nothing to share",
        "EFA over shared GPUs",
        "no MIG",
        "MIG layout does not fit",
        "EFA",
    }
    expected_reasons |= {
        "profile without MIG",
        "profile without sharing",
        "placement group",
        "zones",
        "not that reservation",
    }
    assert expected_reasons <= set(SEEN), f"never drawn: {expected_reasons - set(SEEN)}"


def test_every_instance_type_of_the_catalog_can_be_a_pool() -> None:
    for name in INSTANCE_TYPES:
        NodePoolSettings(name="p", provisioner="karpenter", instance_types=(name,))
