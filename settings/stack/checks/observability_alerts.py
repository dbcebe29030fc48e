"""Checks who hears of alerts: against the teams, the clusters that are measured, and the environment."""

from collections.abc import Iterator

from settings.core.problems import Mistake, Path, nearest_or_all
from settings.observability.alerts import PLATFORM
from settings.stack.parts import Parts

_ALERTS: Path = ("observability", "alerts")


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields receivers of nobody, and a production whose alerts reach nobody, or may end unheard.

    Source: Prometheus 3.14, cmd/prometheus/main.go (it ends when its first configuration is refused) and
    storage/remote/client.go (sigv4 asks for credentials then); read 2026-11.
    """
    if parts.observability is None:
        return
    alerts = parts.observability.alerts
    if parts.environment == "prod" and not alerts.platform.hears:
        yield (
            (*_ALERTS, "platform"),
            (
                "is missing, so nobody would be told what is wrong in production. Write for example mail: "
                "[platform@example.com]."
            ),
        )
    if parts.environment == "prod" and parts.observability.metrics.remote_write and not alerts.heartbeat:
        yield (
            (*_ALERTS, "heartbeat"),
            (
                "is off, and with metrics.remote_write a Prometheus that gets no credentials when it starts ends, so "
                "that no alert tells of it. Write true, and fill the secret of the heartbeat; or drop remote_write."
            ),
        )
    network = parts.network
    if network is not None and network.nat == "none" and not network.transit_gateway:
        for name, receiver in alerts.receivers().items():
            if told := [key for key in receiver.secret_keys if key != "webhook"]:
                place = ("platform",) if name == PLATFORM else ("teams", name.removeprefix("team-"))
                yield (
                    (*_ALERTS, *place, told[0]),
                    "is on the internet, and nat is none, so nobody would be told. Use mail, or write nat: single.",
                )
    if not parts.knows_namespaces:
        return
    teams = {team.name: team for team in parts.teams.values()}
    for name, receiver in alerts.teams.items():
        if name not in teams:
            yield (*_ALERTS, "teams", name), f"there is no team {name}.{nearest_or_all(name, teams)}"
            continue
        cluster = teams[name].cluster_among(parts.clusters)
        if cluster in parts.clusters and parts.clusters[cluster].observability is None:
            yield (
                (*_ALERTS, "teams", name),
                (
                    f"its namespaces are in cluster {cluster}, which observability.clusters leaves out, so it would "
                    "hear nothing. Add the cluster there, or drop the team here."
                ),
            )
        elif not receiver.hears:
            yield (
                (*_ALERTS, "teams", name),
                (
                    "has no mail, slack or webhook, so the platform's people would hear of what is its own. Write one, "
                    "or drop the team here."
                ),
            )
