"""The simulated providers called as functions, on a cloud in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.urns import name_of, type_of
from simulator.aws.package import AwsPackage
from simulator.caller import Caller
from simulator.cloud import Cloud
from simulator.eks.package import EksPackage
from simulator.faults import Faults
from simulator.kubernetes.package import KubernetesPackage
from simulator.provider import Call, CheckResult, Package, Refusal
from simulator.values import Props

REGION = "us-west-2"
INSIDE = "10.0.128.10"  # an address in the default range of a VPC
_MEMORY = Path(":memory:")  # SQLite's name for a database that is no file
_PROVIDER = "pulumi:providers:"


@dataclass
class Registered:
    """One resource as a program asked for it, and what became of it.

    inputs: as the program gives them. checked: with what the provider fills in. outputs: its state. UNKNOWN stands
    where a value is not known yet. earlier_names: of its aliases that have another name.
    earlier_parents: of its aliases that had another parent.
    """

    urn: str
    inputs: Props
    parent: str = ""
    protect: bool = False
    retained: bool = False
    delete_before_replace: bool = False
    replace_with: frozenset[str] = frozenset()
    provider: str = ""
    providers: Mapping[str, str] = field(default_factory=dict)
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    dependencies: frozenset[str] = frozenset()
    property_dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    earlier_names: frozenset[str] = frozenset()
    earlier_parents: frozenset[str] = frozenset()
    id: str = ""
    checked: Props = field(default_factory=dict)
    outputs: Props = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.type, self.name = type_of(self.urn), name_of(self.urn)

    def inputs_as_text(self) -> str:
        """The same for the same inputs, whatever is unknown in them."""
        return json.dumps(self.inputs, sort_keys=True, default=lambda unknown: "?")

    def stands_on(self, other: Registered) -> bool:
        return other.urn in self.dependencies


class Providers:
    """All simulated providers, on one cloud that is empty at first. Every method may raise Refusal.

    configs: package -> inputs of its default provider. A program may bring a provider of its own, whose inputs are then
    the argument `config`. caller: where the program runs. principal: ARN of the role or user that runs it.
    """

    def __init__(self, aws: Props | None = None, caller: str = INSIDE, principal: str | None = None) -> None:
        self.cloud, who = Cloud(_MEMORY), Caller.at(caller, principal)
        packages: list[Package] = [
            AwsPackage(self.cloud, Faults(), patience_seconds=0.0, caller=who),
            KubernetesPackage(self.cloud, patience_seconds=0.0, caller=who),
            EksPackage(),
        ]
        self._packages = {package.name: package for package in packages}
        self.configs: dict[str, Props] = {"aws": aws or {"region": REGION}}

    def create(self, asked: Registered, config: Props | None = None, preview: bool = False) -> None:
        """Checks a resource and creates it. Sets its id, its checked inputs and its outputs."""
        if asked.type.startswith(_PROVIDER):
            package = self._package(asked.type.removeprefix(_PROVIDER))
            asked.checked = asked.outputs = _accepted(package.check_config(asked.urn, asked.inputs))
            asked.id = "" if preview else asked.name
            return
        package, call = self._package(asked.type), self._call(asked.type, asked.urn, config, preview)
        asked.checked = _accepted(package.check(call, {}, asked.inputs, b""))
        made = package.create(call, asked.checked)
        asked.id, asked.outputs = made.id, made.state

    def read(self, urn: str, id_: str, config: Props | None = None) -> Props:
        """Returns the state of a resource that exists."""
        token = type_of(urn)
        found = self._package(token).read(self._call(token, urn, config), id_, {}, {})
        if found is None:
            raise Refusal(f"There is no {token} {id_} in the simulated cloud.")
        return found.state

    def delete(self, made: Registered) -> None:
        """Deletes what a default provider created."""
        self._package(made.type).delete(self._call(made.type, made.urn), made.id, made.checked, made.outputs)

    def invoke(self, token: str, args: Props, config: Props | None = None, preview: bool = False) -> Props:
        """Answers a function call."""
        return self._package(token).invoke(self._call(token, "", config, preview), token, args)

    def construct(self, request: Any) -> Any:
        """Builds a remote component: takes a ConstructRequest, returns a ConstructResponse."""
        return self._package(request.type).construct(request, engine_address="")

    def _package(self, token: str) -> Package:
        name = token.partition(":")[0]
        if name not in self._packages:
            raise Refusal(f"The simulator has no package {name}.")
        return self._packages[name]

    def _call(self, token: str, urn: str, config: Props | None = None, preview: bool = False) -> Call:
        return Call(urn, self.configs.get(token.partition(":")[0], {}) if config is None else config, preview)


def _accepted(checked: CheckResult) -> Props:
    if checked.failures:
        raise Refusal("\n".join(each.reason for each in checked.failures))
    return checked.inputs
