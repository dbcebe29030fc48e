"""EC2: networks, launch templates, placement and reservations. Tokens `aws:ec2/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the EC2 API model; read 2026-11.
"""

from __future__ import annotations

from catalog.known_quotas import ELASTIC_IPS, INTERNET_GATEWAYS, VPCS
from simulator.aws import constraints, tokens
from simulator.aws.constraints import between, every, given, ipv4_network, ipv6_network, length, matches, one_of
from simulator.aws.messages import ErrorTemplate, Service
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.services import launch_templates, launches, subnet_addresses
from simulator.aws.services import network_rules as rules
from simulator.aws.services.document_kinds import ENDPOINT
from simulator.aws.services.refusals import combinations, of_one_vpc, refuse

EC2 = Service("EC2", modeled=False)

_TO_VPC = Reference(tokens.VPC)
_TO_SUBNET = Reference(tokens.SUBNET)
_BLOCK = ipv4_network(16, 28)
_VPC_IN_USE = ErrorTemplate("DependencyViolation", "The vpc '{id}' has dependencies and cannot be deleted.")
_SUBNET_IN_USE = ErrorTemplate("DependencyViolation", "The subnet '{id}' has dependencies and cannot be deleted.")
_ROUTE_TARGETS = (
    "carrierGatewayId coreNetworkArn egressOnlyGatewayId gatewayId localGatewayId natGatewayId networkInterfaceId "
    "odbNetworkArn transitGatewayId vpcEndpointId vpcPeeringConnectionId"
)
_INLINE_DESTINATIONS = "cidrBlock ipv6CidrBlock destinationPrefixListId"
_NETWORKS = "route table and {value} belong to different networks"
_IN_ONE_VPC = of_one_vpc("InvalidParameterValue", _NETWORKS, "routeTableId gatewayId natGatewayId")
_INLINE_IN_ONE_VPC = of_one_vpc("InvalidParameterValue", _NETWORKS, "vpcId routes[*].gatewayId routes[*].natGatewayId")


def _no_gateway_of_ours(value: str) -> bool:
    return value == "local" or value.startswith("vgw-")


_FLOW_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)
_FULL_ACCESS = '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2008-10-17"}'

VPC = ResourceType(
    type=tokens.VPC,
    service=EC2,
    creates="CreateVpc",
    updates="ModifyVpcAttribute",
    display_name="EC2 VPC",
    id="vpc-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:vpc/{id}",
    replace_on="cidrBlock ipv4IpamPoolId ipv4NetmaskLength",
    conflicts=(
        "cidrBlock ipv4NetmaskLength",
        "assignGeneratedIpv6CidrBlock ipv6IpamPoolId",
        "ipv6CidrBlock ipv6NetmaskLength",
        "ipv6CidrBlock assignGeneratedIpv6CidrBlock",
    ),
    needs=("ipv4NetmaskLength ipv4IpamPoolId", "ipv6CidrBlock ipv6IpamPoolId", "ipv6NetmaskLength ipv6IpamPoolId"),
    defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
    aws_defaults={"enableDnsHostnames": False, "enableNetworkAddressUsageMetrics": False, "ipv6CidrBlock": ""},
    computed={
        "defaultNetworkAclId": "acl-{hex17:acl}",
        "defaultRouteTableId": "rtb-{hex17:main}",
        "defaultSecurityGroupId": "sg-{hex17:default}",
        "dhcpOptionsId": "dopt-{hex17:dhcp}",
        "ipv6AssociationId": "",
        "mainRouteTableId": "rtb-{hex17:main}",
        "ownerId": "{account}",
    },
    constraints={
        "cidrBlock": _BLOCK,
        "instanceTenancy": one_of("dedicated", "default"),
        "ipv4NetmaskLength": between(16, 28),
        "ipv6CidrBlock": ipv6_network,
        "ipv6NetmaskLength": one_of(44, 48, 52, 56, 60),
    },
    not_found=ErrorTemplate("InvalidVpcID.NotFound", "The vpc ID '{value}' does not exist"),
    quotas=(Quota(*VPCS.limit, ErrorTemplate("VpcLimitExceeded", "The maximum number of VPCs has been reached.")),),
    rules=(
        combinations("MissingParameter", "instanceTenancy: needs cidrBlock|ipv4IpamPoolId"),
        rules.vpc_dns_names_need_dns,
    ),
    update_rules=(
        rules.vpc_dns_names_need_dns,
        refuse(  # source: EC2 API, ModifyVpcTenancy, which has this one value; read 2026-11
            "InvalidParameterValue",
            "The tenancy of a VPC can be changed to default only",
            lambda op: op.get("instanceTenancy") == "dedicated" != op.before.get("instanceTenancy"),
        ),
    ),
    used_by=tuple(
        Use(user, "vpcId", _VPC_IN_USE, retried=True)
        for user in (
            tokens.SUBNET,
            tokens.INTERNET_GATEWAY,
            tokens.NAT_GATEWAY,
            tokens.VPC_ENDPOINT,
            tokens.SECURITY_GROUP,
            tokens.ROUTE_TABLE,
            tokens.TRANSIT_GATEWAY_ATTACHMENT,
        )
    ),
    cascade_deletes=(CascadeDelete(tokens.CIDR_ASSOCIATION, "vpcId"), CascadeDelete(tokens.FLOW_LOG, "vpcId")),
    companions=rules.vpc_companions,
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_.go",
)

