"""`keys`: the customer-managed KMS keys."""

from pydantic import Field

from settings.core.base import Settings


class KeySettings(Settings):
    """`keys`: the customer-managed KMS keys."""

    deletion_window_days: int = Field(
        default=30, ge=7, le=30, description="Days in which a deleted key, and all it encrypts, can still be saved."
    )
    rotation_days: int = Field(default=365, ge=90, le=2560, description="Days between rotations of the key material.")
