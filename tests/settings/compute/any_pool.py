"""Pools drawn from the whole catalog, valid and invalid, and an independent check of which pools are valid."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from catalog.efa import efa_interfaces
from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from catalog.mig import MIG_GPUS, MigGpu, mig_gpu
from catalog.regions import REGIONS
from tests.settings.stacks import stack

NETWORK_ZONES = 2
SYSTEM_TYPES = [name for name, known in INSTANCE_TYPES.items() if known.family in ("m5", "m6i", "m7i")]
REGION_NAMES = sorted(region for region in REGIONS if any(region in INSTANCE_TYPES[t].regions for t in SYSTEM_TYPES))
PROFILES = sorted({profile for gpu in MIG_GPUS.values() for profile in gpu.profiles})
DAYS = ["2026-11-01T11:30:00Z", "2027-01-11T11:30:00Z", "2027-01-18T11:30:00Z", "2027-12-31T11:30:00Z"]
TAINTS = [{"key": "gpu", "value": "true"}, {"key": "nvidia.com/gpu", "effect": "PreferNoSchedule"}, {"key": "x"}]
HOURS_OFF = [{"begins": "20:00", "hours": 10}, {"begins": "22:30", "hours": 6, "weekends": False}]
ORDER = ["reserved", "spot", "on-demand"]
NODES = 3


def rarely(value: Any, *others: Any) -> st.SearchStrategy[Any]:
    """Draws `value` most of the time, and sometimes one of the others."""
    return st.integers(0, 5).flatmap(lambda n: st.sampled_from(others) if n == 5 else st.just(value))


@st.composite
def likely_pool(draw: st.DrawFn, region: str) -> dict[str, Any]:
    """Draws a pool as an experienced user would write it; it is usually valid."""
    types = draw(_instance_types(region))
    first = INSTANCE_TYPES[types[0]]
    zones = [zone.name for zone in REGIONS[region].eks_zones[:NETWORK_ZONES]]
    karpenter = draw(st.booleans())
    sold = [way for way in first.usage_classes if way != "capacity-block"]
    capacity = draw(st.sampled_from([*sold, *(["reserved"] if len(types) == 1 and sold else [])] or ["on-demand"]))
    block = capacity == "reserved" and "capacity-block" in first.usage_classes and draw(st.booleans())
    shared_strategies = _sharing(first.accelerator)
    shared = (
        draw(st.one_of(st.just({"strategy": "none"}), shared_strategies)) if _can_share(first) else {"strategy": "none"}
    )
    efa = bool(first.efa_interfaces) and len(types) == 1 and shared["strategy"] == "none" and draw(st.booleans())
    close = capacity == "on-demand" and first.family[0] != "t" and draw(st.booleans())
    neuron, mig = not _can_share(first) and bool(first.accelerator), shared["strategy"] == "mig"
    pool: dict[str, Any] = {
        "name": "drawn",
        "instance_types": types,
        "provisioner": "karpenter" if karpenter else "managed",
        "capacity_type": capacity,
        "fallback_capacity_types": draw(_fallbacks(capacity, sold)) if karpenter and not close else [],
        "max_per_zone": draw(st.integers(1, NODES)),
        "scaling": "auto",
        "always_on": not karpenter and bool(first.accelerator) and draw(st.booleans()),
        "operating_system": "al2023" if neuron or mig else draw(st.sampled_from(["al2023", "bottlerocket"])),
        "local_nvme": draw(st.sampled_from(["none", "raid0"])) if first.local_nvme_gb else "none",
        "sharing": shared,
        "efa": efa,
        "placement_group": close,
        "disruption": draw(st.sampled_from([{}, {"consolidate": "when-empty"}])) if karpenter else {},
        "taints": draw(st.lists(st.sampled_from(TAINTS), min_size=2, max_size=3, unique_by=str)),
        "max_unavailable_percentage": 33 if karpenter else draw(st.sampled_from([33, 50])),
        "node_repair": draw(st.booleans()),
    }
    if efa or close or draw(st.booleans()):
        pool["zones"] = zones[:1]
    if not (karpenter or block):
        pool["min_per_zone"] = draw(st.integers(0, pool["max_per_zone"]))
        if pool["min_per_zone"] < pool["max_per_zone"]:
            pool["scaling"] = draw(st.sampled_from(["auto", "fixed"]))
    if not (pool["always_on"] or capacity == "reserved") and draw(st.booleans()):
        pool["off_peak"] = draw(st.sampled_from(HOURS_OFF))
    if first.accelerator and draw(st.booleans()):
        pool["max_gpus"] = 16 * 2 * NODES * NETWORK_ZONES
    if capacity == "reserved":
        pool["reservation"] = {"id": "cr-0123456789abcdef0", "zone": zones[0]}
    if block:
        pool["reservation"] |= {"kind": "capacity-block", "starts": DAYS[1], "ends": DAYS[2]}
    return pool


@cache
def _instance_types(region: str) -> st.SearchStrategy[list[str]]:
    here = [name for name, known in INSTANCE_TYPES.items() if region in known.regions and known.family != "g7"]
    alike: dict[Any, list[str]] = {}
    for name in here:
        alike.setdefault((INSTANCE_TYPES[name].family, accelerator_of(name)), []).append(name)
    accelerated = [names for (_, accelerator), names in alike.items() if accelerator]
    one_kind = st.sampled_from(accelerated or list(alike.values())) | st.sampled_from(list(alike.values()))
    return one_kind.flatmap(lambda names: st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))


def accelerator_of(name: str) -> tuple[str, int | None] | None:
    accelerator = INSTANCE_TYPES[name].accelerator
    return (accelerator.name, accelerator.memory_mib) if accelerator else None


def _can_share(instance_type: InstanceType) -> bool:
    known = instance_type.accelerator
    return known is not None and known.kind == "gpu" and not known.fractional


def _fallbacks(capacity: str, sold: list[str]) -> st.SearchStrategy[list[str]]:
    later = [way for way in ORDER[ORDER.index(capacity) + 1 :] if way in sold]
    return st.sampled_from([[], later, later[-1:]])


@cache
def _sharing(accelerator: Accelerator | None) -> st.SearchStrategy[dict[str, Any]]:
    gpu = mig_gpu(accelerator) if accelerator else None
    replicas_of_a_gpu = st.builds(
        lambda strategy, replicas: {"strategy": strategy, "replicas": replicas},
        st.sampled_from(["time-slicing", "mps"]),
        st.integers(2, 16),
    )
    if gpu is None:
        return replicas_of_a_gpu
    one = st.sampled_from(list(gpu.profiles))
    layouts = st.dictionaries(one, st.integers(1, 3), min_size=1, max_size=3)
    fitting = st.builds(lambda layout: layout if gpu.fits(layout) else {next(iter(layout)): 1}, layouts)
    return st.one_of(
        replicas_of_a_gpu,
        one.map(lambda profile: {"strategy": "mig", "profile": profile}),
        fitting.map(lambda layout: {"strategy": "mig", "layout": layout}),
        fitting.map(lambda layout: {"strategy": "mig", "layout": layout}),
    )


@cache
def _other_values(region: str) -> dict[str, st.SearchStrategy[Any]]:
    """Returns other values for each key, which may not fit the rest of the pool; None leaves the key out."""
    zones = [zone.name for zone in REGIONS[region].eks_zones[:NETWORK_ZONES]]
    names = st.sampled_from([*sorted(INSTANCE_TYPES), *["g7.2xlarge", "trn2u.48xlarge", "p6e-gb200.36xlarge"] * 10])
    cuts = st.dictionaries(st.sampled_from(PROFILES), st.integers(0, 8), min_size=1, max_size=3)
    dates = st.sampled_from([None, *DAYS])
    reservation = st.fixed_dictionaries(
        {"id": st.just("cr-0123456789abcdef0"), "zone": st.sampled_from(zones)},
        optional={"kind": st.sampled_from(["on-demand", "capacity-block"]), "starts": dates, "ends": dates},
    )
    sharing = st.fixed_dictionaries(
        {"strategy": st.sampled_from(["none", "time-slicing", "mps", "mig", "mig"])},
        optional={
            "replicas": st.sampled_from([2, 16, 17, 48, 49]),
            "profile": st.sampled_from(PROFILES),
            "layout": cuts,
        },
    )
    return {
        "instance_types": st.lists(names, min_size=1, max_size=2),
        "provisioner": st.sampled_from(["managed", "karpenter"]),
        "capacity_type": st.sampled_from(ORDER),
        "fallback_capacity_types": st.lists(st.sampled_from(["spot", "on-demand"]), max_size=3),
        "reservation": st.none() | reservation.map(lambda r: {key: value for key, value in r.items() if value}),
        "min_per_zone": st.sampled_from([None, 0, 1, NODES, NODES + 1]),
        "desired_per_zone": st.sampled_from([None, 0, 1, NODES]),
        "scaling": st.sampled_from(["auto", "fixed"]),
        "max_gpus": st.sampled_from([None, 1, 4, 8, 16, 24, 48]),
        "always_on": st.booleans(),
        "operating_system": st.sampled_from(["al2023", "bottlerocket"]),
        "local_nvme": st.sampled_from(["none", "raid0"]),
        "sharing": sharing | cuts.map(lambda layout: {"strategy": "mig", "layout": layout}),
        "efa": st.booleans(),
        "placement_group": st.booleans(),
        "off_peak": st.sampled_from([None, *HOURS_OFF]),
        "disruption": st.sampled_from([{}, {"consolidate": "when-empty"}, {"consolidate": "when-underutilized"}]),
        "taints": st.lists(st.sampled_from(TAINTS), max_size=1),
        "zones": st.sampled_from([None, zones, zones[:1], zones[1:]]),
        "max_unavailable_percentage": st.sampled_from([33, 50]),
    }


@st.composite
def any_pool(draw: st.DrawFn, region: str) -> dict[str, Any]:
    """Draws a pool in which up to three values may not fit the rest; each value is valid by itself."""
    other_values = _other_values(region)
    keys = st.sampled_from([*sorted(other_values), "instance_types", "sharing", "sharing", "taints"])
    changes = {key: draw(other_values[key]) for key in [draw(keys) for _ in range(draw(st.integers(0, 3)))]}
    pool = {**draw(likely_pool(region)), **changes}
    return {key: value for key, value in pool.items() if value is not None}


@st.composite
def any_stack(draw: st.DrawFn) -> dict[str, Any]:
    """Draws a stack file that is valid except perhaps for the drawn pool, the second one of cluster `main`."""
    region = draw(rarely("us-west-2", *REGION_NAMES))
    raw = stack((("clusters", "main", "pools", 1), draw(any_pool(region))))
    raw |= {"region": region, "network": {"zones": [zone.name for zone in REGIONS[region].eks_zones[:NETWORK_ZONES]]}}
    here = [name for name in SYSTEM_TYPES if region in INSTANCE_TYPES[name].regions]
    raw["clusters"]["main"]["pools"][0]["instance_types"] = here[:1]
    return raw


def drawn_pool(raw: dict[str, Any]) -> dict[str, Any]:
    pool: dict[str, Any] = raw["clusters"]["main"]["pools"][1]
    return pool


def impossible(raw: dict[str, Any]) -> list[str]:
    """Returns why EC2, EKS, Karpenter or the GPU would refuse the drawn pool, without using the settings' own rules."""
    pool = drawn_pool(raw)
    types = [INSTANCE_TYPES[name] for name in pool["instance_types"]]
    return [*_machines(pool, types, raw["region"]), *_sizes(pool, types), *_shares(pool, types), *_place(pool, types)]


