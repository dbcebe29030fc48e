"""Checks Kubernetes versions on a date, and the versions of EKS add-ons for them."""

from collections.abc import Iterator, Mapping
from datetime import date

from catalog.eks_addons import ADDONS, VPC_CNI_AT_LEAST, release_of
from catalog.kubernetes import VERSIONS
from settings.cluster.fixed_values import FixedValue, changed, only
from settings.cluster.managed_addons import eks_addons
from settings.core.problems import Mistake, Path, listed
from settings.stack.parts import Parts
from settings.storage.drivers import needed_drivers

ADDRESS_PLAN = "is another value than the numbers of pods and addresses hold for: pods may get no address."
# Source: README of aws/amazon-vpc-cni-k8s v1.22.4, "CNI configuration variables", read 2026-11. With pod ENIs a trunk
# takes one more interface.
CNI_FIXED = tuple(
    FixedValue(path=f"env.{name}", keeps=only(value), why=ADDRESS_PLAN)
    for name, value in (
        ("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "false"),
        ("ENABLE_MULTI_NIC", "false"),
        ("ENABLE_POD_ENI", "false"),
        ("ENABLE_PREFIX_DELEGATION", "true"),
        ("ENABLE_SUBNET_DISCOVERY", "true"),
        ("MAX_ENI", "0"),  # as many as the machine takes
    )
)


_ASK = "`aws eks describe-cluster --name CLUSTER --query cluster.version`"


def mistakes(parts: Parts, today: date) -> list[Mistake]:
    """Returns versions without support; if there are none, add-ons without a version, or with one that is too old."""
    # An unsupported version of Kubernetes needs no add-ons.
    return _versions(parts, today) or [*_addon_versions(parts), *_cni(parts)]


def _versions(parts: Parts, today: date) -> list[Mistake]:
    unsupported: list[Mistake] = []
    supported = listed(release.version for release in VERSIONS.values() if release.end_standard >= today)
    for cluster, content in parts.clusters.items():
        release = VERSIONS.get(content.version or "")
        if release is None:
            continue
        if release.end_extended < today:
            sentence = (
                f"{release.version} has had no support since {release.end_extended}, and AWS upgrades such clusters "
                f"by itself. Write the version that the cluster has now: {_ASK}; for a new one, one of {supported}."
            )
        elif release.end_standard < today and content.support_type == "STANDARD":
            sentence = (
                f"{release.version} left standard support on {release.end_standard}, and with support_type STANDARD "
                f"AWS upgrades the cluster by itself. Write the version that it has now: {_ASK}; for a new one, one of "
                f"{supported}. Or write support_type: EXTENDED, which costs six times as much an hour: from there it "
                "goes one minor version at a time."
            )
        else:
            continue
        unsupported.append((("clusters", cluster, "version"), sentence))
    return unsupported


def _addon_versions(parts: Parts) -> Iterator[Mistake]:
    for cluster, content in parts.clusters.items():
        if content.version is None or content.managed_addons is None:
            continue
        unpinned = []
        drivers = needed_drivers(parts.storage, cluster, parts.clusters) if parts.storage else ()
        installed = eks_addons(content, drivers)
        for name, addon in ADDONS.items():
            entry = content.managed_addons.get(name)
            given_version = entry.get("version") if isinstance(entry, Mapping) else None
            if name in installed and given_version is None and content.version not in addon.versions:
                unpinned.append(name)
        if unpinned:
            yield (
                ("clusters", cluster, "managed_addons"),
                (
                    f"the catalog has no version of {listed(unpinned)} for Kubernetes {content.version}. Take a "
                    f"version from `aws eks describe-addon-versions`, and write `{unpinned[0]}: {{version: "
                    f"...}}`{', and so for each of the others' if len(unpinned) > 1 else ''}."
                ),
            )


def _cni(parts: Parts) -> Iterator[Mistake]:
    """Yields a VPC CNI that is too old, and variables of it with which pods get other addresses than are planned."""
    for cluster, content in parts.clusters.items():
        entry = (content.managed_addons or {}).get("vpc-cni")
        if not isinstance(entry, Mapping):
            continue
        path: Path = ("clusters", cluster, "managed_addons", "vpc-cni")
        given_version = entry.get("version")
        if given_version is not None and release_of(given_version) < VPC_CNI_AT_LEAST:
            yield (
                (*path, "version"),
                (
                    f"{given_version} is older than {'.'.join(map(str, VPC_CNI_AT_LEAST))}: pods would take the "
                    "addresses of the nodes' subnets, or lose their network at boot. Drop it, or take a newer version "
                    "from `aws eks describe-addon-versions --addon-name vpc-cni`."
                ),
            )
        configuration = entry.get("configuration")
        for below, sentence in changed(configuration, CNI_FIXED) if isinstance(configuration, Mapping) else ():
            yield (*path, "configuration", *below), sentence
