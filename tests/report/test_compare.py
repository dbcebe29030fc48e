"""`python -m report compare`: equal previews, and every kind of difference."""

import json
from typing import Any

import pytest

from report.__main__ import main
from tests.report.logs import NETWORK, urn

VPC = urn("mlplatform:network:Network$aws:ec2/vpc:Vpc", "vpc")


def step(**changes: Any) -> dict[str, Any]:
    state = {"urn": VPC, "type": "aws:ec2/vpc:Vpc", "inputs": {"cidrBlock": "10.0.0.0/16"}, "parent": NETWORK}
    return {"op": "create", "urn": VPC, "newState": {**state, **changes}}


@pytest.fixture
def compare(tmp_path, capsys):
    def run(before: list[Any], after: list[Any]) -> tuple[int, str]:
        for name, steps in (("before", before), ("after", after)):
            (tmp_path / f"{name}.json").write_text(json.dumps({"steps": steps}))
        code = main(["compare", str(tmp_path / "before.json"), str(tmp_path / "after.json")])
        return code, capsys.readouterr().out

    return run


def test_the_place_of_a_registration_in_the_program_is_not_a_difference(compare):
    code, output = compare([step(sourcePosition="a.py#1")], [step(sourcePosition="network/a.py#2")])
    assert (code, output) == (0, "1 and 1 resources, no difference\n")


def test_the_order_of_dependencies_is_not_a_difference(compare):
    assert compare([step(dependencies=["a", "b"])], [step(dependencies=["b", "a"])])[0] == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"inputs": {"cidrBlock": "10.1.0.0/16"}}, 'inputs.cidrBlock: "10.0.0.0/16" -> "10.1.0.0/16"'),
        ({"parent": "elsewhere"}, f'parent: "{NETWORK}" -> "elsewhere"'),
        ({"protect": True}, "protect: null -> true"),
        ({"dependencies": ["a"]}, 'dependencies: null -> ["a"]'),
        ({"propertyDependencies": {"cidrBlock": ["a"]}}, 'propertyDependencies: null -> {"cidrBlock": ["a"]}'),
    ],
)
def test_a_difference_is_shown_with_urn_and_path(compare, change, expected):
    code, output = compare([step()], [step(**change)])
    assert code == 1
    assert f"~ {VPC}\n    {expected}\n" in output


def test_a_removed_or_added_resource_is_shown(compare):
    assert compare([step()], [])[1].startswith(f"- {VPC}\n")
    assert compare([], [step()])[1].startswith(f"+ {VPC}\n")


def test_another_operation_is_a_difference(compare):
    replaced = [{**step(), "op": op} for op in ("create-replacement", "replace", "delete-replaced")]
    assert 'op: ["create"] -> ["create-replacement", "replace", "delete-replaced"]' in compare([step()], replaced)[1]


def test_a_file_that_is_not_a_preview_is_refused_and_the_error_says_what_to_give(tmp_path, capsys):
    (tmp_path / "stack.json").write_text("{}")
    assert main(["compare", str(tmp_path / "stack.json"), str(tmp_path / "stack.json")]) == 2
    assert capsys.readouterr().err.endswith("Give the output of `pulumi preview --json`.\n")
