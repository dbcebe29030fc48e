"""Repositories of teams, and the cache of other registries: who pushes, who pulls, and what stays."""

import json
import re
from typing import Any

import pytest

from components.tenancy.repositories import PUSH, lifecycle, pushers
from settings.tenancy.images import ImagesSettings
from settings.tenancy.team import TeamSettings
from simulator.aws.services.ecr import lifecycle_fault
from tests.components.conftest import PlatformCloud
from tests.components.stacks import CLUSTER, POOL, stack
from tests.settings.tenancy.test_wrong_signatures import signed

REPOSITORY, POLICY, LIFECYCLE = (
    f"ecr/{name}"
    for name in ("repository:Repository", "repositoryPolicy:RepositoryPolicy", "lifecyclePolicy:LifecyclePolicy")
)
RULE, TEMPLATE = (
    "ecr/pullThroughCacheRule:PullThroughCacheRule",
    "ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
)
ROLE = "arn:aws:iam::123456789012:role/"
OWN = "123456789012.dkr.ecr.us-west-2.amazonaws.com/ml-platform-prod/research/*"
MEMBERS = {
    "people": {"principal_arn": f"{ROLE}engineers", "role": "ml-engineer"},
    "readers": {"principal_arn": f"{ROLE}readers", "role": "viewer"},
}
CACHED = {"upstreams": ["k8s", "docker-hub"]}


def _team(**changes: Any) -> dict[str, Any]:
    return {"name": "research", "namespaces": ["lab"], "repositories": ["trainer"], "members": MEMBERS, **changes}


def _karpenter() -> dict[str, Any]:
    gpus = {"name": "gpu", "instance_types": ["g6.12xlarge"], "min_per_zone": 0, "provisioner": "karpenter"}
    return {"clusters": {"main": {**CLUSTER, "pools": [POOL, gpus]}}}


def test_a_repository_is_immutable_scanned_encrypted_and_named_for_its_stack_and_team(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=[_team()]))
    made = cloud.one(REPOSITORY)
    assert made.inputs["name"] == "ml-platform-prod/research/trainer"
    assert made.inputs["imageTagMutability"] == "IMMUTABLE"
    assert made.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
    (encryption,) = made.inputs["encryptionConfigurations"]
    assert encryption["encryptionType"] == "KMS"
    assert encryption["kmsKey"] == cloud.one("kms/key:Key", "keys-images").outputs["arn"]
    assert made.inputs["tags"]["ml-platform:team"] == "ml-platform-prod-us-west-2-research", "its budget counts by it"


def test_images_go_with_the_stack_only_where_nothing_is_protected(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=[_team()]))
    kept = cloud.one(REPOSITORY)
    assert (kept.inputs["forceDelete"], kept.protect) == (False, True)
    assert all(each.retained for each in (kept, cloud.one(POLICY), cloud.one(LIFECYCLE))), (
        "an entry that goes by mistake"
    )
    gone = PlatformCloud()
    gone.up(stack(teams=[_team()], environment="dev", deletion_protection=False))
    made = gone.one(REPOSITORY)
    assert not made.retained
    assert (made.inputs["forceDelete"], made.protect) == (True, False), "a full repository would stop destroy"


def test_members_who_may_make_pods_push_and_nobody_else(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=[_team()]))
    (statement,) = json.loads(cloud.one(POLICY).inputs["policy"])["Statement"]
    assert statement["Principal"] == {"AWS": [f"{ROLE}engineers"]}
    assert set(statement["Action"]) == set(PUSH)
    assert not [each for each in PUSH if re.search("Delete|Set|Policy|[*]", each)], "what pods run stays where it is"
    assert "Resource" not in statement, "ECR refuses a policy of a repository that names one"


def test_named_pushers_take_the_place_of_the_members() -> None:
    team = TeamSettings.model_validate(_team(pushers=[f"{ROLE}ci"]))
    assert pushers(team, {}) == [f"{ROLE}ci"]


def test_a_permission_set_pushes_by_its_role() -> None:
    team = TeamSettings.model_validate(_team(members={"lab": {"permission_set": "Lab", "role": "data-scientist"}}))
    assert pushers(team, {"Lab": f"{ROLE}aws-reserved/sso.amazonaws.com/AWSReservedSSO_Lab_0123456789abcdef"})


def test_a_team_without_anybody_who_pushes_has_no_policy(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=[_team(members={})]))
    assert cloud.one(REPOSITORY)
    assert not cloud.all(POLICY), "a policy for nobody is refused"


@pytest.mark.parametrize(
    "settings", [{}, {"untagged_days": 0}, {"untagged_days": 1, "keep": 1}, {"untagged_days": 3650, "keep": 100_000}]
)
def test_ecr_takes_the_lifecycle_of_every_setting(settings: dict[str, int]) -> None:
    text = lifecycle(ImagesSettings.model_validate(settings))
    assert lifecycle_fault(text) is None
    assert len(text) >= 100, "ECR takes no shorter one"


