"""Whether the faults asked for can strike at all: one with a misspelt target never would, and nobody would notice."""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalog.instance_types import INSTANCE_TYPES
from common.spelling import nearest
from simulator.aws.registry import kinds
from simulator.faults import FaultError, Faults


def check(faults: Faults) -> None:
    """Raises FaultError for a target that nothing can have. Types of other packages than AWS are let pass."""
    for kind, target in faults.targets:
        if wrong := _mistake(kind, target):
            raise FaultError(f"--fault {kind}={target} would never strike: {wrong}")


def _mistake(kind: str, target: str) -> str | None:
    if kind == "capacity" and target not in INSTANCE_TYPES:
        return f"{target} is no instance type that the catalog knows.{_meant(target, INSTANCE_TYPES)}"
    if kind == "quota" and not re.fullmatch(r"L-[0-9A-F]{8}", target):
        return f"{target} is no quota code. Write for example quota=L-1216C47A."
    if kind in ("throttle", "crash") and ":" not in target:
        return f"{target} is no resource type. Write for example {kind}=aws:ec2/subnet:Subnet."
    if kind in ("throttle", "crash") and target.startswith("aws:") and target not in kinds():
        return f"{target} is no resource type that the simulator knows.{_meant(target, kinds())}"
    return None


def _meant(word: str, known: Iterable[str]) -> str:
    found = nearest(word, known)
    return f" Did you mean {found}?" if found else ""
