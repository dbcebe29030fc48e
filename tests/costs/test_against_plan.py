"""The estimate, made from the engine's resources, and the compute plan, made from the settings, have equal costs."""

from typing import Any

import pytest

from components.compute.karpenter.karpenter_manifests import node_pool
from components.stack.stack_file import load
from costs.resource import Resource
from report.compute_plan import compute_plan
from tests.costs.builders import REGION, price
from tests.settings.stacks import SOURCE, TODAY, stack

ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
POOLS: list[dict[str, Any]] = [
    {"instance_types": ["p4d.24xlarge"], "sharing": {"strategy": "time-slicing", "replicas": 4}},
    {"instance_types": ["p4de.24xlarge"], "sharing": {"strategy": "mps", "replicas": 2}, "max_gpus": 16},
    {"instance_types": ["g6.xlarge", "g6.12xlarge", "g6.48xlarge"], "max_gpus": 21, "max_per_zone": 5},
    {"instance_types": ["g6.xlarge", "g6.4xlarge"], "capacity_type": "spot", "fallback_capacity_types": ["on-demand"]},
    {"instance_types": ["inf2.xlarge", "inf2.48xlarge"], "max_per_zone": 2},
    {"instance_types": ["m7i.2xlarge", "m6i.8xlarge"], "capacity_type": "spot"},
]


@pytest.mark.parametrize("pool", POOLS, ids=lambda pool: pool["instance_types"][0])
def test_a_karpenter_pool_costs_the_same_in_both(pool):
    system = {"operating_system": "bottlerocket"} if "sharing" in pool else {}
    entry: dict[str, Any] = {"name": "gpu", "provisioner": "karpenter", "min_per_zone": 0, **system, **pool}
    if not entry["instance_types"][0].startswith("m"):
        entry["taints"] = [{"key": "gpu", "value": "true"}]
    settings = load(stack((("clusters", "main", "pools", 1), entry)), SOURCE, TODAY)
    (planned,) = [pool_plan for pool_plan in compute_plan(settings, ZONES).pools if pool_plan.pool == "gpu"]
    (pool_settings,) = [each for each in settings.clusters["main"].pools if each.name == "gpu"]
    manifest = dict(node_pool(pool_settings, ZONES))
    resource = Resource(
        "urn:pulumi:a::b::kubernetes:karpenter.sh/v1:NodePool::gpu", "kubernetes:karpenter.sh/v1:NodePool", manifest
    )
    (line,) = price(resource).items
    assert settings.region == REGION, "prices differ by region"
    assert planned.usd_per_month is not None
    assert line.monthly_max_usd == pytest.approx(planned.usd_per_month.high)
    assert line.monthly_min_usd == planned.usd_per_month.low == 0
    assert line.slices == {
        name: pytest.approx(span.high, abs=1e-4) for name, span in planned.usd_per_slice_hour.items()
    }
