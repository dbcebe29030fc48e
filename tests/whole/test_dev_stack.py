"""The dev stack lives its whole life: the tests follow each other, as the days of a stack do."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from common.urns import name_of
from tests.whole.conftest import steps

pytestmark = pytest.mark.engine

UP = ("up", "--stack", "dev", "--yes", "--skip-preview")


def zones(project):
    return sorted(
        each["urn"].rsplit("private-", 1)[-1]
        for each in project.held()
        if each["type"] == "aws:ec2/subnet:Subnet" and "-private-" in each["urn"]
    )


def test_a_preview_prints_the_engines_json_and_nothing_else_on_stdout(project):
    preview = project.preview("dev", "--policy-pack", "policies")
    assert steps(preview, "create") >= {"network-vpc", "main", "main-system", "main-system-us-west-2a"}
    assert project.held() == [], "a preview makes nothing"


def test_a_control_c_leaves_a_state_that_the_next_run_continues_from(project):
    home = str(project.folder / ".simulator")
    command = [sys.executable, "-m", "simulator", "--home", home, "--", "pulumi", *UP, "--non-interactive"]
    running = subprocess.Popen(
        command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
    )
    while len(project.held()) < 10 and running.poll() is None:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=120)
    assert running.returncode == 1, output
    assert "Traceback" not in output
    assert project.held(), "the interrupt came before there was anything to continue from"


def test_the_interrupted_update_is_finished_by_the_next(project):
    project.pulumi(*UP, "--policy-pack", "policies")
    urns = [each["urn"] for each in project.held() if each["urn"]]
    assert len(urns) == len(set(urns)), "nothing is made twice"


def test_a_second_preview_shows_no_change(project):
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_refresh_of_an_untouched_cloud_changes_nothing(project):
    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview", "--expect-no-changes")


def test_another_cidr_replaces_the_vpc(project):
    before = project.settings("dev").get("ml-platform:network", {}).get("cidr")
    project.change("dev", network__cidr="10.64.0.0/16")
    shown = steps(project.preview("dev"), "replace", "create-replacement")
    project.change("dev", network__cidr=before or "10.0.0.0/16")
    assert {"network-vpc", "main-eksCluster"} <= shown, "a cluster cannot outlive its VPC"


def test_a_larger_maximum_is_an_update_in_place(project):
    project.change_pool("dev", "cpu", max_per_zone=3)
    preview = project.preview("dev")
    project.change_pool("dev", "cpu", max_per_zone=2)
    assert steps(preview, "update") == {f"main-cpu-{zone}" for zone in zones(project)}
    assert not steps(preview, "replace", "create", "delete")


def test_gpus_shared_in_another_way_touch_their_pool_alone(project):
    project.change_pool("dev", "gpu-small", sharing={"strategy": "mps", "replicas": 2})
    preview = project.preview("dev")
    project.change_pool("dev", "gpu-small", sharing={"strategy": "time-slicing", "replicas": 4})
    assert steps(preview, "update") == {"main-gpu-small", "main-gpu-small-1", "main-gpu-operator"}
    assert not steps(preview, "replace", "create", "delete"), "Karpenter replaces the nodes, a few at a time"


def test_one_more_zone_touches_nothing_of_the_others(project):
    there = zones(project)
    project.change("dev", network__zones=len(there) + 1)
    preview = project.preview("dev")
    assert not steps(preview, "replace", "delete"), "a zone that moves takes its nodes and volumes down"
    touched = steps(preview, "update", "create")
    assert touched, "the zone has to appear"
    assert not [name for name in touched if name.endswith(tuple(there))], "subnets, routes and nodes of the others"


def test_the_zone_can_be_had_and_given_back(project):
    project.pulumi(*UP)
    assert len(zones(project)) == 3
    project.change("dev", network__zones=2)
    project.pulumi(*UP)
    assert len(zones(project)) == 2
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_subnet_deleted_behind_pulumis_back_is_seen_and_made_again(project):
    lost = next(each for each in project.held() if each["type"] == "aws:ec2/subnet:Subnet" and "-pods-" in each["urn"])
    project.cloud("delete", lost["id"])
    seen = project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview", "--diff").stdout
    assert name_of(lost["urn"]) in seen
    project.pulumi(*UP)
    assert lost["urn"] in {each["urn"] for each in project.held()}
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_bucket_deleted_behind_pulumis_back_is_seen_and_made_again(project):
    lost = next(each for each in project.held() if each["type"] == "aws:s3/bucket:Bucket")
    project.cloud("delete", lost["id"])
    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    project.pulumi(*UP)
    assert lost["urn"] in {each["urn"] for each in project.held()}
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_property_changed_behind_pulumis_back_is_put_right(project):
    group = next(each for each in project.held() if each["type"] == "aws:cloudwatch/logGroup:LogGroup")
    wanted = json.loads(project.cloud("show", group["id"]))["retentionInDays"]
    project.cloud("set", group["id"], "retentionInDays", "3653")
    project.pulumi(*UP, "--refresh")
    assert json.loads(project.cloud("show", group["id"]))["retentionInDays"] == wanted


def test_nodes_over_the_accounts_quota_fail_by_its_name_and_start_once_it_is_raised(project):
    pools = project.pools("dev")
    more = {"name": "more", "instance_types": ["m5.4xlarge"], "max_per_zone": 1}
    project.change("dev", clusters__main__pools=[*pools, more])
    refused = project.simulate("pulumi", *UP, "--non-interactive", quotas=["L-34B43A08=8"])
    assert refused.returncode != 0
    assert "MaxSpotInstanceCountExceeded" in refused.stdout, "what EC2 says of spot instances"
    project.pulumi(*UP)
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")
    project.change("dev", clusters__main__pools=pools)
    project.pulumi(*UP)


def test_an_engine_killed_in_the_middle_leaves_nothing_twice(project):
    project.change_pool("dev", "cpu", instance_types=["m5.4xlarge"])
    killed = project.simulate("pulumi", *UP, "--non-interactive", faults=["crash=aws:eks/nodeGroup:NodeGroup:1"])
    assert killed.returncode == 137, killed.stdout + killed.stderr
    project.pulumi(*UP)
    urns = [each["urn"] for each in project.held() if each["urn"]]
    assert len(urns) == len(set(urns))
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_after_destroy_the_cloud_holds_nothing(project):
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert project.held() == []
