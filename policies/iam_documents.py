"""Reading IAM policy documents, which resources hold as JSON text."""

import json
from collections.abc import Iterator

from policies.views import Path, View, WrongTypeError, at, text

IDENTITY_POLICIES = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
}
"""The types that hold one policy document of an identity -> the property that holds it."""


def statements(view: View, path: Path) -> Iterator[View]:
    """The statements of the document at `path`; none where absent.

    Raises NotKnownError, and WrongTypeError for text that is no JSON document.
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
    found = document.get("Statement", [])
    for index, statement in enumerate(found if isinstance(found, list) else [found]):
        yield View(view.resource, statement, f"{view.under(path)}.Statement[{index}]")


def allows(statement: View) -> bool:
    """Whether the statement grants rather than refuses."""
    return text(statement, "Effect") == "Allow"


def names(statement: View, key: str) -> list[str]:
    """The element `key` (Action, Resource, ...) as a list, whether written as one text or as several."""
    found = at(statement, key, [])
    if isinstance(found, str):
        return [found]
    if isinstance(found, list) and all(isinstance(item, str) for item in found):
        return found
    raise WrongTypeError(statement.resource, statement.under(key), "a text or a list of texts", found)


def principals(statement: View) -> list[str]:
    """Everybody whom the element Principal names, of whatever kind; `*` is anybody."""
    found = at(statement, "Principal", {})
    if isinstance(found, str):
        return [found]
    if not isinstance(found, dict):
        raise WrongTypeError(statement.resource, statement.under("Principal"), "a text or a map", found)
    return [
        name for kind in found for name in names(View(statement.resource, found, statement.under("Principal")), kind)
    ]
