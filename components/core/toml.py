"""Writes nested settings as TOML, with tables in the given order, so that the same settings give the same text.

The package tomli-w writes each item of an array on a line of its own. The user data of nodes with joined local disks
has arrays, and a different text would replace all these nodes. So this module stays.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml(settings: Mapping[str, Any]) -> str:
    """Returns the TOML text of a mapping whose values are mappings, texts, numbers, booleans, and lists of those."""
    return "\n".join(_table((), settings)).lstrip("\n") + "\n" if settings else ""


def _table(path: tuple[str, ...], settings: Mapping[str, Any]) -> Iterator[str]:
    values = {key: value for key, value in settings.items() if not isinstance(value, Mapping)}
    if values and path:
        yield f"\n[{'.'.join(map(_key, path))}]"
    for key, value in values.items():
        yield f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}"  # TOML writes these values as JSON does
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _table((*path, key), value)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else json.dumps(key)
