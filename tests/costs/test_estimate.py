"""Properties of an estimate that hold for every resource."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.values import UNKNOWN
from costs.estimate import estimate
from costs.free import FREE_TYPES, why_free
from costs.pricers import PRICERS
from costs.resource import Resource
from tests.costs.builders import REGION, TODAY, cluster, price, resource

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
INPUTS = """
    scalingConfig instanceTypes capacityType launchTemplate diskSize version upgradePolicy computeConfig subnetIds
    vpcEndpointType retentionInDays name size type iops throughput region enableKeyRotation spec addonName
    publicIpv4Pool logDestinationType blockDeviceMappings labels fifoQueue
"""
KEYS = st.sampled_from(INPUTS.split())


@given(st.text(alphabet="abcdef:/", min_size=1, max_size=20))
def test_a_type_without_a_price_is_listed_as_unpriced(name):
    result = price(resource(f"aws:{name}"))
    assert len(result.unpriced) == 1, "a type that nobody looked up must not look free"
    assert result.free == 0, "a type without a price is not free"


def test_a_type_of_another_cloud_is_listed():
    assert price(resource("gcp:container/cluster:Cluster")).unpriced, "another cloud's cluster is not free either"


def test_no_type_is_both_priced_and_free():
    assert not PRICERS.keys() & FREE_TYPES.keys(), "a type in both tables would contradict itself"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PRICERS)), st.dictionaries(KEYS, VALUES, max_size=6))
def test_no_inputs_raise_an_error_or_remove_the_resource(type_, inputs):
    result = estimate([Resource("urn:pulumi:a::b::c::d", type_, inputs)], REGION, today=TODAY)
    assert len(result.items) + len(result.unpriced) + result.free >= 1, "the resource vanished from the estimate"
    assert 0 <= result.monthly_min_usd <= result.monthly_max_usd or inputs.get("scalingConfig"), "min above max"


TAGS = {f"ml-platform:{name}": "10" for name in ("purpose", "expected-gib", "monthly-growth-gib")}
FULL_INPUTS: dict[str, dict[str, Any]] = {
    "aws:backup/plan:Plan": {"rules": [{"copyActions": [{"destinationVaultArn": "x"}]}]},
    "aws:ebs/volume:Volume": {"size": 8, "type": "gp3", "iops": 4000, "throughput": 200},
    "aws:ec2/eip:Eip": {"publicIpv4Pool": "amazon"},
    "aws:ec2/flowLog:FlowLog": {"logDestinationType": "s3"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]},
    "aws:efs/fileSystem:FileSystem": {
        "availabilityZoneName": "us-west-2a",
        "throughputMode": "provisioned",
        "provisionedThroughputInMibps": 8,
        "tags": TAGS,
    },
    "aws:eks/addon:Addon": {"addonName": "amazon-cloudwatch-observability"},
    "aws:eks/cluster:Cluster": {
        "version": "1.35",
        "upgradePolicy": {"supportType": "EXTENDED"},
        "computeConfig": {"enabled": True},
        "region": "us-west-2",
    },
    "aws:eks/nodeGroup:NodeGroup": {
        "scalingConfig": {"minSize": 1, "maxSize": 2},
        "instanceTypes": ["m5.large"],
        "capacityType": "SPOT",
        "launchTemplate": {"id": "lt-1", "name": "x"},
        "labels": {"a": "b"},
        "diskSize": 10,
    },
    "aws:fsx/lustreFileSystem:LustreFileSystem": {
        "deploymentType": "PERSISTENT_2",
        "storageType": "SSD",
        "storageCapacity": 1200,
        "tags": TAGS,
        "perUnitStorageThroughput": 250,
        "metadataConfiguration": {"mode": "x"},
        "automaticBackupRetentionDays": 1,
    },
    "aws:kms/key:Key": {"enableKeyRotation": True},
    "aws:cloudwatch/logGroup:LogGroup": {"name": "/aws/eks/a", "logGroupClass": "STANDARD", "retentionInDays": 30},
    "aws:s3/bucket:Bucket": {"tags": TAGS},
    "aws:secretsmanager/secret:Secret": {"name": "ml-platform-dev/research/hub-token"},
    "aws:sqs/queue:Queue": {"fifoQueue": False},
    "kubernetes:core/v1:PersistentVolumeClaim": {"spec": {"storageClassName": "gp3"}},
    "kubernetes:core/v1:Service": {"spec": {"type": "LoadBalancer"}},
}


def paths(value, path=()):
    """Yields the paths of all values inside a value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in children:
        yield (*path, key)
        yield from paths(item, (*path, key))


