"""Objects use versions of APIs that every supported Kubernetes and the platform's controllers still serve.

Sources: Kubernetes, "Deprecated API Migration Guide"; Karpenter, "v1 Migration" (v1.1 removed v1beta1); read 2026-11.
"""

from collections.abc import Iterator

from policies.rule import Case, Resource, Rule

REMOVED = {
    **dict.fromkeys(
        (
            *(
                "extensions/v1beta1",
                "apps/v1beta1",
                "apps/v1beta2",
                "networking.k8s.io/v1beta1:Ingress",
                "networking.k8s.io/v1beta1:IngressClass",
            ),
            *("rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1alpha1"),
            *("admissionregistration.k8s.io/v1beta1:MutatingWebhookConfiguration", "apiextensions.k8s.io/v1beta1"),
            *("admissionregistration.k8s.io/v1beta1:ValidatingWebhookConfiguration", "apiregistration.k8s.io/v1beta1"),
            *(
                "authentication.k8s.io/v1beta1:TokenReview",
                "authorization.k8s.io/v1beta1",
                "coordination.k8s.io/v1beta1:Lease",
            ),
            *("certificates.k8s.io/v1beta1:CertificateSigningRequest", "scheduling.k8s.io/v1beta1"),
            *(
                "storage.k8s.io/v1beta1:CSIDriver",
                "storage.k8s.io/v1beta1:CSINode",
                "storage.k8s.io/v1beta1:StorageClass",
            ),
            "storage.k8s.io/v1beta1:VolumeAttachment",
        ),
        "Kubernetes 1.22 or earlier",
    ),
    **dict.fromkeys(
        ("batch/v1beta1", "discovery.k8s.io/v1beta1", "events.k8s.io/v1beta1", "policy/v1beta1", "autoscaling/v2beta1"),
        "Kubernetes 1.25",
    ),
    **dict.fromkeys(("autoscaling/v2beta2", "flowcontrol.apiserver.k8s.io/v1beta1"), "Kubernetes 1.26"),
    "storage.k8s.io/v1beta1:CSIStorageCapacity": "Kubernetes 1.27",
    "flowcontrol.apiserver.k8s.io/v1beta2": "Kubernetes 1.29",
    "flowcontrol.apiserver.k8s.io/v1beta3": "Kubernetes 1.32",
    **dict.fromkeys(("karpenter.sh/v1alpha5", "karpenter.sh/v1beta1", "karpenter.k8s.aws/v1alpha1"), "Karpenter 1.1"),
    "karpenter.k8s.aws/v1beta1": "Karpenter 1.1",
}
"""API version, with a kind where others of it are served -> what does not serve it any more."""


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    version, _, kind = resource.type.removeprefix("kubernetes:").rpartition(":")
    of_kind = f"{version}:{kind.removesuffix('Patch').removesuffix('List')}"
    if without := REMOVED.get(version) or REMOVED.get(of_kind):
        yield "apiVersion", f"is {version}, which {without} removed, so the API server knows no such object"


RULE = Rule(
    id="api-not-removed",
    applies_to="kubernetes:*",
    severity="medium",
    standards=("Kubernetes: deprecated API migration guide",),
    why="The object is never made, and a PodSecurityPolicy or NodePool that is not there guards and starts nothing.",
    no_mend="the fields of the new version differ",
    fix="Use the version of the API that the migration guide names.",
    check=check,
    good={
        "nothing set, of a version of today": Case({}, type="kubernetes:batch/v1:CronJob"),
        "another kind of the same version": Case({}, type="kubernetes:storage.k8s.io/v1beta1:VolumeAttributesClass"),
    },
    bad={
        "a PodSecurityPolicy": Case({}, type="kubernetes:policy/v1beta1:PodSecurityPolicy", at="apiVersion"),
        "an old CronJob": Case({}, type="kubernetes:batch/v1beta1:CronJobPatch", at="apiVersion"),
        "a kind of a version": Case({}, type="kubernetes:storage.k8s.io/v1beta1:CSIDriverList", at="apiVersion"),
    },
)
