"""`python -m report`: errors, and prices without the simulator."""

import json
import subprocess

import pytest

from report.__main__ import main
from report.simulated import ROOT
from tests.report.logs import NETWORK, PROVIDER, state, urn

NAT = urn("mlplatform:network:Network$aws:ec2/natGateway:NatGateway", "nat")
STATES = [state(PROVIDER, inputs={"region": "us-east-1"}), state(NETWORK), state(NAT, NETWORK)]


@pytest.mark.parametrize(
    "document",
    [
        {"steps": [{"op": "create", "urn": new["urn"], "newState": new} for new in STATES]},
        {"version": 3, "deployment": {"resources": STATES}},
    ],
    ids=["preview", "stack export"],
)
def test_the_output_of_pulumi_about_a_real_stack_is_priced(tmp_path, capsys, document):
    (tmp_path / "stack.json").write_text(json.dumps(document))
    assert main(["cost", str(tmp_path / "stack.json")]) == 0
    output = capsys.readouterr().out
    assert "Monthly cost of dev, USD, list prices, us-east-1" in output
    assert "NAT gateway" in output


@pytest.mark.parametrize("text", ["{", "[]", '{"steps": 1}', "{}"])
def test_another_file_is_refused_and_the_error_says_what_to_give(tmp_path, capsys, text):
    (tmp_path / "other.json").write_text(text)
    assert main(["cost", str(tmp_path / "other.json")]) == 2
    error = capsys.readouterr().err
    assert error.endswith("Give the output of `pulumi preview --json` or `pulumi stack export`.\n")


def test_the_error_about_a_missing_stack_lists_the_stacks(capsys):
    assert main(["preview", "--stack", "prdo"]) == 2
    assert capsys.readouterr().err == "report: there is no Pulumi.prdo.yaml. The stacks are: dev, prod.\n"


def test_the_error_about_an_empty_stack_lists_the_stacks(capsys):
    assert main(["preview", "--stack", ""]) == 2, "make preview STACK= gives an empty word"
    assert capsys.readouterr().err == "report: STACK is empty. The stacks are: dev, prod.\n"


@pytest.mark.parametrize("target", ["preview", "rehearse", "report"])
def test_make_passes_an_empty_stack_as_a_word(target):
    printed = subprocess.run(
        ["make", "--dry-run", "--assume-old=setup", target, "STACK="],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert '--stack ""' in printed


@pytest.mark.parametrize("target", ["rehearse", "report"])
def test_make_passes_the_base(target):
    command = ["make", "--dry-run", "--assume-old=setup", target, "BASE=origin/main"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert '--stack "dev" --base "origin/main"' in printed


def test_a_stack_without_a_region_cannot_be_priced(tmp_path, capsys):
    (tmp_path / "stack.json").write_text(json.dumps({"deployment": {"resources": STATES[1:]}}))
    assert main(["cost", str(tmp_path / "stack.json")]) == 2
    assert capsys.readouterr().err.endswith("Give the provider a region.\n")


def test_a_number_of_nodes_is_none_below_zero(capsys):
    with pytest.raises(SystemExit):
        main(["scale", "--pool", "main.cpu", "--to", "-1"])
    assert "-1 is no number of nodes. Write 0 or more." in capsys.readouterr().err
