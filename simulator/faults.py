"""Faults: failures of the cloud that a rehearsal asks for, such as throttled calls or missing capacity.

`--fault KIND=TARGET[:TIMES]`, e.g. `--fault throttle=aws:ec2/subnet:Subnet --fault die-after=create:aws:kms/key:Key:1`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from common.spelling import did_you_mean
from common.urns import type_of

OPERATIONS = ("create", "read", "update", "delete")
CALL = "[create:|read:|update:|delete:]TARGET: a resource type, or the URN of one resource"
KINDS = {
    "throttle": "TARGET is a resource type: its creates and updates are refused as throttled",
    "before": f"{CALL}; its calls, except reads, fail before the cloud does anything",
    "after": "like before, but the cloud does the work first, and only its answer is lost",
    "die-before": "like before, and the engine is killed",
    "die-after": "like after, and the engine is killed",
    "capacity": "TARGET is an instance type: no zone has capacity",
    "late-logs": "TARGET is the name of an EKS cluster: after its log group is deleted, EKS makes it again",
    "late-entry": "TARGET is the name of an EKS cluster: an access entry counts only when a node group came after it",
    "missing-gateway": "TARGET is the id of a transit gateway: there is none that this account may attach to",
    "pending-gateway": "TARGET is the id of a transit gateway: its owner has not accepted the attachment",
    "quota": "TARGET is a quota code: the quota is used up",
}
OF_CALLS = ("throttle", "before", "after", "die-before", "die-after")
"""The kinds that strike calls of the engine. TARGET of all others is something in the cloud."""


class FaultError(ValueError):
    """A --fault is not valid; the text says what to write."""


@dataclass
class _Fault:
    kind: str
    target: str
    left: int | None
    operations: tuple[str, ...] = ()


class Faults:
    """The requested faults, with the number of times that each will still strike. Without TIMES, it never ends."""

    def __init__(self, specs: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._faults = [_parse(spec) for spec in specs]

    @property
    def targets(self) -> list[tuple[str, str]]:
        """Kind and target of each fault."""
        return [(fault.kind, fault.target) for fault in self._faults]

    def strikes(self, kind: str, target: str) -> bool:
        """Returns whether such a fault strikes now, and counts it if its number of times is limited."""
        return self._strikes(kind, (target,), "")

    def strikes_call(self, kind: str, operation: str, urn: str) -> bool:
        """Returns whether such a fault strikes this call of the engine now."""
        return self._strikes(kind, (urn, type_of(urn)), operation)

    def _strikes(self, kind: str, targets: tuple[str, ...], operation: str) -> bool:
        with self._lock:
            for fault in self._faults:
                hit = fault.kind == kind and fault.target in targets and operation in (fault.operations or ("",))
                if hit and fault.left != 0:
                    fault.left = None if fault.left is None else fault.left - 1
                    return True
            return False


def _parse(spec: str) -> _Fault:
    kind, _, target = spec.partition("=")
    operation, _, rest = target.partition(":")
    operations: tuple[str, ...] = ()
    if kind == "throttle":
        operations = ("create", "update")
    elif kind in OF_CALLS:
        operations = ("create", "update", "delete")
        if operation in OPERATIONS:
            operations, target = (operation,), rest
    if kind not in KINDS or not target:
        forms = "\n".join(f"  {name}=TARGET[:TIMES]  {text}" for name, text in KINDS.items())
        what = f"--fault {spec} is not valid." if spec else "--fault is given without a fault."
        suggestion = did_you_mean(kind, KINDS) if kind not in KINDS else ""
        raise FaultError(f"{what}{suggestion} Write one of:\n{forms}")
    body, _, times = target.rpartition(":")
    if body and times.isdigit():
        return _Fault(kind, body, int(times), operations)
    return _Fault(kind, target, None, operations)
