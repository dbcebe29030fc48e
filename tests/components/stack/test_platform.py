import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pulumi
import pulumi_aws as aws
import pytest

from components.core.addon_spec import every_add_on
from components.core.stage import DataClass
from components.stack.live import LiveStack
from components.stack.stack_file import load_file
from tests.components.stacks import CLUSTER, stack, stack_with_network
from tests.in_process.recording_cloud import resolved

PROJECT = Path(__file__).parents[3]
HOLDS_DATA = ("kms/key:Key", "s3/bucket:Bucket", "logGroup:LogGroup", "eks:index:Cluster")


def test_what_holds_data_is_protected_as_long_as_the_stack_says_so(cloud):
    cloud.up(stack())
    held = [r for kind in HOLDS_DATA for r in cloud.all(kind)]
    assert len(held) == 7
    assert all(r.protect for r in held)
    cloud.up(stack(deletion_protection=False))
    assert not [r.name for r in cloud.custom() if r.protect], "retiring a stack starts with this"
    assert cloud.one("eks:index:Cluster").inputs["deletionProtection"] is False
    assert cloud.one("s3/bucket:Bucket").inputs["forceDestroy"], "a bucket with objects in it cannot be deleted"


def test_the_guard_of_a_protected_stack_depends_on_everything_so_that_a_destroy_stops_there(cloud):
    cloud.up(stack())
    guard = cloud.one("platform:Guard")
    made = {r.urn for r in cloud.custom() if "eks:index:Cluster$" not in r.urn}
    assert guard.protect
    assert made - guard.dependencies == set(), "what it does not depend on would be deleted"
    cloud.up(stack(deletion_protection=False))
    guard = cloud.one("platform:Guard")
    assert (guard.protect, guard.dependencies) == (False, frozenset()), "parts of it can be destroyed by --target"


@pytest.mark.parametrize("data_class", get_args(DataClass))
def test_an_add_on_gets_the_key_of_any_data_class_that_it_names(cloud, monkeypatch, data_class):
    given = {}

    def in_aws(context, args):
        given.update(args.key_arns)
        return pulumi.ComponentResource("mlplatform:test:InAws", args.name, None, args.opts)

    add_ons = {**every_add_on()}
    add_ons["cert-manager"] = replace(add_ons["cert-manager"], keys=(data_class,), in_aws=in_aws)
    monkeypatch.setattr("components.stack.platform.every_add_on", lambda: add_ons)
    cloud.up(stack_with_network(flow_logs={"destination": "cloudwatch"}))
    key = cloud.one("kms/key:Key", f"keys-{data_class}")
    assert {name: resolved(arn) for name, arn in given.items()} == {data_class: key.outputs["arn"]}
    assert not cloud.all("backup/plan:Plan"), "nothing is backed up because an add-on uses the key"


def test_an_add_on_cannot_name_a_data_class_that_has_no_key():
    wrong: Any = ("dta",)
    with pytest.raises(
        ValueError, match=r"add-on cert-manager: there is no data class dta\. Write one of eks, ebs, .*\.$"
    ):
        replace(every_add_on()["cert-manager"], keys=wrong)


def test_keys_rotate_and_leave_time_to_change_ones_mind(cloud):
    cloud.up(stack(keys={"deletion_window_days": 14, "rotation_days": 180}))
    keys = {k.name: k.inputs for k in cloud.all("kms/key:Key")}
    assert set(keys) == {"keys-eks", "keys-ebs", "keys-logs", "keys-data"}
    for inputs in keys.values():
        assert inputs["enableKeyRotation"]
        assert (inputs["rotationPeriodInDays"], inputs["deletionWindowInDays"]) == (180, 14)
    assert {a.inputs["name"] for a in cloud.all("kms/alias:Alias")} == {
        f"alias/ml-platform-prod-{c}" for c in ("eks", "ebs", "logs", "data")
    }


def test_tags_region_and_account_come_from_one_provider_that_everything_takes(cloud):
    cloud.up(stack(tags={"team": "vision"}))
    provider = cloud.one("providers:aws")
    tags = json.loads(provider.inputs["defaultTags"])["tags"]
    assert {"project", "environment", "owner", "cost-center", "team"} <= set(tags)
    assert json.loads(provider.inputs["allowedAccountIds"]) == ["123456789012"]
    ours = [r for r in cloud.custom() if r.type.startswith("aws:")]
    assert len(ours) > 50
    assert all(r.provider.startswith(provider.urn) for r in ours), (
        "a resource elsewhere is untagged, or in another account"
    )
    assert cloud.one("eks:index:Cluster").providers["aws"].startswith(provider.urn)


def test_kubernetes_objects_go_to_the_cluster_they_belong_to(cloud):
    cloud.up(stack(clusters={"train": CLUSTER, "serve": CLUSTER}))
    objects = [r for r in cloud.custom() if r.type.startswith("kubernetes:")]
    assert {r.name.split("-")[0] for r in objects} == {"train", "serve"}
    for resource in objects:
        assert f"{resource.name.split('-')[0]}-kubernetes" in resource.provider


def test_clusters_share_network_and_keys_and_have_names_of_their_own(cloud):
    platform = cloud.up(stack(clusters={"train": CLUSTER, "serve": CLUSTER}))
    assert set(platform.clusters) == {"train", "serve"}
    assert len(cloud.all("ec2/vpc:Vpc")) == 1
    assert len(cloud.all("kms/key:Key")) == 4
    assert {c.inputs["name"] for c in cloud.all("eks:index:Cluster")} == {
        "ml-platform-prod-train",
        "ml-platform-prod-serve",
    }
    policy = cloud.one("kms/key:Key", "keys-eks").inputs["policy"]
    assert "role/train-eksRole-role-*" in policy
    assert "role/serve-eksRole-role-*" in policy


