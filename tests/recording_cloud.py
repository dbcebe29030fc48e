"""Programs against the simulated providers in one process, without an engine: hundreds of builds in a minute.

What the engine does between a program and its providers is done here plainly, in the order of registration: check,
create, answer, and remember what was asked for. The providers are the simulator's own, so that types, inputs, defaults,
outputs and refusals are declared once. They create in earnest: most of what AWS refuses, it refuses in a create. There
a value such as `vpc-1` is no VPC, so a part of the platform is built on a `Ground`, where what it names exists.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import grpc
import pulumi
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks, test
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from common.urns import name_of, type_of
from common.values import SIGNATURE_KEY, Secret
from common.wire import from_struct, to_struct
from simulator.aws.package import AwsPackage
from simulator.cloud import Cloud
from simulator.eks.package import EksPackage
from simulator.faults import Faults
from simulator.kubernetes.package import KubernetesPackage
from simulator.provider import Call, Checked, Package, Refusal
from simulator.values import UNKNOWN, Props

REGION = "us-west-2"
PROJECT, STACK = "ml-platform", "test"
_MEMORY = Path(":memory:")  # as SQLite calls a file that is none
_STACK_TYPE, _PROVIDER_TYPE, _GET_RESOURCE = "pulumi:pulumi:Stack", "pulumi:providers:", "pulumi:pulumi:getResource"
_WORKERS = 8
_Answer = resource_pb2.RegisterResourceResponse
T = TypeVar("T")
logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # what stands on a refused resource fails too, and says so late


@dataclass
class Registered:
    """One resource as the program asked for it, and what became of it.

    inputs: as the program gives them. checked: with what the provider fills in. outputs: its state. UNKNOWN stands
    where a value is not known yet.
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
    dependencies: frozenset[str] = frozenset()
    property_dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
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
    """The simulated providers on a cloud of their own, which is empty.

    configs: what the default providers are told; a program may bring others.
    """

    def __init__(self, of_aws: Props | None = None) -> None:
        self.cloud = Cloud(_MEMORY)
        packages: list[Package] = [
            AwsPackage(self.cloud, Faults(), patience_seconds=0.0),
            KubernetesPackage(self.cloud, patience_seconds=0.0),
            EksPackage(),
        ]
        self._packages = {package.name: package for package in packages}
        self.configs: dict[str, Props] = {"aws": of_aws or {"region": REGION}}

    def package(self, name: str) -> Package:
        """Raises Refusal for one that is not simulated."""
        if name not in self._packages:
            raise Refusal(f"The simulator has no package {name}.")
        return self._packages[name]

    def call(self, token: str, urn: str = "", config: Props | None = None, preview: bool = False) -> Call:
        package = token.partition(":")[0]
        return Call(urn, self.configs.get(package, {}) if config is None else config, preview)

    def create(self, asked: Registered, config: Props | None = None, preview: bool = False) -> None:
        """Checks a resource and creates it, as the program's provider says or the default one. Raises Refusal."""
        if asked.type.startswith(_PROVIDER_TYPE):
            checked = self.package(asked.type.removeprefix(_PROVIDER_TYPE)).check_config(asked.urn, asked.inputs)
            asked.checked = asked.outputs = _accepted(checked)
            asked.id = "" if preview else asked.name
            return
        package, call = self.package(asked.type.partition(":")[0]), self.call(asked.type, asked.urn, config, preview)
        asked.checked = _accepted(package.check(call, {}, asked.inputs, b""))
        made = package.create(call, asked.checked)
        asked.id, asked.outputs = made.id, made.state

    def ask(self, token: str, args: Props, config: Props | None, preview: bool) -> Props:
        """Calls a function. Raises Refusal for one that is not simulated."""
        return self.package(token.partition(":")[0]).invoke(self.call(token, "", config, preview), token, args)

    def read(self, token: str, id_: str, config: Props | None) -> Props:
        """The state of a resource that the program does not make. Raises Refusal when there is none."""
        found = self.package(token.partition(":")[0]).read(self.call(token, f"::::{token}::", config), id_, {}, {})
        if found is None:
            raise Refusal(f"There is no {token} {id_}.")
        return found.state

    def delete(self, made: Registered) -> None:
        self.package(made.type.partition(":")[0]).delete(self.call(made.type, made.urn), made.id, {}, made.outputs)


