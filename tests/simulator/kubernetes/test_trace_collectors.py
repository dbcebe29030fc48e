"""Collectors that proxies of the mesh send spans to: what keeps them away is told, since nothing else does."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench, namespace
from tests.simulator.kubernetes.test_certificates import SELF_SIGNED, of_cert_manager
from tests.simulator.kubernetes.test_telemetry import of

IDENTITY = "agent-collector.tracing.serviceaccount.identity.linkerd.main.test"
TRACING = {
    "enabled": True,
    "collector": {
        "endpoint": "agent-collector.tracing.svc.cluster.local.:4319",
        "meshIdentity": {"serviceAccountName": "agent-collector", "namespace": "tracing"},
    },
}


def certificate(**spec: Any) -> Props:
    issuer = {"name": "self-signed", "kind": "ClusterIssuer"}
    made = {"secretName": "identity", "issuerRef": issuer, "dnsNames": [IDENTITY], **spec}
    return of_cert_manager("Certificate", "identity", made, "tracing")


def agent(**spec: Any) -> Props:
    tls = {"cert_file": "/identity/tls.crt", "key_file": "/identity/tls.key"}
    grpc = {"endpoint": "0.0.0.0:4319", "tls": tls}
    pipeline = {"receivers": ["otlp/mesh"], "exporters": ["debug"]}
    return {
        "apiVersion": "opentelemetry.io/v1beta1",
        "kind": "OpenTelemetryCollector",
        "metadata": {
            "name": "agent",
            "namespace": "tracing",
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        "spec": {
            "config": {
                "receivers": {"otlp/mesh": {"protocols": {"grpc": grpc}}},
                "exporters": {"debug": {}},
                "service": {"pipelines": {"traces": pipeline}},
            },
            "env": [{"name": "GRPC_ENFORCE_ALPN_ENABLED", "value": "false"}],
            "volumes": [{"name": "identity", "secret": {"secretName": "identity"}}],
            "volumeMounts": [{"name": "identity", "mountPath": "/identity"}],
            **spec,
        },
    }


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    for name in ("cert-manager", "linkerd", "opentelemetry", "tracing"):
        made.make(namespace(name), name)
    made.make(of("cert-manager", crds={"enabled": True}), "cert-manager-chart")
    made.make(of("opentelemetry-operator", admissionWebhooks={"create": False}), "operator")
    made.make(SELF_SIGNED, "self-signed")
    values = {"identityTrustDomain": "main.test", "cniEnabled": True, "proxy": {"tracing": TRACING}}
    made.make({**of("linkerd-control-plane", **values), "skipAwait": True}, "control-plane")
    return made


def refusal(cluster: Bench, inputs: Props) -> str:
    with pytest.raises(Refusal) as refused:
        cluster.make(inputs, "agent")
    return str(refused.value)


def test_agents_with_a_certificate_of_the_mesh_get_spans_of_its_proxies(cluster: Bench) -> None:
    assert "there is no Secret identity in namespace tracing" in refusal(cluster, agent())
    cluster.make(certificate(), "certificate")
    cluster.make(agent(), "agent")


@pytest.mark.parametrize(
    ("names", "changes", "told"),
    [
        (["other"], {}, f"certificate does not match TLS identity: proxies ask for {IDENTITY} on port 4319"),
        ([IDENTITY], {"env": []}, "missing selected ALPN property"),
        ([IDENTITY], {"volumeMounts": []}, "certificate does not match TLS identity"),
    ],
)
def test_what_keeps_spans_away_is_told(cluster: Bench, names: list[str], changes: Props, told: str) -> None:
    cluster.make(certificate(dnsNames=names), "certificate")
    wrong = agent(**changes)
    assert told in refusal(cluster, wrong)
    wrong["spec"]["podAnnotations"] = {"linkerd.io/inject": "enabled"}
    cluster.make(wrong, "agent")


def test_one_that_takes_spans_of_others_is_left_alone(cluster: Bench) -> None:
    bare = agent(env=[], volumes=[], volumeMounts=[])
    bare["metadata"] = {**bare["metadata"], "name": "gateway"}
    cluster.make(bare, "gateway")
    left = agent(env=[], volumes=[], volumeMounts=[])
    left["spec"]["config"] = {**left["spec"]["config"], "receivers": {"otlp": {"protocols": {"grpc": None}}}}
    cluster.make(left, "agent")  # the mesh goes with the same up


def test_a_later_change_is_judged_as_well(cluster: Bench) -> None:
    cluster.make(certificate(), "certificate")
    made = cluster.make(agent(), "agent")
    changed = copy.deepcopy(made[1])
    changed["spec"]["env"] = []
    with pytest.raises(Refusal, match="ALPN"):
        cluster.update(made, changed, "agent")
