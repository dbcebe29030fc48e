"""Rules of EKS that an entry of `eks.py` cannot declare."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from catalog.chart_facts import chart_facts
from catalog.eks_addons import ADDONS, GUARDDUTY_AGENT, release_of
from catalog.endpoints import GUARDDUTY_DATA
from catalog.kubernetes import VERSIONS
from catalog.limits import EKS_SERVICE_CIDRS
from common.spelling import nearest
from simulator.aws import paths, tokens
from simulator.aws.constraints import network, within
from simulator.aws.messages import AwsError, ProviderError
from simulator.aws.operation_context import OperationContext, principal_of
from simulator.aws.services import documents, guardduty
from simulator.cloud import CloudResource
from simulator.values import Props

SKEW = (
    3  # a kubelet may be this many minor versions behind. Source: https://kubernetes.io/releases/version-skew-policy/
)
_RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")  # beginnings of names of users and groups
_NODES = ("EC2_LINUX", "EC2_WINDOWS")  # types of access entries


def invalid(message: str) -> AwsError:
    """Returns the error with which EKS refuses values."""
    return AwsError("InvalidParameterException", message)


def minor(version: str) -> tuple[int, int]:
    """Returns a version such as `1.35` as numbers; (0, 0) for any other text."""
    match = re.fullmatch(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def offered_versions() -> list[str]:
    """Returns the versions in which EKS creates clusters today, oldest first."""
    today = date.today()  # noqa: DTZ011  support ends on a day, in any time zone
    offered = [row.version for row in VERSIONS.values() if row.release <= today <= row.end_extended]
    return sorted(offered, key=minor)


def default_version(op: OperationContext) -> str:
    """Returns the newest version that EKS offers."""
    return offered_versions()[-1]


def cluster_of(op: OperationContext) -> CloudResource | None:
    """Returns the cluster that the inputs name; None when the same preview creates it."""
    return op.planned(tokens.CLUSTER, str(op.get("clusterName")))


def version_is_offered(op: OperationContext) -> None:
    """EKS must support the version today."""
    version = op.get("version")
    if version is not None and version not in offered_versions():
        raise invalid("unsupported Kubernetes version")


def role_trusts_eks(op: OperationContext) -> None:
    """The cluster's role must trust EKS."""
    role = op.find(tokens.ROLE, "arn", op.get("roleArn"))
    if role is not None and not documents.trusts(role.state, "eks.amazonaws.com"):
        raise invalid(role_refused(op.get("roleArn")))


def role_refused(arn: str) -> str:
    """Returns EKS's message for a role that does not exist, or does not trust EKS."""
    return f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not correct"


def subnets_of(op: OperationContext, path: str) -> list[CloudResource]:
    """Returns the existing subnets among the ids at a path."""
    subnets = [op.cloud.get(tokens.SUBNET, id_) for id_ in op.get(path, [])]
    return [subnet for subnet in subnets if subnet is not None]


def subnets_span_two_zones(op: OperationContext) -> None:
    """The subnets must be in at least two zones, in no zone that EKS excludes, and in one VPC."""
    subnets = subnets_of(op, "vpcConfig.subnetIds")
    if len(op.get("vpcConfig.subnetIds", [])) < 2 or (subnets and len({zone_of(subnet) for subnet in subnets}) < 2):
        raise invalid("Subnets specified must be in at least two different AZs")
    ids = {zone.name: zone.zone_id for zone in op.region_facts.zones}
    for subnet in subnets:
        if ids.get(zone_of(subnet)) in op.region_facts.eks_excluded_zone_ids:
            choices = ", ".join(zone.name for zone in op.region_facts.eks_zones)
            message = (
                f"Cannot create cluster '{op.get('name')}' because {zone_of(subnet)}, the targeted availability zone, "
                f"does not currently have sufficient capacity to support the cluster. Retry and choose from these "
                f"availability zones: {choices}"
            )
            raise AwsError("UnsupportedAvailabilityZoneException", message)
    if len({subnet.state["vpcId"] for subnet in subnets}) > 1:
        raise invalid("Subnets specified must belong to the same VPC")


def zone_of(subnet: CloudResource) -> str:
    """Returns the zone of a subnet."""
    return str(subnet.state["availabilityZone"])


