"""Transit gateways: the attachment of a VPC. The gateway itself is the company's. Tokens `aws:ec2transitgateway/...`.

The entry was made from the provider's source that it names, its SDK 7.51 and the EC2 API model; read 2026-11.
"""

from __future__ import annotations

from simulator.aws import tokens
from simulator.aws.constraints import length, matches, one_of
from simulator.aws.messages import ErrorTemplate
from simulator.aws.model import Reference, ResourceType, Unique
from simulator.aws.services import network_rules as rules
from simulator.aws.services.ec2 import EC2

_SWITCH = one_of("disable", "enable")

VPC_ATTACHMENT = ResourceType(
    type=tokens.TRANSIT_GATEWAY_ATTACHMENT,
    service=EC2,
    creates="CreateTransitGatewayVpcAttachment",
    updates="ModifyTransitGatewayVpcAttachment",
    display_name="EC2 Transit Gateway VPC Attachment",
    id="tgw-attach-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:transit-gateway-attachment/{id}",
    required="subnetIds transitGatewayId vpcId",
    replace_on="transitGatewayId vpcId",
    delete_before_replace=True,
    sets="subnetIds",
    defaults={
        "applianceModeSupport": "disable",
        "dnsSupport": "enable",
        "ipv6Support": "disable",
        "transitGatewayDefaultRouteTableAssociation": True,
        "transitGatewayDefaultRouteTablePropagation": True,
    },
    aws_defaults={"securityGroupReferencingSupport": "enable"},
    computed={"vpcOwnerId": "{account}"},
    constraints={
        "applianceModeSupport": _SWITCH,
        "dnsSupport": _SWITCH,
        "ipv6Support": _SWITCH,
        "securityGroupReferencingSupport": _SWITCH,
        "subnetIds": length(1, 1000),
        "transitGatewayId": matches(r"tgw-[0-9a-f]+", "the id of a transit gateway, tgw-..."),
    },
    references={"subnetIds[*]": Reference(tokens.SUBNET), "vpcId": Reference(tokens.VPC)},
    not_found=ErrorTemplate(
        "InvalidTransitGatewayAttachmentID.NotFound",
        "Transit Gateway Attachment {value} was deleted or does not exist.",
    ),
    unique=Unique(
        "transitGatewayId vpcId",
        ErrorTemplate(
            "DuplicateTransitGatewayAttachment",
            "{transitGatewayId} has non-deleted Transit Gateway Attachments with same VPC ID.",
        ),
    ),
    always=rules.ATTACHMENT_SUBNETS,
    rules=(rules.transit_gateway_exists,),
    source="hashicorp/terraform-provider-aws internal/service/ec2/transitgateway_vpc_attachment.go",
)

TYPES = (VPC_ATTACHMENT,)
