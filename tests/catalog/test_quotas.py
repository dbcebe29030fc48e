"""The EC2 quota that an instance counts against."""

import re

import pytest

from catalog.instance_types import INSTANCE_TYPES
from catalog.quotas import QUOTAS, quota_for


@pytest.mark.parametrize(
    ("name", "capacity_type", "code"),
    [
        ("m7i.xlarge", "on-demand", "L-1216C47A"),
        ("m7i.xlarge", "spot", "L-34B43A08"),
        ("g6e.xlarge", "on-demand", "L-DB2E81BA"),
        ("gr6.4xlarge", "spot", "L-3819A6DF"),
        ("p4d.24xlarge", "spot", "L-7212CCBC"),
        ("p5.48xlarge", "spot", "L-C4BD4855"),
        ("p5en.48xlarge", "on-demand", "L-417A185B"),
        ("p6-b200.48xlarge", "reserved", "L-417A185B"),
        ("inf2.xlarge", "on-demand", "L-1945791B"),
        ("trn2.48xlarge", "spot", "L-6B0D517C"),
    ],
)
def test_an_instance_counts_against_the_quota_of_its_family(name: str, capacity_type: str, code: str) -> None:
    quota = quota_for(INSTANCE_TYPES[name], capacity_type)
    assert quota is not None
    assert quota.code == code, "the wrong quota would be raised, and the nodes would still not start"


def test_every_type_has_an_on_demand_quota() -> None:
    assert [name for name, known in INSTANCE_TYPES.items() if quota_for(known, "on-demand") is None] == []


def test_there_is_no_quota_where_aws_names_none() -> None:
    assert quota_for(INSTANCE_TYPES["p6-b200.48xlarge"], "spot") is None, "a guess would be taken for a fact"
    assert quota_for(INSTANCE_TYPES["p5.48xlarge"], "capacity-block") is None, "a Capacity Block counts against none"


def test_a_quota_has_one_code_and_one_name() -> None:
    assert len(QUOTAS) > 15, "an empty table would pass every check below"
    assert len({quota.name for quota in QUOTAS.values()}) == len(QUOTAS), "two codes for one name"
    assert all(re.fullmatch(r"L-[0-9A-F]{8}", code) for code in QUOTAS), "Service Quotas would not know it"