def test_nodes_start_only_when_there_is_a_way_out(cloud):
    cloud.up(stack())
    nodes = cloud.one("nodeGroup:NodeGroup", "main-system-us-west-2c")
    needed = [*cloud.all("ec2/route:Route"), *cloud.all("RouteTableAssociation"), *cloud.all("VpcEndpoint")]
    assert len(needed) > 15
    assert all(nodes.stands_on(r) for r in needed), "a node that cannot reach its cluster counts as failed"


def test_what_the_stack_exports(cloud):
    outputs = cloud.up(stack()).outputs()
    assert set(outputs) == {"region", "account_id", "vpc_id", "network", "clusters", "kept"}
    three = ["us-west-2a", "us-west-2b", "us-west-2c"]
    assert outputs["network"] == {"cidr": "10.0.0.0/16", "zones": three, "nat_zones": three}
    main = dict(outputs["clusters"]["main"])
    assert main.pop("control_plane_zones") == three[:2]
    assert {name: pool["sizes"] for name, pool in main.pop("pools").items()} == {"system": [1, 3, None]}
    assert main.pop("version") == "1.35"
    main = {key: resolved(value) for key, value in main.items()}
    assert main["kubeconfig_command"] == "aws eks update-kubeconfig --name ml-platform-prod-main --region us-west-2"
    assert main["name"] == "ml-platform-prod-main"
    assert main["service_cidr"] == "172.20.0.0/16"
    assert main["endpoint"] == cloud.one("eks/cluster:Cluster").outputs["endpoint"]
    assert main["node_role_arn"] == cloud.one("iam/role:Role", "main-node-role").outputs["arn"]


WHO = "aws:index/getCallerIdentity:getCallerIdentity"
LOG_GROUPS = "aws:cloudwatch/getLogGroups:getLogGroups"
CLUSTERS = "aws:eks/getClusters:getClusters"
BUCKETS = "aws:resourcegroupstaggingapi/getResources:getResources"  # in production: retained buckets are adopted
SUBNETS = "aws:ec2/getSubnets:getSubnets"


def test_a_pool_that_is_up_gets_the_size_that_its_new_limits_need(cloud, monkeypatch):
    main = cloud.up(stack()).outputs()["clusters"]["main"]
    record, name = main["pools"]["system"], resolved(main["name"])
    names = {zone: resolved(name) for zone, name in record["node_groups"].items()}
    live = {"clusters": {"main": {"pools": {"system": {"sizes": [9, 9, None], "node_groups": names}}}}}
    monkeypatch.setattr(LiveStack, "read", lambda: LiveStack(live))
    groups, size = SimpleNamespace(names=list(names.values())), SimpleNamespace(desired_size=2)
    monkeypatch.setattr(aws.eks, "get_clusters", lambda **asked: SimpleNamespace(names=[name]))
    monkeypatch.setattr(aws.eks, "get_node_groups", lambda **asked: groups)
    group = SimpleNamespace(scaling_configs=[size], status="ACTIVE")
    monkeypatch.setattr(aws.eks, "get_node_group", lambda **asked: group)
    cloud.up(stack())
    (group, *_) = cloud.all("nodeGroup:NodeGroup")
    assert group.inputs["scalingConfig"]["desiredSize"] == 2
    assert not group.ignore_changes, "or the engine would send the size of the state"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"account_id": None}, [WHO, LOG_GROUPS, CLUSTERS, BUCKETS, SUBNETS]),
        ({}, [LOG_GROUPS, CLUSTERS, BUCKETS, SUBNETS]),
        ({"environment": "dev", "deletion_protection": False}, [LOG_GROUPS, CLUSTERS, SUBNETS]),
    ],
)
def test_a_first_run_asks_aws_only_what_would_fail_it_half_way(settings, expected, cloud):
    cloud.up(stack(**settings))
    assert cloud.calls == expected, "every question delays the preview"
    known = "allowedAccountIds" in cloud.one("providers:aws").inputs
    assert known == ("account_id" not in settings)


def test_a_number_of_zones_is_taken_from_those_the_account_has(cloud):
    cloud.up(stack_with_network(zones=2))
    zones = {s.inputs["availabilityZone"] for s in cloud.all("ec2/subnet:Subnet")}
    assert zones == {"us-west-2a", "us-west-2b"}


def test_more_zones_than_the_account_has_is_said_before_anything_is_built(cloud):
    with pytest.raises(pulumi.RunError, match=r"Lower network\.zones\.$"):
        cloud.up(stack_with_network(zones=5))
    assert not cloud.all("ec2/vpc:Vpc")


def test_names_begin_with_the_component_they_belong_to(cloud):
    cloud.up(stack())
    by_urn = cloud.registered
    children = [r for r in by_urn.values() if r.parent in by_urn and not by_urn[r.parent].type.endswith(":Platform")]
    assert len(children) > 70
    for child in children:
        assert child.name.startswith(by_urn[child.parent].name), f"{child.urn} says nothing of where it belongs"


@pytest.mark.parametrize("path", sorted(PROJECT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_the_stacks_of_the_project_can_be_built(cloud, path):
    settings = load_file(path)
    platform = cloud.up(settings, preview=True)
    assert set(platform.clusters) == set(settings.clusters)
    pools = sum(len(c.pools) for c in settings.clusters.values())
    assert len(cloud.all("launchTemplate:LaunchTemplate")) + len(cloud.all("karpenter.sh/v1:NodePool")) == pools
    assert len(cloud.all("nodeGroup:NodeGroup")) >= pools
