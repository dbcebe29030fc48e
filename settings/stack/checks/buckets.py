"""What is wrong with buckets beside each other, the region and the add-ons of the clusters."""

from collections import Counter
from collections.abc import Iterator

from catalog.eks_addons import ADDONS
from settings.core.problems import Mistake, Path
from settings.stack.parts import Parts
from settings.storage.second_region import region_mistakes

OWN_BUCKETS = ("access-logs", "flow-logs")  # names of the platform's own, beside velero-<cluster>

# A role's inline policies have room for 10 240 characters: for the rights to so many buckets with the longest names.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, read 2026-11.
BUCKETS_OF_ONE_USER = 14


def mistakes(parts: Parts) -> Iterator[Mistake]:
    """Every mistake that shows only from outside a bucket."""
    used: Counter[tuple[str | None, str, str]] = Counter()
    for name, bucket in parts.storage.buckets.items() if parts.storage is not None else ():
        place: Path = ("storage", "buckets", name)
        if name in OWN_BUCKETS or name.startswith("velero-"):
            yield place, f"{name} is the name of a bucket that the platform makes for itself. Rename it."
        yield from region_mistakes((*place, "replicate_to"), bucket.replicate_to, parts.region)
        for index, user in enumerate(bucket.used_by):
            used[user.cluster, user.namespace, user.service_account] += 1
            if used[user.cluster, user.namespace, user.service_account] == BUCKETS_OF_ONE_USER + 1:
                yield (
                    (*place, "used_by", index),
                    (
                        f"service account {user.service_account} of namespace {user.namespace} uses more than "
                        f"{BUCKETS_OF_ONE_USER} buckets, whose rights do not fit into one role. Put what belongs "
                        "together into one bucket, or give some of the work a service account of its own."
                    ),
                )
            addon = _owner(user.namespace, user.service_account)
            if addon is not None:
                yield (
                    (*place, "used_by", index, "service_account"),
                    (
                        f"{user.service_account} in {user.namespace} belongs to add-on {addon}, which has a role "
                        "already, and EKS takes one for each. Name the service account of the pods that use the bucket."
                    ),
                )


def _owner(namespace: str, service_account: str) -> str | None:
    """The EKS add-on that a service account belongs to."""
    for addon in ADDONS.values():
        if (addon.namespace, addon.service_account) == (namespace, service_account):
            return addon.name
    return None
