"""What a preview is about to make, so that what stands on it is not refused as missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from simulator.kubernetes.kinds import Served
from simulator.values import Props

_LOOK_AGAIN_SECONDS = 0.05  # other processes change the cloud too, and tell nobody
_Key = tuple[str, str, str, str]


class Planned:
    """Objects and custom kinds of the previews since the last change, by cluster; and a way to wait for them.

    A program may make a namespace and, without saying that one needs the other, an object in it: the real provider
    tries again for a minute, so a refusal has to give what runs alongside some time too.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._objects: dict[_Key, Props] = {}
        self._kinds: dict[tuple[str, str, str], tuple[Served, Mapping[str, Any] | None]] = {}

    def add(self, cluster: str, kind: str, namespace: str, state: Props) -> None:
        """Notes an object that is to be made."""
        with self._changed:
            self._objects[cluster, kind, namespace, state["metadata"]["name"]] = state
            self._changed.notify_all()

    def add_kind(self, cluster: str, served: Served, schema: Mapping[str, Any] | None = None) -> None:
        """Notes a custom kind that is to be installed."""
        with self._changed:
            self._kinds[cluster, served.group, served.kind] = (served, schema)
            self._changed.notify_all()

    def object(self, cluster: str, kind: str, namespace: str, name: str) -> Props | None:
        """The object as planned."""
        with self._changed:
            return self._objects.get((cluster, kind, namespace, name))

    def of_kind(self, cluster: str, api_version: str, kind: str) -> list[Props]:
        """The objects of a kind as planned."""
        with self._changed:
            planned = [state for (home, each, *_), state in self._objects.items() if (home, each) == (cluster, kind)]
        return [state for state in planned if state.get("apiVersion") == api_version]

    def custom(self, cluster: str, api_version: str, kind: str) -> tuple[Served, Mapping[str, Any] | None] | None:
        """The custom kind as planned, with its schema where there is one."""
        group, _, version = api_version.rpartition("/")
        with self._changed:
            found = self._kinds.get((cluster, group, kind))
        return found if found and version in found[0].versions else None

    def made(self) -> None:
        """Something has been made for good: what was planned counts no more, and waiters look again."""
        with self._changed:
            self._objects.clear()
            self._kinds.clear()
            self._changed.notify_all()

    def wait(self, seconds: float, there: Callable[[], bool]) -> bool:
        """Whether it is there, now or within that time."""
        until = time.monotonic() + seconds
        while not there():  # asked without the lock: the answer may need the cloud's, which others hold when they add
            left = until - time.monotonic()
            if left <= 0:
                return False
            with self._changed:
                self._changed.wait(min(left, _LOOK_AGAIN_SECONDS))
        return True
