"""`python -m preflight`: exit statuses, JSON, and what it says about a wrong command line or stack file."""

import json
import subprocess

import pytest

from preflight.__main__ import main
from preflight.account import Account
from preflight.needs import NoPreviewError
from report.simulated import ROOT
from tests.preflight import accounts
from tests.preflight.answers import Asked


@pytest.fixture
def ready(monkeypatch, aws, needs):
    """An account in moto that is ready, and the one preview of all tests."""
    accounts.furnish(needs)
    monkeypatch.setattr("preflight.account.Account", lambda region, calls: Asked(accounts.ready(needs)))
    monkeypatch.setattr("preflight.run.needs_of", lambda *_: needs)
    said = {"aws": "aws-cli/2.31.0 Python/3.13\n"}
    monkeypatch.setattr("preflight.checks.tools.output_of", lambda *command: said.get(command[0], "[]"))


def test_ready_with_a_warning_is_zero(ready, capsys, project):
    assert main(["--stack", "prod"], project) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "Account 123456789012 for stack prod in us-west-2, asked as arn:aws:sts::123456789012:user/moto"
    )
    assert said.splitlines()[3].startswith("warning         Engine and plugins")
    assert said.rstrip().endswith("Next: `pulumi up --stack prod`.")


def test_a_failure_is_one(ready, capsys, project, needs, monkeypatch):
    poor = {**accounts.ready(needs), "ec2:DescribeTransitGateways": {"TransitGateways": []}}
    monkeypatch.setattr("preflight.account.Account", lambda region, calls: Asked(poor))
    assert main(["--stack", "prod", "--json"], project) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["stack"], document["account"], document["counts"]["failure"]) == ("prod", "123456789012", 1)


def test_a_stack_that_is_not_there_is_two(capsys):
    assert main(["--stack", "prdo"]) == 2
    assert capsys.readouterr().err == "preflight: there is no Pulumi.prdo.yaml. The stacks are: dev, prod.\n"
    assert main(["--stack", ""]) == 2
    assert capsys.readouterr().err == "preflight: STACK is empty. The stacks are: dev, prod.\n"


def test_a_wrong_stack_file_is_two_and_all_its_mistakes_are_said(tmp_path, capsys):
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {ml-platform:region: us-wets-2}\n")
    assert main(["--stack", "dev"], tmp_path) == 2
    error = capsys.readouterr().err
    assert "us-wets-2 is not an AWS region of the catalog. Did you mean us-west-2?" in error
    assert "clusters" in error, "every mistake at once"


def test_a_stack_that_the_simulator_refuses_is_two(ready, monkeypatch, capsys, project):
    def refused(*_):
        raise NoPreviewError("no")

    monkeypatch.setattr("preflight.run.needs_of", refused)
    assert main(["--stack", "prod"], project) == 2
    assert capsys.readouterr().err == "preflight: the preview of prod in the simulator fails: no\n"


def test_make_passes_the_options():
    command = ["make", "--dry-run", "--assume-old=setup", "preflight", "STACK=prod", "JSON=yes"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert '-m preflight --stack "prod" --json' in printed


def test_the_account_has_no_credentials_in_what_it_shows(aws):
    assert "wJalr" not in repr(vars(Account("us-west-2", ())))
