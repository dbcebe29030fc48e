"""What a message suggests: a number only where one can be read, and a name only where it is the same name."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack


def advice(given: Any, key: str = "monthly_usd") -> str:
    """Returns what the message about a number of a team's budget or quota says at its end."""
    team: dict[str, Any] = {"name": "research", "namespaces": ["research"]}
    if key == "monthly_usd":
        team["budget"] = {key: given, "notify": ["ml-research@example.com"]}
    else:
        team["quota"] = {"research": {"objects": {key: given}} if key == "pods" else {key: given}}
    (problem,) = problems(stack((("teams",), [team])))
    return problem.message.partition("expected here. ")[2]


@pytest.mark.parametrize(
    ("given", "key", "number"),
    [
        ("$3,000", "monthly_usd", 3000),
        ("3 000 USD", "monthly_usd", 3000),
        ("80 $", "monthly_usd", 80),
        ("1e3", "monthly_usd", 1000),
        ("500m", "cpu", 1),
        ("1Gi", "memory_gib", 1),
        ("some", "monthly_usd", 2),
        ("_", "monthly_usd", 2),
        ("²", "monthly_usd", 2),
        (float("inf"), "monthly_usd", 2),
    ],
)
def test_the_number_that_was_meant_is_suggested(given: Any, key: str, number: int) -> None:
    assert advice(given, key) == f"Write a number, for example {key}: {number}."


@pytest.mark.parametrize(("given", "meant"), [(0.8, "80"), (1.0, "100"), (80, "80"), (1e16, "1e+16")])
def test_a_part_of_a_budget_is_suggested_in_percent(given: float, meant: str) -> None:
    budget = {"monthly_usd": 100, "notify": ["ml-research@example.com"], "at_percent": given}
    team = {"name": "research", "namespaces": ["research"], "budget": budget}
    (problem,) = problems(stack((("teams",), [team])))
    assert problem.message.endswith(f"but a list is expected here. Write [{meant}].")


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("20k", "monthly_usd"),
        ("0x10", "monthly_usd"),
        ("3.000,50", "monthly_usd"),
        ("1e400", "monthly_usd"),
        ("1e99", "monthly_usd"),
        ("1Ti", "memory_gib"),
        ("1k", "pods"),
    ],
)
def test_no_number_is_suggested_where_another_could_be_meant(given: str, key: str) -> None:
    assert advice(given, key) == "Write digits alone, without a unit."


@pytest.mark.parametrize(
    ("name", "end"),
    [
        (" MlResearch", "Write for example MlResearch."),
        ("Ml Teams", "Write for example MlResearch."),  # the example of the setting: ml-teams is another set
        ("AWSReservedSSO_MlTeams", "Write the name of the set: MlTeams."),
        ("AWSReservedSSO_MlTeams_0123456789abcdef", "Write the name of the set: MlTeams."),
    ],
)
def test_a_permission_set_keeps_its_capitals(name: str, end: str) -> None:
    members = {"people": {"role": "viewer", "permission_set": name}}
    team = {"name": "research", "namespaces": ["research"], "members": members}
    (problem,) = problems(stack((("teams",), [team])))
    assert problem.message.endswith(end)
