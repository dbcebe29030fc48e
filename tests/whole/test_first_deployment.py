"""The first deployment of prod as the README has it, and the same from a place that does not reach the API."""

import json
import re
import shlex
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from components.cluster.access import entry_name
from report.simulated import ROOT
from tests.whole.conftest import Project, steps

pytestmark = pytest.mark.engine

SECTION = (ROOT / "README.md").read_text().partition("## Deploying for real")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^ *```(console|yaml)\n(.*?)^ *```", SECTION, re.DOTALL | re.MULTILINE)
ELSEWHERE = (
    "aws",
    "make preflight",
    "pulumi login",
    "pulumi stack init",
)  # the account and the backend, of which the simulator has its own
ROLE = "arn:aws:iam::123456789012:role/ml-platform-deployer"
ENTRY = entry_name("main", ROLE)
OFFICE, GATEWAY = "203.0.113.10", "tgw-0123456789abcdef0"
UP = ("up", "--stack", "prod", "--yes", "--skip-preview", "--policy-pack", "policies")


def commands(block: str) -> list[list[str]]:
    """Returns the commands of a block that run in the simulator."""
    lines = [line.strip().removeprefix("$ ") for line in block.splitlines() if line.strip()]
    return [shlex.split(line) for line in lines if not line.startswith(ELSEWHERE)]


def small_prod(folder: Path) -> Project:
    """A copy of the project with one pool in prod, and with policies of its own, so that a waiver may be written."""
    made = Project(folder)
    (made.folder / "policies").unlink()
    shutil.copytree(ROOT / "policies", made.folder / "policies")
    made.change("prod", clusters__main__pools=made.pools("prod")[:1], storage={})
    return made


@pytest.fixture(scope="module")
def connected(tmp_path_factory) -> Project:
    """Prod behind a transit gateway."""
    return small_prod(tmp_path_factory.mktemp("connected") / "project")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """Prod before there is a transit gateway."""
    return small_prod(tmp_path_factory.mktemp("first") / "project")


def stands(project: Project) -> str:
    """Returns deployer.from in the file that the commands have changed."""
    copy = project.folder / ".simulator" / "project" / "Pulumi.prod.yaml"
    address: str = yaml.safe_load(copy.read_text())["config"]["ml-platform:deployer"]["from"]
    return address


def run(project: Project, command: list[str], *faults: str, caller: str | None = None) -> str:
    """Runs a command as a person would who says yes to every question; from where the file says, if not from caller."""
    words = [*command, "--yes", "--skip-preview"] if command[1] == "up" else command
    done = project.simulate(*words, "--non-interactive", caller=caller or stands(project), faults=faults)
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def write_waiver(project: Project, text: str) -> None:
    """Writes the waiver of the README with a last day that is ahead of today's."""
    (waiver,) = yaml.safe_load(text)
    waiver["expires"] = (datetime.now(UTC) + timedelta(days=30)).date()
    (project.folder / "policies" / "waivers.yaml").write_text(yaml.safe_dump([waiver]))


def test_the_readme_has_each_step():
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds == ["console", "console", "console", "yaml", "console", "console", "console"]
    assert commands(BLOCKS[0][1]) == [], "only the account and the backend are prepared"


def test_from_an_address_that_cannot_reach_the_api_prod_fails_as_a_real_run_would(connected):
    failed = connected.simulate("pulumi", *UP, "--non-interactive", caller="198.51.100.7")
    assert failed.returncode != 0
    assert "configured Kubernetes cluster is unreachable" in failed.stdout
    assert "dial tcp: i/o timeout: the caller at 198.51.100.7 cannot reach it" in failed.stdout
    made = {each["type"] for each in connected.resources()}
    assert "aws:eks/cluster:Cluster" in made, "a real run also makes the cluster, and then waits in vain"


def test_from_inside_the_same_command_finishes_it(connected):
    for command in commands(BLOCKS[1][1]):
        run(connected, command)
    connected.pulumi("preview", "--stack", "prod", "--expect-no-changes", "--policy-pack", "policies")


def test_a_gateway_that_is_missing_ends_the_run_and_one_that_is_not_accepted_its_routes(project):
    for fault in ("missing-gateway", "pending-gateway"):
        failed = project.simulate("pulumi", *UP, "--non-interactive", faults=[f"{fault}={GATEWAY}"])
        assert failed.returncode != 0
        assert "InvalidTransitGatewayID.NotFound" in failed.stdout
    project.simulate("pulumi", "destroy", "--stack", "prod", "--yes", "--non-interactive")


def test_without_a_way_into_the_company_the_endpoint_is_opened_by_a_waiver(project):
    for command in commands(BLOCKS[2][1]):
        run(project, command)
    assert stands(project) == OFFICE
    refused = project.simulate("pulumi", *UP, "--non-interactive", caller=OFFICE)
    assert refused.returncode != 0
    assert "eks-endpoint-private" in refused.stdout + refused.stderr, "the policy asks for the waiver"
    write_waiver(project, BLOCKS[3][1])
    for command in commands(BLOCKS[4][1]):
        run(project, command, f"missing-gateway={GATEWAY}")
    assert "kubernetes:core/v1:Namespace" in {each["type"] for each in project.resources()}


