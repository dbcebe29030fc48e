"""The simulated cloud: all its resources, in one SQLite file that is separate from Pulumi's state."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from simulator.values import Props

_SCHEMA = """
CREATE TABLE IF NOT EXISTS live (
    type TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, urn TEXT NOT NULL, state TEXT NOT NULL,
    made INTEGER NOT NULL, PRIMARY KEY (type, region, id)
);
CREATE INDEX IF NOT EXISTS order_of_creation ON live (made);
CREATE TABLE IF NOT EXISTS gone (type TEXT NOT NULL, id TEXT NOT NULL, urn TEXT NOT NULL)"""


@dataclass(frozen=True)
class CloudResource:
    """One resource in the cloud.

    state: its live properties, both inputs and outputs. made: a running number, in order of creation.
    urn: the Pulumi resource that created it, mainly for listings. region: "" for what belongs to no region.
    """

    type: str
    id: str
    state: Props = field(hash=False)
    urn: str = ""
    made: int = 0
    region: str = ""

    @classmethod
    def stored(cls, type_: str, id_: str, text: str, urn: str, made: int, region: str) -> CloudResource:
        """Returns a resource whose state, JSON, is parsed at its first use: most commands use a part of the cloud."""
        resource = object.__new__(cls)
        resource.__dict__.update(type=type_, id=id_, _text=text, urn=urn, made=made, region=region)
        return resource

    if not TYPE_CHECKING:  # every attribute would be one for mypy

        def __getattr__(self, name: str) -> Props:
            if name != "state" or "_text" not in self.__dict__:
                raise AttributeError(name)
            return self.__dict__.setdefault("state", json.loads(self.__dict__["_text"]))


class Cloud:
    """Resources by type, region and id, shared by the threads of the providers and by other processes.

    Each region may have a resource of the same name. A method without a region takes the oldest resource with the id,
    which is enough for ids that AWS generates. Reads come from memory; SQLite's data_version shows when another process
    has written. quotas: code -> value in the account, from the command line.
    """

    quotas: Mapping[str, int] = MappingProxyType({})

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._version: int | None = None
        self._when_deleted: list[tuple[str, Callable[[CloudResource], None]]] = []
        self._judges: dict[str, list[Callable[[Cloud, Props, str], str]]] = {}
        self._by_type: dict[str, dict[str, dict[str, CloudResource]]] = {}  # type -> id -> region -> resource
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

    def get(self, type_: str, id_: str, region: str = "") -> CloudResource | None:
        """Returns the resource of that type and id, in the region or in none; None when there is no such resource."""
        with self._lock:
            by_region = self._resources().get(type_, {}).get(id_, {})
            if region:
                return by_region.get(region) or by_region.get("")
            return next(iter(by_region.values()), None)

    def of_type(self, type_: str) -> list[CloudResource]:
        """Returns all resources of a type, oldest first."""
        with self._lock:
            by_id = self._resources().get(type_, {})
            return sorted((row for rows in by_id.values() for row in rows.values()), key=lambda row: row.made)

    def all(self) -> list[CloudResource]:
        """Returns all resources, oldest first."""
        with self._lock:
            of_types = self._resources().values()
            found = (row for by_id in of_types for rows in by_id.values() for row in rows.values())
            return sorted(found, key=lambda row: row.made)

    def put(self, type_: str, id_: str, state: Props, urn: str = "", region: str = "") -> CloudResource:
        """Creates the resource, or changes its state. Its place in the order of creation stays the same.

        region: by default that of the state.
        """
        with self._lock:
            region = region or str(state.get("region") or "")
            by_region = self._resources().setdefault(type_, {}).setdefault(id_, {})
            before = by_region.get(region)
            made = before.made if before else self._next_number()
            resource = CloudResource(type_, id_, state, urn or (before.urn if before else ""), made, region)
            row = (type_, region, id_, resource.urn, json.dumps(state, sort_keys=True), made)
            self._db.execute("INSERT OR REPLACE INTO live VALUES (?, ?, ?, ?, ?, ?)", row)
            by_region[region] = resource
            return resource

    def delete(self, type_: str, id_: str, region: str = "") -> bool:
        """Removes the resource. Returns False when it did not exist."""
        with self._lock:
            removed = self.get(type_, id_, region)
            if removed is None:
                return False
            del self._by_type[type_][id_][removed.region]
            key = (type_, removed.region, id_)
            self._db.execute("DELETE FROM live WHERE type = ? AND region = ? AND id = ?", key)
            self._db.execute("INSERT INTO gone VALUES (?, ?, ?)", (type_, id_, removed.urn))
            self._count_gone(type_, id_, removed.urn)
            for watched, react in self._when_deleted:
                if watched == type_:
                    react(removed)
            return True

    def times_gone(self, type_: str, id_or_urn: str) -> int:
        """Returns how many resources of the type with that id, or from that URN, were deleted.

        What is made again gets other ids and names than these: AWS gives none of them a second time.
        """
        with self._lock:
            self._resources()
            return self._gone[type_, id_or_urn]

    def judge(self, type_: str, why: Callable[[Cloud, Props, str], str]) -> None:
        """Adds a judge of resources that are made or changed: why one never becomes active, by its inputs and region.

        So what stands on AWS can tell it what it does there.
        """
        self._judges.setdefault(type_, []).append(why)

    def why_never_active(self, type_: str, inputs: Props, region: str) -> str:
        """Returns what the judges of a type have against a resource; "" when it becomes active."""
        return next(filter(None, (why(self, inputs, region) for why in self._judges.get(type_, ()))), "")

    def on_delete(self, type_: str, react: Callable[[CloudResource], None]) -> None:
        """Calls `react` with each resource of the type that is deleted, to delete what it contains."""
        self._when_deleted.append((type_, react))

    def _count_gone(self, type_: str, id_: str, urn: str) -> None:
        self._gone.update((type_, key) for key in {id_, urn} if key)

    def _next_number(self) -> int:
        (number,) = self._db.execute("SELECT COALESCE(MAX(made), 0) + 1 FROM live").fetchone()
        return int(number)

    def _resources(self) -> dict[str, dict[str, dict[str, CloudResource]]]:
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._by_type = {}
            rows: list[tuple[str, str, str, str, str, int]] = self._db.execute(
                "SELECT * FROM live ORDER BY made"
            ).fetchall()
            for type_, region, id_, urn, state, made in rows:
                resource = CloudResource.stored(type_, id_, state, urn, made, region)
                self._by_type.setdefault(type_, {}).setdefault(id_, {})[region] = resource
            self._gone = Counter()
            for type_, id_, urn in self._db.execute("SELECT type, id, urn FROM gone"):
                self._count_gone(type_, id_, urn)
            self._version = version
        return self._by_type
