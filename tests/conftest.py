"""For every test: one that is slow on a busy machine has not failed; an engine writes its state once, at its end."""

import gc
import os
from collections import Counter

import pytest
from hypothesis import settings

gc.disable()  # while the modules of tests are loaded
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
os.environ.setdefault("PULUMI_SKIP_CHECKPOINTS", "true")  # a state written at each step takes most of the time


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest files first, so that no process works alone at the end.

    Those are files with an engine, then those of whole stacks and those with many tests.
    """
    of_file = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[bool, bool, int]:
        return item.get_closest_marker("engine") is None, item.path.parent.name != "whole", -of_file[item.path]

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Takes what is loaded by now, a million objects that stay, out of garbage collection."""
    gc.freeze()
    gc.set_threshold(20_000)
    gc.enable()
