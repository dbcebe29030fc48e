"""Removes stack locks that a killed engine left behind."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path


def release_stale(state: Path) -> None:
    """Removes the locks of engines that are no longer running on this machine.

    For each lock, the file backend writes a file with the pid and host of the engine. A killed engine leaves the file
    behind, and every later update would fail because of it. Source: recorded from engine 3.259.
    """
    for path in (state / ".pulumi" / "locks").rglob("*.json"):
        try:
            holder = json.loads(path.read_text())
            pid, host = int(holder["pid"]), str(holder["hostname"])
        except (ValueError, KeyError, OSError):
            continue
        if host == socket.gethostname() and not _is_running(pid):
            path.unlink(missing_ok=True)
            path.with_name(path.name + ".attrs").unlink(missing_ok=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
