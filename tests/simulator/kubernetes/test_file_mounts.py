"""Who mounts an EFS file system, by its policy, and as whom the driver on the nodes asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.aws import tokens
from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench

REGION, SYSTEM, POINT = "us-west-2", "fs-0123456789abcdef0", "fsap-0123456789abcdef0"
POINT_ARN = f"arn:aws:elasticfilesystem:{REGION}:123456789012:access-point/{POINT}"
ROLE = "arn:aws:iam::123456789012:role/mounts"
PATCH: Props = {
    "apiVersion": "apps/v1",
    "kind": "DaemonSet",
    "metadata": {"name": "efs-csi-node", "namespace": "kube-system"},
    "spec": {"template": {"metadata": {"annotations": {"ml-platform/mounts-as": ROLE}}}},
}


def policy(principal: Any, action: str = "elasticfilesystem:Client*", **more: Any) -> str:
    allow = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*", "Condition": plain}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    make_role(made)
    return made


def make_role(cluster: Bench) -> None:
    cluster.cloud.put(tokens.ROLE, "mounts", {"name": "mounts", "arn": ROLE, "assumeRolePolicy": "{}"})
    cluster.cloud.put(tokens.FILE_ACCESS_POINT, POINT, {"arn": POINT_ARN})


def install_with_role(cluster: Bench) -> None:
    """Gives a cluster the driver, whose pods have their role."""
    make_role(cluster)
    associate(cluster)
    install(cluster)


def install(cluster: Bench) -> None:
    cluster.cloud.put("aws:eks/addon:Addon", "main:aws-efs-csi-driver", {})


def associate(cluster: Bench) -> None:
    state = {
        "clusterName": "main",
        "namespace": "kube-system",
        "serviceAccount": "efs-csi-node-sa",
        "roleArn": ROLE,
        "associationArn": f"arn:aws:eks:{REGION}:123456789012:podidentityassociation/main/a-1",
    }
    cluster.cloud.put(tokens.POD_IDENTITY, "a-1", state)


def restart(cluster: Bench) -> None:
    cluster.package.create(cluster.call("kubernetes:apps/v1:DaemonSetPatch", "restart"), PATCH)


def guard(cluster: Bench, text: str) -> None:
    cluster.cloud.put(tokens.FILE_SYSTEM_POLICY, SYSTEM, {"policy": text})


def volume(*options: str, **source: Any) -> Props:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "home"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteMany"],
            "csi": {"driver": "efs.csi.aws.com", "volumeHandle": f"{SYSTEM}::{POINT}", **source},
            **({"mountOptions": list(options)} if options else {}),
        },
    }


def refusal(cluster: Bench, *options: str, **source: Any) -> str:
    """Returns why no pod mounts the volume; "" where one can."""
    try:
        cluster.make(volume(*options, **source))
    except Refusal as refused:
        return str(refused)
    return ""


def test_a_volume_without_iam_is_not_mounted_where_the_policy_names_a_role(cluster: Bench) -> None:
    associate(cluster)
    install(cluster)
    guard(cluster, policy({"AWS": ROLE}))
    assert "access denied by server while mounting" in refusal(cluster)
    assert not refusal(cluster, "iam")


def test_the_driver_of_a_live_cluster_has_its_role_only_after_a_restart(cluster: Bench) -> None:
    install(cluster)
    associate(cluster)
    guard(cluster, policy({"AWS": ROLE}))
    assert "so they are the node" in refusal(cluster, "iam"), "its pods were there before the association"
    restart(cluster)
    assert not refusal(cluster, "iam")


def test_without_a_policy_and_by_one_for_everybody_all_mount(cluster: Bench) -> None:
    install(cluster)
    assert not refusal(cluster, "ro")
    cluster.cloud.delete("kubernetes:core/v1:PersistentVolume", "main/home")
    guard(cluster, policy("*"))
    assert not refusal(cluster, "iam")


@pytest.mark.parametrize(
    ("text", "options", "source", "why"),
    [
        (policy({"AWS": "arn:aws:iam::123456789012:role/other"}), ["iam"], {}, "not authorized to perform"),
        (policy({"AWS": ROLE}, "elasticfilesystem:ClientMount"), ["iam"], {}, "elasticfilesystem:ClientWrite"),
        (policy({"AWS": ROLE}, "elasticfilesystem:ClientMount"), ["iam", "ro"], {}, ""),
        (
            policy("*"),
            [],
            {"volumeHandle": SYSTEM, "volumeAttributes": {"encryptInTransit": "false"}},
            "nobody knows who mounts",
        ),
        (
            policy({"AWS": ROLE}, Condition={"ArnLike": {"elasticfilesystem:AccessPointArn": f"{POINT_ARN}x"}}),
            ["iam"],
            {},
            "not authorized to perform",
        ),
        (
            policy({"AWS": ROLE}, Condition={"ArnLike": {"elasticfilesystem:AccessPointArn": POINT_ARN}}),
            ["iam"],
            {},
            "",
        ),
    ],
)
def test_the_policy_decides_by_role_action_encryption_and_access_point(
    cluster: Bench, text: str, options: list[str], source: dict[str, Any], why: str
) -> None:
    associate(cluster)
    install(cluster)
    guard(cluster, text)
    found = refusal(cluster, *options, **source)
    assert why in found
    assert bool(found) is bool(why)


def test_the_daemon_of_an_add_on_is_there_to_be_patched_and_stays_the_add_ons(cluster: Bench) -> None:
    install(cluster)
    call = cluster.call("kubernetes:apps/v1:DaemonSetPatch", "restart")
    made = cluster.package.create(call, PATCH)
    assert made.state["spec"]["template"]["spec"]["serviceAccountName"] == "efs-csi-node-sa"
    cluster.package.delete(call, made.id, PATCH, made.state)
    row = cluster.cloud.get("kubernetes:apps/v1:DaemonSet", "main/kube-system/efs-csi-node")
    assert row is None, "the stack leaves nothing of its own"


def test_a_patch_of_daemons_that_preempt_nobody_is_told_that_it_waits_for_each_node(cluster: Bench) -> None:
    cluster.cloud.put("aws:eks/addon:Addon", "main:aws-guardduty-agent", {})
    agent = {"name": "aws-guardduty-agent", "namespace": "amazon-guardduty"}
    call = cluster.call("kubernetes:apps/v1:DaemonSetPatch", "agent")
    for marks, told in ((None, 1), ({"pulumi.com/skipAwait": "true"}, 0)):
        made = cluster.package.create(call, {**PATCH, "metadata": {**agent, "annotations": marks}})
        assert sum("one full node fails `up`" in each for each in cluster.warnings) == told
        cluster.warnings.clear()
        cluster.package.delete(call, made.id, PATCH | {"metadata": agent}, made.state)
    install(cluster)
    restart(cluster)
    assert not cluster.warnings, "pods of the driver are critical for the node"


def test_without_the_add_on_there_is_nothing_to_restart(cluster: Bench) -> None:
    with pytest.raises(Refusal, match="selector"):
        restart(cluster)


def test_volumes_of_other_drivers_are_none_of_its_business(cluster: Bench) -> None:
    guard(cluster, policy({"AWS": ROLE}))
    assert not refusal(cluster, driver="fsx.csi.aws.com")
