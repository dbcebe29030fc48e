"""Tries realistic wrong values and updates on the simulator, and odd ones that AWS takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulator.cloud import Cloud
from simulator.provider import Refusal
from tests.simulator.aws import (
    odd_values,
    wrong_budgets,
    wrong_doors,
    wrong_images,
    wrong_metrics,
    wrong_secrets,
    wrong_storage,
    wrong_values,
)
from tests.simulator.aws.account import Account, Resource
from tests.simulator.aws.sound_values import SOUND, filled, over, world
from tests.simulator.aws.wrong import Wrong
from tests.simulator.aws.wrong_values import REPLACES

CASES = (
    *wrong_values.NETWORK,
    *wrong_values.CLUSTERS,
    *wrong_values.EMPTY,
    *wrong_storage.KEYS,
    *wrong_storage.BUCKETS,
    *wrong_storage.FILES,
    *wrong_storage.OPERATIONS,
    *wrong_doors.DOORS,
    *wrong_secrets.SECRETS,
    *wrong_budgets.BUDGETS,
    *wrong_images.IMAGES,
    *wrong_metrics.METRICS,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Resource]]:
    path = tmp_path_factory.mktemp("world") / "cloud.sqlite"
    with closing(Cloud(path)) as cloud:
        return path, world(Account(cloud))


@pytest.fixture
def account(made: tuple[Path, dict[str, Resource]], tmp_path: Path) -> Iterator[Account]:
    shutil.copytree(made[0].parent, tmp_path, dirs_exist_ok=True)
    with closing(Cloud(tmp_path / "cloud.sqlite")) as cloud:
        yield Account(cloud)


def outcome(aws: Account, case: Wrong, made: dict[str, Resource]) -> str:
    """Returns where the values are refused and why, as a rehearsal would show it; "" where they pass."""
    sound = SOUND[case.type]
    before = None
    if case.before is not None:
        before = aws.make(case.type, case.case, **filled(over(sound, case.before), made))
        sound = over(sound, case.before)
    inputs = filled(over(sound, case.inputs), made)
    checked = aws.check(case.type, case.case, before.inputs if before else None, **inputs)
    if checked.failures:
        return "\n".join(failure.reason for failure in checked.failures)
    if before and aws.diff(before, **inputs).replaces:
        return REPLACES
    for preview in (True, False):
        try:
            if before:
                aws.update(before, preview, **inputs)
            else:
                aws.package.create(aws.call(case.type, case.case, preview), checked.inputs)
        except Refusal as refusal:
            return str(refusal)
    return ""


@pytest.mark.parametrize("type_", SOUND)
def test_sound_values_are_taken(account: Account, made: tuple[Path, dict[str, Resource]], type_: str) -> None:
    assert outcome(account, Wrong("sound", type_, {}), made[1]) == ""


def _name(case: Wrong) -> str:
    return f"{case.type.rsplit(':', 1)[-1]}: {case.case}"


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_wrong_values_are_refused(account: Account, made: tuple[Path, dict[str, Resource]], case: Wrong) -> None:
    text = outcome(account, case, made[1])
    assert text, "the simulator takes what AWS refuses"
    assert case.says in text


@pytest.mark.parametrize("case", [*odd_values.TAKEN, *odd_values.PASSING], ids=_name)
def test_odd_values_are_taken(account: Account, made: tuple[Path, dict[str, Resource]], case: Wrong) -> None:
    assert outcome(account, case, made[1]) == "", case.passes


def test_nearly_all_wrong_values_are_refused() -> None:
    tried = len(CASES) + len(odd_values.PASSING)
    assert tried >= 150
    assert len(CASES) / tried >= 0.95
    assert len(odd_values.TAKEN) >= 40
    assert {case.type for case in CASES} <= SOUND.keys()
    names = [(_name(case), case.before is None) for case in (*CASES, *odd_values.TAKEN, *odd_values.PASSING)]
    assert len(set(names)) == len(names), "a case is listed twice"
