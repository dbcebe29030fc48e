"""Two regions may have resources of one name, which are different resources. IAM and names of buckets are global."""

from __future__ import annotations

import json

import pytest

from simulator.cloud import Cloud
from simulator.eks.kubeconfig import kubeconfig
from simulator.kubernetes.package import KubernetesPackage
from simulator.provider import Call
from tests.simulator.aws.account import CONFIG, Account, Resource
from tests.simulator.kubernetes.bench import config_map, token

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
VAULT, LOCK = "aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
ENTRY = "aws:eks/accessEntry:AccessEntry"


@pytest.fixture
def east(cloud: Cloud) -> Account:
    return Account(cloud, config={**CONFIG, "region": "us-east-1"})


def rows(aws: Account, resource: Resource) -> list[str]:
    return [row.region for row in aws.cloud.of_type(resource.type) if row.id == resource.id]


def test_a_log_group_and_a_vault_of_each_region_live_their_own_lives(aws: Account, east: Account) -> None:
    for account in (aws, east):
        account.make(VAULT, "backup", name="backup")
        account.make(LOCK, "lock", backupVaultName="backup", minRetentionDays=7)
    western, eastern = (account.make(LOG_GROUP, "logs", name="/aws/eks/main/cluster") for account in (aws, east))
    assert rows(aws, western) == ["us-west-2", "us-east-1"]
    east.update(eastern, name="/aws/eks/main/cluster", retentionInDays=30)
    east.delete(eastern)
    east.delete(east.make(VAULT, "other", name="other"))
    assert rows(aws, western) == ["us-west-2"]
    found = aws.invoke("aws:cloudwatch/getLogGroup:getLogGroup", name=western.id)
    assert (found["region"], found["retentionInDays"]) == ("us-west-2", 0)
    vault = Resource(VAULT, "backup", "backup", {}, {"region": "us-east-1"})
    east.delete(vault)
    assert [row.region for row in aws.cloud.of_type(LOCK)] == ["us-west-2"], "a lock goes with the vault of its region"


def test_a_cluster_is_not_found_from_another_region(aws: Account, east: Account) -> None:
    aws.cluster()
    text = east.refusal(ENTRY, clusterName="main", principalArn="arn:aws:iam::123456789012:role/admins")
    assert "No cluster found for name: main." in text


def test_the_objects_of_two_clusters_of_one_name_are_apart(aws: Account, east: Account) -> None:
    package = KubernetesPackage(aws.cloud, patience_seconds=0.0)
    made = []
    role = aws.role("cluster", "eks.amazonaws.com")["arn"]
    for account in (aws, east):
        vpc = account.vpc(f"vpc-{account.config['region']}")
        subnets = [account.subnet(vpc, letter, f"10.0.{place}.0/24").id for place, letter in enumerate("ab")]
        config = {"subnetIds": subnets, "endpointPublicAccess": True}
        cluster = account.make(
            "aws:eks/cluster:Cluster", account.config["region"], name="main", roleArn=role, vpcConfig=config
        )
        inside = {"kubeconfig": json.dumps(kubeconfig("main", cluster["endpoint"], "Y2E=", account.config["region"]))}
        call = Call(f"urn:pulumi:test::project::{token(config_map())}::{account.config['region']}", inside)
        checked = package.check(call, {}, config_map(), b"seed").inputs
        made.append((cluster, call, package.create(call, checked), checked))
    (western, _, _, _), (_, call, object_, checked) = made
    aws.delete(western)
    assert package.read(call, object_.id, checked, object_.state) is not None, "the other cluster is still there"
