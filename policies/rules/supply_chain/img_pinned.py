"""Containers name their image by digest in production, and everywhere by a tag that is not latest.

Of a Helm release: no tag latest in its values; its digest fixes what its templates name (k8s-chart-digest-known).
Source: Kubernetes, "Images" (image names, image pull policy); read 2026-11.
"""

import re
from collections.abc import Iterator

from policies.charts import RELEASE, images_of
from policies.pods import KUBERNETES, in_pods
from policies.rule import Case, Option, Resource, Rule, View, text
from policies.samples import in_every_place, pod_of

IMAGE = "image"
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


def _image(view: View, path: str, digest: bool) -> Iterator[tuple[str, str]]:
    image = text(view, path)
    if not image or DIGEST.fullmatch(image):
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest") or "@" in image:
        yield view.under(path), "has no fixed tag, so each node runs what was the newest when it pulled"
    elif digest:
        yield view.under(path), "is named by a tag, which anybody who may push can move; name it by digest"


def check(resource: Resource, *, digest: bool) -> Iterator[tuple[str, str]]:
    if resource.type == RELEASE:
        for view, key, name in images_of(resource):
            if name.endswith(":latest"):
                yield view.under(key), "is latest, so each node runs what was the newest when it pulled"
    yield from in_pods(
        resource, (), lambda pod: (found for view, path in pod.images() for found in _image(view, path, digest))
    )


_DIGEST = f"@sha256:{'0' * 64}"
AT = f"spec.containers[0].{IMAGE}"

RULE = Rule(
    id="img-pinned",
    applies_to=KUBERNETES,
    severity="high",
    standards=("CKV_K8S_14", "CKV_K8S_43"),
    why="What was tested is not what runs: another image may stand behind the same name tomorrow.",
    fix="Write the image as name:tag@sha256:..., which the registry tells for the tag.",
    options={
        "digest": Option(
            "Whether a tag without a digest is a finding.", True, {"dev": False, "staging": False}, stricter=True
        )
    },
    dev="advisory",
    check=check,
    good={
        "a digest": pod_of({IMAGE: f"registry.k8s.io/pause{_DIGEST}"}),
        "a tag and a digest": pod_of({IMAGE: f"registry.k8s.io:443/pause:3.10{_DIGEST}"}),
        "a tag in dev": Case(
            {"spec": {"containers": [{IMAGE: "pause:3.10"}]}}, "kubernetes:core/v1:Pod", environment="dev"
        ),
        "the values of a release": Case({"values": {"image": {"repository": "ghcr.io/x/y", "tag": "1"}}}, RELEASE),
        "nothing set, as in a patch": pod_of({}),
    },
    bad={
        "the values of a release": Case(
            {"values": {"image": {"repository": "ghcr.io/x/y", "tag": "latest"}}}, RELEASE, "values.image.repository"
        ),
        **in_every_place({IMAGE: "pause"}, IMAGE),
        "a volume of an image": Case(
            {"spec": {"containers": [], "volumes": [{"name": "m", "image": {"reference": "evil.io/model:latest"}}]}},
            type="kubernetes:core/v1:Pod",
            at="spec.volumes[0].image.reference",
        ),
        "a tag": pod_of({IMAGE: "pause:3.10"}, at=AT),
        "a tag of a registry with a port": pod_of({IMAGE: "example.com:5000/pause"}, at=AT),
        "a part of a digest": pod_of({IMAGE: "pause:3.10@sha256:00"}, at=AT),
        "latest in dev": Case(
            {"spec": {"containers": [{IMAGE: "pause:latest"}]}}, "kubernetes:core/v1:Pod", AT, environment="dev"
        ),
        "no tag in dev": Case(
            {"spec": {"containers": [{IMAGE: "pause"}]}}, "kubernetes:core/v1:Pod", AT, environment="dev"
        ),
    },
)
