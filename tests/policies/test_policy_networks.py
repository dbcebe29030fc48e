"""Rules that join the ranges of several network policies name those that add something, and no others."""

from typing import Any

import pytest

from policies.rule import Sample, StackCase, StackRule
from tests.policies.policy_harness import ALL, check_stack

CLUSTER = Sample("aws:eks/cluster:Cluster", {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"}})
OPEN, LITTLE = ["172.20.0.0/17", "172.20.128.0/17"], ["172.20.0.10/32"]


def of_cluster(cidr: str) -> Sample:
    rule = {"action": "Accept", "to": [{"networks": [cidr]}]}
    spec = {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "egress": [rule]}
    return Sample("kubernetes:networking.k8s.aws/v1alpha1:ClusterNetworkPolicy", {"spec": spec})


def of_namespace(cidr: str) -> Sample:
    spec: dict[str, Any] = {"podSelector": {}, "egress": [{"to": [{"ipBlock": {"cidr": cidr}}]}]}
    return Sample("kubernetes:networking.k8s.io/v1:NetworkPolicy", {"metadata": {"namespace": "lab"}, "spec": spec})


@pytest.mark.parametrize(
    ("rule_id", "policy"), [("net-cluster-policies", of_cluster), ("net-policy-ranges", of_namespace)]
)
def test_a_policy_that_adds_nothing_to_a_wrong_one_is_not_named(rule_id: str, policy: Any) -> None:
    rule = ALL[rule_id]
    assert isinstance(rule, StackRule)
    named = {cidr: policy(cidr) for cidr in ("172.20.0.0/16", *LITTLE)}
    (finding,) = check_stack(rule, StackCase({**named, "cluster": CLUSTER}))
    assert "172.20.0.0/16" in finding.urn
    wrong = check_stack(rule, StackCase({**{cidr: policy(cidr) for cidr in OPEN}, "cluster": CLUSTER}))
    assert len(wrong) == len(OPEN), "each half is as good as all"
