"""A component whose engine ends while the component is being built."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from simulator.eks.package import EksPackage
from simulator.provider import Refusal


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):  # type: ignore[misc]  # the generated base is untyped
    """An engine that accepts registrations and never answers them."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.gone = threading.Event()

    def GetDeploymentInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return resource_pb2.DeploymentInfo()

    def SupportsFeature(self, request: Any, context: grpc.ServicerContext) -> Any:
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def RegisterResource(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.asked.set()
        self.gone.wait(20)
        context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


class Engine(engine_pb2_grpc.EngineServicer):  # type: ignore[misc]  # the generated base is untyped
    """Accepts the SDK's log messages."""

    def Log(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()


def test_a_build_ends_when_the_engine_is_gone() -> None:
    monitor = Monitor()
    server = grpc.server(ThreadPoolExecutor(8))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    inputs = struct_pb2.Struct()
    inputs.update({"authenticationMode": "API", "vpcId": "vpc-1", "skipDefaultNodeGroup": True})
    request = provider_pb2.ConstructRequest(
        type="eks:index:Cluster", name="main", monitorEndpoint=address, inputs=inputs, project="p", stack="s"
    )

    def kill() -> None:
        monitor.asked.wait(10)
        server.stop(grace=None)
        monitor.gone.set()

    threading.Thread(target=kill).start()
    began = time.monotonic()
    with pytest.raises(Refusal, match="the engine stopped"):
        EksPackage().construct(request, address)
    assert time.monotonic() - began < 10, "the simulator must not wait for an engine that has ended"


def test_a_component_that_is_not_simulated_is_refused_by_name() -> None:
    with pytest.raises(Refusal, match=r"eks:index:ManagedNodeGroup is not simulated.*simulator/eks/package\.py\.$"):
        EksPackage().construct(provider_pb2.ConstructRequest(type="eks:index:ManagedNodeGroup"), "")
