"""Programs that are not ours: the pack neither crashes nor speaks of what they do not have, and finds what is open.

golden/foreign_programs.yaml has every finding; write it anew: python -m tests.policies.test_policy_foreign_programs
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_TEXT
from policies.check import Outcome, judge, resources_of
from policies.held import advisory
from tests.policies.policy_harness import TODAY

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "foreign_program"
GOLDEN = Path(__file__).parent / "golden" / "foreign_programs.yaml"
ABOUT_CLUSTERS = ("eks-", "gpu-", "guardduty-", "kms-", "net-cluster-", "net-nodes-", "node-", "obs-")


def plan(stack: str, resources: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Returns what `pulumi preview --json` prints.

    resources: "type name" -> inputs. A text `->type name` is an output of another resource.
    """
    aws = f"urn:pulumi:{stack}::app::pulumi:providers:aws::default"
    states: list[dict[str, Any]] = [
        {"urn": aws, "type": "pulumi:providers:aws", "id": "0", "inputs": {"region": "us-west-2"}}
    ]

    def urn(title: str) -> str:
        return f"urn:pulumi:{stack}::app::{title.replace(' ', '::')}"

    for title, given in resources.items():
        links = {key: value for key, value in given.items() if isinstance(value, str) and value.startswith("->")}
        states.append(
            {
                "urn": urn(title),
                "custom": True,
                "type": title.split()[0],
                "inputs": {**given, **dict.fromkeys(links, UNKNOWN_TEXT)},
                "provider": f"{aws}::0",
                "propertyDependencies": {key: [urn(value.removeprefix("->"))] for key, value in links.items()},
            }
        )
    return {"config": {}, "steps": [{"op": "create", "urn": each["urn"], "newState": each} for each in states]}


WORLD = ["0.0.0.0/0"]
TASKS = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
CONTAINERS = [{"name": "app", "image": "nginx", "environment": [{"name": "DB_HOST", "value": "db"}]}]
FARGATE: Mapping[str, Mapping[str, Any]] = {
    "aws:ecs/cluster:Cluster app": {},
    "aws:ec2/securityGroup:SecurityGroup web": {
        "vpcId": "vpc-1",
        "ingress": [{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": WORLD}],
        "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": WORLD}],
    },
    "aws:lb/loadBalancer:LoadBalancer web": {"securityGroups": [UNKNOWN_TEXT], "subnets": ["subnet-1", "subnet-2"]},
    "aws:lb/targetGroup:TargetGroup web": {"port": 80, "protocol": "HTTP", "targetType": "ip", "vpcId": "vpc-1"},
    "aws:lb/listener:Listener web": {
        "loadBalancerArn": "->aws:lb/loadBalancer:LoadBalancer web",
        "port": 80,
        "defaultActions": [{"type": "forward", "targetGroupArn": UNKNOWN_TEXT}],
    },
    "aws:iam/role:Role task": {"assumeRolePolicy": json.dumps({"Version": "2012-10-17", "Statement": [TASKS]})},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment task": {
        "role": "->aws:iam/role:Role task",
        "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    },
    "aws:cloudwatch/logGroup:LogGroup app": {"retentionInDays": 30},
    "aws:ecs/taskDefinition:TaskDefinition app": {
        "family": "app",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "executionRoleArn": UNKNOWN_TEXT,
        "containerDefinitions": json.dumps(CONTAINERS),
    },
    "aws:ecs/service:Service app": {
        "cluster": "->aws:ecs/cluster:Cluster app",
        "launchType": "FARGATE",
        "taskDefinition": "->aws:ecs/taskDefinition:TaskDefinition app",
        "networkConfiguration": {"assignPublicIp": True, "subnets": ["subnet-1"], "securityGroups": [UNKNOWN_TEXT]},
    },
    "aws:rds/subnetGroup:SubnetGroup db": {"subnetIds": ["subnet-1", "subnet-2"]},
    "aws:rds/instance:Instance db": {
        "engine": "mysql",
        "instanceClass": "db.t3.micro",
        "allocatedStorage": 20,
        "username": "app",
        "password": {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": json.dumps("hunter2-hunter2")},
        "skipFinalSnapshot": True,
        "publiclyAccessible": True,
    },
}


def _deployment(name: str, image: str, namespace: str) -> dict[str, Any]:
    pods = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": name, "image": image}]}}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"replicas": 1, "template": pods}}


GUESTBOOK: Mapping[str, Mapping[str, Any]] = {
    "kubernetes:core/v1:Namespace guestbook": {"metadata": {"name": "guestbook"}},
    "kubernetes:apps/v1:Deployment redis": _deployment("redis", "redis:7", UNKNOWN_TEXT),
    "kubernetes:core/v1:Service redis": {"metadata": {"namespace": "guestbook"}, "spec": {"ports": [{"port": 6379}]}},
    "kubernetes:core/v1:Service web": {"metadata": {"namespace": "guestbook"}, "spec": {"type": "LoadBalancer"}},
    "kubernetes:helm.sh/v4:Chart nginx": {},
    "kubernetes:apps/v1:Deployment nginx:web/nginx": _deployment("nginx", "nginx:1.27", "web"),
    "kubernetes:yaml/v2:ConfigFile manifests": {},
    "kubernetes:core/v1:ConfigMap manifests:web/settings": {"metadata": {"name": "settings"}, "data": {"a": "b"}},
    "kubernetes:core/v1:Secret manifests:web/login": {"metadata": {"name": "login"}, "stringData": UNKNOWN_TEXT},
}


def said(outcomes: list[Outcome]) -> list[str]:
    """Returns rule, status, type with name, and path of what was found, without the words."""
    return sorted(
        f"{each.rule} {each.status}: {each.urn.split('::', 2)[2].replace('::', ' ')} {each.path}".replace("$", " ")
        for each in outcomes
        if each.urn and each.status in ("failed", "crashed", "deferred")
    )


def of_plan(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return said(judge(resources_of(plan("app", resources)), today=lambda: TODAY))


def golden(name: str) -> list[str]:
    lines: list[str] = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))[name]
    return lines


