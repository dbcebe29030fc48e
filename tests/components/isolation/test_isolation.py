"""Isolation as it is built: what is closed before what starts there, and what a change leaves alone."""

import json
from typing import Any

from simulator.values import UNKNOWN
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, stack
from tests.in_process.providers import Registered

POLICY = "networking.k8s.io/v1:NetworkPolicy"
SERVING: dict[str, Any] = {"name": "serving", "namespaces": ["inference"]}
LAB: dict[str, Any] = {"name": "lab", "namespaces": ["lab"]}
OPEN = {"namespace": "inference", "pods": {"app": "chat"}, "ports": [8000], "callers": ["lab"]}


def built(cloud: PlatformCloud, *teams: dict[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    """Name of each policy -> its spec."""
    cloud.up(stack(**{"isolation": {}, **more}, teams=teams or [SERVING, LAB]))
    return {each.name: each.inputs["spec"] for each in cloud.all(POLICY)}


def after(cloud: PlatformCloud, kind: str, name: str, policy: str) -> bool:
    return cloud.comes_after(cloud.one(kind, name), cloud.one(POLICY, policy))


def test_each_namespace_of_a_team_and_of_an_add_on_is_closed(cloud: PlatformCloud) -> None:
    policies = built(cloud, mesh={"namespaces": ["inference"]})
    closed = {name.split(".")[1] for name, spec in policies.items() if spec["podSelector"] == {}}
    namespaces = {each.inputs["metadata"]["name"] for each in cloud.all("core/v1:Namespace")}
    assert closed == namespaces, "kube-system has no policy for all pods, and every other one has"
    assert {"inference", "lab", "cert-manager", "linkerd"} <= closed


def test_what_runs_in_a_namespace_starts_after_it_is_closed(cloud: PlatformCloud) -> None:
    file_systems = {"home": {"purpose": "shared", "used_by": [{"namespace": "inference"}]}}
    built(cloud, mesh={"namespaces": ["inference"]}, storage={"file_systems": file_systems})
    assert after(cloud, "helm.sh/v3:Release", "main-cert-manager", "main-isolation.cert-manager.ml-platform")
    assert after(cloud, "helm.sh/v3:Release", "main-linkerd-control-plane", "main-isolation.linkerd.ml-platform")
    in_team = [
        each
        for each in cloud.custom()
        if "metadata" in each.inputs
        and each.inputs["metadata"].get("namespace") == "inference"
        and not each.type.endswith(POLICY)
    ]
    assert len(in_team) > 3
    policy = cloud.one(POLICY, "main-isolation.inference.ml-platform")
    for each in in_team:
        assert cloud.comes_after(each, policy), each.name


def test_coredns_and_other_add_ons_of_eks_start_after_kube_system_is_opened_for_them(cloud: PlatformCloud) -> None:
    policies = built(cloud, isolation={"mode": "strict"})
    opened = "main-isolation.kube-system.ml-platform-others"
    assert policies[opened]["ingress"] == policies[opened]["egress"] == [{}]
    for name in ("coredns", "metrics-server", "aws-ebs-csi-driver"):
        assert after(cloud, "eks/addon:Addon", f"main-{name}", opened), f"EKS would wait in vain for {name}"
    assert not after(cloud, "eks/addon:Addon", "main-vpc-cni", opened), "without it no node joins"


def values_of_cni(cloud: PlatformCloud) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cloud.one("eks/addon:Addon", "main-vpc-cni").inputs["configurationValues"])
    return found


def test_the_cni_is_told_of_strict_alone(cloud: PlatformCloud) -> None:
    cloud.up(stack())
    before = values_of_cni(cloud)
    built(cloud)
    assert values_of_cni(cloud) == before, "standard is its default"
    built(cloud, isolation={"mode": "strict"})
    strict = values_of_cni(cloud)
    assert strict["env"].pop("NETWORK_POLICY_ENFORCING_MODE") == "strict"
    assert strict == before


def test_a_team_more_changes_no_policy_of_others(cloud: PlatformCloud) -> None:
    before = built(cloud, SERVING, LAB)
    found = built(cloud, SERVING, LAB, {"name": "more", "namespaces": ["more"]})
    assert {name: found[name] for name in before} == before
    assert {name.split(".")[1] for name in found.keys() - before.keys()} == {"more"}


def test_an_opened_port_changes_its_two_sides_in_place(cloud: PlatformCloud) -> None:
    more = {"name": "more", "namespaces": ["more"]}
    before = built(cloud, SERVING, LAB, more)
    found = built(cloud, {**SERVING, "network": {"open": [OPEN]}}, LAB, more)
    changed = {name for name in before if found[name] != before[name]}
    assert changed == {"main-isolation.lab.ml-platform"}, "the caller"
    (new,) = found.keys() - before.keys()
    assert new.startswith("main-isolation.inference.ml-platform-app-chat-"), "the pods that are called"


def test_a_team_with_another_name_keeps_its_policies(cloud: PlatformCloud) -> None:
    before = built(cloud, SERVING, LAB)
    assert built(cloud, SERVING, {**LAB, "name": "other"}) == before


def test_policies_go_with_isolation_and_nothing_else_does(cloud: PlatformCloud) -> None:
    def others() -> dict[str, dict[str, Any]]:
        return {each.name: each.inputs for each in cloud.custom() if not each.type.endswith(POLICY)}

    assert built(cloud)
    before = others()
    assert built(cloud, isolation=None) == {}
    assert others() == before


def test_namespaces_that_only_mount_storage_stay_open(cloud: PlatformCloud) -> None:
    file_systems = {"home": {"purpose": "shared", "used_by": [{"namespace": "visitors"}]}}
    assert not any(".visitors." in name for name in built(cloud, storage={"file_systems": file_systems}))


def blocks(policy: Registered, name: str) -> list[Any]:
    return [
        block[name]
        for rule in policy.inputs["spec"]["egress"]
        for peer in rule["to"]
        if name in (block := peer.get("ipBlock", {}))
    ]


def calls_api(cloud: PlatformCloud) -> Registered:
    return next(each for each in cloud.all(POLICY) if "lab.ml-platform-calls-api-" in each.name)


def test_the_range_of_services_is_the_clusters_own_and_known_at_preview_where_it_is_pinned(
    cloud: PlatformCloud,
) -> None:
    pinned = {"main": {**CLUSTER, "service_cidr": "192.168.0.0/20"}}
    cloud.up(stack(isolation={}, teams=[LAB], clusters=pinned), preview=True)
    policy = cloud.one(POLICY, "main-isolation.lab.ml-platform")
    assert "192.168.0.0/20" in blocks(policy, "except")[0]
    assert blocks(calls_api(cloud), "cidr") == ["192.168.0.1/32"]
    cloud.up(stack(isolation={}, teams=[LAB]), preview=True)
    assert blocks(calls_api(cloud), "cidr") == [UNKNOWN], "EKS chooses it when it makes the cluster"
    built(cloud, LAB)
    assert blocks(calls_api(cloud), "cidr") == ["172.20.0.1/32"]


def test_the_subnets_of_endpoints_are_open_only_where_the_vpc_has_endpoints(cloud: PlatformCloud) -> None:
    def opened(*services: str) -> set[str]:
        network = {"zones": ["us-west-2a", "us-west-2b"], "endpoints": {"interface": list(services)}}
        cloud.up(stack(isolation={}, teams=[LAB], network=network))
        return set(blocks(cloud.one(POLICY, "main-isolation.lab.ml-platform"), "cidr"))

    without = opened()
    assert without == {"0.0.0.0/0", "169.254.170.23/32"}
    private = {each.inputs["cidrBlock"] for each in cloud.all("ec2/subnet:Subnet") if "private" in each.name}
    assert len(private) == 2
    assert opened("sts") - without == private


def test_clusters_that_are_not_named_stay_open(cloud: PlatformCloud) -> None:
    teams = [{**LAB, "cluster": "main"}, {**SERVING, "cluster": "other"}]
    policies = built(cloud, *teams, clusters={"main": CLUSTER, "other": CLUSTER}, isolation={"clusters": ["main"]})
    assert {name.split(".")[0] for name in policies} == {"main-isolation"}
