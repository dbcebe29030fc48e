"""The engine takes a misspelt name in the options of a resource without a word: the option then does nothing."""

import pytest

from simulator.aws.inputs import form_at
from tests.components.whole_stacks import STACKS, built


def is_input(type_: str, inputs: dict[str, object], path: str) -> bool:
    return form_at(type_, path) is not None if type_.startswith("aws:") else path.split(".")[0] in inputs


@pytest.mark.parametrize("stack", STACKS)
def test_options_name_inputs_of_the_resource(stack: str) -> None:
    named = [
        (each.type, each.inputs, path)
        for each in built(stack).custom()
        for path in (*each.ignore_changes, *each.replace_on_changes)
    ]
    assert {path for _, _, path in named} >= {"vpcId", "scalingConfig.desiredSize"}
    assert [(type_, path) for type_, inputs, path in named if not is_input(type_, inputs, path)] == []


def test_a_name_that_is_no_input_is_seen() -> None:
    assert not is_input("aws:ec2/internetGateway:InternetGateway", {}, "vpcID")
    assert not is_input("aws:eks/nodeGroup:NodeGroup", {}, "scalingConfig.desiredsize")
