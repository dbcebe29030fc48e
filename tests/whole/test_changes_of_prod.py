"""Edits of prod, one after another while it is up. The tests run in this order."""

import pytest

from tests.whole.edits import Edit, make, rows
from tests.whole.live import GONE, Live, live
from tests.whole.shown import SECRET, shown

pytestmark = pytest.mark.engine

ROLES = "arn:aws:iam::123456789012:role"
MAIN, BUCKETS = "clusters.main", "storage.buckets"
EDITS = {
    "another cost center": Edit({"cost_center": "ml-products"}),
    "a pool of GPUs is renamed, objects stay longer, Lustre grows": Edit(
        {
            f"{MAIN}.pools.h100.name": "training",
            f"{BUCKETS}.checkpoints.expire_after_days": 60,
            "storage.lustre.fast.capacity_gib": 7200,
        }
    ),
    "eight p5 more": Edit({f"{MAIN}.pools.training.max_per_zone": 9}, refused="cost-monthly-cap"),
    "a bucket is renamed": Edit(
        {f"{BUCKETS}.models": GONE, f"{BUCKETS}.weights": {"purpose": "models", "tier": "agents", "used_by": []}},
        refused="nothing was built",
    ),
    "a bucket goes": Edit({f"{BUCKETS}.models": GONE}, refused="cannot be deleted"),
    "more of the company reaches the API, backups are locked longer": Edit(
        {
            "network.transit_gateway.cidrs": ["10.200.0.0/16", "10.201.0.0/16"],
            f"{MAIN}.endpoint.private_cidrs": ["10.200.8.0/24", "10.201.8.0/24"],
            "storage.recovery.lock_days": 14,
        }
    ),
    "the API opens": Edit(
        {"deployer.from": "203.0.113.10", f"{MAIN}.endpoint": {"public": True, "public_cidrs": ["203.0.113.0/24"]}},
        refused="eks-endpoint-private",
    ),
    "another range of the VPC": Edit({"network.cidr": "10.24.0.0/16"}, refused="renames nothing"),
    "not protected": Edit({"deletion_protection": False}, refused="mandatory"),
    "a role for previews, an access entry for people": Edit(
        {
            "deployer.preview_role_arn": f"{ROLES}/ml-platform-preview",
            f"{MAIN}.access.research": {
                "principal_arn": f"{ROLES}/research",
                "policy": "edit",
                "namespaces": ["research"],
            },
        }
    ),
    "they may read everything, more nodes of the system, a Karpenter pool grows": Edit(
        {
            f"{MAIN}.access.research": {"principal_arn": f"{ROLES}/research", "policy": "view"},
            f"{MAIN}.pools.system.min_per_zone": 2,
            f"{MAIN}.pools.system.max_per_zone": 3,
            f"{MAIN}.pools.a100-time-slicing.max_per_zone": 2,
        }
    ),
    "larger nodes of the CPU pool, more pods share a GPU": Edit(
        {
            f"{MAIN}.pools.cpu.instance_types": ["m7i.4xlarge"],
            f"{MAIN}.pools.a100-time-slicing.sharing.replicas": 8,
        }
    ),
    "other slices, a bucket is added, somebody else reads the models": Edit(
        {
            f"{MAIN}.pools.a100-mig.sharing": {"strategy": "mig", "layout": {"1g.10gb": 3, "2g.20gb": 2}},
            f"{BUCKETS}.eval": {
                "purpose": "datasets",
                "tier": "training",
                "used_by": [{"namespace": "training", "service_account": "trainer"}],
            },
            f"{BUCKETS}.models.used_by.agents": {"namespace": "agents", "service_account": "agent"},
        }
    ),
    "a shared file system is promised more, more interface endpoints, logs are kept longer": Edit(
        {
            "storage.file_systems.home.tier": "training",
            "network.endpoints.interface": ["ecr.api", "ecr.dkr", "eks-auth", "sts", "logs"],
            f"{MAIN}.logs.retention_days": 731,
        }
    ),
    "another version of an EKS add-on, configured": Edit(
        {f"{MAIN}.managed_addons.coredns": {"version": "v1.13.2-eksbuild.4", "configuration": {"replicaCount": 3}}}
    ),
    "Kubernetes 1.36": Edit(
        {
            f"{MAIN}.version": "1.36",
            f"{MAIN}.managed_addons": {"aws-fsx-csi-driver": {"version": "v1.9.0-eksbuild.1"}},
        }
    ),
}


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Live:
    return live(tmp_path_factory.mktemp("prod") / "project", "prod")


@pytest.mark.parametrize("edit", rows(EDITS))
def test_an_edit_does_what_its_preview_showed(prod: Live, edit: Edit) -> None:
    make(prod, edit)


def test_nothing_that_is_kept_or_shown_of_it_is_a_secret(prod: Live) -> None:
    text = shown(prod)
    assert "hub-token" in text, "the search looks where secrets are named"
    assert not SECRET.search(text)
