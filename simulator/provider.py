"""The interface of a simulated provider: one Package for each Pulumi package, with plain Python values.

`simulator/server.py` serves a Package over gRPC. A Package keeps its resources only in the Cloud.
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
    """The cloud refuses a request, in the words of the real provider. The engine shows the text under the resource."""


class InitializationFailure(Exception):
    """The resource was created but did not become ready: it stays in the state, with the reasons."""

    def __init__(self, id_: str, state: Props, inputs: Props, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.id, self.state, self.inputs, self.reasons = id_, state, inputs, reasons


@dataclass(frozen=True)
class Call:
    """One request about one resource.

    config: the inputs of the provider resource that serves the request, {} before Configure.
    preview: True when nothing may be changed. warn: shows a warning under the resource.
    """

    urn: str
    config: Mapping[str, Any]
    preview: bool = False
    warn: Callable[[str], None] = field(default=lambda message: None)

    @property
    def name(self) -> str:
        """The logical name of the resource."""
        return name_of(self.urn)

    @property
    def type(self) -> str:
        """The type token of the resource."""
        return type_of(self.urn)


@dataclass(frozen=True)
class CheckFailure:
    """One input that Check refuses. property: empty when the failure concerns the resource as a whole."""

    property: str
    reason: str


@dataclass(frozen=True)
class CheckResult:
    """The result of Check: the inputs with the provider's defaults, and what is wrong with them."""

    inputs: Props
    failures: tuple[CheckFailure, ...] = ()


@dataclass(frozen=True)
class DiffResult:
    """The result of Diff. replaces: the changed paths that force a replacement."""

    changes: tuple[Change, ...] = ()
    replaces: frozenset[str] = frozenset()
    delete_before_replace: bool = False


@dataclass(frozen=True)
class CreateResult:
    """The result of Create. At preview the id is empty and computed outputs are UNKNOWN."""

    id: str
    state: Props


@dataclass(frozen=True)
class ReadResult:
    """The result of Read: the live state, and the old inputs with their live values."""

    id: str
    state: Props
    inputs: Props


class Package(ABC):
    """A Pulumi package in the simulated cloud. Every method may raise Refusal.

    Several threads call methods at once; `Cloud.exclusive()` makes a read and a write one step.
    """

    name: str
    version = "999.0.0"  # higher than any version that an SDK requests; otherwise the engine warns

    def check_config(self, urn: str, inputs: Props) -> CheckResult:
        """Checks the inputs of a provider resource."""
        return CheckResult(inputs)

    def diff_config(self, old: Props, new: Props) -> DiffResult:
        """Compares the inputs of a provider resource; a replacement replaces all its resources."""
        return DiffResult()

    @abstractmethod
    def check(self, call: Call, old: Props, new: Props, seed: bytes) -> CheckResult:
        """Validates new inputs, and fills in defaults and automatic names. old: the last checked inputs, or {}.

        seed: the engine's random seed for automatic names; may be empty.
        """

    @abstractmethod
    def diff(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> DiffResult:
        """Compares the old inputs with the new ones."""

    @abstractmethod
    def create(self, call: Call, inputs: Props) -> CreateResult:
        """Creates the resource. At preview, returns what would be created."""

    @abstractmethod
    def read(self, call: Call, id_: str, inputs: Props, state: Props) -> ReadResult | None:
        """Returns the live resource, or None when it is gone. For an import, inputs and state are empty."""

    @abstractmethod
    def update(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Props:
        """Updates the resource in place and returns its state. At preview, returns the state that it would have."""

    @abstractmethod
    def delete(self, call: Call, id_: str, inputs: Props, state: Props) -> None:
        """Deletes the resource. It is no error when it is already gone."""

    def interrupt(self, call: Call) -> None:  # noqa: B027 - most calls leave nothing half-made
        """Leaves the resource of a call that has done its work as a provider does that is killed before it ends."""

    def invoke(self, call: Call, token: str, args: Props) -> Props:
        """Returns the result of a function. Raises Refusal for an unknown function."""
        raise Refusal(f"{self.name} has no function {token} in the simulator.")

    def construct(self, request: Any, engine_address: str) -> Any:
        """Builds a remote component from a ConstructRequest, and returns a ConstructResponse."""
        raise Refusal(f"{self.name} has no component {request.type} in the simulator.")

    def call(self, request: Any, engine_address: str) -> Any:
        """Calls a method of a component by a CallRequest, and returns a CallResponse."""
        raise Refusal(f"{self.name} has no method {request.tok} in the simulator.")
