"""The page that a pull request shows: what changes, what it costs, what it endangers, in one minute."""

from collections import Counter
from collections.abc import Mapping, Sequence

from common.urns import name_of, type_of
from costs.estimate import Estimate
from report.cost import grouped
from report.dangers import dangers
from report.events import CHANGES, Operation, counted
from report.tables import markdown, some
from report.tree import component_of

MOST_FINDINGS = 20


def summary(
    stack: str,
    operation: Operation,
    cost: Estimate,
    before: Estimate,
    parents: Mapping[str, str],
    compared_with: str,
    accelerators: Sequence[str] = (),
    old_facts: str = "",
) -> str:
    """The page as Markdown.

    compared_with: what the stack held before, e.g. `an empty account`. accelerators: the section about them.
    old_facts: what is old of what the page was reckoned with; empty when nothing is.
    """
    changes = counted({op: count for op, count in operation.counts.items() if op != "same"}) or "none"
    facts = [
        ("Result", _result(operation)),
        ("Changes", f"{changes}, compared with {compared_with}"),
        ("Policies", _policies(operation)),
        ("Cost a month", _cost(cost, before)),
        *([("Old facts", old_facts)] if old_facts else []),
    ]
    parts = [
        [f"## Stack `{stack}`", "", *markdown(("", ""), facts), ""],
        _errors(operation),
        _dangers(operation),
        _findings(operation),
        accelerators,
        _changes(operation, parents),
        _cost_table(cost, parents),
    ]
    return "\n".join(line for part in parts for line in part)


def _result(operation: Operation) -> str:
    if operation.succeeded:
        return "the preview succeeds"
    return "**the preview is refused by the policies**" if operation.mandatory else "**the preview fails**"


def _policies(operation: Operation) -> str:
    stopping = len(operation.mandatory)
    notes = len(operation.findings) - stopping
    violations = f"**violations: {stopping}**" if stopping else "no violation"
    return f"{violations}, advisory notes: {notes}"


def _cost(cost: Estimate, before: Estimate) -> str:
    text = f"{cost.monthly_min_usd:,.0f} to {cost.monthly_max_usd:,.0f} USD"
    if before.items:
        low, high = cost.monthly_min_usd - before.monthly_min_usd, cost.monthly_max_usd - before.monthly_max_usd
        text += f", that is {low:+,.0f} to {high:+,.0f} USD" if round(low) or round(high) else ", as before"
    if cost.unpriced:
        text += f"; without price: {len(cost.unpriced)}"
    return text


def _errors(operation: Operation) -> list[str]:
    if not operation.errors or operation.mandatory:
        return []
    text = "\n".join(operation.errors).replace("```", "'''")
    return ["### Errors", "", "```text", text, "```", ""]


def _dangers(operation: Operation) -> list[str]:
    """One line for each kind of danger, however many resources share it."""
    alike: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for danger in dangers(operation.changes):
        change = danger.change
        key = (change.op, change.type.rpartition(":")[2], danger.consequence, change.because)
        alike.setdefault(key, []).append(f"`{change.name}`")
    lines = [
        f"- **{op} {kind}** {some(sorted(names))}: {consequence}."
        + (f" Because of: {', '.join(because)}." if because else "")
        for (op, kind, consequence, because), names in alike.items()
    ]
    return ["### Look twice", "", *lines, ""] if lines else []


def _findings(operation: Operation) -> list[str]:
    """One row for each policy and message, the mandatory ones first; equal findings share a row."""
    found: dict[tuple[bool, str, str], list[str]] = {}
    for finding in operation.findings:
        key = (finding.level != "mandatory", finding.policy, finding.short)
        found.setdefault(key, []).append(name_of(finding.urn) or "the stack")
    if not found:
        return []
    rows = [
        ("advisory" if advisory else "**mandatory**", policy, some(sorted(names)), message)
        for (advisory, policy, message), names in sorted(found.items())
    ]
    more = [f"… and {len(rows) - MOST_FINDINGS} more.", ""] if len(rows) > MOST_FINDINGS else []
    table = markdown(("Level", "Policy", "Resources", "Finding"), rows[:MOST_FINDINGS])
    return ["### Policies", "", *table, "", *more]


def _changes(operation: Operation, parents: Mapping[str, str]) -> list[str]:
    counts: dict[str, Counter[str]] = {}
    for change in operation.changes:
        if not type_of(change.urn).startswith("pulumi:"):
            counts.setdefault(component_of(change.urn, parents), Counter())[change.op] += 1
    if not counts:
        return []
    rows: list[Sequence[str]] = [
        (component, *(str(count[op] or "") for op in CHANGES)) for component, count in sorted(counts.items())
    ]
    return ["### Changes by component", "", *markdown(("Component", *CHANGES), rows, right=(1, 2, 3, 4)), ""]


def _cost_table(cost: Estimate, parents: Mapping[str, str]) -> list[str]:
    if not cost.items:
        return []
    rows: list[Sequence[str]] = [
        (component, f"{sum(row.low for row in lines):,.2f}", f"{sum(row.high for row in lines):,.2f}")
        for component, lines in grouped(cost, parents)
    ]
    rows.append(("**Total**", f"**{cost.monthly_min_usd:,.2f}**", f"**{cost.monthly_max_usd:,.2f}**"))
    table = markdown(("Component", "Min/month", "Max/month"), rows, right=(1, 2))
    return ["<details><summary>Cost by component, USD, list prices</summary>", "", *table, "", "</details>", ""]
