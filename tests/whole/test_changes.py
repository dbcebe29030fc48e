"""Edits of dev, one after another while it is up. The tests run in this order."""

from contextlib import closing

import pytest

from catalog.machine_images import KARPENTER_ALIASES
from common.urns import name_of
from report import scale
from report.clients import runner
from simulator.cloud import Cloud
from tests.whole.edits import Edit, build, make, rows
from tests.whole.live import GONE, Live, live

pytestmark = pytest.mark.engine

MAIN, BUCKETS, HOME = "clusters.main", "storage.buckets", "storage.file_systems.home"
CPU, GPU = f"{MAIN}.pools.cpu", f"{MAIN}.pools.gpu-small"
BATCH = {"name": "batch", "instance_types": ["m7i.xlarge", "m6i.xlarge"], "max_per_zone": 1}
GPUS = {"name": "gpus", "instance_types": ["g6.xlarge"], "provisioner": "managed", "max_per_zone": 1}
SECOND = {
    "version": "1.36",
    "endpoint": {"public": True, "public_cidrs": ["203.0.113.0/24"]},
    "pools": [{"preset": "cpu", "name": "system", "min_per_zone": 1}],
}
FAST = {
    "purpose": "scratch",
    "zone": "us-west-2a",
    "deployment": "scratch-2",
    "used_by": [{"namespace": "research", "mode": "write"}],
}

EDITS = {
    "a pool grows": Edit({f"{CPU}.max_per_zone": 3}),
    "more nodes at least than run": Edit({f"{CPU}.min_per_zone": 2}),
    "fewer nodes at most than run": Edit({f"{CPU}.min_per_zone": 0, f"{CPU}.max_per_zone": 1}),
    "another size": Edit({f"{CPU}.desired_per_zone": 0, f"{CPU}.max_per_zone": 3}),
    "only people scale it": Edit({f"{CPU}.scaling": "fixed"}),
    "it stops at night, a preset of Karpenter moves to node groups": Edit(
        {f"{CPU}.off_peak": {"begins": "20:00", "hours": 10}, f"{GPU}.provisioner": "managed"}
    ),
    "it runs at night, the preset is back": Edit({f"{CPU}.off_peak": GONE, f"{GPU}.provisioner": GONE}),
    "a Karpenter pool grows, another pool is added": Edit({f"{GPU}.max_per_zone": 2, f"{MAIN}.pools.batch": BATCH}),
    "a Karpenter pool shrinks, the other one is renamed": Edit(
        {f"{GPU}.max_per_zone": 1, f"{MAIN}.pools.batch.name": "jobs"}
    ),
    "a pool moves to Karpenter": Edit({f"{MAIN}.pools.jobs.provisioner": "karpenter"}),
    "a pool goes, another operating system and larger disks": Edit(
        {
            f"{MAIN}.pools.jobs": GONE,
            f"{CPU}.operating_system": "bottlerocket",
            f"{CPU}.disk": {"size_gib": 300},
        }
    ),
    "other instance types, MPS instead of time-slicing": Edit(
        {
            f"{CPU}.instance_types": ["m7i.2xlarge", "m6i.2xlarge"],
            f"{GPU}.sharing": {"strategy": "mps", "replicas": 2},
        }
    ),
    "managed GPUs": Edit({f"{MAIN}.pools.gpus": GPUS}),
    "their operating system": Edit({f"{MAIN}.pools.gpus.operating_system": "bottlerocket"}),
    "Amazon Linux again": Edit({f"{MAIN}.pools.gpus.operating_system": "al2023"}),
    "no more of them": Edit({f"{MAIN}.pools.gpus": GONE}),
    "no sharing, and quotas of whole GPUs": Edit(
        {
            f"{GPU}.sharing": GONE,
            "teams.research.quota.research.gpus": {"gpu-small": 1},
            "teams.serving.quota.inference.gpus": {"gpu-small": 1},
        }
    ),
    "cost center, owner and a tag more": Edit(
        {"cost_center": "ml-products", "owner": "ml-operations", "tags": {"data-class": "internal"}}
    ),
    "logs and flow logs are kept longer": Edit(
        {f"{MAIN}.logs": {"retention_days": 30}, "network.flow_logs": {"retention_days": 30}}
    ),
    "a bucket is added": Edit(
        {f"{BUCKETS}.models": {"purpose": "models", "used_by": [{"namespace": "serving", "service_account": "server"}]}}
    ),
    "a user of it writes, objects stay longer": Edit(
        {f"{BUCKETS}.models.used_by.serving.mode": "write", f"{BUCKETS}.scratch.expire_after_days": 14}
    ),
    "backups are locked longer, another range of the endpoint": Edit(
        {
            "storage.recovery.lock_days": 14,
            f"{MAIN}.endpoint.public_cidrs": ["203.0.113.0/24", "198.51.100.0/24"],
        }
    ),
    "the endpoint is closed": Edit({f"{MAIN}.endpoint": {"public": False}}, refused="nothing was built"),
    "an access entry is added": Edit({f"{MAIN}.access.reader": {"principal_arn": "arn:aws:iam::123456789012:role/r"}}),
    "it holds in one namespace": Edit({f"{MAIN}.access.reader.namespaces": ["research"]}),
    "it goes, the pod range grows": Edit({f"{MAIN}.access.reader": GONE, "network.pod_cidr": "100.64.0.0/15"}),
    "NAT per zone, interface endpoints": Edit(
        {"network.nat": "per-zone", "network.endpoints": {"interface": ["sts", "ecr.api", "ecr.dkr"]}}
    ),
    "a single NAT gateway, one more namespace in the mesh": Edit(
        {"network.nat": "single", "mesh.namespaces": ["inference", "research"]}
    ),
    "a third zone, all by name": Edit({"network.zones": [f"us-west-2{letter}" for letter in "abc"]}),
    "traces, with those of its proxies": Edit({"observability.traces": {}}),
    "a second anchor of the mesh": Edit({"mesh.anchors": ["first", "second"]}),
    "the first one goes too early": Edit({"mesh.anchors": ["second"]}, refused="first goes, and pods that are up"),
    "the second one signs": Edit({"mesh.issuing_anchor": "second"}),
    "the first one goes": Edit({"mesh": {"namespaces": [], "anchors": ["second"], "inbound": "deny"}}),
    "no mesh": Edit({"mesh": GONE}),
    "an add-on is switched off, io2 volumes": Edit(
        {
            "observability": GONE,  # its operator has a certificate of cert-manager
            f"{MAIN}.addons.cert-manager": {"enabled": False},
            f"{MAIN}.storage_classes": {"io2": True},
        }
    ),
    "an add-on is switched on, with values; provisioned throughput": Edit(
        {
            f"{MAIN}.addons.cert-manager": {"values": {"replicaCount": 2}},
            f"{HOME}.throughput": "provisioned",
            f"{HOME}.provisioned_mibps": 100,
        }
    ),
    "another version of an EKS add-on, configured": Edit(
        {f"{MAIN}.managed_addons.coredns": {"version": "v1.13.2-eksbuild.4", "configuration": {"replicaCount": 3}}}
    ),
    "Kubernetes 1.36": Edit({f"{MAIN}.version": "1.36", f"{MAIN}.managed_addons": GONE}),
    "a Lustre file system is added": Edit(
        {"storage.lustre.fast": FAST, f"{MAIN}.managed_addons.aws-fsx-csi-driver.version": "v1.9.0-eksbuild.1"}
    ),
    "a second cluster": Edit(
        {
            "clusters.second": SECOND,
            "teams.research.cluster": "main",
            "teams.serving.cluster": "main",
            f"{BUCKETS}.datasets.used_by.inference.cluster": "main",
            f"{BUCKETS}.datasets.used_by.research.cluster": "main",
            f"{BUCKETS}.scratch.used_by.research.cluster": "main",
            f"{BUCKETS}.models.used_by.serving.cluster": "main",
            f"{HOME}.used_by.research.cluster": "main",
            "storage.lustre.fast.used_by.research.cluster": "main",
        }
    ),
    "protected": Edit({"deletion_protection": True}),
    "a protected bucket goes": Edit({f"{BUCKETS}.models": GONE}, refused="cannot be deleted"),
    "not protected": Edit({"deletion_protection": False}),
}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Live:
    return live(tmp_path_factory.mktemp("dev") / "project", "dev")


