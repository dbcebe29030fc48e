"""Fills templates of ids, ARNs and outputs: `vpc-{hex17}`, `arn:{partition}:iam::{account}:role{path}{name}`.

Random parts are digests of the URN, so that the same resource has the same id in every run of a fresh cloud:
`{hexN}` N hexadecimal digits, `{HEXN}` upper case, `{alnumN}` lower-case letters and digits, `{ALNUMN}` upper case,
`{uuid}`. A label, as in `{hex17:acl}`, gives another value.
"""

from __future__ import annotations

import hashlib
import re
import string
import uuid
from collections.abc import Callable, Iterator
from typing import Any

_FIELD = re.compile(r"\{([A-Za-z_.][\w.]*?)(\d*)(?::([\w-]+))?\}")
_GENERATED = re.compile(r"\{(hex|HEX|alnum|ALNUM|uuid)\d*(?::[\w-]+)?\}")
_DIGITS = string.digits + string.ascii_lowercase


def is_generated(template: str) -> bool:
    """Returns whether the template has a random part: such an id is not known before the resource exists."""
    return _GENERATED.search(template) is not None


def fields(template: str) -> Iterator[str]:
    """Yields the fields of a template that are not random."""
    for name, length, _ in _FIELD.findall(template):
        if not _is_generated(name):
            yield name + length


def fill(template: str, seed: str, lookup: Callable[[str], Any]) -> str:
    """Fills a template. look: returns the value of a field that is not random; an absent value becomes empty."""

    def value(match: re.Match[str]) -> str:
        name, length, label = match.groups()
        if _is_generated(name):
            return pseudo_random(name, int(length or 0), f"{seed}|{label}" if label else seed)
        field = lookup(name + length)
        return "" if field is None else str(field)

    return _FIELD.sub(value, template)


def _is_generated(name: str) -> bool:
    return name.lower() in ("hex", "alnum", "uuid")


def pseudo_random(kind: str, length: int, seed: str) -> str:
    """Returns a pseudo-random text of one of the kinds above; the same seed gives the same text."""
    digest = hashlib.sha256(seed.encode()).digest()
    if kind == "uuid":
        return str(uuid.UUID(bytes=digest[:16], version=4))
    if kind.lower() == "hex":
        text = digest.hex()[:length]
    else:
        number = int.from_bytes(digest, "big")
        text = "".join(_DIGITS[number // 36**position % 36] for position in range(length))
    return text.upper() if kind.isupper() else text
