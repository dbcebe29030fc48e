"""The summary for a pull request: changes, cost and dangers, to be read in one minute."""

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
    """Returns the page as Markdown.

    compared_with: the state before the change, e.g. `an empty account`. accelerators: the section about them.
    old_facts: a text about old facts of the catalog; "" when there are none.
    """
    changes = counted({op: count for op, count in operation.counts.items() if op != "same"}) or "none"
    facts = [
        ("Result", _result(operation)),
        ("Changes", f"{changes}, compared with {compared_with}"),
        ("Policies", _policies(operation)),
        ("Monthly cost", _cost(cost, before)),
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
    return "**the policies refuse the preview**" if operation.mandatory else "**the preview fails**"


def _policies(operation: Operation) -> str:
    count = len(operation.mandatory)
    advisory = len(operation.findings) - count
    mandatory = f"**mandatory findings: {count}**" if count else "no mandatory findings"
    return f"{mandatory}, advisory findings: {advisory}"


def _cost(cost: Estimate, before: Estimate) -> str:
    text = f"{cost.monthly_min_usd:,.0f} to {cost.monthly_max_usd:,.0f} USD"
    if before.items:
        low, high = cost.monthly_min_usd - before.monthly_min_usd, cost.monthly_max_usd - before.monthly_max_usd
        text += f", a change of {low:+,.0f} to {high:+,.0f} USD" if round(low) or round(high) else ", unchanged"
    if cost.unpriced:
        text += f"; resources without a price: {len(cost.unpriced)}"
    return text


def _errors(operation: Operation) -> list[str]:
    if not operation.errors or operation.mandatory:
        return []
    text = "\n".join(operation.errors).replace("```", "'''")
    return ["### Errors", "", "```text", text, "```", ""]


def _dangers(operation: Operation) -> list[str]:
    """Returns one line for each kind of danger; equal dangers of several resources share a line."""
    by_kind: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for danger in dangers(operation.changes):
        change = danger.change
        key = (change.op, change.type.rpartition(":")[2], danger.consequence, change.because)
        by_kind.setdefault(key, []).append(f"`{change.name}`")
    lines = [
        f"- **{op} {kind}** {some(sorted(names))}: {consequence}."
        + (f" Because of: {', '.join(because)}." if because else "")
        for (op, kind, consequence, because), names in by_kind.items()
    ]
    return ["### Dangerous changes", "", *lines, ""] if lines else []


def _findings(operation: Operation) -> list[str]:
    """Returns one row for each policy and message, mandatory ones first; equal findings share a row."""
    names_by_finding: dict[tuple[bool, str, str], list[str]] = {}
    for finding in operation.findings:
        key = (finding.level != "mandatory", finding.policy, finding.short)
        names_by_finding.setdefault(key, []).append(name_of(finding.urn) or "the stack")
    if not names_by_finding:
        return []
    rows = [
        ("advisory" if advisory else "**mandatory**", policy, some(sorted(names)), message)
        for (advisory, policy, message), names in sorted(names_by_finding.items())
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
