"""The simulated cloud: all its resources, in one SQLite file that is separate from Pulumi's state."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.values import Props

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
    type TEXT NOT NULL, id TEXT NOT NULL, urn TEXT NOT NULL, state TEXT NOT NULL, made INTEGER NOT NULL,
    PRIMARY KEY (type, id)
);
CREATE INDEX IF NOT EXISTS order_of_creation ON resources (made);
CREATE TABLE IF NOT EXISTS gone (type TEXT NOT NULL, id TEXT NOT NULL, urn TEXT NOT NULL)"""


@dataclass(frozen=True)
class CloudResource:
    """One resource in the cloud.

    state: its live properties, both inputs and outputs. made: a running number, in order of creation.
    urn: the Pulumi resource that created it, mainly for listings.
    """

    type: str
    id: str
    state: Props = field(hash=False)
    urn: str = ""
    made: int = 0


class Cloud:
    """Resources by type and id, shared by the threads of the providers and by other processes.

    Reads come from memory; SQLite's data_version shows when another process has written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._version: int | None = None
        self._when_deleted: list[tuple[str, Callable[[str], None]]] = []
        self._by_type: dict[str, dict[str, CloudResource]] = {}
        self._gone: Counter[tuple[str, str]] = Counter()

    def close(self) -> None:
        """Writes everything into the one file and closes it."""
        with self._lock:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.close()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Locks the cloud for other threads, so that a read and a write that depends on it are one step."""
        with self._lock:
            yield

    def get(self, type_: str, id_: str) -> CloudResource | None:
        """Returns the resource of that type and id, or None."""
        with self._lock:
            return self._resources().get(type_, {}).get(id_)

    def of_type(self, type_: str) -> list[CloudResource]:
        """Returns all resources of a type, oldest first."""
        with self._lock:
            return sorted(self._resources().get(type_, {}).values(), key=lambda resource: resource.made)

    def all(self) -> list[CloudResource]:
        """Returns all resources, oldest first."""
        with self._lock:
            resources = [resource for by_id in self._resources().values() for resource in by_id.values()]
            return sorted(resources, key=lambda resource: resource.made)

    def put(self, type_: str, id_: str, state: Props, urn: str = "") -> CloudResource:
        """Creates the resource, or changes its state. Its place in the order of creation stays the same."""
        with self._lock:
            before = self.get(type_, id_)
            made = before.made if before else self._next_number()
            resource = CloudResource(type_, id_, state, urn or (before.urn if before else ""), made)
            row = (type_, id_, resource.urn, json.dumps(state, sort_keys=True), made)
            self._db.execute("INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?, ?)", row)
            self._by_type.setdefault(type_, {})[id_] = resource
            return resource

    def delete(self, type_: str, id_: str) -> bool:
        """Removes the resource. Returns False when it did not exist."""
        with self._lock:
            removed = self._resources().get(type_, {}).pop(id_, None)
            self._db.execute("DELETE FROM resources WHERE type = ? AND id = ?", (type_, id_))
            if removed is not None:
                self._db.execute("INSERT INTO gone VALUES (?, ?, ?)", (type_, id_, removed.urn))
                self._count_gone(type_, id_, removed.urn)
            for watched, react in self._when_deleted:
                if watched == type_:
                    react(id_)
            return removed is not None

    def times_gone(self, type_: str, id_or_urn: str) -> int:
        """Returns how many resources of the type with that id, or from that URN, were deleted.

        What is made again gets other ids and names than these: AWS gives none of them a second time.
        """
        with self._lock:
            self._resources()
            return self._gone[type_, id_or_urn]

    def on_delete(self, type_: str, react: Callable[[str], None]) -> None:
        """Calls `react` with the id of each resource of the type that is deleted, to delete what it contains."""
        self._when_deleted.append((type_, react))

    def _count_gone(self, type_: str, id_: str, urn: str) -> None:
        self._gone.update((type_, key) for key in {id_, urn} if key)

    def _next_number(self) -> int:
        (number,) = self._db.execute("SELECT COALESCE(MAX(made), 0) + 1 FROM resources").fetchone()
        return int(number)

    def _resources(self) -> dict[str, dict[str, CloudResource]]:
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._by_type = {}
            rows: list[tuple[str, str, str, str, int]] = self._db.execute("SELECT * FROM resources").fetchall()
            for type_, id_, urn, state, made in rows:
                loaded: dict[str, Any] = json.loads(state)
                self._by_type.setdefault(type_, {})[id_] = CloudResource(type_, id_, loaded, urn, made)
            self._gone = Counter()
            for type_, id_, urn in self._db.execute("SELECT type, id, urn FROM gone"):
                self._count_gone(type_, id_, urn)
            self._version = version
        return self._by_type
