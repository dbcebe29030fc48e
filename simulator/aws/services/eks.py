"""EKS: clusters, node groups, add-ons and access. Tokens `aws:eks/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the EKS API model; read 2026-11.
"""

from __future__ import annotations

from catalog.known_quotas import CLUSTERS, NODE_GROUPS
from catalog.limits import EKS_PUBLIC_ACCESS_CIDRS
from simulator.aws import tokens
from simulator.aws.constraints import any_network, arn, at_least, between, every, given, length, matches, one_of
from simulator.aws.messages import ErrorTemplate, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.services import drains, node_addresses
from simulator.aws.services import eks_rules as rules
from simulator.aws.services import node_group_rules as groups
from simulator.aws.services.refusals import combinations, of_one_vpc, symmetric_key

EKS = Service("EKS")
MADE = "2026-01-02T03:04:05Z"  # a constant, since with a clock two equal runs would differ

_NO_ROLE = ErrorTemplate(
    "InvalidParameterException",
    "Role with arn: {value}, could not be assumed because it does not exist or the trusted entity is not correct",
)
_TO_CLUSTER = Reference(tokens.CLUSTER, "name")
_SUBNET_MISSING = ErrorTemplate(
    "InvalidParameterException",
    "The subnet ID '{value}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: "
    "InvalidSubnetID.NotFound; Request ID: {uuid})",
)
_TO_SUBNET = Reference(tokens.SUBNET, missing=_SUBNET_MISSING)
_IMAGES = [
    "AL2023_ARM_64_NVIDIA",
    "AL2023_ARM_64_STANDARD",
    "AL2023_x86_64_NEURON",
    "AL2023_x86_64_NVIDIA",
    "AL2023_x86_64_STANDARD",
    "AL2_ARM_64",
    "AL2_x86_64",
    "AL2_x86_64_GPU",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_ARM_64_FIPS",
    "BOTTLEROCKET_ARM_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_x86_64_FIPS",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
    "CUSTOM",
    "WINDOWS_CORE_2019_x86_64",
    "WINDOWS_CORE_2022_x86_64",
    "WINDOWS_CORE_2025_x86_64",
    "WINDOWS_FULL_2019_x86_64",
    "WINDOWS_FULL_2022_x86_64",
    "WINDOWS_FULL_2025_x86_64",
]

# Source: `aws eks list-access-policies` of spring 2026, in public notes; EKS user guide, "Review access policy
# permissions"; read 2026-11. Those of other services are not listed here.
_ACCESS_POLICIES = (
    "ACK|Admin|AdminView|ArgoCD|ArgoCDCluster|AutoNode|BlockStorage|BlockStorageCluster|ClusterAdmin|Compute|"
    "ComputeCluster|Edit|Event|Hybrid|KRO|LoadBalancing|LoadBalancingCluster|Networking|NetworkingCluster|PodIdentity|"
    "SecretAdmin|SecretReader|View"
)
_WRONG = "InvalidParameterException"
_CLUSTER = (
    rules.public_ranges_are_public,
    symmetric_key("encryptionConfig.provider.keyArn", _WRONG),
    of_one_vpc(_WRONG, "{value} is not in the VPC", "vpcConfig.subnetIds[*] vpcConfig.securityGroupIds[*]"),
)

