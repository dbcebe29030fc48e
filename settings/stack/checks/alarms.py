"""Checks that alarms have logs to read."""

from collections.abc import Iterator

from settings.core.problems import Mistake
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields clusters that write no audit log, while alarms are to tell of what it says."""
    if parts.alarms is None or parts.alarms.audit is None:
        return
    for cluster, content in parts.clusters.items():
        if content.log_types is not None and "audit" not in content.log_types:
            yield (
                ("clusters", cluster, "logs", "types"),
                (
                    "has no audit, and alarms.audit reads that log: nobody would ever be told. Add audit, or drop "
                    "alarms.audit."
                ),
            )