def _machines(pool: dict[str, Any], types: list[InstanceType], region: str) -> Iterator[str]:
    kinds = {(t.accelerator.name, t.accelerator.memory_mib) if t.accelerator else None for t in types}
    if len(set(pool["instance_types"])) < len(types) or len({t.arch for t in types}) > 1 or len(kinds) > 1:
        yield "not one kind of machine"
    # EKS places min(16 x (places of all interfaces) + 2, 110) pods, and these have one interface fewer for them.
    few = {"c7g.medium": 50, "m7a.medium": 50, "m7g.medium": 50, "m8g.medium": 50}
    few |= {"t3.micro": 18, "t3.nano": 18, "t3.small": 98}
    counted = [t.max_pods_prefix_delegation or 250 for t in types]
    if not _karpenter(pool) and any(few.get(t.name, 250) < min(counted) for t in types):
        yield "no addresses"
    if any(region not in t.regions for t in types):
        yield "not offered"
    ways = [pool["capacity_type"], *pool["fallback_capacity_types"]]
    for way in ways:
        needed = {"on-demand", "capacity-block"} if way == "reserved" else {way}
        if any(t.usage_classes and not needed & set(t.usage_classes) for t in types):
            yield f"not sold as {way}"
    if any(ORDER.index(a) >= ORDER.index(b) for a, b in pairwise(ways)) or (ways[1:] and not _karpenter(pool)):
        yield "fallbacks"
    yield from _reservation(pool, types)
    if pool["local_nvme"] == "raid0" and not all(t.local_nvme_gb for t in types):
        yield "no disks"
    if pool["operating_system"] == "bottlerocket" and any(t.name.startswith(("inf", "trn", "g7.")) for t in types):
        yield "no image"


