"""`security`: what AWS watches in the account and in the clusters."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.core.base import Settings
from settings.core.problems import listed, repeated

Feature = Literal["audit-logs", "runtime", "s3-data", "malware", "rds-logins", "lambda-network"]


def _named_once(features: tuple[Feature, ...]) -> tuple[Feature, ...]:
    if twice := repeated(features):
        raise ValueError(f"{listed(twice)} is named twice. Name each once.")
    return features


class GuardDutySettings(Settings):
    """`security.guardduty`. An account has one detector in a region, for all stacks and people in it."""

    detector: Literal["make", "existing", "organization"] = Field(
        description=(
            "make: the account has no detector, and this stack makes it. existing: it has one, in which this stack "
            "turns features on. organization: others decide what is on; this stack changes nothing, and is refused "
            "where a feature below is off."
        ),
        examples=["existing"],
    )
    features: Annotated[tuple[Feature, ...], AfterValidator(_named_once)] = Field(
        default=("audit-logs",),
        min_length=1,
        description=(
            "audit-logs: who does what in the Kubernetes API. runtime: what processes do on nodes, by an agent on each "
            "node. s3-data: who reads and writes objects, billed by the event, which training makes many of. malware: "
            "scans of disks after a finding. rds-logins: who logs in to databases. lambda-network: whom functions talk "
            "to. For all of the account and region."
        ),
    )
    mail_from_severity: float | None = Field(
        default=None,
        ge=1,
        le=10,
        description=(
            "Findings of at least this severity are mailed to alarms.audit.notify: 4 medium, 7 high, 9 critical. "
            "Without it nobody is told."
        ),
        examples=[7],
    )

    @property
    def runtime(self) -> bool:
        """Whether nodes run the agent."""
        return "runtime" in self.features


class SecuritySettings(Settings):
    """What AWS watches."""

    guardduty: GuardDutySettings | None = Field(
        default=None,
        description="GuardDuty, which looks for attacks. Without it the stack leaves the account's as it is.",
        examples=[{"detector": "existing"}],
    )

    @property
    def runtime(self) -> bool:
        """Whether nodes run the agent of GuardDuty."""
        return self.guardduty is not None and self.guardduty.runtime

    @property
    def mail_from_severity(self) -> float | None:
        """The least severity of findings that are mailed; None: none of them."""
        return self.guardduty.mail_from_severity if self.guardduty is not None else None
