"""Numbers with units of Grafana, for people."""

from collections.abc import Sequence

_BINARY, _DECIMAL = ("", "Ki", "Mi", "Gi", "Ti", "Pi"), ("", "k", "M", "G", "T", "P")
_AFTER = {
    "short": "",
    "none": "",
    "bytes": "B",
    "Bps": "B/s",
    "watt": "W",
    "celsius": "°C",
    "reqps": "req/s",
    "cpm": "/min",
}
KNOWN = (*_AFTER, "percentunit", "currencyUSD", "s")
"""Every unit that a panel may have."""
_TIMES = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"), (0.001, "ms"), (0.000001, "µs"))


def shown(value: float, unit: str) -> str:
    """Returns a value in words. Raises KeyError for a unit that is not known."""
    if unit == "percentunit":
        return f"{_short(value * 100)} %"
    if unit == "currencyUSD":
        return f"{'-' if value < 0 else ''}${_scaled(abs(value), 1000, _DECIMAL)}"
    if unit == "s":
        size, name = next((each for each in _TIMES if abs(value) >= each[0]), (1, "s"))
        return f"{_short(value / size)} {name}"
    if unit in ("none", "celsius"):
        return f"{_short(value)} {_AFTER[unit]}".strip()
    number = _scaled(value, 1024, _BINARY) if unit == "bytes" else _scaled(value, 1000, _DECIMAL)
    word = _AFTER[unit]
    digits, _, prefix = number.partition(" ")
    return f"{digits} {prefix}{word}".strip()


def _scaled(value: float, base: int, prefixes: Sequence[str]) -> str:
    power = 0
    while abs(value) >= base and power < len(prefixes) - 1:
        value, power = value / base, power + 1
    return f"{_short(value)} {prefixes[power]}".strip()


def _short(value: float) -> str:
    """Returns three digits or so, without zeros at the end."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
