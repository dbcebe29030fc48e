"""The first deployment of prod as the README has it, and the same from a place that does not reach the API."""

import json
import re
import shlex
import shutil
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from report.simulated import ROOT
from tests.whole.conftest import Project, steps

pytestmark = pytest.mark.engine

SECTION = (ROOT / "README.md").read_text().partition("## Deploying for real")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^ *```(console|yaml)\n(.*?)^ *```", SECTION, re.DOTALL | re.MULTILINE)
ELSEWHERE = (
    "aws",
    "pulumi login",
    "pulumi stack init",
)  # the account and the backend, of which the simulator has its own
UP = ("up", "--stack", "prod", "--yes", "--skip-preview", "--policy-pack", "policies")


def commands(block: str) -> list[list[str]]:
    """Returns the commands of a block that run in the simulator."""
    lines = [line.strip().removeprefix("$ ") for line in block.splitlines() if line.strip()]
    return [shlex.split(line) for line in lines if not line.startswith(ELSEWHERE)]


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """A copy of the project with one pool in prod, and with policies of its own, so that a waiver may be written."""
    made = Project(tmp_path_factory.mktemp("first") / "project")
    (made.folder / "policies").unlink()
    shutil.copytree(ROOT / "policies", made.folder / "policies")
    made.change("prod", clusters__main__pools=made.pools("prod")[:1], storage={})
    return made


def stands(project: Project) -> str:
    """Returns deployer.from in the file that the commands have changed."""
    copy = project.folder / ".simulator" / "project" / "Pulumi.prod.yaml"
    address: str = yaml.safe_load(copy.read_text())["config"]["ml-platform:deployer"]["from"]
    return address


def run(project: Project, command: list[str]) -> str:
    """Runs a command as a person would who says yes to every question."""
    words = [*command, "--yes", "--skip-preview"] if command[1] == "up" else command
    done = project.simulate(*words, "--non-interactive", caller=stands(project))
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def write_waiver(project: Project, text: str) -> None:
    """Writes the waiver of the README with a last day that is ahead of today's."""
    (waiver,) = yaml.safe_load(text)
    waiver["expires"] = (datetime.now(UTC) + timedelta(days=30)).date()
    (project.folder / "policies" / "waivers.yaml").write_text(yaml.safe_dump([waiver]))


def test_the_readme_has_each_step():
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds == ["console", "console", "console", "yaml", "console", "console"]
    assert commands(BLOCKS[0][1]) == [], "only the account and the backend are prepared"


def test_from_an_address_that_cannot_reach_the_api_prod_fails_as_a_real_run_would(project):
    failed = project.simulate("pulumi", *UP, "--non-interactive", caller="198.51.100.7")
    assert failed.returncode != 0
    assert "configured Kubernetes cluster is unreachable" in failed.stdout
    assert "dial tcp: i/o timeout: the caller at 198.51.100.7 cannot reach it" in failed.stdout
    made = {each["type"] for each in project.resources()}
    assert "aws:eks/cluster:Cluster" in made, "a real run also makes the cluster, and then waits in vain"


def test_from_inside_the_same_command_finishes_it(project):
    for command in commands(BLOCKS[1][1]):
        run(project, command)
    project.pulumi("preview", "--stack", "prod", "--expect-no-changes", "--policy-pack", "policies")


def test_without_a_way_into_the_company_the_endpoint_is_opened_by_a_waiver(project):
    for command in commands(BLOCKS[2][1]):
        run(project, command)
    assert stands(project) == "203.0.113.10"
    refused = project.simulate("pulumi", *UP, "--non-interactive", caller=stands(project))
    assert refused.returncode != 0
    assert "eks-endpoint-private" in refused.stdout + refused.stderr, "the policy asks for the waiver"
    write_waiver(project, BLOCKS[3][1])
    for command in commands(BLOCKS[4][1]):
        run(project, command)


def test_closing_it_afterwards_changes_the_cluster_in_place(project):
    *settings, up = commands(BLOCKS[5][1])
    for command in settings:
        run(project, command)
    assert stands(project) == "10.200.8.10"
    (project.folder / "policies" / "waivers.yaml").write_text("[]\n")
    preview = project.preview("prod", "--policy-pack", "policies")
    assert steps(preview, "update") == {"main-eksCluster"}
    assert not steps(preview, "create", "delete", "replace", "create-replacement")
    run(project, up)


