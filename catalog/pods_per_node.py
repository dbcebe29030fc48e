"""How many pods get an address on a node, from the interfaces, cards and EFAs of its instance type.

The VPC CNI uses the interfaces of network card 0 only. A prefix holds 16 addresses and takes the place of one address
of an interface; the first address of each interface is its own. An `efa-only` interface has no address, but takes a
place on its card. Types that are not built on Nitro have no prefixes.
Sources: amazon-vpc-cni-k8s v1.22.4, pkg/ipamd/ipamd.go (hasRoomForEni, filterUnmanagedENIs, markUnmanagedNetworkCards);
amazon-eks-ami v20260724, nodeadm/internal/kubelet/eni_max_pods.go; Karpenter v1.14.1, types.go (ENILimitedPods);
read 2026-11.
"""

import math

from catalog.efa import efa_interfaces
from catalog.instance_types import InstanceType

PREFIX_ADDRESSES = 16
WARM_PREFIXES = 1
HOST_NETWORK_PODS = 2  # AWS counts aws-node and kube-proxy in addition: they use the node's address
# Source: EKS user guide, "Create a managed node group", read 2026-11.
MANY_VCPUS = 30
MOST_PODS, MOST_PODS_OF_MANY_VCPUS = 110, 250


def addresses_per_interface(machine: InstanceType) -> int | None:
    """Returns how many pods one interface can serve; None when the catalog does not know the type's interfaces."""
    if machine.ipv4_per_eni is None:
        return None
    places = machine.ipv4_per_eni - 1
    return places if machine.max_pods_prefix_delegation is None else places * PREFIX_ADDRESSES


def interfaces_of_card_0(machine: InstanceType) -> int | None:
    """Returns the places for interfaces on card 0, from AWS's own number of pods; None when that is not known."""
    if machine.max_pods is None or machine.ipv4_per_eni is None:
        return None
    return (machine.max_pods - HOST_NETWORK_PODS) // (machine.ipv4_per_eni - 1)


def most_pods(machine: InstanceType) -> int:
    """Returns the number of pods above which EKS does not go, whatever addresses there are."""
    return MOST_PODS if machine.vcpus < MANY_VCPUS else MOST_PODS_OF_MANY_VCPUS


def pods_on(machine: InstanceType, *, efas_on_card_0: int, primary_serves_pods: bool) -> int | None:
    """Returns how many pods can start on a node; None when the catalog does not know the type's interfaces.

    primary_serves_pods: False when the subnet of the primary interface has the tag `kubernetes.io/role/cni: "0"`.
    """
    places, each = interfaces_of_card_0(machine), addresses_per_interface(machine)
    if places is None or each is None:
        return None
    interfaces = places - efas_on_card_0 - (0 if primary_serves_pods else 1)
    return min(interfaces * each + HOST_NETWORK_PODS, most_pods(machine)) if interfaces > 0 else 0


def pods_per_node(machine: InstanceType, efa: bool, private: bool | None = None) -> int | None:
    """Returns how many pods can start on a node of this platform.

    Without EFA a node is in a private subnet, whose addresses pods do not get. With EFA it is in a pod subnet: on a
    p5.48xlarge card 0 has two places, and the second one holds an EFA. private: another subnet than that.
    """
    efas = sum(each.card == 0 and each.kind == "efa-only" for each in efa_interfaces(machine)) if efa else 0
    return pods_on(machine, efas_on_card_0=efas, primary_serves_pods=efa if private is None else not private)


def blocks_per_node(machine: InstanceType, pods: int) -> int:
    """Returns how many blocks of 16 addresses a node with this number of pods takes from the subnets for pods.

    These are its prefixes, one in reserve, and a block for each interface: the address of an interface lies anywhere in
    the subnet, and the 15 beside it are no longer a prefix.
    Source: EKS best practices, "Prefix mode for Linux", read 2026-11.
    """
    prefixes = math.ceil(pods / PREFIX_ADDRESSES) + WARM_PREFIXES
    return prefixes + math.ceil(prefixes / ((machine.ipv4_per_eni or 50) - 1))
