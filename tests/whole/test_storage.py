"""Places for data over the years of a stack: changed in place, never replaced by accident, lost and had again."""

import json

import pytest

from policies.held import held as held_by
from tests.whole.conftest import steps

pytestmark = pytest.mark.engine

UP = ("up", "--stack", "prod", "--yes", "--skip-preview")
TRAINING = {"namespace": "training", "mode": "write"}
STORAGE = {
    "buckets": {
        "checkpoints": {"purpose": "checkpoints", "tier": "training", "used_by": [TRAINING]},
        "models": {"purpose": "models", "tier": "production-inference", "used_by": [TRAINING]},
    },
    "file_systems": {"home": {"purpose": "shared", "used_by": [TRAINING]}},
    "lustre": {"fast": {"purpose": "scratch", "tier": "training", "zone": "us-west-2a", "used_by": [TRAINING]}},
}


@pytest.fixture(scope="module", autouse=True)
def small(project):
    """Production with little else in it, built."""
    system = project.pools("prod")[0]
    project.change("prod", clusters__main__pools=[system], storage=STORAGE)
    project.pulumi(*UP, "--policy-pack", "policies")


def held(project, kind):
    return [each for each in project.held() if each["type"] == kind]


def test_built_twice_is_built_once(project):
    project.pulumi("preview", "--stack", "prod", "--expect-no-changes", "--policy-pack", "policies")


def test_other_days_for_objects_are_an_update_in_place(project):
    project.change("prod", storage__buckets__checkpoints__expire_after_days=60)
    preview = project.preview("prod")
    assert steps(preview, "update") == {"checkpoints"}, "its lifecycle alone"
    assert not steps(preview, "create", "delete", "replace")
    project.pulumi(*UP)


def export(project):
    """What the pack is told: the data that the stack holds now."""
    exported = project.simulate("pulumi", "stack", "export", "--stack", "prod")
    path = project.folder / "held.json"
    path.write_text(json.dumps(held_by(json.loads(exported.stdout))))
    return str(path)


def preview(project):
    """A preview that is refused, with the pack that knows what is held."""
    pack = ("--policy-pack", "policies", "--policy-pack-config", export(project))
    done = project.simulate("pulumi", "preview", "--stack", "prod", "--non-interactive", *pack)
    assert done.returncode != 0, done.stdout
    return done.stdout


def test_a_file_system_that_would_be_replaced_is_refused_with_what_would_be_lost(project):
    project.change("prod", storage__lustre__fast__zone="us-west-2b")
    told = preview(project)
    project.change("prod", storage__lustre__fast__zone="us-west-2a")
    assert "unable to replace resource" in told, "the engine refuses what is protected"
    assert "rel-data-kept" in told
    assert "all files that its links have not exported would be lost. To move: add a second entry" in " ".join(
        told.split()
    )


def test_what_would_be_deleted_is_refused_at_preview(project):
    before = project.settings("prod")["ml-platform:storage"]
    buckets = {name: bucket for name, bucket in before["buckets"].items() if name != "models"}
    project.change("prod", storage={**before, "buckets": buckets, "file_systems": {}})
    told = preview(project)
    project.change("prod", storage=before)
    assert told.count("because it is protected") >= 2, (
        "the engine stops there, before it asks the pack of the whole stack"
    )


def test_a_lost_file_system_is_there_again_as_its_runbook_says(project):
    lost = held(project, "aws:efs/fileSystem:FileSystem")[0]
    for target in held(project, "aws:efs/mountTarget:MountTarget"):
        project.cloud("delete", target["id"])
    project.cloud("delete", lost["id"])
    project.pulumi("refresh", "--stack", "prod", "--yes", "--skip-preview")
    project.pulumi(*UP)
    found = held(project, "aws:efs/fileSystem:FileSystem")
    assert [each["urn"] for each in found] == [lost["urn"]]
    project.pulumi("preview", "--stack", "prod", "--expect-no-changes")
