"""Checks who logs in to Grafana: single sign-on sends people back to an address, which a route of a door makes."""

from collections.abc import Iterator

from settings.core.problems import Mistake
from settings.observability.grafana import NAMESPACE, SERVICE
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields clusters whose Grafana has single sign-on and no address."""
    for key, cluster in parts.clusters.items():
        grafana = cluster.observability.grafana if cluster.observability is not None else None
        if grafana is None or grafana.sso is None:
            continue
        routes = cluster.ingress.routes.values() if cluster.ingress is not None else ()
        if not any((route.namespace, route.service) == (NAMESPACE, SERVICE) for route in routes):
            yield (
                ("observability", "grafana", "sso"),
                (
                    f"sends people back to Grafana's address once they have logged in, and no route leads to that of "
                    f"{key}. Add one to ingress.routes, with namespace: {NAMESPACE} and service: {SERVICE}, or drop "
                    "sso."
                ),
            )
