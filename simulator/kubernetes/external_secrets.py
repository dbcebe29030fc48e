"""External Secrets: whether its operator may use a store, and may read what an ExternalSecret names.

A secret that is empty keeps an ExternalSecret waiting, and nothing else. Left out: stores other than Secrets Manager,
and stores with a service account or a key in them.
Sources: external-secrets v2.9.0, pkg/controllers/secretstore/client_manager.go (conditions), providers/v1/aws/auth,
providers/v1/aws/secretsmanager, generators/v1; read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from common.values import opened
from simulator.aws.access import DeniedError, Session, assume, pod_session, read_secret
from simulator.kubernetes.chart_pods import pods_of
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.selectors import matches
from simulator.kubernetes.network_policies import PolicyView
from simulator.kubernetes.pods import POD_IDENTITY, aws_addresses
from simulator.values import Props, has_unknown

CHART: Final = "external-secrets"
API: Final = "external-secrets.io/v1"
_ENDPOINTS = {"ParameterStore": "ssm"}
_STORES = ("ClusterSecretStore", "SecretStore")


def why_not_ready(cluster: Cluster, state: Props) -> str | None:
    """Returns why the operator would not mark a store ready; "" when it would, None for other kinds."""
    if state["apiVersion"] != API or state["kind"] not in _STORES:
        return None
    if state["kind"] == "SecretStore" and _values(cluster).get("processSecretStore") is False:
        return "the operator is told to leave SecretStores alone"
    if has_unknown(state["spec"]) or _of_aws(state) is None:
        return ""
    try:
        _session(cluster, state)
    except DeniedError as denied:
        return f"unable to validate store: {denied}"
    return f"unable to validate store: i/o timeout: {cut}" if (cut := _why_cut_off(cluster, state)) else ""


def _why_cut_off(cluster: Cluster, store: Props) -> str:
    """Returns why the operator comes by network policies to no credentials, or not to AWS; "" when it does."""
    operator = pods_of(next(iter(cluster.releases_of(CHART)), {})).get(CHART)
    if operator is None:
        return ""
    provider = _of_aws(store) or {}
    reached = [POD_IDENTITY, aws_addresses(cluster, _ENDPOINTS.get(provider.get("service", ""), "secretsmanager"))]
    reached += [aws_addresses(cluster, "sts")] if provider.get("role") or provider.get("additionalRoles") else []
    view = PolicyView(cluster)
    cuts = (view.why_cut(operator, place, port, protocol) for place in reached for port, protocol in place.ports)
    return next(filter(None, cuts), "")


def why_unread(cluster: Cluster, state: Props) -> str:
    """Returns why an ExternalSecret would never make its Secret; "" when it does, or once its secret is filled."""
    if (state["apiVersion"], state["kind"]) != (API, "ExternalSecret") or has_unknown(state["spec"]):
        return ""
    if not any(True for _ in cluster.releases_of(CHART)):
        return f"no release of chart {CHART} runs in the cluster"
    namespace = state["metadata"]["namespace"]
    reasons = (_why_unread(cluster, namespace, *each) for each in _references(state["spec"]))
    return next(filter(None, reasons), "") or _why_not_generated(cluster, namespace, state["spec"])


def _references(spec: Props) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yields store and key of each value that an ExternalSecret names."""
    for each in spec.get("data") or ():
        yield (
            (each.get("sourceRef") or {}).get("storeRef") or spec.get("secretStoreRef") or {},
            each["remoteRef"]["key"],
        )
    for each in spec.get("dataFrom") or ():
        if "extract" in each:
            own = (each.get("sourceRef") or {}).get("storeRef")
            yield own or spec.get("secretStoreRef") or {}, each["extract"]["key"]


def _why_unread(cluster: Cluster, namespace: str, reference: Mapping[str, Any], key: str) -> str:
    kind, name = reference.get("kind", "SecretStore"), reference.get("name", "")
    store = cluster.get(API, kind, "" if kind == "ClusterSecretStore" else namespace, name)
    if store is None:
        return f"{kind} {name} is not there"
    if kind == "ClusterSecretStore" and not _is_allowed(cluster, store.state, namespace):
        return f'using cluster store "{name}" is not allowed from namespace "{namespace}": denied by spec.condition'
    if why := why_not_ready(cluster, store.state):
        return f"{kind} {name} is not ready: {why}"
    provider = _of_aws(store.state)
    if provider is None or provider.get("service") != "SecretsManager":
        return ""
    try:
        secret = read_secret(
            cluster.cloud, _session(cluster, store.state), provider["region"], f"{provider.get('prefix', '')}{key}"
        )
    except DeniedError as denied:
        return str(denied)
    return "" if secret is not None else f"there is no secret {key} in Secrets Manager"


def _why_not_generated(cluster: Cluster, namespace: str, spec: Props) -> str:
    for each in spec.get("dataFrom") or ():
        reference = (each.get("sourceRef") or {}).get("generatorRef")
        if reference and reference["kind"] != "ClusterGenerator":
            where = (reference.get("apiVersion", ""), reference["kind"], namespace, reference["name"])
            if cluster.get(*where) is None:
                return f"there is no generator {reference['kind']} {reference['name']}"
    return ""


def _is_allowed(cluster: Cluster, store: Props, namespace: str) -> bool:
    """Returns whether a namespace may use a store: one of its conditions fits, or it has none."""
    conditions = store["spec"].get("conditions") or ()
    row = cluster.get("v1", "Namespace", "", namespace)
    labels = {**((row.state["metadata"].get("labels") or {}) if row else {}), "kubernetes.io/metadata.name": namespace}
    return not conditions or any(
        namespace in (each.get("namespaces") or ())
        or any(re.search(pattern, namespace) for pattern in each.get("namespaceRegexes") or ())
        or (each.get("namespaceSelector") is not None and matches(Node(each["namespaceSelector"]), labels))
        for each in conditions
    )


def _of_aws(store: Props) -> Props | None:
    """Returns the part of a store about AWS; None where it is of another provider, or has credentials of its own."""
    provider: Props | None = (store["spec"].get("provider") or {}).get("aws")
    return None if provider is None or provider.get("auth") else provider


def _values(cluster: Cluster) -> Props:
    release = next(iter(cluster.releases_of(CHART)), {})
    return opened(release.get("values")) or {}


def _session(cluster: Cluster, store: Props) -> Session:
    """Returns the session in which the operator reads a store. Raises DeniedError."""
    release = next(iter(cluster.releases_of(CHART)), {})
    account = (_values(cluster).get("serviceAccount") or {}).get("name") or release.get("name", "")
    namespace = release.get("namespace", "")
    session = pod_session(cluster.cloud, cluster.name, cluster.region, namespace, account)
    if session is None:
        raise DeniedError(f"no role of EKS Pod Identity for service account {namespace}/{account}")
    provider = _of_aws(store) or {}
    for role in (*(provider.get("additionalRoles") or ()), *([provider["role"]] if provider.get("role") else [])):
        session = assume(cluster.cloud, session, role)
    return session
