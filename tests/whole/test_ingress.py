"""The life of a stack with an internal and a public door. The tests depend on each other and run in this order."""

import json

import pytest

pytestmark = pytest.mark.engine

UP = ("up", "--stack", "prod", "--yes", "--skip-preview")


@pytest.fixture(scope="module", autouse=True)
def small(project):
    """Builds the prod stack with one pool and no storage, and so without the Services that its routes lead to."""
    project.change("prod", clusters__main__pools=[project.pools("prod")[0]], storage={})
    project.pulumi(*UP, "--policy-pack", "policies")


def load_balancers(project):
    return [each for each in project.resources() if each["type"] == "aws:lb/loadBalancer:LoadBalancer"]


def test_doors_open_before_the_services_behind_them_are_there(project):
    gateways = [each for each in project.resources() if each["type"].endswith(":Gateway")]
    assert {each["id"].rsplit("/", 1)[-1] for each in gateways} == {"internal", "public"}
    assert len(load_balancers(project)) == 2


def test_a_second_up_and_a_refresh_change_nothing(project):
    project.pulumi("preview", "--stack", "prod", "--expect-no-changes")
    project.pulumi("refresh", "--stack", "prod", "--yes", "--skip-preview", "--expect-no-changes")


def test_a_door_with_protection_is_not_lost_by_accident(project):
    open_door = project.settings("prod")["ml-platform:ingress"]
    project.change("prod", ingress__public=None, ingress__routes={})
    refused = project.simulate("pulumi", "preview", "--stack", "prod", "--non-interactive")
    assert refused.returncode != 0
    assert "main-doors-public-gateway" in refused.stdout + refused.stderr
    project.change("prod", ingress=open_door)


def test_without_protection_a_public_door_closes_alone(project):
    project.change("prod", deletion_protection=False)
    project.pulumi(*UP)
    project.change("prod", ingress__public=None, ingress__routes={})
    project.pulumi(*UP)
    (left,) = load_balancers(project)
    assert json.loads(project.cloud("show", left["id"]))["Scheme"] == "internal"


def test_destroy_leaves_no_load_balancer_and_no_vpc(project):
    project.pulumi("destroy", "--stack", "prod", "--yes", "--skip-preview")
    assert project.resources() == []
