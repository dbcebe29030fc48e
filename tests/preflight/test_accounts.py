"""An account that is ready, and one that is not: each failure once, in a table that says what mends it."""

import json
import re

import pytest

from preflight.account import READS
from preflight.check import Finding
from preflight.checks import every_check
from preflight.needs import Needs
from preflight.run import NOT_READY, READY, run, status
from preflight.table import WIDTH, Findings, as_json, as_text
from tests.preflight import accounts
from tests.preflight.answers import Asked
from tests.preflight.conftest import KEY, SECRET, account

HERE = ("AWS CLI", "Engine and plugins")  # these look at this machine
CHECKS = [each for each in every_check() if each.title not in HERE]

# Title of the check and what it saw, in the order of the table.
FAILURES = """
GuardDuty: there is no detector in us-west-2
Regions: us-east-2 is not-opted-in
IAM principals: deployer.role_arn: ml-platform-deployer has another path
IAM principals: clusters.main.access.break-glass: there is no role ml-platform-break-glass
IAM principals: teams[0].members.people: there is no role ml-research
IAM principals: teams[1].members.people: there is no role ml-training
IAM principals: teams[1].members.reviewers: there is no role ml-research
IAM principals: teams[2].members.people: there is no role ml-serving
IAM principals: teams[3].members.people: there is no role ml-agents
Hosted zones: ingress.internal.certificate, ingress.public.certificate, ingress.dns.zones: this account has no hosted...
Kubernetes version: clusters.main.version: EKS offers no 1.35 in us-west-2
EKS add-on versions: coredns has no version v1.14.2-eksbuild.4 for Kubernetes 1.35 here
EKS add-on values: aws-ebs-csi-driver v1.59.0-eksbuild.1: it knows no controller
EKS add-on values: eks-node-monitoring-agent v1.7.0-eksbuild.1: it knows no dcgmAgent
EKS add-on values: vpc-cni v1.22.4-eksbuild.3: it knows no enableNetworkPolicy, env
Zones: this account has no us-west-2c
Instance types: main.h100: us-west-2c has no p5.48xlarge
Machine images: main.a100-time-slicing: bottlerocket 1.67.0: AWS has no /aws/service/bottlerocket/aws-k8s-1.35...
Reserved capacity: main.reserved: cr-0123456789abcdef0 is expired; is in us-west-2a, not us-west-2b
Names of clusters: ml-platform-prod-main stands already, of other
Names of log groups: /aws/eks/ml-platform-prod-main/cluster stands already, of stack ml-platform/other
Aliases of keys: alias/ml-platform-prod-data stands already, and no tag says whose it is
Names of backup vaults: ml-platform-prod-backup stands already, and no tag says whose it is
Names of queues: ml-platform-prod-main stands already, of crawler
Names of IAM roles: ml-platform-prod-main-karpenter-usw2 stands already, and no tag says whose it is
Names of secrets: ml-platform-prod/platform.alerts/heartbeat is scheduled for deletion, and its recovery window is...
Transit gateway: tgw-0123456789abcdef0 is not in us-west-2, or not shared with this account
Peering connections: network.peering.lab: pcx-0123456789abcdef0 is pending-acceptance
Security groups: clusters.main.endpoint.private_security_group_ids: there is no sg-0123456789abcdef0
Endpoints of AWS services: us-west-2 has no ecr.api, ecr.dkr, eks-auth, sts
vCPU quotas: Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances: 16 vCPUs; main.system, main.cpu...
Resource quotas: VPCs per Region: 100, 101 used, 1 more for this stack
Node groups of a cluster: Managed node groups per cluster, ml-platform-prod-main: 10, 0 used, 12 more for this stack
IAM quotas: IAM Roles: 1,000, 995 used, 26 more for this stack
Service-linked roles: there is no role of spot.amazonaws.com
AWS managed policies: there is no arn:aws:iam::aws:policy/AmazonEBSCSIDriverEKSClusterScopedPolicy
"""
# What mends them and can be copied, whole; the others say which setting to write.
COMMANDS = """
aws account enable-region --region-name us-east-2
aws iam create-service-linked-role --aws-service-name spot.amazonaws.com
aws ce update-cost-allocation-tags-status --region us-east-1 --cost-allocation-tags-status TagKey=ml-platform:team,Status=Active
aws backup update-region-settings --region us-west-2 --resource-type-opt-in-preference S3=true,EKS=true
aws ec2 enable-ebs-encryption-by-default --region us-west-2
aws service-quotas request-service-quota-increase --region us-west-2 --service-code ec2 --quota-code L-1216C47A --desired-value 216
aws service-quotas request-service-quota-increase --region us-west-2 --service-code vpc --quota-code L-F678F1CE --desired-value 102
aws service-quotas request-service-quota-increase --region us-east-1 --service-code iam --quota-code L-FE177D64 --desired-value 1021
"""  # noqa: E501


