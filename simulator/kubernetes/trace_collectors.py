"""Collectors of OpenTelemetry: what keeps their pods from starting, and spans of Linkerd's proxies from them.

A proxy sends spans to the address that its control plane names, and only to who proves the identity named there: to a
proxy, or to a program with a certificate of the mesh. Its TLS offers no ALPN, and gRPC in Go refuses that unless it is
told not to.
Sources: linkerd2-proxy release/v2.366.0, linkerd/app/src/env.rs (parse_control_addr), linkerd/meshtls and
linkerd/tls/src/client.rs; linkerd2 edge-26.8.3, charts/partials/templates/_proxy.tpl; grpc-go v1.83.0,
credentials/tls.go; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.kubernetes.certificates import CERTIFICATE, why_no_secret
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.injection import CHART, INJECT
from simulator.values import Props, has_unknown

COLLECTOR = "OpenTelemetryCollector"


def why_no_spans(cluster: Cluster, state: Props) -> str:
    """Returns why pods of a collector wait for ever, or proxies send it nothing; "" for all else."""
    if state["kind"] != COLLECTOR or has_unknown([state["metadata"], state.get("spec")]):
        return ""
    return next(_reasons(cluster, state["metadata"], state["spec"]), "")


def _reasons(cluster: Cluster, metadata: Props, spec: Props) -> Iterator[str]:
    secrets = {each["name"]: each["secret"] for each in spec.get("volumes") or () if "secret" in each}
    for volume, secret in secrets.items():
        if not secret.get("optional") and (why := why_no_secret(cluster, metadata["namespace"], secret["secretName"])):
            yield f'its pods do not start: MountVolume.SetUp failed for volume "{volume}": {why}'
    if (spec.get("podAnnotations") or {}).get(INJECT) == "enabled":
        return  # then its proxy answers
    for release in cluster.releases_of(CHART):
        values: Any = release.get("values") or {}
        tracing = {} if has_unknown(values) else (values.get("proxy") or {}).get("tracing") or {}
        host, _, port = str((tracing.get("collector") or {}).get("endpoint")).rpartition(":")
        if tracing.get("enabled") and host.split(".")[:2] == [f"{metadata['name']}-collector", metadata["namespace"]]:
            account = tracing["collector"]["meshIdentity"]
            domain = f"{release['namespace']}.{values.get('identityTrustDomain') or 'cluster.local'}"
            identity = f"{account['serviceAccountName']}.{account['namespace']}.serviceaccount.identity.{domain}"
            yield from _unproven(cluster, spec, secrets, port, identity)


def _unproven(cluster: Cluster, spec: Props, secrets: Props, port: str, identity: str) -> Iterator[str]:
    """Yields what is missing for proxies that ask for an identity on a port of pods without a proxy.

    A collector that does not listen there, or no longer, is left alone: the mesh may go with the same `up`.
    """
    receivers = (spec["config"].get("receivers") or {}).values()
    servers = [((each or {}).get("protocols") or {}).get("grpc") or {} for each in receivers]
    server = next((each for each in servers if str(each.get("endpoint")).rpartition(":")[2] == port), None)
    if server is None:
        return
    file = str((server.get("tls") or {}).get("cert_file"))
    mounted = [each["name"] for each in spec.get("volumeMounts") or () if file.startswith(f"{each['mountPath']}/")]
    secret = next((secrets[each]["secretName"] for each in mounted if each in secrets), None)
    proven = [
        name
        for row in cluster.of_kind(*CERTIFICATE)
        if row.state["spec"]["secretName"] == secret
        for name in row.state["spec"].get("dnsNames") or ()
    ]
    if identity not in proven:
        yield f"certificate does not match TLS identity: proxies ask for {identity} on port {port}"
    if {"name": "GRPC_ENFORCE_ALPN_ENABLED", "value": "false"} not in (spec.get("env") or ()):
        yield f"cannot check peer: missing selected ALPN property, which proxies do not offer on port {port}"
