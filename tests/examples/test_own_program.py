"""The program of your own: it is built from nothing and taken down to nothing, and no policy is against it."""

import pytest

from report.simulated import ROOT, Simulated

pytestmark = pytest.mark.engine


def test_it_is_built_and_taken_down(tmp_path):
    simulated = Simulated(tmp_path / "home", ROOT / "examples" / "own_program", "203.0.113.10")
    output = tmp_path / "output"
    with output.open("w") as file:
        pack = ("--policy-pack", str(ROOT / "policies"))
        built = simulated.pulumi("up", "up", "--stack", "dev", "--yes", "--non-interactive", *pack, output=file)
    assert built.code == 0, output.read_text()
    groups = [line for line in simulated.cloud() if "aws:eks/nodeGroup:NodeGroup" in line]
    assert len(groups) == 4, "two pools in two zones"
    with output.open("w") as file:
        gone = simulated.pulumi(
            "destroy", "destroy", "--stack", "dev", "--yes", "--skip-preview", "--non-interactive", output=file
        )
    assert gone.code == 0, output.read_text()
    assert simulated.cloud() == ()