@pytest.fixture(scope="module")
def poor(needs: Needs) -> tuple[Asked, Findings]:
    with account():
        accounts.strip(needs)
        asked = Asked(accounts.not_ready(needs))
        return asked, run(CHECKS, needs, asked)


def test_an_account_that_has_everything_is_ready(needs: Needs, aws: None) -> None:
    accounts.furnish(needs)
    findings = run(CHECKS, needs, Asked(accounts.ready(needs)))
    others = [each for found in findings.values() for each in found if each.result != "ok"]
    assert others == [], "a table that always warns is not read"
    assert status(findings) == READY
    text = as_text(findings, "Account", "Next: `pulumi up`.")
    assert re.search(r"\nReady: \d+ ok\. Next: `pulumi up`\.\n$", text)
    assert all(text.count(f"ok      {title} ") <= 1 for title in findings), "what is ready takes a line for each check"


def test_an_account_that_lacks_it_fails_by_name(poor: tuple[Asked, Findings]) -> None:
    _, findings = poor
    seen = [f"{title}: {each.seen}" for title, found in findings.items() for each in found if each.result == "failure"]
    wanted = FAILURES.strip().splitlines()
    assert len(wanted) >= 25
    assert [row for row, want in zip(seen, wanted, strict=True) if not row.startswith(want.removesuffix("..."))] == []
    assert status(findings) == NOT_READY


def test_the_table_is_one_to_act_on(poor: tuple[Asked, Findings]) -> None:
    _, findings = poor
    text = as_text(findings, "Account", "Next: `pulumi up`.")
    lines = text.splitlines()
    results = [line.split("  ")[0] for line in lines[3:-2] if not line.startswith(" ")]
    assert results == sorted(results, key=["failure", "warning", "could not look", "ok"].index), "the worst first"
    for command in COMMANDS.strip().splitlines():
        assert command in [line.strip() for line in lines], "a command is copied as one line"
    words = [line for line in lines if len(line) > WIDTH and not re.match(r" *(aws|pulumi) ", line)]
    assert [line for line in words if " " in line.strip()] == [], f"wider than {WIDTH}"
    bad = [each for found in findings.values() for each in found if each.result != "ok"]
    assert [each.seen for each in bad if not (_meaning(each) and (each.fix or each.command))] == []
    assert text.count("Give the stack another `name`") == 1, "what mends several is said once"
    assert lines[-1].startswith("Not ready: 36 failures, 8 warnings, ")


def _meaning(finding: Finding) -> bool:
    return bool(finding.why) or finding.result == "could not look"  # that one means that nothing is known


def test_the_same_as_json(poor: tuple[Asked, Findings]) -> None:
    _, findings = poor
    document = json.loads(as_json(findings, {"stack": "prod"}))
    assert document["stack"] == "prod"
    assert document["counts"]["failure"] == 36
    found = {each["check"]: each["findings"] for each in document["checks"]}
    assert found["AWS Backup"][-1]["result"] == "warning", "plans that name a type back it up"
    assert found["AWS Backup"][-1]["command"].startswith("aws backup update-region-settings")


def test_it_only_reads(poor: tuple[Asked, Findings]) -> None:
    asked, _ = poor
    assert len(asked.operations) > 40
    assert [each for each in asked.operations if not each.partition(":")[2].startswith(READS)] == []
    assert len(asked.operations) == len(set(asked.questions)), "no question is asked twice"


def test_it_prints_no_secret(poor: tuple[Asked, Findings]) -> None:
    _, findings = poor
    said = as_text(findings, "", "") + as_json(findings, {})
    assert SECRET not in said
    assert KEY not in said
