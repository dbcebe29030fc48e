"""Regular expressions that every dialect has: plain characters, classes, groups and what repeats them once.

Look-around, possessive quantifiers, names of groups and \\p{...} are in some dialects alone. Groups are not nested.
Bounds have no zero before them: RE2 takes these for plain characters, and others for bounds.
Sources: RE2, doc/syntax.txt and re2/parse.cc; Go, regexp/syntax; Elastic Load Balancing, "Listener rules for your
Application Load Balancer", for what its dialect lacks; read 2026-11.
"""

from typing import Final

_BOUND: Final = "(0|[1-9][0-9]{0,2})"
_REPEATS: Final = f"([*+?]|[{{]{_BOUND}(,{_BOUND}?)?[}}])?"


def _atom(characters: str, escaped: str, in_classes: str) -> str:
    return rf"([{characters}]|[.]|\\[{escaped}]|\[\^?[{in_classes}]+\]){_REPEATS}"


_ATOM: Final = _atom("A-Za-z0-9/_~&':@=-", ".dws/-", "A-Za-z0-9_./-")
EXPRESSION_PATTERN: Final = rf"^\^?({_ATOM}|\(({_ATOM}|[|])*\){_REPEATS}|[|])*[$]?$"
"""Expressions on requests to a load balancer. Of the dialect that it reads only what it lacks is published."""

_OF_NAMES: Final = _atom("A-Za-z0-9/_~&':@=%#-", ".dws/+-", "A-Za-z0-9_./@+-")
WHOLE_NAME_PATTERN: Final = rf"^\^({_OF_NAMES}|\(({_OF_NAMES}|[|])*\)[?]?)*[$]$"
"""Expressions on a whole name, from ^ to $, such as that of a workflow. Alternatives are in groups alone.

Groups are not repeated: what repeats inside of them as well takes one dialect long, and is too much for another.
"""
