"""What the eBPF maps of the VPC CNI's network policy agent decide about one address, port and protocol.

The rules of all policies of a pod go into one map, whose longest matching range decides. A range has the ports of the
wider ones that it lies in, unless an `except` of those has it. An `except` that is no rule's range denies everything.
Cluster network policies have a map of their own, which is asked before that one (Admin) and after it (Baseline). There
all ranges that have the address count, the lowest priority decides, and of equal ones the action that lets less pass.
Left out: IPv6, and more than 24 rules of cluster network policies for one range.
Source: aws/aws-network-policy-agent v1.4.1, pkg/fwruleprocessor, pkg/utils (ComputeTrieValue, ComputeTrieValueForCPE)
and pkg/ebpf/c (evaluateFlow); read 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

ANY = "any"
MOST_PORTS = 24
"""Pairs of ports and protocols that the agent keeps for one range."""


@dataclass(frozen=True)
class Ports:
    """Some ports. protocol: ANY for all of them. first: 0 for all ports. last: 0 where there is no more than one."""

    protocol: str = ANY
    first: int = 0
    last: int = 0

    def has(self, port: int, protocol: str) -> bool:
        return self.protocol in (ANY, protocol) and (
            self.first in (0, port) or self.first < port <= self.last  # a last port below the first one adds nothing
        )


@dataclass(frozen=True)
class Rule:
    """One range that a policy opens. ports: none for all."""

    block: IPv4Network
    excepts: tuple[IPv4Network, ...] = ()
    ports: tuple[Ports, ...] = ()


ACTIONS = ("Deny", "Accept", "Pass")


@dataclass(frozen=True)
class TierRule(Rule):
    """A range of a cluster network policy. tier: `Admin` or `Baseline`. action: one of ACTIONS."""

    tier: str = ""
    priority: int = 0
    action: str = ""


def action_of(rules: Sequence[TierRule], tier: str, address: IPv4Address, port: int, protocol: str) -> str:
    """Returns what a tier does with a packet; `Pass` where no rule of it has the packet."""
    here = [
        (rule.priority, ACTIONS.index(rule.action))
        for rule in rules
        if rule.tier == tier and address in rule.block
        if any(ports.has(port, protocol) for ports in rule.ports or (Ports(),))
    ]
    return ACTIONS[min(here)[1]] if here else "Pass"


def why_denied(rules: Sequence[Rule], address: IPv4Address, port: int, protocol: str) -> str:
    """Returns why the rules of a pod do not let a packet pass; "" when they do."""
    here = [rule for rule in rules if address in rule.block]
    blocks = {rule.block for rule in here}
    excepts = {block for rule in rules for block in rule.excepts if address in block} - blocks
    if not blocks | excepts:
        return "no rule has the address"
    narrowest = max(blocks | excepts, key=lambda block: block.prefixlen)
    if narrowest in excepts:
        return f"an except denies {narrowest}, whatever other policies say"
    ports = _ports(here, narrowest)
    if len(ports) > MOST_PORTS:
        return f"{narrowest} has {len(ports)} ports, of which the agent keeps {MOST_PORTS}, and nobody knows which"
    return "" if any(each.has(port, protocol) for each in ports) else f"no rule has the port for {narrowest}"


def _ports(rules: Sequence[Rule], block: IPv4Network) -> set[Ports]:
    """Returns the ports of a range: its own, and those of the wider ranges that do not except it."""
    own = [rule for rule in rules if rule.block == block]
    found = {ports for rule in own for ports in rule.ports or (Ports(),)}
    for wider in {rule.block for rule in rules if rule.block.prefixlen < block.prefixlen}:
        excepts = [each for rule in rules if rule.block == wider for each in rule.excepts]
        if not any(block.network_address in each for each in excepts):
            found |= _ports(rules, wider)
    return found
