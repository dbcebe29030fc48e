"""The summary for a pull request: dangers, verdict, cost and changes, to be read in one minute."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence

from common.markdown import plain
from common.urns import name_of, type_of
from costs.estimate import Estimate
from report.cost import grouped
from report.dangers import Danger, Plan
from report.dangers.danger import NOTE
from report.events import CHANGES, Finding, Operation, fixes
from report.look import Look
from report.tables import markdown, some
from report.tree import component_of
from report.verdict import by_rule, changes_in_words, headline, stopped, verdict

MOST_FINDINGS = 20
MOST_PROPERTIES = 30
MOST_DANGERS = 15
MOST_NAMES = 20


def summary(
    stack: str,
    look: Look,
    plan: Plan,
    dangers: tuple[Danger, ...],
    compared_with: str,
    accelerators: Sequence[str] = (),
    old_facts: str = "",
) -> str:
    """Returns the page as Markdown.

    compared_with: the state before the change, e.g. `an empty account`. accelerators: the section about them.
    old_facts: a text about old facts of the catalog; "" when there are none.
    """
    facts = [
        ("Result", _result(look)),
        ("Changes", f"{changes_in_words(look)}, compared with {compared_with}"),
        ("Policies", _policies(look)),
        (
            "Monthly cost",
            _cost(plan.cost, plan.cost_before) if look.complete else "not known: the preview is incomplete",
        ),
        *([("Old facts", old_facts)] if old_facts else []),
    ]
    parts = [
        [f"## Stack `{stack}`: {plain(headline(look, dangers))}", "", _in_short(look, plan, dangers), ""],
        _dangers(dangers),
        [*markdown(("", ""), facts), ""],
        _errors(look),
        _findings(look),
        _protected(look),
        accelerators,
        _properties(look.seen),
        _changes(look.seen, plan.parents),
        _resources(look.seen),
        _cost_table(plan) if look.complete else [],
    ]
    return "\n".join(line for part in parts for line in part)


def _result(look: Look) -> str:
    said = plain(verdict(look) if look.complete else f"{verdict(look)}; {stopped(look)}")
    return said if look.code == 0 else f"**{said}**"


def _in_short(look: Look, plan: Plan, dangers: Sequence[Danger]) -> str:
    """Returns the line under the headline: how many dangers, who refuses, and the size of the change in money."""
    kinds = Counter(danger.kind for danger in dangers if danger.severity < NOTE)
    counted = f"**Dangers {kinds.total()}**: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}"
    words = verdict(look)
    cost = _change_of_cost(plan.cost, plan.cost_before) if look.complete else "cost not known"
    facts = (
        counted if kinds else "No dangers known",
        words if look.code == 0 else f"**{words}**",
        changes_in_words(look),
    )
    return " · ".join((*facts, cost))


def _policies(look: Look) -> str:
    count = len(look.seen.mandatory)
    advisory = len(look.seen.findings) - count
    mandatory = f"**mandatory findings: {count}**" if count else "no mandatory findings"
    until = "" if look.complete else ", until it stopped; rules about the whole stack come last"
    return f"{mandatory}, advisory findings: {advisory}{until}"


def _cost(cost: Estimate, before: Estimate) -> str:
    text = f"{cost.monthly_min_usd:,.0f} to {cost.monthly_max_usd:,.0f} USD"
    if before.items:
        change, was = _change_of_cost(cost, before), f"{before.monthly_min_usd:,.0f} to {before.monthly_max_usd:,.0f}"
        text += f", a change of {change} (before: {was})" if "USD" in change else ", unchanged"
    if cost.unpriced:
        text += f"; resources without a price: {len(cost.unpriced)}"
    return text


def _change_of_cost(cost: Estimate, before: Estimate) -> str:
    low, high = cost.monthly_min_usd - before.monthly_min_usd, cost.monthly_max_usd - before.monthly_max_usd
    return f"{low:+,.0f} to {high:+,.0f} USD" if round(low) or round(high) else "cost as before"


def _errors(look: Look) -> list[str]:
    errors = [error for error in look.operation.errors if error != "preview failed"]
    if not errors or look.refused:
        return []
    text = "\n".join(dict.fromkeys(errors)).replace("```", "'''")
    return ["### Errors", "", "```text", text, "```", ""]


def _dangers(dangers: Sequence[Danger]) -> list[str]:
    """Returns one line for each danger. The headline has said how the first one begins."""
    lines = []
    for index, danger in enumerate(dangers[:MOST_DANGERS]):
        gently = f" Gently: {danger.gently}." if danger.gently else ""
        is_note = danger.severity == NOTE
        said = danger if index or is_note else danger.rest
        lines.append(f"- **{'Note' if is_note else 'Danger'}, {danger.kind}**: {plain(f'{said}{gently}')}")
    more = Counter(danger.kind for danger in dangers[MOST_DANGERS:])
    lines += [f"- and less grave ones: {', '.join(f'{count} {kind}' for kind, count in more.items())}"] if more else []
    return [*lines, ""] if lines else []


def _findings(look: Look) -> list[str]:
    """Returns one row for each rule, mandatory ones first, and the URNs that a waiver needs."""
    rules = by_rule(look)
    if not rules:
        return []
    rows, urns = [], []
    for (level, rule), findings in rules.items():
        problems = list(dict.fromkeys(finding.problem for finding in findings))
        names = sorted({name_of(finding.urn) or "the stack" for finding in findings})
        shown = "**mandatory**" if level == "mandatory" else level
        rows.append(
            (
                shown,
                _link(rule, findings),
                str(len(findings)),
                plain(some(names)),
                plain("; ".join(problems[:2]) + _more(problems, 2)),
                plain(fixes(findings)),
            )
        )
        if level == "mandatory":
            _, *others = dict.fromkeys(each.urn for each in findings)
            waiver = findings[0].part("Waive")
            urns += [waiver, *(f"# or: {urn}" for urn in others)] if waiver else []
    header = ("Level", "Policy", "Findings", "Resources", "Finding", "Fix")
    table = markdown(header, rows[:MOST_FINDINGS], right=(2,))
    more = [f"… and {len(rows) - MOST_FINDINGS} more.", ""] if len(rows) > MOST_FINDINGS else []
    says = "Entries for `policies/waivers.yaml`, one for each rule, with the URNs of its other findings:"
    waivers = [says, "", "```yaml", *urns, "```", ""] if urns else []
    return ["### Policies", "", *table, "", *more, *waivers]


def _link(rule: str, findings: Sequence[Finding]) -> str:
    """Returns the name of a rule as a link to its section, which says why. Where nobody knows the address, its path."""
    more = next(filter(None, (finding.part("More") for finding in findings)), "")
    server, repository, commit = (os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "SHA"))
    if more and repository:
        return f"[{plain(rule)}]({server}/{repository}/blob/{commit}/{more})"
    return f"{plain(rule)}, {plain(more)}" if more else plain(rule)


def _protected(look: Look) -> list[str]:
    """Returns what lets each resource go that is protected."""
    commands = [f"pulumi state unprotect '{urn}' --yes" for urn in sorted(look.refused_at)]
    says = "Protection refuses to delete or replace these. Only if each may go, with what it holds, run before `up`:"
    return ["### Protection", "", says, "", "```text", *commands, "```", ""] if commands else []


def _properties(operation: Operation) -> list[str]:
    """Returns one row for each changed property, also when several resources change it alike; tags come last."""
    names: dict[tuple[str, str], list[str]] = {}
    for change in operation.changes:
        for each in change.properties:
            kind = change.type.rpartition(":")[2]
            key = (str(each), "" if each.path.startswith("tagsAll") else kind)
            names.setdefault(key, []).append(change.name)
    if not names:
        return []
    order = sorted(names, key=lambda key: (not key[1], "known after up" in key[0], key[1], key[0]))
    rows = [(_code(text), plain(f"{kind} {some(sorted(set(names[text, kind])))}")) for text, kind in order]
    table = markdown(("Property", "Of"), rows[:MOST_PROPERTIES])
    more = [f"… and {len(rows) - MOST_PROPERTIES} more.", ""] if len(rows) > MOST_PROPERTIES else []
    return ["### Changed properties", "", *table, "", *more]


def _changes(operation: Operation, parents: Mapping[str, str]) -> list[str]:
    counts: dict[str, Counter[str]] = {}
    for change in operation.changes:
        if not type_of(change.urn).startswith("pulumi:"):
            counts.setdefault(component_of(change.urn, parents), Counter())[change.op] += 1
    if not counts:
        return []
    rows: list[Sequence[str]] = [
        (plain(component), *(str(count[op] or "") for op in CHANGES)) for component, count in sorted(counts.items())
    ]
    return ["### Changes by component", "", *markdown(("Component", *CHANGES), rows, right=(1, 2, 3, 4)), ""]


def _cost_table(plan: Plan) -> list[str]:
    """Returns the cost by component; on a stack that is up, before and after the change."""
    sums = [
        {
            name: (sum(row.low for row in rows), sum(row.high for row in rows))
            for name, rows in grouped(each, plan.parents)
        }
        for each in (plan.cost_before, plan.cost)
    ]
    if not sums[1]:
        return []
    spans = sums if plan.cost_before.items else sums[1:]
    header = ["Component", "Min before", "Max before", "Min/month", "Max/month"]
    names = [*sums[1], *(name for name in sums[0] if name not in sums[1])]
    if len(spans) == 2:
        names = [name for name in names if sums[0].get(name) != sums[1].get(name)]
    rows: list[Sequence[str]] = [
        (plain(name), *(f"{amount:,.2f}" for span in spans for amount in span.get(name, (0, 0)))) for name in names
    ]
    totals = [sum(amounts) for span in spans for amounts in zip(*span.values(), strict=True)]
    rows.append(("**Total**", *(f"**{total:,.2f}**" for total in totals)))
    which = " whose cost changes" if len(spans) == 2 else ""
    header = header if len(spans) == 2 else [header[0], *header[3:]]
    table = markdown(header, rows, right=(1, 2, 3, 4))
    return [f"<details><summary>Cost by component{which}, USD, list prices</summary>", "", *table, "", "</details>", ""]


def _resources(operation: Operation) -> list[str]:
    """Returns the names of all changed resources by change and type, folded."""
    names: dict[tuple[int, str], list[str]] = {}
    for change in operation.changes:
        if not change.type.startswith("pulumi:"):
            names.setdefault((CHANGES.index(change.op), change.type.rpartition(":")[2]), []).append(change.name)
    if not names:
        return []
    rows = [(CHANGES[op], kind, plain(some(sorted(each), MOST_NAMES))) for (op, kind), each in sorted(names.items())]
    table = markdown(("Change", "Type", "Names"), rows)
    return ["<details><summary>Changed resources by name</summary>", "", *table, "", "</details>", ""]


def _code(text: str) -> str:
    """Returns a text as code in Markdown, also when it has backticks."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _more(each: Sequence[str], shown: int) -> str:
    return f" and {len(each) - shown} more" if len(each) > shown else ""
