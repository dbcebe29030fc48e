"""cert-manager and trust-manager as a program waits for them: what a certificate, an issuer or a bundle lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator import console
from simulator.provider import Refusal
from simulator.values import Props
from tests.simulator.kubernetes.bench import Bench, bench
from tests.simulator.kubernetes.test_readiness import chart, waiting

READY, SYNCED = "condition=Ready", "condition=Synced"


def of_cert_manager(kind: str, name: str, spec: Props, namespace: str | None = "cert-manager") -> Props:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return waiting({"apiVersion": "cert-manager.io/v1", "kind": kind, "metadata": metadata, "spec": spec})


def certificate(issuer: str, **spec: Any) -> Props:
    reference = {"name": issuer, "kind": "ClusterIssuer"}
    return of_cert_manager("Certificate", "root", {"secretName": "root", "issuerRef": reference, **spec})


def bundle(*secrets: str, wait_for: str = SYNCED) -> Props:
    sources = [{"secret": {"name": name, "key": "tls.crt"}} for name in secrets]
    spec = {"sources": sources, "target": {"configMap": {"key": "ca.crt"}}}
    identity = {"apiVersion": "trust.cert-manager.io/v1alpha1", "kind": "Bundle", "metadata": {"name": "roots"}}
    return waiting({**identity, "spec": spec}, wait_for)


SELF_SIGNED = of_cert_manager("ClusterIssuer", "self-signed", {"selfSigned": {}}, None)
OF_ROOT = of_cert_manager("ClusterIssuer", "of-root", {"ca": {"secretName": "root"}}, None)


@pytest.fixture
def cluster(tmp_path: Path) -> Bench:
    made = bench(tmp_path)
    for name in ("cert-manager", "trust-manager"):
        made.make(chart(name, crds={"enabled": True}), name)
    made.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "cert-manager"}}, "namespace")
    made.make(SELF_SIGNED, "self-signed")
    return made


def refusal(cluster: Bench, inputs: Props) -> str:
    with pytest.raises(Refusal) as refused:
        cluster.make(inputs, "refused")
    return str(refused.value)


def test_a_chain_gets_ready_from_the_root_down(cluster: Bench) -> None:
    assert "there is no ClusterIssuer of-root" in refusal(cluster, certificate("of-root"))
    assert "there is no Secret root in namespace cert-manager, and no Certificate" in refusal(cluster, OF_ROOT)
    assert "there is no Secret root in namespace cert-manager" in refusal(cluster, bundle("root"))
    for name, inputs in {"root": certificate("self-signed"), "of-root": OF_ROOT, "bundle": bundle("root")}.items():
        _, _, state = cluster.make(inputs, name)
    assert state["status"]["conditions"] == [{"type": "Synced", "status": "True"}]


def test_one_source_that_nobody_makes_keeps_the_whole_bundle_back(cluster: Bench) -> None:
    cluster.make(certificate("self-signed"), "root")
    assert "there is no Secret previous in namespace cert-manager" in refusal(cluster, bundle("root", "previous"))


def test_a_condition_that_no_controller_gives_is_waited_for_in_vain(cluster: Bench) -> None:
    cluster.make(certificate("self-signed"), "root")
    said = refusal(cluster, bundle("root", wait_for=READY))
    assert "no controller gives a Bundle this: condition=Ready. It has Synced" in said
    assert "It has Ready" in refusal(cluster, waiting(certificate("self-signed"), "condition=Issued"))


def test_the_console_tells_what_time_makes_of_certificates(
    tmp_path: Path, cluster: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.make(certificate("self-signed", duration="2160h", renewal={"policy": "Disabled"}), "root")
    file, words = tmp_path / "cloud.sqlite", ["certificates", "main", "--clock"]
    assert console.run([*words, "+89d"], file) == 0
    assert "cert-manager/root" in capsys.readouterr().out
    assert console.run([*words, "+90d"], file) == 1
    assert "WRONG: cert-manager/root ended on day 90, and nothing renews it" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        console.run([*words, "tomorrow"], file)
    assert "Write for example +61d." in capsys.readouterr().err


def key(secret: str, namespace: str = "linkerd", **private: str) -> Props:
    reference = {"name": "self-signed", "kind": "ClusterIssuer"}
    spec = {"secretName": secret, "issuerRef": reference, "privateKey": {"algorithm": "ECDSA", **private}}
    return of_cert_manager("Certificate", secret, spec, namespace)


def test_a_control_plane_starts_only_with_keys_that_each_part_of_it_reads(cluster: Bench) -> None:
    validator = "linkerd-policy-validator-k8s-tls"
    release = chart(
        "linkerd-control-plane",
        identity={"externalCA": True, "issuer": {"scheme": "kubernetes.io/tls"}},
        policyValidator={"externalSecret": True},
    ) | {"namespace": "linkerd"}
    cluster.make({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "linkerd"}}, "linkerd")
    assert "no ConfigMap linkerd-identity-trust-roots" in refusal(cluster, release)
    cluster.make(certificate("self-signed"), "root")
    roots = {**bundle("root"), "metadata": {**bundle("root")["metadata"], "name": "linkerd-identity-trust-roots"}}
    cluster.make(roots, "roots")
    assert f"there is no Secret {validator} in namespace linkerd" in refusal(cluster, release)
    wrong = cluster.make(key(validator), "validator")
    cluster.make(key("linkerd-identity-issuer"), "issuer")
    assert "could not load private key" in refusal(cluster, release), "cert-manager writes PKCS1 where nothing is said"
    cluster.update(wrong, key(validator, encoding="PKCS8"), "validator")
    cluster.make(release, "control-plane")
