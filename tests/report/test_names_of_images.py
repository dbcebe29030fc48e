"""Values of charts that name images, told by their paths: by the facts of every chart of the catalog."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from catalog.chart_facts import FOLDER, chart_facts
from report.dangers.weaker import names_an_image

WORDS = {"digest", "image", "registry", "repository", "sha", "tag", "version"}
NONE = {
    "versions of APIs, of protocols and of Kubernetes": (
        *("apiVersion", "apiVersionOverrides.*", "resourceApiVersion", "kubeTargetVersionOverride"),
        *("kubeVersionOverride", "backendProtocolVersion", "logFormatVersion", "minTLSVersion"),
        *("minTlsVersion", "remoteWriteReceiverMessageVersions", "tlsMinVersion"),
    ),
    "versions that something is told, whose image stands elsewhere": (
        *("cliVersion", "kyvernoVersion", "prometheusSpec.version", "thanosRulerSpec.version"),
        *("alertmanagerSpec.version", "prometheus-node-exporter.version"),
    ),
    "names of alerts": ("additionalRuleAnnotations.KubeVersionMismatch.*", "disabled.KubeVersionMismatch"),
    "tags of resources": (
        *("autoDiscovery.tags", "controller.tags.*", "defaultTags.*", "externalManagedTags", "extraTags.*"),
        *("extraVolumeTags.*", "k8sTagClusterId", "managedAsgTag", "managedTag", "serviceTargetENISGTags", "vpcTags.*"),
    ),
    "tags of lines in logs": ("includeTagKey", "input.tag", "s3KeyFormatTagDelimiters", "tagKey"),
    "registries and repositories of other things": (
        *("artifactRepositoryRef.*", "configs.repositories.*", "customArtifactRepository.*"),
        *("repositoriesAnnotations.*", "metricsGenerator.registry.*", "repositoryConfigData.repositories.*"),
        *("external-dns.registry", "imagePullSecret.registry"),
    ),
    "what policies write into pods of others": ("config.defaultRegistry",),
    "how an image is verified, pulled or started": (
        *("emissary.images", "image.command", "imagePullerPriority", "imageVerify", "initImage.resources.*"),
        *("tls.secretName", "tls.volumeMounts", "tls.volumes"),
    ),
}
"""What it is instead -> the ends of paths, from the name of the chart on."""


def words(key: str) -> list[str]:
    """The words of a key, in the singular."""
    found = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", key)
    return [re.sub(r"ies$", "y", each.lower()).removesuffix("s") for each in found]


def leaves(value: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Paths of what may name an image. What a map holds counts as one value, `*`."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from leaves(each, *path, key)
    elif value not in ("boolean", "unread"):
        yield (*path, "*") if value == "map" else path


def looks_like_one(path: tuple[str, ...]) -> bool:
    """Whether a value looks like a part of the name of an image, and is not about how it is pulled."""
    *parents, last = path[:-1] if path[-1] == "*" else path
    below = any(words(each)[-1:] == ["image"] for each in parents)
    return (below or not WORDS.isdisjoint(words(last))) and not re.search("[pP]ull(Policy|Secret)", last)


def test_what_looks_like_an_image_in_the_values_of_a_chart_is_told_or_is_known_to_be_none() -> None:
    charts = sorted(each.stem for each in FOLDER.glob("*.json"))
    looks = {
        ".".join((chart, *path[1:])): ".".join(path)
        for chart in charts
        for path in leaves(chart_facts(chart).values, "values")
        if looks_like_one(path[1:])
    }
    untold = [each for each, path in looks.items() if not names_an_image(path)]
    none = {ending for endings in NONE.values() for ending in endings}
    used = {each: {end for end in none if each.endswith(f".{end}") or each == end} for each in untold}
    assert [each for each, endings in used.items() if not endings] == [], "write it into the matcher, or into NONE"
    assert none - {end for endings in used.values() for end in endings} == set(), "told, although it is none; or gone"
    assert len(looks) > 800, "most values that look like an image's are told"


@pytest.mark.parametrize(
    "path",
    [
        "image.pullPolicy",
        "image.pullSecrets.0.name",
        "imagePullSecrets.0.name",
        "initImage.resources.limits.cpu",
        "emissary.images.docker/whalesay:latest.cmd",
        "podLabels.version",
        "prometheus-node-exporter.version",
        "azureEnableVMSSEtag",
    ],
)
def test_what_is_beside_an_image_is_none(path: str) -> None:
    assert not names_an_image(f"values.{path}")


@pytest.mark.parametrize(
    "path",
    [
        "prePuller.extraImages.mine.name",
        "initContainers.0.image",
        "manager.image.repositoryDomainMap.public",
        "driver.version",
        "image.override",
    ],
)
def test_what_is_no_key_of_a_chart_may_be_an_image_as_well(path: str) -> None:
    assert names_an_image(f"values.{path}")
