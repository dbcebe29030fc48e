"""Who gets a certificate of the mesh's issuer, as a real API server judges it."""

import time
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from typing import Any

import pytest

from components.core.addon_spec import AddOnContext
from components.mesh.identity import certificates
from components.observability.addons import opentelemetry_operator
from settings.compute.node_pool import NodePoolSettings
from settings.mesh.mesh import TO_AGENTS, MeshSettings
from simulator.control_plane.client import ApiServer, Refused
from simulator.control_plane.planes import ControlPlanes
from simulator.kubernetes.custom import definitions_of
from tests.components.conftest import PlatformCloud
from tests.components.ingress.test_guards import plain
from tests.components.stacks import POOL, stack, stage
from tests.simulator.control_planes import VERSION, differences, is_built

Object = dict[str, Any]
KINDS = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
NAME = "main-mesh-issuer"
ISSUER = "linkerd-identity-issuer"
ANCHOR = "linkerd-trust-anchor-first"
OF_MESH = {"name": ISSUER, "kind": "ClusterIssuer"}
IDENTITY = "default.inference.serviceaccount.identity.linkerd.main"
"""The name of a pod of somebody else."""


@cache
def built() -> PlatformCloud:
    cloud = PlatformCloud()
    cloud.up(stack(mesh={}))
    return cloud


def of_cert_manager(kind: str, spec: Object, name: str = "own") -> Object:
    return {"apiVersion": "cert-manager.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def certificate(issuer: Object, **spec: Any) -> Object:
    return of_cert_manager("Certificate", {"secretName": "own", "dnsNames": [IDENTITY], "issuerRef": issuer, **spec})


def request(issuer: Object, name: str = "own-1", **spec: Any) -> Object:
    return of_cert_manager("CertificateRequest", {"request": "Y3Ny", "issuerRef": issuer, **spec}, name)


def issuer(kind: str, secret: str, name: str = "own") -> Object:
    return of_cert_manager(kind, {"ca": {"secretName": secret}}, name)


OLD = {**certificate(OF_MESH), "metadata": {"name": "old", "labels": {"a": "b"}}}


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with closing(ControlPlanes()) as planes:
        server = planes.server("mesh-issuer", VERSION)
        guards = [built().one(f"admissionregistration.k8s.io/v1:{kind}", NAME).inputs for kind in KINDS]
        definitions = definitions_of("cert-manager")
        for each in definitions:
            server.create({**each}, "")
        for each in definitions:
            server.wait_until_served({**each})
        for name in ("team", "linkerd", "opentelemetry", "cert-manager"):
            server.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, "")
        server.create(OLD, "team")
        for each in guards:
            assert not differences(plain(each), server.create(plain(each), "")), "a refresh would find a change"
        end = time.monotonic() + 30
        while not refusal(server, certificate(OF_MESH)) and time.monotonic() < end:
            time.sleep(0.2)
        yield server


def refusal(server: ApiServer, wanted: Object, namespace: str = "team") -> str:
    """Returns why the API server refuses an object; "" when it takes it."""
    try:
        server.create(wanted, namespace, dry_run=True)
    except Refused as error:
        return str(error)
    return ""


BAD = {
    "a certificate": certificate(OF_MESH),
    "that of an annotation of an Ingress": certificate({**OF_MESH, "group": "cert-manager.io"}, usages=["server auth"]),
    "an authority": certificate(OF_MESH, isCA=True),
    "a request": request(OF_MESH),
    "a request with a group": request({**OF_MESH, "group": "cert-manager.io"}, isCA=True),
}


@is_built
@pytest.mark.parametrize("wanted", BAD.values(), ids=BAD)
@pytest.mark.parametrize("namespace", ["team", "cert-manager"])
def test_other_namespaces_get_no_certificate_of_the_meshs_issuer(
    server: ApiServer, wanted: Object, namespace: str
) -> None:
    assert f"a certificate of {ISSUER} is an identity of the mesh" in refusal(server, wanted, namespace)


