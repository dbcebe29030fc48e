"""What one run tells the next."""

from typing import Any

import pytest

from components.stack.kept import Kept
from settings.storage.storage import StorageSettings

NONE = StorageSettings()
COPIED = {"buckets": {"data": {"purpose": "datasets", "replicate_to": "us-east-2"}}}


def read_again(kept: Kept) -> Kept:
    return Kept.of({"region": "us-west-2", "kept": kept.outputs()}, StorageSettings.model_validate(COPIED))


@pytest.mark.parametrize(
    ("outputs", "storage", "older"),
    [
        ({}, COPIED, False),
        ({"region": "us-west-2"}, COPIED, True),
        ({"region": "us-west-2"}, {"recovery": {"copy_to": "us-east-2"}}, True),
        ({"region": "us-west-2"}, {}, False),
    ],
)
def test_only_copies_of_an_earlier_release_keep_their_names(
    outputs: dict[str, Any], storage: dict[str, Any], older: bool
) -> None:
    """A copy with another name is another bucket."""
    kept = Kept.of(outputs, StorageSettings.model_validate(storage))
    assert kept.older_copies is older
    assert read_again(kept).older_copies is older


def test_a_namespace_that_left_is_known_until_it_is_back_or_its_cluster_goes() -> None:
    lab, home = ("main", "lab"), ("main", "home")
    first = read_again(Kept().after(NONE, [lab, home], ["main"]))
    assert not first.retained_namespaces, "import of what a person deleted would fail"
    left = read_again(read_again(first.after(NONE, [home], ["main"])).after(NONE, [home], ["main"]))
    assert left.retained_namespaces == {lab}
    assert not left.after(NONE, [home, lab], ["main"]).retained_namespaces
    assert not left.after(NONE, [], ["second"]).retained_namespaces
