"""Checks that the requested faults can strike: nobody would notice that a fault with a misspelt target never does."""

from __future__ import annotations

import re

from catalog.instance_types import INSTANCE_TYPES
from common.spelling import did_you_mean
from simulator.aws.registry import kinds
from simulator.faults import OF_CALLS, FaultError, Faults


def check(faults: Faults) -> None:
    """Raises FaultError for a target that cannot occur. Types of other packages than AWS are not checked."""
    for kind, target in faults.targets:
        if mistake := _mistake(kind, target):
            raise FaultError(f"--fault {kind}={target} would never strike: {mistake}")


def _mistake(kind: str, target: str) -> str | None:
    if kind == "capacity" and target not in INSTANCE_TYPES:
        return f"the catalog has no instance type {target}.{did_you_mean(target, INSTANCE_TYPES)}"
    if kind == "quota" and not re.fullmatch(r"L-[0-9A-F]{8}", target):
        return f"{target} is not a quota code. Write for example quota=L-1216C47A."
    if kind.endswith("-gateway") and not re.fullmatch(r"tgw-[0-9a-f]+", target):
        return f"{target} is not the id of a transit gateway. Write for example {kind}=tgw-0123456789abcdef0."
    if kind in OF_CALLS and ":" not in target:
        return f"{target} is not a resource type. Write for example {kind}=aws:ec2/subnet:Subnet."
    if kind in OF_CALLS and target.startswith("aws:") and target not in kinds():
        return f"the simulator does not know the resource type {target}.{did_you_mean(target, kinds())}"
    return None
