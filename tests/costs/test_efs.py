"""EFS: one test for each item that is billed."""

from typing import Any

import pytest

from costs.resource import Resource
from costs.usage import Amount, Usage
from tests.costs.builders import items, price, resource

SYSTEM, COPY = "aws:efs/fileSystem:FileSystem", "aws:efs/replicationConfiguration:ReplicationConfiguration"


def system(**inputs: Any) -> Resource:
    return resource(SYSTEM, **{"throughputMode": "elastic", **inputs})


def quantities(result: Any, item: str) -> tuple[float, float]:
    line = items(result)[item]
    return line.quantity_min, line.quantity_max


def test_elastic_throughput_is_billed_for_data_read_and_written():
    usage = Usage(
        file_system_gib=Amount(10, 20), file_system_read_gib=Amount(1, 2), file_system_written_gib=Amount(3, 4)
    )
    result = price(system(), usage=usage)
    assert quantities(result, "EFS storage") == (10, 20)
    assert quantities(result, "EFS reads") == (1, 2)
    assert quantities(result, "EFS writes") == (3, 4)
    assert result.monthly_min_usd == pytest.approx(10 * 0.30 + 1 * 0.03 + 3 * 0.06)
    assert "10 to 20 GB in each file system" in items(result)["EFS storage"].usage


def test_provisioned_throughput_is_billed_instead_of_reads_and_writes():
    result = price(system(throughputMode="provisioned", provisionedThroughputInMibps=100))
    assert quantities(result, "EFS throughput, provisioned") == pytest.approx((104.8576, 104.8576))
    assert set(items(result)) == {"EFS storage", "EFS throughput, provisioned"}


def test_bursting_throughput_is_billed_for_storage_only():
    assert set(items(price(resource(SYSTEM)))) == {"EFS storage"}, "bursting is the default of EFS"


def test_one_zone_is_cheaper():
    (line,) = [item for item in price(system(availabilityZoneName="us-west-2a")).items if item.item == "EFS storage"]
    assert line.price_min.usd == 0.16


def test_size_and_growth_in_the_stack_file_replace_the_assumptions():
    tags = {"ml-platform:purpose": "shared", "ml-platform:expected-gib": "100", "ml-platform:monthly-growth-gib": "10"}
    result = price(system(tags=tags))
    assert quantities(result, "EFS storage, shared") == (100, 220)
    assert "growing 10 GB a month for a year" in items(result)["EFS storage, shared"].usage


def test_a_copy_is_billed_for_storage_and_for_transfer():
    tags = {"ml-platform:expected-gib": "100"}
    usage = Usage(file_system_written_gib=Amount(5, 50))
    same_parent = {"parent": "urn:home"}
    result = price(
        system(tags=tags, **same_parent),
        resource(COPY, **same_parent, destination={"region": "us-east-1"}),
        usage=usage,
    )
    assert quantities(result, "EFS copies to another region") == (5, 50)
    assert quantities(result, "EFS storage, copy") == (100, 100), "a copy is as large as the original"
    assert result.unpriced == ()
