"""The life of a stack with doors. The tests depend on each other and run in this order."""

import pytest

from tests.whole.conftest import steps

pytestmark = pytest.mark.engine

UP = ("up", "--stack", "dev", "--yes", "--skip-preview")
CHAT = {
    "namespace": "research",
    "service": "chat",
    "port": 80,
    "pods": {"app": "chat"},
    "host": "chat.ml.example.com",
}


def gateways(project):
    return [each for each in project.resources() if each["type"].endswith(":Gateway")]


def load_balancers(project):
    return [each for each in project.resources() if each["type"] == "aws:lb/loadBalancer:LoadBalancer"]


def test_an_internal_door_comes_with_its_route_and_waits_for_no_service(project):
    project.change("dev", ingress={"routes": {"chat": CHAT}})
    assert steps(project.preview("dev", "--policy-pack", "policies"), "create") >= {"main-doors-internal-gateway"}
    project.pulumi(*UP, "--policy-pack", "policies")
    assert len(gateways(project)) == len(load_balancers(project)) == 1, "the load balancer comes before its first route"


def test_a_second_up_changes_nothing(project):
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")
    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview", "--expect-no-changes")


def test_destroy_leaves_no_load_balancer_and_no_vpc(project):
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    left = [each["type"] for each in project.resources()]
    assert not load_balancers(project)
    assert "aws:ec2/vpc:Vpc" not in left