def _reservation(pool: dict[str, Any], types: list[InstanceType]) -> Iterator[str]:
    reservation = pool.get("reservation")
    if (pool["capacity_type"] == "reserved") != (reservation is not None):
        yield "reservation and capacity type do not match"
    if reservation is None:
        return
    kind = reservation.get("kind", "on-demand")
    if len(types) > 1 or (types[0].usage_classes and kind not in types[0].usage_classes):
        yield "not that reservation"
    if pool.get("zones", [reservation["zone"]]) != [reservation["zone"]]:
        yield "another zone"
    dates = [reservation[key] for key in ("starts", "ends") if key in reservation]
    if len(dates) != (2 if kind == "capacity-block" else 0):
        yield "dates"
    elif dates:
        starts, ends = map(datetime.fromisoformat, dates)
        if not 0 < (ends - starts).total_seconds() <= 182 * 86400 or ends.date().isoformat() < "2026-11-21":
            yield "dates"


def _sizes(pool: dict[str, Any], types: list[InstanceType]) -> Iterator[str]:
    block = pool.get("reservation", {}).get("kind") == "capacity-block"
    follows = _karpenter(pool) or block
    least, most = pool.get("min_per_zone", 0 if follows else 1), pool["max_per_zone"]
    if least > most or (follows and (least or "desired_per_zone" in pool)):
        yield "sizes"
    if not least <= pool.get("desired_per_zone", least) <= most:
        yield "desired"
    if pool["scaling"] == "fixed" and (follows or least == most):
        yield "scaling"
    counts = [t.accelerator.count if t.accelerator else 0 for t in types]
    gpus = pool.get("max_gpus")
    zones = len(pool["zones"]) if "zones" in pool else 1 if "reservation" in pool else NETWORK_ZONES
    if gpus is not None and (
        0 in counts or max(counts) > gpus or (not _karpenter(pool) and max(counts) * most * zones > gpus)
    ):
        yield "max_gpus"
    if pool["always_on"] and (_karpenter(pool) or 0 in counts):
        yield "always_on"
    if "off_peak" in pool and (pool["always_on"] or pool["capacity_type"] == "reserved"):
        yield "off_peak"
    if _karpenter(pool):
        if pool["max_unavailable_percentage"] != 33:
            yield "max_unavailable_percentage"
    elif pool["disruption"].get("consolidate") == "when-empty":
        yield "disruption"


