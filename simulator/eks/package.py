"""The simulated pulumi-eks provider. It only has components, so it creates and stores no resources itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import grpc
import pulumi
from pulumi.errors import RunError
from pulumi.provider import CallResult, ConstructResult, Provider
from pulumi.provider.server import ProviderServicer

from simulator.eks import kubeconfig, vpc_cni
from simulator.eks.cluster import Cluster
from simulator.eks.inputs import plain, validate
from simulator.eks.resources import accept_references
from simulator.provider import Call, CheckResult, CreateResult, DiffResult, Package, ReadResult, Refusal
from simulator.server import OWN_POOL
from simulator.values import Props

_CLUSTER = "eks:index:Cluster"
_GET_KUBECONFIG = "eks:index:Cluster/getKubeconfig"
_Result = TypeVar("_Result")


class EksPackage(Package):
    """Builds eks:index:Cluster, and answers its method getKubeconfig.

    A build runs in the calling thread, with its own event loop and context: the SDK keeps the engine's address, stack
    and mode in context variables, so several builds at once do not disturb each other.
    """

    name = "eks"

    def construct(self, request: Any, engine_address: str) -> Any:
        """Raises Refusal for a component or an input that is not simulated, and when the engine stops."""
        if request.type != _CLUSTER:
            raise Refusal(
                f"pulumi-eks component {request.type} is not simulated. "
                "Use AWS resources instead, or add it to simulator/eks/package.py."
            )
        accept_references()
        return _run(request.monitorEndpoint, lambda: _Servicer(engine_address).construct(request))

    def call(self, request: Any, engine_address: str) -> Any:
        """Raises Refusal for a method that is not simulated."""
        if request.tok != _GET_KUBECONFIG:
            raise Refusal(f"pulumi-eks method {request.tok} is not simulated. Add it to simulator/eks/package.py.")
        accept_references()
        return _run(request.monitorEndpoint, lambda: _Servicer(engine_address).call(request))

    def check(self, call: Call, old: Props, new: Props, seed: bytes) -> CheckResult:
        raise _no_such_resource(call)

    def diff(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> DiffResult:
        raise _no_such_resource(call)

    def create(self, call: Call, inputs: Props) -> CreateResult:
        raise _no_such_resource(call)

    def read(self, call: Call, id_: str, inputs: Props, state: Props) -> ReadResult | None:
        raise _no_such_resource(call)

    def update(self, call: Call, id_: str, old_inputs: Props, old_state: Props, new_inputs: Props) -> Props:
        raise _no_such_resource(call)

    def delete(self, call: Call, id_: str, inputs: Props, state: Props) -> None:
        raise _no_such_resource(call)


class _Components(Provider):
    """Answers the SDK's calls, after it has converted a request into Python values."""

    def __init__(self) -> None:
        super().__init__(version=EksPackage.version)

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: Mapping[str, Any],
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        validate(inputs)
        vpc_cni.refuse_unknown(plain(inputs, "vpcCniOptions", {}))
        cluster = Cluster(name, inputs, options or pulumi.ResourceOptions())
        return ConstructResult(urn=cluster.urn, state=cluster.state)

    def call(self, token: str, args: Mapping[str, Any]) -> CallResult:
        component = pulumi.Output.from_input(args["__self__"])
        arguments = component.apply(lambda urn: {"urn": urn})
        resource = arguments.apply(
            lambda known_arguments: pulumi.runtime.invoke_output("pulumi:pulumi:getResource", known_arguments)
        )
        role, profile = args.get("roleArn"), args.get("profileName")

        def render(values: list[Any]) -> str:
            state, role_arn, profile_name = values
            return kubeconfig.text(kubeconfig.for_caller(state["state"]["kubeconfig"], role_arn, profile_name))

        return CallResult(outputs={"result": pulumi.Output.all(resource, role, profile).apply(render)})


class _Servicer(ProviderServicer):
    """Calls the private methods of the SDK's servicer, because the public ones turn a Refusal into a traceback.

    This is the only place of the project that uses private names of an SDK.
    """

    def __init__(self, engine_address: str) -> None:
        super().__init__(_Components(), [], engine_address)

    async def construct(self, request: Any) -> Any:
        return await self._construct(request, None)

    async def call(self, request: Any) -> Any:
        return await self._call(request, None)


def _run(monitor_address: str, work: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
    try:
        return asyncio.run(_while_connected(monitor_address, work))
    except Refusal:
        raise
    except (RunError, asyncio.CancelledError, grpc.RpcError):  # the engine is stopping, and has reported why
        raise Refusal("the engine stopped while the component was being built") from None
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise Refusal(str(error)) from error  # the error of the engine or the AWS provider


async def _while_connected(monitor_address: str, work: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
    """Runs the work, and cancels it when the engine is gone: the SDK would wait for ever for the engine's answers."""
    task = asyncio.ensure_future(work())
    loop = asyncio.get_running_loop()

    seen: set[grpc.ChannelConnectivity] = set()

    def on_state(state: grpc.ChannelConnectivity) -> None:
        lost = state == grpc.ChannelConnectivity.IDLE and grpc.ChannelConnectivity.READY in seen
        seen.add(state)
        if lost or state == grpc.ChannelConnectivity.TRANSIENT_FAILURE:
            with suppress(RuntimeError):  # the event loop has ended, so the work has as well
                loop.call_soon_threadsafe(task.cancel)

    channel = grpc.insecure_channel(monitor_address, options=[OWN_POOL])
    channel.subscribe(on_state, try_to_connect=True)
    try:
        return await task
    finally:
        channel.unsubscribe(on_state)
        threading.Thread(target=channel.close, daemon=True).start()  # close waits up to 0.2 s for the last state check


def _no_such_resource(call: Call) -> Refusal:
    return Refusal(f"pulumi-eks has no resource {call.type} in the simulator; it has components only.")
