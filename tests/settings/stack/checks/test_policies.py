"""Options of policies: every mistake at once, at its place, with what to write."""

import subprocess
import sys
from typing import Any

import pytest

from policies import docs
from policies.options import known
from settings.stack.checks.policies import options_of_rules
from tests.policies.policy_harness import ALL
from tests.settings.stacks import problems, stack

RIGHT = {
    "cost-monthly-cap": {"usd": 30000.5},
    "res-allowed-regions": {"regions": ["eu-central-1"]},
    "eks-endpoint-private": {"public": "allowed"},
    "img-pinned": {"digest": False},
}


def test_options_that_the_pack_has_are_no_mistake() -> None:
    assert problems(stack((("policies",), RIGHT))) == ()


@pytest.mark.parametrize(
    ("policies", "path", "end"),
    [
        ({"cost-monthly-cup": {}}, "cost-monthly-cup", "is no rule of the policy pack. Did you mean cost-monthly-cap?"),
        ({"node-imdsv2": "disabled"}, "node-imdsv2", "policies/waivers.yaml, with owner, reason and last day."),
        ({"node-imdsv2": {"level": "advisory"}}, "node-imdsv2.level", "with owner, reason and last day."),
        ({"node-imdsv2": {"hops": 1}}, "node-imdsv2.hops", "It has no options: drop it."),
        ({"cost-max-gpus": 9}, "cost-max-gpus", "is no map of options. Its options: gpus."),
        ({"cost-max-gpus": {"gpu": 9}}, "cost-max-gpus.gpu", "Did you mean gpus? Its options: gpus."),
        ({"cost-max-gpus": {"gpus": "9"}}, "cost-max-gpus.gpus", "Correct it, or drop it for its default."),
        ({"cost-max-gpus": {"gpus": -1}}, "cost-max-gpus.gpus", "Correct it, or drop it for its default."),
        ({"cost-max-gpus": {"gpus": True}}, "cost-max-gpus.gpus", "Correct it, or drop it for its default."),
        ({"img-pinned": {"digest": 1}}, "img-pinned.digest", "Correct it, or drop it for its default."),
        ({"type-unseen": {"accepted": "a"}}, "type-unseen.accepted", "Correct it, or drop it for its default."),
        ({"type-unseen": {"accepted": [1]}}, "type-unseen.accepted", "Correct it, or drop it for its default."),
        ({"cost-nat-count": {"per": "az"}}, "cost-nat-count.per", "Write vpc or zone, or drop it."),
    ],
)
def test_a_wrong_option_is_reported_at_its_place(policies: dict[str, Any], path: str, end: str) -> None:
    (problem,) = problems(stack((("policies",), policies)))
    assert problem.path == f"policies.{path}"
    assert problem.message.endswith(end)


def test_all_mistakes_are_told_at_once_and_none_hides_another() -> None:
    wrong = {"cost-max-gpus": {"gpus": "9", "gpu": 1}, "no-rule": {}, "node-imdsv2": "mandatory"}
    found = problems(stack((("policies",), wrong), (("region",), "us-west-9")))
    assert len(found) == 5


def test_what_is_no_map_of_rules_is_refused() -> None:
    (problem,) = problems(stack((("policies",), [{"cost-max-gpus": {"gpus": 1}}])))
    assert problem.path == "policies"
    assert "map" in problem.message


def test_the_options_of_settings_are_those_of_the_pack() -> None:
    assert options_of_rules() == known(ALL), "run python -m policies.docs"
    assert docs.OPTIONS.exists()


def test_a_stack_file_without_them_loads_neither_the_pack_nor_its_options() -> None:
    program = (
        "import sys; from components.stack.stack_file import load; from tests.settings.stacks import stack, TODAY;"
        "from settings.stack.checks.policies import options_of_rules as read;"
        "load(stack(), 'x', TODAY); assert read.cache_info().currsize == 0; assert 'policies.rule' not in sys.modules"
    )
    subprocess.run((sys.executable, "-c", program), check=True)
