"""Dangers of images: repositories that go, tags that move, fewer images that are kept, a policy that is opened."""

from typing import Any

import pytest

from tests.report.edits import edit

ROLE = "arn:aws:iam::123456789012:role/"
TEAM: dict[str, Any] = {
    "name": "research",
    "namespaces": ["lab"],
    "repositories": ["trainer"],
    "pushers": [f"{ROLE}ci"],
}
CACHE = {"cache": {"upstreams": ["k8s"]}}


STACKS: dict[str, dict[str, Any]] = {
    "as it is": {"teams": [TEAM], "images": CACHE},
    "without it": {"teams": [{**TEAM, "repositories": [], "pushers": []}], "images": CACHE},
    "somebody more": {"teams": [{**TEAM, "pushers": [f"{ROLE}ci", f"{ROLE}other"]}], "images": CACHE},
    "fewer": {"teams": [TEAM], "images": {**CACHE, "keep": 100, "untagged_days": 7}},
    "more": {"teams": [TEAM], "images": {**CACHE, "keep": 1000, "untagged_days": 30}},
    "no cache": {"teams": [TEAM]},
}


def told(before: str, after: str, **changed: Any) -> list[str]:
    """What a change from one stack to the other tells. changed: inputs of the repository that change as well."""
    of_trainer = {"aws:ecr/repository:Repository::main-team-research.images.trainer": changed}
    return [each.opening for each in edit(STACKS[before], STACKS[after], of_trainer)]


def test_nothing_is_told_where_nothing_changes() -> None:
    assert told("as it is", "as it is") == []


def test_a_repository_that_goes_takes_its_images_with_it() -> None:
    assert any("images" in each and "trainer" in each for each in told("as it is", "without it"))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"imageTagMutability": "MUTABLE"}, "imageTagMutability"),
        ({"imageScanningConfiguration": {"scanOnPush": False}}, "imageScanningConfiguration.scanOnPush"),
        ({"forceDelete": True}, "forceDelete"),
    ],
)
def test_what_kept_images_safe_and_is_turned_off_is_told(changed: dict[str, Any], says: str) -> None:
    (only,) = told("as it is", "as it is", **changed)
    assert says in only


def test_a_lifecycle_that_keeps_fewer_images_is_told_and_one_that_keeps_more_is_not() -> None:
    found = told("as it is", "fewer")
    assert any("500 → 100 images, 14 → 7 days without a tag" in each for each in found), found
    assert told("as it is", "more") == []


def test_somebody_who_may_push_from_now_on_is_told() -> None:
    assert any("role/other" in each for each in told("as it is", "somebody more"))
    assert told("somebody more", "as it is") == [], "who may no longer push lets nobody in"


def test_a_cache_that_goes_is_told() -> None:
    assert any("the cache image-cache-k8s goes" in each for each in told("as it is", "no cache"))