def auto_mode_is_all_or_nothing(op: OperationContext) -> None:
    """The three switches of Auto Mode must be equal, and Auto Mode allows no self-managed add-ons."""
    switches = {
        op.get(path, False)
        for path in (
            "computeConfig.enabled",
            "kubernetesNetworkConfig.elasticLoadBalancing.enabled",
            "storageConfig.blockStorage.enabled",
        )
    }
    if len(switches) > 1:
        raise invalid(
            "compute_config.enabled, kubernetes_network_config.elastic_load_balancing.enabled, and "
            "storage_config.block_storage.enabled must all be set to either true or false"
        )
    if True in switches and op.get("bootstrapSelfManagedAddons", True):
        raise invalid("bootstrapSelfManagedAddons must be set to false if EKS Auto Mode is enabled")


def some_endpoint_is_open(op: OperationContext) -> None:
    """The cluster must have a public or a private endpoint."""
    config = op.get("vpcConfig", {})
    if config.get("endpointPublicAccess") is False and config.get("endpointPrivateAccess") is False:
        raise invalid("Private and public endpoint access cannot be disabled at the same time")


def service_range_fits(argument: str, value: Any) -> str | None:
    """The service range must be /12 to /24, inside the private ranges."""
    parsed = network(value)
    private = [network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
    if parsed is None or str(parsed) != value or not 12 <= parsed.prefixlen <= 24:
        return f'expected "{argument}" to contain a network Value with between 12 and 24 significant bits, got: {value}'
    if not any(block and parsed.version == block.version and parsed.subnet_of(block) for block in private):  # type: ignore[arg-type]
        return f"{argument} must be inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, got: {value}"
    return None


def service_range_is_not_the_vpcs(op: OperationContext) -> None:
    """The service range must not overlap with the VPC."""
    services = network(op.get("kubernetesNetworkConfig.serviceIpv4Cidr", ""))
    for subnet in subnets_of(op, "vpcConfig.subnetIds"):
        vpc = op.cloud.get(tokens.VPC, subnet.state["vpcId"])
        block = network(vpc.state["cidrBlock"]) if vpc else None
        if services and block and services.version == block.version and services.overlaps(block):
            raise invalid(f"The specified service CIDR {services} overlaps with the CIDR block {block} of the VPC")


def cluster_network(op: OperationContext) -> Props:
    """Returns the network settings, with the one of AWS's two service ranges that the VPC does not use."""
    subnets = subnets_of(op, "vpcConfig.subnetIds")
    vpc = op.cloud.get(tokens.VPC, subnets[0].state["vpcId"]) if subnets else None
    ten = network("10.0.0.0/8")
    block = network(vpc.state["cidrBlock"]) if vpc else None
    service = EKS_SERVICE_CIDRS[1 if block and ten and block.overlaps(ten) else 0]
    return {"elasticLoadBalancing": {"enabled": False}, "ipFamily": "ipv4", "serviceIpv4Cidr": service}


def cluster_vpc(op: OperationContext) -> str:
    """Returns the VPC of the subnets."""
    subnets = subnets_of(op, "vpcConfig.subnetIds")
    return str(subnets[0].state["vpcId"]) if subnets else ""


def certificate(op: OperationContext) -> Props:
    """Returns a certificate authority that has only the right form: nothing connects to a simulated cluster by TLS."""
    body = base64.b64encode(op.fill("{hex64:ca}").encode()).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"
    return {"data": base64.b64encode(pem.encode()).decode()}


def identities(op: OperationContext) -> list[Props]:
    """Returns the OIDC issuer, with the same digits as the endpoint."""
    return [{"oidcs": [{"issuer": op.fill("https://oidc.eks.{region}.amazonaws.com/id/{HEX32:endpoint}")}]}]


def cluster_companions(op: OperationContext) -> None:
    """Creates the cluster security group, the creator's access, and the log group if the stack has not created it."""
    owner = f"{op.type}::{op.id}"
    _creators_entry(op)
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
            # Source: Amazon EKS user guide, "Security group requirements", read 2026-11.
            "tags": {f"kubernetes.io/cluster/{op.id}": "owned", "aws:eks:cluster-name": op.id},
            "__owner": owner,
        },
    )
    log_group = f"/aws/eks/{op.id}/cluster"
    if op.state.get("enabledClusterLogTypes") and op.find(tokens.LOG_GROUP, "id", log_group) is None:
        arn = op.fill("arn:{partition}:logs:{region}:{account}:log-group:") + log_group
        op.cloud.put(
            tokens.LOG_GROUP, log_group, {"name": log_group, "arn": arn, "region": op.region, "retentionInDays": 0}
        )


