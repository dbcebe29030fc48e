"""What a simulated provider is: one Package for each Pulumi package, in plain Python values.

`simulator/server.py` puts a Package on the wire. A Package keeps its resources in the Cloud and nowhere else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.urns import name_of, type_of
from simulator.difference import Change
from simulator.values import Props


class Refusal(Exception):
    """The cloud's no, worded as the real provider words it. The engine shows it under the resource."""


class InitializationFailure(Exception):
    """The resource was made, but did not become ready: it stays in the state, with the reasons."""

    def __init__(self, id_: str, state: Props, inputs: Props, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.id, self.state, self.inputs, self.reasons = id_, state, inputs, reasons


@dataclass(frozen=True)
class Call:
    """One request about one resource.

    config: the inputs of the provider resource that it came through, {} before Configure.
    preview: nothing may be changed. warn: shows a warning under the resource.
    """

    urn: str
    config: Mapping[str, Any]
    preview: bool = False
    warn: Callable[[str], None] = field(default=lambda message: None)

    @property
    def name(self) -> str:
        """Logical name of the resource."""
        return name_of(self.urn)

    @property
    def type(self) -> str:
        """Type token of the resource."""
        return type_of(self.urn)


@dataclass(frozen=True)
class Failure:
    """One input that Check refuses. property may be empty: then it is about the resource as a whole."""

    property: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """Inputs with the provider's defaults filled in, and what is wrong with them."""

    inputs: Props
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class Difference:
    """What an update has to do. replaces: the paths among the changes that force a replacement."""

    changes: tuple[Change, ...] = ()
    replaces: frozenset[str] = frozenset()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Made:
    """A created resource. At preview the id is empty and computed outputs are UNKNOWN."""

    id: str
    state: Props


@dataclass(frozen=True)
class Found:
    """A resource as the cloud holds it now; inputs are the old ones brought up to date."""

    id: str
    state: Props
    inputs: Props


class Package(ABC):
    """A Pulumi package in the simulated cloud. Every method may raise Refusal.

    Methods are called from several threads at once; `Cloud.exclusive()` makes a look and a write one step.
    """

    name: str
    version = "999.0.0"  # above every version that an SDK asks for, or the engine warns of it

    def check_config(self, urn: str, inputs: Props) -> Checked:
        """Checks a provider resource's own inputs."""
        return Checked(inputs)

    def diff_config(self, old: Props, new: Props) -> Difference:
        """What a change of the provider resource itself means for the resources under it."""
        return Difference()

    @abstractmethod
    def check(self, call: Call, old: Props, new: Props, seed: bytes) -> Checked:
        """Validates new inputs and fills in defaults and automatic names; old are the last checked inputs, or {}.

        seed: the engine's random seed for automatic names; empty where it gives none.
        """

    @abstractmethod
    def diff(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Difference:
        """Compares what was asked for last with what is asked for now."""

    @abstractmethod
    def create(self, call: Call, inputs: Props) -> Made:
        """Makes the resource; at preview says what would be made."""

    @abstractmethod
    def read(self, call: Call, id_: str, inputs: Props, state: Props) -> Found | None:
        """The live resource, None when it is gone. inputs and state are empty for an import."""

    @abstractmethod
    def update(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Props:
        """Changes the resource in place and returns its state; at preview says what it would be."""

    @abstractmethod
    def delete(self, call: Call, id_: str, inputs: Props, state: Props) -> None:
        """Deletes the resource; one that is gone already is no error."""

    def invoke(self, call: Call, token: str, args: Props) -> Props:
        """Answers a function call. Raises Refusal for a function that it does not know."""
        raise Refusal(f"{self.name} has no function {token} in the simulator.")

    def construct(self, request: Any, engine_address: str) -> Any:
        """Builds a remote component: takes a ConstructRequest, returns a ConstructResponse."""
        raise Refusal(f"{self.name} has no component {request.type} in the simulator.")

    def call(self, request: Any, engine_address: str) -> Any:
        """Calls a method of a component: takes a CallRequest, returns a CallResponse."""
        raise Refusal(f"{self.name} has no method {request.tok} in the simulator.")