CIDR_ASSOCIATION = ResourceType(
    type=tokens.CIDR_ASSOCIATION,
    service=EC2,
    creates="AssociateVpcCidrBlock",
    deletes="DisassociateVpcCidrBlock",
    display_name="EC2 VPC IPv4 CIDR Block Association",
    creating="creating EC2 VPC ({vpcId}) IPv4 CIDR Block Association",
    id="vpc-cidr-assoc-{hex17}",
    required="vpcId",
    replace_on="cidrBlock ipv4IpamPoolId ipv4NetmaskLength vpcId",
    aws_defaults={"cidrBlock": ""},
    constraints={"cidrBlock": _BLOCK, "ipv4NetmaskLength": between(16, 28)},
    references={"vpcId": _TO_VPC},
    rules=(
        combinations("MissingParameter", "vpcId: needs cidrBlock|ipv4IpamPoolId"),
        rules.block_fits_the_vpc,
    ),
    delete_rules=(rules.block_holds_no_subnet,),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_ipv4_cidr_block_association.go",
)

SUBNET = ResourceType(
    type=tokens.SUBNET,
    service=EC2,
    creates="CreateSubnet",
    updates="ModifySubnetAttribute",
    display_name="EC2 Subnet",
    id="subnet-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:subnet/{id}",
    required="vpcId",
    replace_on=(
        "availabilityZone availabilityZoneId cidrBlock ipv4IpamPoolId ipv4NetmaskLength ipv6IpamPoolId ipv6Native "
        "ipv6NetmaskLength outpostArn vpcId"
    ),
    replace_if={"ipv6CidrBlock": lambda old, new: bool(old.get("assignIpv6AddressOnCreation"))},
    conflicts=("availabilityZone availabilityZoneId",),
    defaults={
        "assignIpv6AddressOnCreation": False,
        "enableDns64": False,
        "enableResourceNameDnsARecordOnLaunch": False,
        "enableResourceNameDnsAaaaRecordOnLaunch": False,
        "ipv6Native": False,
        "mapPublicIpOnLaunch": False,
    },
    aws_defaults={
        "availabilityZone": rules.subnet_zone,
        "availabilityZoneId": rules.subnet_zone_id,
        "cidrBlock": "",
        "ipv6CidrBlock": "",
        "privateDnsHostnameTypeOnLaunch": "ip-name",
    },
    computed={"ipv6CidrBlockAssociationId": "", "ownerId": "{account}"},
    constraints={
        "cidrBlock": _BLOCK,
        "ipv4NetmaskLength": between(16, 28),
        "ipv6CidrBlock": ipv6_network,
        "ipv6NetmaskLength": one_of(44, 48, 52, 56, 60, 64),
        "privateDnsHostnameTypeOnLaunch": one_of("ip-name", "resource-name"),
    },
    references={"vpcId": _TO_VPC},
    not_found=ErrorTemplate("InvalidSubnetID.NotFound", "The subnet ID '{value}' does not exist"),
    quotas=(
        Quota(
            "L-407747CB",
            200,
            ErrorTemplate(
                "SubnetLimitExceeded",
                "You have reached the limit on the number of subnets that you can create for the VPC.",
            ),
            per="vpcId",
        ),
    ),
    rules=(
        rules.subnet_zone_exists,
        rules.subnet_fits_the_vpc,
        combinations("MissingParameter", "ipv6Native=false: needs cidrBlock|ipv4IpamPoolId"),
        combinations(
            "InvalidParameterCombination",
            "ipv6Native=true: no cidrBlock",
            "assignIpv6AddressOnCreation=true: needs ipv6CidrBlock|ipv6IpamPoolId|ipv6NetmaskLength",
        ),
    ),
    delete_rules=(subnet_addresses.subnet_has_no_interface,),
    used_by=tuple(
        Use(user, path, _SUBNET_IN_USE, retried=True)
        for user, path in (
            (tokens.NAT_GATEWAY, "subnetId"),
            (tokens.CLUSTER, "vpcConfig.subnetIds[*]"),
            (tokens.NODE_GROUP, "subnetIds[*]"),
            (tokens.VPC_ENDPOINT, "subnetIds[*]"),
            (tokens.LUSTRE, "subnetIds"),
            (tokens.MOUNT_TARGET, "subnetId"),
            (tokens.TRANSIT_GATEWAY_ATTACHMENT, "subnetIds[*]"),
        )
    ),
    cascade_deletes=(CascadeDelete(tokens.ROUTE_TABLE_ASSOCIATION, "subnetId"),),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_subnet.go",
)

