"""Patterns of Lua that redact: what is wrong with one, and whether a line can be made that it takes minutes for.

Lua tries a pattern from each sign of a line and gives signs back one by one, so two open repetitions over the same
signs, or one that any sign may begin, take the square of a line's length. What passes here takes time in proportion.
Sources: Lua 5.1 reference manual, 5.4.1 "Patterns"; LuaJIT/LuaJIT v2.1, src/lib_string.c; read 2026-11.
"""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_OPTIONAL, MOST_CAPTURES = 4, 32
SET = r"\[\^?+\]?+(?:%.|[^]%])*\]"
ITEM = re.compile(rf"([()])|%f({SET})|({SET}|%.|[^[%])([*+?-]?)", re.DOTALL)
SIGNS = frozenset(map(chr, range(256)))
CLASSES: Mapping[str, frozenset[str]] = {
    "a": frozenset(string.ascii_letters),
    "c": frozenset(map(chr, (*range(32), 127))),
    "d": frozenset(string.digits),
    "g": frozenset(map(chr, range(33, 127))),
    "l": frozenset(string.ascii_lowercase),
    "p": frozenset(string.punctuation),
    "s": frozenset(string.whitespace),
    "u": frozenset(string.ascii_uppercase),
    "w": frozenset(string.ascii_letters + string.digits),
    "x": frozenset(string.hexdigits),
    "z": frozenset("\0"),
}


@dataclass(frozen=True)
class _Item:
    """A place of a pattern. times: as written; f: a frontier, which takes no sign."""

    signs: frozenset[str]
    times: str = ""


def pattern_mistakes(pattern: str) -> Iterator[str]:
    """Yields what is wrong with a pattern. One that Lua refuses would stop every record, and a slow one a node."""
    text = pattern.encode().decode("latin-1")  # Lua knows bytes alone
    items = [_Item(frozenset())] if text.startswith("^") else []
    index, opened = len(items), 0
    while index < len(text):
        found = ITEM.match(text, index)
        if found is None:
            alone = text[index] == "%"
            yield "ends with a single %." if alone else "has a [ without its ]. Write %[ for the sign itself."
            return
        parenthesis, frontier, signs, times = found.groups()
        if parenthesis:
            opened += 1 if parenthesis == "(" else -1
            if opened < 0:
                break
        elif frontier:
            items.append(_Item(_signs(frontier), "f"))
        elif signs[0] == "%" and signs[1] in "bf" + string.digits:
            yield f"has {signs}, which is not for this. Write a set, [...]."
            return
        else:
            items.append(_Item(frozenset() if text[index:] == "$" else _signs(signs), times))
        index = found.end()
    if opened:
        yield "has a parenthesis without the other one. Write %( or %) for the sign itself."
    if sum(found[1] == "(" for found in ITEM.finditer(text)) > MOST_CAPTURES:
        yield f"has more than {MOST_CAPTURES} captures, which Lua does not take. Drop parentheses."
    if "{{" in pattern:
        yield "has {{, which Helm reads as its own. Write {[{] for it."
    yield from _slow(items)


def _signs(text: str) -> frozenset[str]:
    """Returns what a sign, a class or a set of Lua stands for."""
    if text == ".":
        return SIGNS
    if len(text) == 1:
        return frozenset(text)
    if text[0] == "%":
        named = CLASSES.get(text[1].lower())
        return frozenset(text[1]) if named is None else SIGNS - named if text[1].isupper() else named
    signs: set[str] = set()
    for escaped, first, last, sign in re.findall(r"(%.)|(.)-(.)|(.)", text[2 if text[1] == "^" else 1 : -1], re.DOTALL):
        signs |= _signs(escaped) if escaped else set(map(chr, range(ord(first), ord(last) + 1))) if first else {sign}
    return SIGNS - signs if text[1] == "^" else frozenset(signs)


def _slow(items: list[_Item]) -> Iterator[str]:
    """Yields why a line could take more time than in proportion to its length.

    It takes no more where each open repetition that something must follow (a) shares no sign with what follows, so it
    is given back in vain at one place only, and (b) has a sign before it that neither it nor what is between takes, or
    a frontier that all of these are in: then no two attempts read the same signs.
    """
    if sum(each.times == "?" for each in items) > MOST_OPTIONAL:
        yield f"has more than {MOST_OPTIONAL} signs with a ?, and each doubles the time for a line. Write a set, [...]."
    for index, item in enumerate(items):
        needed = [at for at, each in enumerate(items) if at > index and each.times in ("", "+", "f")]
        if item.times not in ("*", "+", "-") or not needed:
            continue
        if any(item.signs & each.signs for each in items[index + 1 : needed[0] + 1]):
            yield "repeats a sign that may also follow, so a line can take it minutes. Write a set without that."
        elif not any(
            all(each.signs <= start.signs for each in items[at + 1 : index + 1])
            if start.times == "f"
            else start.times == "" and all(start.signs.isdisjoint(each.signs) for each in items[at + 1 : index + 1])
            for at, start in enumerate(items[:index])
        ):
            yield (
                "repeats a sign that nothing before it stops, so a line can take it minutes. Write %f[%w] before %w+, "
                "and so for another set."
            )
