"""Remembers what a preview will create, so that objects that need it are not refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from simulator.kubernetes.kinds import CustomKind
from simulator.values import Props

_LOOK_AGAIN_SECONDS = 0.05  # other processes change the cloud as well, and send no notification
_NO_SCHEMAS: Mapping[str, Any] = {}
_Key = tuple[str, str, str, str, str]


class Planned:
    """The objects and custom kinds of the previews since the last change, by cluster. Threads can wait for them.

    A program may create a namespace and an object in it without a dependency between the two. The real provider then
    retries for a minute, so the simulator waits for a while as well before it refuses the object.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._objects: dict[_Key, Props] = {}
        self._kinds: dict[tuple[str, str, str], tuple[CustomKind, Mapping[str, Any]]] = {}

    def add(self, cluster: str, api_version: str, kind: str, namespace: str, state: Props) -> None:
        """Adds an object that will be created."""
        with self._changed:
            self._objects[cluster, _group(api_version), kind, namespace, state["metadata"]["name"]] = state
            self._changed.notify_all()

    def add_kind(self, cluster: str, served: CustomKind, schemas: Mapping[str, Any] = _NO_SCHEMAS) -> None:
        """Adds a custom kind that will be installed, with the schemas of its versions, if they are known."""
        with self._changed:
            self._kinds[cluster, served.group, served.kind] = (served, schemas)
            self._changed.notify_all()

    def object(self, cluster: str, api_version: str, kind: str, namespace: str, name: str) -> Props | None:
        """Returns the planned object, or None."""
        with self._changed:
            return self._objects.get((cluster, _group(api_version), kind, namespace, name))

    def of_kind(self, cluster: str, api_version: str, kind: str) -> list[Props]:
        """Returns the planned objects of a kind."""
        with self._changed:
            planned = [
                state
                for (cluster_name, _, each, *_), state in self._objects.items()
                if (cluster_name, each) == (cluster, kind)
            ]
        return [state for state in planned if state.get("apiVersion") == api_version]

    def in_namespace(self, cluster: str, namespace: str) -> list[Props]:
        """Returns the planned objects of a namespace, without Helm releases."""
        with self._changed:
            return [
                state
                for (cluster_name, group, _, each, _), state in self._objects.items()
                if (cluster_name, each) == (cluster, namespace) and group != "helm.sh"
            ]

    def custom(self, cluster: str, api_version: str, kind: str) -> tuple[CustomKind, Mapping[str, Any] | None] | None:
        """Returns the planned custom kind with the schema of that version, if known; None when it is not planned."""
        group, _, version = api_version.rpartition("/")
        with self._changed:
            served, schemas = self._kinds.get((cluster, group, kind), (None, _NO_SCHEMAS))
        return (served, schemas.get(version)) if served and version in served.versions else None

    def clear(self) -> None:
        """Removes everything after a real change, and wakes the threads that wait."""
        with self._changed:
            self._objects.clear()
            self._kinds.clear()
            self._changed.notify_all()

    def wait(self, seconds: float, condition: Callable[[], bool]) -> bool:
        """Returns whether the condition becomes true within that time."""
        deadline = time.monotonic() + seconds
        while not condition():  # called without this lock: it may need the cloud's lock, whose holders call `add`
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            with self._changed:
                self._changed.wait(min(remaining, _LOOK_AGAIN_SECONDS))
        return True


def _group(api_version: str) -> str:
    return api_version.rpartition("/")[0]
