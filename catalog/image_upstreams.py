"""Registries that ECR can cache, by the names that a stack file gives them.

NVIDIA's (nvcr.io) and Google's are none, nor are names that lead to one, such as cr.l5d.io: copy these images.
Sources: ECR API model of botocore, CreatePullThroughCacheRule; ECR user guide, "Sync an upstream registry", "IAM
permissions required to sync an upstream registry", "Storing your upstream repository credentials"; read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Upstream = Literal["ecr-public", "k8s", "quay", "docker-hub", "ghcr"]


@dataclass(frozen=True, kw_only=True)
class ImageUpstream:
    """One registry. url: as ECR names it; host: as images name it. secret: whether ECR asks for credentials."""

    url: str
    host: str
    secret: bool = False


UPSTREAMS: Final[Mapping[Upstream, ImageUpstream]] = {
    "ecr-public": ImageUpstream(url="public.ecr.aws", host="public.ecr.aws"),
    "k8s": ImageUpstream(url="registry.k8s.io", host="registry.k8s.io"),
    "quay": ImageUpstream(url="quay.io", host="quay.io"),
    "docker-hub": ImageUpstream(url="registry-1.docker.io", host="docker.io", secret=True),
    "ghcr": ImageUpstream(url="ghcr.io", host="ghcr.io", secret=True),
}

SECRET_PREFIX: Final = "ecr-pullthroughcache/"  # noqa: S105
"""What the name of a secret of ECR's begins with. Its key is AWS's own: ECR may use none of the account."""

CACHE_PREFIX_LENGTH: Final = 30
"""Longest prefix of cached repositories."""

WITHOUT_CACHE: Final = ("aws-cn", "aws-us-gov")
"""Partitions in which ECR has no pull-through cache."""
