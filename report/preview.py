"""`make preview`: the engine's preview in the simulator, then plans and costs, and at the end dangers and verdict."""

from collections import Counter
from collections.abc import Iterator, Sequence

from common.urns import name_of
from components.stack.stack_file import load_file
from costs.estimate import Estimate
from report.compute import as_text as compute_text
from report.compute import plan_of
from report.cost import as_text, grouped
from report.dangers import Danger, Plan, dangers, plan_from
from report.dangers.pools import pools
from report.events import PARTS, fixes
from report.look import Look, look
from report.recovery import as_text as recovery_text
from report.simulated import HOME, ROOT, Simulated
from report.tables import counted, wrapped
from report.verdict import by_rule, changes_in_words, stopped, verdict

MOST_LINES = 5
LABEL_WIDTH = 11


def preview(stack: str) -> int:
    """Prints the preview, the tables when it succeeds, and the end. Returns the engine's exit code."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    simulated = Simulated(HOME, caller=load_file(path).deployer.address)
    seen = look(simulated, stack, name=f"preview-{stack}")
    plan = plan_from(seen)
    if seen.code == 0:
        print(compute_text(plan_of(path), stack))
        if recovery := recovery_text(load_file(path), stack):
            print(recovery)
        print(as_text(plan.cost, plan.parents, stack), end="\n\n")
    print("\n".join(ending(stack, seen, plan, dangers(plan))), flush=True)
    return seen.code


def ending(stack: str, seen: Look, plan: Plan, found: Sequence[Danger]) -> list[str]:
    """Returns the last lines of a preview: dangers, policies, money, capacity, and the verdict at the very end."""
    facts = [*_dangers(found, seen), *_policies(seen)]
    if seen.complete:
        facts += [*_money(plan), *_capacity(plan)]
    facts.append(("Changes", changes_in_words(seen)))
    lines = [line for label, text in facts for line in _labelled(label, text)]
    stop = f"; {stopped(seen)}" if not seen.complete else ""
    return [*lines, *wrapped(f"{stack}: {verdict(seen)}{stop}", "")]


def _labelled(label: str, text: str) -> list[str]:
    first, *rest = wrapped(text, " " * LABEL_WIDTH)
    return [f"{label:<{LABEL_WIDTH}}{first.strip()}", *rest]


def _dangers(found: Sequence[Danger], seen: Look) -> Iterator[tuple[str, str]]:
    if not found and seen.complete:
        yield "Dangers", "none"
    for danger in found[:MOST_LINES]:
        yield "Danger", f"{danger.kind}: {danger}"
        if danger.gently:
            yield "", f"Gently: {danger.gently}."
    if len(found) > MOST_LINES:
        yield "", f"and {len(found) - MOST_LINES} more, which make report shows"


def _policies(seen: Look) -> Iterator[tuple[str, str]]:
    rules = by_rule(seen)
    if not rules:
        yield "Policies", "no findings" if seen.complete else "no findings until it stopped"
    for (level, rule), findings in rules.items():
        yield "Policy", f"{rule}, {level}, {counted(len(findings), 'finding')}:"
        for finding in findings[:MOST_LINES]:
            yield "", f"{name_of(finding.urn) or 'the stack'}: {finding.problem}"
        if len(findings) > MOST_LINES:
            yield "", f"and {len(findings) - MOST_LINES} more, which make report lists"
        for name in PARTS:
            text = fixes(findings) if name == "Fix" else findings[0].part(name)
            if text and (name != "Waive" or level == "mandatory"):
                yield "", f"{name}: {text}"


def _money(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yields the total, and the most expensive components; on a stack that is up, those whose cost changes."""
    after, before = _spans(plan.cost, plan), _spans(plan.cost_before, plan)
    total, was = (_span(each.monthly_min_usd, each.monthly_max_usd) for each in (plan.cost, plan.cost_before))
    unpriced = f", {len(plan.cost.unpriced)} resources have no price" if plan.cost.unpriced else ""
    live = f", as before{unpriced}" if total == was else f", before: {was}{unpriced}"
    yield "Money", f"{total} USD/month{live if before else unpriced}"
    changed = [name for name in [*after, *(before.keys() - after)] if after.get(name) != before.get(name)]
    for name in sorted(changed, key=lambda name: (-max(after.get(name, (0, 0))), name))[:MOST_LINES]:
        earlier = f", before: {_span(*before.get(name, (0, 0)))}" if before else ""
        yield "", f"{name}: {_span(*after.get(name, (0, 0)))}{earlier}"


def _capacity(plan: Plan) -> Iterator[tuple[str, str]]:
    each = pools(plan.after).values()
    gpus = sum(pool.gpus for pool in each)
    if gpus:
        needs: Counter[str] = Counter()
        for pool in each:
            needs.update(pool.vcpus)
        named = "; ".join(f"{name.partition(' (')[0]}: {vcpus:,}" for name, vcpus in sorted(needs.items()))
        yield "Capacity", f"up to {gpus} GPUs; vCPUs of quotas: {named}"


def _spans(cost: Estimate, plan: Plan) -> dict[str, tuple[float, float]]:
    rows = grouped(cost, plan.parents)
    return {name: (sum(row.low for row in lines), sum(row.high for row in lines)) for name, lines in rows}


def _span(low: float, high: float) -> str:
    return f"{low:,.0f} to {high:,.0f}" if round(low) != round(high) else f"{low:,.0f}"
