"""The AWS Load Balancer Controller as a cluster runs it: what it found at its start, what it needs, its subnets.

Sources: kubernetes-sigs/aws-load-balancer-controller v3.5.0: pkg/gateway/crddetect, pkg/config/feature_gates.go,
pkg/networking/subnet_resolver.go (not simulated: free addresses, local zones, IPv6); read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog.charts import CHARTS
from simulator.aws import tokens
from simulator.cloud import CloudResource
from simulator.kubernetes.clusters import EKS_CLUSTER, Cluster
from simulator.kubernetes.karpenter import NODE_CLAIM
from simulator.kubernetes.meaning.node import Node
from simulator.values import Props

CHART = "aws-load-balancer-controller"
AT_START = "__atStart"
ALB, NLB = "gateway.k8s.aws/alb", "gateway.k8s.aws/nlb"
ROUTES = {ALB: ("HTTPRoute", "GRPCRoute"), NLB: ("TLSRoute", "TCPRoute", "UDPRoute")}
"""Controllers of Gateways by the `controllerName` of their classes -> the kinds of routes that they read."""
GATEWAY_API, OF_AWS = "gateway.networking.k8s.io", "gateway.k8s.aws"
_CONFIGURATIONS = ("TargetGroupConfiguration", "LoadBalancerConfiguration", "ListenerRuleConfiguration")
_GATES = {ALB: "ALBGatewayAPI", NLB: "NLBGatewayAPI"}
_ROLE_TAGS = {"internal": "kubernetes.io/role/internal-elb", "internet-facing": "kubernetes.io/role/elb"}
_OF_A_CLUSTER = "kubernetes.io/cluster/"


def at_start(cluster: Cluster, release: Props) -> Props:
    """Returns what the controller finds when it starts: it looks for definitions only then. {} for other charts."""
    if release["status"]["chart"] != CHARTS[CHART].chart:
        return {}
    missing = {
        controller: [
            f"{kind}.{group}/v1"
            for group, kinds in ((GATEWAY_API, ("Gateway", "GatewayClass", *routes)), (OF_AWS, _CONFIGURATIONS))
            for kind in kinds
            if not cluster.served(f"{group}/v1", kind)
        ]
        for controller, routes in ROUTES.items()
    }
    return {"missing": missing, "rights": _has_rights(cluster, release), "nodes": _has_nodes(cluster)}


def release_of(cluster: Cluster) -> Props | None:
    """Returns the release of the controller; None where there is none."""
    return next(cluster.releases_of(CHART), None)


def values_of(cluster: Cluster) -> Mapping[str, Any]:
    """Returns the values of the controller's chart that a program or a person has set."""
    return (release_of(cluster) or {}).get("values") or {}


def why_gone(cluster: Cluster) -> str:
    """Returns why nothing answers for load balancers; "" while the controller works."""
    release = release_of(cluster)
    if release is None:
        return f"no release of chart {CHART} runs in the cluster"
    start = release.get(AT_START) or {}
    if start.get("rights") and not _has_rights(cluster, release):
        return f"the role of {CHART} or its Pod Identity association is gone, so AWS refuses its calls"
    if start.get("nodes") and not _has_nodes(cluster):
        return f"no node is left for the pods of {CHART}"
    return ""


def why_blind(cluster: Cluster, controller: str) -> str:
    """Returns why the controller does not look at Gateways of a class with this controllerName; "" when it does."""
    if why := why_gone(cluster):
        return f"{why}, and its controller sets the condition"
    if Node(values_of(cluster)).at("controllerConfig", "featureGates", _GATES[controller]).value is False:
        return f"the feature gate {_GATES[controller]} of {CHART} is off"
    start = (release_of(cluster) or {}).get(AT_START) or {}
    if missing := (start.get("missing") or {}).get(controller):
        return (
            f"when {CHART} started, there was no {', '.join(missing)}, and it looks for definitions only at its start: "
            "Gateways get no status until it starts again. Let its release depend on the definitions"
        )
    return ""


def vpc_of(cluster: Cluster) -> str | None:
    """Returns the id of the cluster's VPC."""
    row = cluster.cloud.get(EKS_CLUSTER, cluster.name, cluster.region)
    return Node(row.state if row else None)["vpcConfig"]["vpcId"].text


def default_scheme(cluster: Cluster) -> str:
    """Returns the scheme of load balancers for which nobody says one."""
    return str(values_of(cluster).get("defaultLoadBalancerScheme") or "internal")


