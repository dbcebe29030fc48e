"""Checks buckets against each other, the region and the add-ons of the clusters."""

from collections import Counter
from collections.abc import Iterator, Mapping

from catalog.eks_addons import ADDONS
from settings.cluster.addon_rules import AddOnRules, installed
from settings.core.problems import Mistake, Path
from settings.stack.parts import Parts
from settings.storage.second_region import region_mistakes
from settings.storage.storage_entry import StorageUserSettings

PLATFORM_BUCKETS = ("access-logs", "flow-logs")  # buckets that the platform makes, besides those of add-ons

# The inline policies of a role may have 10 240 characters: room for this many buckets with the longest names.
# Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, read 2026-11.
BUCKETS_OF_ONE_USER = 14


def mistakes(parts: Parts, add_ons: Mapping[str, AddOnRules]) -> Iterator[Mistake]:
    """Yields every mistake between a bucket and the rest of the stack file. add_ons: every Helm add-on, by name."""
    prefixes = tuple(f"{name}-" for name, rules in add_ons.items() if rules.makes_buckets)
    used: Counter[tuple[str | None, str, str]] = Counter()
    for name, bucket in parts.storage.buckets.items() if parts.storage is not None else ():
        path: Path = ("storage", "buckets", name)
        if name in PLATFORM_BUCKETS or name.startswith(prefixes):
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
            addon = _addon_of(user, parts, add_ons)
            if addon is not None:
                yield (
                    (*path, "used_by", index, "service_account"),
                    (
                        f"{user.service_account} in {user.namespace} belongs to add-on {addon}, which already has a "
                        "role, and EKS allows one role for each service account. Name the service account of the pods "
                        "that use the bucket."
                    ),
                )


def _addon_of(user: StorageUserSettings, parts: Parts, add_ons: Mapping[str, AddOnRules]) -> str | None:
    """Returns the add-on that a service account belongs to, if any. A Helm add-on counts where a cluster has it."""
    account = (user.namespace, user.service_account)
    clusters = [content for key, content in parts.clusters.items() if user.cluster in (None, key)]
    helm = {name: rules for content in clusters for name, rules in installed(add_ons, content).items()}
    owners = [
        *(addon.name for addon in ADDONS.values() if (addon.namespace, addon.service_account) == account),
        *(name for name, rules in helm.items() if account in rules.service_accounts),
    ]
    return next(iter(owners), None)
