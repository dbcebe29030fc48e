"""What EKS refuses, beyond what an entry of `eks.py` can declare."""

from __future__ import annotations

import base64
import json
import re
from datetime import date
from typing import Any

from catalog.eks_addons import ADDONS
from catalog.kubernetes import VERSIONS
from simulator.aws import paths, tokens
from simulator.aws.constraints import network
from simulator.aws.messages import AwsError
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import documents
from simulator.cloud import CloudResource
from simulator.values import Props

SKEW = 3  # minor versions that a kubelet may be behind. Source: https://kubernetes.io/releases/version-skew-policy/
_NODES = ("EC2_LINUX", "EC2_WINDOWS")  # types of access entries


def minor(version: str) -> tuple[int, int]:
    """`1.35` as numbers; (0, 0) for anything else."""
    match = re.fullmatch(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def offered_versions() -> list[str]:
    """Versions that EKS creates clusters of today, oldest first."""
    today = date.today()  # noqa: DTZ011  support ends on a day, wherever one is
    found = [row.version for row in VERSIONS.values() if row.release <= today <= row.end_extended]
    return sorted(found, key=minor)


def default_version(op: OperationContext) -> str:
    """The newest version on offer."""
    return offered_versions()[-1]


def cluster_of(op: OperationContext) -> CloudResource | None:
    """The cluster that the inputs name; None at a preview that is going to make it."""
    return op.cloud.get(tokens.CLUSTER, str(op.get("clusterName")))


def version_is_offered(op: OperationContext) -> None:
    """A version inside its support."""
    version = op.get("version")
    if version is not None and version not in offered_versions():
        raise AwsError("InvalidParameterException", "unsupported Kubernetes version")


def role_can_be_taken(op: OperationContext) -> None:
    """The cluster's role has to trust EKS."""
    role = op.find(tokens.ROLE, "arn", op.get("roleArn"))
    if role is not None and not documents.trusts(role.state, "eks.amazonaws.com"):
        raise AwsError("InvalidParameterException", role_refused(op.get("roleArn")))


def role_refused(arn: str) -> str:
    """EKS's words for a role that is not there, or not for it."""
    return f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct"


def subnets_of(op: OperationContext, path: str) -> list[CloudResource]:
    """The subnets whose ids stand at a path, as far as they exist."""
    found = [op.cloud.get(tokens.SUBNET, id_) for id_ in op.get(path, [])]
    return [subnet for subnet in found if subnet is not None]


def subnets_span_two_zones(op: OperationContext) -> None:
    """Two zones at least, none of those that EKS leaves out, all in one VPC."""
    subnets = subnets_of(op, "vpcConfig.subnetIds")
    if len(op.get("vpcConfig.subnetIds", [])) < 2 or (subnets and len({zone_of(subnet) for subnet in subnets}) < 2):
        raise AwsError("InvalidParameterException", "Subnets specified must be in at least two different AZs")
    ids = {zone.name: zone.zone_id for zone in op.place.zones}
    for subnet in subnets:
        if ids.get(zone_of(subnet)) in op.place.eks_excluded_zone_ids:
            choices = ", ".join(zone.name for zone in op.place.eks_zones)
            message = (
                f"Cannot create cluster '{op.get('name')}' because {zone_of(subnet)}, the targeted availability zone, "
                f"does not currently have sufficient capacity to support the cluster. Retry and choose from these "
                f"availability zones: {choices}"
            )
            raise AwsError("UnsupportedAvailabilityZoneException", message)
    if len({subnet.state["vpcId"] for subnet in subnets}) > 1:
        raise AwsError("InvalidParameterException", "Subnets specified must belong to the same VPC")


def zone_of(subnet: CloudResource) -> str:
    """The zone that a subnet lies in."""
    return str(subnet.state["availabilityZone"])


def auto_mode_is_all_or_nothing(op: OperationContext) -> None:
    """Three switches that go together, and no self-managed add-ons with them."""
    switches = {
        op.get(path, False)
        for path in (
            "computeConfig.enabled",
            "kubernetesNetworkConfig.elasticLoadBalancing.enabled",
            "storageConfig.blockStorage.enabled",
        )
    }
    if len(switches) > 1:
        message = (
            "compute_config.enabled, kubernetes_network_config.elastic_load_balancing.enabled, and "
            "storage_config.block_storage.enabled must all be set to either true or false"
        )
        raise AwsError("InvalidParameterException", message)
    if True in switches and op.get("bootstrapSelfManagedAddons", True):
        message = "bootstrapSelfManagedAddons must be set to false if EKS Auto Mode is enabled"
        raise AwsError("InvalidParameterException", message)


def some_endpoint_is_open(op: OperationContext) -> None:
    """A cluster that nothing can reach."""
    config = op.get("vpcConfig", {})
    if config.get("endpointPublicAccess") is False and config.get("endpointPrivateAccess") is False:
        message = "Private and public endpoint access cannot be disabled at the same time"
        raise AwsError("InvalidParameterException", message)


def service_range_fits(argument: str, value: Any) -> str | None:
    """/12 to /24 inside the private ranges."""
    found = network(value)
    private = [network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
    if found is None or str(found) != value or not 12 <= found.prefixlen <= 24:
        return f'expected "{argument}" to contain a network Value with between 12 and 24 significant bits, got: {value}'
    if not any(block and found.version == block.version and found.subnet_of(block) for block in private):  # type: ignore[arg-type]
        return f"{argument} must be inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, got: {value}"
    return None


def service_range_is_not_the_vpcs(op: OperationContext) -> None:
    """Services and machines have addresses of their own."""
    wanted = network(op.get("kubernetesNetworkConfig.serviceIpv4Cidr", ""))
    for subnet in subnets_of(op, "vpcConfig.subnetIds"):
        vpc = op.cloud.get(tokens.VPC, subnet.state["vpcId"])
        block = network(vpc.state["cidrBlock"]) if vpc else None
        if wanted and block and wanted.version == block.version and wanted.overlaps(block):
            message = f"The specified service CIDR {wanted} overlaps with the CIDR block {block} of the VPC"
            raise AwsError("InvalidParameterException", message)


def cluster_network(op: OperationContext) -> Props:
    """Addresses of services: the one of AWS's two ranges that the VPC does not use."""
    subnets = subnets_of(op, "vpcConfig.subnetIds")
    vpc = op.cloud.get(tokens.VPC, subnets[0].state["vpcId"]) if subnets else None
    ten = network("10.0.0.0/8")
    block = network(vpc.state["cidrBlock"]) if vpc else None
    service = "172.20.0.0/16" if block and ten and block.overlaps(ten) else "10.100.0.0/16"
    return {"elasticLoadBalancing": {"enabled": False}, "ipFamily": "ipv4", "serviceIpv4Cidr": service}


def cluster_vpc(op: OperationContext) -> str:
    """The VPC of the subnets."""
    subnets = subnets_of(op, "vpcConfig.subnetIds")
    return str(subnets[0].state["vpcId"]) if subnets else ""


def certificate(op: OperationContext) -> Props:
    """A certificate authority in form only: nobody connects to this cluster by TLS."""
    body = base64.b64encode(op.fill("{hex64:ca}").encode()).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    return {"data": base64.b64encode(pem.encode()).decode()}


def identities(op: OperationContext) -> list[Props]:
    """The OIDC issuer, with the same digits as the endpoint."""
    return [{"oidcs": [{"issuer": op.fill("https://oidc.eks.{region}.amazonaws.com/id/{HEX32:endpoint}")}]}]


def cluster_brings_company(op: OperationContext) -> None:
    """The cluster security group, the creator's access entry, and a log group where the stack made none."""
    owner = f"{op.type}::{op.id}"
    group = op.state["vpcConfig"]["clusterSecurityGroupId"]
    op.cloud.put(
        tokens.SECURITY_GROUP,
        group,
        {
            "name": op.fill("eks-cluster-sg-{name}-{hex8:group}"),
            "description": "EKS created security group applied to ENI that is attached to EKS Control Plane master "
            "nodes, as well as any managed workloads.",
            "vpcId": op.state["vpcConfig"]["vpcId"],
            "region": op.region,
            "ownerId": op.account,
            "arn": op.fill("arn:{partition}:ec2:{region}:{account}:security-group/") + group,
            "tags": {f"kubernetes.io/cluster/{op.id}": "owned"},
            "__owner": owner,
        },
    )
    log_group = f"/aws/eks/{op.id}/cluster"
    if op.state.get("enabledClusterLogTypes") and op.cloud.get(tokens.LOG_GROUP, log_group) is None:
        arn = op.fill("arn:{partition}:logs:{region}:{account}:log-group:") + log_group
        op.cloud.put(
            tokens.LOG_GROUP, log_group, {"name": log_group, "arn": arn, "region": op.region, "retentionInDays": 0}
        )


def version_goes_up_by_one(op: OperationContext) -> None:
    """One minor at a time, never down, and no further than the nodes can follow."""
    old, new = op.before.get("version", ""), op.get("version", "")
    if not new or old == new:
        return
    (major, before), (new_major, after) = minor(old), minor(new)
    if new_major != major or after != before + 1:
        message = f"Unsupported Kubernetes minor version update from {old} to {new}"
        raise AwsError("InvalidParameterException", message)
    for group in op.naming(tokens.NODE_GROUP, "clusterName", op.id):
        if after - minor(group.state.get("version", new))[1] > SKEW:
            message = f"Nodegroup version {group.state['version']} is too far behind"
            raise AwsError("InvalidParameterException", message)


def authentication_moves_forward(op: OperationContext) -> None:
    """CONFIG_MAP, then both, then API; never back."""
    order = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
    old = paths.get(op.before, "accessConfig.authenticationMode")
    new = op.get("accessConfig.authenticationMode", old)
    if old in order and new in order and order.index(new) < order.index(old):
        message = f"Unsupported authentication mode update from {old} to {new}"
        raise AwsError("InvalidParameterException", message)


def cluster_may_go(op: OperationContext) -> None:
    """Deletion protection. Node groups are declared."""
    if op.before.get("deletionProtection"):
        message = "Cluster cannot be deleted because deletion protection is enabled"
        raise AwsError("InvalidRequestException", message)


def subnets_stay_in_their_zones(op: OperationContext) -> None:
    """Other subnets may take over, in the VPC and the zones that the cluster was made in.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html; wording of the refusals unverified.
    """
    old = [op.cloud.get(tokens.SUBNET, id_) for id_ in op.before["vpcConfig"].get("subnetIds", [])]
    zones = {zone_of(subnet) for subnet in old if subnet}
    for subnet in subnets_of(op, "vpcConfig.subnetIds"):
        if subnet.state["vpcId"] != op.before["vpcConfig"]["vpcId"]:
            message = f"Provided subnet {subnet.id} does not belong to the VPC of the cluster"
            raise AwsError("InvalidParameterException", message)
        if zones and zone_of(subnet) not in zones:
            listed = ", ".join(sorted(zones))
            message = (
                f"Provided subnet {subnet.id} is not in one of the zones that the cluster was created in: {listed}"
            )
            raise AwsError("InvalidParameterException", message)


def encryption_is_removed(old: Props, new: Props) -> bool:
    """Encryption of secrets can be added in place, but not taken away."""
    return bool(old.get("encryptionConfig")) and new.get("encryptionConfig") is None


def addon_is_known(op: OperationContext) -> None:
    """The name has to be one of AWS's; of a version only the form, and kube-proxy's minor, can be told."""
    name, version, cluster = op.get("addonName"), op.get("addonVersion"), cluster_of(op)
    head = cluster.state["version"] if cluster else None
    if name not in ADDONS:
        message = f"Addon specified is not supported in {head or 'the'} kubernetes version"
        raise AwsError("InvalidParameterException", message)
    wrong_form = version is not None and not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version)
    wrong_minor = bool(version and head and name == "kube-proxy" and not version.startswith(f"v{head}."))
    if wrong_form or wrong_minor:
        raise AwsError("InvalidParameterException", "Addon version specified is not supported")


def addon_configuration_is_json(op: OperationContext) -> None:
    """The schema of each add-on is AWS's own; that it is an object is not."""
    text = op.get("configurationValues", "")
    try:
        fits = not text or isinstance(json.loads(text), dict)
    except ValueError:
        fits = False
    if not fits:
        message = (
            "ConfigurationValue provided in request is not supported: Json schema validation failed with error: "
            "[$: the text is no JSON object]"
        )
        raise AwsError("InvalidParameterException", message)


def addon_version(op: OperationContext) -> str:
    """The version pinned for the cluster's version."""
    cluster = cluster_of(op)
    head = str(cluster.state["version"]) if cluster else default_version(op)
    versions = ADDONS[op.get("addonName")].versions
    pinned: str | None = versions.get(head)
    return pinned or (list(versions.values()) or ["v1.0.0-eksbuild.1"])[-1]


def addon_roles_trust_pods(op: OperationContext) -> None:
    """Roles that the add-on's pods take."""
    for item in op.get("podIdentityAssociations", []):
        _trusts_pods(op, item.get("roleArn", ""))


def entries_are_on(op: OperationContext) -> None:
    """Access entries need the API to be asked about them."""
    cluster = cluster_of(op)
    if cluster and paths.get(cluster.state, "accessConfig.authenticationMode") == "CONFIG_MAP":
        message = (
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
            "operation."
        )
        raise AwsError("InvalidRequestException", message)


def only_people_have_groups(op: OperationContext) -> None:
    """Groups and names are given to standard entries only, and those of Kubernetes itself to nobody.

    Source: EKS user guide, "Create access entries", read 2026-11; wordings about types are unverified.
    """
    groups, type_ = op.get("kubernetesGroups", []), op.get("type", "STANDARD")
    if type_ != "STANDARD":
        given = [key for key in ("kubernetesGroups", "userName") if op.get(key)]
        if given:
            raise AwsError(
                "InvalidParameterException", f"{given[0]} cannot be given for an access entry of type {type_}"
            )
        if ":role/" not in op.get("principalArn"):
            raise AwsError("InvalidParameterException", "The specified principalArn is invalid: invalid principal.")
    reserved = [name for name in groups if name.startswith(("system:", "eks:", "aws:", "amazon:", "iam:"))]
    if reserved:
        message = f"The kubernetes group name {reserved[0]} is invalid, it cannot start with system:"
        raise AwsError("InvalidParameterException", message)


def entry_groups(op: OperationContext) -> list[str]:
    """EKS puts nodes into the group of nodes, which nobody else may name."""
    return ["system:nodes"] if op.get("type") in _NODES else []


def entry_user(op: OperationContext) -> str:
    """A role's sessions have names of their own, and so have nodes."""
    if op.get("type") in _NODES:
        return "system:node:{{EC2PrivateDNSName}}"
    principal = str(op.get("principalArn"))
    if ":role/" not in principal:
        return principal
    role = principal.rsplit("/", 1)[-1]
    return op.fill("arn:{partition}:sts::{account}:assumed-role/") + role + "/{{SessionName}}"


def entry_arn(op: OperationContext) -> str:
    """The ARN spells out the kind and name of the principal."""
    kind, _, name = str(op.get("principalArn")).split(":", 5)[-1].partition("/")
    front = op.fill("arn:{partition}:eks:{region}:{account}:access-entry/{clusterName}/")
    return f"{front}{kind}/{op.account}/{name.rsplit('/', 1)[-1]}/{op.fill('{uuid}')}"


def entry_exists(op: OperationContext) -> None:
    """A policy needs somebody to hold it."""
    entry = op.cloud.get(tokens.ACCESS_ENTRY, f"{op.get('clusterName')}:{op.get('principalArn')}")
    if entry is None and not op.call.preview:
        message = (
            "The specified principalArn could not be found. You can view your available access entries with "
            "'list-access-entries'."
        )
        raise AwsError("ResourceNotFoundException", message, 404)
    type_ = entry.state.get("type", "STANDARD") if entry else "STANDARD"
    if type_ not in ("STANDARD", "EC2"):
        message = f"Access policies cannot be associated with an access entry of type {type_}"
        raise AwsError("InvalidRequestException", message)


def scope_says_where(op: OperationContext) -> None:
    """Namespaces with the scope of that name, and only there."""
    scoped, namespaces = op.get("accessScope.type") == "namespace", op.get("accessScope.namespaces", [])
    if scoped != bool(namespaces):
        message = "The namespaces of an access scope go with the type namespace, and only with it"
        raise AwsError("InvalidParameterException", message)


def association_is_new(op: OperationContext) -> None:
    """One role a service account; add-ons have associations too."""
    cluster, namespace, account = (op.get(key) for key in ("clusterName", "namespace", "serviceAccount"))
    for row in op.others():
        same = row.state.get("clusterName") == cluster and row.state.get("namespace") == namespace
        if same and row.state.get("serviceAccount") == account:
            raise AwsError("ResourceInUseException", f"Association already exists: {row.id}", 409)
    for row in op.naming(tokens.ADDON, "clusterName", cluster):
        accounts = [item.get("serviceAccount") for item in row.state.get("podIdentityAssociations") or []]
        home = ADDONS[row.state["addonName"]].namespace
        if account in accounts and namespace == home:
            raise AwsError("ResourceInUseException", f"Association already exists: {row.id}", 409)


def association_role_trusts_pods(op: OperationContext) -> None:
    """The role has to let the Pod Identity service take and tag its sessions."""
    _trusts_pods(op, op.get("roleArn"))


def _trusts_pods(op: OperationContext, arn: str) -> None:
    role = op.find(tokens.ROLE, "arn", arn)
    if role and not documents.trusts(role.state, "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"):
        message = "Trust policy of role does not allow pods.eks.amazonaws.com sts:AssumeRole and sts:TagSession"
        raise AwsError("InvalidParameterException", message)
