"""Finds what a person must not miss in a change. Six kinds; `weaker` has those that are a row of a table."""

from collections.abc import Iterable
from dataclasses import replace

from common.urns import type_of
from costs.estimate import estimate
from costs.sources import before_from_event_log, from_event_log
from report import events
from report.dangers import (
    access,
    calls,
    data,
    doors,
    isolation,
    judge,
    money,
    narrowed,
    nodes,
    protection,
    secrets,
    signatures,
    sinks,
    teams,
    telemetry,
    weaker,
)
from report.dangers.danger import KINDS, Danger, Plan, known
from report.look import Look
from report.region import region_of
from report.simulated import ReportError

__all__ = ["KINDS", "Danger", "Plan", "dangers", "judge", "plan_from"]

_KINDS = (
    *(data, access, doors, calls, isolation, narrowed, nodes, money, protection),
    *(secrets, signatures, sinks, teams, telemetry, weaker),
)


def plan_from(look: Look) -> Plan:
    """Returns the plan of what a preview saw. It may have ended before it had a provider, and so a region."""
    before, after = before_from_event_log(look.events), from_event_log(look.events)
    try:
        region = region_of((*after, *before))
    except ReportError:
        region = "unknown"
    return Plan(
        look.seen,
        {each.urn: replace(each, inputs=known(each.inputs)) for each in before},
        {each.urn: replace(each, inputs=known(each.inputs)) for each in after},
        events.parents(look.events),
        estimate(before, region),
        estimate(after, region),
        look.complete,
    )


def dangers(plan: Plan, judges: Iterable[Danger] = ()) -> tuple[Danger, ...]:
    """Returns the dangers of a change, gravest first. A first build has none: there is nothing yet to lose.

    judges: those that changed files show, from `judge.find`.
    """
    found = list(judges)
    if any(not resource.type.startswith("pulumi:") for resource in plan.before.values()):
        for kind in _KINDS:
            found += kind.find(plan)
    return tuple(sorted(_merged(found), key=_gravity))


def _gravity(danger: Danger) -> tuple[object, ...]:
    made_again = any(type_of(urn) == data.PASSWORD for urn in danger.urns)  # of what is lost, the least
    return danger.severity, KINDS.index(danger.kind), made_again, not danger.at_stake, danger.opening


def _merged(found: Iterable[Danger]) -> Iterable[Danger]:
    """Returns the dangers, one for those that say the same of several resources."""
    merged: dict[tuple[object, ...], Danger] = {}
    for each in found:
        key = (each.kind, each.severity, each.says, each.at_stake, each.consequence, "{}" in each.says or each.urns)
        if (same := merged.get(key)) is not None:
            names = tuple(dict.fromkeys(same.names + each.names))
            each = replace(same, names=names, urns=same.urns + each.urns)
        merged[key] = each
    return merged.values()
