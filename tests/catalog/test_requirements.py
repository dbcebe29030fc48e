"""The instance types that meet a list of Karpenter requirements."""

import pytest

from catalog.instance_types import INSTANCE_TYPES
from catalog.requirements import INSTANCE_TYPE, exclude_each_other, fits, instance_labels, machines_for, names_machines

AWS = "karpenter.k8s.aws/instance-"


def requirement_of(key: str, operator: str = "In", *values: str) -> dict[str, object]:
    return {"key": key, "operator": operator, "values": list(values)}


def names(*requirements: dict[str, object]) -> set[str]:
    return {machine.name for machine in machines_for(requirements)}


def test_every_type_is_found_by_its_own_labels() -> None:
    for name in INSTANCE_TYPES:
        requirements = [requirement_of(key, "In", value) for key, value in instance_labels(name).items()]
        assert names(*requirements) == {name}


@pytest.mark.parametrize(
    ("requirement", "accepted", "excluded"),
    [
        (requirement_of(f"{AWS}gpu-name", "In", "h100"), "p5.48xlarge", "p4d.24xlarge"),
        (requirement_of(f"{AWS}gpu-count", "Gt", "4"), "p4d.24xlarge", "g6.xlarge"),
        (requirement_of(f"{AWS}gpu-memory", "Gte", "81920"), "p4de.24xlarge", "p4d.24xlarge"),
        (requirement_of(f"{AWS}gpu-name", "DoesNotExist"), "m7i.large", "g6.xlarge"),
        (requirement_of(f"{AWS}gpu-count", "In", "0"), "g6f.large", "g6.xlarge"),
        (requirement_of(f"{AWS}accelerator-manufacturer", "Exists"), "inf2.xlarge", "g6.xlarge"),
        (requirement_of(f"{AWS}category", "NotIn", "g", "p"), "m7i.large", "g6.xlarge"),
        (requirement_of(f"{AWS}generation", "Lte", "5"), "p5.48xlarge", "g6.xlarge"),
        (requirement_of("kubernetes.io/arch", "In", "arm64"), "m7g.large", "m7i.large"),
        (requirement_of(INSTANCE_TYPE, "In", "m7i.large"), "m7i.large", "m7i.xlarge"),
    ],
)
def test_some_types_meet_a_requirement_and_others_do_not(
    requirement: dict[str, object], accepted: str, excluded: str
) -> None:
    matching = names(requirement)
    assert accepted in matching
    assert excluded not in matching


def test_requirements_that_are_not_about_types_are_ignored() -> None:
    assert names(requirement_of("topology.kubernetes.io/zone", "In", "us-west-2a")) == set(INSTANCE_TYPES)
    assert not names_machines([requirement_of("kubernetes.io/arch", "In", "amd64"), requirement_of("team", "Exists")])
    assert names_machines([requirement_of(f"{AWS}family", "In", "g6")])


def test_a_comparison_with_something_else_than_a_number_is_never_met() -> None:
    assert not fits(requirement_of("any", "Gt", "many"), "4")
    assert not fits(requirement_of("any", "Lt"), "4")
    assert not fits(requirement_of("any", "Near", "4"), "4")


@pytest.mark.parametrize(
    ("requirement", "exclusive"),
    [
        (requirement_of("karpenter.sh/nodepool", "In", "b"), True),
        (requirement_of("karpenter.sh/nodepool", "NotIn", "a"), True),
        (requirement_of("karpenter.sh/nodepool", "DoesNotExist"), True),
        (requirement_of("karpenter.sh/nodepool", "Exists"), False),
        (requirement_of("team", "Exists"), False),
        (requirement_of(f"{AWS}family", "In", "g6"), True),
        (requirement_of(f"{AWS}family", "In", "p4d"), False),
    ],
)
def test_two_lists_exclude_each_other_when_no_node_meets_both(requirement: dict[str, object], exclusive: bool) -> None:
    pool_a = [requirement_of("karpenter.sh/nodepool", "In", "a"), requirement_of(INSTANCE_TYPE, "In", "p4d.24xlarge")]
    assert exclude_each_other(pool_a, [requirement]) is exclusive
    assert exclude_each_other([requirement], pool_a) is exclusive, "the order of the lists must not matter"
