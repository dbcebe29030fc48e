"""Quotas: what the account may have, what it has, and what the stack adds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.quotas import SERVICE_CODE, quota_for, quota_of_family
from preflight.account import Ask
from preflight.check import Finding, check, failure, ok, warning
from preflight.checks.names import UP, is_up
from preflight.needs import Needs, home_of
from settings.compute.quota_needs import capacity_types_of, quota_needs, zones_of
from simulator.aws import known_quotas

_QUOTA_CALLS = ("service-quotas:GetServiceQuota", "service-quotas:GetAWSDefaultServiceQuota")


def _increase(needs: Needs, service: str, code: str, value: int) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --region {needs.settings.region} --service-code {service} "
        f"--quota-code {code} --desired-value {value}"
    )


def _limit(ask: Ask, service: str, code: str) -> float | None:
    """Returns the value of a quota: that of the account, or AWS's default; None when Service Quotas knows neither."""
    for call in _QUOTA_CALLS:
        answer = ask(call, absent=("NoSuchResourceException",), ServiceCode=service, QuotaCode=code)
        if answer is not None and answer["Quota"].get("Value") is not None:
            return float(answer["Quota"]["Value"])
    return None


def _unknown(service: str, code: str, name: str) -> Finding:
    fix = f"Look in the console: Service Quotas, {service}, {code}."
    return Finding(result="could not look", seen=f"{name}: Service Quotas knows no {code} of {service}", fix=fix)


