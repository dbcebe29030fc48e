"""The life of a stack with an internal and a public door. The tests depend on each other and run in this order."""

import json
from collections import Counter

import pytest

pytestmark = pytest.mark.engine

UP = ("up", "--stack", "prod", "--yes", "--skip-preview")


@pytest.fixture(scope="module", autouse=True)
def small(project):
    """Builds the prod stack with one pool and no storage, and so without the Services that its routes lead to."""
    project.change("prod", clusters__main__pools=[project.pools("prod")[0]], storage={}, observability__traces={})
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
    assert "loses the door public, whose load balancer is protected" in refused.stdout + refused.stderr
    project.change("prod", ingress=open_door)


def test_without_protection_a_public_door_closes_alone(project):
    project.change("prod", deletion_protection=False)
    project.pulumi(*UP)
    project.change("prod", ingress__public=None, ingress__routes={})
    project.pulumi(*UP)
    (left,) = load_balancers(project)
    assert json.loads(project.cloud("show", left["id"]))["Scheme"] == "internal"


def test_destroy_leaves_nothing_but_the_records_that_prove_certificates(project):
    before = project.resources()
    made = Counter(each["type"] for each in before)
    of_telemetry = {"aws:ebs/volume:Volume": 5, "kubernetes:opentelemetry.io/v1beta1:OpenTelemetryCollector": 2}
    assert of_telemetry.items() <= made.items(), "two each of Prometheus and Alertmanager, Grafana; with finalizers"
    assert "/ml-platform-prod-main/containers" in {each["id"] for each in before}
    project.pulumi("destroy", "--stack", "prod", "--yes", "--skip-preview")
    left = {(each["type"], each["urn"].rpartition("::")[2]) for each in project.resources()}
    zone = project.settings("prod")["ml-platform:ingress"]["internal"]["certificate"]["zone_id"]
    of_names = (f"certificate-{zone}-ml.example.com", f"certificate-{zone}-api.ml.example.com")
    assert left == {("aws:route53/record:Record", name) for name in of_names}, "another stack may need them"