INTERNET_GATEWAY = ResourceType(
    type=tokens.INTERNET_GATEWAY,
    service=EC2,
    creates="CreateInternetGateway",
    updates="DetachInternetGateway",
    display_name="EC2 Internet Gateway",
    updating="attaching EC2 Internet Gateway ({id}) to EC2 VPC ({vpcId})",
    id="igw-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:internet-gateway/{id}",
    aws_defaults={"vpcId": ""},
    computed={"ownerId": "{account}"},
    references={"vpcId": _TO_VPC},
    not_found=ErrorTemplate("InvalidGatewayID.NotFound", "The gateway ID '{value}' does not exist"),
    quotas=(
        Quota(
            *INTERNET_GATEWAYS.limit,
            ErrorTemplate("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached."),
        ),
    ),
    rules=(rules.vpc_has_no_gateway,),
    update_rules=(rules.gateway_leaves_no_addresses,),
    delete_rules=(rules.no_addresses_are_mapped,),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_internet_gateway.go",
)

EIP = ResourceType(
    type=tokens.EIP,
    service=EC2,
    creates="AllocateAddress",
    updates="AssociateAddress",
    deletes="ReleaseAddress",
    display_name="EC2 EIP",
    id="eipalloc-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:elastic-ip/{id}",
    replace_on="address customerOwnedIpv4Pool domain ipamPoolId networkBorderGroup publicIpv4Pool",
    aws_defaults={
        "domain": "vpc",
        "instance": "",
        "ipamPoolId": "",
        "networkBorderGroup": "{region}",
        "networkInterface": "",
        "publicIpv4Pool": "amazon",
    },
    computed={
        "allocationId": "{id}",
        "associationId": "",
        "carrierIp": "",
        "customerOwnedIp": "",
        "privateDns": "",
        "privateIp": "",
        "ptrRecord": "",
        "publicIp": rules.public_address,
        "publicDns": rules.public_name,
    },
    constraints={"domain": one_of("standard", "vpc")},
    not_found=ErrorTemplate("InvalidAllocationID.NotFound", "The allocation ID '{value}' does not exist"),
    quotas=(
        Quota(
            *ELASTIC_IPS.limit,
            ErrorTemplate("AddressLimitExceeded", "The maximum number of addresses has been reached."),
        ),
    ),
    used_by=(
        Use(
            tokens.NAT_GATEWAY,
            "allocationId",
            ErrorTemplate("InvalidIPAddress.InUse", "Address {publicIp} is in use."),
            retried=True,
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/ec2/ec2_eip.go",
)

NAT_GATEWAY = ResourceType(
    type=tokens.NAT_GATEWAY,
    service=EC2,
    creates="CreateNatGateway",
    display_name="EC2 NAT Gateway",
    id="nat-{hex17}",
    replace_on="allocationId availabilityMode connectivityType privateIp subnetId vpcId",
    replace_if={
        "availabilityZoneAddresses": lambda old, new: (
            bool(old.get("availabilityZoneAddresses")) != bool(new.get("availabilityZoneAddresses"))
        ),
        "secondaryPrivateIpAddressCount": lambda old, new: new.get("connectivityType") == "private",
    },
    defaults={"connectivityType": "public"},
    aws_defaults={
        "availabilityMode": "zonal",
        "privateIp": rules.nat_private_address,
        "secondaryAllocationIds": [],
        "secondaryPrivateIpAddressCount": 0,
        "secondaryPrivateIpAddresses": [],
    },
    computed={
        "associationId": "eipassoc-{hex17:association}",
        "autoProvisionZones": "",
        "autoScalingIps": "",
        "networkInterfaceId": "eni-{hex17:interface}",
        "publicIp": rules.nat_address,
        "regionalNatGatewayAddresses": [],
        "regionalNatGatewayAutoMode": "",
        "routeTableId": "",
    },
    constraints={
        "availabilityMode": one_of("regional", "zonal"),
        "connectivityType": one_of("private", "public"),
    },
    conflicts=("secondaryPrivateIpAddressCount secondaryPrivateIpAddresses",),
    references={
        "allocationId": Reference(tokens.EIP),
        "secondaryAllocationIds[*]": Reference(tokens.EIP),
        "subnetId": _TO_SUBNET,
        "vpcId": _TO_VPC,
    },
    not_found=ErrorTemplate("InvalidNatGatewayID.NotFound", "The natGateway ID '{value}' does not exist"),
    rules=(
        rules.nat_has_what_its_mode_needs,
        rules.NAT_INPUTS,
        rules.nat_zone_is_within_quota,
        rules.nat_address_is_free,
        rules.nat_vpc_has_an_internet_gateway,
    ),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_nat_gateway.go",
)

ROUTE_TABLE = ResourceType(
    type=tokens.ROUTE_TABLE,
    service=EC2,
    creates="CreateRouteTable",
    updates="ReplaceRoute",
    display_name="Route Table",
    id="rtb-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:route-table/{id}",
    required="vpcId",
    replace_on="vpcId",
    sets="routes propagatingVgws",
    aws_defaults={"propagatingVgws": [], "routes": []},
    computed={"ownerId": "{account}"},
    references={
        "vpcId": _TO_VPC,
        "routes[*].gatewayId": Reference(tokens.INTERNET_GATEWAY, outside=_no_gateway_of_ours),
        "routes[*].natGatewayId": Reference(tokens.NAT_GATEWAY),
    },
    constraints={
        "routes[*]": every(given(_INLINE_DESTINATIONS), given(_ROUTE_TARGETS)),
        "routes[*].cidrBlock": ipv4_network(),
        "routes[*].ipv6CidrBlock": ipv6_network,
    },
    always=(_INLINE_IN_ONE_VPC,),
    not_found=ErrorTemplate("InvalidRouteTableID.NotFound", "The routeTable ID '{value}' does not exist"),
    quotas=(
        Quota(
            "L-589F43AA",
            200,
            ErrorTemplate("RouteTableLimitExceeded", "The maximum number of route tables has been reached."),
            per="vpcId",
        ),
    ),
    cascade_deletes=(
        CascadeDelete(tokens.ROUTE_TABLE_ASSOCIATION, "routeTableId"),
        CascadeDelete(tokens.ROUTE, "routeTableId"),
    ),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_route_table.go",
)

_ROUTE = (
    "Route in Route Table ({routeTableId}) with destination "
    "({destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId})"
)
ROUTE = ResourceType(
    type=tokens.ROUTE,
    service=EC2,
    creates="CreateRoute",
    updates="ReplaceRoute",
    display_name=_ROUTE,
    updating=f"updating {_ROUTE}",
    deleting=f"deleting {_ROUTE}",
    id=rules.route_id,
    import_id="{routeTableId}_{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
    required="routeTableId",
    replace_on="destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId routeTableId",
    one_of=("destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId", _ROUTE_TARGETS),
    aws_defaults={"gatewayId": "", "natGatewayId": "", "networkInterfaceId": ""},
    computed={"instanceId": "", "instanceOwnerId": "", "origin": "CreateRoute", "state": "active"},
    constraints={"destinationCidrBlock": ipv4_network(), "destinationIpv6CidrBlock": ipv6_network},
    references={
        "routeTableId": Reference(tokens.ROUTE_TABLE),
        "gatewayId": Reference(tokens.INTERNET_GATEWAY, outside=_no_gateway_of_ours),
        "natGatewayId": Reference(tokens.NAT_GATEWAY),
        "vpcEndpointId": Reference(tokens.VPC_ENDPOINT),
    },
    quotas=(
        Quota(
            "L-93826ACB",
            500,
            ErrorTemplate("RouteLimitExceeded", "The maximum number of routes has been reached."),
            per="routeTableId",
        ),
    ),
    always=(rules.route_leaves_the_vpc, rules.transit_gateway_is_attached, _IN_ONE_VPC),
    rules=(rules.route_is_new, rules.route_is_not_reserved),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_route.go",
)

ROUTE_TABLE_ASSOCIATION = ResourceType(
    type=tokens.ROUTE_TABLE_ASSOCIATION,
    service=EC2,
    creates="AssociateRouteTable",
    updates="ReplaceRouteTableAssociation",
    deletes="DisassociateRouteTable",
    display_name="Route Table Association",
    creating="creating Route Table ({routeTableId}) Association",
    id="rtbassoc-{hex17}",
    import_id="{subnetId}{gatewayId}/{routeTableId}",
    required="routeTableId",
    replace_on="gatewayId subnetId",
    one_of=("gatewayId subnetId",),
    references={
        "gatewayId": Reference(tokens.INTERNET_GATEWAY),
        "routeTableId": Reference(tokens.ROUTE_TABLE),
        "subnetId": _TO_SUBNET,
    },
    unique=Unique(
        "subnetId gatewayId",
        ErrorTemplate(
            "Resource.AlreadyAssociated",
            "the specified association for route table {routeTableId} conflicts with an existing association",
        ),
    ),
    rules=(of_one_vpc("InvalidParameterValue", _NETWORKS, "routeTableId subnetId gatewayId"),),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_route_table_association.go",
)


VPC_ENDPOINT = ResourceType(
    type=tokens.VPC_ENDPOINT,
    service=EC2,
    creates="CreateVpcEndpoint",
    updates="ModifyVpcEndpoint",
    deletes="DeleteVpcEndpoints",
    display_name="EC2 VPC Endpoint",
    label="{serviceName}",
    id="vpce-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{id}",
    required="vpcId",
    replace_on=(
        "dnsOptions.privateDnsPreference dnsOptions.privateDnsSpecifiedDomains resourceConfigurationArn "
        "serviceName serviceNetworkArn serviceRegion vpcEndpointType vpcId"
    ),
    replace_if={"privateDnsEnabled": lambda old, new: new.get("vpcEndpointType") != "Interface"},
    one_of=("serviceName serviceNetworkArn resourceConfigurationArn",),
    documents="policy",
    sets="routeTableIds securityGroupIds subnetIds",
    defaults={"vpcEndpointType": "Gateway"},
    aws_defaults={
        "dnsOptions": {"dnsRecordIpType": "ipv4"},
        "ipAddressType": "ipv4",
        "policy": _FULL_ACCESS,
        "privateDnsEnabled": False,
        "routeTableIds": [],
        "securityGroupIds": rules.endpoint_groups,
        "serviceRegion": "{region}",
        "subnetConfigurations": [],
        "subnetIds": [],
    },
    computed={
        "cidrBlocks": rules.endpoint_blocks,
        "dnsEntries": rules.endpoint_names,
        "networkInterfaceIds": rules.endpoint_interfaces,
        "ownerId": "{account}",
        "prefixListId": rules.endpoint_prefix_list,
        "requesterManaged": False,
        "state": "available",
    },
    constraints={
        "dnsOptions.dnsRecordIpType": one_of("dualstack", "ipv4", "ipv6", "service-defined"),
        "ipAddressType": one_of("dualstack", "ipv4", "ipv6"),
        "vpcEndpointType": one_of("Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork"),
    },
    references={
        "routeTableIds[*]": Reference(tokens.ROUTE_TABLE),
        "securityGroupIds[*]": Reference(tokens.SECURITY_GROUP),
        "subnetIds[*]": _TO_SUBNET,
        "vpcId": _TO_VPC,
    },
    not_found=ErrorTemplate("InvalidVpcEndpoint.NotFound", "The VpcEndpoint Id '{value}' does not exist"),
    quotas=(
        Quota(
            "L-29B6F2EB",
            50,
            ErrorTemplate("VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached."),
            per="vpcId",
        ),
    ),
    always=(
        rules.endpoint_service_is_in_the_region,
        ENDPOINT.of("policy"),
        rules.endpoint_policy_fits_the_kind,
        rules.subnets_lie_in_different_zones("Found another VPC endpoint subnet in the availability zone of"),
        rules.endpoint_names_need_dns,
        *rules.ENDPOINT_INPUTS,
    ),
    rules=(rules.endpoint_is_new,),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_endpoint.go",
)

FLOW_LOG = ResourceType(
    type=tokens.FLOW_LOG,
    service=EC2,
    creates="CreateFlowLogs",
    display_name="Flow Log",
    label="{vpcId}{subnetId}{eniId}{transitGatewayId}{transitGatewayAttachmentId}{regionalNatGatewayId}",
    id="fl-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:vpc-flow-log/{id}",
    replace_on=(
        "deliverCrossAccountRole destinationOptions eniId iamRoleArn logDestination logDestinationType logFormat "
        "maxAggregationInterval regionalNatGatewayId subnetId tagFieldSpecifications trafficType "
        "transitGatewayAttachmentId transitGatewayId vpcId"
    ),
    one_of=("eniId regionalNatGatewayId subnetId transitGatewayAttachmentId transitGatewayId vpcId",),
    defaults={
        "destinationOptions.fileFormat": "plain-text",
        "destinationOptions.hiveCompatiblePartitions": False,
        "destinationOptions.perHourPartition": False,
        "logDestinationType": "cloud-watch-logs",
        "maxAggregationInterval": 600,
    },
    aws_defaults={"logDestination": "", "logFormat": lambda s: _FLOW_LOG_FORMAT},
    constraints={
        "destinationOptions.fileFormat": one_of("parquet", "plain-text"),
        "logDestination": constraints.arn,
        "logDestinationType": one_of("cloud-watch-logs", "kinesis-data-firehose", "s3"),
        "logFormat": rules.flow_log_format,
        "maxAggregationInterval": one_of(60, 600),
        "trafficType": one_of("ACCEPT", "ALL", "REJECT"),
    },
    references={"subnetId": _TO_SUBNET, "vpcId": _TO_VPC},
    rules=(rules.flow_log_is_new, *rules.FLOW_LOG_INPUTS, rules.flow_log_destination_exists),
    companions=rules.flow_log_fills_its_bucket,
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_flow_log.go",
)

LAUNCH_TEMPLATE = ResourceType(
    type=tokens.LAUNCH_TEMPLATE,
    service=EC2,
    creates="CreateLaunchTemplate",
    updates="CreateLaunchTemplateVersion",
    display_name="EC2 Launch Template",
    label="{name}",
    updating="creating EC2 Launch Template ({id}) Version",
    id="lt-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:launch-template/{id}",
    replace_on="name namePrefix",
    autoname=Autoname(given_prefix="namePrefix"),
    conflicts=(
        "defaultVersion updateDefaultVersion",
        "vpcSecurityGroupIds securityGroupNames",
        "instanceType instanceRequirements",
    ),
    sets="vpcSecurityGroupIds securityGroupNames",
    aws_defaults={"defaultVersion": 1, "namePrefix": ""},
    computed={"latestVersion": 1},
    constraints={
        "blockDeviceMappings[*].ebs": launch_templates.volume_mistake,
        "blockDeviceMappings[*].ebs.volumeType": one_of("gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"),
        "capacityReservationSpecification.capacityReservationPreference": one_of(
            "capacity-reservations-only", "none", "open"
        ),
        "imageId": matches(r"ami-[0-9a-f]+|resolve:ssm:.+|", "ami-... or resolve:ssm:..."),
        "instanceInitiatedShutdownBehavior": one_of("stop", "terminate"),
        "instanceMarketOptions.marketType": one_of(
            "capacity-block", "interruptible-capacity-reservation", "on-demand", "spot"
        ),
        "metadataOptions.httpEndpoint": one_of("disabled", "enabled"),
        "metadataOptions.httpPutResponseHopLimit": between(1, 64),
        "metadataOptions.httpTokens": one_of("optional", "required"),
        "name": every(length(3, 128), matches(r"[0-9A-Za-z()./_-]+", "letters, digits and ( ) . / _ -")),
        "namePrefix": length(3, 99),
        "networkInterfaces[*].interfaceType": one_of("efa", "efa-only", "interface"),
        "tagSpecifications[*].resourceType": one_of(
            "instance", "network-interface", "spot-instances-request", "volume"
        ),
        "userData": rules.user_data_is_encoded,
    },
    references={
        "iamInstanceProfile.arn": Reference(tokens.INSTANCE_PROFILE, "arn"),
        "placement.groupName": Reference(tokens.PLACEMENT_GROUP),
        "vpcSecurityGroupIds[*]": Reference(tokens.SECURITY_GROUP),
        "networkInterfaces[*].securityGroups[*]": Reference(tokens.SECURITY_GROUP),
    },
    not_found=ErrorTemplate(
        "InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID {value}, does not exist."
    ),
    unique=Unique(
        "name",
        ErrorTemplate("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use."),
    ),
    always=(launch_templates.template_can_be_launched, launch_templates.RESERVATION_IS_TARGETED),
    after_update=rules.template_gets_a_version,
    source="hashicorp/terraform-provider-aws internal/service/ec2/ec2_launch_template.go",
)

PLACEMENT_GROUP = ResourceType(
    type=tokens.PLACEMENT_GROUP,
    service=EC2,
    creates="CreatePlacementGroup",
    display_name="EC2 Placement Group",
    id="{name}",
    arn="arn:{partition}:ec2:{region}:{account}:placement-group/{name}",
    required="strategy",
    replace_on="name partitionCount spreadLevel strategy",
    autoname=Autoname(),
    aws_defaults={
        "partitionCount": lambda s: 2 if s.get("strategy") == "partition" else 0,
        "spreadLevel": lambda s: "rack" if s.get("strategy") == "spread" else "",
    },
    computed={"placementGroupId": "pg-{hex17}"},
    constraints={
        "name": length(1, 255),
        "partitionCount": between(0, 7),
        "spreadLevel": one_of("host", "rack"),
        "strategy": one_of("cluster", "partition", "precision-time", "spread"),
    },
    not_found=ErrorTemplate("InvalidPlacementGroup.Unknown", "The Placement Group '{value}' is unknown."),
    rules=(
        combinations("", "strategy=cluster|spread: no partitionCount", "strategy=cluster|partition: no spreadLevel"),
    ),
    delete_rules=(launch_templates.placement_group_is_empty,),
    unique=Unique(
        "name", ErrorTemplate("InvalidPlacementGroup.Duplicate", "The Placement Group '{name}' already exists.")
    ),
    used_by=(
        Use(
            tokens.CAPACITY_RESERVATION,
            "placementGroupArn",
            ErrorTemplate(
                "InvalidPlacementGroup.InUse", "The placement group '{id}' is in use and may not be deleted."
            ),
            by="arn",
            retried=True,
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/ec2/ec2_placement_group.go",
)

CAPACITY_RESERVATION = ResourceType(
    type=tokens.CAPACITY_RESERVATION,
    service=EC2,
    creates="CreateCapacityReservation",
    updates="ModifyCapacityReservation",
    deletes="CancelCapacityReservation",
    display_name="EC2 Capacity Reservation",
    id="cr-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:capacity-reservation/{id}",
    required="availabilityZone instanceCount instancePlatform instanceType",
    replace_on=(
        "availabilityZone ebsOptimized ephemeralStorage instanceMatchCriteria instancePlatform instanceType "
        "outpostArn placementGroupArn tenancy"
    ),
    defaults={
        "ebsOptimized": False,
        "endDateType": "unlimited",
        "ephemeralStorage": False,
        "instanceMatchCriteria": "open",
        "tenancy": "default",
    },
    computed={"ownerId": "{account}"},
    constraints={
        "endDate": constraints.timestamp,
        "endDateType": one_of("limited", "unlimited"),
        "instanceCount": between(1, 1000),
        "instancePlatform": one_of(*launches.PLATFORMS),
        "instanceMatchCriteria": one_of("open", "targeted"),
        "tenancy": one_of("dedicated", "default"),
    },
    references={"placementGroupArn": Reference(tokens.PLACEMENT_GROUP, "arn")},
    not_found=ErrorTemplate(
        "InvalidCapacityReservationId.NotFound", "The capacity reservation ID '{value}' does not exist."
    ),
    always=(*rules.RESERVATION_END, launches.reservation_is_within_the_quota),
    rules=(rules.reservation_can_be_met,),
    source="hashicorp/terraform-provider-aws internal/service/ec2/ec2_capacity_reservation.go",
)

TAG = ResourceType(
    type=tokens.EC2_TAG,
    service=EC2,
    creates="CreateTags",
    display_name="EC2 Tag",
    creating="creating EC2 (Elastic Compute Cloud) resource ({resourceId}) tag ({key})",
    updating="updating EC2 (Elastic Compute Cloud) resource ({resourceId}) tag ({key})",
    deleting="deleting EC2 (Elastic Compute Cloud) resource ({resourceId}) tag ({key})",
    id="{resourceId},{key}",
    required="key resourceId value",
    replace_on="key resourceId",
    constraints={"key": length(1, 128), "value": length(0, 256)},
    rules=(rules.tagged_resource_exists,),
    source="hashicorp/terraform-provider-aws internal/service/ec2/tag_gen.go",
)

TYPES = (
    VPC,
    CIDR_ASSOCIATION,
    SUBNET,
    INTERNET_GATEWAY,
    EIP,
    NAT_GATEWAY,
    ROUTE_TABLE,
    ROUTE,
    ROUTE_TABLE_ASSOCIATION,
    VPC_ENDPOINT,
    FLOW_LOG,
    LAUNCH_TEMPLATE,
    PLACEMENT_GROUP,
    CAPACITY_RESERVATION,
    TAG,
)
