"""The compute plan as text, Markdown and JSON."""

import json
from typing import Any

import pytest

from report.compute import as_json, as_markdown, as_text, plan_of, short_markdown
from report.simulated import ROOT
from tests.report.test_compute_plan import gpu_pool, karpenter_pool, plan

LAYOUT = {"strategy": "mig", "layout": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}}


@pytest.fixture
def four_pools() -> Any:
    return plan(
        {
            **karpenter_pool("p4d.24xlarge", sharing={"strategy": "time-slicing", "replicas": 4}),
            "name": "slices",
            "taints": [
                {"key": "gpu", "value": "time-slicing"}
            ],  # settings demand another value than that of whole GPUs
        },
        {**gpu_pool("p4de.24xlarge", sharing=LAYOUT, max_per_zone=1), "name": "mig"},
        {**gpu_pool("p5.48xlarge", zones=["us-west-2b"], efa=True, max_per_zone=4), "name": "training"},
        quotas={"vcpus": {"L-417A185B": 384}, "request": True},
    )


def test_the_text_has_gpus_sharing_taints_quotas_and_cost(four_pools: Any) -> None:
    text = as_text(four_pools, "prod")
    pool = text[text.index("main.mig") : text.index("main.training")]
    assert "0-3 nodes" in pool
    assert "8 x A100 80 GB per node, 0-24 in total; MIG slices per GPU: 2 x 1g.10gb, 1 x 2g.20gb" in pool
    assert "taints: nvidia.com/gpu=true:NoSchedule" in pool
    assert "nvidia.com/mig-3g.40gb" in pool
    assert "at most 24" in pool, "the number of each slice"
    assert "384: too low" in text, "this quota would stop the stack"
    assert "not given (new accounts: 5)" in text, "a quota that is not given is not assumed to be enough"
    assert "EFA: 128 interfaces at most" in text


def test_the_text_fits_a_terminal(four_pools: Any) -> None:
    assert max(map(len, as_text(four_pools, "prod").splitlines())) <= 120


def test_the_page_holds_the_whole_plan(four_pools: Any) -> None:
    page = as_markdown(four_pools, "prod")
    for heading in ("# Compute of prod", "## Slices", "## EC2 quotas", "## Addresses", "## Zones"):
        assert f"{heading}\n" in page
    assert "| main.slices | `nvidia.com/gpu.shared` |" in page
    assert "| us-west-2b | nodes |" in page
    assert "```sh\naws ec2 describe-instance-type-offerings" in page, "only the account knows the zones"


def test_a_pull_request_shows_only_pools_with_accelerators(four_pools: Any) -> None:
    lines = short_markdown(four_pools)
    assert lines[0] == "### Accelerators"
    assert not any("main.system" in line for line in lines), "the page must be short"
    assert short_markdown(plan()) == [], "without accelerators there is no table"


def test_the_json_has_the_whole_plan(four_pools: Any) -> None:
    document = json.loads(json.dumps(as_json(four_pools)))
    mig = next(pool for pool in document["pools"] if pool["pool"] == "mig")
    assert mig["nodes"] == {"min": 0, "max": 3}
    assert mig["slices"]["nvidia.com/mig-1g.10gb"] == 48
    assert mig["usdPerSliceHour"]["nvidia.com/mig-1g.10gb"].keys() == {"min", "max"}
    assert {"code", "vcpus", "pools", "have"} <= document["quotas"][0].keys()
    assert document["subnets"][0].keys() == {"zone", "kind", "needed", "room"}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_our_own_stacks_have_a_plan(stack: str) -> None:
    stack_plan = plan_of(ROOT / f"Pulumi.{stack}.yaml")
    assert stack_plan.pools
    assert all(offer.offered for offer in stack_plan.offers), "the region offers all types of the stack"
    assert as_text(stack_plan, stack).startswith(f"Compute of {stack}, USD at list prices")