def _creators_entry(op: OperationContext) -> None:
    """Makes the creator an admin by an ordinary access entry, unless the flag is off or there are no entries.

    Source: EKS user guide, "Change authentication mode", and the API's CreateAccessConfigRequest; read 2026-11.
    """
    config = op.state.get("accessConfig") or {}
    if (
        config.get("authenticationMode") == "CONFIG_MAP"
        or config.get("bootstrapClusterCreatorAdminPermissions") is False
    ):
        return
    principal = principal_of(op.call.config, op.region_facts.partition)
    put_entry(op, op.id, principal, type="STANDARD", kubernetesGroups=[], userName=principal)
    policy = op.fill("arn:{partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy")
    admin = {"policyArn": policy, "accessScope": {"type": "cluster"}}
    op.cloud.put(tokens.ACCESS_POLICY, f"{op.id}#{principal}#{policy}", {**_of_eks(op, op.id, principal), **admin})


def put_entry(op: OperationContext, cluster: str, principal: str, **entry: Any) -> None:
    """Makes an access entry that EKS itself makes, and deletes with the cluster."""
    op.cloud.put(tokens.ACCESS_ENTRY, f"{cluster}:{principal}", {**_of_eks(op, cluster, principal), **entry})


def _of_eks(op: OperationContext, cluster: str, principal: str) -> Props:
    owner = f"{tokens.CLUSTER}::{cluster}"
    return {"clusterName": cluster, "principalArn": principal, "region": op.region, "__owner": owner}


def version_goes_up_by_one(op: OperationContext) -> None:
    """The version may go up by one minor version, and nodes may be at most SKEW versions behind.

    EKS also goes back by one in the first seven days; the program never asks for that.
    """
    old, new = op.before.get("version", ""), op.get("version", "")
    if not new or old == new:
        return
    (major, old_minor), (new_major, new_minor) = minor(old), minor(new)
    if new_major != major or new_minor != old_minor + 1:
        raise invalid(f"Unsupported Kubernetes minor version update from {old} to {new}")
    for group in op.resources_with(tokens.NODE_GROUP, "clusterName", op.id):
        if new_minor - minor(group.state.get("version", new))[1] > SKEW:
            raise invalid(f"Nodegroup version {group.state['version']} is too far behind")


def authentication_moves_forward(op: OperationContext) -> None:
    """The mode may change from CONFIG_MAP to both and from both to API, one step at a time, and not back.

    Source: https://github.com/pulumi/pulumi-eks/issues/1493 for the step that is skipped; read 2026-11.
    """
    order = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
    old = paths.get(op.before, "accessConfig.authenticationMode")
    new = op.get("accessConfig.authenticationMode", old)
    if old in order and new in order and order.index(new) - order.index(old) not in (0, 1):
        raise invalid(f"Unsupported authentication mode update from {old} to {new}")


def cluster_is_not_protected(op: OperationContext) -> None:
    """The cluster must not have deletion protection."""
    if op.before.get("deletionProtection"):
        message = "Cluster cannot be deleted because deletion protection is enabled"
        raise AwsError("InvalidRequestException", message)


def subnets_stay_in_their_zones(op: OperationContext) -> None:
    """New subnets must be in the VPC and in the zones in which the cluster was created.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html; wording of the refusals unverified.
    """
    old = [op.cloud.get(tokens.SUBNET, id_) for id_ in op.before["vpcConfig"].get("subnetIds", [])]
    zones = {zone_of(subnet) for subnet in old if subnet}
    for subnet in subnets_of(op, "vpcConfig.subnetIds"):
        if subnet.state["vpcId"] != op.before["vpcConfig"]["vpcId"]:
            raise invalid(f"Provided subnet {subnet.id} does not belong to the VPC of the cluster")
        if zones and zone_of(subnet) not in zones:
            listed = ", ".join(sorted(zones))
            raise invalid(
                f"Provided subnet {subnet.id} is not in one of the zones that the cluster was created in: {listed}"
            )


