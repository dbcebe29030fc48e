"""Compares two judges of the corpus: the simulated admission, and a real API server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.conformance.cases import Case, Change
from simulator.conformance.judges import Judge


@dataclass
class Agreement:
    """How often both judges said the same.

    counts: (accepted by the simulator, accepted by the real API server) -> number of cases.
    excused: disagreements with a reason in the corpus. faults: all other disagreements.
    outdated: cases whose verdict in the corpus is not the real API server's.
    """

    counts: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    excused: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)


def compare(cases: Iterable[Case | Change], simulated: Judge, real: Judge, version: str) -> Agreement:
    """Returns the agreement of the two judges on the cases, for one minor version."""
    agreement = Agreement()
    for case in cases:
        by_simulator, by_server = simulated.judge(case), real.judge(case)
        title = f"{case.topic}: {case.name}"
        expected = case.versions.get(version, case.accepted) if isinstance(case, Case) else case.accepted
        if by_server.accepted != expected or (not expected and case.says not in by_server.message):
            agreement.outdated.append(f"{title}: {by_server.message or 'is accepted'}")
        accepted = by_simulator.accepted
        if isinstance(case, Change) and by_simulator.replaced:
            accepted = by_server.accepted  # the provider makes the object anew, whatever the server says of a change
        agreement.counts[accepted, by_server.accepted] += 1
        if accepted == by_server.accepted:
            continue
        if case.simulator:
            agreement.excused.append(f"{title}: {case.simulator}")
        elif accepted:
            agreement.faults.append(f"{title}: the simulator accepts it; the API server: {by_server.message}")
        else:
            agreement.faults.append(f"{title}: the API server accepts it; the simulator: {by_simulator.message}")
    return agreement