def test_the_gateway_is_connected_while_the_endpoint_is_open(project):
    for command in commands(BLOCKS[5][1]):
        run(project, command)
    assert stands(project) == OFFICE
    assert "aws:ec2transitgateway/vpcAttachment:VpcAttachment" in {each["type"] for each in project.resources()}
    early = project.simulate("pulumi", "refresh", "--stack", "prod", "--yes", "--non-interactive", caller="10.200.8.10")
    assert early.returncode != 0, "the company's hosts still get the public addresses"


def test_closing_it_afterwards_changes_the_cluster_in_place(project):
    *settings, up = commands(BLOCKS[6][1])
    for command in settings:
        run(project, command)
    assert stands(project) == "10.200.8.10"
    (project.folder / "policies" / "waivers.yaml").write_text("[]\n")
    preview = project.preview("prod", "--policy-pack", "policies")
    assert steps(preview, "update") == {"main-eksCluster"}
    assert not steps(preview, "create", "delete", "replace", "create-replacement")
    run(project, up, caller=OFFICE)
    project.pulumi("preview", "--stack", "prod", "--expect-no-changes", "--policy-pack", "policies")


def test_from_the_office_the_api_is_now_out_of_reach(project):
    unreachable = project.simulate("pulumi", "refresh", "--stack", "prod", "--yes", "--non-interactive", caller=OFFICE)
    assert unreachable.returncode != 0
    assert "its public endpoint is off" in unreachable.stdout
    project.pulumi("refresh", "--stack", "prod", "--yes", caller="10.200.8.10")


def test_an_entry_that_is_there_already_is_refused_and_imported_as_the_guide_says(project):
    exported = json.loads(project.simulate("pulumi", "stack", "export", "--stack", "prod").stdout)
    resources = exported["deployment"]["resources"]
    lost = {each["urn"] for each in resources if each["urn"].endswith(f"::{ENTRY}")}
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
        "<role ARN>": ROLE,
        "<name of the entry>": ENTRY,
        "<policy ARN>": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
    }
    guide = (ROOT / "docs" / "guides" / "cluster" / "way-in.md").read_text()
    (block,) = re.findall(r"^ *```console\n(.*?pulumi import.*?)^ *```", guide, re.DOTALL | re.MULTILINE)
    for placeholder, value in values.items():
        block = block.replace(placeholder, value)
    for command in block.replace("\\\n", " ").strip().splitlines():
        run(project, shlex.split(command.strip().removeprefix("$ ")))
    preview = project.preview("prod")
    assert steps(preview, "update") <= {ENTRY}, "its empty list of groups"
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
    live.change("dev", clusters__main__pools=live.pools("dev")[:1], storage={}, deployer={"from": OFFICE})
    live.pulumi("up", "--stack", "dev", "--yes", "--skip-preview")
    live.change("dev", deployer__role_arn=ROLE, clusters__main__storage_classes={"io2": True})
    preview = live.preview("dev")
    assert {ENTRY, "platform-caller"} <= steps(preview, "create")
    assert "main-eksCluster" not in steps(preview, "update"), "the flag is read only when a cluster is made"
    assert not steps(preview, "replace", "create-replacement", "delete")
    up, late = ("up", "--stack", "dev", "--yes", "--skip-preview"), ["late-entry=ml-platform-dev-main"]
    with_objects = live.simulate("pulumi", *up, "--non-interactive", faults=late)
    assert "asked for the client to provide credentials" in with_objects.stdout, "the guide tells this row"
    live.pulumi(*up)  # the same command again
    live.pulumi("preview", "--stack", "dev", "--expect-no-changes")
    # A stack from the time when entries had the names of their keys keeps them.
    state = live.folder / "state.json"
    state.write_text(
        live.simulate("pulumi", "stack", "export", "--stack", "dev").stdout.replace(ENTRY, "main-deployer")
    )
    live.pulumi("stack", "import", "--stack", "dev", "--file", str(state))
    live.pulumi("preview", "--stack", "dev", "--expect-no-changes")
    live.pulumi("up", "--stack", "dev", "--yes", "--skip-preview")
    # A role that is an access entry from now on keeps its entry: a second one would be refused with 409.
    admin = {"principal_arn": ROLE, "policy": "cluster-admin"}
    live.change("dev", deployer={"from": OFFICE}, clusters__main__access={"ci": admin})
    moved = live.preview("dev")
    assert steps(moved, "delete") == {"platform-caller"}
    assert not steps(moved, "create", "replace", "create-replacement")
    assert ENTRY not in steps(moved, "update")


def test_a_first_deployment_with_a_public_endpoint_works_from_the_office(tmp_path_factory):
    fresh = Project(tmp_path_factory.mktemp("office") / "project")
    pools, public = fresh.pools("prod")[:1], {"public": True, "public_cidrs": ["203.0.113.0/24"]}
    fresh.change("prod", clusters__main__pools=pools, storage={}, network={"cidr": "10.20.0.0/16"})
    fresh.change("prod", clusters__main__endpoint=public, deployer__from="203.0.113.10")
    # The pipeline has the role already, and its entry works only some seconds after it is made.
    fresh.pulumi(*UP[:-2], faults=["late-entry=ml-platform-prod-main"], principal=ROLE)
    assert "kubernetes:core/v1:Namespace" in {each["type"] for each in fresh.resources()}
