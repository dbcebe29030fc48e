"""Security groups and their rules. Tokens `aws:ec2/securityGroup...` and `aws:vpc/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the EC2 API model; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalog.known_quotas import RULES_OF_A_GROUP
from simulator.aws import tokens
from simulator.aws.constraints import (
    Constraint,
    between,
    every,
    given,
    ipv4_network,
    ipv6_network,
    length,
    matches,
    one_of,
)
from simulator.aws.messages import ErrorTemplate
from simulator.aws.model import Autoname, CascadeDelete, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.services import network_rules as rules
from simulator.aws.services.ec2 import EC2

_TO_GROUP = Reference(tokens.SECURITY_GROUP)
_IN_USE = ErrorTemplate("DependencyViolation", "resource {id} has a dependent object")
_FULL = ErrorTemplate(
    "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."
)
# Source: EC2 API, CreateSecurityGroup and IpRange, read 2026-11.
_TEXT = matches(r"[0-9A-Za-z_ .:/()#,@\[\]+=&;{}!$*-]*", "letters, digits, spaces and _.:/()#,@[]+=&;{}!$*-")
_DESCRIPTION = every(length(0, 255), _TEXT)
_OF_A_RULE: Mapping[str, Constraint] = {
    "[*]": every(given("protocol"), given("cidrBlocks ipv6CidrBlocks prefixListIds securityGroups self", 1, 5)),
    "[*].cidrBlocks[*]": ipv4_network(),
    "[*].description": _DESCRIPTION,
    "[*].ipv6CidrBlocks[*]": ipv6_network,
}
_INLINE = {f"{way}{path}": check for way in ("ingress", "egress") for path, check in _OF_A_RULE.items()}
_RULES = Quota(*RULES_OF_A_GROUP.limit, _FULL, per="securityGroupId")

SECURITY_GROUP = ResourceType(
    type=tokens.SECURITY_GROUP,
    service=EC2,
    creates="CreateSecurityGroup",
    updates="AuthorizeSecurityGroupIngress",
    display_name="Security Group",
    label="{name}",
    updating="updating Security Group ({id}) ingress rules",
    id="sg-{hex17}",
    arn="arn:{partition}:ec2:{region}:{account}:security-group/{id}",
    replace_on="description name namePrefix vpcId",
    autoname=Autoname(given_prefix="namePrefix"),
    sets="ingress egress",
    defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
    aws_defaults={"egress": [], "ingress": [], "namePrefix": "", "vpcId": ""},
    computed={"ownerId": "{account}"},
    constraints={
        "description": _DESCRIPTION,
        "name": every(length(1, 255), matches(r"(?!sg-).*", "cannot begin with sg-"), _TEXT),
        **_INLINE,
    },
    references={"vpcId": Reference(tokens.VPC)},
    not_found=ErrorTemplate("InvalidGroup.NotFound", "The security group '{value}' does not exist"),
    unique=Unique(
        "name vpcId",
        ErrorTemplate("InvalidGroup.Duplicate", "The security group '{name}' already exists for VPC '{vpcId}'"),
    ),
    quotas=(
        Quota(
            "L-E79EC296",
            2500,
            ErrorTemplate(
                "SecurityGroupLimitExceeded",
                "The maximum number of security groups for VPC '{vpcId}' has been reached.",
            ),
        ),
    ),
    always=(rules.group_rules_fit, rules.inline_rules_have_ports),
    rules=(rules.group_has_a_vpc,),
    delete_rules=(
        rules.no_node_has_the_group,
        rules.no_interface_has_the_group,
        rules.no_other_group_refers_to_it,
    ),
    used_by=(
        Use(tokens.CLUSTER, "vpcConfig.securityGroupIds[*]", _IN_USE, retried=True),
        Use(tokens.VPC_ENDPOINT, "securityGroupIds[*]", _IN_USE, retried=True),
        Use(tokens.MOUNT_TARGET, "securityGroups[*]", _IN_USE, retried=True),
        Use(tokens.LUSTRE, "securityGroupIds[*]", _IN_USE, retried=True),
    ),
    cascade_deletes=tuple(
        CascadeDelete(rule, "securityGroupId")
        for rule in (tokens.INGRESS_RULE, tokens.EGRESS_RULE, tokens.SECURITY_GROUP_RULE)
    ),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_security_group.go",
)

DEFAULT_SECURITY_GROUP = ResourceType(
    type=tokens.DEFAULT_SECURITY_GROUP,
    service=EC2,
    creates="DescribeSecurityGroups",
    display_name="EC2 Default Security Group",
    creating="reading EC2 Default Security Group ({vpcId})",
    id=rules.adopted_group,
    arn="arn:{partition}:ec2:{region}:{account}:security-group/{id}",
    replace_on="vpcId",
    sets="ingress egress",
    aws_defaults={"vpcId": ""},
    computed={
        "description": "default VPC security group",
        "name": "default",
        "namePrefix": "",
        "ownerId": "{account}",
    },
    references={"vpcId": Reference(tokens.VPC)},
    constraints=_INLINE,
    always=(rules.group_rules_fit, rules.inline_rules_have_ports),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_default_security_group.go",
)

SECURITY_GROUP_RULE = ResourceType(
    type=tokens.SECURITY_GROUP_RULE,
    service=EC2,
    creates="AuthorizeSecurityGroupIngress",
    updates="UpdateSecurityGroupRuleDescriptionsIngress",
    deletes="RevokeSecurityGroupIngress",
    display_name="Security Group Rule",
    creating="authorizing Security Group ({securityGroupId}) Rule",
    updating="updating Security Group ({securityGroupId}) Rule ({id}) description",
    deleting="revoking Security Group ({securityGroupId}) Rule ({id})",
    id="sgrule-{alnum10}",
    required="fromPort protocol securityGroupId toPort type",
    replace_on=(
        "cidrBlocks fromPort ipv6CidrBlocks prefixListIds protocol securityGroupId self sourceSecurityGroupId toPort "
        "type"
    ),
    computed={"securityGroupRuleId": "sgr-{hex17}"},
    constraints={
        "cidrBlocks[*]": ipv4_network(),
        "description": _DESCRIPTION,
        "ipv6CidrBlocks[*]": ipv6_network,
        "type": one_of("egress", "ingress"),
    },
    references={"securityGroupId": _TO_GROUP, "sourceSecurityGroupId": _TO_GROUP},
    quotas=(_RULES,),
    rules=(*rules.CLASSIC_SOURCES, rules.rule_has_ports, rules.classic_rule_is_new),
    source="hashicorp/terraform-provider-aws internal/service/ec2/vpc_security_group_rule.go",
)
_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def _rule(token: str, direction: str) -> ResourceType:
    """Returns the type of ingress or egress rules, which are alike. way: Ingress or Egress."""
    return ResourceType(
        type=token,
        service=EC2,
        creates=f"AuthorizeSecurityGroup{direction}",
        updates="ModifySecurityGroupRules",
        deletes=f"RevokeSecurityGroup{direction}",
        display_name=f"VPC Security Group {direction} Rule",
        id="sgr-{hex17}",
        arn="arn:{partition}:ec2:{region}:{account}:security-group-rule/{id}",
        required="ipProtocol securityGroupId",
        replace_on="securityGroupId",
        replace_if=dict.fromkeys(_SOURCES, rules.kind_of_source_changes),
        one_of=("cidrIpv4 cidrIpv6 prefixListId referencedSecurityGroupId",),
        computed={"securityGroupRuleId": "{id}"},
        constraints={
            "cidrIpv4": ipv4_network(),
            "cidrIpv6": ipv6_network,
            "description": _DESCRIPTION,
            "fromPort": between(-1, 65535),
            "ipProtocol": matches(r"tcp|udp|icmp|icmpv6|-1|all|\d{1,3}", "tcp, udp, icmp, icmpv6, a number, or -1"),
            "referencedSecurityGroupId": matches(r"(\d{12}/)?sg-[0-9a-f]+", "sg-..., or account/sg-..."),
            "toPort": between(-1, 65535),
        },
        references={"securityGroupId": _TO_GROUP},  # the other group may be of another stack, or of another VPC
        quotas=(_RULES,),
        always=(rules.rule_has_ports,),
        rules=(rules.rule_is_new,),
        source=f"hashicorp/terraform-provider-aws internal/service/ec2/vpc_security_group_{direction.lower()}_rule.go",
    )


TYPES = (
    SECURITY_GROUP,
    DEFAULT_SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    _rule(tokens.INGRESS_RULE, "Ingress"),
    _rule(tokens.EGRESS_RULE, "Egress"),
)
