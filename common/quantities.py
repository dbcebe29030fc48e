"""Amounts with units, as Kubernetes, Prometheus and Go write them.

Sources: Kubernetes 1.35.4, apimachinery/pkg/api/resource/quantity.go; prometheus-operator v0.93.1, ByteSize; Prometheus
3.14, "Configuration" (duration); Go, time.ParseDuration; read 2026-11.
"""

import re
from decimal import Decimal
from typing import Any

DECIMAL = {unit: Decimal(1000) ** power for power, unit in enumerate(("n", "u", "m", "", "k", *"MGTPE"), start=-3)}
BINARY = {f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", start=1)}
QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]?|[KMGTPE]i)|[eE]([+-]?\d+))")
_SECONDS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_PART = re.compile(rf"(\d+\.?\d*|\.\d+)({'|'.join(sorted(_SECONDS, key=len, reverse=True))})")


def parsed(value: Any) -> Decimal | None:
    """Returns the number of a Kubernetes quantity, such as `500m`, `2Gi` and `1e3`; None when unknown, or none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    match = QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    number, unit, exponent = match.groups()
    return Decimal(number) * (Decimal(10) ** int(exponent) if exponent else (DECIMAL | BINARY)[unit or ""])


def size(value: Any) -> Decimal | None:
    """Returns the bytes of a size of Prometheus, such as `80GB` and `80GiB`, both by 1024, or of a quantity."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d*\.?\d+)(?:([KMGTPE])i?)?B", value)):
        return Decimal(match[1]) * BINARY.get(f"{match[2]}i", Decimal(1))
    return parsed(value)


def seconds(value: Any) -> float | None:
    """Returns the seconds of a duration of Prometheus or Go, such as `15d` and `1h30m`; None when it is none."""
    if not isinstance(value, str) or not re.fullmatch(rf"0|(?:{_PART.pattern})+", value):
        return None
    return sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(value))
