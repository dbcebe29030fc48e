"""What one run tells the next."""

from typing import Any

import pytest

from components.stack.kept import Kept
from settings.storage.storage import StorageSettings

COPIED = {"buckets": {"data": {"purpose": "datasets", "replicate_to": "us-east-2"}}}


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
    again = Kept.of({**outputs, "kept": kept.outputs()}, StorageSettings.model_validate(COPIED))
    assert again.older_copies is older
