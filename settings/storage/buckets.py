"""`storage.buckets.<name>`: one S3 bucket, and the lifecycle of its objects."""

from collections.abc import Mapping

from pydantic import Field, model_validator

from settings.core.problems import raise_if
from settings.storage.storage_entry import Purpose, StorageEntry, StorageUserSettings

# Days until objects are deleted; objects of other purposes stay.
EXPIRE_DAYS: Mapping[Purpose, int] = {"checkpoints": 30, "logs": 365, "scratch": 7}
# Purposes whose objects are read often at first, and rarely after some weeks that nobody can predict.
TIERED: frozenset[Purpose] = frozenset({"datasets", "models", "artifacts"})
OLD_VERSIONS_DAYS = 30
# Objects without a read move to a cheaper tier after this many days.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html, read 2026-11.
TIERING_DAYS = 30


class BucketSettings(StorageEntry):
    """An S3 bucket: private, encrypted with the stack's KMS key, versioned, TLS only."""

    used_by: tuple[StorageUserSettings, ...] = Field(default=(), description="Who may use the bucket; nobody else can.")
    expire_after_days: int | None = Field(
        default=None,
        ge=1,
        le=36500,
        description="Days until objects are deleted; when not given, the default of the purpose.",
    )
    old_versions_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description=(
            "Days until overwritten and deleted versions are removed permanently; 30 when not given, or less where "
            "objects expire sooner."
        ),
    )
    intelligent_tiering: bool | None = Field(
        default=None,
        description=(
            "Whether objects move to cheaper tiers when nobody reads them; when not given, the default of the purpose."
        ),
    )
    object_lock_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description=(
            "Days during which versions cannot be deleted: in production by nobody, elsewhere only by those who may "
            "bypass the lock."
        ),
    )
    replicate_to: str | None = Field(default=None, description="Second region, which gets a copy of every new object.")
    mount: bool = Field(
        default=False,
        description=(
            "Whether pods can also mount the bucket as a folder, by the claim `s3-<name>` in their namespace; for "
            "files that are written once and read often."
        ),
    )
    expected_gib: int | None = Field(
        default=None,
        ge=0,
        le=10**9,
        description="Expected size in GiB, for the cost estimate; when not given, an assumption for the purpose.",
    )
    monthly_growth_gib: int | None = Field(
        default=None, ge=0, le=10**9, description="Expected growth in GiB a month, for the cost estimate of a year."
    )

    @property
    def expires(self) -> int | None:
        """Days until objects are deleted; None when they are kept."""
        return EXPIRE_DAYS.get(self.purpose) if self.expire_after_days is None else self.expire_after_days

    @property
    def old_versions(self) -> int:
        """Days until noncurrent versions are removed permanently."""
        if self.old_versions_days is not None:
            return self.old_versions_days
        return min(OLD_VERSIONS_DAYS, self.expires or OLD_VERSIONS_DAYS)

    @property
    def tiered(self) -> bool:
        """Whether objects move to Intelligent-Tiering."""
        if self.intelligent_tiering is not None:
            return self.intelligent_tiering
        return self.purpose in TIERED and (self.expires is None or self.expires > TIERING_DAYS)

    @model_validator(mode="after")
    def days_are_in_order(self) -> "BucketSettings":
        expires, old = self.expires, self.old_versions
        by_purpose = "" if self.expire_after_days is not None else f", the default for {self.purpose}"
        mistakes = []
        if expires is not None and old > expires:
            mistakes.append(
                f"old_versions_days is {old}, but objects expire after {expires} days{by_purpose}: old versions would "
                f"be kept longer than current objects. Write old_versions_days: {expires} or less, or a later "
                "expire_after_days."
            )
        if expires is not None and self.object_lock_days is not None and self.object_lock_days > expires + old:
            mistakes.append(
                f"object_lock_days is {self.object_lock_days}, but versions are removed permanently after "
                f"{expires + old} days ({expires} until they expire{by_purpose}, {old} as old versions), and the lock "
                f"would refuse that. Write object_lock_days: {expires + old} or less, or a later expire_after_days."
            )
        if self.intelligent_tiering and expires is not None and expires <= TIERING_DAYS:
            mistakes.append(
                f"intelligent_tiering is on, but objects expire after {expires} days{by_purpose}, and move to a "
                f"cheaper tier only after {TIERING_DAYS} days without a read: it would cost money and save nothing. "
                "Write intelligent_tiering: false, or a later expire_after_days."
            )
        raise_if(mistakes)
        return self

    @model_validator(mode="after")
    def a_mounted_bucket_has_suitable_users(self) -> "BucketSettings":
        mistakes = []
        if self.mount and not self.used_by:
            mistakes.append(
                "mount is on, but used_by is empty, so no namespace would get the folder. Name in used_by who mounts "
                "it, or drop mount."
            )
        if self.mount and self.purpose == "checkpoints":
            mistakes.append(
                "mount is on, but a mounted bucket supports neither rename nor append, which training frameworks need "
                "to write checkpoints. Drop mount and use the S3 API, or take storage.lustre, which can link the "
                "bucket."
            )
        raise_if(mistakes)
        return self

    @model_validator(mode="after")
    def users_are_named_once(self) -> "BucketSettings":
        first_index: dict[tuple[str | None, str, str], int] = {}
        for index, user in enumerate(self.used_by):
            key = (user.cluster, user.namespace, user.service_account)
            if key in first_index:
                raise ValueError(
                    f"used_by[{index}] names service account {user.service_account} of namespace {user.namespace} "
                    f"again, after used_by[{first_index[key]}]. Keep one of them; mode: write includes reading."
                )
            first_index[key] = index
        return self
