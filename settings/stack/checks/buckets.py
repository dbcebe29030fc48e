"""Checks buckets against each other, the region and the add-ons of the clusters."""

from collections import Counter
from collections.abc import Iterator

from catalog.eks_addons import ADDONS
from settings.core.problems import Mistake, Path
from settings.stack.parts import Parts
from settings.storage.second_region import region_mistakes

PLATFORM_BUCKETS = ("access-logs", "flow-logs")  # buckets that the platform makes, besides velero-<cluster>

# The inline policies of a role may have 10 240 characters: room for this many buckets with the longest names.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, read 2026-11.
BUCKETS_OF_ONE_USER = 14


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Yields every mistake between a bucket and the rest of the stack file."""
    used: Counter[tuple[str | None, str, str]] = Counter()
    for name, bucket in parts.storage.buckets.items() if parts.storage is not None else ():
        path: Path = ("storage", "buckets", name)
        if name in PLATFORM_BUCKETS or name.startswith("velero-"):
            yield path, f"{name} is the name of a bucket that the platform makes itself. Rename it."
        yield from region_mistakes((*path, "replicate_to"), bucket.replicate_to, parts.region)
        for index, user in enumerate(bucket.used_by):
            used[user.cluster, user.namespace, user.service_account] += 1
            if used[user.cluster, user.namespace, user.service_account] == BUCKETS_OF_ONE_USER + 1:
                yield (
                    (*path, "used_by", index),
                    (
                        f"service account {user.service_account} of namespace {user.namespace} uses more than "
                        f"{BUCKETS_OF_ONE_USER} buckets, and the permissions do not fit into one role. Put related "
                        "data into one bucket, or use another service account for some of the pods."
                    ),
                )
            addon = _eks_addon_of(user.namespace, user.service_account)
            if addon is not None:
                yield (
                    (*path, "used_by", index, "service_account"),
                    (
                        f"{user.service_account} in {user.namespace} belongs to add-on {addon}, which already has a "
                        "role, and EKS allows one role for each service account. Name the service account of the pods "
                        "that use the bucket."
                    ),
                )


def _eks_addon_of(namespace: str, service_account: str) -> str | None:
    """Returns the EKS add-on that a service account belongs to, if any."""
    for addon in ADDONS.values():
        if (addon.namespace, addon.service_account) == (namespace, service_account):
            return addon.name
    return None
