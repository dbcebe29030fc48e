"""Checks what is said of logs against the namespaces that there are, and against the region."""

from collections.abc import Iterator, Mapping

from common.spelling import did_you_mean
from settings.cluster.addon_rules import AddOnRules, installed
from settings.core.naming import KUBERNETES_NAMESPACES
from settings.core.problems import Mistake
from settings.stack.parts import Parts

SERVERLESS = ".aoss.amazonaws.com"
OF_A_REGION = (".es.amazonaws.com", ".es.amazonaws.com.cn", ".on.aws")


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields every mistake about logs between parts."""
    logs = parts.observability.logs if parts.observability is not None else None
    if logs is None:
        return
    with_logs = {name: content for name, content in parts.clusters.items() if content.observability is not None}
    known = {namespace for cluster, namespace in parts.peoples_namespaces() if cluster in (None, *with_logs)}
    for content in with_logs.values():
        charts = installed(add_ons, content) if content.addons is not None else {}
        known |= {namespace for rules in charts.values() for namespace in rules.namespaces}
    known |= set(KUBERNETES_NAMESPACES)
    knows_all = parts.knows_namespaces and all(content.addons is not None for content in with_logs.values())
    for namespace in logs.namespaces if knows_all else ():
        if namespace not in known:
            yield (
                ("observability", "logs", "namespaces", namespace),
                (
                    f"nothing in this file makes the namespace {namespace} in a cluster with logs, so its log group "
                    f"would stay empty.{did_you_mean(namespace, known)} Add it to the namespaces of a team, or drop "
                    "it."
                ),
            )
    if logs.opensearch is not None:
        yield from _host(logs.opensearch.host, parts.region)


def _host(host: str, region: str | None) -> Iterator[Mistake]:
    path = ("observability", "logs", "opensearch", "host")
    if host.endswith(SERVERLESS):
        yield path, "is of OpenSearch Serverless, which signs and admits otherwise. Name a domain, or to: cloudwatch."
    elif region is not None and host.endswith(OF_A_REGION) and region not in host.split("."):
        yield (
            path,
            (
                f"is of another region than {region}, for which requests are signed, so OpenSearch would refuse each. "
                f"Name a domain in {region}."
            ),
        )
