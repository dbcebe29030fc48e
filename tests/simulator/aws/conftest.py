"""Fixtures: a new account for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulator.cloud import Cloud
from tests.simulator.aws.account import Account


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with closing(Cloud(tmp_path / "cloud.sqlite")) as opened:
        yield opened


@pytest.fixture
def aws(cloud: Cloud) -> Account:
    return Account(cloud)
