"""The compute plan as a reviewer reads it."""

import json
from typing import Any

import pytest

from report.compute import as_json, as_markdown, as_text, plan_of, short_markdown
from report.simulated import ROOT
from tests.settings.stack.test_compute_plan import gpu_pool, karpenter_pool, plan

LAYOUT = {"strategy": "mig", "layout": {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}}


@pytest.fixture
def four_pools() -> Any:
    return plan(
        {
            **karpenter_pool("p4d.24xlarge", sharing={"strategy": "time-slicing", "replicas": 4}),
            "name": "slices",
            "taints": [{"key": "gpu", "value": "time-slicing"}],  # as settings want of it beside whole GPUs
        },
        {**gpu_pool("p4de.24xlarge", sharing=LAYOUT, max_per_zone=1), "name": "mig"},
        {**gpu_pool("p5.48xlarge", zones=["us-west-2b"], efa=True, max_per_zone=4), "name": "training"},
        quotas={"vcpus": {"L-417A185B": 384}, "request": True},
    )


def test_a_reviewer_reads_which_gpu_how_many_shared_how_tainted_how_at_what_cost(four_pools: Any) -> None:
    text = as_text(four_pools, "prod")
    pool = text[text.index("main.mig") : text.index("main.training")]
    for told in ("0-3 nodes", "8 x A100 80 GB a node, 0-24 in all", "MIG with 2 x 1g.10gb, 1 x 2g.20gb"):
        assert told in pool
    assert "taints: nvidia.com/gpu=true:NoSchedule" in pool
    assert "nvidia.com/mig-3g.40gb" in pool
    assert "at most 24" in pool, "how many of each slice"
    assert "384: too few" in text, "a quota that would stop it"
    assert "not given (a new one: 5)" in text, "what nobody said is not assumed to be enough"
    assert "EFA: 128 interfaces at most" in text


def test_it_fits_a_terminal(four_pools: Any) -> None:
    assert max(map(len, as_text(four_pools, "prod").splitlines())) <= 120


def test_the_page_holds_the_whole_plan(four_pools: Any) -> None:
    page = as_markdown(four_pools, "prod")
    for heading in ("# Compute of prod", "## Slices", "## EC2 quotas", "## Addresses", "## Zones"):
        assert f"{heading}\n" in page
    assert "| main.slices | `nvidia.com/gpu.shared` |" in page
    assert "| us-west-2b | nodes |" in page
    assert "```sh\naws ec2 describe-instance-type-offerings" in page, "what only the account can tell"


def test_a_pull_request_shows_accelerators_alone(four_pools: Any) -> None:
    lines = short_markdown(four_pools)
    assert lines[0] == "### Accelerators"
    assert not any("main.system" in line for line in lines), "one minute"
    assert short_markdown(plan()) == [], "no empty table"


def test_a_program_reads_the_whole_plan(four_pools: Any) -> None:
    found = json.loads(json.dumps(as_json(four_pools)))
    mig = next(pool for pool in found["pools"] if pool["pool"] == "mig")
    assert mig["nodes"] == {"min": 0, "max": 3}
    assert mig["slices"]["nvidia.com/mig-1g.10gb"] == 48
    assert mig["usdPerSliceHour"]["nvidia.com/mig-1g.10gb"].keys() == {"min", "max"}
    assert {"code", "vcpus", "pools", "have"} <= found["quotas"][0].keys()
    assert found["subnets"][0].keys() == {"zone", "kind", "needed", "room"}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_our_own_stacks_have_a_plan(stack: str) -> None:
    found = plan_of(ROOT / f"Pulumi.{stack}.yaml")
    assert found.pools
    assert all(offer.offered for offer in found.offers), "the region has what the stack wants"
    assert as_text(found, stack).startswith(f"Compute of {stack}, USD at list prices")
