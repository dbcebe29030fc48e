"""Whether the nodes of a group get addresses, give some to pods, and reach the services that they need to join.

Sources: amazon-vpc-cni-k8s v1.22.4, pkg/ipamd and pkg/awsutils; EKS user guide, "Deploy private clusters with limited
internet access", table of endpoints; EC2 API reference, error codes; read 2026-11.
"""

from __future__ import annotations

from catalog.endpoints import NODES_JOIN_WITH
from catalog.instance_types import INSTANCE_TYPES
from catalog.pods_per_node import pods_on
from catalog.regions import REGIONS
from simulator.aws import access, tokens
from simulator.aws.messages import ProviderError
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import launches, subnet_addresses
from simulator.aws.services.eks_rules import subnets_of, zone_of
from simulator.aws.services.launch_templates import position
from simulator.aws.services.subnet_addresses import POD_TAG
from simulator.cloud import CloudResource


def pods_get_addresses(op: OperationContext) -> None:
    """On each instance type the VPC CNI must find an interface for pods, on card 0 and in a subnet that pods may use.

    The real EKS creates the group; the pods on its nodes wait for ever.
    """
    cluster = op.get("clusterName")
    excluded = [each for each in subnets_of(op, "subnetIds") if subnet_addresses.is_excluded(op, cluster, each)]
    template = launches.template_of(op, op.inputs)
    interfaces = (template.state.get("networkInterfaces") if template else None) or []
    efas = sum(position(each)[0] == 0 and each.get("interfaceType") == "efa-only" for each in interfaces)
    for name in launches.instance_types_of(op):
        machine = INSTANCE_TYPES.get(name)
        for subnet in excluded if machine else ():
            pods = pods_on(machine, efas_on_card_0=efas, primary_serves_pods=False) if machine else None
            if pods == 0 or not subnet_addresses.subnets_for_pods(op, subnet):
                why = (
                    f"network card 0 of {name} has no place for a second interface"
                    if pods == 0
                    else f"no subnet of {zone_of(subnet)} has the tag {POD_TAG}=1"
                )
                raise ProviderError(
                    'plugin type="aws-cni" name="aws-cni" failed (add): add cmd: failed to assign an IP address to '
                    f"container: {subnet.id} has the tag {POD_TAG}=0, so the primary interface serves no pods, and "
                    f"{why}. (The simulator refuses this at once; the real EKS creates the group, and no pod that "
                    "needs an address starts on its nodes.)",
                    whole=True,
                )


def nodes_reach_aws(op: OperationContext) -> None:
    """A subnet without a default route needs endpoints in its VPC. Only explicit associations of tables are seen."""
    for subnet in subnets_of(op, "subnetIds"):
        _refuse_shut_endpoints(op, subnet)
        tables = [
            row.state.get("routeTableId")
            for row in op.resources_with(tokens.ROUTE_TABLE_ASSOCIATION, "subnetId", subnet.id)
        ]
        if not tables or any(_leads_out(op, table) for table in tables):
            continue
        rows = op.resources_with(tokens.VPC_ENDPOINT, "vpcId", subnet.state["vpcId"])
        endpoints = [*(row.state for row in rows), *op.planned_creates(tokens.VPC_ENDPOINT)]
        present = {str(each.get("serviceName")).split(f".{op.region}.")[-1] for each in endpoints}
        if missing := [service for service in NODES_JOIN_WITH if service not in present]:
            raise ProviderError(
                "waiting for EKS Node Group create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. last "
                "error: NodeCreationFailure: Instances failed to join the kubernetes cluster (The simulator refuses "
                f"this at once: the route table of {subnet.id} has no default route, and the VPC has no endpoint for "
                f"{', '.join(missing)}.)",
                whole=True,
            )


# A request that each node makes while it joins, by endpoint: action, resource, and whether AWS made the request, as a
# presigned one, with its own credentials for its own data. Images of EKS and AMIs are of AWS. Source: ECR user guide,
# "Amazon ECR interface VPC endpoints"; read 2026-11.
_REQUESTS = {
    "ec2": ("ec2:DescribeInstances", "*", False),
    "ecr.api": ("ecr:GetAuthorizationToken", "*", False),
    "ecr.dkr": ("ecr:BatchGetImage", "arn:aws:ecr:{region}:{owner}:repository/eks/pause", False),
    "eks-auth": ("eks-auth:AssumeRoleForPodIdentity", "*", False),
    "s3": ("s3:GetObject", "arn:aws:s3:::prod-{region}-starport-layer-bucket/layer", True),
}


def _refuse_shut_endpoints(op: OperationContext, subnet: CloudResource) -> None:
    """Refuses nodes whose requests the policy of an endpoint shuts out. Endpoints go before NAT, by route and DNS."""
    for row in op.resources_with(tokens.VPC_ENDPOINT, "vpcId", subnet.state["vpcId"]):
        service = str(row.state.get("serviceName")).split(f".{op.region}.")[-1]
        policy = row.state.get("policy")
        if service not in _REQUESTS or not isinstance(policy, str) or not policy:
            continue
        action, resource, by_aws = _REQUESTS[service]
        owner = REGIONS[op.region].eks_account
        named = resource.format(region=op.region, owner=owner).replace("arn:aws:", op.fill("arn:{partition}:"))
        account = op.fill("{account}")
        context = {
            "aws:PrincipalAccount": owner if by_aws else account,
            "aws:ResourceAccount": account if resource == "*" else owner,
            "aws:SourceVpc": subnet.state["vpcId"],
            "aws:SourceVpce": row.id,
        }
        if not access.endpoint_lets(policy, action, named, context):
            raise ProviderError(
                "waiting for EKS Node Group create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. last "
                "error: NodeCreationFailure: Instances failed to join the kubernetes cluster (The simulator refuses "
                f"this at once: the policy of endpoint {service} does not let {action} on {named} through.)",
                whole=True,
            )


def _leads_out(op: OperationContext, table: str | None) -> bool:
    row = op.cloud.get(tokens.ROUTE_TABLE, table or "")
    inline = (row.state.get("routes") if row else None) or []
    routes = [*inline, *(route.state for route in op.resources_with(tokens.ROUTE, "routeTableId", table))]
    routes += [each for each in op.planned_creates(tokens.ROUTE) if each.get("routeTableId") == table]
    return any("0.0.0.0/0" in (route.get("destinationCidrBlock"), route.get("cidrBlock")) for route in routes)
