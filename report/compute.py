"""The compute plan as text and Markdown: instance types, GPUs, their number, sharing and cost; then quotas."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from components.stack.stack_file import load_file
from report.compute_plan import ComputePlan, PoolPlan, Span, compute_plan
from report.simulated import ReportError
from report.tables import aligned, markdown, wrapped
from settings.compute.quotas import QuotaNeed
from settings.stack.checks.zones import zone_names

PRICES = "USD at list prices of the nodes only"


def plan_of(path: Path) -> ComputePlan:
    """Returns the plan of a stack file. Raises SettingsError when the file has mistakes."""
    settings = load_file(path)
    zones = zone_names(settings.network, settings.region)
    if zones is None:
        raise ReportError(f"the zones of {path.name} are not known. Name them in network.zones.")
    return compute_plan(settings, zones)


def as_text(plan: ComputePlan, stack: str) -> str:
    """Returns the plan for a terminal: each pool with its nodes, slices and cost, then the quotas that it needs."""
    rows: list[Sequence[str]] = [("", "nodes, units", "USD/h each", "USD/month")]
    for pool in plan.pools:
        rows.append((f"{pool.cluster}.{pool.pool}", f"{_count(pool.nodes)} nodes", _hourly(pool), _monthly(pool)))
        rows += [(line,) for line in wrapped(_machines(pool), "  ", 96)]
        for detail in _details(pool):
            rows += [(line,) for line in wrapped(detail, "  ", 96)]
        rows += [
            (f"    {name}", f"at most {most:,}", _slice_price(pool, name), "") for name, most in pool.slices.items()
        ]
    lines = [f"Compute of {stack}, {PRICES}, {plan.region}", "", *aligned(rows, right=(1, 2, 3)), ""]
    lines += [line for note in _notes(plan) for line in (wrapped(note, "  ", 96) or [""])]
    lines += ["EC2 quotas for the pools at their maximum, in vCPUs", ""]
    quotas: list[Sequence[str]] = [("code", "needed", "the account has", "quota")]
    quotas += [(need.code, f"{need.vcpus:,}", _have(need), need.name) for need in plan.quotas]
    lines += aligned(quotas, right=(1,))
    for unquoted in plan.without_quota:
        lines += wrapped(f"No EC2 quota is known for {unquoted}.", "  ")
    return "\n".join([*lines, ""])


def as_markdown(plan: ComputePlan, stack: str) -> str:
    """Returns the whole plan: pools, slices, quotas, addresses, and how to ask AWS for zones."""
    header = (
        "Pool",
        "Machines",
        "Shared",
        "Taints",
        "Nodes",
        "Pods per node",
        "GPUs",
        "EFA",
        "USD/h per node",
        "USD/month",
    )
    rows = [
        (
            f"{pool.cluster}.{pool.pool}",
            _machines(pool),
            pool.sharing or "",
            ", ".join(f"`{taint}`" for taint in pool.taints),
            _count(pool.nodes),
            str(pool.pods_per_node),
            _count(pool.gpus) if pool.accelerator else "",
            str(pool.efa_interfaces or ""),
            _hourly(pool),
            _monthly(pool),
        )
        for pool in plan.pools
    ]
    return "\n".join(
        [
            f"# Compute of {stack}",
            "",
            f"{PRICES}, without disks and traffic, in {plan.region}, with 730 hours per month.",
            "Ranges go from the fewest nodes to the most.",
            "",
            *markdown(header, rows, right=(4, 5, 6, 7, 8, 9)),
            "",
            *_notes(plan),
            *_slices(plan),
            *_quotas(plan),
            *_subnets(plan),
            *_offers(plan),
        ]
    )


def short_markdown(plan: ComputePlan) -> list[str]:
    """Returns the pools with accelerators, for a pull request; an empty list when there are none."""
    rows = [
        (
            f"{pool.cluster}.{pool.pool}",
            f"{pool.accelerator}; {pool.sharing}",
            _count(pool.gpus),
            ", ".join(f"`{taint}`" for taint in pool.taints) or "none",
            _monthly(pool),
        )
        for pool in plan.pools
        if pool.accelerator
    ]
    if not rows:
        return []
    table = markdown(("Pool", "Each node", "GPUs", "Taints", "USD/month"), rows, right=(2, 4))
    return ["### Accelerators", "", *table, ""]


def as_json(part: Any) -> Any:
    """Returns the plan, or a part of it, as plain values with the key style of cost.json."""
    if isinstance(part, Span):
        return {"min": part.low, "max": part.high}
    if is_dataclass(part):
        return {_camel(field.name): as_json(getattr(part, field.name)) for field in fields(part)}
    if isinstance(part, Mapping):
        return {key: as_json(value) for key, value in part.items()}
    return [as_json(value) for value in part] if isinstance(part, tuple) else part


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _machines(pool: PoolPlan) -> str:
    return f"{', '.join(pool.instance_types)}; {pool.provisioner}, {pool.capacity}; {', '.join(pool.zones)}"


def _details(pool: PoolPlan) -> Iterator[str]:
    """Yields lines about pods, accelerators, taints and EFA of a pool."""
    yield f"{pool.pods_per_node} pods per node{', in the subnets of pods' if pool.efa_interfaces else ''}"
    if pool.accelerator:
        yield f"{pool.accelerator} per node, {_count(pool.gpus)} in total; {pool.sharing}"
    if pool.taints:
        yield f"taints: {', '.join(pool.taints)}"
    if pool.efa_interfaces:
        yield f"EFA: {pool.efa_interfaces} interfaces at most"


def _notes(plan: ComputePlan) -> list[str]:
    """Returns each note once, with the pools that it is about."""
    pools_by_note: dict[str, list[str]] = {}
    for pool in plan.pools:
        for note in pool.notes:
            pools_by_note.setdefault(note, []).append(f"{pool.cluster}.{pool.pool}")
    lines = [f"- {', '.join(pools)}: {note}." for note, pools in pools_by_note.items()]
    return [*lines, ""] if lines else []


def _slices(plan: ComputePlan) -> list[str]:
    rows = [
        (
            f"{pool.cluster}.{pool.pool}",
            f"`{name}`",
            f"{most:,}",
            _slice_price(pool, name),
        )
        for pool in plan.pools
        for name, most in pool.slices.items()
    ]
    if not rows:
        return []
    intro = "Pods request these resources. If a layout leaves a part of a GPU idle, its slices share the cost of it."
    return [
        "## Slices",
        "",
        intro,
        "",
        *markdown(("Pool", "Resource", "At most", "USD/h each"), rows, right=(2, 3)),
        "",
    ]


def _quotas(plan: ComputePlan) -> list[str]:
    rows = [
        (need.name, f"`{need.code}`", f"{need.vcpus:,}", _have(need), ", ".join(need.pools)) for need in plan.quotas
    ]
    lines = [
        "## EC2 quotas",
        "",
        "vCPUs of the pools at their maximum; a rolling update needs some more for a while. The stack file gives the",
        "account's quotas in `quotas.vcpus`.",
        "",
        *markdown(("Quota", "Code", "Needed", "The account has", "Pools"), rows, right=(2,)),
        "",
        *(f"No EC2 quota is known for {unquoted}." for unquoted in plan.without_quota),
    ]
    return [*lines, ""] if plan.without_quota else lines


def _subnets(plan: ComputePlan) -> list[str]:
    rows = [(need.zone, need.kind, f"{need.needed:,}", f"{need.room:,}") for need in plan.subnets]
    return [
        "## Addresses",
        "",
        "IP addresses at the pools' maximum. Nodes take those of pods in blocks of 16, one in reserve, and one for",
        "each interface. Nodes with EFA are in the subnets of pods; interface endpoints are in those of nodes.",
        "",
        *markdown(("Zone", "Subnet of", "Needed", "Available"), rows, right=(2, 3)),
        "",
    ]


def _offers(plan: ComputePlan) -> list[str]:
    offered = ", ".join(offer.instance_type for offer in plan.offers if offer.offered)
    return [
        "## Zones",
        "",
        f"{plan.region} offers {offered}. Zones differ by account. To see which zones offer these types, run:",
        "",
        f"```sh\n{plan.zones_command}\n```",
        "",
    ]


def _have(need: QuotaNeed) -> str:
    if need.have is None:
        return f"not given (new accounts: {need.default:,})"
    return f"{need.have:,}" if need.enough else f"{need.have:,}: too low"


def _hourly(pool: PoolPlan) -> str:
    return _span(pool.usd_per_node_hour, 4)


def _monthly(pool: PoolPlan) -> str:
    return _span(pool.usd_per_month, 0)


def _slice_price(pool: PoolPlan, resource: str) -> str:
    return _span(pool.usd_per_slice_hour.get(resource), 2)


def _count(span: Span) -> str:
    return f"{span.low:,.0f}" if span.low == span.high else f"{span.low:,.0f}-{span.high:,.0f}"


def _span(span: Span | None, decimals: int) -> str:
    if span is None:
        return "not known"
    low, high = f"{span.low:,.{decimals}f}", f"{span.high:,.{decimals}f}"
    return low if low == high else f"{low}-{high}"
