"""Dangers of secrets of teams: what stays behind when a team has another name, or secrets another store."""

import re
from functools import cache
from typing import Any

import pytest

from report.dangers import dangers, plan_from
from report.dangers.secrets import EXTERNAL, STORE
from report.dangers.teams import NAMESPACE
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack
from tests.in_process.providers import Registered
from tests.report.logs import seen, state, step, summary
from tests.report.test_dangers import found, of

TOKEN = {"keys": ["token"]}
TEAM: dict[str, Any] = {"name": "research", "namespaces": ["research"], "secrets": {"hub-token": TOKEN}}
MADE = {**TEAM, "secrets": {"hub-token": {**TOKEN, "filled": "generated"}}}
VAULT = {"store": "vault", "vault": {"address": "https://vault.example.com"}}


@cache
def built(name: str) -> list[Registered]:
    """The resources of a stack with one of these teams."""
    cloud = PlatformCloud()
    team, secrets = STACKS[name]
    cloud.up(stack(teams=[team] if team else [], **({"secrets": secrets} if secrets else {})), preview=True)
    return [*cloud.registered.values()]


STACKS: dict[str, tuple[Any, Any]] = {
    "as it is": (TEAM, None),
    "renamed": ({**TEAM, "name": "science"}, None),
    "in a Vault": (TEAM, VAULT),
    "renamed in a Vault": ({**TEAM, "name": "science"}, VAULT),
    "generated": (MADE, None),
    "another key": ({**TEAM, "secrets": {"hub-token": {"keys": ["key"]}}}, None),
    "without it": ({**TEAM, "secrets": {}}, None),
}


def told(before: str, after: str) -> list[str]:
    """What a change from one stack to the other tells of data."""
    old, new = ({each.urn: each for each in built(name)} for name in (before, after))
    log = []
    for urn in {**old, **new}:
        was, becomes = (
            state(urn, each.parent, inputs=plain(each.inputs), provider=of_provider(each)) if each else None
            for each in (old.get(urn), new.get(urn))
        )
        one = new.get(urn) or old[urn]
        same = was and becomes and was["inputs"] == becomes["inputs"]
        op = "create" if was is None else "delete" if becomes is None else "same" if same else "update"
        inputs = becomes["inputs"] if becomes else {}
        more = {"retainOnDelete": True} if one.retained else {}
        was = {**was, **more} if was else None
        log.append(step(op, urn, one.parent, old=was, inputs=inputs, provider=of_provider(one), **more))
    plan = plan_from(seen([*log, summary()]))
    return [each.opening for each in dangers(plan) if each.kind == "data"]


def of_provider(resource: Registered) -> str:
    return resource.provider.rpartition("::")[0]


def plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value if value is None or isinstance(value, str | int | float) else "unknown"


CHANGES = [
    ("as it is", "renamed", r"Secret main-\S+hub-token deleted"),
    ("as it is", "renamed", "Secret hub-token of namespace research is made anew"),
    ("as it is", "in a Vault", r"Secret main-\S+hub-token deleted"),
    ("as it is", "in a Vault", "the secrets of team research come from another store"),
    ("in a Vault", "as it is", "the secrets of team research come from another store"),
    ("in a Vault", "renamed in a Vault", "Secret hub-token of namespace research is made anew"),
    ("as it is", "generated", r"Secret main-\S+hub-token deleted"),
    ("generated", "as it is", r"Password \S+ deleted"),
    ("as it is", "another key", "Secret hub-token of namespace research reads no longer "),
    ("as it is", "without it", "Secret hub-token goes from namespace research"),
]


@pytest.mark.parametrize(("before", "after", "opening"), CHANGES)
def test_values_that_stay_behind_or_are_lost_are_told(before: str, after: str, opening: str) -> None:
    openings = told(before, after)
    assert any(re.match(opening, each) for each in openings), openings


def external(namespace: str = "research", name: str = "hub-token") -> dict[str, Any]:
    return {"metadata": {"namespace": namespace}, "spec": {"target": {"name": name}}}


@pytest.mark.parametrize(("retained", "told"), [(True, True), (False, False)], ids=["stays", "goes"])
def test_a_secret_that_goes_with_its_namespace_is_no_danger_of_its_own(retained: bool, told: bool) -> None:
    inputs = {"metadata": {"name": "research"}}
    gone = of(NAMESPACE, inputs, None, "main-namespace-research", retainOnDelete=retained)
    openings = [each.opening for each in found(of(EXTERNAL, external(), None), gone, kind="data")]
    assert openings == (["Secret hub-token goes from namespace research"] if told else [])


@pytest.mark.parametrize("op", ["update", "replace"])
@pytest.mark.parametrize("path", ["secret", "other"])
def test_another_store_is_told_whether_it_is_changed_or_replaced(op: str, path: str) -> None:
    before, after = (
        {"metadata": {"name": "research"}, "spec": {"provider": {"vault": {"server": "https://v", "path": each}}}}
        for each in ("secret", path)
    )
    openings = [each.opening for each in found(of(STORE, before, after, op=op), kind="data")]
    assert openings == (["the secrets of team research come from another store"] if path == "other" else [])
