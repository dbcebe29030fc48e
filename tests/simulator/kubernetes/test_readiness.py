"""A program that waits for a custom resource hears when its controller would never mark it ready."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catalog.charts import CHARTS
from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench
from tests.simulator.kubernetes.test_karpenter import custom, node_class, node_pool, overlay, release

WAIT = {"pulumi.com/waitFor": "condition=Ready"}
ISSUER = custom("cert-manager.io/v1", "ClusterIssuer", "self-signed", {"selfSigned": {}})


def chart(name: str, **values: Any) -> Props:
    row = CHARTS[name]
    where = {"chart": row.repository} if row.oci else {"chart": row.chart, "repositoryOpts": {"repo": row.repository}}
    return {**where, "version": row.version, "name": name, "namespace": "kube-system", "values": values}


def waiting(inputs: Props, wait_for: str = WAIT["pulumi.com/waitFor"]) -> Props:
    metadata = {**inputs["metadata"], "annotations": {"pulumi.com/waitFor": wait_for}}
    return {**inputs, "metadata": metadata}


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    """A cluster with Karpenter, and everything that the EC2NodeClass of the tests names."""
    made = bench(tmp_path)
    made.make(release(), "crds")
    made.make(chart("karpenter", settings={"featureGates": {"nodeOverlay": True}}), "karpenter")
    made.cloud.put("aws:iam/role:Role", "node", {"name": "node"})
    made.cloud.put("aws:ec2/subnet:Subnet", "subnet-1", {"tagsAll": {"karpenter.sh/discovery": "main"}})
    made.cloud.put("aws:ec2/securityGroup:SecurityGroup", "sg-0123456789abcdef0", {"name": "nodes"})
    made.cloud.put("aws:ec2/placementGroup:PlacementGroup", "pg", {"name": "gpu"})
    return made


def refusal(cluster: Bench, inputs: Props) -> str:
    with pytest.raises(Refusal) as refused:
        cluster.make(inputs, "refused")
    return str(refused.value)


def test_an_object_that_is_ready_says_so_in_its_status(cluster: Bench) -> None:
    _, _, state = cluster.make(waiting(node_class(placementGroupSelector={"name": "gpu"})), "class")
    assert state["status"] == {"conditions": [{"type": "Ready", "status": "True"}]}
    cluster.make(waiting(node_pool(), "condition=Ready=True"), "pool")
    cluster.make(waiting(overlay()), "overlay")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"role": "nobody"}, "InstanceProfileReady: there is no IAM role nobody"),
        ({"subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": "other"}}]}, "SubnetsReady"),
        ({"securityGroupSelectorTerms": [{"id": "sg-1"}]}, "SecurityGroupsReady"),
        ({"placementGroupSelector": {"name": "none"}}, "there is no placement group none"),
    ],
)
def test_an_ec2nodeclass_that_names_what_does_not_exist_never_becomes_ready(
    cluster: Bench, spec: Props, reason: str
) -> None:
    text = refusal(cluster, waiting(node_class(**spec)))
    assert "'gpu' timed out waiting to be Ready" in text
    assert reason in text
    cluster.make(node_class(**spec), "class")  # without the annotation the real provider waits for nothing
    assert "EC2NodeClass gpu is not ready" in refusal(cluster, waiting(node_pool()))


def test_nothing_is_ready_without_its_controller(tmp_path: Path) -> None:
    empty = bench(tmp_path)
    empty.make(release(), "crds")
    assert "no release of chart karpenter runs" in refusal(empty, waiting(node_class()))
    empty.make(chart("cert-manager", crds={"enabled": True}), "cert-manager")
    empty.make(waiting(ISSUER), "issuer")


def test_an_overlay_waits_for_its_feature_gate(tmp_path: Path) -> None:
    gate_is_off = bench(tmp_path)
    gate_is_off.make(release(), "crds")
    gate_is_off.make(chart("karpenter"), "karpenter")
    assert "feature gate nodeOverlay of Karpenter is off" in refusal(gate_is_off, waiting(overlay()))


def test_an_update_waits_as_well(cluster: Bench) -> None:
    made = cluster.make(waiting(node_class()), "class")
    with pytest.raises(Refusal, match="there is no IAM role nobody"):
        cluster.update(made, waiting(node_class(role="nobody")), "class")


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [("Ready", 'expected a "jsonpath=" or "condition=" prefix, got "Ready"'), ("[]", "at least one condition")],
)
def test_the_provider_refuses_another_form_of_the_annotation(cluster: Bench, annotation: str, reason: str) -> None:
    assert reason in refusal(cluster, waiting(node_class(), annotation))


@pytest.mark.parametrize("annotation", ["jsonpath={.status.amis}", '["condition=SubnetsReady"]'])
def test_other_conditions_are_not_simulated(cluster: Bench, annotation: str) -> None:
    cluster.make(waiting(node_class(role="nobody"), annotation), "class")


def karpenter_with_rights(cluster: Bench, *actions: str) -> None:
    association = {"clusterName": "main", "serviceAccount": "karpenter", "roleArn": "arn:aws:iam::1:role/karpenter"}
    cluster.cloud.put("aws:eks/podIdentityAssociation:PodIdentityAssociation", "a-1", association)
    policy = {"role": "karpenter", "policy": json.dumps({"Statement": [{"Action": list(actions)}]})}
    cluster.cloud.put("aws:iam/rolePolicy:RolePolicy", "karpenter:permissions", policy)


def buying(*capacity_types: str) -> Props:
    named = [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": list(capacity_types)}]
    return node_pool(template={"requirements": named})


def test_in_a_new_account_karpenter_needs_the_right_to_make_the_role_of_spot_instances(cluster: Bench) -> None:
    cluster.make(node_class(), "class")
    karpenter_with_rights(cluster, "ec2:CreateFleet")
    assert "AuthFailure.ServiceLinkedRoleCreationNotPermitted" in refusal(cluster, buying("spot", "on-demand"))
    assert "AuthFailure.ServiceLinkedRoleCreationNotPermitted" in refusal(cluster, node_pool()), "any capacity type"
    cluster.make(buying("on-demand"), "pool")


@pytest.mark.parametrize("right", [True, False])
def test_with_that_right_or_with_the_role_spot_instances_start(cluster: Bench, right: bool) -> None:
    cluster.make(node_class(), "class")
    karpenter_with_rights(cluster, "iam:CreateServiceLinkedRole" if right else "ec2:CreateFleet")
    if not right:
        role = {"awsServiceName": "spot.amazonaws.com"}
        cluster.cloud.put("aws:iam/serviceLinkedRole:ServiceLinkedRole", "spot", role)
    cluster.make(buying("spot"), "pool")


@pytest.mark.parametrize(
    ("policy", "tags", "refused"),
    [
        ("AmazonEBSCSIDriverEKSClusterScopedPolicy", {}, True),
        ("AmazonEBSCSIDriverEKSClusterScopedPolicy", {"ebs.csi.aws.com/cluster-name": "other"}, True),
        ("AmazonEBSCSIDriverEKSClusterScopedPolicy", {"ebs.csi.aws.com/cluster-name": "main"}, False),
        ("AmazonEBSCSIDriverPolicyV2", {}, False),
    ],
)
def test_the_scoped_ebs_driver_attaches_volumes_to_tagged_nodes_alone(
    cluster: Bench, policy: str, tags: Props, refused: bool
) -> None:
    identity = {"serviceAccount": "ebs-csi-controller-sa", "roleArn": "arn:aws:iam::1:role/ebs"}
    cluster.cloud.put("aws:eks/addon:Addon", "main:aws-ebs-csi-driver", {"podIdentityAssociations": [identity]})
    attached = {"role": "ebs", "policyArn": f"arn:aws:iam::aws:policy/{policy}"}
    cluster.cloud.put("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "ebs/policy", attached)
    if refused:
        assert "the EBS driver could attach no volume to nodes of gpu" in refusal(cluster, node_class(tags=tags))
    else:
        cluster.make(node_class(tags=tags), "class")
