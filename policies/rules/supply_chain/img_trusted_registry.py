"""Images of pods come from registries that somebody has chosen: ECR, those of the catalog, and listed ones.

An image without a registry is one of Docker Hub. `k8s.gcr.io` gets no new images. Of a Helm release: those that its
values name with a registry. Sources: Kubernetes, "Images", and "k8s.gcr.io Redirect to registry.k8s.io" (frozen since
April 2023); read 2026-11.
"""

import re
from collections.abc import Iterator, Sequence

from catalog.images import IMAGES
from policies.charts import RELEASE, images_of
from policies.pods import KUBERNETES, in_pods
from policies.rule import Case, Option, Resource, Rule, text
from policies.samples import in_every_place, pod_of

IMAGE, HUB = "image", "docker.io"
ECR = re.compile(r"\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws)/.+")


def _full(image: str) -> str:
    """Returns the name with its registry, as a container runtime completes it."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"{HUB}/{image}" if slash else f"{HUB}/library/{image}"


def _is_trusted(image: str, trusted: Sequence[str]) -> bool:
    name = _full(image)
    if ECR.fullmatch(name):
        return True
    return any(name.startswith((f"{known}/", f"{known}:", f"{known}@")) for known in trusted)


def check(resource: Resource, *, registries: Sequence[str]) -> Iterator[tuple[str, str]]:
    trusted = [*registries, *(image.repository for image in IMAGES.values())]

    def problem(image: str) -> Iterator[str]:
        if image and not _is_trusted(image, trusted):
            yield f"is from {_full(image).partition('/')[0]}, which is no registry that was chosen"

    if resource.type == RELEASE:
        yield from ((view.under(key), said) for view, key, name in images_of(resource) for said in problem(name))
    yield from in_pods(
        resource,
        (),
        lambda pod: ((view.under(path), said) for view, path in pod.images() for said in problem(text(view, path))),
    )


AT = f"spec.containers[0].{IMAGE}"
_NAME = next(iter(IMAGES.values())).repository


def _good(image: str) -> Case:
    return pod_of({IMAGE: image})


def _release(*images: object, at: str = "") -> Case:
    parts = {f"part{number}": {"image": image} for number, image in enumerate(images)}
    return Case({"chart": "x", "values": parts}, type=RELEASE, at=at)


RULE = Rule(
    id="img-trusted-registry",
    applies_to=KUBERNETES,
    severity="high",
    standards=("CIS EKS 5.1.4",),
    why="Anybody who can push to a registry that nobody watches runs programs in the cluster.",
    fix="Copy the image to ECR (images.cache), or add its registry to policies.img-trusted-registry.registries.",
    options={
        "registries": Option(
            "Registries, or parts of one, to trust beside ECR and the images of the catalog.",
            [
                *("registry.k8s.io", "public.ecr.aws/eks", "public.ecr.aws/aws-observability", "nvcr.io/nvidia"),
                "ghcr.io/open-telemetry",
            ],
            stricter="fewer",
        )
    },
    dev="advisory",
    check=check,
    good={
        "nothing set, as in a patch": pod_of({}),
        "ECR": _good("111122223333.dkr.ecr.us-west-2.amazonaws.com/train:1"),
        "ECR with a FIPS endpoint": _good("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/train:1"),
        "ECR by its dual-stack name": _good("111122223333.dkr-ecr.us-west-2.on.aws/train:1"),
        "an image of the catalog by tag": _good(f"{_NAME}:v1"),
        "an image of the catalog by digest": _good(f"{_NAME}@sha256:0"),
        "the values of a release": _release(
            {"repository": "registry.k8s.io/pause", "tag": "3.10"},
            "public.ecr.aws/eks/x",
            {"registry": "txt", "repository": 1},
            {"repository": "left/to-the-chart"},
            {"repository": "plain"},
        ),
        "a listed registry": _good("nvcr.io/nvidia/pytorch:26.01-py3"),
        "Docker Hub, listed": Case(
            {"spec": {"containers": [{IMAGE: "vllm/vllm-openai:v1"}]}},
            "kubernetes:core/v1:Pod",
            options={"registries": ["docker.io/vllm"]},
        ),
    },
    bad={
        **in_every_place({IMAGE: "python:3.14"}, IMAGE),
        "the values of a release": _release({"repository": "ghcr.io/x/y"}, at="values.part0.image.repository"),
        "the values of a release, with a registry": _release(
            {"registry": "quay.io", "repository": "x/y", "tag": "1"}, at="values.part0.image.repository"
        ),
        "a volume of an image": Case(
            {"spec": {"containers": [], "volumes": [{"name": "m", "image": {"reference": "evil.io/model:1"}}]}},
            type="kubernetes:core/v1:Pod",
            at="spec.volumes[0].image.reference",
        ),
        "the values of a release, in one text": _release("localhost:5000/x/y", at="values.part0.image"),
        "the values of a release, in a list": Case(
            {"values": {"sidecars": [{"image": "ghcr.io/x/y:1"}]}}, type=RELEASE, at="values.sidecars[0].image"
        ),
        "an old registry": pod_of({IMAGE: "k8s.gcr.io/cluster-autoscaler:v1.21.0"}, at=AT),
        "a folder of Docker Hub": pod_of({IMAGE: "somebody/train:1"}, at=AT),
        "the beginning of a listed name": pod_of({IMAGE: "nvcr.io/nvidiaa/pytorch:1"}, at=AT),
        "a name like one of ECR": pod_of({IMAGE: "111122223333.dkr.ecr.us-west-2.amazonaws.com.evil.io/x"}, at=AT),
        "a registry with a port": pod_of({IMAGE: "registry:5000/train:1"}, at=AT),
        "the machine itself": pod_of({IMAGE: "localhost/train:1"}, at=AT),
    },
)
