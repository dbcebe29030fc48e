"""A Lustre file system costs its provisioned capacity, at a price that depends on the throughput."""

from typing import Any

import pytest

from common.values import UNKNOWN
from costs.resource import Resource
from tests.costs.builders import items, price, reasons, resource

LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"


def persistent(**inputs: Any) -> Resource:
    defaults = {"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": 250, "storageCapacity": 2400}
    return resource(LUSTRE, **{**defaults, **inputs})


@pytest.mark.parametrize(("throughput", "usd"), [(125, 0.145), (250, 0.21), (500, 0.34), (1000, 0.6)])
def test_a_higher_throughput_costs_more(throughput: int, usd: float) -> None:
    (line,) = price(persistent(perUnitStorageThroughput=throughput)).items
    assert line.price_min.usd == usd
    assert line.monthly_min_usd == line.monthly_max_usd == pytest.approx(2400 * usd), "empty or full"


def test_scratch_has_one_price() -> None:
    (line,) = price(resource(LUSTRE, deploymentType="SCRATCH_2", storageCapacity=1200)).items
    assert line.monthly_max_usd == pytest.approx(1200 * 0.14)


def test_the_line_names_the_purpose() -> None:
    tagged = persistent(tags={"ml-platform:purpose": "checkpoints"})
    assert set(items(price(tagged))) == {"Lustre, checkpoints, 250 MB/s/TiB"}
    unknown = persistent(tags={"ml-platform:purpose": UNKNOWN})
    assert set(items(price(unknown))) == {"Lustre, 250 MB/s/TiB"}, (
        "the line must not show the marker of an unknown value"
    )


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"storageType": "HDD"}, "SSD on scratch-2 and persistent-2 only"),
        ({"deploymentType": "PERSISTENT_1"}, "SSD on scratch-2 and persistent-2 only"),
        ({"storageCapacity": None}, "no capacity is set"),
        ({"storageCapacity": UNKNOWN}, "storageCapacity is not known"),
        ({"perUnitStorageThroughput": 2000}, "no price fsx_lustre.persistent_2_ssd_2000"),
        ({"automaticBackupRetentionDays": 7}, "daily backups of FSx"),
        ({"metadataConfiguration": {"mode": "USER_PROVISIONED", "iops": 6000}}, "metadata operations"),
    ],
)
def test_a_file_system_without_a_price_has_a_reason(inputs: dict[str, Any], reason: str) -> None:
    assert reason in reasons(price(persistent(**inputs)))[0]


def test_links_to_buckets_are_free() -> None:
    assert price(resource("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation")).free == 1
