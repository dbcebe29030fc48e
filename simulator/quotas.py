"""What the simulated account has of a quota: `--quota CODE=NUMBER`, e.g. `--quota L-417A185B=192`.

Nobody says anything: counts of resources have the limits of a new account, and the vCPUs of running instances have
none, so that any stack can be rehearsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable


class QuotaError(ValueError):
    """A --quota that cannot be understood; says what may be written."""


def parse(specs: Iterable[str]) -> dict[str, int]:
    """Code -> how much of it the account has. A code that is given twice has the later number."""
    found: dict[str, int] = {}
    for spec in specs:
        match = re.fullmatch(r"(L-[0-9A-F]{8})=(\d+)", spec)
        if match is None:
            raise QuotaError(
                f"--quota {spec} is not understood. It takes CODE=NUMBER, for example --quota L-417A185B=192 for an "
                "account with 192 vCPUs of P instances; `make report` names the codes that the pools of a stack need."
            )
        found[match[1]] = int(match[2])
    return found
