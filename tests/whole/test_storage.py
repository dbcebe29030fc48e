"""Storage over the life of a stack: changed in place, never replaced by accident, and recovered after a loss."""

import json

import pytest

from common.urns import name_of
from policies.held import held as held_by
from tests.whole.conftest import steps

pytestmark = pytest.mark.engine

UP = ("up", "--stack", "prod", "--yes")
TRAINING = {"namespace": "training", "mode": "write"}
TRAINER = {**TRAINING, "service_account": "trainer"}
STORAGE = {
    "buckets": {
        "checkpoints": {"purpose": "checkpoints", "tier": "training", "used_by": [TRAINER]},
        "models": {"purpose": "models", "tier": "production-inference", "used_by": [TRAINER]},
    },
    "file_systems": {
        "home": {"purpose": "shared", "used_by": [TRAINING]},
        "copied": {"purpose": "shared", "used_by": [TRAINING], "replicate_to": "us-east-2"},
    },
    "lustre": {
        "fast": {
            "purpose": "scratch",
            "tier": "training",
            "zone": "us-west-2a",
            "links": [{"bucket": "checkpoints", "path": "/checkpoints"}],
            "used_by": [TRAINING],
        }
    },
    "recovery": {"copy_to": "us-east-2"},
}


@pytest.fixture(scope="module", autouse=True)
def small(project):
    """Builds the prod stack with one pool and the storage above."""
    system = project.pools("prod")[0]
    project.change("prod", clusters__main__pools=[system], storage=STORAGE)
    project.pulumi(*UP, "--skip-preview", "--policy-pack", "policies")


def of_type(project, kind):
    return [each for each in project.resources() if each["type"] == kind]


def test_a_second_preview_shows_no_change(project):
    project.pulumi("preview", "--stack", "prod", "--expect-no-changes", "--policy-pack", "policies")


def test_what_may_exist_once_is_deleted_before_the_new_one_also_with_another_name(project):
    """A file system has one copy, and a bucket one link to a folder of it."""
    project.change(
        "prod",
        storage__file_systems__copied__replicate_to="us-east-1",
        storage__lustre__fast__links=[{"bucket": "checkpoints", "path": "/saved"}],
    )
    project.pulumi(*UP)
    (copy,) = of_type(project, "aws:efs/replicationConfiguration:ReplicationConfiguration")
    (link,) = of_type(project, "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation")
    assert (name_of(copy["urn"]), name_of(link["urn"])) == ("copied-copy", "fast/saved")


def test_a_new_expiry_of_objects_is_an_update_in_place(project):
    project.change("prod", storage__buckets__checkpoints__expire_after_days=60)
    preview = project.preview("prod")
    assert steps(preview, "update") == {"checkpoints"}, "only the bucket's lifecycle changes"
    assert not steps(preview, "create", "delete", "replace")
    project.pulumi(*UP)


def export(project):
    """Writes the pack's configuration: the data that the stack has now. Returns the path of the file."""
    exported = project.simulate("pulumi", "stack", "export", "--stack", "prod")
    path = project.folder / "held.json"
    path.write_text(json.dumps(held_by(json.loads(exported.stdout))))
    return str(path)


def preview(project):
    """Returns the output of a preview that must be refused, with the pack that knows the stack's data."""
    pack = ("--policy-pack", "policies", "--policy-pack-config", export(project))
    completed = project.simulate("pulumi", "preview", "--stack", "prod", "--non-interactive", *pack)
    assert completed.returncode != 0, completed.stdout
    return completed.stdout


def test_replacing_a_file_system_is_refused_with_what_would_be_lost(project):
    project.change("prod", storage__lustre__fast__zone="us-west-2b")
    output = preview(project)
    project.change("prod", storage__lustre__fast__zone="us-west-2a")
    assert "unable to replace resource" in output, "the engine refuses to replace protected resources"
    assert "rel-data-kept" in output
    assert "all files that its links have not exported stay in AWS. To move: add a second entry" in " ".join(
        output.split()
    )


def test_what_would_be_deleted_is_refused_at_preview(project):
    before = project.settings("prod")["ml-platform:storage"]
    buckets = {name: bucket for name, bucket in before["buckets"].items() if name != "models"}
    project.change("prod", storage={**before, "buckets": buckets, "file_systems": {}})
    output = preview(project)
    project.change("prod", storage=before)
    assert output.count("because it is protected") >= 2, (
        "the engine stops at protected resources, before it calls the pack for the whole stack"
    )


def test_a_lost_file_system_is_recovered_as_its_runbook_says(project):
    (lost,) = [each for each in of_type(project, "aws:efs/fileSystem:FileSystem") if name_of(each["urn"]) == "home"]
    for target in of_type(project, "aws:efs/mountTarget:MountTarget"):
        if name_of(target["urn"]).startswith("home-"):
            project.cloud("delete", target["id"])
    project.cloud("delete", lost["id"])
    project.pulumi("refresh", "--stack", "prod", "--yes", "--skip-preview")
    project.pulumi(*UP)
    file_systems = of_type(project, "aws:efs/fileSystem:FileSystem")
    assert [each["urn"] for each in file_systems].count(lost["urn"]) == 1
    project.pulumi("preview", "--stack", "prod", "--expect-no-changes")
