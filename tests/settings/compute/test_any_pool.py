"""Pools drawn from the whole catalog: settings refuse exactly what cannot be, and never fall over."""

from collections import Counter
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from pydantic import ValidationError

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
    """The drawn pool as loaded, or why not. Anything else that is raised fails the test."""
    try:
        return load(raw, SOURCE, TODAY).clusters["main"].pools[1]
    except SettingsError as error:
        return error


@settings(max_examples=2000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(any_stack())
def test_what_cannot_be_is_refused_and_nothing_else(raw: dict[str, Any]) -> None:
    reasons = impossible(raw)
    found = pool_of(raw)
    SEEN["refused" if reasons else "taken"] += 1
    SEEN.update(reasons)
    if isinstance(found, SettingsError):
        assert reasons, f"refused without a reason: {drawn_pool(raw)}\n{found}"
        for problem in found.problems:
            assert problem.path.startswith("clusters.main.pools[1]"), "the mistake is in the drawn pool"
            assert problem.message.endswith("."), f"a way out comes last: {problem}"
    else:
        assert not reasons, f"taken, though {reasons}: {drawn_pool(raw)}"
        stands_for_what_it_says(found)


def stands_for_what_it_says(pool: NodePoolSettings) -> None:
    """What the rest of the platform relies on in a pool that was taken."""
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
    units = shared.resources(accelerator)
    assert units, "a pool that offers nothing"
    assert all(count > 0 for count in units.values()), "a pool that offers nothing"
    gpu = mig_gpu(accelerator)
    if shared.strategy == "mig":
        assert gpu is not None, "cut what cannot be cut"
        assert gpu.fits(dict(shared.layout)), "a layout that the driver would refuse"
    assert (
        every_add_on()["gpu-operator"].is_on(cluster_of(pool))
        or every_add_on()["neuron-helm-chart"].is_on(cluster_of(pool))
        or pool.operating_system == "bottlerocket"
    ), "nothing offers the GPUs"


def test_the_draws_reached_both_sides_and_every_reason() -> None:
    assert SEEN["taken"] > 300, f"too few right pools to mean anything: {SEEN}"
    assert SEEN["refused"] > 300, f"too few wrong pools to mean anything: {SEEN}"
    wanted = {
        "no driver",
        "not offered",
        "fallbacks",
        "another zone",
        "dates",
        "no disks",
    }
    wanted |= {"sizes", "desired", "max_gpus", "always_on", "off_peak", "disruption", "max_unavailable_percentage"}
    wanted |= {"replicas", "nothing to share", "no taint", "EFA over shared GPUs", "no MIG", "no such cut", "EFA"}
    wanted |= {"MIG of turns", "MIG of nothing", "placement group", "zones", "not that reservation"}
    assert wanted <= set(SEEN), f"never drawn: {wanted - set(SEEN)}"


def test_every_instance_type_can_be_a_pool_but_those_without_a_driver() -> None:
    refused = {}
    for name, known in INSTANCE_TYPES.items():
        with suppress(ValidationError):
            NodePoolSettings(name="p", instance_types=(name,))
            continue
        refused[name] = known.family
    assert set(refused.values()) == {"g7"}, "the catalog's other types all have an image with a driver"
