"""Serves each package as a gRPC ResourceProvider that the engine attaches to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    ResourceProviderServicer,
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from common.values import opened
from common.wire import from_struct, to_struct
from simulator.difference import Change, Kind
from simulator.faults import Faults
from simulator.provider import Call as ProviderCall
from simulator.provider import CheckResult, DiffResult, InitializationFailure, Package, Refusal
from simulator.values import Props

_LOG = logging.getLogger("simulator")
_MESSAGE_LIMIT = 400 * 1024 * 1024  # the engine's own limit
OWN_POOL = ("grpc.use_local_subchannel_pool", 1)
"""An option of each channel to an engine.

Without it, channels of a process share what they know of an address: of an engine that had the same port before, that
nothing answers there. Source: grpc 1.85, include/grpc/impl/channel_arg_names.h; read 2026-11.
"""
_WORKERS = 48  # more than the engine's parallel requests: a Construct occupies one while its children need others
_THROTTLED = (
    "exceeded maximum number of attempts, 25, https response error StatusCode: 503, api error Throttling: Rate exceeded"
)
_NO_ANSWER = "https response error StatusCode: 0, RequestID: , request send failed: {}"
_KILLED = "the engine was killed, as --fault requested"
_UNHEARD = _NO_ANSWER.format("dial tcp: i/o timeout")
_LOST = _NO_ANSWER.format("read: connection reset by peer")


class Servers:
    """Runs one server for each package, on a free port of the loopback interface."""

    def __init__(self, packages: Iterable[Package], faults: Faults, crash: Callable[[], None]) -> None:
        self._executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="simulator")
        self._servers = []
        self.ports: dict[str, int] = {}
        for package in packages:
            options = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", -1)]
            server = grpc.server(self._executor, options=options)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Servicer(package, faults, crash), server)
            self.ports[package.name] = server.add_insecure_port("127.0.0.1:0")
            server.start()
            self._servers.append(server)

    def stop(self) -> None:
        """Stops all servers without waiting for requests: nobody reads their results any more."""
        for server in self._servers:
            server.stop(grace=None).wait()
        self._executor.shutdown(wait=False, cancel_futures=True)


def _with_grpc_errors(method: Callable[..., Any]) -> Callable[..., Any]:
    """Turns a Refusal into the status that real providers return, and any other exception into an internal error."""

    def answer(self: _Servicer, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except Refusal as refusal:
            context.abort(grpc.StatusCode.UNKNOWN, str(refusal))
        except InitializationFailure as failure:
            context.abort_with_status(_initialization_status(failure))
        except BaseException as error:  # also a panic of an extension module: the engine would wait for ever
            subject = getattr(request, "urn", "") or getattr(request, "tok", "") or getattr(request, "type", "")
            _LOG.exception("%s of %s", method.__name__, subject)
            operation = f"{method.__name__} of {subject}"
            context.abort(grpc.StatusCode.INTERNAL, f"defect in the simulator, in {operation}: {error!r}")

    return answer


class _Servicer(ResourceProviderServicer):  # type: ignore[misc]  # the generated base class is untyped
    """Serves one package. Each provider resource of a stack has a separate connection; its peer identifies it."""

    def __init__(self, package: Package, faults: Faults, crash: Callable[[], None]) -> None:
        self._package, self._faults, self._crash = package, faults, crash
        self._configs: dict[str, Props] = {}
        self._engine: _Engine | None = None
        self._lock = threading.Lock()

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._lock:
            if self._engine is None or self._engine.address != request.address:
                self._engine = _Engine(request.address)
        return empty_pb2.Empty()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        component = self._builds_components()
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=component, accept_resources=component, accept_outputs=component
        )

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._package.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(
            schema=f'{{"name": "{self._package.name}", "version": "{self._package.version}"}}'
        )

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    @_with_grpc_errors
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return _check_response(self._package.check_config(request.urn, from_struct(request.news)))

    @_with_grpc_errors
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        return _diff_response(self._package.diff_config(from_struct(request.olds), from_struct(request.news)))

    @_with_grpc_errors
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        # The engine sends secrets in this request to every provider, even to those that do not accept secrets.
        self._configs[context.peer()] = opened(from_struct(request.args))
        return provider_pb2.ConfigureResponse(
            supportsPreview=True,
            acceptSecrets=self._builds_components(),
            acceptResources=self._builds_components(),
            acceptOutputs=self._builds_components(),
            supports_autonaming_configuration=False,
        )

    @_with_grpc_errors
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        call = self._call(request.urn, context)
        old, new = from_struct(request.olds), from_struct(request.news)
        return _check_response(self._package.check(call, old, new, request.randomSeed))

    @_with_grpc_errors
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs, state = from_struct(request.old_inputs), from_struct(request.olds)
        call = self._call(request.urn, context)
        return _diff_response(self._package.diff(call, request.id, inputs, state, from_struct(request.news)))

    @_with_grpc_errors
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        call = self._call(request.urn, context, preview=request.preview)
        with self._faults_of("create", call):
            created = self._package.create(call, from_struct(request.properties))
        return provider_pb2.CreateResponse(id=created.id, properties=to_struct(created.state))

    @_with_grpc_errors
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs, state = from_struct(request.inputs), from_struct(request.properties)
        call = self._call(request.urn, context)
        with self._faults_of("read", call):
            result = self._package.read(call, request.id, inputs, state)
        if result is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=result.id, properties=to_struct(result.state), inputs=to_struct(result.inputs)
        )

    @_with_grpc_errors
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        call = self._call(request.urn, context, preview=request.preview)
        inputs, state = from_struct(request.old_inputs), from_struct(request.olds)
        with self._faults_of("update", call):
            updated = self._package.update(call, request.id, inputs, state, from_struct(request.news))
        return provider_pb2.UpdateResponse(properties=to_struct(updated))

    @_with_grpc_errors
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        inputs, state = from_struct(request.old_inputs), from_struct(request.properties)
        call = self._call(request.urn, context)
        with self._faults_of("delete", call):
            self._package.delete(call, request.id, inputs, state)
        return empty_pb2.Empty()

    @_with_grpc_errors
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        call = self._call("", context, preview=request.preview)
        answer = self._package.invoke(call, request.tok, from_struct(request.args))
        return provider_pb2.InvokeResponse(**{"return": to_struct(answer)})

    @_with_grpc_errors
    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._package.construct(request, self._engine.address if self._engine else "")

    @_with_grpc_errors
    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:
        return self._package.call(request, self._engine.address if self._engine else "")

    def _builds_components(self) -> bool:
        """Returns whether the package has components: they get secrets, outputs and references, others plain values."""
        return type(self._package).construct is not Package.construct

    def _call(self, urn: str, context: grpc.ServicerContext, preview: bool = False) -> ProviderCall:
        engine = self._engine
        warn = (lambda message: engine.warn(urn, message)) if engine else (lambda message: None)
        return ProviderCall(urn, self._configs.get(context.peer(), {}), preview, warn)

    @contextmanager
    def _faults_of(self, operation: str, call: ProviderCall) -> Iterator[None]:
        """Lets the requested faults strike before and after a call that changes something, and before and after reads.

        The real provider keeps what it has made when a later step fails. So a lost answer is the worst case: neither
        provider nor engine knows of the work.
        """
        if call.preview:
            yield
            return
        self._strike({"die-before": _KILLED, "throttle": _THROTTLED, "before": _UNHEARD}, operation, call)
        yield
        self._strike({"die-after": _KILLED, "after": _LOST}, operation, call)

    def _strike(self, kinds: Mapping[str, str], operation: str, call: ProviderCall) -> None:
        for kind, text in kinds.items():
            if self._faults.strikes_call(kind, operation, call.urn):
                if text is _KILLED:
                    if kind == "die-after":
                        self._package.interrupt(call)
                    self._crash()
                raise Refusal(text)


class _Engine:
    """The engine that attached to the provider; it gets the warnings."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=[OWN_POOL]))

    def warn(self, urn: str, message: str) -> None:
        with suppress(grpc.RpcError):  # the engine may be stopping, and a lost warning must not fail the operation
            self._stub.Log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message, urn=urn))


