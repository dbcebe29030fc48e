"""What a package is told, as the engine tells it over the wire."""

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
def told() -> Iterator[Any]:
    """A package, and a stub that speaks to it."""
    package = StandIn("kubernetes")
    servers = Servers([package], Faults(), lambda: None)
    with grpc.insecure_channel(f"127.0.0.1:{servers.ports['kubernetes']}") as channel:
        yield package, provider_pb2_grpc.ResourceProviderStub(channel)
    servers.stop()


def test_the_configuration_comes_with_secrets_opened(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    package, engine = told
    monkeypatch.setattr(package, "invoke", lambda call, token, args: call.config)
    engine.Configure(provider_pb2.ConfigureRequest(args=to_struct({"kubeconfig": Secret("clusters: []")})))
    answer = engine.Invoke(provider_pb2.InvokeRequest(tok="kubernetes:index:config"))
    config = from_struct(getattr(answer, "return"))
    assert config == {"kubeconfig": "clusters: []"}, "a secret kubeconfig would name no cluster"
