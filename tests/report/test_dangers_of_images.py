"""Dangers of images: repositories that go, tags that move, fewer images that are kept, a policy that is opened."""

from functools import cache
from typing import Any

import pytest

from report.dangers import dangers, plan_from
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
from tests.in_process.providers import Registered
from tests.report.logs import seen, state, step, summary
from tests.report.test_dangers_of_secrets import of_provider, plain

ROLE = "arn:aws:iam::123456789012:role/"
TEAM: dict[str, Any] = {
    "name": "research",
    "namespaces": ["lab"],
    "repositories": ["trainer"],
    "pushers": [f"{ROLE}ci"],
}
CACHE = {"cache": {"upstreams": ["k8s"]}}


@cache
def built(name: str) -> dict[str, Registered]:
    """The resources of one of these stacks: those of images alone."""
    cloud = PlatformCloud()
    cloud.up(stack(**STACKS[name]), preview=True)
    return {each.urn: each for each in cloud.registered.values() if "ecr/" in each.type}


STACKS: dict[str, dict[str, Any]] = {
    "as it is": {"teams": [TEAM], "images": CACHE},
    "without it": {"teams": [{**TEAM, "repositories": [], "pushers": []}], "images": CACHE},
    "somebody more": {"teams": [{**TEAM, "pushers": [f"{ROLE}ci", f"{ROLE}other"]}], "images": CACHE},
    "fewer": {"teams": [TEAM], "images": {**CACHE, "keep": 100, "untagged_days": 7}},
    "more": {"teams": [TEAM], "images": {**CACHE, "keep": 1000, "untagged_days": 30}},
    "no cache": {"teams": [TEAM]},
}
REPLACED = "LifecyclePolicy"


def told(before: str, after: str, **changed: Any) -> list[str]:
    """What a change from one stack to the other tells. changed: inputs of the repository that change as well."""
    old, new, log = built(before), built(after), []
    for urn in {**old, **new}:
        was, becomes = (plain(each[urn].inputs) if urn in each else None for each in (old, new))
        if becomes and urn.endswith("trainer") and "repository:Repository" in urn:
            becomes = {**becomes, **changed}
        one = new.get(urn) or old[urn]
        op = "create" if was is None else "delete" if becomes is None else "same" if was == becomes else "update"
        op = "replace" if op == "update" and REPLACED in urn else op
        live = None if was is None else state(urn, one.parent, inputs=was, provider=of_provider(one))
        log.append(step(op, urn, one.parent, old=live, inputs=becomes or {}, provider=of_provider(one)))
    return [each.opening for each in dangers(plan_from(seen([*log, summary()])))]


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