CLUSTER = ResourceType(
    type=tokens.CLUSTER,
    service=EKS,
    creates="CreateCluster",
    updates="UpdateClusterVersion",
    display_name="EKS Cluster",
    updating="updating EKS Cluster ({id}) version",
    id="{name}",
    arn="arn:{partition}:eks:{region}:{account}:cluster/{name}",
    required="roleArn vpcConfig",
    replace_on=(
        "accessConfig.bootstrapClusterCreatorAdminPermissions bootstrapSelfManagedAddons "
        "kubernetesNetworkConfig.ipFamily kubernetesNetworkConfig.serviceIpv4Cidr name "
        "outpostConfig.controlPlaneInstanceType outpostConfig.controlPlanePlacement.groupName roleArn"
    ),
    replace_if={
        "encryptionConfig": rules.encryption_is_removed,
        "computeConfig.nodeRoleArn": lambda old, new: (
            bool((old.get("computeConfig") or {}).get("nodeRoleArn"))
            and bool((new.get("computeConfig") or {}).get("nodeRoleArn"))
        ),
        "vpcConfig.controlPlaneEgressMode": lambda old, new: (
            (old.get("vpcConfig") or {}).get("controlPlaneEgressMode") == "CUSTOMER_ROUTED"
        ),
    },
    autoname=Autoname(),
    sets="enabledClusterLogTypes vpcConfig.subnetIds vpcConfig.securityGroupIds vpcConfig.publicAccessCidrs",
    defaults={
        "bootstrapSelfManagedAddons": True,
        "vpcConfig.endpointPrivateAccess": False,
        "vpcConfig.endpointPublicAccess": True,
    },
    aws_defaults={
        "accessConfig.authenticationMode": "CONFIG_MAP",
        "computeConfig": {"enabled": False},
        "controlPlaneScalingConfig.tier": "standard",
        "deletionProtection": False,
        "kubernetesNetworkConfig": rules.cluster_network,
        "storageConfig": {"blockStorage": {"enabled": False}},
        "upgradePolicy.supportType": "EXTENDED",
        "version": rules.default_version,
        "vpcConfig.controlPlaneEgressMode": "AWS_MANAGED",
        "vpcConfig.publicAccessCidrs": ["0.0.0.0/0"],
    },
    computed={
        "certificateAuthority": rules.certificate,
        "clusterId": "",
        "createdAt": MADE,
        "endpoint": "https://{HEX32:endpoint}.gr7.{region}.eks.amazonaws.com",
        "identities": rules.identities,
        "platformVersion": "eks.1",
        "status": "ACTIVE",
        "vpcConfig.clusterSecurityGroupId": "sg-{hex17:cluster}",
        "vpcConfig.vpcId": rules.cluster_vpc,
    },
    constraints={
        "accessConfig.authenticationMode": one_of("API", "API_AND_CONFIG_MAP", "CONFIG_MAP"),
        "computeConfig.nodePools[*]": one_of("general-purpose", "system"),
        "controlPlaneScalingConfig.tier": one_of("standard", "tier-2xl", "tier-4xl", "tier-8xl", "tier-xl"),
        "enabledClusterLogTypes[*]": one_of("api", "audit", "authenticator", "controllerManager", "scheduler"),
        "encryptionConfig.resources[*]": one_of("secrets"),
        "kubernetesNetworkConfig.ipFamily": one_of("ipv4", "ipv6"),
        "kubernetesNetworkConfig.serviceIpv4Cidr": rules.service_range_fits,
        "name": every(
            length(1, 100), matches(r"[0-9A-Za-z][0-9A-Za-z_-]*", "letters, digits, _ and -, and no _ or - in front")
        ),
        "roleArn": arn,
        "upgradePolicy.supportType": one_of("EXTENDED", "STANDARD"),
        "vpcConfig.controlPlaneEgressMode": one_of("AWS_MANAGED", "CUSTOMER_ROUTED"),
        "vpcConfig.publicAccessCidrs": length(0, EKS_PUBLIC_ACCESS_CIDRS),
        "vpcConfig.publicAccessCidrs[*]": any_network,
    },
    references={
        "encryptionConfig.provider.keyArn": Reference(tokens.KEY, "arn"),
        "roleArn": Reference(tokens.ROLE, "arn", _NO_ROLE),
        "vpcConfig.securityGroupIds[*]": Reference(tokens.SECURITY_GROUP),
        "vpcConfig.subnetIds[*]": _TO_SUBNET,
    },
    not_found=ErrorTemplate("ResourceNotFoundException", "No cluster found for name: {value}.", 404),
    unique=Unique("name", ErrorTemplate("ResourceInUseException", "Cluster already exists with name: {name}", 409)),
    quotas=(
        Quota(*CLUSTERS.limit, ErrorTemplate("ResourceLimitExceededException", "Cluster limit exceeded for account.")),
    ),
    always=(rules.version_is_offered, rules.auto_mode_is_all_or_nothing, rules.some_endpoint_is_open),
    rules=(
        rules.subnets_span_two_zones,
        rules.service_range_is_not_the_vpcs,
        rules.role_trusts_eks,
        *_CLUSTER,
        combinations(_WRONG, "kubernetesNetworkConfig.ipFamily=ipv6: no kubernetesNetworkConfig.serviceIpv4Cidr"),
    ),
    update_rules=(
        rules.version_goes_up_by_one,
        rules.authentication_moves_forward,
        rules.subnets_stay_in_their_zones,
        rules.subnets_span_two_zones,
        rules.encryption_key_stays,
        rules.extended_support_stays,
        *_CLUSTER,
    ),
    delete_rules=(rules.cluster_is_not_protected,),
    used_by=(
        Use(
            tokens.NODE_GROUP,
            "clusterName",
            ErrorTemplate("ResourceInUseException", "Cluster has nodegroups attached", 409),
            retried=True,
        ),
    ),
    cascade_deletes=tuple(
        CascadeDelete(type_, "clusterName")
        for type_ in (tokens.ADDON, tokens.ACCESS_ENTRY, tokens.ACCESS_POLICY, tokens.POD_IDENTITY)
    ),
    companions=rules.cluster_companions,
    source="hashicorp/terraform-provider-aws internal/service/eks/cluster.go",
)

