"""EFS: one statement about each thing that is billed."""

from typing import Any

import pytest

from costs.resource import Resource
from costs.usage import Amount, Usage
from tests.costs.builders import items, price, resource

SYSTEM, COPY = "aws:efs/fileSystem:FileSystem", "aws:efs/replicationConfiguration:ReplicationConfiguration"


def system(**inputs: Any) -> Resource:
    return resource(SYSTEM, **{"throughputMode": "elastic", **inputs})


def quantities(found: Any, item: str) -> tuple[float, float]:
    line = items(found)[item]
    return line.quantity_min, line.quantity_max


def test_elastic_throughput_is_paid_by_what_is_read_and_written():
    used = Usage(
        file_system_gib=Amount(10, 20), file_system_read_gib=Amount(1, 2), file_system_written_gib=Amount(3, 4)
    )
    found = price(system(), usage=used)
    assert quantities(found, "EFS storage") == (10, 20)
    assert quantities(found, "EFS reads") == (1, 2)
    assert quantities(found, "EFS writes") == (3, 4)
    assert found.monthly_min_usd == pytest.approx(10 * 0.30 + 1 * 0.03 + 3 * 0.06)
    assert "10 to 20 GB in each file system" in items(found)["EFS storage"].usage


def test_a_set_rate_is_paid_always_and_use_is_not():
    found = price(system(throughputMode="provisioned", provisionedThroughputInMibps=100))
    assert quantities(found, "EFS throughput, provisioned") == pytest.approx((104.8576, 104.8576))
    assert set(items(found)) == {"EFS storage", "EFS throughput, provisioned"}


def test_bursting_is_paid_by_what_is_held_alone():
    assert set(items(price(resource(SYSTEM)))) == {"EFS storage"}, "bursting is what EFS does when nothing is said"


def test_one_zone_is_cheaper():
    (one,) = [item for item in price(system(availabilityZoneName="us-west-2a")).items if item.item == "EFS storage"]
    assert one.price_min.usd == 0.16


def test_what_the_stack_file_says_of_size_and_growth_takes_the_place_of_guesses():
    tags = {"ml-platform:purpose": "shared", "ml-platform:expected-gib": "100", "ml-platform:monthly-growth-gib": "10"}
    found = price(system(tags=tags))
    assert quantities(found, "EFS storage, shared") == (100, 220)
    assert "growing 10 GB a month for a year" in items(found)["EFS storage, shared"].usage


def test_a_copy_is_paid_for_as_storage_and_for_what_crosses_over():
    tags = {"ml-platform:expected-gib": "100"}
    used = Usage(file_system_written_gib=Amount(5, 50))
    around = {"parent": "urn:home"}
    found = price(
        system(tags=tags, **around), resource(COPY, **around, destination={"region": "us-east-1"}), usage=used
    )
    assert quantities(found, "EFS copies to another region") == (5, 50)
    assert quantities(found, "EFS storage, copy") == (100, 100), "a copy holds what the original does"
    assert found.unpriced == ()
