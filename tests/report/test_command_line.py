"""`python -m report`: what it refuses, and what it prices without the simulator."""

import json

import pytest

from report.__main__ import main
from tests.report.logs import NETWORK, PROVIDER, state, urn

NAT = urn("mlplatform:network:Network$aws:ec2/natGateway:NatGateway", "nat")
STATES = [state(PROVIDER, inputs={"region": "us-east-1"}), state(NETWORK), state(NAT, NETWORK)]


@pytest.mark.parametrize(
    "document",
    [
        {"steps": [{"op": "create", "urn": each["urn"], "newState": each} for each in STATES]},
        {"version": 3, "deployment": {"resources": STATES}},
    ],
    ids=["preview", "stack export"],
)
def test_what_pulumi_wrote_about_a_real_stack_is_priced(tmp_path, capsys, document):
    (tmp_path / "stack.json").write_text(json.dumps(document))
    assert main(["cost", str(tmp_path / "stack.json")]) == 0
    shown = capsys.readouterr().out
    assert "Monthly cost of dev, USD, list prices, us-east-1" in shown
    assert "NAT gateway" in shown


@pytest.mark.parametrize("text", ["{", "[]", '{"steps": 1}', "{}"])
def test_a_file_that_is_neither_is_refused_with_the_way_out(tmp_path, capsys, text):
    (tmp_path / "other.json").write_text(text)
    assert main(["cost", str(tmp_path / "other.json")]) == 2
    error = capsys.readouterr().err
    assert error.endswith("Give the output of `pulumi preview --json` or `pulumi stack export`.\n")


def test_a_stack_that_does_not_exist_is_refused_with_those_that_do(capsys):
    assert main(["preview", "--stack", "prdo"]) == 2
    assert capsys.readouterr().err == "report: there is no Pulumi.prdo.yaml. The stacks are: dev, prod.\n"


def test_a_stack_without_a_region_cannot_be_priced(tmp_path, capsys):
    (tmp_path / "stack.json").write_text(json.dumps({"deployment": {"resources": STATES[1:]}}))
    assert main(["cost", str(tmp_path / "stack.json")]) == 2
    assert capsys.readouterr().err.endswith("Give the provider a region.\n")
