"""Quotas: what the account may have, what others have of it, and what the stack adds."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from catalog.known_quotas import (
    CERTIFICATES,
    CLUSTERS,
    ELASTIC_IPS,
    INSTANCE_PROFILES,
    INTERNET_GATEWAYS,
    LOAD_BALANCERS,
    NAT_GATEWAYS,
    NODE_GROUPS,
    POLICIES,
    ROLES,
    RULES_OF_A_GROUP,
    VPCS,
    WEB_ACLS,
    KnownQuota,
)
from catalog.quotas import SERVICE_CODE, quota_for, quota_of_family
from preflight.account import Ask
from preflight.check import Finding, check, could_not_look, failure, ok, warning
from preflight.checks.names import LIST, UP, is_up
from preflight.needs import Needs, home_of, tags_of
from settings.compute.quota_needs import capacity_types_of, quota_needs, zones_of

_CALLS = ("service-quotas:GetServiceQuota", "service-quotas:GetAWSDefaultServiceQuota")
_RESERVATIONS, _TYPES = "ec2:DescribeCapacityReservations", "ec2:DescribeInstanceTypes"
Count = Callable[[Needs, Ask], int]


def _increase(region: str, service: str, code: str, value: int) -> str:
    return (
        f"aws service-quotas request-service-quota-increase --region {region} --service-code {service} "
        f"--quota-code {code} --desired-value {value}"
    )


def _limit(ask: Ask, service: str, code: str) -> float | None:
    """Returns the value of a quota: that of the account, or AWS's default; None when Service Quotas knows neither."""
    for call in _CALLS:
        answer = ask(call, absent=("NoSuchResourceException",), ServiceCode=service, QuotaCode=code)
        if answer is not None and answer["Quota"].get("Value") is not None:
            return float(answer["Quota"]["Value"])
    return None


def _unknown(service: str, code: str, name: str) -> Finding:
    fix = f"Look in the console: Service Quotas, {service}, {code}."
    return could_not_look(f"{name}: Service Quotas knows no {code} of {service}", fix)


