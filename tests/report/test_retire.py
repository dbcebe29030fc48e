"""What users leave in a stack: listed with what it blocks and costs, and deleted in the order that works."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog.leftovers import LEFTOVERS, is_protected
from report import retire as retiring
from report.retire import Stack, objects_of, retire, retire_stack
from report.simulated import ReportError
from simulator import users_things
from simulator.aws import tokens
from simulator.clients import Clients, CommandError
from simulator.cloud import Cloud
from simulator.kubernetes import controllers
from simulator.kubernetes.clusters import EKS_CLUSTER, cluster_of
from simulator.kubernetes.custom import definitions_of
from simulator.provider import Refusal
from tests.simulator.kubernetes import load_balancer_cluster as doors

CLUSTER, VPC, REGION = "ml-platform-dev-main", "vpc-1", "us-west-2"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """A cloud with one cluster, Karpenter and a driver with snapshots, and in it what users leave."""
    with closing(Cloud(tmp_path / "cloud.sqlite")) as cloud:
        for name, tag in (("subnet-public", "kubernetes.io/role/elb"), ("subnet-private", "karpenter.sh/discovery")):
            cloud.put(tokens.SUBNET, name, {"vpcId": VPC, "tags": {tag: "1"}, "region": REGION})
        config = {"vpcId": VPC, "subnetIds": ["subnet-private"]}
        cluster = cloud.put(EKS_CLUSTER, CLUSTER, {"vpcConfig": config, "version": "1.35", "region": REGION})
        cloud.put(tokens.ADDON, f"{CLUSTER}:snapshot-controller", {"region": REGION})
        inside = cluster_of(cloud, cluster)
        for definition in definitions_of("karpenter-crd"):
            inside.put(dict(definition), "")
        spec = {"template": {"spec": {"nodeClassRef": {"kind": "EC2NodeClass", "name": "gpu"}}}}
        pool = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "gpu"}, "spec": spec}
        inside.put(pool, "")
        users_things.add(cloud, cluster)
        yield cloud


def stack(cloud: Cloud, vpc: str = VPC) -> Stack:
    return Stack("dev", REGION, vpc, [CLUSTER], Clients(cloud).run, patience_seconds=0)


def test_what_pulls_through_a_cache_have_made_is_listed_and_deleted_by_its_name(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ml-platform-dev/k8s/pause", "ml-platform-dev/research/trainer", "ml-platform-prod/k8s/pause"):
        cloud.put(tokens.REPOSITORY, name, {"arn": f"arn:{name}", "region": REGION, "__images": ["1"]})
    assert retire_stack(replace(stack(cloud), prefix="ml-platform-dev"), confirm=True) == 0
    assert "repository of the cache ml-platform-dev/k8s/pause: a pull made it" in " ".join(
        capsys.readouterr().out.split()
    )
    left = {row.id for row in cloud.of_type(tokens.REPOSITORY)}
    assert left == {"ml-platform-dev/research/trainer", "ml-platform-prod/k8s/pause"}, (
        "what is a team's is in the state"
    )


def users_rows(cloud: Cloud) -> list[str]:
    made_by_users = (tokens.LOAD_BALANCER, tokens.INSTANCE, tokens.NETWORK_INTERFACE, tokens.VOLUME, tokens.SNAPSHOT)
    rows = cloud.all()
    return [row.id for row in rows if row.type in (*made_by_users, tokens.SECURITY_GROUP) or "/users/" in row.id]


def test_every_thing_is_listed_with_what_it_blocks_or_costs_and_nothing_is_deleted(cloud, capsys):
    before = users_rows(cloud)
    assert retire_stack(stack(cloud), confirm=False) == 0
    said = " ".join(capsys.readouterr().out.split())
    for text in (
        "Service with a load balancer users/api: its network interfaces keep subnets, security groups and the VPC",
        "pods with a claim users/StatefulSet notebook: they keep their claims",
        "pods that Karpenter may not evict users/Job train",
        "PodDisruptionBudget without an allowed disruption users/train: its pods cannot be evicted",
        "In ml-platform-dev-main: aws eks update-kubeconfig --region us-west-2 --name ml-platform-dev-main pods",
        "claim users/work-notebook-0: its volume stays in AWS",
        "kubectl delete nodepools.karpenter.sh gpu --cascade=foreground",
        "200 GiB: it stays in AWS; 16.00 USD/month",
        "50 GiB: it stays in AWS; 4.00 USD/month",
        "200 GiB: it stays in AWS; 10.00 USD/month",
        "aws-K8S-i-0123456789abcdef0: it keeps its subnet",
        "`make retire STACK=dev CONFIRM=yes`",
    ):
        assert text in said, text
    assert said.count("delete-volume") == 2, "a volume with all tags is found by two filters, and listed once"
    assert users_rows(cloud) == before


@pytest.mark.parametrize(("type_", "command"), [(tokens.VOLUME, "volume"), (tokens.SNAPSHOT, "snapshot")])
def test_what_the_ebs_driver_made_is_found_by_the_tags_of_each_of_its_versions(cloud, capsys, type_, command):
    driver, cluster = ("ebs.csi.aws.com/cluster", "true"), (f"kubernetes.io/cluster/{CLUSTER}", "owned")
    named, other = ("ebs.csi.aws.com/cluster-name", CLUSTER), ("kubernetes.io/cluster/other", "owned")
    sets = {"old": (driver, cluster), "new": (driver, cluster, named), "by-hand": (driver, named)}
    for id_, tags in {**sets, "of-a-node": (cluster,), "of-another": (driver, other)}.items():
        listed = [{"Key": key, "Value": value} for key, value in tags]
        cloud.put(type_, id_, {"VolumeId": id_, "SnapshotId": id_, "Tags": listed, "region": REGION})
    assert retire_stack(stack(cloud), confirm=False) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if f"--{command}-id " in line]
    assert sorted(line[-1] for line in lines if line[-1][:4] not in ("vol-", "snap")) == sorted(sets)


def test_the_topmost_controller_goes_because_it_makes_the_others_again(cloud, capsys):
    (cluster,) = cloud.of_type(EKS_CLUSTER)
    inside = cluster_of(cloud, cluster)
    about = {"apiVersion": "batch/v1", "kind": "CronJob"}
    inside.put(about | {"metadata": {"name": "nightly", "namespace": "users"}}, "users")
    (job,), (of,) = inside.of_kind("batch/v1", "Job"), inside.of_kind("batch/v1", "CronJob")
    owners = [about | {"name": "no-controller"}, about | {"name": "nightly", "controller": True}]
    metadata = job.state["metadata"] | {"ownerReferences": owners}
    state = job.state | {"metadata": metadata, controllers.OF: [of.type, of.id]}
    cloud.put(job.type, job.id, state, region=job.region)
    assert retire_stack(stack(cloud), confirm=True) == 0
    said = capsys.readouterr().out
    assert "kubectl delete CronJob.v1.batch nightly --namespace users" in said
    assert "Job.v1.batch train" not in said
    assert users_rows(cloud) == []


def change(cloud: Cloud, kind: str, name: str, **more) -> None:
    (row,) = [each for each in cloud.all() if each.type.endswith(f":{kind}") and each.id.endswith(f"/{name}")]
    cloud.put(row.type, row.id, row.state | more, region=row.region)


NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "status", "protected"),
    [
        ("true", {}, True),
        ("false", {}, False),
        ("99999999999h", {}, False),  # more than a duration of Go can be
        ("48h", {"startTime": "2026-11-28T12:00:00Z"}, True),
        ("1h30m", {"startTime": "2026-11-29T10:31:00Z"}, True),
        ("1h30m", {"startTime": "2026-11-29T10:29:00Z"}, False),
        ("0.5h", {"startTime": "2026-11-29T11:29:00Z"}, False),
        ("48h", {}, True),  # nobody knows since when it runs
        ("48", {}, False),
        ("-1h", {}, False),
        ("0s", {}, False),
        ("soon", {}, False),
        ("true", {"phase": "Succeeded"}, False),
    ],
)
def test_a_pod_is_protected_for_ever_or_for_a_time(value, status, protected):
    pod = {"metadata": {"annotations": {"karpenter.sh/do-not-disrupt": value}}, "status": status}
    assert is_protected(pod, NOW) == protected


def test_a_budget_alone_keeps_a_node_and_so_does_an_annotation_with_a_duration(cloud, monkeypatch, capsys):
    (pod,) = [each for each in cloud.all() if each.id.endswith("/train-x7k2p")]
    for annotation, left_out in (("no", "PodDisruptionBudget"), ("48h", "pods that Karpenter")):
        rows = tuple(row for row in LEFTOVERS if row.find.startswith("kubectl") and not row.kind.startswith(left_out))
        metadata = pod.state["metadata"] | {"annotations": {"karpenter.sh/do-not-disrupt": annotation}}
        change(cloud, "Pod", "train-x7k2p", metadata=metadata)
        with monkeypatch.context() as patched:
            patched.setattr(retiring, "_KUBERNETES", rows)
            assert retire_stack(stack(cloud), confirm=True) == 1
        assert "nodepools.karpenter.sh/gpu: pod users/train-x7k2p" in capsys.readouterr().out
    assert retire_stack(stack(cloud), confirm=True) == 0
    assert users_rows(cloud) == []


def test_a_snapshot_that_aws_backup_manages_stays(cloud, capsys):
    """EC2 deletes none: `CONFIRM=yes` would never end well."""
    tags = [{"Key": "ebs.csi.aws.com/cluster-name", "Value": CLUSTER}]
    managed = {"Key": "aws:backup:source-resource", "Value": "arn:aws:ec2:us-west-2:123456789012:volume/vol-1"}
    for id_, more in {"of-a-user": [], "of-aws-backup": [managed]}.items():
        cloud.put(tokens.SNAPSHOT, id_, {"SnapshotId": id_, "Tags": tags + more, "region": REGION})
    assert retire_stack(stack(cloud), confirm=False) == 0
    said = capsys.readouterr().out
    assert "of-a-user" in said
    assert "of-aws-backup" not in said


def test_nobody_waits_for_what_no_controller_deletes(cloud, monkeypatch):
    """A volume that its class retains, a snapshot, an interface: each wait would be five minutes, in each cluster."""
    asked: list[float] = []
    monkeypatch.setattr(retiring.time, "sleep", asked.append)
    patient = Stack("dev", REGION, VPC, [CLUSTER], Clients(cloud).run, patience_seconds=300)
    assert retire_stack(patient, confirm=True) == 0
    assert asked == []


def test_what_a_controller_has_deleted_meanwhile_is_no_failure(cloud, capsys):
    clients = Clients(cloud)

    def run(words):
        answer = clients.run(words)
        if words[2] == "delete-volume":
            raise CommandError("An error occurred (InvalidVolume.NotFound) when calling the DeleteVolume operation")
        return answer

    assert retire_stack(Stack("dev", REGION, VPC, [CLUSTER], run, 0), confirm=True) == 0


def test_an_owner_that_cannot_be_read_ends_the_walk(cloud, capsys):
    clients = Clients(cloud)

    def run(words):
        if words[:2] == ["kubectl", "get"] and words[2] == "Job.v1.batch":
            raise CommandError("Error from server (Forbidden)")
        return clients.run(words)

    assert retire_stack(Stack("dev", REGION, VPC, [CLUSTER], run, 0), confirm=True) == 1
    said = capsys.readouterr().out
    assert "kubectl delete pod train-x7k2p --namespace users" in said
    assert "there again. In some minutes, run it once more:" in said, "its Job makes it again"


def test_of_two_clusters_each_is_emptied_and_looked_at_again(cloud, capsys):
    (first,) = cloud.of_type(EKS_CLUSTER)
    other = cloud.put(EKS_CLUSTER, "other", first.state)
    users_things.add(cloud, other)
    clients, both = Clients(cloud), [CLUSTER, "other"]
    assert retire_stack(Stack("dev", REGION, VPC, both, clients.run, 0), confirm=True) == 0
    said = capsys.readouterr().out
    assert said.count("kubectl delete services api --namespace users") == 2, "one name is in both"
    assert all(
        f"  In {name}:\n      aws eks update-kubeconfig --region {REGION} --name {name}\n" in said for name in both
    )
    assert users_rows(cloud) == []

    users_things.add(cloud, first)

    def run(words):
        return "" if words[:3] == ["kubectl", "delete", "services"] else clients.run(words)

    assert retire_stack(Stack("dev", REGION, VPC, both, run, 0), confirm=True) == 1
    assert f"run it once more:\n  {CLUSTER}: Service with a load balancer users/api" in capsys.readouterr().out


def test_told_to_it_deletes_everything_that_users_left(cloud, capsys):
    assert retire_stack(stack(cloud), confirm=True) == 0
    assert users_rows(cloud) == []
    said = capsys.readouterr().out
    assert "delete-load-balancer" not in said, "the controller deletes what it made, when its Service goes"
    assert said.count("delete-volume") == 1, "and so does the driver, except of a volume that its class retains"
    assert "Next: `pulumi destroy --stack dev`" in said


def test_the_order_of_the_rows_is_one_in_which_everything_can_go(cloud, monkeypatch, capsys):
    monkeypatch.setattr(retiring, "_KUBERNETES", tuple(reversed(retiring._KUBERNETES)))
    assert retire_stack(stack(cloud), confirm=True) == 1
    said = capsys.readouterr().out
    assert "nodepools.karpenter.sh/gpu: pod users/train-x7k2p" in said, "Karpenter evicts no such pod"
    assert "persistentvolumeclaims/work-notebook-0: pod users/notebook-0" in said


def test_what_is_there_again_is_said(cloud, capsys):
    clients = Clients(cloud)

    def run(words):
        if words[1] == "delete" and "karpenter" in words[2]:
            return ""  # its pods have got a node of another NodePool meanwhile
        return clients.run(words)

    assert retire_stack(Stack("dev", REGION, VPC, [CLUSTER], run, 0), confirm=True) == 1
    assert "run it once more:\n  NodePool with nodes gpu" in capsys.readouterr().out


def test_without_its_cluster_what_is_left_in_aws_is_found_by_tags(cloud, capsys):
    cloud.delete(EKS_CLUSTER, CLUSTER)
    group = f"/aws/eks/{CLUSTER}/cluster"
    cloud.put(tokens.LOG_GROUP, group, {"name": group, "region": REGION})
    assert retire_stack(stack(cloud), confirm=True) == 0
    said = capsys.readouterr().out
    for command in ("delete-load-balancer", "terminate-instances", "delete-security-group", "delete-volume"):
        assert f" {command} " in said, command
    assert f"delete-log-group --region us-west-2 --log-group-name {group}" in said, "EKS writes to it once more"
    assert "kubectl" not in said
    assert [row for row in users_rows(cloud) if row.startswith(("sg-", "eni-", "i-", "vol-", "snap-", "arn:"))] == []


def test_without_its_vpc_only_what_costs_is_looked_for(cloud, capsys):
    cloud.delete(EKS_CLUSTER, CLUSTER)
    assert retire_stack(stack(cloud, vpc=""), confirm=False) == 0
    said = capsys.readouterr().out
    assert "delete-volume" in said
    assert "describe-network-interfaces" not in said
    assert "delete-network-interface" not in said, "without a VPC the filter would find those of the whole region"


def test_a_kind_that_the_cluster_does_not_have_is_no_error_and_no_access_is_one(cloud):
    def run(words):
        if words[0] == "kubectl":
            raise CommandError(f'error: the server doesn\'t have a resource type "{words[2]}"')
        return json.dumps({})

    assert retire_stack(Stack("dev", REGION, VPC, [CLUSTER], run, 0), confirm=False) == 0

    def refused(words):
        if words[0] == "kubectl":
            raise CommandError("error: You must be logged in to the server (Unauthorized)")
        return json.dumps({})

    with pytest.raises(ReportError, match=r"\(Unauthorized\) Run it where `deployer.from` is\.$"):
        retire_stack(Stack("dev", REGION, VPC, [CLUSTER], refused, 0), confirm=False)


def test_a_protected_stack_of_an_account_is_not_emptied():
    with pytest.raises(ReportError, match=r"prod is protected\. .*`pulumi up --stack prod`\.$"):
        retire("prod", confirm=True)


@pytest.mark.parametrize("row", LEFTOVERS, ids=lambda row: row.kind)
def test_the_simulator_answers_what_each_row_asks(cloud, row):
    clients = Clients(cloud)
    clients.run(["aws", "eks", "update-kubeconfig", "--region", REGION, "--name", CLUSTER])
    find = row.find.format(region=REGION, vpc=VPC, cluster=CLUSTER).split()
    if "gateway.networking.k8s.io" in row.find:
        with pytest.raises(CommandError, match="doesn't have a resource type"):
            clients.run(find)
    else:
        assert row.listed.split()[0] in json.loads(clients.run(find))


@pytest.fixture
def with_doors(tmp_path):
    """A cluster with a program's Gateway, and what users have put beside it; and what the program has made."""
    bench = doors.empty(tmp_path / "doors")
    doors.definitions(bench, "gateway-api", "gateway.k8s.aws")
    made = {"controller": doors.install(bench)}
    inputs = {"targets": doors.targets(), "configuration": doors.configuration(**doors.INTERNAL)}
    for name, each in {**inputs, "class": doors.gateway_class(), "gateway": doors.gateway()}.items():
        made[name] = bench.make(each, name)
    users_things.add(bench.cloud, next(iter(bench.cloud.of_type(EKS_CLUSTER))))
    state = [{"type": "kubernetes:x", "outputs": outputs} for _, _, outputs in made.values()]
    return bench, made, objects_of(state)


