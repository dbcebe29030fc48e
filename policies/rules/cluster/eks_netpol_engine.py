"""Network policies are enforced: the VPC CNI of the cluster is told to, or another engine is installed.

Without one, the API server stores them and nothing changes. In a stack of several clusters each add-on is checked.
Source: Amazon EKS user guide, "Limit Pod traffic with Kubernetes network policies"; read 2026-11.
"""

import json
from collections.abc import Iterator, Sequence

from common.values import UNKNOWN
from policies.charts import RELEASE, chart_of
from policies.network_policies import CLUSTER, NETWORK_POLICIES, network_policies
from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule, at_if_known, text

ADDON, VALUES = "aws:eks/addon:Addon", "configurationValues"


def _enforces(addon: Resource) -> bool:
    try:
        values = json.loads(text(addon, VALUES) or "{}")
    except json.JSONDecodeError:
        return False
    return isinstance(values, dict) and str(values.get("enableNetworkPolicy")).lower() == "true"


def check(stack: Stack, *, engines: Sequence[str]) -> Iterator[tuple[Resource, str, str]]:
    policies = list(network_policies(stack.resources))
    automatic = any(at_if_known(cluster, "computeConfig.enabled") for cluster in stack.of(CLUSTER))
    if not policies or automatic or any(chart_of(release) in engines for release in stack.of(RELEASE)):
        return
    addons = [addon for addon in stack.of(ADDON) if text(addon, "addonName") == "vpc-cni"]
    for addon in addons:
        if not _enforces(addon):
            yield addon, VALUES, 'does not have enableNetworkPolicy: "true", so no network policy has an effect'
    if stack.of(CLUSTER) and not addons:
        yield policies[0].resource, "spec", "is enforced by nothing: the stack has no add-on vpc-cni that does"


POLICY = NETWORK_POLICIES.removesuffix("*")


def _stack(
    *at: str, values: object = '{"enableNetworkPolicy": "true"}', without: str = "", **more: Sample
) -> StackCase:
    given = {
        "cluster": Sample(CLUSTER, {"name": "main"}),
        "policy": Sample(POLICY, {"metadata": {"name": "x"}, "spec": {"podSelector": {}}}),
        "cni": Sample(ADDON, {"addonName": "vpc-cni", **({VALUES: values} if values else {})}),
        "dns": Sample(ADDON, {"addonName": "coredns"}),
        **more,
    }
    return StackCase({name: each for name, each in given.items() if name != without}, (at[0], at[1]) if at else None)


RULE = StackRule(
    id="eks-netpol-engine",
    applies_to=(NETWORK_POLICIES, CLUSTER, ADDON, RELEASE),
    severity="high",
    standards=("CIS EKS 4.3.1", "CIS EKS 5.4.4"),
    why="Everybody believes that teams are apart, and every pod reaches every other one.",
    mend={"configurationValues": '{"enableNetworkPolicy": "true"}'},
    no_mend="the add-on is missing",
    fix='Set enableNetworkPolicy: "true" in the configuration values of vpc-cni, as the platform does.',
    options={
        "engines": Option(
            "Charts that enforce network policies.", ["cilium", "tigera-operator", "calico"], stricter="fewer"
        )
    },
    check=check,
    good={
        "nothing set": StackCase({}),
        "the VPC CNI": _stack(),
        "a boolean": _stack(values='{"enableNetworkPolicy": true}'),
        "no network policies": _stack(without="policy", values=""),
        "another engine": _stack(values="", engine=Sample(RELEASE, {"chart": "cilium"})),
        "a cluster that looks after itself": _stack(
            without="cni", cluster=Sample(CLUSTER, {"computeConfig": {"enabled": True}})
        ),
        "a cluster whose other properties are known later": _stack(cluster=Sample(CLUSTER, {"computeConfig": UNKNOWN})),
        "policies for a cluster of another stack": StackCase({"policy": Sample(POLICY, {"spec": {}})}),
    },
    bad={
        "no values": _stack("cni", VALUES, values=""),
        "turned off": _stack("cni", VALUES, values='{"enableNetworkPolicy": "false"}'),
        "values of something else": _stack("cni", VALUES, values="[]"),
        "values that are no JSON": _stack("cni", VALUES, values="enableNetworkPolicy: true"),
        "no add-on": _stack("policy", "spec", without="cni"),
        "another chart": _stack("cni", VALUES, values="", chart=Sample(RELEASE, {"chart": "grafana"})),
    },
)
