"""`storage.buckets.<name>`: one S3 bucket, and what becomes of objects with the days."""

from collections.abc import Mapping

from pydantic import Field, model_validator

from settings.core.problems import raise_if
from settings.storage.held_data import HeldData, Purpose, StorageUserSettings

# Days until objects are deleted; those of the other purposes stay.
EXPIRE_DAYS: Mapping[Purpose, int] = {"checkpoints": 30, "logs": 365, "scratch": 7}
# Read often at first, and hardly ever after some weeks; nobody can say when.
TIERED: frozenset[Purpose] = frozenset({"datasets", "models", "artifacts"})
OLD_VERSIONS_DAYS = 30
# Objects that nobody reads move to a cheaper tier after this many days.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html, read 2026-11.
TIERING_DAYS = 30


class BucketSettings(HeldData):
    """An S3 bucket: private, encrypted with our key, versioned, TLS only."""

    used_by: tuple[StorageUserSettings, ...] = Field(default=(), description="Who may use it; nobody else can.")
    expire_after_days: int | None = Field(
        default=None, ge=1, le=36500, description="Days until objects are deleted; by purpose when not given."
    )
    old_versions_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="Days until versions that were overwritten or deleted go for good; 30 when not given, or less "
        "where objects expire sooner.",
    )
    intelligent_tiering: bool | None = Field(
        default=None, description="Whether objects move to cheaper tiers when nobody reads them; by purpose."
    )
    object_lock_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="Days in which no version can be deleted: in production by nobody, elsewhere only by those who may "
        "bypass it.",
    )
    replicate_to: str | None = Field(default=None, description="Second region that holds a copy of every new object.")
    mount: bool = Field(
        default=False,
        description="Whether pods see it as a folder too, by the claim `s3-<name>` in their namespace; for "
        "files that are written at once and read often.",
    )
    expected_gib: int | None = Field(
        default=None,
        ge=0,
        le=10**9,
        description="What it holds, for the cost estimate; assumed by purpose if not given.",
    )
    monthly_growth_gib: int | None = Field(
        default=None, ge=0, le=10**9, description="What comes on top each month, for the cost estimate of a year."
    )

    @property
    def expires(self) -> int | None:
        """Days until objects are deleted; None where they stay."""
        return EXPIRE_DAYS.get(self.purpose) if self.expire_after_days is None else self.expire_after_days

    @property
    def old_versions(self) -> int:
        """Days until versions that are not current any more go for good."""
        if self.old_versions_days is not None:
            return self.old_versions_days
        return min(OLD_VERSIONS_DAYS, self.expires or OLD_VERSIONS_DAYS)

    @property
    def tiered(self) -> bool:
        """Whether objects go to Intelligent-Tiering."""
        if self.intelligent_tiering is not None:
            return self.intelligent_tiering
        return self.purpose in TIERED and (self.expires is None or self.expires > TIERING_DAYS)

    @model_validator(mode="after")
    def days_are_in_order(self) -> "BucketSettings":
        expires, old = self.expires, self.old_versions
        by_purpose = "" if self.expire_after_days is not None else f", as {self.purpose} do unless told otherwise"
        mistakes = []
        if expires is not None and old > expires:
            mistakes.append(
                f"old_versions_days is {old}, but objects expire after {expires} days{by_purpose}: what was "
                f"overwritten would outlive what is current. Write old_versions_days: {expires} or less, or a later "
                "expire_after_days."
            )
        if expires is not None and self.object_lock_days is not None and self.object_lock_days > expires + old:
            mistakes.append(
                f"object_lock_days is {self.object_lock_days}, but versions are to go for good after {expires + old} "
                f"days ({expires} until they expire{by_purpose}, {old} as old versions), which the lock would refuse. "
                f"Write object_lock_days: {expires + old} or less, or a later expire_after_days."
            )
        if self.intelligent_tiering and expires is not None and expires <= TIERING_DAYS:
            mistakes.append(
                f"intelligent_tiering is on, but objects expire after {expires} days{by_purpose}, and none moves to a "
                f"cheaper tier before {TIERING_DAYS} days without a read: it would cost and save nothing. Write "
                "intelligent_tiering: false, or a later expire_after_days."
            )
        raise_if(mistakes)
        return self

    @model_validator(mode="after")
    def a_folder_has_users_that_it_suits(self) -> "BucketSettings":
        mistakes = []
        if self.mount and not self.used_by:
            mistakes.append(
                "mount is on, but used_by is empty, so the folder would be in no namespace. Name who mounts it in "
                "used_by, or drop mount."
            )
        if self.mount and self.purpose == "checkpoints":
            mistakes.append(
                "mount is on, but the folder can neither rename nor append, which is how training frameworks write "
                "checkpoints, so they would fail. Drop mount and write by the S3 API, or take storage.lustre, which "
                "can link the bucket."
            )
        raise_if(mistakes)
        return self

    @model_validator(mode="after")
    def users_are_named_once(self) -> "BucketSettings":
        named: dict[tuple[str | None, str, str], int] = {}
        for index, user in enumerate(self.used_by):
            key = (user.cluster, user.namespace, user.service_account)
            if key in named:
                raise ValueError(
                    f"used_by[{index}] names service account {user.service_account} of namespace {user.namespace} "
                    f"again, after used_by[{named[key]}]. Keep one of them; mode: write lets it read too."
                )
            named[key] = index
        return self
