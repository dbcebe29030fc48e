"""A cloud for component tests that records what a program registers. It builds hundreds of programs in a minute.

The simulator's providers check and create every resource, so types, defaults, outputs and refusals are declared once,
in the simulator. A check alone would find too little: AWS refuses most mistakes when it creates a resource. A create
needs every id to exist, so a part of the platform is built on a `Ground`, which has a network, keys and a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pulumi

from simulator.values import UNKNOWN
from tests.in_process.engine import LOOP, Engine
from tests.in_process.providers import Providers, Registered

T = TypeVar("T")


class RecordingCloud:
    """Builds programs, each in a new cloud, and records what the last one registered.

    A resource has the same id in every build. calls: the functions that the program called. providers: those of the
    last build, with its cloud.
    """

    providers: Providers

    def __init__(self) -> None:
        self.registered: dict[str, Registered] = {}
        self.calls: list[str] = []

    def build(self, make: Callable[[], T], preview: bool = False, providers: Providers | None = None) -> T:
        """Runs a program until everything is registered. Fails with the message of any refusal."""
        self.providers = providers or Providers()
        engine = Engine(self.providers, preview)
        self.registered, self.calls = engine.registered, engine.calls
        made = engine.run(make)
        assert not engine.refusals, "\n".join(engine.refusals)
        return made[0]

    def all(self, resource_type: str) -> list[Registered]:
        """Everything of one type, by the end of its token, e.g. `ec2/subnet:Subnet`."""
        return [r for r in self.registered.values() if r.type.endswith(resource_type)]

    def one(self, resource_type: str, name: str | None = None) -> Registered:
        found = [r for r in self.all(resource_type) if name is None or r.name == name]
        assert len(found) == 1, f"{resource_type} {name}: {[r.name for r in self.all(resource_type)]}"
        return found[0]

    def comes_after(self, resource: Registered, other: Registered) -> bool:
        """Whether a resource is made after another one, and deleted before it, also by way of others."""
        before, seen = {*resource.dependencies}, set[str]()
        while before:
            urn = before.pop()
            seen.add(urn)
            before |= (self.registered[urn].dependencies if urn in self.registered else set()) - seen
        return other.urn in seen

    def names(self, resource_type: str) -> set[str]:
        return {r.name for r in self.all(resource_type)}

    def custom(self) -> Iterator[Registered]:
        return (r for r in self.registered.values() if not r.type.startswith("mlplatform:"))


def known(value: Any) -> bool:
    return value is not UNKNOWN


def resolved(output: pulumi.Output[Any]) -> Any:
    """The value of an output, once everything is built."""
    return LOOP.run_until_complete(output.future())
