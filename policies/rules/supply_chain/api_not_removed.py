"""Objects use versions of APIs that every supported Kubernetes and the platform's controllers still serve.

Kubernetes's own kinds are rows of `catalog.removed_apis`. Of a kind that a chart brings, a version is gone when the
pinned chart serves only newer ones. Kinds of Karpenter that have no successor of their name: its CRDs at v0.32.0 and
v0.33.0; read 2026-11.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from catalog.charts import CHARTS
from catalog.crds import made_by_us
from catalog.kubernetes import VERSIONS, later
from catalog.removed_apis import REMOVED
from policies.rule import Case, Resource, Rule

_NEWEST = list(VERSIONS)[-1]
_KARPENTER = {
    ("karpenter.sh", "Provisioner"): "NodePool",
    ("karpenter.sh", "Machine"): "NodeClaim",
    ("karpenter.k8s.aws", "AWSNodeTemplate"): "EC2NodeClass",
}
"""Group and kind that Karpenter 0.33 removed -> the kind that took its place."""


@cache
def _served() -> Mapping[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """Returns group and kind -> who brings it, and its served versions."""
    brought = {
        (crd.group, crd.kind): (f"{chart.name} {chart.version}", crd.versions)
        for chart in CHARTS.values()
        for crd in chart.crds
    }
    for kind, definition in made_by_us("gateway-api").items():
        names = tuple(each["name"] for each in definition["spec"]["versions"] if each["served"])
        brought[definition["spec"]["group"], kind] = ("the Gateway API of the platform", names)
    return brought


def _age(version: str) -> tuple[bool, int, str, int]:
    """Orders versions as Kubernetes does: v1alpha1, v1beta1, v1, v2."""
    major, stage, minor = re.findall(r"^v?(\d*)(alpha|beta|)(\d*)", version)[0]
    return (not stage, int(major or 0), stage, int(minor or 0))


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    api_version, _, shown = resource.type.removeprefix("kubernetes:").rpartition(":")
    group, _, version = api_version.rpartition("/")
    kind = shown.removesuffix("Patch").removesuffix("List")
    since, instead = REMOVED.get((api_version, kind), ("", ""))
    source, versions = _served().get((group, kind), ("", ()))
    if since and not later(since, _NEWEST):
        use = f": write {instead}" if instead else ", and nothing took its place"
        yield "apiVersion", f"is {api_version}, which Kubernetes {since} removed{use}"
    elif instead := _KARPENTER.get((group, kind), ""):
        yield "apiVersion", f"is {api_version}, and Karpenter 0.33 removed {kind}: write {instead} of {group}/v1"
    elif version not in versions and _age(version) < _age(newest := max(versions, key=_age, default="v0alpha0")):
        yield "apiVersion", f"is {api_version}, which {source} does not serve: write {group}/{newest}"


RULE = Rule(
    id="api-not-removed",
    applies_to="kubernetes:*",
    severity="medium",
    standards=("Kubernetes: deprecated API migration guide",),
    why="The object is never made, and a PodSecurityPolicy or NodePool that is not there guards and starts nothing.",
    no_mend="the fields of the new version differ",
    fix="Use the version of the API that the finding names; its migration guide says which fields changed.",
    check=check,
    good={
        "nothing set, of a version of today": Case({}, type="kubernetes:batch/v1:CronJob"),
        "another kind of the same version": Case({}, type="kubernetes:certificates.k8s.io/v1beta1:ClusterTrustBundle"),
        "one of two that are served": Case({}, type="kubernetes:kueue.x-k8s.io/v1beta1:ClusterQueue"),
        "a kind that no chart of ours brings": Case({}, type="kubernetes:kubeflow.org/v1:PyTorchJob"),
        "one that is newer than ours": Case({}, type="kubernetes:karpenter.sh/v2:NodePool"),
    },
    bad={
        "a PodSecurityPolicy": Case({}, type="kubernetes:policy/v1beta1:PodSecurityPolicy", at="apiVersion"),
        "an old CronJob": Case({}, type="kubernetes:batch/v1beta1:CronJobPatch", at="apiVersion"),
        "a kind of a version": Case({}, type="kubernetes:storage.k8s.io/v1beta1:CSIDriverList", at="apiVersion"),
        "an old NodePool": Case({}, type="kubernetes:karpenter.sh/v1beta1:NodePool", at="apiVersion"),
        "a Provisioner": Case({}, type="kubernetes:karpenter.sh/v1alpha5:Provisioner", at="apiVersion"),
        "an old ExternalSecret": Case(
            {}, type="kubernetes:external-secrets.io/v1beta1:ExternalSecret", at="apiVersion"
        ),
        "an old JobSet": Case({}, type="kubernetes:jobset.x-k8s.io/v1alpha1:JobSet", at="apiVersion"),
        "an old mount": Case({}, type="kubernetes:s3.csi.aws.com/v1:MountpointS3PodAttachment", at="apiVersion"),
        "an old route": Case({}, type="kubernetes:gateway.networking.k8s.io/v1alpha2:HTTPRoute", at="apiVersion"),
    },
)
