"""Finds mistakes that show only when parts of a stack file are compared with each other, the region or the date.

The checks run on the parts that are valid by themselves, so that a bad range does not hide a bad pool.
"""

from collections.abc import Mapping
from datetime import date

from settings.cluster.addon_rules import AddOnRules
from settings.core.problems import Mistake
from settings.stack.checks import add_ons as add_on_checks
from settings.stack.checks import (
    addresses,
    alarms,
    capacity,
    endpoints,
    guardduty,
    idle,
    images,
    ingress,
    isolation,
    mesh,
    names,
    observability_agents,
    observability_alerts,
    observability_aws,
    observability_costs,
    observability_grafana,
    observability_logs,
    observability_metrics,
    observability_traces,
    policies,
    pools,
    quotas,
    service_ranges,
    signatures,
    storage,
    team_budgets,
    team_members,
    team_metrics,
    team_quotas,
    team_secrets,
    teams,
    versions,
    way_in,
    zones,
)
from settings.stack.parts import Parts


def cross_mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules], today: date) -> list[Mistake]:
    """Returns every mistake between parts. add_ons: every Helm add-on, by name."""
    zone_names = zones.zone_names(parts.network, parts.region)
    return [
        *zones.mistakes(parts),
        *names.mistakes(parts),
        *way_in.mistakes(parts),
        *service_ranges.mistakes(parts),
        *pools.mistakes(parts, zone_names, today),
        *add_on_checks.mistakes(parts, add_ons),
        *versions.mistakes(parts, today),
        *capacity.mistakes(parts.network, zone_names, dict(parts.pools()), len(parts.clusters)),
        *endpoints.mistakes(parts, add_ons),
        *storage.mistakes(parts, zone_names, add_ons),
        *teams.mistakes(parts, add_ons),
        *team_quotas.mistakes(parts, zone_names),
        *team_members.mistakes(parts),
        *team_metrics.mistakes(parts),
        *team_secrets.mistakes(parts),
        *team_budgets.mistakes(parts),
        *signatures.mistakes(parts, len(zone_names or ())),
        *images.mistakes(parts),
        *idle.mistakes(parts),
        *addresses.mistakes(parts),
        *alarms.mistakes(parts),
        *guardduty.mistakes(parts),
        *mesh.mistakes(parts, add_ons, zone_names),
        *ingress.mistakes(parts, add_ons),
        *isolation.mistakes(parts, add_ons),
        *observability_agents.mistakes(parts),
        *observability_alerts.mistakes(parts),
        *observability_aws.mistakes(parts, add_ons),
        *observability_grafana.mistakes(parts),
        *observability_costs.mistakes(parts),
        *observability_metrics.mistakes(parts, len(zone_names or ())),
        *observability_traces.mistakes(parts),
        *observability_logs.mistakes(parts, add_ons),
        *policies.mistakes(parts),
        *quotas.mistakes(parts.quotas, dict(parts.pools()), zone_names),
    ]
