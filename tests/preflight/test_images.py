"""Names of repositories and caches, and who scans, in accounts of their own."""

from dataclasses import replace
from typing import Any

import pytest

from costs.resource import Resource
from preflight.checks import identity, images
from preflight.needs import Needs
from settings.tenancy.team import TeamSettings
from tests.preflight.answers import missing
from tests.preflight.test_checks import changed, seen

NAME, PREFIX = "ml-platform-prod/research/trainer", "ml-platform-prod/k8s"
OURS = [{"Key": "project", "Value": "ml-platform"}, {"Key": "environment", "Value": "prod"}]


def with_images(needs: Needs) -> Needs:
    """The needs of a stack with one repository and one cache."""
    of_ecr = [("repository:Repository", {"name": NAME}), ("pullThroughCacheRule:PullThroughCacheRule", {})]
    return replace(
        needs,
        planned=(
            *needs.planned,
            *(
                Resource(
                    urn=f"urn:{kind}",
                    type=f"aws:ecr/{kind}",
                    inputs={"ecrRepositoryPrefix": PREFIX, **more},
                )
                for kind, more in of_ecr
            ),
        ),
    )


def _there(tags: list[dict[str, str]]) -> dict[str, Any]:
    arn = f"arn:aws:ecr:us-west-2:123456789012:repository/{NAME}"
    return {
        "ecr__DescribeRepositories": {"repositories": [{"repositoryName": NAME, "repositoryArn": arn}]},
        "ecr__ListTagsForResource": {"tags": tags},
    }


def test_a_repository_whose_name_is_free_is_ready(needs: Needs, aws: None) -> None:
    gone = {"ecr__DescribeRepositories": missing("RepositoryNotFoundException")}
    assert seen(images.repositories, with_images(needs), **gone) == [("ok", f"{NAME} is free")]


@pytest.mark.parametrize(("tags", "result"), [(OURS, "ok"), ([], "failure")])
def test_a_repository_that_stands_is_imported_if_it_is_ours(
    needs: Needs, aws: None, tags: list[dict[str, str]], result: str
) -> None:
    ((found, said),) = seen(images.repositories, with_images(needs), **_there(tags))
    assert (found, said.split(" ")[0]) == (result, NAME)


def test_a_cache_of_our_prefix_is_another_stacks_as_long_as_ours_is_not_up(needs: Needs, aws: None) -> None:
    rules = {"pullThroughCacheRules": [{"ecrRepositoryPrefix": PREFIX}]}
    ((result, said),) = seen(images.caches, with_images(needs), ecr__DescribePullThroughCacheRules=rules)
    assert (result, said) == ("failure", f"{PREFIX} is cached already, and the stack is not up")


def test_a_prefix_that_nothing_caches_is_ready(needs: Needs, aws: None) -> None:
    gone = {"ecr__DescribePullThroughCacheRules": missing("PullThroughCacheRuleNotFoundException")}
    assert seen(images.caches, with_images(needs), **gone) == [("ok", f"{PREFIX} is free")]


@pytest.mark.parametrize(("kind", "says"), [("BASIC", "ECR, at each push"), ("ENHANCED", "Amazon Inspector")])
def test_it_says_who_scans(needs: Needs, aws: None, kind: str, says: str) -> None:
    told = {"ecr__GetRegistryScanningConfiguration": {"scanningConfiguration": {"scanType": kind}}}
    ((result, said),) = seen(images.scanning, with_images(needs), **told)
    assert (result, said.startswith(says)) == ("ok", True)


def test_a_stack_without_images_asks_nothing(needs: Needs, aws: None) -> None:
    for check in (images.repositories, images.caches, images.scanning):
        assert seen(check, needs) == []


def test_a_role_that_pushes_has_to_exist(needs: Needs, aws: None) -> None:
    arn = "arn:aws:iam::123456789012:role/ci-research"
    team = TeamSettings.model_validate(
        {"name": "lab", "namespaces": ["lab"], "repositories": ["trainer"], "pushers": [arn]}
    )
    found = dict.fromkeys(
        said for result, said in seen(identity.principals, changed(needs, teams=(team,))) if result == "failure"
    )
    assert "teams[0].pushers[0]: there is no role ci-research" in found