NODE_GROUP = ResourceType(
    type=tokens.NODE_GROUP,
    service=EKS,
    creates="CreateNodegroup",
    updates="UpdateNodegroupConfig",
    display_name="EKS Node Group",
    updating="updating EKS Node Group ({id}) config",
    id="{clusterName}:{nodeGroupName}",
    arn="arn:{partition}:eks:{region}:{account}:nodegroup/{clusterName}/{nodeGroupName}/{uuid}",
    required="clusterName nodeRoleArn scalingConfig subnetIds",
    replace_on=(
        "amiType capacityType clusterName diskSize instanceTypes launchTemplate.id launchTemplate.name "
        "nodeGroupName nodeGroupNamePrefix nodeRoleArn remoteAccess subnetIds"
    ),
    autoname=Autoname("nodeGroupName", given_prefix="nodeGroupNamePrefix"),
    sets="subnetIds taints",
    conflicts=("nodeGroupName nodeGroupNamePrefix",),
    defaults={"nodeRepairConfig.enabled": False},
    aws_defaults={
        "amiType": groups.image_type,
        "capacityType": "ON_DEMAND",
        "diskSize": groups.disk_size,
        "instanceTypes": groups.default_instance_types,
        "version": groups.group_version,
        "releaseVersion": groups.release_version,
        "updateConfig": {"maxUnavailable": 1},
    },
    computed={"resources": groups.scaling_groups, "status": "ACTIVE"},
    constraints={
        "amiType": one_of(*_IMAGES),
        "capacityType": one_of("CAPACITY_BLOCK", "ON_DEMAND", "SPOT"),
        "launchTemplate": given("id name"),
        "launchTemplate.version": length(1, 255),
        "nodeGroupName": every(
            length(0, 63), matches(r"([0-9A-Za-z][0-9A-Za-z_-]*)?", "letters, digits, _ and -, a letter or digit first")
        ),
        "nodeGroupNamePrefix": length(0, 37),
        "nodeRoleArn": arn,
        "scalingConfig.desiredSize": at_least(0),
        "scalingConfig.maxSize": at_least(1),
        "scalingConfig.minSize": at_least(0),
        "subnetIds": length(1, 1000),
        "taints": length(0, 50),
        "taints[*].effect": one_of("NO_EXECUTE", "NO_SCHEDULE", "PREFER_NO_SCHEDULE"),
        "taints[*].key": length(1, 63),
        "taints[*].value": length(0, 63),
        "instanceTypes": length(0, 20),
        "updateConfig": given("maxUnavailable maxUnavailablePercentage"),
        "updateConfig.maxUnavailable": between(1, 100),
        "updateConfig.maxUnavailablePercentage": between(1, 100),
        "updateConfig.updateStrategy": one_of("DEFAULT", "MINIMAL"),
        "warmPoolConfig.poolState": one_of("HIBERNATED", "RUNNING", "STOPPED"),
    },
    references={
        "clusterName": _TO_CLUSTER,
        "launchTemplate.id": Reference(tokens.LAUNCH_TEMPLATE),
        "launchTemplate.name": Reference(tokens.LAUNCH_TEMPLATE, "name"),
        "nodeRoleArn": Reference(tokens.ROLE, "arn", _NO_ROLE),
        "subnetIds[*]": _TO_SUBNET,
    },
    not_found=ErrorTemplate("ResourceNotFoundException", "No node group found for name: {nodeGroupName}.", 404),
    unique=Unique(
        "clusterName nodeGroupName",
        ErrorTemplate(
            "ResourceInUseException",
            "NodeGroup already exists with name {nodeGroupName} and cluster name {clusterName}",
            409,
        ),
    ),
    quotas=(
        Quota(
            *NODE_GROUPS.limit,
            ErrorTemplate("ResourceLimitExceededException", "Nodegroup limit exceeded for cluster"),
            per="clusterName",
        ),
    ),
    always=(
        groups.sizes_are_in_order,
        groups.labels_are_kubernetes_labels,
        groups.taints_are_unique,
        groups.template_agrees,
        groups.group_follows_the_cluster,
        groups.release_fits_the_version,
        groups.capacity_block_is_targeted,
        groups.nodes_can_be_launched,
        node_addresses.pods_get_addresses,
    ),
    rules=(
        groups.role_trusts_ec2,
        groups.instance_types_exist,
        groups.image_is_made_for_the_version,
        groups.image_fits_the_machines,
        groups.group_lies_in_the_clusters_vpc,
        node_addresses.nodes_reach_aws,
    ),
    update_rules=(groups.version_is_the_clusters, drains.nodes_can_be_emptied),
    cascade_deletes=(
        CascadeDelete(tokens.SCHEDULE, "autoscalingGroupName", by="resources[*].autoscalingGroups[*].name"),
    ),
    companions=groups.start_nodes,
    after_update=groups.update_nodes,
    source="hashicorp/terraform-provider-aws internal/service/eks/node_group.go",
)

