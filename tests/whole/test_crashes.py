"""Crashes and comebacks: what a killed engine, a lost answer or a retained bucket leaves behind is taken up again."""

import pytest

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
