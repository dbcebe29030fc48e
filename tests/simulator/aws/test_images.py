"""ECR: full repositories, who pushes and pulls, and what the first pull through a cache makes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from simulator.aws import tokens
from simulator.aws.access import DeniedError, Session
from simulator.aws.image_pulls import ImageError, pull, push
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account, Resource, trust
from tests.simulator.aws.sound_values import EXPIRE_UNTAGGED, lifecycle

REGION, NAME, CACHED = "us-west-2", "prod/research/trainer", "prod/k8s/pause"
REPOSITORIES = "arn:aws:ecr:us-west-2:123456789012:repository/"
PULL_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"
FILL = ("ecr:CreateRepository", "ecr:TagResource")


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role(aws: Account, name: str, *actions: str, service: str = "ec2.amazonaws.com", on: str = "*") -> Resource:
    made = aws.make(tokens.ROLE, name, name=name, assumeRolePolicy=trust(service))
    if actions:
        grant = {"Effect": "Allow", "Action": list(actions), "Resource": on}
        aws.make(tokens.ROLE_POLICY, name, role=name, policy=document(grant))
    return made


def session(aws: Account, made: Resource) -> Session:
    (row,) = [each for each in aws.cloud.of_type(tokens.ROLE) if each.id == made.id]
    return Session(row)


def nodes(aws: Account, *actions: str, on: str = f"{REPOSITORIES}prod/k8s/*") -> Session:
    made = role(aws, "nodes", *actions, on=on)
    aws.make(tokens.ROLE_POLICY_ATTACHMENT, "nodes", role="nodes", policyArn=PULL_ONLY)
    return session(aws, made)


def repository(aws: Account, **changes: Any) -> Resource:
    return aws.make(tokens.REPOSITORY, "trainer", **{"name": NAME, "imageTagMutability": "IMMUTABLE", **changes})


def pusher(aws: Account, made: Resource) -> Session:
    ci = role(aws, "ci")
    grant = {"Effect": "Allow", "Principal": {"AWS": ci["arn"]}, "Action": ["ecr:*"]}
    aws.make(tokens.REPOSITORY_POLICY, "trainer", repository=made.id, policy=document(grant))
    return session(aws, ci)


def cache(aws: Account, **template: Any) -> None:
    aws.make(tokens.CACHE_RULE, "k8s", ecrRepositoryPrefix="prod/k8s", upstreamRegistryUrl="registry.k8s.io")
    if template:
        sound = {"prefix": "prod/k8s", "appliedFors": ["PULL_THROUGH_CACHE"], **template}
        aws.make(tokens.CREATION_TEMPLATE, "k8s", **sound)


def test_a_repository_with_images_stays_unless_its_state_says_otherwise(aws: Account) -> None:
    made = repository(aws)
    push(aws.cloud, pusher(aws, made), REGION, NAME, "v1")
    assert "still contains images" in aws.delete_refusal(made)
    state = aws.update(made, name=NAME, imageTagMutability="IMMUTABLE", forceDelete=True)
    aws.delete(replace(made, state=state))
    assert aws.cloud.get(tokens.REPOSITORY, NAME, REGION) is None


def test_an_empty_repository_goes(aws: Account) -> None:
    aws.delete(repository(aws))
    assert aws.cloud.get(tokens.REPOSITORY, NAME, REGION) is None


def test_a_lifecycle_and_a_policy_go_with_their_repository(aws: Account) -> None:
    made = repository(aws)
    aws.make(tokens.LIFECYCLE_POLICY, "trainer", repository=made.id, policy=lifecycle(EXPIRE_UNTAGGED))
    pusher(aws, made)
    aws.delete(made)
    assert not [*aws.cloud.of_type(tokens.LIFECYCLE_POLICY), *aws.cloud.of_type(tokens.REPOSITORY_POLICY)]


@pytest.mark.parametrize(
    ("mutability", "filters", "moves"),
    [
        ("MUTABLE", [], ["dev-1", "v1"]),
        ("IMMUTABLE", [], []),
        ("IMMUTABLE_WITH_EXCLUSION", ["dev-*"], ["dev-1"]),
        ("IMMUTABLE_WITH_EXCLUSION", ["latest", "*-1"], ["dev-1"]),
        ("IMMUTABLE_WITH_EXCLUSION", ["dev"], []),
        ("MUTABLE_WITH_EXCLUSION", ["v*"], ["dev-1"]),
    ],
)
def test_a_tag_moves_unless_its_repository_keeps_it(
    aws: Account, mutability: str, filters: list[str], moves: list[str]
) -> None:
    given = [{"filter": each, "filterType": "WILDCARD"} for each in filters]
    made = repository(
        aws, imageTagMutability=mutability, **({"imageTagMutabilityExclusionFilters": given} if given else {})
    )
    ci = pusher(aws, made)
    for tag in ("dev-1", "v1"):
        push(aws.cloud, ci, REGION, NAME, tag)
        if tag in moves:
            push(aws.cloud, ci, REGION, NAME, tag)
        else:
            with pytest.raises(ImageError, match=r"ImageTagAlreadyExistsException.*the repository is immutable\.$"):
                push(aws.cloud, ci, REGION, NAME, tag)


ARCHIVE = {"type": "transition", "targetStorageClass": "archive"}
LATER = {"tagStatus": "any", "storageClass": "archive", "countType": "sinceImageTransitioned", "countUnit": "days"}


@pytest.mark.parametrize("counted", ["sinceImagePulled", "sinceImagePushed"])
def test_images_may_be_archived_and_deleted_later(aws: Account, counted: str) -> None:
    made = repository(aws)
    first = {"tagStatus": "any", "countType": counted, "countUnit": "days", "countNumber": 90}
    policy = lifecycle(
        {"rulePriority": 1, "selection": first, "action": ARCHIVE},
        {"rulePriority": 2, "selection": {**LATER, "countNumber": 365}, "action": {"type": "expire"}},
    )
    aws.make(tokens.LIFECYCLE_POLICY, "trainer", repository=made.id, policy=policy)


def test_who_is_named_pushes_and_nobody_else(aws: Account) -> None:
    made = repository(aws)
    push(aws.cloud, pusher(aws, made), REGION, NAME, "v1")
    with pytest.raises(DeniedError, match=r"ecr:BatchCheckLayerAvailability .* no identity-based policy"):
        push(aws.cloud, session(aws, role(aws, "other")), REGION, NAME, "v2")


def test_a_tag_that_is_immutable_keeps_its_image(aws: Account) -> None:
    made = repository(aws)
    ci = pusher(aws, made)
    push(aws.cloud, ci, REGION, NAME, "v1")
    with pytest.raises(ImageError, match="ImageTagAlreadyExistsException"):
        push(aws.cloud, ci, REGION, NAME, "v1")
    aws.update(made, name=NAME, imageTagMutability="MUTABLE")
    push(aws.cloud, ci, REGION, NAME, "v1")


def test_nodes_pull_what_is_there_by_the_policy_of_aws_alone(aws: Account) -> None:
    made = repository(aws)
    push(aws.cloud, pusher(aws, made), REGION, NAME, "v1")
    assert pull(aws.cloud, nodes(aws), REGION, NAME, "v1").id == NAME
    with pytest.raises(ImageError, match="not found"):
        pull(aws.cloud, session(aws, aws_nodes(aws)), REGION, NAME, "v2")


def aws_nodes(aws: Account) -> Resource:
    (row,) = [each for each in aws.cloud.of_type(tokens.ROLE) if each.state["name"] == "nodes"]
    return Resource(row.type, "nodes", row.id, {}, dict(row.state))


def test_the_policy_of_aws_makes_no_repository_of_a_cache(aws: Account) -> None:
    cache(aws)
    with pytest.raises(DeniedError, match="ecr:CreateRepository"):
        pull(aws.cloud, nodes(aws), REGION, CACHED)


def test_a_first_pull_makes_the_repository_of_its_template_and_later_ones_need_less(aws: Account) -> None:
    creator = role(aws, "creator", *FILL, service="ecr.amazonaws.com")
    cache(
        aws,
        customRoleArn=creator["arn"],
        resourceTags={"project": "ml"},
        lifecyclePolicy=lifecycle(EXPIRE_UNTAGGED),
    )
    made = pull(aws.cloud, nodes(aws, *FILL), REGION, CACHED)
    assert (made.state["tags"], made.state["imageTagMutability"]) == ({"project": "ml"}, "MUTABLE")
    assert made.state["__lifecycle"] == lifecycle(EXPIRE_UNTAGGED)
    again = role(aws, "later")
    aws.make(tokens.ROLE_POLICY_ATTACHMENT, "later", role="later", policyArn=PULL_ONLY)
    assert pull(aws.cloud, session(aws, again), REGION, CACHED, internet=False).id == CACHED


def test_a_template_says_which_tags_of_a_cached_image_move(aws: Account) -> None:
    given = {"imageTagMutabilityExclusionFilters": [{"filter": "latest", "filterType": "WILDCARD"}]}
    cache(aws, imageTagMutability="IMMUTABLE_WITH_EXCLUSION", **given)
    pulled, ci = nodes(aws, *FILL), session(aws, role(aws, "ci", "ecr:*"))
    for tag in ("latest", "v1"):
        pull(aws.cloud, pulled, REGION, CACHED, tag)
    push(aws.cloud, ci, REGION, CACHED, "latest")
    with pytest.raises(ImageError, match="ImageTagAlreadyExistsException"):
        push(aws.cloud, ci, REGION, CACHED, "v1")


def test_without_a_template_a_pull_makes_a_bare_repository(aws: Account) -> None:
    cache(aws)
    made = pull(aws.cloud, nodes(aws, *FILL), REGION, CACHED)
    assert (made.state["tags"], made.state["__lifecycle"]) == ({}, None)


def test_the_first_pull_needs_a_route_to_the_internet(aws: Account) -> None:
    cache(aws)
    with pytest.raises(ImageError, match="route to the internet"):
        pull(aws.cloud, nodes(aws, *FILL), REGION, CACHED, internet=False)


@pytest.mark.parametrize("service", ["", "ec2.amazonaws.com", "ecr.amazonaws.com"])
def test_a_template_with_tags_needs_a_role_that_ecr_takes_and_that_may_make_them(aws: Account, service: str) -> None:
    given = {"customRoleArn": role(aws, "creator", service=service)["arn"]} if service else {}
    cache(aws, resourceTags={"project": "ml"}, **given)
    with pytest.raises(ImageError, match="not found"):
        pull(aws.cloud, nodes(aws, *FILL), REGION, CACHED)


def test_a_node_that_gives_no_tags_pulls_nothing_new_where_the_template_has_some(aws: Account) -> None:
    creator = role(aws, "creator", *FILL, service="ecr.amazonaws.com")
    cache(aws, resourceTags={"project": "ml"}, customRoleArn=creator["arn"])
    with pytest.raises(DeniedError, match="ecr:TagResource"):
        pull(aws.cloud, nodes(aws, FILL[0]), REGION, CACHED)


def test_a_cache_of_another_prefix_helps_nobody(aws: Account) -> None:
    cache(aws)
    with pytest.raises(ImageError, match="RepositoryNotFoundException"):
        pull(aws.cloud, nodes(aws, *FILL, on="*"), REGION, "prod/quay/thing")


def test_a_secret_that_comes_with_its_rule_is_empty_so_the_preview_refuses_the_rule(aws: Account) -> None:
    hub = {"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io"}
    assert "SecretNotFoundException" in aws.refusal(
        tokens.CACHE_RULE, "hub", preview=True, **hub, credentialArn=UNKNOWN
    )
    made = aws.make(tokens.SECRET, "hub", name="ecr-pullthroughcache/hub")
    assert aws.make(tokens.CACHE_RULE, "hub", **hub, credentialArn=made["arn"])["registryId"] == "123456789012"
