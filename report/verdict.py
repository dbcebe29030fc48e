"""The verdict of a preview in words, and its findings by rule."""

from collections.abc import Mapping

from report.dangers.danger import NOTE, Danger
from report.events import CAUSE, Finding, counted
from report.look import Look


def verdict(look: Look) -> str:
    """Returns whether the change would be built, and when not, who refuses it."""
    by = list(dict.fromkeys(finding.policy for finding in look.seen.mandatory))
    if look.refused_at:
        by.append(f"protection of {len(look.refused_at)} resource{'s' * (len(look.refused_at) > 1)}")
    if look.operation.succeeded and look.code == 0:
        return "the preview succeeds"
    return f"refused by {', '.join(by)}" if by else "the preview fails"


def stopped(look: Look) -> str:
    """Returns what the preview did not see; "" when it saw everything."""
    if look.complete:
        return ""
    urn, reason = look.stopped_at
    at = f" at {urn}" if urn else ""
    return f"incomplete, stopped{at}: {reason or 'the engine gives no reason'}"


def changes_in_words(look: Look) -> str:
    """Returns the numbers of changes, which are not all of them when the preview was stopped."""
    changes = counted({op: count for op, count in look.seen.counts.items() if op != "same"})
    return (changes or "none") if look.complete else f"at least {changes or 'nothing yet'}"


def by_rule(look: Look) -> Mapping[tuple[str, str], list[Finding]]:
    """Returns (level, rule) -> its findings, mandatory ones first."""
    grouped: dict[tuple[str, str], list[Finding]] = {}
    for finding in look.seen.findings:
        grouped.setdefault((finding.level, finding.policy), []).append(finding)
    return grouped


def headline(look: Look, dangers: tuple[Danger, ...]) -> str:
    """Returns what a reader must know if it is the only line that is read."""
    if dangers and dangers[0].severity < NOTE:
        return dangers[0].opening
    if look.refused:
        causes = (finding.problem.rstrip(".") for finding in look.seen.findings if finding.policy == CAUSE)
        return next(causes, verdict(look))
    if not look.complete:
        return "not all of the change is known"
    return "no dangers" if look.seen.changes else "nothing changes"
