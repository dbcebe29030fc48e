"""Quotas of the simulated account: `--quota CODE=NUMBER`, e.g. `--quota L-417A185B=192`.

Without the option, numbers of resources have the limits of a new account, and the vCPUs of running instances have no
limit, so that any stack can be rehearsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


class QuotaError(ValueError):
    """A --quota is not valid; the text says what to write."""


def parse(specs: Iterable[str]) -> dict[str, int]:
    """Returns quota code -> value. Of a code that is given twice, the later value counts."""
    values: dict[str, int] = {}
    for spec in specs:
        match = re.fullmatch(r"(L-[0-9A-F]{8})=(\d+)", spec)
        if match is None:
            raise QuotaError(
                f"--quota {spec} is not valid. Write CODE=NUMBER, for example --quota L-417A185B=192 for an account "
                "with 192 vCPUs of P instances. `make report` lists the codes that the pools of a stack need."
            )
        values[match[1]] = int(match[2])
    return values
