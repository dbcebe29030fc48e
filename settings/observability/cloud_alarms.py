"""`observability.cloud_alarms`: what only AWS sees, and no Prometheus."""

from pydantic import Field

from settings.core.base import Settings


class CloudAlarmSettings(Settings):
    """Alarms of CloudWatch on file systems, NAT gateways, backups and quotas of EC2, to `alerts.platform.mail`."""

    quota_percent: int = Field(
        default=80,
        ge=1,
        le=100,
        description="Percent of a quota of EC2 in use by the account, above which people are told.",
    )
    lustre_free_percent: int = Field(
        default=10,
        ge=1,
        le=90,
        description="Percent of a Lustre file system that is free, below which people are told.",
    )
    monthly_usd: int | None = Field(
        default=None,
        ge=1,
        description="Budget of the stack in USD a month: a message at 80 percent, and where the month is likely to end "
        "above it. AWS counts by the stack's tags, once these are active as cost allocation tags. Not given: none.",
        examples=[20_000],
    )
