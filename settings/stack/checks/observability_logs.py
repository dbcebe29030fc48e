"""Checks what is said of logs against the namespaces that there are, and against the region."""

from collections.abc import Iterator, Mapping

from catalog.limits import LOG_DAYS, LOG_RETENTION_DAYS
from common.spelling import did_you_mean
from settings.cluster.addon_rules import AddOnRules, installed
from settings.core.naming import KUBERNETES_NAMESPACES
from settings.core.problems import Mistake, Path, listed
from settings.observability.logs import LogSettings
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
    yield from _days(logs, parts.environment)
    if logs.opensearch is not None:
        yield from _host(logs.opensearch.host, parts.region)


def _days(logs: LogSettings, environment: str | None) -> Iterator[Mistake]:
    """Yields retentions of log groups that the policy log-retention-bounded would refuse, which is advice in dev."""
    bounds, path = LOG_DAYS.get(environment or ""), ("observability", "logs")
    if bounds is None or environment == "dev" or logs.to != "cloudwatch":
        return
    least, most = bounds
    given: dict[Path, int | None] = {(*path, "retention_days"): logs.retention_days}
    for name, each in logs.namespaces.items():
        given[(*path, "namespaces", name, "retention_days")] = each.retention_days
    for place, days in given.items():
        if days is not None and not least <= days <= most:
            valid = listed(each for each in LOG_RETENTION_DAYS if least <= each <= most)
            yield place, f"is {days}, but {environment} keeps logs for {least} to {most} days. Write one of {valid}."


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