def encryption_key_stays(op: OperationContext) -> None:
    """Another key changes nothing. Source: terraform-provider-aws internal/service/eks/cluster.go, read 2026-11."""
    old, new = (paths.get(props, "encryptionConfig.provider.keyArn") for props in (op.before, op.inputs))
    if old and isinstance(new, str) and new != old:
        message = (
            "the key of a cluster's encryption cannot be changed. The real provider says nothing and calls no API, so "
            "the cluster keeps its key, and each refresh shows a difference."
        )
        raise ProviderError(message, whole=True)


def extended_support_stays(op: OperationContext) -> None:
    """A cluster that has entered extended support cannot leave it by its upgrade policy.

    Source: EKS user guide, "Disable EKS extended support", read 2026-11; wording unverified.
    """
    version, wanted = VERSIONS.get(op.before.get("version", "")), op.get("upgradePolicy.supportType")
    entered = version is not None and date.today() > version.end_standard  # noqa: DTZ011
    if entered and wanted == "STANDARD" != paths.get(op.before, "upgradePolicy.supportType"):
        raise invalid("The upgrade policy cannot be changed to STANDARD, since the cluster is in extended support")


def public_ranges_are_public(op: OperationContext) -> None:
    """Ranges of the public endpoint are not private, and IPv6 is for IPv6 clusters.

    Sources: EKS user guide, "Cluster API server endpoint"; EKS API, VpcConfigRequest; read 2026-11.
    """
    ranges = op.get("vpcConfig.publicAccessCidrs", [])
    if any(":" in cidr for cidr in ranges) and op.get("kubernetesNetworkConfig.ipFamily", "ipv4") == "ipv4":
        raise invalid("You can't add IPv6 CIDR blocks to IPv4 clusters")
    wrong = [cidr for cidr in ranges if cidr != "0.0.0.0/0" and _is_private(cidr)]
    if wrong:
        raise invalid(f"The following CIDRs are not allowed in publicAccessCidrs: [{', '.join(wrong)}]")


