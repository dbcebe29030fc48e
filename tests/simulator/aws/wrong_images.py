"""Realistic wrong values and updates of repositories, their policies and lifecycles, and of the pull-through cache."""

from __future__ import annotations

import json
from typing import Any

from simulator.aws import tokens
from tests.simulator.aws.sound_values import EXPIRE_UNTAGGED, lifecycle
from tests.simulator.aws.wrong_values import REPLACES, of, updates

_SECRETS = "arn:aws:secretsmanager:us-west-2:123456789012:secret:"
_HUB = {"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "registry-1.docker.io"}
_KEEP = {
    "rulePriority": 2,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 100},
    "action": {"type": "expire"},
}


def _rule(rule: dict[str, Any], priority: int | None = None, **selection: Any) -> dict[str, Any]:
    changed = {key: value for key, value in {**rule["selection"], **selection}.items() if value != "none"}
    return {**rule, "rulePriority": priority or rule["rulePriority"], "selection": changed}


def _policy(*rules: Any) -> dict[str, str]:
    return {"policy": lifecycle(*rules)}


def _archive(*, days: int = 90, action: dict[str, str] | None = None, **selection: Any) -> dict[str, Any]:
    """A rule that deletes what was archived."""
    changed = {"storageClass": "archive", "countType": "sinceImageTransitioned", "countUnit": "days", **selection}
    given = {**_KEEP, "action": action or {"type": "expire"}}
    return _rule(given, 3, countNumber=days, **changed)


_MOVE = {"type": "transition", "targetStorageClass": "archive"}
_UNPULLED: dict[str, Any] = {"countType": "sinceImagePulled", "countUnit": "days"}
_V = {"tagStatus": "tagged", "tagPatternList": ["v*"]}


def _filters(*filters: str, kind: str = "WILDCARD") -> dict[str, Any]:
    return {"imageTagMutabilityExclusionFilters": [{"filter": each, "filterType": kind} for each in filters]}


def _excluded(*filters: str, kind: str = "WILDCARD") -> dict[str, Any]:
    return {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", **_filters(*filters, kind=kind)}


def _allow(**statement: Any) -> dict[str, str]:
    grant = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "ecr:BatchGetImage", **statement}
    given = {key: value for key, value in grant.items() if value is not None}
    return {"policy": json.dumps({"Version": "2012-10-17", "Statement": [given]})}