@pytest.mark.parametrize(
    ("type_", "path"), [(type_, path) for type_ in FULL_INPUTS for path in paths(FULL_INPUTS[type_])]
)
def test_no_unknown_value_raises_an_error_or_removes_the_resource(type_, path):
    inputs = copy.deepcopy(FULL_INPUTS[type_])
    container: Any = inputs
    for step in path[:-1]:
        container = container[step]
    container[path[-1]] = UNKNOWN
    result = price(Resource("urn:pulumi:a::b::c::d", type_, inputs))
    assert len(result.items) + len(result.unpriced) + result.free >= 1, "the resource vanished from the estimate"
    assert "UNKNOWN" not in str(result), "a line shows the marker of an unknown value"


def test_every_line_has_a_unit_and_the_source_of_its_price():
    result = price(cluster(), resource("aws:ec2/natGateway:NatGateway"), resource("aws:kms/key:Key"))
    assert len(result.items) == 5, "two lines for the gateway and the key each, one for the cluster"
    for item in result.items:
        assert item.unit, "nobody can check a quantity without a unit"
        assert item.price_min.unit, "nobody can check a price without a unit"
        assert item.price_min.source, "nobody can check a price without a source"
        assert item.price_min.as_of, "nobody can check a price without a date"


def test_the_price_of_another_region_is_marked_as_an_approximation():
    (item,) = price(cluster()).items
    assert item.price_min.region == "us-east-1", "the service list has one region; the stack must be in another"
    assert "price of us-east-1, used for us-west-2" in item.approximations, "the line must say that it is approximate"


def test_the_region_of_a_resource_overrides_that_of_the_stack():
    (item,) = price(resource("aws:eks/cluster:Cluster", version="1.35", region="us-east-1")).items
    assert not [why for why in item.approximations if "us-east-1" in why], "the price is of the resource's own region"


def test_free_types_have_a_reason():
    assert why_free("aws:ec2/subnet:Subnet") == "subnets are free"
    assert why_free("aws:iam/role:Role") == "IAM is free"
    assert why_free("aws:lambda/permission:Permission") == "permissions are free"
    assert why_free("aws:ec2/networkAclRule:NetworkAclRule"), "a rule of a network ACL is a part of it"
    assert why_free("aws:rds/instance:Instance") is None, "a database is not free"


def test_the_totals_are_the_sums_of_the_lines():
    result = price(cluster(), resource("aws:ec2/eip:Eip"))
    assert round(result.monthly_min_usd, 2) == round(730 * (0.10 + 0.005), 2)
    document = result.as_json()
    assert document["monthlyUsd"]["min"] == round(result.monthly_min_usd, 2)
    assert all(entry["unitPriceUsd"]["min"]["source"] for entry in document["items"]), "each price keeps its source"


BY_USE_OR_HOUR = (
    *("cfg/rule", "cloudwatch/contributorInsightRule", "cloudwatch/logDataProtectionPolicy", "dlm/lifecyclePolicy"),
    *("ec2clientvpn/networkAssociation", "ec2transitgateway/vpcAttachment", "efs/backupPolicy", "fms/policy"),
    *(
        "bedrock/agentcorePolicy",
        "cloudwatch/logAccountPolicy",
        "inspector2/memberAssociation",
        "sns/dataProtectionPolicy",
    ),
    *(
        "networkfirewall/vpcEndpointAssociation",
        "networkmanager/vpcAttachment",
        "route53/trafficPolicy",
        "wafv2/webAclRule",
    ),
    *(
        "kms/replicaKey",
        "waf/rule",
        "xray/indexingRule",
        "route53/resolverFirewallRuleGroupAssociation",
        "iot/topicRule",
    ),
)


@pytest.mark.parametrize("name", BY_USE_OR_HOUR)
def test_a_type_that_costs_money_is_not_free_although_its_name_ends_like_one_that_is(name: str) -> None:
    kind = name.rpartition("/")[2]
    assert why_free(f"aws:{name}:{kind[0].upper()}{kind[1:]}") is None


def test_no_type_of_aws_with_a_price_is_free() -> None:
    assert [kind for kind in PRICERS if kind.startswith("aws:") and why_free(kind)] == []
