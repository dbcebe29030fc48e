"""Edits of a stack file as people make them, one after another on a stack that is up.

A preview shows what `up` does, nothing that holds data is replaced or deleted, and a refresh finds no change. After
some edits a second preview finds none either. What must be refused is refused by the preview.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from policies.rules.reliability.rel_data_kept import HOLDS_DATA
from report.events import Operation
from report.look import PACK
from report.promise import broken
from tests.whole.live import Live

YES = ("--yes", "--skip-preview")


@dataclass(frozen=True)
class Edit:
    """One edit.

    settings: path -> new value, GONE to remove it. refused: what the preview says when it refuses the edit, which is
    then taken back. settles: whether a second preview follows.
    """

    settings: Mapping[str, Any]
    refused: str = ""
    settles: bool = False


def rows(edits: Mapping[str, Edit]) -> list[Any]:
    """Returns the edits as parameters of a test. Every third one settles: a change at each run would still be there."""
    return [
        pytest.param(replace(edit, settles=number % 3 == 0), id=name)
        for number, (name, edit) in enumerate(edits.items(), 1)
    ]


def make(stack: Live, edit: Edit) -> None:
    """Makes an edit, and checks what comes of it."""
    before = stack.file.read_text()
    stack.change(edit.settings)
    try:
        preview = stack.run("preview", *(PACK if edit.refused else ()), refused=edit.refused)
    except AssertionError:
        stack.file.write_text(before)  # the next edit starts from what is up
        raise
    if edit.refused:
        stack.file.write_text(before)
    else:
        build(stack, preview)
        if edit.settles:
            stack.run("preview", "--expect-no-changes")


def build(stack: Live, preview: Operation) -> None:
    """Builds what a preview showed."""
    assert preview.changes, "the edit changes nothing"
    gone = [change for change in preview.changes if change.op in ("replace", "delete")]
    assert not [change.name for change in gone if change.type in HOLDS_DATA], "data would be lost"
    up = stack.run("up", *YES)
    assert [str(difference) for difference in broken(preview, up)] == []
    stack.run("refresh", *YES, "--expect-no-changes")
