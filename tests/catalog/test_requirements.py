"""Which instance types a list of Karpenter requirements leaves."""

import pytest

from catalog.instance_types import INSTANCE_TYPES
from catalog.requirements import INSTANCE_TYPE, exclude_each_other, fits, instance_labels, machines_for, names_machines

AWS = "karpenter.k8s.aws/instance-"


def wanted(key: str, operator: str = "In", *values: str) -> dict[str, object]:
    return {"key": key, "operator": operator, "values": list(values)}


def names(*requirements: dict[str, object]) -> set[str]:
    return {machine.name for machine in machines_for(requirements)}


def test_every_type_is_found_by_its_own_labels() -> None:
    for name in INSTANCE_TYPES:
        own = [wanted(key, "In", value) for key, value in instance_labels(name).items()]
        assert names(*own) == {name}


@pytest.mark.parametrize(
    ("requirement", "inside", "outside"),
    [
        (wanted(f"{AWS}gpu-name", "In", "h100"), "p5.48xlarge", "p4d.24xlarge"),
        (wanted(f"{AWS}gpu-count", "Gt", "4"), "p4d.24xlarge", "g6.xlarge"),
        (wanted(f"{AWS}gpu-memory", "Gte", "81920"), "p4de.24xlarge", "p4d.24xlarge"),
        (wanted(f"{AWS}gpu-name", "DoesNotExist"), "m7i.large", "g6.xlarge"),
        (wanted(f"{AWS}gpu-count", "In", "0"), "g6f.large", "g6.xlarge"),
        (wanted(f"{AWS}accelerator-manufacturer", "Exists"), "inf2.xlarge", "g6.xlarge"),
        (wanted(f"{AWS}category", "NotIn", "g", "p"), "m7i.large", "g6.xlarge"),
        (wanted(f"{AWS}generation", "Lte", "5"), "p5.48xlarge", "g6.xlarge"),
        (wanted("kubernetes.io/arch", "In", "arm64"), "m7g.large", "m7i.large"),
        (wanted(INSTANCE_TYPE, "In", "m7i.large"), "m7i.large", "m7i.xlarge"),
    ],
)
def test_a_requirement_takes_some_types_and_not_others(
    requirement: dict[str, object], inside: str, outside: str
) -> None:
    found = names(requirement)
    assert inside in found
    assert outside not in found


def test_labels_that_say_nothing_of_a_type_leave_all() -> None:
    assert names(wanted("topology.kubernetes.io/zone", "In", "us-west-2a")) == set(INSTANCE_TYPES)
    assert not names_machines([wanted("kubernetes.io/arch", "In", "amd64"), wanted("team", "Exists")])
    assert names_machines([wanted(f"{AWS}family", "In", "g6")])


def test_a_comparison_with_what_is_no_number_takes_nothing() -> None:
    assert not fits(wanted("any", "Gt", "many"), "4")
    assert not fits(wanted("any", "Lt"), "4")
    assert not fits(wanted("any", "Near", "4"), "4")


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        (wanted("karpenter.sh/nodepool", "In", "b"), True),
        (wanted("karpenter.sh/nodepool", "NotIn", "a"), True),
        (wanted("karpenter.sh/nodepool", "DoesNotExist"), True),
        (wanted("karpenter.sh/nodepool", "Exists"), False),
        (wanted("team", "Exists"), False),
        (wanted(f"{AWS}family", "In", "g6"), True),
        (wanted(f"{AWS}family", "In", "p4d"), False),
    ],
)
def test_two_lists_exclude_each_other_when_no_node_meets_both(other: dict[str, object], apart: bool) -> None:
    one = [wanted("karpenter.sh/nodepool", "In", "a"), wanted(INSTANCE_TYPE, "In", "p4d.24xlarge")]
    assert exclude_each_other(one, [other]) is apart
    assert exclude_each_other([other], one) is apart, "whichever comes first"