def test_from_the_office_the_api_is_now_out_of_reach(project):
    unreachable = project.simulate(
        "pulumi", "refresh", "--stack", "prod", "--yes", "--non-interactive", caller="203.0.113.10"
    )
    assert unreachable.returncode != 0
    assert "its public endpoint is off" in unreachable.stdout


def test_an_entry_that_is_there_already_is_refused_and_imported_as_the_guide_says(project):
    exported = json.loads(project.simulate("pulumi", "stack", "export", "--stack", "prod").stdout)
    resources = exported["deployment"]["resources"]
    lost = {each["urn"] for each in resources if each["urn"].endswith("::main-deployer")}
    assert len(lost) == 2, "the entry and its policy, as EKS makes them for the creator"
    exported["deployment"]["resources"] = [without(each, lost) for each in resources if each["urn"] not in lost]
    (project.folder / "state.json").write_text(json.dumps(exported))
    project.pulumi("stack", "import", "--stack", "prod", "--file", str(project.folder / "state.json"))
    refused = project.simulate("pulumi", *UP, "--non-interactive", caller=stands(project))
    assert refused.returncode != 0
    assert "The specified access entry resource is already in use on this cluster." in refused.stdout
    urns = {each["urn"].rpartition("::")[2]: each["urn"] for each in resources if "$eks:index" not in each["urn"]}
    provider = next(each for each in resources if each["urn"].endswith("::platform-aws"))
    values = {
        "<URN of Cluster main>": next(urn for urn in urns.values() if urn.endswith("mlplatform:cluster:Cluster::main")),
        "<URN of platform-aws>": provider["urn"],
        "<cluster>": "ml-platform-prod-main",
        "<role ARN>": "arn:aws:iam::123456789012:role/ml-platform-deployer",
        "<policy ARN>": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
    }
    guide = (ROOT / "docs" / "guides" / "cluster" / "way-in.md").read_text()
    (block,) = re.findall(r"^ *```console\n(.*?pulumi import.*?)^ *```", guide, re.DOTALL | re.MULTILINE)
    for placeholder, value in values.items():
        block = block.replace(placeholder, value)
    for command in block.replace("\\\n", " ").strip().splitlines():
        run(project, shlex.split(command.strip().removeprefix("$ ")))
    preview = project.preview("prod")
    assert steps(preview, "update") <= {"main-deployer"}, "its empty list of groups"
    assert not steps(preview, "create", "delete", "replace", "create-replacement")


def without(resource: dict, lost: set[str]) -> dict:
    """Returns a resource of a state without its dependencies on lost ones."""
    dependencies = [urn for urn in resource.get("dependencies", []) if urn not in lost]
    by_property = {
        key: [urn for urn in urns or [] if urn not in lost]
        for key, urns in resource.get("propertyDependencies", {}).items()
    }
    return {**resource, "dependencies": dependencies, "propertyDependencies": by_property}


def test_a_live_cluster_gets_a_deployer_without_being_replaced(tmp_path_factory):
    live = Project(tmp_path_factory.mktemp("live") / "project")
    role = live.settings("dev")["ml-platform:deployer"].pop("role_arn")
    live.change("dev", clusters__main__pools=live.pools("dev")[:1], storage={}, deployer={"from": "203.0.113.10"})
    live.pulumi("up", "--stack", "dev", "--yes", "--skip-preview")
    live.change("dev", deployer__role_arn=role)
    preview = live.preview("dev")
    assert {"main-deployer", "platform-caller"} <= steps(preview, "create")
    assert "main-eksCluster" not in steps(preview, "update"), "the flag is read only when a cluster is made"
    assert not steps(preview, "replace", "create-replacement", "delete")
    live.pulumi("up", "--stack", "dev", "--yes", "--skip-preview")
    live.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_first_deployment_with_a_public_endpoint_works_from_the_office(tmp_path_factory):
    fresh = Project(tmp_path_factory.mktemp("office") / "project")
    pools, public = fresh.pools("prod")[:1], {"public": True, "public_cidrs": ["203.0.113.0/24"]}
    fresh.change("prod", clusters__main__pools=pools, storage={}, network={"cidr": "10.20.0.0/16"})
    fresh.change("prod", clusters__main__endpoint=public, deployer__from="203.0.113.10")
    fresh.pulumi(*UP[:-2])
    assert "kubernetes:core/v1:Namespace" in {each["type"] for each in fresh.resources()}
