"""Egress to a wide range leaves out the metadata of nodes, the VPC, the pods and the Services.

What goes to a Service is judged by the Service's address, so 443 to 0.0.0.0/0 is 443 of every Service of the cluster.
Source: aws/amazon-network-policy-controller-k8s 1.1.7, pkg/resolvers/endpoints.go; read 2026-11.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, collapse_addresses

from common.values import UNKNOWN
from policies.network_policies import NETWORK_POLICIES, block, network_policies
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, at_if_known, each, present, text

VPC, MORE = "aws:ec2/vpc:Vpc", "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
CLUSTER = "aws:eks/cluster:Cluster"
METADATA = "169.254.169.254/32"
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
"""What counts where the stack has no VPC of its own."""
Found = Iterator[tuple[Resource, str, str]]


def _ranges(stack: Stack) -> list[str]:
    own = [text(each, "cidrBlock") for each in stack.of(VPC, MORE)]
    services = [at_if_known(each, "kubernetesNetworkConfig.serviceIpv4Cidr") for each in stack.of(CLUSTER)]
    return [METADATA, *(own or PRIVATE), *filter(None, services)]


def _peer(peer: View, ranges: Sequence[str]) -> Found:
    wide = block(peer)
    if not isinstance(wide, IPv4Network):
        return
    given = at_if_known(peer, "ipBlock.except")
    if given is None and present(peer, "ipBlock.except"):
        return  # the range of Services is known after the cluster is made, and the rule runs again then
    left_out = [IPv4Network(each) for each in given or ()]
    inside = [IPv4Network(each) for each in ranges if IPv4Network(each).subnet_of(wide)]
    missing = [str(each) for each in inside if not any(each.subnet_of(out) for out in left_out)]
    if missing:
        yield peer.resource, peer.under("ipBlock"), f"has {', '.join(missing)} in it, and opens what others close"


def check(stack: Stack) -> Found:
    policies = [*network_policies(stack.resources)]
    ranges = _ranges(stack) if policies else []
    for policy in policies:
        for rule in each(policy, "spec.egress"):
            if not present(rule, "to"):
                yield policy.resource, rule.under("to"), "is empty, which means every address"
            for peer in each(rule, "to"):
                yield from _peer(peer, ranges)
        yield from _together(policy, ranges)


def _together(policy: View, ranges: Sequence[str]) -> Found:
    """Yields ranges that none of the peers has in it, and all of them have."""
    peers = [peer for rule in each(policy, "spec.egress") for peer in each(rule, "to")]
    blocks = [block(peer) for peer in peers if not present(peer, "ipBlock.except")]
    given = [each for each in blocks if isinstance(each, IPv4Network)]
    for joined in collapse_addresses(given):
        inside = [IPv4Network(each) for each in ranges if IPv4Network(each).subnet_of(joined)]
        if whole := [str(each) for each in inside if not any(each.subnet_of(one) for one in given)]:
            yield policy.resource, policy.under("spec.egress"), f"has {', '.join(whole)} in its ranges together"


POLICY = NETWORK_POLICIES.removesuffix("*")
WHOLE = ["169.254.0.0/16", "10.0.0.0/16", "100.64.0.0/16", "172.20.0.0/16"]


def _stack(
    *peers: object, at: str = "", form: str = "", vpc: bool = True, namespace: str = "inference", **rule: object
) -> StackCase:
    policy = {
        "metadata": {"namespace": namespace},
        "spec": {"podSelector": {}, "egress": [{**({"to": [*peers]} if peers else {}), **rule}]},
    }
    network = {
        "vpc": Sample(VPC, {"cidrBlock": "10.0.0.0/16"}),
        "pods": Sample(MORE, {"cidrBlock": "100.64.0.0/16"}),
        "cluster": Sample(CLUSTER, {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"}}),
        "no services yet": Sample(CLUSTER, {}),
    }
    path = f"{'items[0].' if form == 'List' else ''}spec.egress[0].{at}"
    given = {"items": [policy]} if form == "List" else policy
    return StackCase(
        {"policy": Sample(f"{POLICY}{form}", given), **(network if vpc else {})}, ("policy", path) if at else None
    )


def _range(cidr: str, *excepted: object) -> dict[str, object]:
    return {"ipBlock": {"cidr": cidr, **({"except": [*excepted]} if excepted else {})}}


RULE = StackRule(
    id="net-policy-egress-excepts",
    applies_to=(NETWORK_POLICIES, VPC, MORE, CLUSTER),
    severity="high",
    standards=("EKS best practices: network security",),
    why="443 to every address is 443 of every Service, of every node, and of the metadata with a node's credentials.",
    fix="Except 169.254.0.0/16 and the ranges of VPC, pods and Services; open Services by the labels of their pods.",
    check=check,
    good={
        "nothing set, so nothing is called": StackCase({"policy": Sample(POLICY, {"spec": {}})}),
        "the internet alone": _stack(_range("0.0.0.0/0", *WHOLE), ports=[{"port": 443}]),
        "more left out than there is": _stack(_range("0.0.0.0/0", "169.254.0.0/16", *PRIVATE)),
        "a subnet of the VPC": _stack(_range("10.0.4.0/24")),
        "the API server": _stack(_range("172.20.0.1/32")),
        "a network that it is connected to": _stack(_range("10.200.0.0/16")),
        "IPv6": _stack(_range("::/0")),
        "pods": _stack({"podSelector": {}}),
        "a stack without a VPC": _stack(_range("0.0.0.0/0", "169.254.0.0/16", *PRIVATE), vpc=False),
        "Services that are known later": _stack(_range("0.0.0.0/0", "10.0.0.0/16", UNKNOWN)),
        "what comes with the cluster": _stack(namespace="kube-system"),
    },
    bad={
        "every address": _stack(_range("0.0.0.0/0"), at="to[0].ipBlock"),
        "no peers, which means the same": _stack(at="to", ports=[{"port": 443}]),
        "half of the addresses": _stack(_range("0.0.0.0/1"), at="to[0].ipBlock"),
        "without the metadata": _stack(_range("0.0.0.0/0", *WHOLE[1:]), at="to[0].ipBlock"),
        "without the VPC": _stack(_range("0.0.0.0/0", WHOLE[0], *WHOLE[2:]), at="to[0].ipBlock"),
        "without the pods": _stack(_range("0.0.0.0/0", *WHOLE[:2], WHOLE[3]), at="to[0].ipBlock"),
        "without the Services": _stack(_range("0.0.0.0/0", *WHOLE[:3]), at="to[0].ipBlock"),
        "a part of a range alone": _stack(_range("0.0.0.0/0", *WHOLE[:3], "172.20.0.0/17"), at="to[0].ipBlock"),
        "a company's range with the VPC in it": _stack(_range("10.0.0.0/8"), at="to[0].ipBlock"),
        "beside a good one": _stack(_range("10.0.4.0/24"), _range("0.0.0.0/0"), at="to[1].ipBlock"),
        "halves of the pods": StackCase(
            {
                "policy": Sample(
                    POLICY,
                    {"spec": {"egress": [{"to": [_range("100.64.0.0/17"), _range("100.64.128.0/17")]}]}},
                ),
                "pods": Sample(MORE, {"cidrBlock": "100.64.0.0/16"}),
            },
            ("policy", "spec.egress"),
        ),
        "a list": _stack(_range("0.0.0.0/0"), at="to[0].ipBlock", form="List"),
        "a patch": _stack(_range("0.0.0.0/0"), at="to[0].ipBlock", form="Patch"),
        "private space, without a VPC": _stack(_range("0.0.0.0/0", "169.254.0.0/16"), at="to[0].ipBlock", vpc=False),
    },
)
