"""What a package gets from the engine's requests."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from common.values import Secret
from common.wire import from_struct, to_struct
from simulator.faults import Faults
from simulator.server import Servers
from tests.simulator.eks.stand_in import StandIn


@pytest.fixture
def package_and_engine() -> Iterator[Any]:
    """A package, and a stub that calls it as the engine does."""
    package = StandIn("kubernetes")
    servers = Servers([package], Faults(), lambda: None)
    with grpc.insecure_channel(f"127.0.0.1:{servers.ports['kubernetes']}") as channel:
        yield package, provider_pb2_grpc.ResourceProviderStub(channel)
    servers.stop()


def test_a_package_gets_its_configuration_without_secrets(
    package_and_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, engine = package_and_engine
    monkeypatch.setattr(package, "invoke", lambda call, token, args: call.config)
    engine.Configure(provider_pb2.ConfigureRequest(args=to_struct({"kubeconfig": Secret("clusters: []")})))
    answer = engine.Invoke(provider_pb2.InvokeRequest(tok="kubernetes:index:config"))
    config = from_struct(getattr(answer, "return"))
    assert config == {"kubeconfig": "clusters: []"}, "the cluster of a secret kubeconfig would not be found"
