"""`storage.buckets.<name>`: one S3 bucket."""

from pydantic import Field

from settings.held_data import HeldData, StorageUserSettings


class BucketSettings(HeldData):
    """An S3 bucket: private, encrypted with our key, versioned, TLS only."""

    used_by: tuple[StorageUserSettings, ...] = Field(default=(), description="Who may use it; nobody else can.")
    expire_after_days: int | None = Field(
        default=None, ge=1, le=36500, description="Days until objects are deleted; by purpose when not given."
    )
    old_versions_days: int = Field(
        default=30, ge=1, le=3650, description="Days until versions that were overwritten or deleted go for good."
    )
    intelligent_tiering: bool | None = Field(
        default=None, description="Whether objects move to cheaper tiers when nobody reads them; by purpose."
    )
    object_lock_days: int | None = Field(
        default=None, ge=1, le=3650, description="Days in which nobody, not even an administrator, deletes a version."
    )
    replicate_to: str | None = Field(default=None, description="Second region that holds a copy of every new object.")
    mount: bool = Field(default=False, description="Whether pods see it as a folder too, by Mountpoint for S3.")
