"""Money and GPUs: what the change may cost more each month, and the quota that it needs."""

from collections import Counter
from collections.abc import Iterator

from report.dangers.danger import GRAVE, SERIOUS, Danger, Plan
from report.dangers.pools import pools
from report.tables import some

LEAST_USD = 500
"""Monthly cost that is worth a line, up or down."""


def find(plan: Plan) -> Iterator[Danger]:
    """Yields one danger when GPUs are added, or when the least or the most per month grows; none of a part of them."""
    if not plan.complete:
        return
    before, after = pools(plan.before), pools(plan.after)
    gpus = sum(pool.gpus for pool in after.values()) - sum(pool.gpus for pool in before.values())
    least = plan.cost.monthly_min_usd - plan.cost_before.monthly_min_usd
    most = plan.cost.monthly_max_usd - plan.cost_before.monthly_max_usd
    if gpus <= 0 and max(least, most) < LEAST_USD:
        return
    grown = [
        pool.name
        for key, pool in sorted(after.items())
        if key not in before or (pool.most, pool.gpus) > (before[key].most, before[key].gpus)
    ]
    quotas = [Counter[str](), Counter[str]()]
    for counted, each in zip(quotas, (before, after), strict=True):
        for pool in each.values():
            counted.update(pool.vcpus)
    needs = [
        f"{name}: {quotas[0][name]:,} → {count:,} vCPUs"
        for name, count in sorted(quotas[1].items())
        if count > quotas[0][name]
    ]
    yield Danger(
        kind="money",
        severity=GRAVE if gpus > 0 else SERIOUS,
        says=", ".join(
            [
                *([f"{gpus:+} GPUs"] if gpus else []),
                *_usd("most", most, plan.cost_before.monthly_max_usd),
                *_usd("least", least, plan.cost_before.monthly_min_usd),
            ]
        ),
        at_stake=f"quota needed: {'; '.join(needs)}" if needs else "",
        consequence=f"it comes from {some(grown)}" if grown else "the tables by component show where it comes from",
        gently="ask for the quota first, which takes days, or grow in one zone" if needs else "",
        urns=tuple(key for key, pool in after.items() if pool.name in grown),
    )


def _usd(what: str, change: float, before: float) -> list[str]:
    text = f"{what} {change:+,.0f} USD/month ({before:,.0f} → {before + change:,.0f})"
    return [text] if abs(round(change)) >= 1 else []
