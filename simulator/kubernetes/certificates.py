"""Certificates of cert-manager, the bundles of trust-manager, and what time makes of them and of a mesh.

Days count from the `up` that made them. Sources: cert-manager 1.21, pkg/apis/certmanager/v1 (defaults: 90 days, renewed
after two thirds, a new key each time), pkg/controller/certificates/trigger; trust-manager 0.24, pkg/bundle/source.go (a
source that is missing fails the whole bundle); linkerd2 edge-26.8.3, controller/identity and
charts/linkerd-control-plane (its own webhook certificates: 365 days); read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from common.quantities import seconds
from simulator.kubernetes.clusters import Cluster
from simulator.values import Props, has_unknown

CERTIFICATE = ("cert-manager.io/v1", "Certificate")
BUNDLE = ("trust.cert-manager.io/v1alpha1", "Bundle")
_ISSUERS = {"Issuer": ("cert-manager.io/v1", "Issuer"), "ClusterIssuer": ("cert-manager.io/v1", "ClusterIssuer")}
KINDS = frozenset({CERTIFICATE, BUNDLE, *_ISSUERS.values()})
"""Kinds with one condition."""
_OF_CLUSTER = "cert-manager"  # the namespace in which cluster issuers and bundles look for Secrets
_DEFAULT_HOURS, _CHART_DAYS = 90 * 24.0, 365
_WEBHOOKS = {
    "proxyInjector": "linkerd-proxy-injector-k8s-tls",
    "profileValidator": "linkerd-sp-validator-k8s-tls",
    "policyValidator": "linkerd-policy-validator-k8s-tls",
}
"""Webhooks of Linkerd by their values -> the Secret that each reads its certificate from."""


def why_not_ready(cluster: Cluster, state: Props) -> str | None:
    """Returns why a certificate, an issuer or a bundle is not ready; "" when it is, None for other kinds."""
    identity, spec = (state["apiVersion"], state["kind"]), state.get("spec")
    if has_unknown(spec) or not isinstance(spec, dict):
        return None
    namespace = state["metadata"].get("namespace", "")
    if identity == CERTIFICATE:
        reference = spec["issuerRef"]
        kind = reference.get("kind", "Issuer")
        if kind not in _ISSUERS:
            return None
        of_cluster = kind == "ClusterIssuer"
        issuer = cluster.get(*_ISSUERS[kind], "" if of_cluster else namespace, reference["name"])
        if issuer is None:
            return f"there is no {kind} {reference['name']}{'' if of_cluster else f' in namespace {namespace}'}"
        return why_not_ready(cluster, issuer.state) or ""
    if identity in _ISSUERS.values():
        secret = (spec.get("ca") or {}).get("secretName")
        return "" if secret is None else why_no_secret(cluster, namespace or _OF_CLUSTER, secret)
    if identity == BUNDLE:
        named = [each["secret"]["name"] for each in spec["sources"] if (each.get("secret") or {}).get("name")]
        return next((why for name in named if (why := why_no_secret(cluster, _OF_CLUSTER, name))), "")
    return None


def why_no_secret(cluster: Cluster, namespace: str, secret: str) -> str:
    """Returns that a Secret is missing: no Certificate makes it, and nobody else has made it. Otherwise ""."""
    if cluster.get("v1", "Secret", namespace, secret) or _maker(cluster, namespace, secret):
        return ""
    return f"there is no Secret {secret} in namespace {namespace}, and no Certificate that makes it"


def _maker(cluster: Cluster, namespace: str, secret: str) -> Certificate | None:
    return next((each for each in certificates(cluster) if (each.namespace, each.secret) == (namespace, secret)), None)


def why_control_plane_waits(cluster: Cluster, release: Props) -> str:
    """Returns why pods of Linkerd's control plane never get ready; "" when they do, and for other charts.

    Source: linkerd2 edge-26.8.3, charts/linkerd-control-plane/templates; kubert 0.27, tls_rustls.rs; read 2026-11.
    """
    values: Any = release.get("values") or {}
    if release.get("chart") != "linkerd-control-plane" or has_unknown(values) or release.get("skipAwait") is True:
        return ""
    identity = values.get("identity") or {}
    namespace = release["namespace"]
    roots = "linkerd-identity-trust-roots"
    if identity.get("externalCA") and not (
        cluster.get("v1", "ConfigMap", namespace, roots) or cluster.get(*BUNDLE, "", roots)
    ):
        return f"there is no ConfigMap {roots}, and no Bundle that makes it"
    external = [secret for key, secret in _WEBHOOKS.items() if (values.get(key) or {}).get("externalSecret")]
    if (identity.get("issuer") or {}).get("scheme") == "kubernetes.io/tls":
        external.append("linkerd-identity-issuer")
    if reason := next((why for secret in external if (why := why_no_secret(cluster, namespace, secret))), ""):
        return reason
    validator = _maker(cluster, namespace, _WEBHOOKS["policyValidator"])
    if _WEBHOOKS["policyValidator"] in external and validator is not None and validator.encoding != "PKCS8":
        return (
            f"container policy of linkerd-destination ends: could not load private key of {validator.where}: not PKCS8"
        )
    return ""


@dataclass(frozen=True)
class Certificate:
    """One certificate. hours: how long each issue is valid. every: hours between renewals; None: nothing renews it.

    encoding: the form of its private key.
    """

    namespace: str
    name: str
    secret: str
    hours: float
    every: float | None
    keeps_key: bool
    encoding: str

    @property
    def where(self) -> str:
        return f"{self.namespace}/{self.name}"

    def renewals(self, day: float) -> int:
        """Returns how often it was renewed until a day."""
        return 0 if self.every is None else int(day * 24 // self.every)

    def ends(self, day: float) -> float:
        """Returns the day on which what it has on a day ends."""
        return (self.renewals(day) * (self.every or 0) + self.hours) / 24


def certificates(cluster: Cluster) -> Iterator[Certificate]:
    """Yields the certificates of a cluster."""
    for row in cluster.of_kind(*CERTIFICATE):
        spec, metadata = row.state["spec"], row.state["metadata"]
        hours = _hours(spec.get("duration")) or _DEFAULT_HOURS
        percentage = spec.get("renewBeforePercentage")
        before = hours * percentage / 100 if percentage else _hours(spec.get("renewBefore")) or hours / 3
        renewed = (spec.get("renewal") or {}).get("policy") != "Disabled"
        key = spec.get("privateKey") or {}
        yield Certificate(
            metadata["namespace"],
            metadata["name"],
            spec["secretName"],
            hours,
            hours - before if renewed else None,
            key.get("rotationPolicy", "Always") == "Never",
            key.get("encoding", "PKCS1"),
        )


def findings(cluster: Cluster, day: float) -> Iterator[str]:
    """Yields what has ended by a day, and what no longer fits together."""
    for each in certificates(cluster):
        if each.every is None and each.ends(day) <= day:
            yield f"{each.where} ended on day {each.ends(day):.0f}, and nothing renews it"
    for bundle in cluster.of_kind(*BUNDLE):
        for source in bundle.state["spec"]["sources"]:
            anchor = _maker(cluster, _OF_CLUSTER, (source.get("secret") or {}).get("name", ""))
            if anchor is not None and not anchor.keeps_key and anchor.every is not None and anchor.renewals(day):
                yield (
                    f"{anchor.where} got a new key on day {anchor.every / 24:.0f}: pods of the mesh trust the old one "
                    "until they start again, and identities end when the issuer does"
                )
    for release in cluster.releases():
        if "linkerd-control-plane" in str(release.state.get("chart")) and day >= _CHART_DAYS:
            values: Any = release.state.get("values") or {}
            for webhook in _WEBHOOKS:
                if not (values.get(webhook) or {}).get("externalSecret"):
                    yield f"the chart's own certificate of {webhook} ended on day {_CHART_DAYS}"


def _hours(text: Any) -> float:
    """Returns a duration of Go such as `48h0m0s` in hours."""
    return (seconds(text) or 0) / 3600
