"""`observability.alerts`: who hears of what is wrong."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from settings.core.base import Settings
from settings.security.alarms import MailAddresses

PLATFORM = "platform"
HEARTBEAT = "heartbeat"
_CHANNEL = re.compile(r"#((?![A-Z])[\w-]){1,80}|[CG][A-Z0-9]{8,}")


def _is_a_channel(name: str | None) -> str | None:
    if name is not None and not _CHANNEL.fullmatch(name):
        raise ValueError(
            f"{name!r} is no channel of Slack, which would refuse each message. Write # and its name in lower case, or "
            "its id, for example C0123456789."
        )
    return name


class ReceiverSettings(Settings):
    """Where alerts of one team go. Tokens and addresses with a token in them are kept in the store of secrets."""

    mail: MailAddresses = Field(
        default=(),
        description="Addresses that get mails, by SNS. Each has to confirm first, within two days.",
        examples=[["ml-research@example.com"]],
    )
    slack: Annotated[str | None, AfterValidator(_is_a_channel)] = Field(
        default=None,
        description="Channel of Slack. Key `slack` of the secret has the token of a bot that is in it.",
        examples=["#ml-alerts"],
    )
    webhook: bool = Field(
        default=False, description="Whether alerts are posted to the address under key `webhook` of the secret."
    )
    pagerduty: bool = Field(
        default=False,
        description="Whether critical alerts page somebody. Key `pagerduty` of the secret has the integration key of a "
        "service (Events API v2).",
    )

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Keys that its secret has to have."""
        given = {"pagerduty": self.pagerduty, "slack": self.slack, "webhook": self.webhook}
        return tuple(key for key, has in given.items() if has)

    @property
    def hears(self) -> bool:
        """Whether anybody is told anything."""
        return bool(self.mail or self.secret_keys)

    @model_validator(mode="after")
    def warnings_reach_somebody(self) -> "ReceiverSettings":
        if self.secret_keys == ("pagerduty",) and not self.mail:
            raise ValueError(
                "has pagerduty alone, which gets critical alerts only: warnings would reach nobody. Add mail, slack or "
                "webhook."
            )
        return self


class AlertSettings(Settings):
    """Routes of alerts: those of a team's namespaces to the team, all others to the platform's own people."""

    platform: ReceiverSettings = Field(
        default=ReceiverSettings(),
        description="The people who run the platform; they also get what is of a team that has no entry.",
    )
    teams: Mapping[str, ReceiverSettings] = Field(
        default_factory=dict,
        description="Team -> where alerts of its namespaces go.",
        examples=[{"research": {"mail": ["ml-research@example.com"]}}],
    )
    heartbeat: bool = Field(
        default=False,
        description="Whether the address under key `url` of the secret `heartbeat` hears each minute that alerts work. "
        "A service outside of the platform that then hears nothing tells somebody.",
    )

    def receivers(self) -> dict[str, ReceiverSettings]:
        """Returns name -> receiver, of those that are told something; the name of a team's has `team-` before it."""
        every = {PLATFORM: self.platform, **{f"team-{name}": each for name, each in sorted(self.teams.items())}}
        return {name: each for name, each in every.items() if each.hears}

    @property
    def sends_mails(self) -> bool:
        """Whether somebody gets mails."""
        return any(each.mail for each in self.receivers().values())

    def secrets(self) -> dict[str, tuple[str, ...]]:
        """Returns name -> keys of each secret that somebody has to fill."""
        of_receivers = {name: each.secret_keys for name, each in self.receivers().items() if each.secret_keys}
        return of_receivers | ({HEARTBEAT: ("url",)} if self.heartbeat else {})
