"""Removes what a killed engine left in the folder of its state, and what every later command would fail because of."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path


def clean_up(state: Path) -> None:
    """Removes the locks of engines that no longer run on this machine, and half-written attribute files.

    For each lock, the file backend writes a file with the pid and host of the engine, which a killed engine leaves.
    Beside each file it writes `.attrs`, in place and not by a rename: an engine killed in between leaves it empty, and
    the whole state behind it is then refused (`failed to load checkpoint: EOF`). Without `.attrs` it is read.
    Sources: recorded from engine 3.259; gocloud.dev v0.46.1, blob/fileblob/attrs.go.
    """
    for path in (state / ".pulumi" / "locks").rglob("*.json"):
        holder = _read(path)
        if (
            isinstance(holder, dict)
            and holder.get("hostname") == socket.gethostname()
            and _has_ended(holder.get("pid"))
        ):
            path.unlink(missing_ok=True)
            path.with_name(path.name + ".attrs").unlink(missing_ok=True)
    for path in (state / ".pulumi").rglob("*.attrs"):
        if _read(path) is None:
            path.unlink(missing_ok=True)


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text())
    except (ValueError, OSError):
        return None


def _has_ended(pid: object) -> bool:
    try:
        os.kill(int(str(pid)), 0)
    except ProcessLookupError:
        return True
    except (ValueError, PermissionError):
        return False
    return False
