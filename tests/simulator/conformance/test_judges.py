"""The judge of a real API server asks without leaving anything, and merges a change as the provider does."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

import pytest

from simulator.conformance.cases import Case, Change
from simulator.conformance.judges import Judge, ServerJudge
from simulator.control_plane.client import ApiServer, Refused, Resource

CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {"size": 1}}
SET = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "db"},
    "spec": {"replicas": 1, "containers": [{"name": "app", "image": "a"}]},
}


class FakeServer:
    """Stores objects with a default, and refuses those with a `wrong` in their spec."""

    def __init__(self) -> None:
        self.stored: dict[str, Any] = {}
        self.dry: list[Any] = []
        self.conflicts = 1

    def create(self, state: Mapping[str, Any], namespace: str, *, dry_run: bool = False) -> Any:
        self._refuse(state)
        made = copy.deepcopy(dict(state)) | {"status": {}}
        made.setdefault("spec", {})["updateStrategy"] = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
        if dry_run:
            self.dry.append(made)
        else:
            self.stored[state["metadata"]["name"]] = made
        return copy.deepcopy(made)

    def replace(self, state: Mapping[str, Any], namespace: str, *, dry_run: bool = False) -> Any:
        if self.conflicts:
            self.conflicts -= 1
            raise Refused({"code": 409, "reason": "Conflict", "message": "modified"})
        self._refuse(state)
        self.dry.append(state)
        return state

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> Any:
        return copy.deepcopy(self.stored.get(name, {}))

    def delete(self, api_version: str, kind: str, namespace: str, name: str, *, wait: bool = True) -> None:
        self.stored.pop(name)

    def resource(self, api_version: str, kind: str) -> Resource:
        return Resource(api_version, kind.lower(), kind != "Namespace")

    def request(self, method: str, path: str, *_: Any, **__: Any) -> Any:
        if method == "DELETE":
            self.stored.pop(path.rpartition("/")[2])
        return self.stored.get(path.split("/")[-2], {})

    def _refuse(self, state: Mapping[str, Any]) -> None:
        if "wrong" in state.get("spec", {}):
            raise Refused({"code": 422, "reason": "Invalid", "message": "spec is wrong"})


@pytest.fixture
def server() -> FakeServer:
    made = FakeServer()
    made.stored["default"] = {"kind": "ServiceAccount"}  # the judge waits for it in each namespace
    return made


def judge_of(server: FakeServer) -> Judge:
    return ServerJudge(cast(ApiServer, server))


def change(**spec: Any) -> Change:
    after: Any = copy.deepcopy(SET)
    after["spec"] |= spec
    return Change("topic", "name", SET, after, (), True, "", "in place")


def test_a_dry_run_leaves_neither_the_object_nor_what_was_given(server: FakeServer) -> None:
    verdict = judge_of(server).judge(Case("topic", "name", SET, (CLAIM,), True, ""))
    assert verdict.accepted
    assert [each["metadata"]["name"] for each in server.dry] == ["db"]
    assert set(server.stored) == {"default"}


def test_a_refusal_has_the_servers_words(server: FakeServer) -> None:
    wrong = {**SET, "spec": {"wrong": True}}
    verdict = judge_of(server).judge(Case("topic", "name", wrong, (), False, ""))
    assert (verdict.accepted, verdict.message) == (False, "spec is wrong")
    assert judge_of(server).judge(change(wrong=True)).provider == "refused"


def test_a_given_object_that_is_refused_is_a_mistake_of_the_corpus(server: FakeServer) -> None:
    with pytest.raises(ValueError, match=r"spec is wrong$"):
        judge_of(server).judge(Case("topic", "name", SET, ({**CLAIM, "spec": {"wrong": True}},), True, ""))


def test_a_change_keeps_what_the_server_has_added_and_is_tried_again_after_a_conflict(server: FakeServer) -> None:
    assert judge_of(server).judge(change(containers=[{"name": "app", "image": "b"}])).accepted
    (sent,) = server.dry
    assert sent["spec"]["updateStrategy"]["type"] == "RollingUpdate"
    assert sent["spec"]["containers"] == [{"name": "app", "image": "b"}]


def test_a_strategy_of_another_type_loses_the_defaults_of_the_old_one(server: FakeServer) -> None:
    judge_of(server).judge(change(updateStrategy={"type": "OnDelete"}))
    assert server.dry[0]["spec"]["updateStrategy"] == {"type": "OnDelete"}
