"""Images of a stack that is up: repositories with images, a cache and its secret, and what stays. In this order."""

from contextlib import closing
from pathlib import Path

import pytest

from simulator import users_things
from simulator.aws import tokens
from simulator.cloud import Cloud
from simulator.kubernetes import kyverno
from simulator.kubernetes.clusters import EKS_CLUSTER, cluster_of
from simulator.kubernetes.webhooks import left_in
from tests.settings.tenancy.test_wrong_signatures import PUBLIC
from tests.whole.conftest import Project, steps
from tests.whole.edits import Edit, make, rows
from tests.whole.live import GONE, Live, live

pytestmark = pytest.mark.engine

REGION, NAME = "us-west-2", "ml-platform-dev/research/trainer"
CI = "arn:aws:iam::123456789012:role/ci-research"
SIGNED = {"images": ["123456789012.dkr.ecr.us-west-2.amazonaws.com/ml-platform-dev/research/*"], "keys": [PUBLIC]}
BUILD = "https://github.com/example/research/.github/workflows/build.yaml@refs/heads/main"
TWO, THREE = ["k8s", "docker-hub"], ["k8s", "docker-hub", "ghcr"]
EDITS = {
    "a machine pushes": Edit({"teams.research.pushers": [CI]}),
    "fewer images are kept": Edit({"images.keep": 100}),
    "one repository more": Edit({"teams.research.repositories": ["trainer", "notebook"]}),
    "an image without a signature is told of": Edit({"admission": {"kyverno": {}, "signatures": SIGNED}}),
    "it is refused, and a build signs as well": Edit(
        {
            "admission.mode": "deny",
            "admission.signatures": {
                **SIGNED,
                "mode": "deny",
                "identities": [{"issuer": "https://token.actions.githubusercontent.com", "subject": BUILD}],
            },
        }
    ),
    "a cache": Edit({"images.cache": {"upstreams": TWO}}),
    "its secret is filled": Edit({"images.cache.filled": ["docker-hub"]}),
    "a secret that nobody has filled yet": Edit(
        {"images.cache": {"upstreams": THREE, "filled": THREE[1:]}}, refused="SecretNotFoundException"
    ),
    "a registry more": Edit({"images.cache.upstreams": THREE}),
    "other images are trusted": Edit({"admission.registries": ["docker.io/library"]}),
    "no signature is needed, and Kyverno goes": Edit({"admission.kyverno": GONE, "admission.signatures": GONE}),
}


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Live:
    return live(tmp_path_factory.mktemp("dev") / "project", "dev", {"teams.research.repositories": ["trainer"]})


@pytest.mark.parametrize("edit", rows(EDITS))
def test_an_edit_does_what_its_preview_showed(dev: Live, edit: Edit) -> None:
    make(dev, edit)


def test_kyverno_leaves_nothing_that_refuses(dev: Live) -> None:
    with closing(Cloud(dev.cloud)) as cloud:
        cluster = cluster_of(cloud, cloud.of_type(EKS_CLUSTER)[0])
        assert not kyverno.policies(cluster, None)
        assert not [*left_in(cluster), *cluster.releases_of(kyverno.CHART)]


def test_nodes_of_the_stack_may_fill_each_cache(dev: Live) -> None:
    with closing(Cloud(dev.cloud)) as cloud:
        before = {row.id for row in cloud.of_type(tokens.REPOSITORY)}
        users_things.add(cloud, cloud.of_type(EKS_CLUSTER)[0])
        made = {row.id: row.state for row in cloud.of_type(tokens.REPOSITORY) if row.id not in before}
    assert set(made) == {f"ml-platform-dev/{name}/library/debug" for name in TWO}
    for state in made.values():
        assert state["tags"]["project"] == "ml-platform", "its cost is the stack's"
        assert state["__lifecycle"], "otherwise it keeps all images for ever"


def test_a_full_repository_goes_with_a_stack_that_nothing_protects_and_what_pulls_made_stays(dev: Live) -> None:
    with closing(Cloud(dev.cloud)) as cloud:
        row = cloud.get(tokens.REPOSITORY, NAME, REGION)
        assert row is not None
        cloud.put(row.type, row.id, {**row.state, "__images": ["v1"]}, region=REGION)
        for thing in [each for each in cloud.all() if "/users/" in each.id or each.urn == ""]:
            if thing.type != tokens.REPOSITORY and not thing.state.get("__owner"):
                cloud.delete(thing.type, thing.id, thing.region)
    dev.change({"images.cache": GONE})
    dev.run("up", "--yes", "--skip-preview")
    dev.run("destroy", "--yes", "--skip-preview")
    with closing(Cloud(dev.cloud)) as cloud:
        left = {row.id for row in cloud.all() if row.type == tokens.REPOSITORY}
    assert left == {f"ml-platform-dev/{name}/library/debug" for name in TWO}, "retire deletes these"


def test_a_retained_repository_is_adopted_with_its_key_when_its_entry_comes_back(tmp_path: Path) -> None:
    prod, up = Project(tmp_path / "project"), ("up", "--stack", "prod", "--yes", "--skip-preview")
    prod.change("prod", clusters__main__pools=prod.pools("prod")[:1], storage={})
    prod.change("prod", teams__0__repositories=["trainer"])
    prod.pulumi(*up)
    (repository,) = (each for each in prod.resources() if "aws:ecr/repository:Repository" in each["urn"])
    prod.pulumi("state", "unprotect", repository["urn"], "--yes", "--stack", "prod")
    prod.change("prod", teams__0__repositories=[])
    prod.pulumi(*up)
    assert repository in prod.resources(), "production retains its images"
    prod.change("prod", teams__0__repositories=["trainer"])
    assert steps(prod.preview("prod"), "import") == {"main-team-research.images.trainer"}
    prod.pulumi(*up)
    assert prod.resources().count(repository) == 1, "with another key it would be made anew, without its images"
    prod.pulumi("preview", "--stack", "prod", "--refresh", "--expect-no-changes")
