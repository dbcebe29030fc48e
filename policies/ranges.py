"""How much of the internet address ranges hold together, in whatever pieces they are written."""

import ipaddress
from collections.abc import Iterable

WIDEST_IPV4, WIDEST_IPV6 = 16, 32
"""Prefix lengths of what one organization has at most; more than that is a part of the internet."""
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"),
    )
) + tuple(map(ipaddress.ip_network, ("fc00::/7", "fe80::/10")))


def public_parts(ranges: Iterable[str]) -> tuple[float, float]:
    """Returns how many ranges of the widest allowed size the public parts of their union would fill, IPv4 and IPv6.

    Raises ValueError for a text that is no range.
    """
    networks = [ipaddress.ip_network(each, strict=False) for each in ranges if each]
    of_4 = ipaddress.collapse_addresses(each for each in networks if isinstance(each, ipaddress.IPv4Network))
    of_6 = ipaddress.collapse_addresses(each for each in networks if isinstance(each, ipaddress.IPv6Network))
    return sum(map(_public, of_4)) / 2 ** (32 - WIDEST_IPV4), sum(map(_public, of_6)) / 2 ** (128 - WIDEST_IPV6)


def is_wide(ranges: Iterable[str]) -> bool:
    """Tells whether the union is more than what one organization has. What is no range is not known to be narrow."""
    try:
        return max(public_parts(ranges)) > 1
    except ValueError:
        return True


def _public(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> int:
    private = [each for each in _PRIVATE if each.version == network.version and each.overlaps(network)]
    return network.num_addresses - sum(min(each.num_addresses, network.num_addresses) for each in private)
