"""What a stack needs comes from its preview in the simulator, as in the account that is asked."""

from pathlib import Path

import pytest
import yaml

from components.core.bucket_names import bucket_name
from components.stack.stack_file import load_file
from preflight.needs import Needs, NoPreviewError, name_of, needs_of
from report.simulated import ROOT, project_with

OTHER = "999988887777"


def test_names_are_those_of_the_account_that_is_asked(tmp_path: Path) -> None:
    content = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    del content["config"]["ml-platform:deployer"]["role_arn"]
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content))
    project = project_with(tmp_path / "Pulumi.dev.yaml", tmp_path / "project")
    settings = load_file(project / "Pulumi.dev.yaml")
    needs = needs_of("dev", settings, OTHER, project)
    assert bucket_name(needs.stage, "datasets") in map(name_of, needs.of("s3/bucket:Bucket"))
    with pytest.raises(NoPreviewError, match="nothing"):
        needs_of("nothing", settings, OTHER, project)


def test_it_knows_what_will_really_be_built(needs: Needs) -> None:
    order = [(each.type, each.name) for each in needs.planned]
    assert order == sorted(order), "the engine's own order changes from run to run"
    assert needs.regions == ("us-west-2", "us-east-2"), "the second region has copies"
    assert needs.zones == ("us-west-2a", "us-west-2b", "us-west-2c")
    assert len(needs.of("eks/nodeGroup:NodeGroup")) == 12
    assert [name_of(each) for each in needs.of("sqs/queue:Queue")] == ["ml-platform-prod-main"]
    names = {each.name: name_of(each) for each in needs.of("iam/role:Role")}
    assert names["main-node-role"] is None, "Pulumi adds digits to it, so it never clashes"