@check("vCPU quotas", calls=(*_CALLS, "ec2:DescribeInstances", _RESERVATIONS, _TYPES))
def vcpus(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The pools fit into the vCPUs of each quota, beside what others run: at their minimum, and at their maximum."""
    at_least, used = _at_least(needs), _running(needs, ask) + _reserved(needs, ask)
    fix = "Or set `quotas: {request: true}`, and `up` asks for it."
    if needs.settings.quotas.request:
        fix = "`quotas.request` is on, so `up` asks for it. AWS takes minutes to days to answer."
    for need in quota_needs(needs.pools, needs.zones, {}):
        limit = _limit(ask, SERVICE_CODE, need.code)
        if limit is None:
            yield _unknown(SERVICE_CODE, need.code, need.name)
            continue
        others, least, pools = used[need.code], at_least[need.code], ", ".join(need.pools)
        seen = f"{need.name}: {limit:,.0f} vCPUs" + (f", of which others use {others:,}" if others else "")
        command = _increase(needs.settings.region, SERVICE_CODE, need.code, need.vcpus + others)
        if need.vcpus + others <= limit:
            yield ok(f"{seen}; the pools need up to {need.vcpus:,}")
        elif least + others > limit:
            yield failure(f"{seen}; {pools} need {least:,} to {need.vcpus:,}", "nodes do not start", fix, command)
        else:
            why = f"pods stay pending when {pools} grow beyond it; their maximum is {need.vcpus:,}"
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
            family, bought = instance["InstanceType"].partition(".")[0], instance.get("InstanceLifecycle", "on-demand")
            if (quota := quota_of_family(family, bought)) and not needs.owns(tags_of(instance)):
                cpu = instance.get("CpuOptions", {})
                used[quota.code] += cpu.get("CoreCount", 1) * cpu.get("ThreadsPerCore", 1)
    return used


def _reserved(needs: Needs, ask: Ask) -> Counter[str]:
    """Returns quota code -> vCPUs that others have reserved without running anything there. They count as on-demand."""
    of_pools = {pool.reservation.id for pool in needs.pools.values() if pool.reservation}
    idle = [
        each
        for each in ask(_RESERVATIONS)["CapacityReservations"]
        if each["State"] == "active"
        and each.get("ReservationType", "default") == "default"
        and each.get("OwnerId", needs.account_id) == needs.account_id  # one that is shared counts for who shares it
        and each.get("AvailableInstanceCount")
        and each["CapacityReservationId"] not in of_pools
        and not needs.owns(tags_of(each))
    ]
    used: Counter[str] = Counter()
    if idle:
        types = sorted({each["InstanceType"] for each in idle})
        found = ask(_TYPES, Filters=[{"Name": "instance-type", "Values": types}])["InstanceTypes"]
        vcpus = {each["InstanceType"]: each["VCpuInfo"]["DefaultVCpus"] for each in found}
        for each in idle:
            if quota := quota_of_family(each["InstanceType"].partition(".")[0], "reserved"):
                used[quota.code] += vcpus.get(each["InstanceType"], 0) * each["AvailableInstanceCount"]
    return used


def _others(call: str, key: str) -> Count:
    return lambda needs, ask: sum(not needs.owns(tags_of(each)) for each in ask(call)[key])


def _other_clusters(needs: Needs, ask: Ask) -> int:
    return len(set(ask(LIST)["clusters"]).difference(map(needs.stage.cluster_name, needs.settings.clusters)))


def _other_gateways(needs: Needs, ask: Ask) -> int:
    """Returns how many NAT gateways others have in the zone of this stack that has most of them."""
    alive = [{"Name": "state", "Values": ["pending", "available"]}]
    gateways = ask("ec2:DescribeNatGateways", Filters=alive)["NatGateways"]
    zones = {each["SubnetId"]: each["AvailabilityZone"] for each in ask("ec2:DescribeSubnets")["Subnets"]}
    counted = Counter(zones.get(each.get("SubnetId", "")) for each in gateways if not needs.owns(tags_of(each)))
    return max((counted[zone] for zone in needs.zones), default=0)


def _other_balancers(needs: Needs, ask: Ask) -> int:
    """Returns how many of the load balancers for HTTP are none of the Gateways: of others, and of the stack's users."""
    found = [each["LoadBalancerArn"] for each in ask(_BALANCERS)["LoadBalancers"] if each["Type"] == "application"]
    tagged = [ask(_TAGS, ResourceArns=found[at : at + 20])["TagDescriptions"] for at in range(0, len(found), 20)]
    own = sum(needs.owns(tags_of(each)) for some in tagged for each in some)
    return len(found) - min(own, len(needs.of(GATEWAY)))


def _others_named(call: str, key: str, name: str, type_: str, path: str, **parameters: Any) -> Count:
    """Counts what has another name than that of this stack: the answer has no tags."""

    def count(needs: Needs, ask: Ask) -> int:
        own = {each.inputs.get(path) for each in needs.of(type_)}
        return sum(each[name] not in own for each in ask(call, **parameters)[key])

    return count


# The quota, the type of the stack's resources, and how many others have.
_GATEWAYS, _ADDRESSES = "ec2:DescribeInternetGateways", "ec2:DescribeAddresses"
_BALANCERS, _TAGS, _ACLS = "elbv2:DescribeLoadBalancers", "elbv2:DescribeTags", "wafv2:ListWebACLs"
_ISSUED, CERTIFICATE, WEB_ACL = "acm:ListCertificates", "acm/certificate:Certificate", "wafv2/webAcl:WebAcl"
# Without it, ACM lists certificates with RSA keys of 2048 bits only. Source: ACM API reference, Filters; read 2026-11.
_EVERY_KEY = {
    "keyTypes": [f"RSA_{bits}" for bits in (1024, 2048, 3072, 4096)]
    + [f"EC_{curve}" for curve in ("prime256v1", "secp384r1", "secp521r1")]
}
GATEWAY = "kubernetes:gateway.networking.k8s.io/v1:Gateway"
COUNTED: tuple[tuple[KnownQuota, str, Count], ...] = (
    (VPCS, "ec2/vpc:Vpc", _others("ec2:DescribeVpcs", "Vpcs")),
    (ELASTIC_IPS, "ec2/eip:Eip", _others(_ADDRESSES, "Addresses")),
    (NAT_GATEWAYS, "ec2/natGateway:NatGateway", _other_gateways),
    (CLUSTERS, "eks/cluster:Cluster", _other_clusters),
    (INTERNET_GATEWAYS, "ec2/internetGateway:InternetGateway", _others(_GATEWAYS, "InternetGateways")),
    (LOAD_BALANCERS, GATEWAY, _other_balancers),
    (
        *(CERTIFICATES, CERTIFICATE),
        _others_named(_ISSUED, "CertificateSummaryList", "DomainName", CERTIFICATE, "domainName", Includes=_EVERY_KEY),
    ),
    (WEB_ACLS, WEB_ACL, _others_named(_ACLS, "WebACLs", "Name", WEB_ACL, "name", Scope="REGIONAL", Limit=100)),
)
_COUNTS = (
    *("ec2:DescribeVpcs", _ADDRESSES, "ec2:DescribeNatGateways", "ec2:DescribeSubnets", _GATEWAYS, LIST),
    *(_BALANCERS, _TAGS, _ISSUED, _ACLS),
)


@check("Resource quotas", calls=(*_CALLS, *_COUNTS))
def numbers(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """What the stack makes fits beside what others have made: VPCs, addresses, gateways, clusters, load balancers."""
    for quota, type_, others in COUNTED:
        planned = len(needs.of(type_))
        if quota is NAT_GATEWAYS:
            planned = -(-planned // max(len(needs.zones), 1))  # they are counted in each zone
        if planned:
            yield _fits(needs, ask, quota, quota.name, planned, others(needs, ask))


@check("Node groups of a cluster", calls=_CALLS)
def node_groups(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Each cluster takes as many node groups as its pools make: one for each managed pool and zone."""
    by_cluster = Counter(str(each.inputs["clusterName"]) for each in needs.of("eks/nodeGroup:NodeGroup"))
    for cluster, planned in by_cluster.items():
        name = f"{NODE_GROUPS.name}, {cluster}"
        yield _fits(needs, ask, NODE_GROUPS, name, planned, 0)


@check("Rules of a door", calls=_CALLS)
def rules_of_a_door(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The security group of each load balancer has room for a rule for each range of clients and each port.

    The controller makes the rules. Source: AWS Load Balancer Controller v3.5.0, pkg/gateway/model; read 2026-11.
    """
    ports = len(("HTTP", "HTTPS"))
    for each in needs.of("kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration"):
        if ranges := (each.inputs.get("spec") or {}).get("sourceRanges"):
            name = f"{RULES_OF_A_GROUP.name}, {each.name}"
            yield _fits(needs, ask, RULES_OF_A_GROUP, name, ports * len(ranges), 0)


# Source: IAM API reference, GetAccountSummary; read 2026-11.
_IAM = (
    ("iam/role:Role", "Roles", ROLES),
    ("iam/policy:Policy", "Policies", POLICIES),
    ("iam/instanceProfile:InstanceProfile", "InstanceProfiles", INSTANCE_PROFILES),
)


@check("IAM quotas", calls=("iam:GetAccountSummary", UP))
def iam_numbers(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Roles, policies and instance profiles fit. IAM counts them itself, with those of this stack if it is up."""
    up, summary = is_up(needs, ask), ask("iam:GetAccountSummary")["SummaryMap"]
    for type_, key, quota in _IAM:
        planned, used, limit = len(needs.of(type_)), summary.get(key, 0), summary.get(f"{key}Quota")
        if planned and limit is not None:
            more = 0 if up else planned
            command = _increase(home_of(needs.stage.partition), quota.service, quota.code, used + more)
            yield _compared(f"IAM {key}", more, used, limit, command)


def _fits(needs: Needs, ask: Ask, quota: KnownQuota, name: str, planned: int, others: int) -> Finding:
    limit = _limit(ask, quota.service, quota.code)
    if limit is None:
        return _unknown(quota.service, quota.code, name)
    command = _increase(needs.settings.region, quota.service, quota.code, planned + others)
    return _compared(name, planned, others, limit, command)


def _compared(name: str, planned: int, others: int, limit: float, command: str) -> Finding:
    seen = f"{name}: {limit:,.0f}, {others:,} used, {planned} more for this stack"
    if planned + others <= limit:
        return ok(seen)
    return failure(seen, "AWS refuses the ones above it, and `up` stops half-way", command=command)
