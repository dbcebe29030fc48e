"""Names that the stack file may have are those of the catalog."""

from typing import get_args

from catalog.priorities import NAMES, Name
from catalog.roles import ROLES, Role


def test_every_priority_and_role_has_its_row() -> None:
    assert get_args(Name) == NAMES
    assert set(get_args(Role)) == set(ROLES)
