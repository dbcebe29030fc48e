"""The simulator agrees with what a real API server says about each object and each change of the corpus."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.kubernetes import CLUSTER_SCOPED
from simulator.conformance.cases import Case, Change, cases, changes, set_at
from simulator.conformance.judges import SimulatorJudge
from simulator.values import UNKNOWN
from tests.simulator.kubernetes.bench import Bench, bench

OTHER_VERSIONS = [(case, version) for case in cases() for version in case.versions]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> SimulatorJudge:
    return SimulatorJudge(tmp_path_factory.mktemp("cloud"))


def name_of(case: Any) -> str:
    return f"{case.topic}: {case.name}" if isinstance(case, Case | Change) else str(case)


@pytest.mark.parametrize("case", cases(), ids=name_of)
def test_an_object_is_judged_as_by_the_real_api_server(judge: SimulatorJudge, case: Case) -> None:
    verdict = judge.judge(case)
    if case.simulator:
        assert verdict.accepted != case.accepted, "the reason to differ is out of date"
        return
    assert verdict.accepted == case.accepted, verdict.message or f"not refused: {case.says}"
    assert verdict.accepted or case.says in verdict.message, "people search for the real server's words"


@pytest.mark.parametrize("case", changes(), ids=name_of)
def test_a_change_is_made_as_by_the_real_provider(judge: SimulatorJudge, case: Change) -> None:
    verdict = judge.judge(case)
    if case.simulator:
        assert verdict.provider != case.provider or case.says not in verdict.message
        return
    assert verdict.provider == case.provider, verdict.message or f"not refused: {case.says}"
    assert verdict.provider != "refused" or case.says in verdict.message


@pytest.mark.parametrize(("case", "version"), OTHER_VERSIONS, ids=name_of)
def test_a_verdict_that_depends_on_the_version(tmp_path: Path, case: Case, version: str) -> None:
    assert SimulatorJudge(tmp_path, version).judge(case).accepted == case.versions[version]


def test_a_preview_refuses_what_an_update_refuses(tmp_path: Path) -> None:
    judge = SimulatorJudge(tmp_path, preview=True)
    chosen = [case for case in cases() if case.topic in ("mesh", "quota", "scheduling", "pods") and not case.simulator]
    differ = [case.name for case in chosen if judge.judge(case).accepted != case.accepted]
    assert not differ, "the preview comes before money is spent"


def test_an_unknown_value_is_never_a_reason(tmp_path: Path) -> None:
    cluster = bench(tmp_path)
    refused = []
    for case in cases():
        if case.accepted:
            for path, inputs in with_one_unknown(case.object):
                failures = cluster.check(inputs).failures
                refused += [f"{case.name}: {path}: {failures[0].reason}"] if failures else []
    assert not refused, refused[:5]


def test_an_unknown_value_never_refuses_a_change(tmp_path: Path) -> None:
    cluster = bench(tmp_path)
    for case in changes():
        if case.provider == "in place" and not case.simulator:
            place = {} if case.before["kind"] in CLUSTER_SCOPED else {"namespace": "default"}
            before, after = ({**each, "metadata": each["metadata"] | place} for each in (case.before, case.after))
            resource = cluster.make(before)
            for _, inputs in with_one_unknown(after):
                if inputs["metadata"] is not UNKNOWN and not cluster.diff(resource[1], inputs).replaces:
                    cluster.update(resource, inputs, preview=True)
            cluster.delete(resource)


def with_one_unknown(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yields the object with each of its values replaced by an unknown one, except for its identity."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        if (*path, key) in {("apiVersion",), ("kind",), ("metadata",), ("metadata", "name")}:
            continue
        for inner_path, changed in ((((), UNKNOWN)), *with_one_unknown(child, (*path, key))):
            whole = copy.copy(value)
            whole[key] = changed
            yield (key, *inner_path), whole


def test_the_corpus_has_good_and_wrong_objects_of_every_kind() -> None:
    count = Counter((case.object["kind"], case.accepted) for case in cases())
    kinds = {kind for kind, _ in count}
    assert all(count[kind, True] for kind in kinds), "a rule that refuses everything would pass"
    assert sum(count.values()) >= 300
    assert len(changes()) >= 80


def test_what_the_api_server_refuses_in_place_is_replaced_or_refused() -> None:
    wrong = [case.name for case in changes() if not case.accepted and case.provider == "in place"]
    assert not wrong, "the corpus contradicts itself"


FIRST_PREVIEWS = {
    "a budget of unavailable pods": "spec.maxUnavailable",
    "actions of a binding": "spec.validationActions",
    "strategy of a stateful set": "spec.updateStrategy",
}


@pytest.mark.parametrize("name", FIRST_PREVIEWS)
def test_the_first_preview_after_a_create_warns_of_the_real_one(tmp_path: Path, name: str) -> None:
    (case,) = (each for each in changes() if each.name == name)
    warns_once(bench(tmp_path), case, FIRST_PREVIEWS[name])


def test_a_port_of_a_service_and_a_strategy_of_a_deployment_warn_as_well(tmp_path: Path) -> None:
    named = {case.name: case for case in changes()}
    cluster = bench(tmp_path)
    for name, path, value in (
        ("ports of a service", "spec.ports", [{"name": "http", "port": 81}]),
        ("strategy of a deployment", "spec.strategy", {"type": "Recreate"}),
    ):
        after = copy.deepcopy(named[name].after)
        set_at(after, path, value)
        warns_once(cluster, replace(named[name], after=after), path)


def warns_once(cluster: Bench, case: Change, path: str) -> None:
    before, after = (copy.deepcopy(each) for each in (case.before, case.after))
    for each in (before, after):
        each["metadata"]["namespace"] = "default"
    resource = cluster.make(before)
    cluster.warnings.clear()
    cluster.update(resource, after, preview=True)
    (warning,) = cluster.warnings
    assert f"{path}: the first preview of the real provider" in warning
    cluster.update(resource, after)
    cluster.warnings.clear()
    cluster.update(resource, after, preview=True)
    assert not cluster.warnings, "the field manager of the updates owns the fields by then"