def _check_response(checked: CheckResult) -> Any:
    failures = [provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in checked.failures]
    return provider_pb2.CheckResponse(inputs=to_struct(checked.inputs), failures=failures)


def _diff_response(difference: DiffResult) -> Any:
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if difference.changes else response.DIFF_NONE,
        diffs=sorted({_root(change.path) for change in difference.changes}),
        replaces=sorted(difference.replaces),
        deleteBeforeReplace=difference.delete_before_replace,
        hasDetailedDiff=True,
        detailedDiff=_detailed(difference),
    )


_ENTRY = provider_pb2.PropertyDiff
_KINDS: Mapping[tuple[Kind, bool], Any] = {
    (Kind.ADD, False): _ENTRY.ADD,
    (Kind.ADD, True): _ENTRY.ADD_REPLACE,
    (Kind.DELETE, False): _ENTRY.DELETE,
    (Kind.DELETE, True): _ENTRY.DELETE_REPLACE,
    (Kind.UPDATE, False): _ENTRY.UPDATE,
    (Kind.UPDATE, True): _ENTRY.UPDATE_REPLACE,
}


def _detailed(difference: DiffResult) -> dict[str, Any]:
    return {each.path: _ENTRY(kind=_kind(each, difference), inputDiff=True) for each in difference.changes}


def _kind(change: Change, difference: DiffResult) -> Any:
    return _KINDS[change.kind, change.path in difference.replaces]


def _root(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


class _Status(grpc.Status):  # type: ignore[misc]  # grpc ships no types
    """A status with details: gRPC's form for a partial failure."""

    def __init__(self, details: str, packed: bytes) -> None:
        self.code, self.details = grpc.StatusCode.UNKNOWN, details
        self.trailing_metadata = (("grpc-status-details-bin", packed),)


def _initialization_status(failure: InitializationFailure) -> _Status:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=failure.id,
        properties=to_struct(failure.state),
        inputs=to_struct(failure.inputs),
        reasons=failure.reasons,
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(failure))
    status.details.add().Pack(detail)
    return _Status(str(failure), status.SerializeToString())