ADDON = ResourceType(
    type=tokens.ADDON,
    service=EKS,
    creates="CreateAddon",
    updates="UpdateAddon",
    display_name="EKS Add-On",
    id="{clusterName}:{addonName}",
    arn="arn:{partition}:eks:{region}:{account}:addon/{clusterName}/{addonName}/{uuid}",
    required="addonName clusterName",
    replace_on="addonName clusterName namespaceConfig",
    sets="podIdentityAssociations",
    aws_defaults={"addonVersion": rules.addon_version, "configurationValues": ""},
    computed={"createdAt": MADE, "modifiedAt": MADE},
    constraints={
        "resolveConflictsOnCreate": one_of("NONE", "OVERWRITE"),
        "resolveConflictsOnUpdate": one_of("NONE", "OVERWRITE", "PRESERVE"),
        "serviceAccountRoleArn": arn,
    },
    references={
        "clusterName": _TO_CLUSTER,
        "podIdentityAssociations[*].roleArn": Reference(tokens.ROLE, "arn", _NO_ROLE),
        "serviceAccountRoleArn": Reference(tokens.ROLE, "arn", _NO_ROLE),
    },
    not_found=ErrorTemplate("ResourceNotFoundException", "No addon: {addonName} found in cluster: {clusterName}", 404),
    unique=Unique("clusterName addonName", ErrorTemplate("ResourceInUseException", "Addon already exists.", 409)),
    always=(
        rules.addon_is_known,
        rules.addon_configuration_fits,
        rules.addon_roles_trust_pods,
        rules.policy_agent_comes_up,
        rules.addon_becomes_active,
    ),
    rules=(rules.addon_learns_its_region,),
    source="hashicorp/terraform-provider-aws internal/service/eks/addon.go",
)

