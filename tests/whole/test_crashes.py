"""Crashes and comebacks: what a killed engine, a lost answer or a retained bucket leaves behind is taken up again."""

import json
import shutil
from contextlib import closing

import pytest

from common.urns import type_of
from report import fire
from report.simulated import Simulated
from simulator import console
from simulator.cloud import Cloud
from tests.whole.conftest import Project, steps

pytestmark = pytest.mark.engine

UP = ("--yes", "--skip-preview")
TRAINER = {"namespace": "training", "service_account": "trainer", "mode": "write"}
BUCKET = {"purpose": "models", "tier": "production-inference", "used_by": [TRAINER]}
BOTH = {"buckets": {"models": BUCKET, "weights": BUCKET}}


def test_a_retained_bucket_is_adopted_when_its_entry_comes_back(tmp_path):
    live = Project(tmp_path / "project")
    live.change("prod", clusters__main__pools=live.pools("prod")[:1], storage=BOTH)
    live.pulumi("up", "--stack", "prod", *UP)
    bucket = next(each for each in live.resources() if each["urn"].endswith("aws:s3/bucket:Bucket::weights"))
    live.pulumi("state", "unprotect", bucket["urn"], "--yes", "--stack", "prod")
    live.change("prod", storage={"buckets": {"models": BUCKET}})
    live.pulumi("up", "--stack", "prod", *UP)
    assert bucket in live.resources(), "production retains its data"
    live.change("prod", storage=BOTH, cost_center="another")
    assert steps(live.preview("prod"), "import") == {"weights"}, "the bucket that never left is in the state"
    live.pulumi("up", "--stack", "prod", *UP)
    assert live.resources().count(bucket) == 1
    live.pulumi("preview", "--stack", "prod", "--refresh", "--expect-no-changes")


NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
RISKY = {
    "a killed engine, of what AWS would make twice": ("up", "die-after", "aws:kms/key:Key", "import"),
    "a lost answer": ("up", "after", "aws:efs/accessPoint:AccessPoint", "import"),
    "a killed engine, of what has a generated name": ("up", "die-after", NODE_GROUP, "deletion"),
    "a killed engine, of a release that Helm did not finish": ("up", "die-after", "kubernetes:helm.sh/v3:Release", ""),
    "a lost answer in a replacement": ("change", "after", NODE_GROUP, "deletion"),
}


@pytest.fixture(scope="module")
def grounds(tmp_path_factory):
    return fire.prepare(tmp_path_factory.mktemp("fire"), "dev", only=("up", "change"))


def test_what_others_add_is_left_alone(grounds, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(grounds.folder / "base", home, symlinks=True)

    def cloud(*arguments):
        console.run(list(arguments), home / "cloud.sqlite")

    with closing(Cloud(home / "cloud.sqlite")) as present:
        (vpc,) = present.of_type("aws:ec2/vpc:Vpc")
    foreign = {"kubernetes.io/cluster/other": "shared"}
    cloud("set", vpc.id, "tags", json.dumps({**vpc.state["tags"], **foreign}))
    theirs = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "theirs"}}
    cloud("add", "kubernetes:core/v1:Namespace", "ml-platform-dev-main/theirs", json.dumps(theirs))
    live = Simulated(home, caller=grounds.caller)
    for command in (("refresh", *UP, "--expect-no-changes"), ("up", *UP, "--expect-no-changes")):
        with (tmp_path / "output.txt").open("w") as output:
            done = live.pulumi("drift", *command, "--stack", "dev", "--non-interactive", output=output)
        assert not done.code, (tmp_path / "output.txt").read_text()
    with closing(Cloud(home / "cloud.sqlite")) as after:
        (kept,) = after.of_type(vpc.type)
        assert foreign.items() <= kept.state["tagsAll"].items()


def test_a_case_whose_fault_does_not_strike_is_no_success(grounds):
    with pytest.raises(fire.DivergedError, match="the fault did not strike: no call create of urn:nobody"):
        fire.Trial(grounds, fire.Case("up", "before", "create", "urn:nobody")).run()


@pytest.mark.parametrize("case", RISKY)
def test_a_stack_goes_on_as_the_runbook_says(grounds, case):
    life, moment, type_, help_ = RISKY[case]
    (trial,) = (
        each
        for each in grounds.cases((moment,), every=False)
        if (each.life, each.operation, type_of(each.urn)) == (life, "create", type_)
    )
    outcome = fire.Trial(grounds, trial).run()  # it raises what is left over or missing
    assert help_ in outcome, outcome