class Simulated:
    """The program of `foreign_program/`, on the real engine in the simulator."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "simulator", "--home", str(self.home / "sim"), "--", "pulumi", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PULUMI_DEBUG_COMMANDS": "true", "HOME": str(self.home)}
        return subprocess.run(
            [*command, "--stack", "shop"],
            cwd=PROGRAM,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def up(self) -> list[dict[str, Any]]:
        """Builds the program under the pack, whose rules stop nothing. Returns the findings of the engine."""
        config, log = self.home / "pack.json", self.home / "events.json"
        config.write_text(json.dumps(advisory("prod")), encoding="utf-8")
        pack = ("--policy-pack", str(ROOT / "policies"), "--policy-pack-config", str(config))
        done = self.pulumi("up", "--yes", "--skip-preview", *pack, "--event-log", str(log))
        assert done.returncode == 0, done.stderr + done.stdout
        events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [event["policyEvent"] for event in events if "policyEvent" in event]

    def outcomes(self) -> list[Outcome]:
        exported = json.loads(self.pulumi("stack", "export").stdout)
        return judge(resources_of(exported), today=lambda: TODAY)


@pytest.mark.engine
def test_a_program_in_the_style_of_the_examples_of_pulumi_is_built_and_judged(tmp_path: Path) -> None:
    simulated = Simulated(tmp_path)
    of_engine = {(each["policyName"], each["resourceUrn"]) for each in simulated.up()}
    outcomes = simulated.outcomes()
    assert said(outcomes) == golden("web-shop")
    assert of_engine == {(each.rule, each.urn) for each in outcomes if each.urn}, "the engine sees what a state shows"
    places = {each.rule: (each.file, each.line) for each in outcomes}
    file, line = places["eks-public-cidrs-narrow"]
    assert (PROGRAM / file).read_text(encoding="utf-8").splitlines()[line - 1].startswith("cluster = aws.eks.Cluster(")


def test_a_web_application_without_a_cluster_gets_no_finding_about_clusters() -> None:
    found = of_plan(FARGATE)
    assert found == golden("fargate")
    assert not [each for each in found if each.startswith(ABOUT_CLUSTERS) or "crashed" in each]


def test_a_program_of_kubernetes_alone_is_judged_with_what_its_charts_and_files_make() -> None:
    found = of_plan(GUESTBOOK)
    assert found == golden("guestbook")
    assert not [each for each in found if each.startswith(("eks-", "net-", "node-", "obs-")) or "crashed" in each]
    assert "wl-resources-set failed" in " ".join(each for each in found if "nginx:web/nginx" in each)


def test_a_namespace_that_is_not_known_yet_is_not_taken_for_default() -> None:
    (found,) = [each for each in of_plan(GUESTBOOK) if each.startswith("ns-not-default")]
    assert found == "ns-not-default deferred: kubernetes:apps/v1:Deployment redis metadata.namespace"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        shop = Simulated(Path(folder))
        shop.up()
        found = {"web-shop": said(shop.outcomes()), "fargate": of_plan(FARGATE), "guestbook": of_plan(GUESTBOOK)}
    head = "# Each finding in programs that are not ours: rule, status, resource, path.\n"
    GOLDEN.write_text(head + yaml.safe_dump(found, sort_keys=False, width=200), encoding="utf-8")