@is_built
@pytest.mark.parametrize(
    ("wanted", "namespace"),
    [
        (issuer("ClusterIssuer", ANCHOR), ""),
        (issuer("ClusterIssuer", ISSUER), ""),
        (issuer("Issuer", ANCHOR), "cert-manager"),
        (issuer("Issuer", ANCHOR, ISSUER), "cert-manager"),
        (issuer("Issuer", ISSUER), "linkerd"),
    ],
)
def test_no_other_issuer_has_a_key_of_the_mesh(server: ApiServer, wanted: Object, namespace: str) -> None:
    assert "an issuer with a key of the mesh would sign identities of it" in refusal(server, wanted, namespace)


@is_built
def test_a_certificate_of_another_issuer_does_not_turn_to_the_mesh(server: ApiServer) -> None:
    own = {**certificate({"name": "own"}), "metadata": {"name": "turning"}}
    server.create(own, "team")
    with pytest.raises(Refused, match="is an identity of the mesh"):
        server.merge(own, "team", {"spec": {"issuerRef": OF_MESH}})


@is_built
def test_certificates_of_other_issuers_are_taken(server: ApiServer) -> None:
    for reference in ({"name": ISSUER}, {"name": ISSUER, "kind": "Issuer"}, {**OF_MESH, "name": "self-signed"}):
        assert not refusal(server, certificate(reference)), reference
        assert not refusal(server, request(reference)), reference
    assert not refusal(server, issuer("Issuer", "own"))
    assert not refusal(server, of_cert_manager("ClusterIssuer", {"selfSigned": {}}), "")


@is_built
def test_the_mesh_has_all_that_the_platform_makes_for_it_and_renews_it(server: ApiServer) -> None:
    """cert-manager makes a CertificateRequest in the namespace of the Certificate, at each renewal too."""
    mesh = MeshSettings(tracing=TO_AGENTS)
    context = AddOnContext(
        stage=stage(),
        cluster="main",
        kubernetes_version="1.35",
        pools=(NodePoolSettings.model_validate(POOL),),
        gpu_allocation="device-plugin",
        mesh=mesh,
    )
    made = [*certificates(mesh, "d").values(), *opentelemetry_operator.before(context).values()]
    ours = [each for each in made if each["apiVersion"] == "cert-manager.io/v1"]
    assert {each["kind"] for each in ours} == {"Certificate", "ClusterIssuer", "Issuer"}
    for each in ours:
        assert not refusal(server, {**each}, each["metadata"].get("namespace", "")), each["metadata"]["name"]
    users = {each["metadata"]["namespace"] for each in ours if each["spec"].get("issuerRef") == OF_MESH}
    assert users == {"linkerd", "opentelemetry"}
    for namespace in users:
        assert not refusal(server, request(OF_MESH), namespace)


@is_built
def test_an_older_certificate_can_go_but_is_neither_renewed_nor_changed(server: ApiServer) -> None:
    server.merge(OLD, "team", {"metadata": {"finalizers": ["example.com/x"]}})
    server.merge(OLD, "team", {"metadata": {"finalizers": None}})
    with pytest.raises(Refused, match="is an identity of the mesh"):
        server.merge(OLD, "team", {"spec": {"dnsNames": ["other"]}})
    assert refusal(server, request(OF_MESH, "old-2")), "a renewal is a request"


@is_built
def test_the_rule_has_no_mistake_that_the_api_server_finds(server: ApiServer) -> None:
    policy = ("admissionregistration.k8s.io/v1", KINDS[0], "", "ml-platform-mesh-issuer")
    end = time.monotonic() + 60
    while "typeChecking" not in (server.get(*policy) or {}).get("status", {}) and time.monotonic() < end:
        time.sleep(0.2)
    found = server.get(*policy)
    assert found is not None
    assert found["status"]["typeChecking"] == {}


def test_the_rule_is_there_before_the_issuer_and_goes_after_it() -> None:
    cloud = built()
    issuer = cloud.one("cert-manager.io/v1:ClusterIssuer", "main-linkerd-control-plane-identity-authority")
    for kind in KINDS:
        assert cloud.comes_after(issuer, cloud.one(f"admissionregistration.k8s.io/v1:{kind}", NAME))


def test_without_a_mesh_there_is_no_issuer_and_no_rule() -> None:
    cloud = PlatformCloud()
    cloud.up(stack())
    assert not [each.name for each in cloud.registered.values() if each.name == NAME]
