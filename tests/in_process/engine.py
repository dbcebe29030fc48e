"""The part of the Pulumi engine that a first deployment needs, in the process of the test.

When the program registers a resource, the simulated provider checks and creates it, and the program gets its outputs.
There is no older state to compare with, and nothing is updated or deleted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest import mock

import grpc
import pulumi
from pulumi.runtime import resource
from pulumi.runtime.mocks import MockMonitor, MockSettings, set_mocks, test
from pulumi.runtime.proto import callback_pb2, provider_pb2, resource_pb2, resource_pb2_grpc, source_pb2
from pulumi.runtime.settings import configure

from common.urns import name_of, type_of
from common.values import SIGNATURE_KEY, Secret
from common.wire import from_struct, to_struct
from simulator.provider import Refusal
from simulator.values import UNKNOWN, Props
from tests.in_process.providers import Providers, Registered

PROJECT, STACK = "ml-platform", "test"
LOOP = asyncio.new_event_loop()  # all programs run on it; asyncio.run, which other tests call, removes the current loop
_STACK_TYPE = "pulumi:pulumi:Stack"
_GET_RESOURCE = "pulumi:pulumi:getResource"
_READ_OUTPUTS = "pulumi:pulumi:readStackOutputs"
_WORKERS = 8
_NO_MOCKS: Any = None  # the simulator answers in place of mocks
_Answer = resource_pb2.RegisterResourceResponse
_Returned: Any = resource_pb2.ResourceInvokeResponse  # its field is named `return`, which is a keyword
T = TypeVar("T")
logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it would log every output that fails after a refusal


class Engine(MockMonitor):
    """Runs one program. The SDK talks to it as to the engine's resource monitor.

    calls: the functions that the program called. refusals: what the providers refused; resources that depend on a
    refused one are not registered.
    """

    def __init__(self, providers: Providers, preview: bool) -> None:
        super().__init__(_NO_MOCKS)
        self.registered: dict[str, Registered] = {}
        self.calls: list[str] = []
        self.refusals: list[str] = []
        self._providers, self._preview = providers, preview
        self._building: set[str] = set()
        self._functions: dict[str, Any] = {}
        self._transforms: dict[str, list[str]] = {}
        self._server = grpc.server(ThreadPoolExecutor(_WORKERS))
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_Wire(self), self._server)
        self._address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def run(self, make: Callable[[], T]) -> list[T]:
        """Runs the program until everything is registered. Returns its result, or an empty list after a refusal."""
        made: list[T] = []
        asyncio.set_event_loop(LOOP)
        set_mocks(_NO_MOCKS, project=PROJECT, stack=STACK, preview=self._preview, monitor=self)
        # The SDK's own server of transforms would keep every program in memory.
        configure(MockSettings(callbacks=SimpleNamespace(register_transform=self._take)))
        self._server.start()

        @test
        def program() -> None:
            made.append(make())

        try:
            with mock.patch.object(resource, "_get_stack_trace", source_pb2.StackTrace):  # takes a sixth of the time
                program()
        except Exception:
            if not self.refusals:
                raise
        finally:
            self._server.stop(grace=1)  # gRPC writes a hard stop to the terminal
        return made

    def RegisterResource(self, request: Any) -> Any:
        urn = _urn(request)
        if request.type == _STACK_TYPE:
            return _Answer(urn=urn)
        if urn in self._building:  # a remote component registers itself when its provider builds it
            self._building.remove(urn)
            return _Answer(urn=urn)
        self._transform(urn, request)
        if urn in self.registered:
            self.refusals.append(f"{urn} is registered twice")
        asked = self.registered[urn] = _registered(urn, request)
        try:
            if request.remote:
                return self._construct(asked, request)
            if request.custom:
                self._providers.create(asked, self._config(request), self._preview)
        except Refusal as refusal:
            self.refusals.append(f"{asked.type} {asked.name}: {refusal}")
            return _Answer(urn=urn, result=resource_pb2.Result.FAIL)
        return _Answer(urn=urn, id=asked.id, object=to_struct(asked.outputs))

    def ReadResource(self, request: Any) -> Any:
        urn = _urn(request)
        state = self._providers.read(urn, request.id, self._config(request))
        return resource_pb2.ReadResourceResponse(urn=urn, properties=to_struct(state))

    def Invoke(self, request: Any) -> Any:
        if request.tok not in (_GET_RESOURCE, _READ_OUTPUTS):
            self.calls.append(request.tok)
        return self.answer(request)

    def answer(self, request: Any) -> Any:
        """Answers a function of a provider, and the engine's own function that resolves references to resources."""
        args = from_struct(request.args)
        if request.tok == _GET_RESOURCE:
            found = self.registered[args["urn"]]
            answer: Props = {"urn": found.urn, "id": found.id, "state": found.outputs}
        elif request.tok == _READ_OUTPUTS:
            answer = {"name": args["name"], "outputs": {}, "secretOutputNames": []}
        else:
            answer = self._providers.invoke(request.tok, args, self._config(request), self._preview)
        return _Returned(**{"return": to_struct(answer)})

    def _config(self, request: Any) -> Props | None:
        """Returns the inputs of the provider that the request names; None where it names none."""
        return self.registered[request.provider.rpartition("::")[0]].inputs if request.provider else None

    def _construct(self, asked: Registered, request: Any) -> Any:
        """Lets a provider build a remote component, which registers its children here by gRPC."""
        self._building.add(asked.urn)
        depends = provider_pb2.ConstructRequest.PropertyDependencies
        made = self._providers.construct(
            provider_pb2.ConstructRequest(
                project=PROJECT,
                stack=STACK,
                dryRun=self._preview,
                monitorEndpoint=self._address,
                type=asked.type,
                name=asked.name,
                parent=asked.parent,
                inputs=request.object,
                inputDependencies={key: depends(urns=urns) for key, urns in asked.property_dependencies.items()},
                providers=asked.providers,
                dependencies=asked.dependencies,
                protect=asked.protect,
                retainOnDelete=asked.retained,
            )
        )
        asked.outputs = from_struct(made.state)
        links = {key: _Answer.PropertyDependencies(urns=found.urns) for key, found in made.stateDependencies.items()}
        return _Answer(urn=asked.urn, object=made.state, propertyDependencies=links)

    def _take(self, transform: Any) -> Any:
        token = str(len(self._functions))
        self._functions[token] = transform
        return callback_pb2.Callback(token=token)

    def _transform(self, urn: str, request: Any) -> None:
        """Applies transforms of the program to children of remote components: inputs and two options of replacements.

        Our transforms change nothing else, so other changes are ignored.
        """
        tokens = [*(each.token for each in request.transforms), *self._transforms.get(request.parent, ())]
        if tokens:
            self._transforms[urn] = tokens
        for token in () if request.remote else tokens:
            asked = _asked(self._functions[token], request)
            inputs, replace_with, first = asyncio.run_coroutine_threadsafe(asked, LOOP).result()
            request.object.CopyFrom(to_struct(inputs))
            del request.replace_with[:]  # the SDK hands none of them to a transform that follows
            request.replace_with.extend(replace_with)
            request.deleteBeforeReplace = request.deleteBeforeReplace or first


