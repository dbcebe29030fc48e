"""The end of a stack: a protected one stays whole, and one with users' things in it goes only without them."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from report.retire import Stack, objects_of, retire_stack
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
    state = json.loads(up.engine.pulumi("stack", "export").output)["deployment"].get("resources") or []
    with closing(Cloud(up.cloud)) as cloud:
        run, own = Clients(cloud).run, objects_of(state)
        return retire_stack(Stack(up.engine.stack, "us-west-2", vpc, [cluster], run, 0, own), confirm=True)


def delete(cloud: Cloud, version: str, kind: str, name: str) -> None:
    """Deletes what users have put into the only cluster, as a person does."""
    row = cluster_of(cloud, next(iter(cloud.of_type(EKS_CLUSTER)))).get(version, kind, users_things.NAMESPACE, name)
    assert row is not None
    controllers.delete(cloud, row)


GATEWAY = ("gateway.networking.k8s.io/v1", "Gateway", "web")


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
        delete(cloud, *GATEWAY)  # so that its class can go
        vpc = vpc_of(cloud)
    prod.run(*DESTROY, refused="node a100-time-slicing-5dk2m uses it")
    assert (tokens.VPC, vpc) in ids(prod)
    assert retire(prod, vpc, "ml-platform-prod-main") == 0
    prod.run(*DESTROY)
    assert {type_ for type_, _ in ids(prod)} == {"aws:route53/record:Record"}, "another stack may need the proofs"


def test_a_gateway_keeps_its_class_and_load_balancers_and_free_interfaces_keep_the_vpc_until_they_are_retired(
    tmp_path: Path,
) -> None:
    dev = live(tmp_path / "project", "dev")
    with closing(Cloud(dev.cloud)) as cloud:
        row = next(iter(cloud.of_type(EKS_CLUSTER)))
        users_things.add(cloud, row)
        delete(cloud, "batch/v1", "Job", "train")  # so that Karpenter can end the node
        vpc = vpc_of(cloud)
    dev.run(*DESTROY, refused="Gateway users/web uses it")
    with closing(Cloud(dev.cloud)) as cloud:
        delete(cloud, *GATEWAY)
    dev.run(*DESTROY, refused="has dependencies and cannot be deleted")
    left = ids(dev)
    assert (tokens.VPC, vpc) in left
    assert (EKS_CLUSTER, row.id) not in left, "the controllers are gone, so what they made stays"
    assert {type_ for type_, _ in left} >= {tokens.LOAD_BALANCER, tokens.NETWORK_INTERFACE, tokens.VOLUME}
    assert tokens.INSTANCE not in {type_ for type_, _ in left}, "Karpenter ended the node when its NodePool went"
    assert retire(dev, vpc, row.id) == 0
    dev.run(*DESTROY)
    assert ids(dev) == []