def test_a_gateway_that_the_program_has_made_is_not_left_over(with_doors, capsys):
    bench, _, own = with_doors
    main = Stack("dev", REGION, "vpc-1", ["main"], Clients(bench.cloud).run, 0, own)
    assert retire_stack(main, confirm=False) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Gateway users/web: it keeps its GatewayClass, and its network interfaces keep subnets" in said
    assert "Ingress users/web: its network interfaces keep" in said
    assert "Service with a load balancer users/api" in said
    assert "ingress/web" not in said
    assert "GatewayClass alb" not in said
    main = Stack("dev", REGION, "vpc-1", ["main"], Clients(bench.cloud).run, 0)
    assert retire_stack(main, confirm=False) == 0
    assert "Gateway ingress/web" in capsys.readouterr().out, "its kind is looked for in every namespace"


def test_the_load_balancer_of_a_gateway_of_the_program_stays_with_its_groups_until_the_gateway_goes(with_doors, capsys):
    """Deleted behind the controller's back, it would keep its Gateway, and `pulumi destroy` would hang there."""
    bench, _, own = with_doors
    main = Stack("dev", REGION, "vpc-1", ["main"], Clients(bench.cloud).run, 0, own)
    assert retire_stack(main, confirm=True) == 0
    (balancer,) = bench.cloud.of_type(tokens.LOAD_BALANCER)
    groups = [row.id for row in bench.cloud.of_type(tokens.SECURITY_GROUP)]
    assert sorted(groups) == sorted(balancer.state["SecurityGroups"]), "its own one, and the shared one"
    capsys.readouterr()
    assert retire_stack(main, confirm=False) == 0
    assert "nothing" in capsys.readouterr().out
    (cluster,) = bench.cloud.of_type(EKS_CLUSTER)
    bench.cloud.delete(cluster.type, cluster.id)
    gone = Stack("dev", REGION, "vpc-1", ["main"], Clients(bench.cloud).run, 0, own)
    assert retire_stack(gone, confirm=False) == 0
    said = capsys.readouterr().out
    assert (said.count("delete-load-balancer"), said.count("delete-security-group")) == (1, 2)


