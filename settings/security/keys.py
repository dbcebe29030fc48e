"""`keys`: the customer-managed KMS keys."""

from pydantic import Field

from settings.core.base import Settings


class KeySettings(Settings):
    """Rotation and deletion of the customer-managed KMS keys."""

    deletion_window_days: int = Field(
        default=30,
        ge=7,
        le=30,
        description=(
            "Days during which the deletion of a key can still be cancelled; after that, all that it encrypts is lost."
        ),
    )
    rotation_days: int = Field(default=365, ge=90, le=2560, description="Days between rotations of the key material.")
