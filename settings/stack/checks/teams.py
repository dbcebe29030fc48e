"""Checks the teams against each other, the clusters and the add-ons."""

from collections.abc import Iterator, Mapping

from settings.cluster.addon_rules import AddOnRules, owners_of_namespaces
from settings.core.problems import Mistake, listed, nearest_or_all
from settings.stack.namespaces import cluster_of
from settings.stack.parts import Parts


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields every mistake about teams."""
    of_add_ons = owners_of_namespaces(add_ons)
    names: dict[str, int] = {}
    owners: dict[tuple[str | None, str], str] = {}
    for index, team in parts.teams.items():
        if names.setdefault(team.name, index) != index:
            yield ("teams", index, "name"), f"{team.name} is already the name of teams[{names[team.name]}]. Rename one."
        if team.cluster is None and len(parts.clusters) > 1:
            yield (
                ("teams", index, "cluster"),
                f"is missing, and there are {len(parts.clusters)} clusters: {listed(parts.clusters)}. Name one.",
            )
        elif team.cluster is not None and team.cluster not in parts.clusters:
            yield (
                ("teams", index, "cluster"),
                f"there is no cluster {team.cluster}.{nearest_or_all(team.cluster, parts.clusters)}",
            )
        for place, namespace in enumerate(team.namespaces):
            where = cluster_of(team, parts.clusters)
            first = owners.setdefault((where, namespace), team.name)
            if first != team.name:
                yield (
                    ("teams", index, "namespaces", place),
                    f"{namespace} is the namespace of {first}, and a namespace has one team. Name another one.",
                )
            if namespace in of_add_ons:
                yield (
                    ("teams", index, "namespaces", place),
                    f"{namespace} is the namespace of {of_add_ons[namespace]}. Name another one.",
                )
