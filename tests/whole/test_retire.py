"""The end of a stack: a protected one stays whole, and one with users' things in it goes only without them."""

from contextlib import closing
from pathlib import Path

import pytest

from report.retire import Stack, retire_stack
from simulator import users_things
from simulator.aws import tokens
from simulator.clients import Clients
from simulator.cloud import Cloud
from simulator.kubernetes import controllers
from simulator.kubernetes.clusters import EKS_CLUSTER, cluster_of
from tests.whole.live import Live, live

pytestmark = pytest.mark.engine

DESTROY = ("destroy", "--yes", "--skip-preview")


def ids(up: Live) -> list[tuple[str, str]]:
    with closing(Cloud(up.cloud)) as cloud:
        return [(row.type, row.id) for row in cloud.all()]


def vpc_of(cloud: Cloud) -> str:
    return next((row.id for row in cloud.of_type(tokens.VPC)), "")


def retire(up: Live, vpc: str, cluster: str) -> int:
    with closing(Cloud(up.cloud)) as cloud:
        return retire_stack(Stack(up.engine.stack, "us-west-2", vpc, [cluster], Clients(cloud).run, 0), confirm=True)


def test_a_protected_stack_stops_before_anything_is_deleted_and_an_unprotected_one_keeps_users_nodes(
    tmp_path: Path,
) -> None:
    prod = live(tmp_path / "project", "prod")
    before = ids(prod)
    prod.run(*DESTROY, refused="deletion-protection")
    assert ids(prod) == before, "without the guard, all that is not protected is deleted first"

    prod.change({"deletion_protection": False})
    prod.run("up", "--yes", "--skip-preview")
    with closing(Cloud(prod.cloud)) as cloud:
        users_things.add(cloud, next(iter(cloud.of_type(EKS_CLUSTER))))
        vpc = vpc_of(cloud)
    prod.run(*DESTROY, refused="node a100-time-slicing-5dk2m uses it")
    assert (tokens.VPC, vpc) in ids(prod)
    assert retire(prod, vpc, "ml-platform-prod-main") == 0
    prod.run(*DESTROY)
    assert ids(prod) == []


def test_load_balancers_and_free_interfaces_keep_the_vpc_until_they_are_retired(tmp_path: Path) -> None:
    dev = live(tmp_path / "project", "dev")
    with closing(Cloud(dev.cloud)) as cloud:
        row = next(iter(cloud.of_type(EKS_CLUSTER)))
        users_things.add(cloud, row)
        job = cluster_of(cloud, row).get("batch/v1", "Job", users_things.NAMESPACE, "train")
        assert job is not None
        controllers.delete(cloud, job)  # so that Karpenter can end the node
        vpc = vpc_of(cloud)
    dev.run(*DESTROY, refused="has dependencies and cannot be deleted")
    left = ids(dev)
    assert (tokens.VPC, vpc) in left
    assert (EKS_CLUSTER, row.id) not in left, "the controllers are gone, so what they made stays"
    assert {type_ for type_, _ in left} >= {tokens.LOAD_BALANCER, tokens.NETWORK_INTERFACE, tokens.VOLUME}
    assert tokens.INSTANCE not in {type_ for type_, _ in left}, "Karpenter ended the node when its NodePool went"
    assert retire(dev, vpc, row.id) == 0
    dev.run(*DESTROY)
    assert ids(dev) == []