@pytest.mark.parametrize(
    ("admission", "images", "days"),
    [
        ({}, {}, [14]),
        ({}, {"untagged_days": 0}, []),
        (signed(images=[OWN]), {}, []),
        (signed(images=[OWN]), {"untagged_days": 30}, [30]),
    ],
)
def test_signatures_have_no_tag_and_are_not_deleted_for_it(
    cloud: PlatformCloud, admission: dict[str, Any], images: dict[str, Any], days: list[int]
) -> None:
    cloud.up(stack(teams=[_team()], admission=admission, images={**images, "cache": {"upstreams": ["k8s"]}}))
    policies = (cloud.one(LIFECYCLE).inputs["policy"], cloud.one(TEMPLATE).inputs["lifecyclePolicy"])
    untagged = [
        [each["selection"]["countNumber"] for each in json.loads(text)["rules"] if "countUnit" in each["selection"]]
        for text in policies
    ]
    of_cache = [each for each in [images.get("untagged_days", 14)] if each]
    assert untagged == [days, of_cache], "what a cache fetches has no signatures of ours"


def test_repositories_without_a_key_of_ours_need_no_key(cloud: PlatformCloud) -> None:
    cloud.up(stack(teams=[_team()], images={"kms": False}))
    assert cloud.one(REPOSITORY).inputs["encryptionConfigurations"] == [{"encryptionType": "AES256"}]
    assert all(key.name != "keys-images" for key in cloud.all("kms/key:Key"))


def test_a_cache_has_a_rule_and_a_template_of_one_prefix(cloud: PlatformCloud) -> None:
    cloud.up(stack(images={"cache": CACHED}))
    rule, template = cloud.one(RULE).inputs, cloud.one(TEMPLATE).inputs
    assert cloud.comes_after(cloud.one(RULE), cloud.one(TEMPLATE)), "what is pulled before has no lifecycle, for ever"
    assert rule["ecrRepositoryPrefix"] == template["prefix"] == "ml-platform-prod/k8s"
    assert rule["upstreamRegistryUrl"] == "registry.k8s.io"
    assert template["appliedFors"] == ["PULL_THROUGH_CACHE"]
    assert template["customRoleArn"], "with tags and without a role, no pull works"
    assert template["resourceTags"]["project"] == "ml-platform"
    assert not template["encryptionConfigurations"][0].get("kmsKey"), "the repositories outlive the keys of the stack"
    assert lifecycle_fault(template["lifecyclePolicy"]) is None


def test_a_registry_with_credentials_has_an_empty_secret_first_and_is_cached_once_it_is_filled(
    cloud: PlatformCloud,
) -> None:
    cloud.up(stack(images={"cache": CACHED}))
    secret = cloud.one("secretsmanager/secret:Secret")
    assert secret.inputs["name"] == "ecr-pullthroughcache/ml-platform-prod/docker-hub"
    assert "kmsKeyId" not in secret.inputs, "ECR may use no key of the account for it"
    assert [each.name for each in cloud.all(RULE)] == ["image-cache-k8s"]
    filled = PlatformCloud()
    filled.up(stack(images={"cache": {**CACHED, "filled": ["docker-hub"]}}))
    rules = {each.name: each.inputs for each in filled.all(RULE)}
    assert rules["image-cache-docker-hub"]["credentialArn"] == filled.one("secretsmanager/secret:Secret").outputs["arn"]


def test_nodes_of_managed_and_of_karpenters_pools_may_fill_the_cache_and_nothing_else(cloud: PlatformCloud) -> None:
    cloud.up(stack(images={"cache": CACHED}, **_karpenter()))
    rights = {each.name: each.inputs for each in cloud.all("iam/rolePolicy:RolePolicy")}
    assert {name for name in rights if name.startswith("image-cache-main")} == {
        "image-cache-main",
        "image-cache-main-karpenter",
    }
    assert rights["image-cache-main-karpenter"]["role"] == "ml-platform-prod-main-karpenter-usw2"
    for name in ("image-cache-main", "image-cache-main-karpenter"):
        (statement,) = json.loads(rights[name]["policy"])["Statement"]
        assert statement["Resource"] == ["arn:aws:ecr:us-west-2:123456789012:repository/ml-platform-prod/k8s/*"]
        assert {"ecr:CreateRepository", "ecr:BatchImportUpstreamImage", "ecr:TagResource"} == set(statement["Action"])


def test_admission_lets_in_own_and_cached_images_beside_the_registries_that_are_named(cloud: PlatformCloud) -> None:
    named = {"registries": ["docker.io/library"]}
    cloud.up(stack(teams=[_team()], admission=named, images={"cache": CACHED}))
    own = "123456789012.dkr.ecr.us-west-2.amazonaws.com/ml-platform-prod"
    (policy,) = [
        each
        for each in cloud.registered.values()
        if each.type.endswith(":ValidatingAdmissionPolicy") and each.name.endswith("-images")
    ]
    assert f"'docker.io/library', '{own}'" in json.dumps(policy.inputs)
