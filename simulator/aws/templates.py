"""Ids, ARNs and computed outputs from templates: `vpc-{hex17}`, `arn:{partition}:iam::{account}:role{path}{name}`.

Random parts are digests of the URN, so the same resource has the same id in every run:
`{hexN}` N hexadecimal digits, `{HEXN}` upper case, `{alnumN}` lower-case letters and digits, `{ALNUMN}` upper case,
`{uuid}`. A label, as in `{hex17:acl}`, draws another value.
"""

from __future__ import annotations

import hashlib
import re
import string
import uuid
from collections.abc import Callable, Iterator
from typing import Any

_FIELD = re.compile(r"\{([A-Za-z_.]+)(\d*)(?::([\w-]+))?\}")
_DRAWN = re.compile(r"\{(hex|HEX|alnum|ALNUM|uuid)\d*(?::[\w-]+)?\}")
_DIGITS = string.digits + string.ascii_lowercase


def is_drawn(template: str) -> bool:
    """Whether the template holds a random part, so that nobody can name such an id before it exists."""
    return _DRAWN.search(template) is not None


def fields(template: str) -> Iterator[str]:
    """The fields of a template that are not drawn."""
    for name, length, _ in _FIELD.findall(template):
        if not _is_drawn(name):
            yield name + length


def fill(template: str, seed: str, look: Callable[[str], Any]) -> str:
    """Fills a template; look gives the value of a field that is not drawn. An absent value becomes empty."""

    def value(match: re.Match[str]) -> str:
        name, length, label = match.groups()
        if _is_drawn(name):
            return draw(name, int(length or 0), f"{seed}|{label}" if label else seed)
        found = look(name + length)
        return "" if found is None else str(found)

    return _FIELD.sub(value, template)


def _is_drawn(name: str) -> bool:
    return name.lower() in ("hex", "alnum", "uuid")


def draw(kind: str, length: int, seed: str) -> str:
    """A reproducible random text of one of the kinds above."""
    digest = hashlib.sha256(seed.encode()).digest()
    if kind == "uuid":
        return str(uuid.UUID(bytes=digest[:16], version=4))
    if kind.lower() == "hex":
        text = digest.hex()[:length]
    else:
        number = int.from_bytes(digest, "big")
        text = "".join(_DIGITS[number // 36**place % 36] for place in range(length))
    return text.upper() if kind.isupper() else text
