"""Quantities in the one form in which the API server stores them: another form would be changed by each refresh.

Source: Kubernetes 1.35, apimachinery/pkg/api/resource/quantity.go, CanonicalizeBytes; read 2026-11.
"""


def count(amount: int) -> str:
    """Returns a number of things, e.g. `500`, `1k`."""
    return _with_suffix(amount, 1000, ("", "k", "M", "G"))


def mebibytes(amount: int) -> str:
    """Returns an amount of memory or storage, e.g. `128Mi`, `1Ti`."""
    return _with_suffix(amount, 1024, ("Mi", "Gi", "Ti", "Pi")) if amount else "0"


def _with_suffix(amount: int, step: int, suffixes: tuple[str, ...]) -> str:
    for suffix in suffixes[:-1]:
        if not amount or amount % step:
            return f"{amount}{suffix}"
        amount //= step
    return f"{amount}{suffixes[-1]}"