def _shares(pool: dict[str, Any], types: list[InstanceType]) -> Iterator[str]:
    sharing, accelerator = pool["sharing"], types[0].accelerator
    strategy = sharing["strategy"]
    most = {"time-slicing": 16, "mps": 48}.get(strategy, 0)
    if (most > 0) != ("replicas" in sharing) or sharing.get("replicas", most) > most:
        yield "replicas"
    if strategy == "none":
        if {"profile", "layout"} & set(sharing):
            yield "profile without sharing"
        return
    if accelerator is None or accelerator.kind == "neuron" or types[0].family.endswith("f"):
        yield "nothing to share"
        return
    if pool["efa"]:
        yield "EFA over shared GPUs"
    if strategy == "mig":
        gpu = mig_gpu(accelerator)
        if gpu is None or pool["operating_system"] == "bottlerocket" or ("profile" in sharing) == ("layout" in sharing):
            yield "no MIG"
        elif not _layout_fits(gpu, sharing.get("layout", {sharing.get("profile"): 1})):
            yield "MIG layout does not fit"
    elif {"profile", "layout"} & set(sharing):
        yield "profile without MIG"


def _layout_fits(gpu: MigGpu, layout: dict[str, int]) -> bool:
    """Returns whether a layout fits, by its sums: they are enough for every GPU of the catalog."""
    if not set(layout) <= set(gpu.profiles):
        return False
    profiles = [(gpu.profiles[name], count) for name, count in layout.items()]
    return (
        all(1 <= count <= profile.max_instances for profile, count in profiles)
        and sum(profile.compute_slices * count for profile, count in profiles) <= gpu.compute_slices
        and sum(profile.memory_slices * count for profile, count in profiles) <= gpu.memory_slices
    )


def _place(pool: dict[str, Any], types: list[InstanceType]) -> Iterator[str]:
    if pool["efa"] and (len({efa_interfaces(t) for t in types}) > 1 or not all(t.efa_interfaces for t in types)):
        yield "EFA"
    ways = [pool["capacity_type"], *pool["fallback_capacity_types"]]
    burstable = any(t.family in ("t2", "t3", "t3a", "t4g") or t.family.endswith("-flex") for t in types)
    if pool["placement_group"] and (set(ways) & {"spot", "reserved"} or burstable):
        yield "placement group"
    one = "reservation" in pool if "zones" not in pool else len(pool["zones"]) == 1
    if (pool["efa"] or pool["placement_group"]) and not one:
        yield "zones"


def _karpenter(pool: dict[str, Any]) -> bool:
    return bool(pool["provisioner"] == "karpenter")
