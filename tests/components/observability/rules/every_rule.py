"""All rules of the platform as one file of Prometheus, and the programs that judge them.

Constants have values of a small cluster, so that the expected numbers are easy to check by hand:

pool    machine      price  GPUs  a unit of                   is
whole   p5.48xlarge  40     8     nvidia_com_gpu              1 GPU
sliced  g5.2xlarge   2      1     nvidia_com_gpu_shared       a quarter
mps     g6.2xlarge   1      1     nvidia_com_gpu_shared       a half
mig     p4d.24xlarge 16     8     nvidia_com_mig_3g_20gb      a half
mixed   p4d.24xlarge 16     8     nvidia_com_mig_3g_20gb      a half; of 1g_5gb and 1g_5gb_me an eighth
cpu     m7i.large    0.1    none

A GiB of a volume costs 0.0001, of class io2 0.0002.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.core.addon_spec import every_add_on
from components.core.metrics import Alert, Recording, RuleGroup
from components.observability.rules_of import every_group, prometheus_rule
from simulator.telemetry.build import programs

POOL, TYPE = "label_ml_platform_pool", "label_node_kubernetes_io_instance_type"
POOLS: dict[str, tuple[str, float, int, dict[str, float]]] = {
    "whole": ("p5.48xlarge", 40, 8, {"nvidia_com_gpu": 1}),
    "sliced": ("g5.2xlarge", 2, 1, {"nvidia_com_gpu_shared": 0.25}),
    "mps": ("g6.2xlarge", 1, 1, {"nvidia_com_gpu_shared": 0.5}),
    "mig": ("p4d.24xlarge", 16, 8, {"nvidia_com_mig_3g_20gb": 0.5}),
    "mixed": (
        *("p4d.24xlarge", 16, 8),
        {"nvidia_com_mig_3g_20gb": 0.5, "nvidia_com_mig_1g_5gb": 0.125, "nvidia_com_mig_1g_5gb_me": 0.125},
    ),
    "cpu": ("m7i.large", 0.1, 0, {}),
}


def constants() -> list[dict[str, Any]]:
    """Returns the constant series of the small cluster, under the names that the groups give theirs."""
    rows: list[dict[str, Any]] = []

    def row(name: str, value: float, labels: Mapping[str, str]) -> None:
        rows.append({"record": name, "expr": f"vector({value})", "labels": dict(labels)})

    for pool, (machine, usd, gpus, shares) in POOLS.items():
        row("pool:node_price_usd_hour", usd, {POOL: pool, TYPE: machine})
        if gpus:
            row("pool:gpus_per_node", gpus, {POOL: pool, TYPE: machine})
        for resource, share in shares.items():
            row("gpu:slice_share", share, {POOL: pool, "resource": resource})
            price = usd / gpus * share
            row("gpu:slice_price_usd_hour", price, {POOL: pool, TYPE: machine, "resource": resource})
    for storageclass, usd in {"gp3": 0.0001, "io2": 0.0002}.items():
        row("volume:gib_price_usd_hour", usd, {"storageclass": storageclass})
    for support in ("standard", "last"):  # 61 days after the tests begin, which is in 1970
        row("kubernetes:support_ends_timestamp_seconds", 61 * 86_400, {"version": "1.35", "support": support})
    return rows


def groups() -> list[RuleGroup]:
    """Returns every group, also those that no one cluster has together."""
    of_add_ons = [RuleGroup(name=name, rules=spec.rules) for name, spec in every_add_on().items() if spec.rules]
    return [*every_group(), *of_add_ons]


def alerts() -> list[Alert]:
    return [rule for group in groups() for rule in group.rules if isinstance(rule, Alert)]


def recordings() -> list[Recording]:
    return [rule for group in groups() for rule in group.rules if isinstance(rule, Recording)]


def rule_file() -> dict[str, Any]:
    """Returns all groups, as the operator gives them to Prometheus, without annotations."""
    made = [prometheus_rule(group, "https://example.com")["spec"]["groups"][0] for group in groups()]
    for group in made:
        for rule in group["rules"]:
            rule.pop("annotations", None)
    return {"groups": [{"name": "constants", "rules": constants()}, *made]}


def promtools() -> dict[str, Path]:
    """Returns the programs that are here: of the Prometheus that a cluster runs, and of Debian."""
    ours = programs().promtool
    debian = shutil.which("promtool", path="/usr/bin")
    return {**({"ours": ours} if ours.is_file() else {}), **({"Debian's": Path(debian)} if debian else {})}
