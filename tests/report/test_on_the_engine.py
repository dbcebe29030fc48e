"""The report's commands with the real engine and program, in the simulated cloud."""

import json
import re

import pytest

from engine.locate import EngineNotFound, locate
from report import preview, rehearse, write
from report.simulated import ROOT

pytestmark = pytest.mark.engine
TIME = re.compile(r" +[\d.]+ s ")


def blocks_of_the_readme() -> list[list[str]]:
    """Returns the lines of each block of output in the README, without the dots that stand for lines left out."""
    blocks = (ROOT / "README.md").read_text().split("```text\n")[1:]
    return [[line for line in block.partition("```")[0].splitlines() if line.strip(" .")] for block in blocks]


@pytest.fixture(autouse=True)
def separate_home(monkeypatch, tmp_path):
    try:
        locate()
    except EngineNotFound:
        pytest.skip("there is no engine; `make setup` builds one")
    for module in (preview, rehearse, write):
        monkeypatch.setattr(module, "HOME", tmp_path / ".simulator")


def test_a_preview_shows_the_engines_output_and_then_the_cost(capfd):
    assert preview.preview("dev") == 0
    output = capfd.readouterr().out
    engine, _, cost = output.partition("\nMonthly cost of dev, USD")
    assert "to create" in engine, "the engine's output comes first"
    warnings = [line for line in output.splitlines() if "warning:" in line and "support of Kubernetes" not in line]
    assert warnings == [], "a permanent warning would hide an important one"
    for item in ("EKS control plane", "NAT gateway", "node disks, gp3", "KMS key"):
        assert item in cost, "the whole stack has prices, also disks of launch templates"
    assert "no price is known for this type" not in cost, "every type of our own stacks is priced, free, or explained"
    assert not [line for line in blocks_of_the_readme()[0] if line not in output.splitlines()], "the README shows it"


def test_a_rehearsal_of_prod_builds_and_destroys_everything(capsys):
    assert rehearse.rehearse("prod") == 0, capsys.readouterr().out
    output = capsys.readouterr().out
    assert "so destroy would delete nothing" in output, "prod is protected, and the rehearsal says so"
    assert "2 kept on purpose" in output, "the records that prove certificates: another stack may need them"
    shown = {TIME.sub("", line) for line in output.splitlines()}
    assert not [line for line in blocks_of_the_readme()[1] if TIME.sub("", line) not in shown], "the README shows it"


def test_the_report_is_written_for_a_pull_request(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(write, "BUILD", tmp_path / "build")
    assert write.write("dev") == 0
    files = {path.name: path.read_text() for path in (tmp_path / "build" / "dev").iterdir()}
    pages = {
        f"{name}.md"
        for name in ("access", "summary", "compute", "recovery", "reach", "cost", "settings", "facts", "identities")
    }
    documents = {name for name in files if name.startswith("identity-")}
    assert {name.split("-")[1] for name in documents} == {"preview", "deployer", "boundary", "break"}
    assert set(files) - documents == {*pages, "cost.json"}
    assert files["summary.md"].startswith("## Stack `dev`")
    assert "| Policies | no mandatory findings" in files["summary.md"], "our own stacks pass our policies"
    assert '| `environment` | `"dev"` | stack file |' in files["settings.md"]
    cost = json.loads(files["cost.json"])
    for pool in cost["compute"]["pools"]:
        nodes = [i for i in cost["items"] if f"main-{pool['pool']}" in i["urn"] and i["item"].startswith("nodes,")]
        for bound in ("min", "max"):
            billed = sum(item["monthlyUsd"][bound] for item in nodes)
            assert billed == pytest.approx(pool["usdPerMonth"][bound], abs=0.05), (
                "the plan and the preview have the same cost"
            )
    assert str(ROOT) not in "".join(files.values()), "a report contains no path of the machine that wrote it"
