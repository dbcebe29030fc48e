"""What a package gets from the engine's requests."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from common.values import Secret
from common.wire import from_struct, to_struct
from simulator.faults import Faults
from simulator.provider import CreateResult
from simulator.server import Servers
from tests.simulator.eks.stand_in import StandIn


@pytest.fixture
def package_and_engine(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A package, and a stub that calls it as the engine does. The parameter has faults; `invoked` notes a kill."""
    package = StandIn("kubernetes")
    servers = Servers([package], Faults(getattr(request, "param", ())), lambda: package.invoked.append(("kill", False)))
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


URN = "urn:pulumi:dev::project::kubernetes:core/v1:ConfigMap::settings"
TYPE = "kubernetes:core/v1:ConfigMap:1"


@pytest.mark.parametrize(
    ("package_and_engine", "done", "killed", "words"),
    [
        ((f"before={TYPE}",), [], [], "dial tcp: i/o timeout"),
        ((f"after=create:{TYPE}",), ["create"], [], "connection reset by peer"),
        ((f"die-before={TYPE}",), [], [("kill", False)], "the engine was killed"),
        ((f"die-after={TYPE}",), ["create"], [("kill", False)], "the engine was killed"),
        ((f"throttle={TYPE}",), [], [], "Throttling: Rate exceeded"),
    ],
    indirect=["package_and_engine"],
)
def test_a_fault_strikes_before_or_after_the_cloud_did_the_work(
    package_and_engine: Any, monkeypatch: pytest.MonkeyPatch, done: list[str], killed: list[Any], words: str
) -> None:
    package, engine = package_and_engine
    calls: list[str] = []
    monkeypatch.setattr(package, "create", lambda call, inputs: calls.append("create") or CreateResult("id", inputs))
    request = provider_pb2.CreateRequest(urn=URN, properties=to_struct({}), preview=True)
    engine.Create(request)
    calls.clear()
    request.preview = False
    with pytest.raises(grpc.RpcError, match=words):
        engine.Create(request)
    assert (calls, package.invoked) == (done, killed)
    assert engine.Create(request).id == "id", "a preview does not count"
