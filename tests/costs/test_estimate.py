"""What an estimate promises of every resource, whatever it is."""

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
def test_a_type_that_nobody_priced_is_listed_never_silently_zero(name):
    result = price(resource(f"aws:{name}"))
    assert len(result.unpriced) == 1, "a type nobody looked up must not look free"
    assert result.free == 0, "unknown is not free"


def test_a_type_of_another_cloud_is_listed():
    assert price(resource("gcp:container/cluster:Cluster")).unpriced, "another cloud's cluster is not free either"


def test_no_type_is_both_priced_and_free_by_name():
    assert not PRICERS.keys() & FREE_TYPES.keys(), "a type in both tables is known in two places"


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PRICERS)), st.dictionaries(KEYS, VALUES, max_size=6))
def test_no_inputs_whatever_raise_or_vanish(type_, inputs):
    result = estimate([Resource("urn:pulumi:a::b::c::d", type_, inputs)], REGION, today=TODAY)
    assert len(result.items) + len(result.unpriced) + result.free >= 1, "the resource vanished from the estimate"
    assert 0 <= result.monthly_min_usd <= result.monthly_max_usd or inputs.get("scalingConfig"), "min above max"


TAGS = {f"ml-platform:{name}": "10" for name in ("purpose", "expected-gib", "monthly-growth-gib")}
WHOLE: dict[str, dict[str, Any]] = {
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
    "aws:sqs/queue:Queue": {"fifoQueue": False},
    "kubernetes:core/v1:PersistentVolumeClaim": {"spec": {"storageClassName": "gp3"}},
    "kubernetes:core/v1:Service": {"spec": {"type": "LoadBalancer"}},
}


def places(value, path=()):
    """The way to everything inside of a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from places(item, (*path, key))


@pytest.mark.parametrize(("type_", "place"), [(type_, place) for type_ in WHOLE for place in places(WHOLE[type_])])
def test_whatever_is_not_known_yet_nothing_raises_or_vanishes(type_, place):
    inputs = copy.deepcopy(WHOLE[type_])
    at: Any = inputs
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = UNKNOWN
    result = price(Resource("urn:pulumi:a::b::c::d", type_, inputs))
    assert len(result.items) + len(result.unpriced) + result.free >= 1, "the resource vanished from the estimate"
    assert "UNKNOWN" not in str(result), "a line shows the mark instead of leaving it out"


def test_every_line_says_what_it_counts_and_where_its_price_comes_from():
    result = price(cluster(), resource("aws:ec2/natGateway:NatGateway"), resource("aws:kms/key:Key"))
    assert len(result.items) == 5, "two lines for the gateway and the key each, one for the cluster"
    for item in result.items:
        assert item.unit, "a quantity without a unit cannot be checked"
        assert item.price_min.unit, "nor a price without a unit"
        assert item.price_min.source, "nor a price without its source"
        assert item.price_min.as_of, "nor one without its date"


def test_the_price_of_another_region_is_marked_as_an_approximation():
    (item,) = price(cluster()).items
    assert item.price_min.region == "us-east-1", "the service list has one region; the test needs another"
    assert "price of us-east-1, taken for us-west-2" in item.approximations, "an approximation must say that it is one"


def test_the_region_of_a_resource_wins_over_that_of_the_stack():
    (item,) = price(resource("aws:eks/cluster:Cluster", version="1.35", region="us-east-1")).items
    assert not [why for why in item.approximations if "us-east-1" in why], "it is in the region of the price list"


def test_free_types_say_why():
    assert why_free("aws:ec2/subnet:Subnet") == "subnets are free"
    assert why_free("aws:iam/role:Role") == "IAM is free"
    assert why_free("aws:rds/instance:Instance") is None, "a database is not free"


def test_the_sums_are_those_of_the_lines():
    result = price(cluster(), resource("aws:ec2/eip:Eip"))
    assert round(result.monthly_min_usd, 2) == round(730 * (0.10 + 0.005), 2)
    written = result.as_json()
    assert written["monthlyUsd"]["min"] == round(result.monthly_min_usd, 2)
    assert all(entry["unitPriceUsd"]["min"]["source"] for entry in written["items"]), "the source travels along"