def _is_private(cidr: str) -> bool:
    return any(within(cidr, block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"))


def encryption_is_removed(old: Props, new: Props) -> bool:
    """Returns whether encryption of secrets is removed: it can be added in place, but not removed."""
    return bool(old.get("encryptionConfig")) and new.get("encryptionConfig") is None


def addon_is_known(op: OperationContext) -> None:
    """AWS must offer the add-on. Of the version, form, release and kube-proxy's minor version can be checked."""
    name, version, cluster = op.get("addonName"), op.get("addonVersion"), cluster_of(op)
    head = cluster.state["version"] if cluster else None
    if name not in ADDONS:
        raise invalid(f"Addon specified is not supported in {head or 'the'} kubernetes version")
    wrong_form = version is not None and not re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version)
    wrong_minor = bool(version and head and name == "kube-proxy" and not version.startswith(f"v{head}."))
    releases = {release_of(f"v{release}") for release in ADDONS[name].releases}
    unknown = bool(version and releases and release_of(version) not in releases)
    if wrong_form or wrong_minor or (unknown and version not in ADDONS[name].versions.values()):
        raise invalid("Addon version specified is not supported")


# Add-on -> keys of its configuration that are known; `env:object` means the form of the value. EKS's schemas allow no
# others, but releases have added some, so only keys that are nearly known ones are refused. Sources: describe-addon-
# configuration of kube-proxy 1.28 and coredns 1.10, as published in cloudbees/terraform-aws-cloudbees-ci-eks-addon; AWS
# Containers Blog, "Amazon EKS add-ons: Advanced configuration"; charts of the other add-ons; read 2026-11.
_EVERYWHERE = "affinity nodeSelector podAnnotations podLabels resources tolerations"
_DRIVER = "controller:object node:object sidecars:object"
_SCHEMAS = {
    "aws-ebs-csi-driver": f"{_DRIVER} defaultStorageClass:object",
    "aws-efs-csi-driver": _DRIVER,
    "aws-fsx-csi-driver": _DRIVER,
    "coredns": "autoScaling:object computeType:string corefile:string podDisruptionBudget:object replicaCount:integer "
    "topologySpreadConstraints:array",
    "eks-node-monitoring-agent": "dcgmAgent:object monitoringAgent:object nodeAgent:object",
    "kube-proxy": "ipvs:object mode:string",
    GUARDDUTY_AGENT: "dnsPolicy:string priorityClassName:string",
    "vpc-cni": "enableNetworkPolicy:string enableWindowsIpam:string env:object eniConfig:object init:object "
    "livenessProbeTimeoutSeconds nodeAgent:object originalMatchLabels readinessProbeTimeoutSeconds",
}
_FORMS = {"array": list, "boolean": bool, "integer": int, "object": dict, "string": str}
# Values of charts that their add-on does not take: EFS, aws/containers-roadmap issue 2642, open, and a flag of 3.4.
_NO_KEY = "no key of the schema"
_NOT_TAKEN = {"aws-efs-csi-driver": ("node.volMetricsOptIn", "controller.enableMetrics")}


def addon_configuration_fits(op: OperationContext) -> None:
    """The configuration must be a JSON object, without misspelt keys, and with values of the known forms."""
    try:
        values = json.loads(op.get("configurationValues", "") or "{}")
    except ValueError:
        values = None
    if reason := _configuration_mistake(op.get("addonName"), values):
        message = "ConfigurationValue provided in request is not supported: Json schema validation failed with error: "
        raise invalid(f"{message}[{reason}]")


def _configuration_mistake(addon: str, values: Any) -> str | None:
    if not isinstance(values, dict):
        return "$: the text is no JSON object"
    known = dict(each.partition(":")[::2] for each in f"{_EVERYWHERE} {_SCHEMAS.get(addon, '')}".split())
    forms = [(key, value, known.get(key, "")) for key, value in values.items()]
    if isinstance(values.get("env"), dict):
        forms += [(f"env.{key}", value, "string") for key, value in values["env"].items()]
    for key, value, form in [*forms, *_of_parts(addon, values)]:
        near = addon in _SCHEMAS and "." not in key and key not in known and nearest(key, known, 0.85)
        if near or form == _NO_KEY or key in _NOT_TAKEN.get(addon, ()):
            return f"$.{key}: is not defined in the schema and the schema does not allow additional properties"
        if form and (not isinstance(value, _FORMS[form]) or isinstance(value, bool) != (form == "boolean")):
            return f"$.{key}: {type(value).__name__} found, {form} expected"
    return None


def _of_parts(addon: str, values: Props) -> Iterator[tuple[str, Any, str]]:
    """Yields each value of controller and node, with its form; of the EBS driver, `_NO_KEY` for what is nearly a key.

    The schema of that add-on is taken for the chart's, which has many of its words; unverified.
    """
    schema = (chart_facts(addon).schema or {}).get("properties", {}) if addon == "aws-ebs-csi-driver" else {}
    for part in ("controller", "node"):
        known = schema.get(part, {}).get("properties", {})
        for key, value in (values.get(part) or {}).items() if isinstance(values.get(part), dict) else ():
            form = known.get(key, {}).get("type")
            wrong = known and key not in known and nearest(key, known, 0.85)
            yield f"{part}.{key}", value, _NO_KEY if wrong else form if isinstance(form, str) and form in _FORMS else ""


def policy_agent_comes_up(op: OperationContext) -> None:
    """Warns of the builds whose network policy agent can cut off pods, when it starts before kube-proxy.

    Source: aws/aws-network-policy-agent, issues 553, 570 and 592: agents 1.3.2 to 1.3.4; EKS's builds from 7 on of
    1.21.1 have 1.3.2; read 2026-11.
    """
    name, version = op.get("addonName"), op.get("addonVersion", "")
    enforced = json.loads(op.get("configurationValues", "") or "{}").get("enableNetworkPolicy") == "true"
    old = release_of(version) == (1, 21, 1) and int(version.rsplit(".", 1)[-1]) >= 7
    if name == "vpc-cni" and old and enforced:
        op.call.warn(
            f"{version} has a network policy agent with which pods that no policy selects can lose all their traffic "
            "when a node boots. EKS accepts it. Take v1.22.4 or later."
        )


def _agent_reaches_nobody(op: OperationContext) -> str:
    """Returns why pods of GuardDuty's agent never get ready: it sends to an endpoint of its VPC, by its private name.

    Without Runtime Monitoring it runs, and nobody listens. Sources: GuardDuty user guide, "Creating an Amazon VPC
    endpoint" and "Runtime coverage and troubleshooting for Amazon EKS clusters"; read 2026-11.
    """
    cluster = cluster_of(op) if op.get("addonName") == GUARDDUTY_AGENT else None
    if op.call.preview or cluster is None:
        return ""
    on = (row.state for row in op.rows(tokens.DETECTOR_FEATURE) if row.state["name"] in guardduty.AGENTS)
    if not any(each["status"] == "ENABLED" for each in on):
        op.call.warn(f"{GUARDDUTY_AGENT} sends what it sees to nobody: RUNTIME_MONITORING of the detector is off.")
    service = f"com.amazonaws.{op.region}.{GUARDDUTY_DATA}"
    vpc = cluster.state["vpcConfig"].get("vpcId")
    there = (row.state for row in op.resources_with(tokens.VPC_ENDPOINT, "vpcId", vpc))
    if any(each.get("serviceName") == service and each.get("privateDnsEnabled") for each in there):
        return ""
    return f"InsufficientNumberOfReplicas: the agent finds no endpoint of {service} with private DNS in {vpc}"


def addon_becomes_active(op: OperationContext) -> None:
    """The add-on's pods must get ready, as far as those who know Kubernetes can tell. Nothing is said at a preview.

    Source: terraform-provider-aws, internal/service/eks/addon.go, waitAddonCreated and waitAddonUpdateSuccessful; the
    wording of the wait is unverified; read 2026-11.
    """
    why = "" if op.call.preview else op.cloud.why_never_active(tokens.ADDON, op.inputs, op.region)
    if why := why or _agent_reaches_nobody(op):
        label = f"{op.get('clusterName')}:{op.get('addonName')}"
        raise ProviderError(
            f"waiting for EKS Add-On ({label}) {'update' if op.before else 'create'}: timeout while waiting for state "
            f"to become 'ACTIVE' (last state: 'DEGRADED', timeout: 20m0s): {why}",
            retried=True,
        )


def addon_version(op: OperationContext) -> str:
    """Returns the version of the add-on that the catalog pins for the cluster's version."""
    cluster = cluster_of(op)
    head = str(cluster.state["version"]) if cluster else default_version(op)
    versions = ADDONS[op.get("addonName")].versions
    pinned: str | None = versions.get(head)
    return pinned or (list(versions.values()) or ["v1.0.0-eksbuild.1"])[-1]


def addon_roles_trust_pods(op: OperationContext) -> None:
    """The roles of the add-on's pods must trust Pod Identity."""
    expected = ADDONS[op.get("addonName")].service_account if op.get("addonName") in ADDONS else None
    others = {row.service_account for row in ADDONS.values()} - {expected, None}
    for item in op.get("podIdentityAssociations", []):
        _trusts_pods(op, item.get("roleArn", ""))
        if item.get("serviceAccount") in others:  # an add-on may have more accounts than the catalog knows
            raise invalid(f"Service account {item['serviceAccount']} is not one of add-on {op.get('addonName')}")


def addon_learns_its_region(op: OperationContext) -> None:
    """Warns when the controller of the FSx driver learns no region: from its identity, its values or the metadata.

    It starts all the same, and fails when it should make a file system. With one hop, pods do not reach the metadata.
    Source: kubernetes-sigs/aws-fsx-csi-driver, pkg/cloud/metadata_k8s.go, read 2026-11.
    """
    if op.get("addonName") != "aws-fsx-csi-driver" or op.get("podIdentityAssociations"):
        return
    values = json.loads(op.get("configurationValues", "") or "{}")
    if not op.get("serviceAccountRoleArn") and not (values.get("controller") or {}).get("region"):
        op.call.warn(
            "the controller of aws-fsx-csi-driver has no identity, so EKS gives it no AWS_REGION, and it can make no "
            "file system on nodes whose metadata pods do not reach. AWS and the real provider say nothing."
        )


def access_entries_are_enabled(op: OperationContext) -> None:
    """The cluster's authentication mode must include the API."""
    cluster = cluster_of(op)
    if cluster and paths.get(cluster.state, "accessConfig.authenticationMode") == "CONFIG_MAP":
        message = (
            "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
            "operation."
        )
        raise AwsError("InvalidRequestException", message)


def only_standard_entries_have_groups(op: OperationContext) -> None:
    """Only standard entries may have groups and user names, and no entry may have groups of Kubernetes itself.

    Source: EKS user guide, "Create access entries", read 2026-11; wordings about types are unverified.
    """
    groups, type_ = op.get("kubernetesGroups", []), op.get("type", "STANDARD")
    if type_ != "STANDARD":
        forbidden = [key for key in ("kubernetesGroups", "userName") if op.get(key)]
        if forbidden:
            raise AwsError(
                "InvalidParameterException", f"{forbidden[0]} cannot be given for an access entry of type {type_}"
            )
        if ":role/" not in op.get("principalArn"):
            raise invalid("The specified principalArn is invalid: invalid principal.")
    reserved = [name for name in groups if name.startswith(_RESERVED)]
    if reserved:
        raise invalid(f"The kubernetes group name {reserved[0]} is invalid, it cannot start with system:")


def entries_have_a_principal_of_the_partition(op: OperationContext) -> None:
    """A principal is of the cluster's partition, and no service-linked role.

    Source: EKS user guide, "Create access entries": the principal may be a role, a user or a role session's role, but
    no service-linked role; read 2026-11. Wordings are unverified.
    """
    principal = str(op.get("principalArn"))
    front = op.fill("arn:{partition}:iam::")
    if not re.match(rf"{front}\d{{12}}:(role|user)/", principal) or ":role/aws-service-role/" in principal:
        raise invalid("The specified principalArn is invalid: invalid principal.")
    if str(op.get("userName", "")).startswith(_RESERVED):  # source: EKS user guide, "Create access entries"; 2026-11
        raise invalid(f"The user name cannot start with {', '.join(_RESERVED)}")


def entry_groups(op: OperationContext) -> list[str]:
    """Returns the default groups: EKS puts nodes into `system:nodes`."""
    return ["system:nodes"] if op.get("type") in _NODES else []


def entry_user(op: OperationContext) -> str:
    """Returns the default user name: nodes and the sessions of a role get names of a special form."""
    if op.get("type") in _NODES:
        return "system:node:{{EC2PrivateDNSName}}"
    principal = str(op.get("principalArn"))
    if ":role/" not in principal:
        return principal
    role = principal.rsplit("/", 1)[-1]
    return op.fill("arn:{partition}:sts::{account}:assumed-role/") + role + "/{{SessionName}}"


def entry_arn(op: OperationContext) -> str:
    """Returns the ARN, which contains the kind and name of the principal."""
    kind, _, name = str(op.get("principalArn")).split(":", 5)[-1].partition("/")
    front = op.fill("arn:{partition}:eks:{region}:{account}:access-entry/{clusterName}/")
    return f"{front}{kind}/{op.account}/{name.rsplit('/', 1)[-1]}/{op.fill('{uuid}')}"


def entry_exists(op: OperationContext) -> None:
    """The access entry of the policy must exist and have a suitable type."""
    entry = op.find(tokens.ACCESS_ENTRY, "id", f"{op.get('clusterName')}:{op.get('principalArn')}")
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


def association_is_new(op: OperationContext) -> None:
    """A service account may have one association; the associations of add-ons count."""
    cluster, namespace, account = (op.get(key) for key in ("clusterName", "namespace", "serviceAccount"))
    for row in op.others():
        same = row.state.get("clusterName") == cluster and row.state.get("namespace") == namespace
        if same and row.state.get("serviceAccount") == account:
            raise AwsError("ResourceInUseException", f"Association already exists: {row.id}", 409)
    for row in op.resources_with(tokens.ADDON, "clusterName", cluster):
        accounts = [item.get("serviceAccount") for item in row.state.get("podIdentityAssociations") or []]
        addon_namespace = ADDONS[row.state["addonName"]].namespace
        if account in accounts and namespace == addon_namespace:
            raise AwsError("ResourceInUseException", f"Association already exists: {row.id}", 409)


def association_role_trusts_pods(op: OperationContext) -> None:
    """The role must allow the Pod Identity service to assume it and to tag its sessions."""
    _trusts_pods(op, op.get("roleArn"))


def _trusts_pods(op: OperationContext, arn: str) -> None:
    role = op.find(tokens.ROLE, "arn", arn)
    if role and not documents.trusts(role.state, "pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"):
        raise invalid("Trust policy of role does not allow pods.eks.amazonaws.com sts:AssumeRole and sts:TagSession")
