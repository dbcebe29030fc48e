"""The commands as people run them: the real engine, the real program, the simulated cloud."""

import json

import pytest

from engine.locate import EngineNotFound, locate
from report import preview, rehearse, write
from report.simulated import ROOT

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def home_of_its_own(monkeypatch, tmp_path):
    try:
        locate()
    except EngineNotFound:
        pytest.skip("there is no engine; `make setup` builds one")
    for module in (preview, rehearse, write):
        monkeypatch.setattr(module, "HOME", tmp_path / ".simulator")


def test_a_preview_shows_what_the_engine_shows_and_then_the_cost(capfd):
    assert preview.preview("dev") == 0
    shown = capfd.readouterr().out
    engine, _, cost = shown.partition("\nMonthly cost of dev, USD")
    assert "to create" in engine, "the engine's own display comes first"
    assert "warning" not in shown.lower(), "a warning that is always there hides the one that matters"
    for item in ("EKS control plane", "NAT gateway", "node disks, gp3", "KMS key"):
        assert item in cost, "a whole stack was priced, the disks from their launch templates too"
    assert "no price is known for this type" not in cost, "every type of our own stack is priced, free, or explained"


def test_a_stack_of_prod_lives_its_whole_life_and_leaves_nothing(capsys):
    assert rehearse.rehearse("prod") == 0, capsys.readouterr().out
    shown = capsys.readouterr().out
    assert "so destroy would refuse them" in shown, "prod is protected, and its retirement says so"
    assert "the cloud is empty" in shown


def test_the_report_is_written_for_a_pull_request(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(write, "BUILD", tmp_path / "build")
    assert write.write("dev") == 0
    files = {path.name: path.read_text() for path in (tmp_path / "build" / "dev").iterdir()}
    assert set(files) == {"summary.md", "compute.md", "recovery.md", "cost.md", "cost.json", "settings.md", "facts.md"}
    assert files["summary.md"].startswith("## Stack `dev`")
    assert "| Policies | no violation" in files["summary.md"], "the stacks that we ship pass our own policies"
    assert '| `environment` | `"dev"` | stack file |' in files["settings.md"]
    cost = json.loads(files["cost.json"])
    for pool in cost["compute"]["pools"]:
        nodes = [i for i in cost["items"] if f"main-{pool['pool']}" in i["urn"] and i["item"].startswith("nodes,")]
        for bound in ("min", "max"):
            billed = sum(item["monthlyUsd"][bound] for item in nodes)
            assert billed == pytest.approx(pool["usdPerMonth"][bound], abs=0.05), "what was planned is what is built"
    assert str(ROOT) not in "".join(files.values()), "a report names no folder of the machine that wrote it"