def test_users_gateways_ingresses_and_services_go_first_and_then_everything_does(with_doors):
    bench, made, own = with_doors
    for name in ("class", "configuration"):
        with pytest.raises(Refusal, match="still exists"):
            bench.delete(made[name], name)
    bench.delete(made["gateway"], "gateway")
    with pytest.raises(Refusal, match="Gateway users/web uses it"):
        bench.delete(made["class"], "class")
    main = Stack("dev", REGION, "vpc-1", ["main"], Clients(bench.cloud).run, 0, own)
    assert retire_stack(main, confirm=True) == 0
    for name in ("class", "configuration", "targets", "controller"):
        bench.delete(made[name], name)
    in_vpc = (tokens.LOAD_BALANCER, tokens.NETWORK_INTERFACE, tokens.SECURITY_GROUP)
    assert [row for row in bench.cloud.all() if row.type in in_vpc] == [], "they would keep subnets and the VPC"


def test_after_the_controller_users_gateways_cannot_go_and_what_is_left_is_found_in_aws(with_doors, capsys):
    bench, made, own = with_doors
    bench.delete(made["controller"], "controller")
    main = Stack("dev", REGION, "vpc-1", ["main"], Clients(bench.cloud).run, 0, own)
    assert retire_stack(main, confirm=True) == 1
    said = capsys.readouterr().out
    assert "gateways.gateway.networking.k8s.io/web: no release of chart aws-load-balancer-controller runs" in said
    assert said.count("aws elbv2 delete-load-balancer") == 4, "of the Gateways, the Ingress and the Service"