class _Wire(resource_pb2_grpc.ResourceMonitorServicer):
    """Offers the monitor to providers of remote components, which use gRPC."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        return self._engine.GetDeploymentInfo(request)

    def Invoke(self, request: Any, context: Any) -> Any:
        return self._engine.answer(request)

    def RegisterResource(self, request: Any, context: Any) -> Any:
        return self._engine.RegisterResource(request)

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        return self._engine.RegisterResourceOutputs(request)


async def _asked(transform: Any, request: Any) -> tuple[Props, list[str], bool]:
    """Returns what the transform gives as inputs, replace_with and delete_before_replace."""
    inputs = from_struct(request.object)
    args = pulumi.ResourceTransformArgs(request.custom, request.type, request.name, inputs, pulumi.ResourceOptions())
    result = transform(args)
    options = result.opts if result else args.opts
    urns = [await each.urn.future() for each in options.replace_with or ()]
    changed = {
        key: await value.future() if isinstance(value, pulumi.Output) else value
        for key, value in (result.props if result else inputs).items()
    }
    return changed, [urn for urn in urns if urn], bool(options.delete_before_replace)


def _urn(request: Any) -> str:
    above = "" if type_of(request.parent) in ("", _STACK_TYPE) else request.parent.split("::")[2] + "$"
    return f"urn:pulumi:{STACK}::{PROJECT}::{above}{request.type}::{request.name}"


def _registered(urn: str, request: Any) -> Registered:
    return Registered(
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
        replace_on_changes=tuple(request.replaceOnChanges),
        dependencies=frozenset(request.dependencies),
        property_dependencies={key: frozenset(found.urns) for key, found in request.propertyDependencies.items()},
        earlier_names=frozenset(
            [name_of(alias) for alias in request.aliasURNs] + [alias.spec.name for alias in request.aliases]
        ),
        earlier_parents=frozenset(alias.spec.parentUrn for alias in request.aliases if alias.spec.parentUrn),
    )


def _plain(value: Any) -> Any:
    """Returns the value as a provider gets it: secrets in plain text, references to resources as ids."""
    if isinstance(value, Secret):
        return _plain(value.value)
    if isinstance(value, Mapping):
        if SIGNATURE_KEY in value:
            return UNKNOWN if value.get("id", "") == "" else value["id"]
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, list) else value