class RecordingCloud(Mocks):
    """Builds programs and remembers what they register.

    calls: functions that the program called. failures: what was refused.
    """

    def __init__(self) -> None:
        self.registered: dict[str, Registered] = {}
        self.calls: list[str] = []
        self.failures: list[str] = []

    def build(self, make: Callable[[], T], preview: bool = False, providers: Providers | None = None) -> T:
        """Runs a piece of program until everything is registered. What was registered before is forgotten.

        providers: those of an empty cloud where none are given.
        """
        self.registered.clear()
        monitor = _Monitor(self, providers or Providers(), preview)
        made: list[T] = []
        set_mocks(self, project=PROJECT, stack=STACK, preview=preview, monitor=monitor)

        @test
        def program() -> None:
            made.append(make())

        try:
            program()
        except Exception:
            if not self.failures:
                raise
        finally:
            monitor.close()
        assert not self.failures, "\n".join(self.failures)
        return made[0]

    def register(self, urn: str, request: Any) -> Registered:
        """Remembers a resource before its provider is asked."""
        if urn in self.registered:
            self.failures.append(f"{urn} is registered twice")
        asked = self.registered[urn] = Registered(
            urn=urn,
            inputs=_plain(from_struct(request.object)),
            parent=request.parent,
            protect=request.protect,
            retained=request.retainOnDelete,
            delete_before_replace=request.deleteBeforeReplace,
            replace_with=frozenset(request.replace_with),
            provider=request.provider,
            providers=dict(request.providers),
            ignore_changes=tuple(request.ignoreChanges),
            dependencies=frozenset(request.dependencies),
            property_dependencies={key: frozenset(found.urns) for key, found in request.propertyDependencies.items()},
        )
        return asked

    def all(self, resource_type: str) -> list[Registered]:
        """Everything of one type, by the end of its token, e.g. `ec2/subnet:Subnet`."""
        return [r for r in self.registered.values() if r.type.endswith(resource_type)]

    def one(self, resource_type: str, name: str | None = None) -> Registered:
        found = [r for r in self.all(resource_type) if name is None or r.name == name]
        assert len(found) == 1, f"{resource_type} {name}: {[r.name for r in self.all(resource_type)]}"
        return found[0]

    def names(self, resource_type: str) -> set[str]:
        return {r.name for r in self.all(resource_type)}

    def custom(self) -> Iterator[Registered]:
        return (r for r in self.registered.values() if not r.type.startswith("mlplatform:"))

    def call(self, args: Any) -> Any:
        raise NotImplementedError(f"{args.token} is answered by the simulator")

    def new_resource(self, args: Any) -> Any:
        raise NotImplementedError(f"nothing here reads {args.typ} from the cloud")