def test_a_class_of_a_user_keeps_the_configuration_that_it_names(with_doors):
    bench, made, own = with_doors
    class_ = doors.gateway_class()
    class_["metadata"]["name"] = "of-a-user"
    bench.make(class_, "of-a-user")
    bench.delete(made["gateway"], "gateway")
    run = Clients(bench.cloud).run
    assert retire_stack(Stack("dev", REGION, "vpc-1", ["main"], run, 0, own), confirm=True) == 0
    assert [row.id for row in bench.cloud.all() if row.id.endswith("/of-a-user")] == []


STACK = {"type": "pulumi:pulumi:Stack", "outputs": {"vpc_id": "vpc-1"}}


def test_in_an_account_the_real_commands_run_with_a_kubeconfig_of_their_own(tmp_path, monkeypatch, capsys):
    log = tmp_path / "log"
    answers = {
        "pulumi": json.dumps({"deployment": {"resources": [STACK]}}),
        "aws": '{"Volumes": [{"VolumeId": "vol-1", "Size": 10}]}',
        "kubectl": "{}",
    }
    for name, answer in answers.items():
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\necho {name} $KUBECONFIG $* >> {log}\necho '{answer}'\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", "mine")
    assert retire("dev", confirm=False) == 0
    assert "volume vol-1, 10 GiB: it stays in AWS; 0.80 USD/month" in " ".join(capsys.readouterr().out.split())
    lines = log.read_text().splitlines()
    assert "pulumi mine stack export --stack dev" in lines
    others = [line for line in lines if not line.startswith("pulumi")]
    assert {line.split()[0] for line in others} == {"aws", "kubectl"}
    assert not any(" mine " in line for line in others), "the context of the person who runs it stays"
    assert not any("delete" in line or "terminate" in line for line in others)


def test_what_guardduty_made_by_itself_is_listed_and_deleted_the_endpoint_first(cloud, capsys):
    assert retire_stack(stack(cloud), confirm=True) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"GuardDutyManagedSecurityGroup-{VPC}: it keeps the VPC" in said
    assert said.index("aws ec2 delete-vpc-endpoints") < said.index("security group of GuardDuty"), "it is in use before"
    assert not cloud.of_type(tokens.VPC_ENDPOINT) + cloud.of_type(tokens.SECURITY_GROUP)


def test_guardduty_makes_nothing_for_a_cluster_that_says_so(cloud, capsys):
    (row,) = cloud.of_type(EKS_CLUSTER)
    assert retire_stack(stack(cloud), confirm=True) == 0
    cloud.put(EKS_CLUSTER, CLUSTER, {**row.state, "tagsAll": {"GuardDutyManaged": "false"}}, region=REGION)
    users_things.add(cloud, row := cloud.of_type(EKS_CLUSTER)[0])
    assert not cloud.of_type(tokens.VPC_ENDPOINT), "stacks with an agent of their own tag their clusters"
