"""What rules know of a cluster by its settings: prices, parts of GPUs, the end of support."""

from typing import Any

import pytest

from catalog.prices import node_usd_per_hour
from components.core.metrics import Recording
from components.observability.rules_of import rule_groups
from tests.components.stacks import CLUSTER, POOL, stack

A100, L4 = "p4d.24xlarge", "g6.2xlarge"
REGION = "us-west-2"
SHARED: dict[str, dict[str, Any]] = {
    "whole": {"instance_types": ["p5.48xlarge"]},
    "sliced": {"instance_types": [L4], "sharing": {"strategy": "time-slicing", "replicas": 4}},
    "mps": {"instance_types": [L4], "sharing": {"strategy": "mps", "replicas": 3}},
    "mig": {
        "instance_types": [A100],
        "sharing": {"strategy": "mig", "layout": {"1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1}},
    },
}
UNITS = {
    "whole": {"nvidia_com_gpu": 8},
    "sliced": {"nvidia_com_gpu_shared": 4},
    "mps": {"nvidia_com_gpu_shared": 3},
    "mig": {"nvidia_com_mig_1g_5gb": 16, "nvidia_com_mig_2g_10gb": 8, "nvidia_com_mig_3g_20gb": 8},
}


def constants(observability: dict[str, Any] | None = None, **cluster: Any) -> list[Recording]:
    pools = [POOL, *({"name": name, "scaling": "fixed", **more} for name, more in SHARED.items())]
    settings = stack(observability=observability or {}, clusters={"main": {**CLUSTER, "pools": pools, **cluster}})
    rules = [rule for group in rule_groups(settings.parts_of("main"), REGION) for rule in group.rules]
    return [rule for rule in rules if isinstance(rule, Recording) and rule.expr.startswith("vector(")]


def values(rows: list[Recording], name: str, **labels: str) -> dict[str, float]:
    """Returns the values of a series by resource."""
    return {
        row.labels.get("resource", ""): float(row.expr[len("vector(") : -1])
        for row in rows
        if row.name == name and labels.items() <= row.labels.items()
    }


@pytest.mark.parametrize("pool", SHARED)
def test_the_units_of_a_full_node_cost_what_the_node_costs(pool: str) -> None:
    rows = constants()
    slices = values(rows, "gpu:slice_price_usd_hour", label_ml_platform_pool=pool)
    price = node_usd_per_hour(SHARED[pool]["instance_types"][0], REGION, "on-demand")
    assert price is not None
    assert slices.keys() == UNITS[pool].keys()
    assert sum(slices[name] * count for name, count in UNITS[pool].items()) == pytest.approx(price.usd, rel=1e-4)
    assert values(rows, "pool:node_price_usd_hour", label_ml_platform_pool=pool)[""] == pytest.approx(price.usd)


@pytest.mark.parametrize("pool", SHARED)
def test_the_units_of_a_full_node_are_its_gpus(pool: str) -> None:
    rows = constants()
    shares = values(rows, "gpu:slice_share", label_ml_platform_pool=pool)
    (gpus,) = values(rows, "pool:gpus_per_node", label_ml_platform_pool=pool).values()
    assert sum(shares[name] * count for name, count in UNITS[pool].items()) == pytest.approx(gpus, rel=1e-4)


def test_support_ends_when_the_catalog_says_so() -> None:
    def ends(**cluster: Any) -> dict[str, str]:
        found = constants(**cluster)
        return {row.labels["support"]: row.expr for row in found if row.name.startswith("kubernetes:")}

    standard, extended = "vector(1806105600)", "vector(1837728000)"  # 2027-03-27, 2028-03-27
    assert ends(support_type="EXTENDED") == {"standard": standard, "last": extended}
    assert ends(support_type="STANDARD") == {"last": standard}, "AWS upgrades by itself then"


def test_groups_come_with_what_they_tell_of() -> None:
    def names(observability: dict[str, Any], **cluster: Any) -> set[str]:
        settings = stack(observability=observability, clusters={"main": {**CLUSTER, **cluster}})
        return {group.name for group in rule_groups(settings.parts_of("main"), REGION)}

    gpu = {"name": "gpu", "scaling": "fixed", "instance_types": ["p5.48xlarge"]}
    assert {"platform", "nodes", "costs", "cert-manager", "opencost"} <= names({})
    assert "opencost" not in names({"costs": False})
    assert not {"gpu-usage", "gpu-health", "gpu-devices", "dra", "karpenter"} & names({})
    assert {"gpu-usage", "gpu-health", "gpu-devices"} <= names({}, pools=[POOL, gpu])
    assert "dra" in names({}, pools=[POOL, gpu], gpu_allocation="dra")
    assert "gpu-devices" not in names({}, pools=[POOL, gpu], gpu_allocation="dra"), "no device plugin is there"
