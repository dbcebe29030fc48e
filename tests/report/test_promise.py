"""What a preview showed, against what `up` did."""

import pytest

from report.events import read
from report.promise import broken
from tests.report.logs import BUCKET, POOL, step, summary


def operation(*steps):
    return read([*steps, summary()])


def test_the_same_changes_keep_the_promise():
    replaced = [step("create-replacement", BUCKET), step("replace", BUCKET), step("delete-replaced", BUCKET)]
    preview = operation(step("update", POOL), *replaced)
    assert broken(preview, operation(*reversed(replaced), step("update", POOL))) == (), "the order is the engine's"


@pytest.mark.parametrize(
    ("shown", "done", "harmless"),
    [
        ("same", "update", False),
        ("same", "delete", False),
        ("update", "replace", False),
        ("update", "delete", False),
        ("create", "update", False),
        ("create", "same", False),
        ("delete", "same", False),
        ("update", "same", True),
        ("replace", "update", True),
    ],
)
def test_up_may_do_less_than_the_preview_showed_but_not_more(shown, done, harmless):
    (difference,) = broken(operation(step(shown, BUCKET)), operation(step(done, BUCKET)))
    assert difference.harmless is harmless


def test_a_resource_that_the_preview_did_not_name_comes_first_and_reads_as_a_sentence():
    preview = operation(step("update", POOL))
    differences = broken(preview, operation(step("delete", BUCKET)))
    assert [str(each) for each in differences] == [
        "Bucket network-flow-logs: the preview showed nothing, up did delete",
        "NodePool main-system: the preview showed update, up did nothing",
    ]