ACCESS_ENTRY = ResourceType(
    type=tokens.ACCESS_ENTRY,
    service=EKS,
    creates="CreateAccessEntry",
    updates="UpdateAccessEntry",
    display_name="EKS Access Entry",
    id="{clusterName}:{principalArn}",
    required="clusterName principalArn",
    replace_on="clusterName principalArn type",
    sets="kubernetesGroups",
    defaults={"type": "STANDARD"},
    aws_defaults={"kubernetesGroups": rules.entry_groups, "userName": rules.entry_user},
    computed={"accessEntryArn": rules.entry_arn, "createdAt": MADE, "modifiedAt": MADE},
    constraints={
        "principalArn": arn,
        "type": one_of(
            "EC2", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "HYPERPOD_LINUX", "STANDARD"
        ),
    },
    references={"clusterName": _TO_CLUSTER},  # principals are mostly people's roles, which are not part of the stack
    not_found=ErrorTemplate("ResourceNotFoundException", "The specified resource could not be found: {value}", 404),
    unique=Unique(
        "clusterName principalArn",
        ErrorTemplate(
            "ResourceInUseException", "The specified access entry resource is already in use on this cluster.", 409
        ),
    ),
    always=(rules.only_standard_entries_have_groups,),
    rules=(
        rules.access_entries_are_enabled,
        rules.entries_have_a_principal_of_the_partition,
    ),
    source="hashicorp/terraform-provider-aws internal/service/eks/access_entry.go",
)

ACCESS_POLICY = ResourceType(
    type=tokens.ACCESS_POLICY,
    service=EKS,
    creates="AssociateAccessPolicy",
    deletes="DisassociateAccessPolicy",
    display_name="EKS Access Policy Association",
    id="{clusterName}#{principalArn}#{policyArn}",
    required="accessScope clusterName policyArn principalArn",
    replace_on="accessScope clusterName policyArn principalArn",
    sets="accessScope.namespaces",
    computed={"associatedAt": "2026-01-02 03:04:05 +0000 UTC", "modifiedAt": "2026-01-02 03:04:05 +0000 UTC"},
    constraints={
        "accessScope.namespaces[*]": matches(r"[a-z0-9*]([a-z0-9*-]*[a-z0-9*])?", "a name of a namespace, * as well"),
        "accessScope.type": one_of("cluster", "namespace"),
        "policyArn": matches(
            rf"arn:aws[\w-]*:eks::aws:cluster-access-policy/"
            rf"((Amazon(?!EKS)\w+|AmazonEKS({_ACCESS_POLICIES}))Policy|AWSBackupFullAccessPolicyFor(Backup|Restore))",
            "arn:aws:eks::aws:cluster-access-policy/Amazon...Policy, one that list-access-policies names",
        ),
    },
    references={"clusterName": _TO_CLUSTER},
    rules=(
        combinations(
            _WRONG,
            "accessScope.type=namespace: needs accessScope.namespaces",
            "accessScope.type=cluster: no accessScope.namespaces",
        ),
        rules.entry_exists,
    ),
    source="hashicorp/terraform-provider-aws internal/service/eks/access_policy_association.go",
)

POD_IDENTITY = ResourceType(
    type=tokens.POD_IDENTITY,
    service=EKS,
    creates="CreatePodIdentityAssociation",
    updates="UpdatePodIdentityAssociation",
    display_name="EKS Pod Identity Association",
    id="a-{alnum17}",
    import_id="{clusterName},{associationId}",
    arn="arn:{partition}:eks:{region}:{account}:podidentityassociation/{clusterName}/{id}",
    arn_output="associationArn",
    required="clusterName namespace roleArn serviceAccount",
    replace_on="clusterName namespace serviceAccount",
    defaults={"disableSessionTags": False},
    computed={
        "associationId": "{id}",
        "externalId": lambda s: s.fill("{uuid:external}") if s.inputs.get("targetRoleArn") else "",
    },
    constraints={
        # EKS may take other names as well, but no namespace or service account of Kubernetes can have them.
        "namespace": every(length(1, 63), matches(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", "a name of a namespace")),
        "roleArn": arn,
        "serviceAccount": every(length(1, 253), matches(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", "a name of Kubernetes")),
        "targetRoleArn": arn,
    },
    references={
        "clusterName": _TO_CLUSTER,
        "roleArn": Reference(
            tokens.ROLE,
            "arn",
            ErrorTemplate("InvalidParameterException", "Role provided in the request does not exist."),
        ),
    },
    always=(rules.association_role_trusts_pods,),
    rules=(rules.association_is_new,),
    source="hashicorp/terraform-provider-aws internal/service/eks/pod_identity_association.go",
)

TYPES = (CLUSTER, NODE_GROUP, ADDON, ACCESS_ENTRY, ACCESS_POLICY, POD_IDENTITY)