def subnets(cluster: Cluster, scheme: str, *, application: bool, spec: Props | None = None) -> list[CloudResource]:
    """Returns the subnets of a load balancer, one in each zone. Raises ValueError with the controller's words.

    spec: of a LoadBalancerConfiguration, which may name subnets. An Application Load Balancer needs two.
    """
    named = [each["identifier"] for each in (spec or {}).get("loadBalancerSubnets") or () if each.get("identifier")]
    in_vpc = [row for row in cluster.cloud.of_type(tokens.SUBNET) if row.state.get("vpcId") == vpc_of(cluster)]
    if named:
        by_name = {name: row for row in in_vpc for name in (row.id, _tags(row).get("Name"))}
        if absent := [name for name in named if name not in by_name]:
            raise ValueError(f"couldn't find all subnets, missing: {', '.join(absent)}")
        chosen = [by_name[name] for name in named]
        if len({row.state.get("availabilityZone") for row in chosen}) < len(chosen):
            raise ValueError(f"multiple subnets in same Availability Zone: {', '.join(named)}")
    else:
        chosen = _discovered(cluster, in_vpc, scheme, (spec or {}).get("loadBalancerSubnetsSelector"))
    if len(chosen) < (fewest := 2 if application else 1):
        raise ValueError(f"subnets count less than minimal required count: {len(chosen)} < {fewest}")
    return chosen


def _discovered(
    cluster: Cluster, rows: list[CloudResource], scheme: str, selector: Mapping[str, list[str]] | None
) -> list[CloudResource]:
    wanted = selector or {_ROLE_TAGS[scheme]: ["", "1"]}
    found = [row for row in rows if all(_tags(row).get(key) in values for key, values in wanted.items())]
    if not found and not selector:
        found = [row for row in rows if _is_public(cluster, row) == (scheme == "internet-facing")]
    own = [row for row in found if _is_of(cluster, row) is not False]
    if not own:
        raise ValueError(
            f"unable to resolve at least one subnet. Evaluated {len(found)} subnets: {len(found)} are tagged for other "
            "clusters, and 0 have insufficient available IP addresses"
        )
    own.sort(key=lambda row: (not _is_of(cluster, row), row.id))
    first_of_zone = {row.state.get("availabilityZone"): row for row in reversed(own)}
    return sorted(first_of_zone.values(), key=lambda row: row.id)


def _is_of(cluster: Cluster, subnet: CloudResource) -> bool | None:
    """Returns whether a subnet is tagged for this cluster; None when it is tagged for none."""
    names = [key.removeprefix(_OF_A_CLUSTER) for key in _tags(subnet) if key.startswith(_OF_A_CLUSTER)]
    return cluster.name in names if names else None


def _is_public(cluster: Cluster, subnet: CloudResource) -> bool:
    tables = {
        row.state.get("routeTableId")
        for row in cluster.cloud.of_type(tokens.ROUTE_TABLE_ASSOCIATION)
        if row.state.get("subnetId") == subnet.id
    }
    return any(
        row.state.get("routeTableId") in tables and str(row.state.get("gatewayId") or "").startswith("igw")
        for row in cluster.cloud.of_type(tokens.ROUTE)
    )


def _tags(row: CloudResource) -> Mapping[str, str]:
    return row.state.get("tagsAll") or row.state.get("tags") or {}


def _has_rights(cluster: Cluster, release: Props) -> bool:
    """Returns whether the service account of the controller has a role, and the role a policy."""
    account = Node(release)["values"]["serviceAccount"]["name"].text or CHART
    cloud, place = cluster.cloud, (cluster.name, release.get("namespace"), account)
    for row in cloud.of_type(tokens.POD_IDENTITY):
        if tuple(row.state.get(key) for key in ("clusterName", "namespace", "serviceAccount")) == place:
            role = str(row.state.get("roleArn")).rpartition("/")[2]
            policies = (*cloud.of_type(tokens.ROLE_POLICY), *cloud.of_type(tokens.ROLE_POLICY_ATTACHMENT))
            return bool(cloud.get(tokens.ROLE, role)) and any(each.state.get("role") == role for each in policies)
    return False


def _has_nodes(cluster: Cluster) -> bool:
    def nodes() -> Iterator[CloudResource]:
        yield from (
            row
            for row in cluster.cloud.of_type(tokens.NODE_GROUP)
            if row.region in ("", cluster.region) and row.state.get("clusterName") == cluster.name
        )
        yield from cluster.of_kind(*NODE_CLAIM)

    return any(True for _ in nodes())
