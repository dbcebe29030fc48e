"""Checks that what GuardDuty needs, and what it finds, has a place in the stack."""

from collections.abc import Iterator

from catalog.eks_addons import GUARDDUTY_AGENT
from settings.core.problems import Mistake
from settings.stack.parts import Parts


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields findings that nobody would be told of, and agents that nobody would listen to."""
    security = parts.security
    if security is None:
        return
    if security.mail_from_severity is not None and parts.alarms is not None and parts.alarms.audit is None:
        yield (
            ("security", "guardduty", "mail_from_severity"),
            (
                "has nobody to tell: the addresses are those of alarms.audit. Write `alarms: {audit: {notify: "
                "[security@example.com]}}`, or drop it."
            ),
        )
    for cluster, content in parts.clusters.items():
        if not security.runtime and GUARDDUTY_AGENT in (content.managed_addons or ()):
            yield (
                ("clusters", cluster, "managed_addons", GUARDDUTY_AGENT),
                (
                    "sends what it sees to nobody, while GuardDuty does not watch nodes. Add runtime to "
                    "security.guardduty.features, which installs it in each cluster, or drop it."
                ),
            )