@pytest.mark.parametrize("edit", rows(EDITS))
def test_an_edit_does_what_its_preview_showed(dev: Live, edit: Edit) -> None:
    make(dev, edit)


def test_nodes_that_somebody_added_stay_when_the_maximum_changes(dev: Live) -> None:
    kind, name = "aws:eks/nodeGroup:NodeGroup", "main-cpu-us-west-2a"
    with closing(Cloud(dev.cloud)) as cloud:
        group = next(each for each in cloud.of_type(kind) if name_of(each.urn) == name)
        scaling = group.state["scalingConfig"]
        assert scaling["desiredSize"] < 2
        cloud.put(kind, group.id, {**group.state, "scalingConfig": {**scaling, "desiredSize": 2}}, region=group.region)
        make(dev, Edit({f"{CPU}.max_per_zone": 4}))
        scaled = cloud.get(kind, group.id, group.region)
    assert scaled is not None
    assert scaled.state["scalingConfig"] == {**scaling, "desiredSize": 2, "maxSize": 4}


def test_a_newer_image_of_karpenters_nodes_is_an_update_of_their_class(
    dev: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(KARPENTER_ALIASES, dict)
    monkeypatch.setitem(KARPENTER_ALIASES, "al2023", "al2023@v20261119")
    preview = dev.run("preview")
    assert {(change.op, change.name) for change in preview.changes} == {("update", "main-gpu-small")}
    build(dev, preview)
    dev.run("preview", "--expect-no-changes")
    monkeypatch.undo()
    dev.run("up", "--yes", "--skip-preview")  # with the image of before, for what comes after


def test_make_scale_sets_the_nodes_of_a_fixed_pool_and_the_stack_leaves_them(
    dev: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale, "ROOT", dev.file.parent)
    with runner(dev.cloud.parent) as run:
        assert scale.scale("dev", "main.cpu", 3, "us-west-2b", run) == 0
        groups = scale.groups(run, scale.find(scale.load_file(dev.file), "main.cpu"))
    assert [group.sizes["desiredSize"] for group in groups if group.zone == "us-west-2b"] == [3]
    dev.run("preview", "--expect-no-changes")
