"""What the checks found, as a table for a terminal and as JSON."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from preflight.check import WORST_FIRST, Finding
from report.tables import wrapped

WIDTH = 120
Findings = Mapping[str, Sequence[Finding]]
"""Title of a check -> what it found."""


def as_text(findings: Findings, place: str, next_step: str) -> str:
    """Returns the table, the worst first. What is ready takes one line for each check.

    place: what was looked at. next_step: what to do when all is ready.
    """
    rows = [(kind, title, each) for kind in WORST_FIRST for title, each in _of_kind(findings, kind)]
    result, titles = max(map(len, WORST_FIRST)) + 2, max(map(len, findings), default=0) + 2
    lines = [place, "", f"{'result':<{result}}{'what':<{titles}}seen"]
    for (kind, title, each), following in zip(rows, [*(row for _, _, row in rows[1:]), None], strict=True):
        first, *rest = wrapped(each.seen, " " * (result + titles), WIDTH)
        lines += [f"{kind:<{result}}{title:<{titles}}{first.strip()}", *rest]
        if following is not None and _advice(following) == _advice(each):
            continue  # what mends several is said once, below them
        why = f"{each.why[:1].upper()}{each.why[1:]}." if each.why else ""
        lines += wrapped(f"{why} {each.fix}", " " * result, WIDTH) if why or each.fix else []
        lines += [f"{' ' * result}{each.command}"] if each.command else []  # one line, so that it can be copied
    return "\n".join([*lines, "", *_ending(findings, next_step), ""])


def _advice(finding: Finding) -> tuple[str, str, str, str]:
    return finding.result, finding.why, finding.fix, finding.command


def _of_kind(findings: Findings, kind: str) -> Iterator[tuple[str, Finding]]:
    for title, found in findings.items():
        rows = [each for each in found if each.result == kind]
        if kind == "ok" and len(rows) > 1:
            yield title, replace(rows[0], seen=f"{rows[0].seen}; and {len(rows) - 1} more")
        else:
            yield from ((title, each) for each in rows)


def _ending(findings: Findings, next_step: str) -> Iterator[str]:
    counts = counted(findings)
    said = ", ".join(f"{counts[kind]} {_words(kind, counts[kind])}" for kind in WORST_FIRST if counts[kind])
    if counts["failure"]:
        yield f"Not ready: {said}. Mend the failures, from the top, and run it again."
    elif counts["could not look"]:
        yield f"Not known: {said}. What could not be looked at may fail in `up`."
    else:
        yield f"Ready: {said}. {next_step}"


def _words(kind: str, count: int) -> str:
    return f"{kind}s" if kind in ("failure", "warning") and count > 1 else kind


def counted(findings: Findings) -> Counter[str]:
    """Returns how many findings there are of each result."""
    return Counter(each.result for found in findings.values() for each in found)


def as_json(findings: Findings, place: Mapping[str, str]) -> str:
    """Returns the same for a program."""
    rows = [{"check": title, "findings": [_row(each) for each in found]} for title, found in findings.items()]
    return json.dumps({**place, "counts": dict(counted(findings)), "checks": rows}, indent=2)


def _row(finding: Finding) -> dict[str, str]:
    return {key: value for key, value in vars(finding).items() if value}
