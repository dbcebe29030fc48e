"""Runs a policy pack behind a relay, so that the pack knows the stack when it starts.

The engine sends the stack in `ConfigureStack`, to a pack that already runs; the SDK reads the stack from the
environment when the pack starts. So the relay answers the engine first, starts the pack when the stack is known, and
then passes every message on, byte for byte. The official host does the same.
"""

import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import grpc

from engine.language_host import protocol
from engine.language_host.children import Child, Output

_GRACE_SECONDS = 1.0
_SERVICE = "/pulumirpc.Analyzer/"
_ANSWERED_BY_THE_RELAY = {"Handshake", "Cancel"}  # both may come before the stack is known; the SDK needs none of them

RawCall = Callable[..., bytes]


class PackError(Exception):
    """The pack ended before it served. Its output has already gone to the engine."""


class PolicyPackRelay(grpc.GenericRpcHandler):  # type: ignore[misc]  # gRPC is untyped
    """Serves `pulumirpc.Analyzer` for one pack.

    start_pack: starts the pack's process with the given variables added to its environment.
    run() yields the output for the engine; the first line is the port that the engine connects to.
    """

    def __init__(self, start_pack: Callable[[Mapping[str, str]], Child]) -> None:
        self._start_pack = start_pack
        self._lock = threading.Lock()
        self._stopped = False
        self._pack: Child | None = None
        self._channel: grpc.Channel | None = None
        self._calls: dict[str, RawCall] = {}
        self._visible: queue.SimpleQueue[Output | int] = queue.SimpleQueue()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=32), options=protocol.MESSAGE_SIZE)
        self._server.add_generic_rpc_handlers((self,))
        self._port = self._server.add_insecure_port("127.0.0.1:0")

    def run(self) -> Iterator[Output | int]:
        """Yields the port, then each line of output as it comes, and the exit status last."""
        self._server.start()
        yield Output("stdout", f"{self._port}\n".encode())
        while True:
            visible = self._visible.get()
            yield visible
            if isinstance(visible, int):
                return

    def stop(self) -> None:
        """Ends the relay, and the pack if it was started. Returns at once."""
        self._stopped = True
        self._server.stop(_GRACE_SECONDS)  # answers in flight still arrive, for example why the pack ended
        if self._pack is not None:
            self._pack.stop()
        else:
            self._visible.put(0)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """Returns the handler of one method. It passes messages on without decoding them."""
        method: str = handler_call_details.method
        if not method.startswith(_SERVICE):
            return None

        def handle(request: bytes, context: grpc.ServicerContext) -> bytes:
            name = method.removeprefix(_SERVICE)
            if name in _ANSWERED_BY_THE_RELAY:
                return b""
            try:
                self._start(stack_variables(request) if name == "ConfigureStack" else {})
                return self._call(method)(request)
            except PackError as problem:
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(problem))
            except grpc.RpcError as error:
                context.set_trailing_metadata(error.trailing_metadata() or ())
                context.abort(error.code(), error.details())
            raise AssertionError("abort does not return")

        return grpc.unary_unary_rpc_method_handler(handle)

    def _call(self, method: str) -> RawCall:
        call = self._calls.get(method)
        if call is None:
            assert self._channel is not None
            call = self._calls[method] = self._channel.unary_unary(method)
        return call

    def _start(self, variables: Mapping[str, str]) -> None:
        with self._lock:
            if self._channel is not None:
                return
            if self._pack is not None or self._stopped:
                raise PackError("The policy pack has ended.")
            self._pack = self._start_pack(variables)
            if self._stopped:
                self._pack.stop()
            outputs = self._pack.outputs()
            port = self._await_port(outputs)
            threading.Thread(target=self._show, args=(self._pack, outputs), daemon=True).start()
            if port is None:
                raise PackError(
                    f"The policy pack ended with exit status {self._pack.exit_status()} before it served; "
                    "its output above says why."
                )
            self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=protocol.MESSAGE_SIZE)

    def _await_port(self, outputs: Iterator[Output]) -> int | None:
        for output in outputs:
            if output.stream == "stdout" and output.text.strip().isdigit():
                return int(output.text)
            self._visible.put(output)
        return None

    def _show(self, pack: Child, outputs: Iterator[Output]) -> None:
        for output in outputs:
            self._visible.put(output)
        self._visible.put(pack.exit_status())


def stack_variables(configure_stack: bytes) -> dict[str, str]:
    """Returns the environment variables in which the SDK expects a stack, from an encoded ConfigureStack request."""
    stack = protocol.analyzer.AnalyzerStackConfigureRequest.FromString(configure_stack)
    variables = {
        "PULUMI_PROJECT": stack.project,
        "PULUMI_STACK": stack.stack,
        "PULUMI_DRY_RUN": "true" if stack.dry_run else "false",
        "PULUMI_CONFIG": json.dumps(dict(stack.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(stack.config_secret_keys)),
    }
    if stack.organization:
        variables["PULUMI_ORGANIZATION"] = stack.organization
    return variables