@check("vCPU quotas", calls=(*_QUOTA_CALLS, "ec2:DescribeInstances"))
def vcpus(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The pools fit into the vCPUs of each quota, beside what others run: at their minimum, and at their maximum."""
    at_least, used = _at_least(needs), _running(needs, ask)
    for need in quota_needs(needs.pools, needs.zones, {}):
        limit = _limit(ask, SERVICE_CODE, need.code)
        if limit is None:
            yield _unknown(SERVICE_CODE, need.code, need.name)
            continue
        others, least = used[need.code], at_least[need.code]
        most = need.vcpus + others
        seen = f"{need.name}: {limit:,.0f} vCPUs" + (f", of which others use {others:,}" if others else "")
        if most <= limit:
            yield ok(f"{seen}; the pools need up to {need.vcpus:,}")
            continue
        pools = ", ".join(need.pools)
        fix = (
            "Or set `quotas: {request: true}`, and `up` asks for it."
            if not needs.settings.quotas.request
            else "`quotas.request` is on: `up` asks for it. AWS takes minutes to days to answer."
        )
        command = _increase(needs, SERVICE_CODE, need.code, most)
        if least + others > limit:
            yield failure(f"{seen}; {pools} need {least:,} to {need.vcpus:,}", "nodes do not start", fix, command)
        else:
            why = f"{pools} cannot grow to their maximum of {need.vcpus:,}; pods stay pending"
            yield warning(f"{seen}; the minimum, {least:,}, fits", why, fix, command)


def _at_least(needs: Needs) -> Counter[str]:
    """Returns quota code -> vCPUs that the pools need at their minimum, with the smallest of their types."""
    least: Counter[str] = Counter()
    for pool in needs.pools.values():
        nodes = pool.min_per_zone * len(zones_of(pool, needs.zones))
        machine = min(pool.machines, key=lambda each: each.vcpus)
        if nodes and (quota := quota_for(machine, capacity_types_of(pool)[0])):
            least[quota.code] += nodes * machine.vcpus
    return least


def _running(needs: Needs, ask: Ask) -> Counter[str]:
    """Returns quota code -> vCPUs that instances of others use. Those of this stack are part of what it needs."""
    running = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    used: Counter[str] = Counter()
    for reservation in ask("ec2:DescribeInstances", Filters=running)["Reservations"]:
        for instance in reservation["Instances"]:
            if needs.owns(_tags(instance)):
                continue
            bought = instance.get("InstanceLifecycle", "on-demand")
            quota = quota_of_family(instance["InstanceType"].partition(".")[0], bought)
            cpu = instance.get("CpuOptions", {})
            if quota is not None:
                used[quota.code] += cpu.get("CoreCount", 1) * cpu.get("ThreadsPerCore", 1)
    return used


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A number of things that is limited. planned: types of the stack's resources. count: how many others have made."""

    service: str
    code: str
    name: str
    planned: str
    count: Callable[[Needs, Ask], int]


def _of_others(call: str, key: str, **parameters: Any) -> Callable[[Needs, Ask], int]:
    return lambda needs, ask: sum(not needs.owns(_tags(each)) for each in ask(call, **parameters)[key])


def _other_clusters(needs: Needs, ask: Ask) -> int:
    own = {needs.stage.cluster_name(key) for key in needs.settings.clusters}
    return len(set(ask("eks:ListClusters")["clusters"]) - own)


def _other_gateways(needs: Needs, ask: Ask) -> int:
    """Returns how many NAT gateways others have in the zone of this stack that has most of them."""
    alive = [{"Name": "state", "Values": ["pending", "available"]}]
    gateways = ask("ec2:DescribeNatGateways", Filters=alive)["NatGateways"]
    zones = {each["SubnetId"]: each["AvailabilityZone"] for each in ask("ec2:DescribeSubnets")["Subnets"]}
    counted = Counter(zones.get(each.get("SubnetId", "")) for each in gateways if not needs.owns(_tags(each)))
    return max((counted[zone] for zone in needs.zones), default=0)


# Sources: Amazon VPC user guide, "Amazon VPC quotas"; Service Quotas; read 2026-11.
_VPC = "ec2/vpc:Vpc"
COUNTED = (
    *(
        Counted(service=row.service, code=row.code, name=row.name, planned=planned, count=count)
        for row, planned, count in (
            (known_quotas.VPCS, _VPC, _of_others("ec2:DescribeVpcs", "Vpcs")),
            (known_quotas.ELASTIC_IPS, "ec2/eip:Eip", _of_others("ec2:DescribeAddresses", "Addresses")),
            (known_quotas.NAT_GATEWAYS, "ec2/natGateway:NatGateway", _other_gateways),
            (known_quotas.CLUSTERS, "eks/cluster:Cluster", _other_clusters),
        )
    ),
    Counted(
        service="vpc",
        code="L-A4707A72",
        name="Internet gateways per Region",
        planned="ec2/internetGateway:InternetGateway",
        count=_of_others("ec2:DescribeInternetGateways", "InternetGateways"),
    ),
)
_COUNTS = (
    *("ec2:DescribeVpcs", "ec2:DescribeAddresses", "ec2:DescribeNatGateways", "ec2:DescribeSubnets"),
    *("ec2:DescribeInternetGateways", "eks:ListClusters"),
)


@check("Resource quotas", calls=(*_QUOTA_CALLS, *_COUNTS))
def numbers(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """What the stack makes fits beside what others have made: VPCs, addresses, gateways, clusters."""
    for row in COUNTED:
        planned = len(needs.of(row.planned))
        if row.code == known_quotas.NAT_GATEWAYS.code:
            planned = math.ceil(planned / max(len(needs.zones), 1))  # they are counted in each zone
        if planned:
            yield _fits(needs, ask, row.service, row.code, row.name, planned, row.count(needs, ask))


@check("Node groups of a cluster", calls=_QUOTA_CALLS)
def node_groups(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Each cluster takes as many node groups as its pools make: one for each managed pool and zone."""
    row = known_quotas.NODE_GROUPS
    by_cluster = Counter(str(each.inputs["clusterName"]) for each in needs.of("eks/nodeGroup:NodeGroup"))
    for cluster, planned in by_cluster.items():
        yield _fits(needs, ask, row.service, row.code, f"{row.name}, {cluster}", planned, 0)


# Service Quotas answers for IAM, which is global, in one region of each partition.
# Source: Service Quotas user guide, "Global quotas"; IAM API reference, GetAccountSummary; read 2026-11.
_IAM = (
    ("iam/role:Role", "Roles", "L-FE177D64"),
    ("iam/policy:Policy", "Policies", "L-E95E4862"),
    ("iam/instanceProfile:InstanceProfile", "InstanceProfiles", "L-6E65F664"),
)


@check("IAM quotas", calls=("iam:GetAccountSummary", UP))
def iam_numbers(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Roles, policies and instance profiles fit. IAM counts them itself, with those of this stack if it is up."""
    up = is_up(needs, ask)
    summary: Mapping[str, int] = ask("iam:GetAccountSummary")["SummaryMap"]
    for type_, key, code in _IAM:
        planned, used, limit = 0 if up else len(needs.of(type_)), summary.get(key, 0), summary.get(f"{key}Quota")
        if needs.of(type_) and limit is not None:
            command = _increase(needs, "iam", code, used + planned).replace(
                f"--region {needs.settings.region}", f"--region {home_of(needs.stage.partition)}"
            )
            yield _compared(f"IAM {key}", planned, used, limit, command)


def _fits(needs: Needs, ask: Ask, service: str, code: str, name: str, planned: int, others: int) -> Finding:
    limit = _limit(ask, service, code)
    if limit is None:
        return _unknown(service, code, name)
    return _compared(name, planned, others, limit, _increase(needs, service, code, planned + others))


def _compared(name: str, planned: int, others: int, limit: float, command: str) -> Finding:
    seen = f"{name}: {limit:,.0f}, {others:,} used, {planned} more for this stack"
    if planned + others <= limit:
        return ok(seen)
    return failure(seen, "AWS refuses the ones above it, and `up` stops half-way", command=command)


def _tags(thing: Mapping[str, Any]) -> dict[str, str]:
    tags: Collection[Mapping[str, str]] = thing.get("Tags", ())
    return {each["Key"]: each["Value"] for each in tags}
