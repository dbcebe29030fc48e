"""Registries from which everybody pulls, and who is known to have images there: nobody signs those for a stack.

Sources: values.yaml of the charts in `data/charts` at their versions; Dockerfiles and manifests that name what is built
upon, as `FROM public.ecr.aws/lambda/python`; aws/deep-learning-containers, available_images.md; Kubernetes
documentation, "Verify Signed Kubernetes Artifacts"; read 2026-11.
"""

from functools import cache
from typing import Final

from catalog.charts import CHARTS
from catalog.images import IMAGES

OF_ONE_MAKER: Final = frozenset(
    {"cr.fluentbit.io", "cr.l5d.io", "mcr.microsoft.com", "reg.kyverno.io", "registry.k8s.io"}
)
"""Hosts whose images have one maker each."""

DEEP_LEARNING: Final = frozenset(
    (
        *("763104351884", "204538143572", "217643126080", "364406365360", "380420809688", "457447274322"),
        *("503227376785", "550225433462", "590183813437", "626614931356", "637423239942", "692866216735"),
        *("727897471807", "772153158452", "780543022126", "871362719292", "907027046896", "914824155844"),
        *("975050140332",),
    )
)
"""Accounts whose registries have AWS's Deep Learning Containers, each in other regions."""

SIGNS: Final = {"registry.k8s.io": "krel-trust@k8s-releng-prod.iam.gserviceaccount.com"}
"""Host -> who signs its images, where that is not a workflow of their maker."""

BY_KEY: Final = frozenset({"nvcr.io"})
"""Hosts of makers that sign with keys. Source: NVIDIA NGC user guide, verification of NIM containers; read 2026-11."""

UNVERIFIABLE: Final = frozenset({"quay.io/jetstack"})
"""Makers that sign with a key and SHA-512: without a `hashAlgorithm`, Kyverno takes SHA-256. Sources: cert-manager
documentation, "Signature Verification"; Kyverno v1.19.0, pkg/image/verifiers/ivpol/cosign/certs.go; read 2026-11."""

SHARED: Final = (
    "docker.io",
    "gcr.io",
    "ghcr.io",
    "nvcr.io",
    "pkg.dev",
    "public.ecr.aws",
    "quay.io",
    "registry.gitlab.com",
)
"""Ends of hosts on which everybody may have images: the first part of a path says whose they are."""

_MAKERS: Final = {
    "docker.io": "bitnami grafana library pytorch rayproject tensorflow valkey vllm",
    "ghcr.io": "berriai external-secrets huggingface kedacore kyverno linkerd open-telemetry prometheus-community",
    "nvcr.io": "nim nvidia",
    "public.ecr.aws": "amazonlinux aws-cli aws-elb aws-observability cloudwatch-agent csi-components docker "
    "ebs-csi-driver efs-csi-driver eks eks-distro fsx-csi-driver lambda mountpoint-s3-csi-driver",
    "quay.io": "argoproj feastdev jupyterhub kuberay oauth2-proxy prometheus thanos",
}


@cache
def makers() -> frozenset[str]:
    """Returns hosts with the first part of the path, `quay.io/jetstack`: those of charts, and some well-known ones."""
    charts = [each.repository.removeprefix("oci://") for each in CHARTS.values()]
    named = [*charts, *(each.repository for each in IMAGES.values())]
    well_known = (f"{host}/{each}" for host, names in _MAKERS.items() for each in names.split())
    return frozenset({*well_known, *("/".join(each.split("/")[:2]) for each in named)})
