"""Registries from which everybody pulls, and who is known to have images there: nobody signs those for a stack.

Sources: values.yaml of the charts in `data/charts` at their versions; the registries' own pages; read 2026-11.
"""

from functools import cache
from typing import Final

from catalog.charts import CHARTS
from catalog.images import IMAGES

OF_ONE_MAKER: Final = frozenset(
    {"cr.fluentbit.io", "cr.l5d.io", "k8s.gcr.io", "mcr.microsoft.com", "reg.kyverno.io", "registry.k8s.io"}
)
"""Hosts whose images have one maker each."""

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

_MAKERS: Final = (
    *(f"docker.io/{each}" for each in ("bitnami", "grafana", "huggingface", "library", "nvidia", "pytorch")),
    *(f"docker.io/{each}" for each in ("rayproject", "tensorflow", "valkey", "vllm")),
    *(f"ghcr.io/{each}" for each in ("berriai", "external-secrets", "huggingface", "kedacore", "kyverno", "linkerd")),
    *("ghcr.io/open-telemetry", "ghcr.io/prometheus-community", "nvcr.io/nvidia"),
    *(f"public.ecr.aws/{each}" for each in ("amazonlinux", "aws-cli", "aws-elb", "aws-observability", "bitnami")),
    *(f"public.ecr.aws/{each}" for each in ("cloudwatch-agent", "csi-components", "docker", "ebs-csi-driver")),
    *(f"public.ecr.aws/{each}" for each in ("efs-csi-driver", "eks", "eks-distro", "fsx-csi-driver")),
    *(f"public.ecr.aws/{each}" for each in ("lambda", "mountpoint-s3-csi-driver")),
    *(f"quay.io/{each}" for each in ("argoproj", "feastdev", "jupyter", "jupyterhub", "kuberay", "oauth2-proxy")),
    *(f"quay.io/{each}" for each in ("prometheus", "thanos")),
)


@cache
def makers() -> frozenset[str]:
    """Returns hosts with the first part of the path, `quay.io/jetstack`: those of charts, and some well-known ones."""
    charts = [each.repository.removeprefix("oci://") for each in CHARTS.values()]
    named = [*charts, *(each.repository for each in IMAGES.values())]
    return frozenset({*_MAKERS, *("/".join(each.split("/")[:2]) for each in named)})
