"""Regular expressions that every dialect has: plain characters, classes, groups and what repeats them once.

Look-around, possessive quantifiers, names of groups and \\p{...} are in some dialects alone. Groups are not nested.
Sources: RE2, doc/syntax.txt; Go, regexp/syntax; read 2026-11.
"""

from typing import Final

_REPEATS: Final = "([*+?]|[{][0-9]{1,3}(,[0-9]{0,3})?[}])?"


def _atom(characters: str, escaped: str, in_classes: str) -> str:
    return rf"([{characters}]|[.]|\\[{escaped}]|\[\^?[{in_classes}]+\]){_REPEATS}"


_ATOM: Final = _atom("A-Za-z0-9/_~&':@=-", ".dws-", "A-Za-z0-9_.-")
EXPRESSION_PATTERN: Final = rf"^\^?({_ATOM}|\(({_ATOM}|[|])*\){_REPEATS}|[|])*[$]?$"
"""Expressions on requests to a load balancer. Which dialect load balancers read is not published."""

_OF_NAMES: Final = _atom("A-Za-z0-9/_~&':@=%#-", ".dws/+-", "A-Za-z0-9_./@+-")
WHOLE_NAME_PATTERN: Final = rf"^\^({_OF_NAMES}|\(({_OF_NAMES}|[|])*\)[?]?)*[$]$"
"""Expressions on a whole name, from ^ to $, such as that of a workflow. Alternatives are in groups alone.

Groups are not repeated: what repeats inside of them as well takes one dialect long, and is too much for another.
"""
