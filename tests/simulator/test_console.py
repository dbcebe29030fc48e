"""What `cloud delete` takes along: as in AWS and Kubernetes, a refresh then finds all of it gone."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulator import console
from simulator.cloud import Cloud

LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
POINT = "aws:efs/accessPoint:AccessPoint"


def claim(namespace: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": namespace}}


def test_users_things_are_added_to_a_cluster_that_exists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cloud.sqlite"
    with closing(Cloud(file)) as cloud:
        config = {"vpcId": "vpc-1", "subnetIds": ["subnet-1"]}
        cloud.put("aws:eks/cluster:Cluster", "main", {"vpcConfig": config, "version": "1.35", "region": "us-west-2"})
    assert console.run(["add-users-things", "other"], file) == 1
    assert "There is no cluster other." in capsys.readouterr().err
    assert console.run(["add-users-things", "main"], file) == 0
    assert {"Service users/api", "PersistentVolumeClaim users/work-notebook-0"} <= set(
        capsys.readouterr().out.splitlines()
    )
    with closing(Cloud(file)) as cloud:
        assert [row.id for row in cloud.all() if "NodeClaim" in row.type] == [], "this cluster has no NodePool"


@pytest.mark.parametrize(
    ("deleted", "gone", "left"),
    [
        ("data", {(VERSIONING, "data")}, {(VERSIONING, "other")}),
        ("vault", {(LOCK, "vault")}, set()),
        ("main/apps/chart", set(), set()),
        ("fs-1", {(POINT, "fsap-1")}, set()),
        (
            "main/lab",
            {("kubernetes:core/v1:PersistentVolumeClaim", "main/lab/data")},
            {("kubernetes:core/v1:PersistentVolumeClaim", "main/labs/data")},
        ),
    ],
)
def test_what_is_inside_is_deleted_as_well(tmp_path: Path, deleted: str, gone: set[Any], left: set[Any]) -> None:
    file = tmp_path / "cloud.sqlite"
    with closing(Cloud(file)) as cloud:
        for type_, id_, state in (
            ("aws:s3/bucket:Bucket", "data", {"bucket": "data"}),
            (VERSIONING, "data", {"bucket": "data"}),
            (VERSIONING, "other", {"bucket": "other"}),
            ("aws:backup/vault:Vault", "vault", {"name": "vault"}),
            (LOCK, "vault", {"backupVaultName": "vault"}),
            ("aws:efs/fileSystem:FileSystem", "fs-1", {}),
            (POINT, "fsap-1", {"fileSystemId": "fs-1"}),
            ("aws:eks/cluster:Cluster", "main", {"version": "1.35"}),
            ("kubernetes:helm.sh/v3:Release", "main/apps/chart", {"name": "chart"}),
            ("kubernetes:core/v1:Namespace", "main/lab", {"apiVersion": "v1", "kind": "Namespace"}),
            ("kubernetes:core/v1:PersistentVolumeClaim", "main/lab/data", claim("lab")),
            ("kubernetes:core/v1:PersistentVolumeClaim", "main/labs/data", claim("labs")),
        ):
            cloud.put(type_, id_, state, region="us-west-2")
    assert console.run(["delete", deleted], file) == 0
    with closing(Cloud(file)) as cloud:
        present = {(each.type, each.id) for each in cloud.all()}
    assert not [each for each in present if each[1] == deleted], "with its settings, whose id is its name"
    assert not present & gone
    assert left <= present