IMAGES = (
    *of(
        tokens.REPOSITORY,
        ("upper case", {"name": "research/Trainer"}, "name"),
        ("slash at the end", {"name": "research/"}, "name"),
        ("two slashes", {"name": "research//trainer"}, "name"),
        ("underscore at the beginning", {"name": "_trainer"}, "name"),
        ("long name", {"name": "x" * 257}, "name"),
        ("name that is taken", {"name": "taken"}, "RepositoryAlreadyExistsException"),
        ("mutability of nobody", {"imageTagMutability": "immutable"}, "image_tag_mutability"),
        (
            "exclusions without a filter",
            {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION"},
            "ExclusionFilters can't be",
        ),
        ("exclusions from moving tags", {"imageTagMutability": "MUTABLE_WITH_EXCLUSION"}, "ExclusionFilters can't be"),
        ("filter without exclusions", _filters("dev-*"), "exclusion_filter can only be used"),
        ("three wildcards", _excluded("a*b*c*"), "a maximum of 2 wildcards"),
        ("a class", _excluded("v[0-9]"), "letters, digits"),
        ("no filter at all", _excluded(""), "1 to 128"),
        ("a long filter", _excluded("x" * 129), "1 to 128"),
        ("six filters", _excluded(*"abcdef"), "exclusion_filter"),
        ("a regular expression", _excluded("dev-*", kind="REGEX"), "filter_type"),
        ("encryption by name of the key", {"encryptionConfigurations.0.encryptionType": "aws:kms"}, "encryption_type"),
        ("a key with AES256", {"encryptionConfigurations.0.encryptionType": "AES256"}, "KmsKey can only be set"),
        ("two layers", {"encryptionConfigurations.0.encryptionType": "KMS_DSSE"}, "not supported in us-west-2"),
        (
            "key that is not there",
            {"encryptionConfigurations.0.kmsKey": "arn:aws:kms:us-west-2:123456789012:key/0123abcd"},
            "KmsException",
        ),
    ),
    *updates(
        tokens.REPOSITORY,
        ("another name", {}, {"name": "renamed"}, REPLACES),
        (
            "another encryption",
            {"encryptionConfigurations": [{"encryptionType": "AES256"}]},
            {"encryptionConfigurations": [{"encryptionType": "KMS"}]},
            REPLACES,
        ),
    ),
    *of(
        tokens.LIFECYCLE_POLICY,
        ("no rules", {"policy": json.dumps({"rules": [], "comment": "x" * 100})}, "array is too short"),
        ("no list", {"policy": json.dumps({"rule": [EXPIRE_UNTAGGED]})}, "missing required properties"),
        ("no JSON", {"policy": "{" * 120}, "JSON"),
        ("short", {"policy": json.dumps({"rules": [1]})}, "policy"),
        ("long", {"policy": lifecycle({**_KEEP, "description": "x" * 30720})}, "policy"),
        ("no action", _policy({key: _KEEP[key] for key in ("rulePriority", "selection")}), "missing required"),
        ("a count and days", _policy(_rule(_KEEP, countUnit="days")), "exactly one schema"),
        ("days without a unit", _policy(_rule(EXPIRE_UNTAGGED, countUnit="none")), "exactly one schema"),
        ("null", _policy(_rule(_KEEP, countUnit=None)), "exactly one schema"),
        ("hours", _policy(_rule(EXPIRE_UNTAGGED, countUnit="hours")), "not found in enum"),
        ("no image", _policy(_rule(_KEEP, countNumber=0)), "lower than the required minimum"),
        ("number as text", _policy(_rule(_KEEP, countNumber="100")), "lower than the required minimum"),
        ("tagged without a pattern", _policy(_rule(_KEEP, tagStatus="tagged")), "Must specify tagPrefixList"),
        ("a pattern alone", _policy(_rule(_KEEP, tagStatus="tagged", tagPatternList="v*")), "allowed primitive type"),
        ("any with a prefix", _policy(_rule(_KEEP, tagPrefixList=["v"])), "cannot be specified"),
        ("any before untagged", _policy(_rule(_KEEP, 1), _rule(EXPIRE_UNTAGGED, 2)), "must have the lowest priority"),
        ("untagged twice", _policy(EXPIRE_UNTAGGED, _rule(EXPIRE_UNTAGGED, 2)), "Only one rule can select Untagged"),
        ("one priority twice", _policy(EXPIRE_UNTAGGED, _rule(_KEEP, 1)), "Duplicate"),
        ("a misspelt key", _policy({**_KEEP, "priority": 1}), "not allowed by the schema"),
        ("a kind of another service", _policy({**_KEEP, "action": {"type": "delete"}}), "not found in enum"),
        ("moved nowhere", _policy({**_KEEP, "action": {"type": "transition"}}), "exactly one schema"),
        ("moved to glacier", _policy({**_KEEP, "action": {**_MOVE, "targetStorageClass": "glacier"}}), "in enum"),
        ("moved in capitals", _policy({**_KEEP, "action": {**_MOVE, "targetStorageClass": "ARCHIVE"}}), "in enum"),
        ("deleted into the archive", _policy({**_KEEP, "action": {**_MOVE, "type": "expire"}}), "exactly one schema"),
        ("unpulled and deleted", _policy(_rule(_KEEP, **_UNPULLED)), "exactly one schema"),
        ("archived, of no class", _policy(_archive(storageClass="none")), "exactly one schema"),
        ("archived, of the standard class", _policy(_archive(storageClass="standard")), "in enum"),
        ("archived and moved again", _policy(_archive(action=_MOVE)), "exactly one schema"),
        ("archived for too few days", _policy(_archive(days=89)), "minimum: 90"),
        ("a count of the archive", _policy(_rule(_KEEP, storageClass="archive")), "in enum"),
        ("any twice, one moves", _policy({**_KEEP, "action": _MOVE}, _rule(_KEEP, 3)), "can select Any images"),
        ("one pattern twice", _policy(_rule(_KEEP, 1, **_V), _rule(_KEEP, 2, **_V)), "need different tagPrefixList"),
        ("five wildcards", _policy(_rule(_KEEP, tagStatus="tagged", tagPatternList=["*a*b*c*d*"])), "wildcards"),
        (
            "51 rules",
            _policy(*(_rule(_KEEP, at, tagStatus="tagged", tagPrefixList=[f"v{at}"]) for at in range(1, 52))),
            "array is too long",
        ),
        ("a repository that is not there", {"repository": "nowhere"}, "RepositoryNotFoundException"),
    ),
    *updates(
        tokens.LIFECYCLE_POLICY,
        ("another rule", {}, _policy(_KEEP), REPLACES),
    ),
    *of(
        tokens.REPOSITORY_POLICY,
        ("a resource", _allow(Resource="*"), "Invalid repository policy provided"),
        ("nobody", _allow(Principal=None), "Invalid repository policy provided"),
        ("all of an account", _allow(Principal={"AWS": "arn:aws:iam::123456789012:*"}), "Principal not found"),
        ("an action of another service", _allow(Action="s3:GetObject"), "Invalid repository policy provided"),
        ("no action", _allow(Action=None), "Invalid repository policy provided"),
        ("a repository that is not there", {"repository": "nowhere"}, "RepositoryNotFoundException"),
    ),
    *of(
        tokens.CACHE_RULE,
        ("NVIDIA's registry", {"upstreamRegistryUrl": "nvcr.io"}, "UnsupportedUpstreamRegistryException"),
        ("Docker Hub's other name", {"upstreamRegistryUrl": "docker.io"}, "UnsupportedUpstreamRegistryException"),
        ("a URL", {"upstreamRegistryUrl": "https://registry.k8s.io"}, "UnsupportedUpstreamRegistryException"),
        ("Docker Hub without a secret", _HUB, "requires authentication"),
        ("a prefix of 31", {"ecrRepositoryPrefix": "ml-platform-staging-research/k8"}, "ecr_repository_prefix"),
        ("a prefix of one", {"ecrRepositoryPrefix": "k"}, "ecr_repository_prefix"),
        ("upper case", {"ecrRepositoryPrefix": "K8s"}, "ecr_repository_prefix"),
        ("prefix that is taken", {"ecrRepositoryPrefix": "taken"}, "PullThroughCacheRuleAlreadyExistsException"),
        ("another name of the secret", {**_HUB, "credentialArn": f"{_SECRETS}hub-ab12cd"}, "credentialArn"),
        (
            "a secret that is not there",
            {**_HUB, "credentialArn": f"{_SECRETS}ecr-pullthroughcache/gone-ab12cd"},
            "SecretNotFoundException",
        ),
        ("a secret with a key of ours", {**_HUB, "credentialArn": "<own-key:arn>"}, "unable to be decrypted"),
    ),
    *updates(
        tokens.CACHE_RULE,
        ("another upstream", {}, {"upstreamRegistryUrl": "quay.io"}, REPLACES),
        (
            "no secret any more",
            {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io", "credentialArn": "<hub:arn>"},
            {"credentialArn": None},
            "either credential arn or role arn",
        ),
    ),
    *of(
        tokens.CREATION_TEMPLATE,
        ("what it is not for", {"appliedFors": ["PULL"]}, "applied_fors"),
        ("for nothing", {"appliedFors": []}, "applied_fors"),
        ("filter without exclusions", _filters("dev-*"), "ExclusionFilters can't be null"),
        ("no rules", {"lifecyclePolicy": json.dumps({"rules": []})}, "array is too short"),
        ("a policy with a resource", {"repositoryPolicy": _allow(Resource="*")["policy"]}, "Invalid repository policy"),
        ("a role that is gone", {"customRoleArn": "arn:aws:iam::123456789012:role/gone"}, "does not exist"),
    ),
    *updates(tokens.CREATION_TEMPLATE, ("another prefix", {}, {"prefix": "quay"}, REPLACES)),
)
