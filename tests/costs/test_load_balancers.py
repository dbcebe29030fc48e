"""Load balancers that a Gateway gets, web ACLs, certificates and zones."""

from dataclasses import replace

import pytest

from common.values import UNKNOWN
from costs.usage import Amount, Usage
from tests.costs.builders import items, price, reasons, resource

API = "kubernetes:gateway.networking.k8s.io/v1"


def door(scheme="internal", subnets=3, controller="gateway.k8s.aws/alb"):
    """The Gateway of a door, its class, and the configuration that the class names."""
    spec = {"scheme": scheme, "loadBalancerSubnets": [{"identifier": UNKNOWN}] * subnets}
    return (
        resource(f"{API}:Gateway", "door", metadata={"name": "door"}, spec={"gatewayClassName": "shared"}),
        resource(
            f"{API}:GatewayClass",
            "class",
            metadata={"name": "shared"},
            spec={"controllerName": controller, "parametersRef": {"name": "shared-load-balancer"}},
        ),
        resource(
            "kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration",
            "config",
            metadata={"name": "shared-load-balancer"},
            spec=spec,
        ),
    )


def test_an_internal_gateway_costs_a_load_balancer_and_its_capacity():
    lines = items(price(*door()))
    assert set(lines) == {"application load balancer", "load balancer capacity"}
    assert lines["application load balancer"].price_min.usd == 0.0225
    assert lines["load balancer capacity"].price_min.usd == 0.008, "an LCU is dearer than an NLCU"
    assert lines["load balancer capacity"].usage == "0.1 to 5 capacity units for each load balancer"


def test_a_public_one_also_has_an_address_in_each_subnet():
    line = items(price(*door("internet-facing")))["public IPv4 addresses"]
    assert line.quantity_min == 3, "unknown ids count too"
    assert line.monthly_min_usd == pytest.approx(10.95)


def test_a_gateway_of_the_network_kind_costs_what_it_does():
    lines = items(price(*door(controller="gateway.k8s.aws/nlb")))
    assert lines["network load balancer"].monthly_min_usd == pytest.approx(16.425)
    assert lines["load balancer capacity"].price_min.usd == 0.006


def test_the_capacity_that_is_assumed_can_be_given():
    used = price(*door(), usage=Usage(load_balancer_units=Amount(40, 40)))
    assert items(used)["load balancer capacity"].monthly_min_usd == pytest.approx(40 * 0.008 * 730)


def test_a_gateway_whose_load_balancer_nobody_knows_is_unpriced():
    gateway, gateway_class, config = door("internet-facing", subnets=0)
    assert reasons(price(gateway)) == [
        "its class shared is not in the stack, and says which load balancer it gets",
    ]
    elsewhere = replace(gateway_class, provider="urn:pulumi:a::b::pulumi:providers:kubernetes::other")
    assert reasons(price(gateway, elsewhere)), "a class of another cluster is another one"
    assert "as many as the subnets" in reasons(price(gateway, gateway_class, config))[0]
    assert reasons(price(*door(controller="example.com/other"))) == ["what example.com/other makes is not known here"]


def test_the_configuration_of_the_gateway_counts_where_its_class_has_none():
    gateway, gateway_class, config = door("internet-facing")
    own = {"gatewayClassName": "shared", "infrastructure": {"parametersRef": {"name": "shared-load-balancer"}}}
    bare = replace(gateway_class, inputs={**gateway_class.inputs, "spec": {"controllerName": "gateway.k8s.aws/alb"}})
    assert "public IPv4 addresses" in items(price(replace(gateway, inputs={"spec": own}), bare, config))


def web_acl(*managed):
    groups = [{"statement": {"managedRuleGroupStatement": {"vendorName": "AWS", "name": each}}} for each in managed]
    return resource("aws:wafv2/webAcl:WebAcl", rules=[*groups, {"statement": {"rateBasedStatement": {"limit": 2000}}}])


def test_a_web_acl_costs_itself_its_rules_and_its_requests():
    lines = items(price(web_acl("AWSManagedRulesCommonRuleSet", "AWSManagedRulesAmazonIpReputationList")))
    assert lines["web ACL"].monthly_min_usd == 5.0
    assert lines["rules of the web ACL"].monthly_min_usd == 3.0, "a group counts as one rule"
    assert lines["requests to the web ACL"].usage == "0.1 to 20 million requests to each web ACL"


def test_a_group_of_rules_with_a_fee_is_named():
    assert reasons(price(web_acl("AWSManagedRulesBotControlRuleSet"))) == [
        "AWSManagedRulesBotControlRuleSet has a fee of its own, without a price in the catalog"
    ]


def test_a_public_certificate_is_free_and_one_of_a_private_authority_is_unpriced():
    names = {"domainName": "*.ml.example.com"}
    assert price(resource("aws:acm/certificate:Certificate", **names)).free == 1
    for paid in ({"certificateAuthorityArn": UNKNOWN}, {"options": {"export": "ENABLED"}}):
        assert price(resource("aws:acm/certificate:Certificate", **names, **paid)).unpriced


def test_a_hosted_zone_is_billed_and_its_records_are_not():
    assert price(resource("aws:route53/zone:Zone")).monthly_min_usd == 0.5
    assert price(resource("aws:route53/record:Record"), resource("aws:wafv2/webAclAssociation:WebAclAssociation")).free
