"""`observability.alerts`: who hears of what is wrong."""

from collections.abc import Mapping

from pydantic import Field

from settings.core.base import Settings


class ReceiverSettings(Settings):
    """Where alerts of one team go."""

    mail: tuple[str, ...] = Field(
        default=(), description="Addresses that get mails by SNS.", examples=[["ml-research@example.com"]]
    )


class AlertSettings(Settings):
    """Routes of alerts: those of a team's namespaces to the team, all others to the platform's own people."""

    platform: ReceiverSettings = Field(default=ReceiverSettings(), description="The people who run the platform.")
    teams: Mapping[str, ReceiverSettings] = Field(default_factory=dict, description="Teams, by name.")
