"""Edits of prod, one after another while it is up. The tests run in this order."""

import pytest

from tests.whole.edits import Edit, make, rows
from tests.whole.live import GONE, Live, live

pytestmark = pytest.mark.engine

MAIN, BUCKETS = "clusters.main", "storage.buckets"
EDITS = {
    "another cost center": Edit({"cost_center": "ml-products"}),
    "a pool of GPUs is renamed": Edit({f"{MAIN}.pools.h100.name": "training"}),
    "eight p5 more": Edit({f"{MAIN}.pools.training.max_per_zone": 9}, refused="cost-monthly-cap"),
    "objects stay longer": Edit({f"{BUCKETS}.checkpoints.expire_after_days": 60}),
    "a bucket is renamed": Edit(
        {f"{BUCKETS}.models": GONE, f"{BUCKETS}.weights": {"purpose": "models", "tier": "agents", "used_by": []}},
        refused="nothing was built",
    ),
    "a bucket goes": Edit({f"{BUCKETS}.models": GONE}, refused="cannot be deleted"),
    "Lustre grows": Edit({"storage.lustre.fast.capacity_gib": 7200}),
    "more of the company reaches the API": Edit(
        {
            "network.transit_gateway.cidrs": ["10.200.0.0/16", "10.201.0.0/16"],
            f"{MAIN}.endpoint.private_cidrs": ["10.200.8.0/24", "10.201.8.0/24"],
        }
    ),
    "the API opens": Edit(
        {"deployer.from": "203.0.113.10", f"{MAIN}.endpoint": {"public": True, "public_cidrs": ["203.0.113.0/24"]}},
        refused="eks-endpoint-private",
    ),
    "another range of the VPC": Edit({"network.cidr": "10.24.0.0/16"}, refused="renames nothing"),
    "not protected": Edit({"deletion_protection": False}, refused="mandatory"),
    "backups are locked longer": Edit({"storage.recovery.lock_days": 14}),
}


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Live:
    return live(tmp_path_factory.mktemp("prod") / "project", "prod")


@pytest.mark.parametrize("edit", rows(EDITS))
def test_an_edit_does_what_its_preview_showed(prod: Live, edit: Edit) -> None:
    make(prod, edit)
