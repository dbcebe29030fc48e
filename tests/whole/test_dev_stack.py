"""The whole life of the dev stack. The tests depend on each other and run in this order."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from common.urns import name_of
from report.look import PACK
from tests.whole.conftest import steps

pytestmark = pytest.mark.engine

UP = ("up", "--stack", "dev", "--yes", "--skip-preview")


def zones(project):
    return sorted(
        each["urn"].rsplit("private-", 1)[-1]
        for each in project.resources()
        if each["type"] == "aws:ec2/subnet:Subnet" and "-private-" in each["urn"]
    )


def test_a_preview_prints_the_engines_json_and_nothing_else_on_stdout(project):
    preview = json.loads(project.simulate("pulumi", "preview", "--stack", "dev", "--json", *PACK, apart=True).stdout)
    assert steps(preview, "create") >= {"network-vpc", "main", "main-system", "main-system-us-west-2a"}
    assert project.resources() == [], "a preview creates nothing"


def test_after_a_control_c_the_next_run_can_continue(project):
    where = ["--home", str(project.folder / ".simulator"), "--from", "203.0.113.10"]
    command = [sys.executable, "-m", "simulator", *where, "--", "pulumi", *UP, "--non-interactive"]
    running = subprocess.Popen(
        command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ)
    )
    while len(project.resources()) < 10 and running.poll() is None:
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=120)
    assert running.returncode == 1, output
    assert "Traceback" not in output
    assert project.resources(), "the interrupt came too early: no resource had been created"


def test_the_next_update_finishes_the_interrupted_one(project):
    project.pulumi(*UP, *PACK)
    urns = [each["urn"] for each in project.resources() if each["urn"]]
    assert len(urns) == len(set(urns)), "no resource may be created twice"


def test_a_second_preview_shows_no_change(project):
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_a_refresh_of_an_untouched_cloud_changes_nothing(project):
    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview", "--expect-no-changes")


def test_another_cidr_is_refused(project):
    project.change("dev", network__cidr="10.64.0.0/16")
    refused = project.simulate("pulumi", "preview", "--stack", "dev", "--non-interactive")
    project.change("dev", network__cidr="10.0.0.0/16")
    assert refused.returncode != 0
    assert "network.cidr: the stack is up with 10.0.0.0/16" in refused.stdout, "a cluster cannot outlive its VPC"


def test_a_larger_maximum_is_an_update_in_place(project):
    project.change_pool("dev", "cpu", max_per_zone=3)
    preview = project.preview("dev")
    project.change_pool("dev", "cpu", max_per_zone=2)
    assert steps(preview, "update") == {f"main-cpu-{zone}" for zone in zones(project)}
    assert not steps(preview, "replace", "create", "delete")


def test_the_next_version_of_kubernetes_is_previewed_with_its_add_ons(project):
    project.change("dev", clusters__main__version="1.36")
    preview = project.preview("dev")
    project.change("dev", clusters__main__version="1.35")
    assert {"main-eksCluster", "main-kube-proxy", "main-system-us-west-2a"} <= steps(preview, "update")
    assert not steps(preview, "replace", "create", "delete")


def test_without_its_deployer_the_cluster_would_have_no_admin_who_runs_it(project):
    deployer = project.settings("dev")["ml-platform:deployer"]
    project.change("dev", deployer={"from": deployer["from"]})
    completed = project.simulate("pulumi", "preview", "--stack", "dev", "--non-interactive")
    project.change("dev", deployer=deployer)
    assert completed.returncode != 0
    assert f"deployer.role_arn: {deployer['role_arn']} loses clusters.main" in completed.stdout + completed.stderr


def test_another_sharing_strategy_only_changes_its_own_pool(project):
    project.change_pool("dev", "gpu-small", sharing={"strategy": "mps", "replicas": 2})
    preview = project.preview("dev")
    project.change_pool("dev", "gpu-small", sharing={"strategy": "time-slicing", "replicas": 4})
    rules = {f"main-observability-prometheusrule-ml-platform-{name}" for name in ("costs", "gpu-usage")}  # its slices
    assert steps(preview, "update") == {"main-gpu-small", "main-gpu-small-1", "main-gpu-operator", *rules}
    assert not steps(preview, "replace", "create", "delete"), "Karpenter replaces the nodes, a few at a time"


def test_one_more_zone_changes_nothing_in_the_others(project):
    old_zones = zones(project)
    project.change("dev", network__zones=len(old_zones) + 1)
    preview = project.preview("dev")
    assert not steps(preview, "replace", "delete"), "replacing a zone would end its nodes and volumes"
    touched = steps(preview, "update", "create")
    assert touched, "the preview must show the new zone"
    assert not [name for name in touched if name.endswith(tuple(old_zones))], "other zones must stay as they are"


def test_a_zone_can_be_added_and_removed(project):
    project.pulumi(*UP)
    assert len(zones(project)) == 3
    project.change("dev", network__zones=2)
    project.pulumi(*UP)
    assert len(zones(project)) == 2
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_what_is_deleted_or_changed_outside_pulumi_is_noticed_and_put_right(project):
    present = project.resources()
    subnet = next(each for each in present if each["type"] == "aws:ec2/subnet:Subnet" and "-pods-" in each["urn"])
    bucket = next(each for each in present if each["type"] == "aws:s3/bucket:Bucket")
    group = next(each for each in present if each["type"] == "aws:cloudwatch/logGroup:LogGroup")
    for lost in (subnet, bucket):
        project.cloud("delete", lost["id"])
    seen = project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview", "--diff").stdout
    retention = json.loads(project.cloud("show", group["id"]))["retentionInDays"]
    project.cloud("set", group["id"], "retentionInDays", "3653")
    project.pulumi(*UP, "--refresh")
    urns = {each["urn"] for each in project.resources()}
    for lost in (subnet, bucket):
        assert name_of(lost["urn"]) in seen
        assert lost["urn"] in urns
    assert json.loads(project.cloud("show", group["id"]))["retentionInDays"] == retention
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_nodes_over_the_quota_fail_and_start_when_it_is_raised(project):
    pools = project.pools("dev")
    more = {"name": "more", "instance_types": ["m5.4xlarge"], "max_per_zone": 1}
    project.change("dev", clusters__main__pools=[*pools, more])
    refused = project.simulate("pulumi", *UP, "--non-interactive", quotas=["L-34B43A08=8"])
    assert refused.returncode != 0
    assert "MaxSpotInstanceCountExceeded" in refused.stdout, "EC2 uses this code for spot instances"
    stopped = project.simulate("pulumi", *UP, "--non-interactive")
    assert "is CREATE_FAILED: its nodes did not start" in stopped.stdout, "it would end well, without nodes"
    for group in (
        each["id"] for each in project.resources() if each["id"].startswith("ml-platform-dev-main:main-more-")
    ):
        project.cloud("delete", group, "--type", "aws:eks/nodeGroup:NodeGroup")
    project.pulumi("refresh", "--stack", "dev", "--yes", "--skip-preview")
    project.pulumi(*UP)
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")
    project.change("dev", clusters__main__pools=pools)
    project.pulumi(*UP)


def test_after_a_killed_engine_no_resource_exists_twice(project):
    project.change_pool("dev", "cpu", instance_types=["m5.4xlarge"])
    killed = project.simulate(
        *("pulumi", *UP, "--non-interactive"), faults=["die-before=create:aws:eks/nodeGroup:NodeGroup:1"], apart=True
    )
    assert killed.returncode == 137, killed.stdout + killed.stderr
    project.pulumi(*UP)
    urns = [each["urn"] for each in project.resources() if each["urn"]]
    assert len(urns) == len(set(urns))
    project.pulumi("preview", "--stack", "dev", "--expect-no-changes")


def test_after_destroy_the_cloud_is_empty(project):
    project.pulumi("destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert project.resources() == []
