"""`images`: the repositories of teams in ECR, and the cache of other registries."""

from pydantic import Field, ValidationInfo, field_validator

from catalog.image_upstreams import UPSTREAMS, Upstream
from settings.core.base import Settings
from settings.core.problems import listed, raise_if, repeated


class ImageCacheSettings(Settings):
    """Other registries behind the account's own: ECR fetches an image at its first pull, and keeps it.

    What is cached comes from the account's registry, so rules on registries let it in: name images by digest.
    """

    upstreams: tuple[Upstream, ...] = Field(
        min_length=1,
        description="Registries that are cached. ECR has no cache of nvcr.io: copy those images.",
        examples=[["ecr-public", "k8s", "quay"]],
    )
    filled: tuple[Upstream, ...] = Field(
        default=(),
        description=(
            "Upstreams whose secret somebody has filled. docker-hub and ghcr get an empty secret first, and are cached "
            "once they are named here: ECR refuses a cache whose secret it cannot read."
        ),
        examples=[["docker-hub"]],
    )

    @field_validator("upstreams", "filled")
    @classmethod
    def upstreams_are_named_once(cls, names: tuple[Upstream, ...]) -> tuple[Upstream, ...]:
        twice = repeated(names)
        raise_if([f"{listed(twice)} is named twice. Name each once."] if twice else [])
        return names

    @field_validator("filled")
    @classmethod
    def what_is_filled_has_a_secret(cls, names: tuple[Upstream, ...], info: ValidationInfo) -> tuple[Upstream, ...]:
        upstreams = info.data.get("upstreams")
        raise_if(
            f"{name} has no secret, and is cached as it is. Drop it here."
            if not UPSTREAMS[name].secret
            else f"{name} is not in upstreams, so it has no secret that could be filled. Add it there, or drop it here."
            for name in names
            if not UPSTREAMS[name].secret or (upstreams is not None and name not in upstreams)
        )
        return names

    @property
    def cached(self) -> tuple[Upstream, ...]:
        """The upstreams that have a rule: those that need no secret, and those whose secret is filled."""
        return tuple(name for name in self.upstreams if not UPSTREAMS[name].secret or name in self.filled)


class ImagesSettings(Settings):
    """Repositories of images in the account's registry. Tags are immutable, and pushes are scanned."""

    kms: bool = Field(
        default=True,
        description=(
            "Whether repositories of teams are encrypted with a KMS key of the stack, otherwise with one of S3. A "
            "change makes them anew, without their images."
        ),
    )
    untagged_days: int | None = Field(
        default=None,
        ge=0,
        le=3650,
        description=(
            "Days after which an image without a tag is deleted, 0 for never. 14 if it is not given; for repositories "
            "of teams 0 where `admission.signatures` is, since signatures of cosign 3 have no tag."
        ),
    )
    keep: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="Newest images that a repository keeps. ECR deletes older ones, also those that pods run.",
    )
    cache: ImageCacheSettings | None = Field(
        default=None,
        description="Other registries behind the account's own. Without it nothing is cached.",
        examples=[{"upstreams": ["ecr-public", "k8s", "quay"]}],
    )

    def keeping_signatures(self) -> "ImagesSettings":
        """Returns them for images that need signatures. Whether ECR spares those of images that stay is unverified."""
        return self.model_copy(update={"untagged_days": self.untagged_days or 0})