class _Monitor(MockMonitor, resource_pb2_grpc.ResourceMonitorStub):
    """What a program takes for the engine. It is a stub as well: the SDK serves transforms to no other monitor."""

    def __init__(self, cloud: RecordingCloud, providers: Providers, preview: bool) -> None:
        MockMonitor.__init__(self, cloud)
        self._cloud, self._providers, self._preview = cloud, providers, preview
        self._remote: set[str] = set()
        self._transforms: dict[str, list[Any]] = {}
        self._server = grpc.server(ThreadPoolExecutor(_WORKERS))
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Wire(self), self._server)
        self._address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def close(self) -> None:
        self._server.stop(grace=None)

    def RegisterResource(self, request: Any) -> Any:
        urn = _urn(request)
        if request.type == _STACK_TYPE:
            return _Answer(urn=urn)
        if urn in self._remote:  # the component itself, once it is built
            self._remote.remove(urn)
            return _Answer(urn=urn)
        self._transform(urn, request)
        asked = self._cloud.register(urn, request)
        try:
            if request.remote:
                return self._construct(asked, request)
            if request.custom:
                self._providers.create(asked, self._config(request.provider), self._preview)
        except Refusal as refusal:
            self._cloud.failures.append(f"{asked.type} {asked.name}: {refusal}")
            return _Answer(urn=urn, result=resource_pb2.Result.FAIL)
        return _Answer(urn=urn, id=asked.id, object=to_struct(asked.outputs))

    def ReadResource(self, request: Any) -> Any:
        state = self._providers.read(request.type, request.id, self._config(request.provider))
        return resource_pb2.ReadResourceResponse(urn=_urn(request), properties=to_struct(state))

    def Invoke(self, request: Any) -> Any:
        if request.tok != _GET_RESOURCE:
            self._cloud.calls.append(request.tok)
        return self.answer(request)

    def answer(self, request: Any) -> Any:
        """What a function of a provider answers, or the engine's own, which resolves references to resources."""
        token, args = request.tok, from_struct(request.args)
        if token == _GET_RESOURCE:
            found = self._cloud.registered[args["urn"]]
            answer: Props = {"urn": found.urn, "id": found.id, "state": found.outputs}
        else:
            answer = self._providers.ask(token, args, self._config(request.provider), self._preview)
        return resource_pb2.ResourceInvokeResponse(**{"return": to_struct(answer)})

    def _config(self, provider: str) -> Props | None:
        """What the program told its provider; None where it brings none."""
        return self._cloud.registered[provider.rpartition("::")[0]].inputs if provider else None

    def _transform(self, urn: str, request: Any) -> None:
        """Applies what the program does to the options of a remote component's children; properties stay as they are.

        The functions are the program's, so they are called there.
        """
        transforms = [*request.transforms, *self._transforms.get(request.parent, ())]
        if transforms:
            self._transforms[urn] = transforms
        for transform in () if request.remote else transforms:
            options = resource_pb2.TransformResourceOptions(
                delete_before_replace=request.deleteBeforeReplace, replace_with=request.replace_with
            )
            asked = resource_pb2.TransformRequest(
                type=request.type, name=request.name, custom=request.custom, parent=request.parent, options=options
            )
            with grpc.insecure_channel(transform.target) as channel:
                called = callback_pb2.CallbackInvokeRequest(token=transform.token, request=asked.SerializeToString())
                answer = callback_pb2_grpc.CallbacksStub(channel).Invoke(called)
            options = resource_pb2.TransformResponse.FromString(answer.response).options
            request.deleteBeforeReplace = options.delete_before_replace
            request.replace_with[:] = options.replace_with

    def _construct(self, asked: Registered, request: Any) -> Any:
        """Has the provider build a remote component, which registers its children here."""
        self._remote.add(asked.urn)
        depends = provider_pb2.ConstructRequest.PropertyDependencies
        made = self._providers.package(asked.type.partition(":")[0]).construct(
            provider_pb2.ConstructRequest(
                project=PROJECT,
                stack=STACK,
                dryRun=self._preview,
                monitorEndpoint=self._address,
                type=asked.type,
                name=asked.name,
                parent=asked.parent,
                inputs=request.object,
                inputDependencies={
                    key: depends(urns=urns) for key, urns in asked.property_dependencies.items()
                },
                providers=asked.providers,
                dependencies=asked.dependencies,
                protect=asked.protect,
                retainOnDelete=asked.retained,
            ),
            engine_address="",
        )
        asked.outputs = from_struct(made.state)
        links = {key: _Answer.PropertyDependencies(urns=found.urns) for key, found in made.stateDependencies.items()}
        return _Answer(urn=asked.urn, object=made.state, propertyDependencies=links)


class _Wire(resource_pb2_grpc.ResourceMonitorServicer):
    """The same monitor for a remote component, which speaks to it by gRPC."""

    def __init__(self, monitor: _Monitor) -> None:
        self._monitor = monitor

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        return self._monitor.GetDeploymentInfo(request)

    def Invoke(self, request: Any, context: Any) -> Any:
        return self._monitor.answer(request)

    def RegisterResource(self, request: Any, context: Any) -> Any:
        return self._monitor.RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        return self._monitor.RegisterResourceOutputs(request)


def known(value: Any) -> bool:
    return value is not UNKNOWN


def resolved(output: pulumi.Output[Any]) -> Any:
    """The value of an output, once everything is built."""
    return asyncio.get_event_loop().run_until_complete(output.future())


def _urn(request: Any) -> str:
    above = "" if type_of(request.parent) in ("", _STACK_TYPE) else request.parent.split("::")[2] + "$"
    return f"urn:pulumi:{STACK}::{PROJECT}::{above}{request.type}::{request.name}"


def _accepted(checked: Checked) -> Props:
    if checked.failures:
        raise Refusal("\n".join(each.reason for each in checked.failures))
    return checked.inputs


def _plain(value: Any) -> Any:
    """As the engine gives it to a provider: a secret as what it hides, a reference to a resource as its id."""
    if isinstance(value, Secret):
        return _plain(value.value)
    if isinstance(value, Mapping):
        if SIGNATURE_KEY in value:
            return UNKNOWN if value.get("id", "") == "" else value["id"]
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, list) else value
