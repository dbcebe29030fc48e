"""What the rules about network policies read of one."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from policies.objects import all_objects
from policies.rule import Resource, View, at_if_known, each, present, text

GROUP, KIND = "networking.k8s.io", "NetworkPolicy"
NETWORK_POLICIES = f"kubernetes:{GROUP}/v1:{KIND}*"
DIRECTIONS = (("ingress", "from"), ("egress", "to"))
LABELS, EXPRESSIONS = "spec.podSelector.matchLabels", "spec.podSelector.matchExpressions"


def network_policies(resources: Iterable[Resource]) -> Iterator[View]:
    """Yields the network policies that may close or open namespaces: all but those of what comes with the cluster."""
    for policy in all_objects(resources, GROUP, KIND):
        if not is_of_the_cluster(policy):
            yield policy


def is_of_the_cluster(policy: View) -> bool:
    """Tells whether a policy is that of DNS and drivers, which nobody closes: in kube-system, and of no named pods."""
    named = present(policy, LABELS) or any(text(one, "operator") == "In" for one in each(policy, EXPRESSIONS))
    return text(policy, "metadata.namespace") == "kube-system" and not named


def block(peer: View) -> IPv4Network | IPv6Network | None:
    """Returns the range of a peer; None where it has none, one that is known later, or one that the API refuses."""
    try:
        return ip_network(at_if_known(peer, "ipBlock.cidr") or "", strict=False)
    except ValueError:
        return None
