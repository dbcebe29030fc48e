"""EKS: the version of Kubernetes, and the add-ons that EKS installs."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema
from referencing.exceptions import Unresolvable

from common.spelling import nearest
from components.stack.support import DAYS_AHEAD
from costs.resource import Resource
from preflight.account import Ask, CouldNotLookError
from preflight.check import Finding, check, failure, ok, warning
from preflight.needs import Needs, known

GUIDE = "docs/guides/cluster/upgrade-kubernetes.md"
_ADDON, _VERSIONS = "eks/addon:Addon", "eks:DescribeClusterVersions"


@check("Kubernetes version", calls=(_VERSIONS,))
def versions(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """EKS offers the version of each cluster, and supports it for a while."""
    offered = _offered(ask)
    for key, cluster in needs.settings.clusters.items():
        setting, found = f"clusters.{key}.version", offered.get(cluster.version)
        if found is None:
            newest = [name for name, each in offered.items() if each["versionStatus"] == "STANDARD_SUPPORT"]
            yield failure(
                f"{setting}: EKS offers no {cluster.version} in {needs.settings.region}",
                "it makes no cluster of this version",
                f"Write one that it supports: {', '.join(newest) or 'none is known'}.",
            )
            continue
        extended = found["versionStatus"] == "EXTENDED_SUPPORT"
        if extended and cluster.support_type == "STANDARD":
            yield failure(
                f"{setting}: {cluster.version} is in extended support only",
                "a cluster with support_type STANDARD is upgraded by AWS on its own",
                f"Write a newer version, or support_type: EXTENDED, which costs six times as much an hour: {GUIDE}.",
            )
            continue
        end = found.get("endOfExtendedSupportDate" if extended else "endOfStandardSupportDate")
        kind = "extended" if extended else "standard"
        days = (end - datetime.now(UTC)).days if end else DAYS_AHEAD + 1
        if days > DAYS_AHEAD:
            yield ok(f"{setting}: {cluster.version}, in {kind} support" + (f" until {end:%Y-%m-%d}" if end else ""))
            continue
        then = "AWS upgrades it then" if extended or cluster.support_type == "STANDARD" else "it costs six times then"
        yield warning(f"{setting}: {kind} support ends on {end:%Y-%m-%d}", f"in {days} days; {then}", f"Plan: {GUIDE}.")


def _offered(ask: Ask) -> dict[str, Any]:
    """Returns the versions of Kubernetes that EKS supports."""
    found = ask(_VERSIONS, includeAll=True)["clusterVersions"]
    return {each["clusterVersion"]: each for each in found if each.get("versionStatus", "UNSUPPORTED") != "UNSUPPORTED"}


@check("EKS add-on versions", calls=("eks:DescribeAddonVersions", _VERSIONS))
def addon_versions(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """Each add-on has the pinned version for the cluster's version of Kubernetes."""
    for addon, cluster, kubernetes in _addons(needs):
        name, pinned = str(addon.inputs["addonName"]), known(addon.inputs.get("addonVersion"))
        answer = ask("eks:DescribeAddonVersions", addonName=name, kubernetesVersion=kubernetes)["addons"]
        present = [each["addonVersion"] for one in answer for each in one.get("addonVersions", ())]
        if pinned in present:
            yield ok(f"{name} {pinned}")
            continue
        if not present:
            if kubernetes in _offered(ask):  # otherwise the check of the version has said it
                yield failure(
                    f"EKS has no {name} for Kubernetes {kubernetes} in {needs.settings.region}",
                    "CreateAddon is refused, and `up` stops half-way",
                    f"Write another clusters.{cluster}.version, or another region.",
                )
            continue
        newest = max(present, key=_order)
        yield failure(
            f"{name} has no version {pinned} for Kubernetes {kubernetes} here",
            "CreateAddon is refused, and `up` stops half-way",
            f"Write `clusters.{cluster}.managed_addons.{name}.version: {newest}`, the newest, or another one:",
            f"aws eks describe-addon-versions --region {needs.settings.region} --addon-name {name} "
            f"--kubernetes-version {kubernetes} --query 'addons[].addonVersions[].addonVersion'",
        )


@check("EKS add-on values", calls=("eks:DescribeAddonConfiguration",))
def addon_values(needs: Needs, ask: Ask) -> Iterator[Finding]:
    """The configuration of each add-on is one that its own schema takes."""
    for addon, cluster, _ in _addons(needs):
        name, version = str(addon.inputs["addonName"]), known(addon.inputs.get("addonVersion"))
        if not (values := known(addon.inputs.get("configurationValues"))):
            continue
        gone = ("ResourceNotFoundException", "InvalidParameterException")
        answer = ask("eks:DescribeAddonConfiguration", absent=gone, addonName=name, addonVersion=version)
        schema = json.loads((answer or {}).get("configurationSchema") or "null")
        if schema is None:
            continue  # the version is missing, which another check says
        try:
            validator = jsonschema.validators.validator_for(schema)(schema)
            mistakes = list(validator.iter_errors(json.loads(values)))
        except (jsonschema.SchemaError, jsonschema.exceptions.UnknownType, Unresolvable, re.error):
            raise CouldNotLookError(f"the schema of {name} cannot be read", "Ask AWS for another version.") from None
        for mistake in mistakes:
            path = ".".join(map(str, mistake.absolute_path))
            yield failure(
                f"{name} {version}: {f'{path}: ' * bool(path)}{_said(mistake)}",
                "CreateAddon is refused, and `up` stops half-way",
                f"Mend clusters.{cluster}.managed_addons.{name}.configuration, or take another version.",
            )
        if not mistakes:
            yield ok(f"{name}: its values")


def _addons(needs: Needs) -> Iterator[tuple[Resource, str, str]]:
    """Yields each add-on with the key and the version of its cluster. An add-on of two clusters comes twice."""
    clusters = {needs.stage.cluster_name(key): (key, each.version) for key, each in needs.settings.clusters.items()}
    for addon in needs.of(_ADDON):
        yield addon, *clusters[str(addon.inputs["clusterName"])]


def _said(mistake: Any) -> str:
    """Returns a mistake without the value, which may be long or private."""
    if mistake.validator == "additionalProperties" and isinstance(mistake.instance, dict):
        allowed = mistake.schema.get("properties", {})
        unknown = [key for key in mistake.instance if key not in allowed]
        near = {key: nearest(key, allowed) for key in unknown}
        return "it knows no " + ", ".join(f"{key} (but {word})" if word else key for key, word in near.items())
    return f"breaks `{mistake.validator}: {json.dumps(mistake.validator_value)[:80]}`"


def _order(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]
