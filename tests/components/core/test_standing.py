"""What stands already is imported when this stack made it for the same purpose, and what another stack made is not."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.core.bucket_names import bucket_arn, bucket_name
from components.core.standing import COPY_OF, TIER, import_id
from components.storage.recovery.backup import vault_name
from tests.components.stacks import stage

MINE, COPY = {TIER: "training"}, {COPY_OF: "us-west-2"}
EAST: dict[str, Any] = {"region": "us-east-2", "network": {"zones": 3}}
NAME = bucket_name(stage(), "models")


def imported(present: dict[str, str], given: dict[str, str], **fields: Any) -> str | None:
    arn = bucket_arn(stage(), "models")
    return import_id(replace(stage(), standing={arn: present}, **fields), arn, NAME, given)


@pytest.mark.parametrize(
    ("present", "given", "same"),
    [
        (MINE, {TIER: "agents"}, True),
        (COPY, COPY, True),
        ({}, {}, True),
        ({}, MINE, False),  # a copy of an earlier release, of this stack or another
        ({}, COPY, False),
        (MINE, COPY, False),
    ],
)
def test_what_has_the_same_role_is_imported(present: dict[str, str], given: dict[str, str], same: bool) -> None:
    assert imported(present, given) == (NAME if same else None)
    assert import_id(stage(), bucket_arn(stage(), "models"), NAME, given) is None, "nothing stands"


@pytest.mark.parametrize(
    ("present", "fields"),
    [({COPY_OF: "us-east-2"}, {}), ({COPY_OF: "us-east-2"}, {"is_new": True}), ({}, {"is_new": True})],
)
def test_a_copy_of_another_stack_is_never_taken_over(present: dict[str, str], fields: dict[str, Any]) -> None:
    with pytest.raises(pulumi.RunError, match=r"is not of this stack: .* Give this stack another `name`\.$"):
        imported(present, MINE, **fields)


def test_copies_in_one_region_have_the_names_of_their_own_stacks() -> None:
    """Bucket names are global; vaults and aliases of one region have one name space."""
    west, east = stage(), stage(**EAST)
    names = {bucket_name(one, "models", to) for one, to in ((west, None), (west, "us-east-2"), (west, "eu-west-1"))}
    names |= {bucket_name(one, "models", to) for one, to in ((east, None), (east, "us-west-2"), (east, "eu-west-1"))}
    assert len(names) == 6, "a name that two stacks have is one bucket, which both would take for theirs"
    for name in (lambda one: vault_name(one, copies=True), lambda one: one.key_alias(one.copies_key)):
        assert name(west) != name(east)


def test_copies_of_a_stack_of_an_earlier_release_keep_their_names() -> None:
    older = replace(stage(), older_copies=True)
    assert bucket_name(older, "models", "us-east-2") == bucket_name(stage(**EAST), "models")
    assert vault_name(older, copies=True) == "ml-platform-prod-backup-copies"
    assert older.copies_key == "copies"
