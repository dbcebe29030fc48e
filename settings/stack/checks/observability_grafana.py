"""Checks the address of Grafana, which a route of a door makes: single sign-on sends people back to it."""

from collections.abc import Iterator

from settings.core.problems import Mistake
from settings.observability.grafana import NAMESPACE, SERVICE
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields clusters whose Grafana has single sign-on and no address, and addresses where there is no Grafana."""
    for key, cluster in parts.clusters.items():
        grafana = cluster.observability.grafana if cluster.observability is not None else None
        routes = cluster.ingress.routes if cluster.ingress is not None else {}
        leading = [name for name, each in routes.items() if (each.namespace, each.service) == (NAMESPACE, SERVICE)]
        if grafana is None and cluster.complete:
            for name in leading:
                yield (
                    ("ingress", "routes", name),
                    (
                        f"leads to Grafana, which cluster {key} has not: who comes gets an error. Write "
                        "observability.grafana: {}, or drop the route."
                    ),
                )
        elif grafana is not None and grafana.sso is not None and not leading:
            yield (
                ("observability", "grafana", "sso"),
                (
                    f"sends people back to Grafana's address once they have logged in, and no route leads to that of "
                    f"{key}. Add one to ingress.routes, with namespace: {NAMESPACE} and service: {SERVICE}, or drop "
                    "sso."
                ),
            )
