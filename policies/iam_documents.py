"""Reads IAM policy documents, which resources hold as JSON strings."""

import json
from collections.abc import Iterator

from policies.views import Path, View, WrongTypeError, at, text

IDENTITY_POLICIES = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
}
"""Resource types that hold one identity policy -> the property with the document."""


def statements(view: View, path: Path) -> Iterator[View]:
    """Yields the statements of the document at `path`; none where absent.

    Raises NotKnownError, and WrongTypeError for a string that is not a JSON document.
    """
    document = at(view, path)
    if isinstance(document, str):
        try:
            document = json.loads(document) if document.strip() else None
        except ValueError:
            raise WrongTypeError(view.resource, view.under(path), "a JSON document", document) from None
    if document is None:
        return
    if not isinstance(document, dict):
        raise WrongTypeError(view.resource, view.under(path), "a policy document", document)
    value = document.get("Statement", [])
    for index, statement in enumerate(value if isinstance(value, list) else [value]):
        yield View(view.resource, statement, f"{view.under(path)}.Statement[{index}]")


def allows(statement: View) -> bool:
    """Tells whether the statement has the effect Allow."""
    return text(statement, "Effect") == "Allow"


def names(statement: View, key: Path) -> list[str]:
    """Returns the element `key` (Action, Resource, ...) as a list, whether it is one string or a list of strings."""
    value = at(statement, key, [])
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise WrongTypeError(statement.resource, statement.under(key), "a string or a list of strings", value)


def principals(statement: View) -> list[str]:
    """Returns the principals of the statement, of all kinds; `*` means everyone."""
    value = at(statement, "Principal", {})
    if isinstance(value, str):
        return [value]
    if not isinstance(value, dict):
        raise WrongTypeError(statement.resource, statement.under("Principal"), "a string or a map", value)
    by_kind = View(statement.resource, value, statement.under("Principal"))
    return [name for kind in value for name in names(by_kind, kind)]
