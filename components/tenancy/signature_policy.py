"""The policy by which Kyverno verifies the signatures of a team's images, and what it may read of them in ECR.

Pods are judged, and what starts in a pod that runs; templates are not, since each judgement asks the registry. An image
is judged when it comes, so that a pod that is older than the policy can be labelled, and end. Its digest is what is
signed, so it has to be named by it. Nothing is changed: Kyverno would otherwise write digests into pods.
In audit mode the webhook fails open, or Kyverno down would refuse what the policy lets in.
Sources: Kyverno v1.19.0, pkg/image/verification/evaluator/policy.go, pkg/cel/compiler/images.go (containers alone, so
images of volumes are named here), pkg/cel/libs/imageverify/impl.go (a good signature is kept in its cache where all
attestors of a call verify it, so each has a call), pkg/controllers/webhook/validating.go; Amazon ECR API reference,
ListImageReferrers (needs ecr:BatchGetImage); amazon-ecr-credential-helper v0.12, ecr-login/api/client.go (hosts of
ECR); read 2026-11.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from components.core import iam
from components.core.stage import Stage
from components.core.untyped import Manifest
from components.tenancy.marks import TEAM
from components.tenancy.pod_images import images_of
from settings.tenancy.signatures import IdentitySettings, SignatureSettings

KYVERNO = "kyverno"
"""Name, namespace and release of the add-on."""
SECONDS = 20
"""Kyverno asks the registry for the image and its signatures; the API server waits 10 s unless told otherwise."""
_ECR = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z.]+/(?P<path>[^:@]+)")
_OF_VOLUMES = (
    "object.spec.?volumes.orValue([]).filter(each, has(each.image)).map(each, each.image.?reference.orValue(''))"
)
_KINDS = ("containers", "initContainers", "ephemeralContainers", "volumes")


def policy(settings: SignatureSettings) -> Manifest:
    """Returns the policy."""
    denies = settings.mode == "deny"
    attestors = list(_attestors(settings))
    good = signed_by([each["name"] for each in attestors])
    images = " + ".join(f"images.{kind}" for kind in _KINDS)
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ImageValidatingPolicy",
        "metadata": {"name": "ml-platform-signatures"},
        "spec": {
            "validationActions": ["Deny"] if denies else ["Audit", "Warn"],
            "failurePolicy": "Fail" if denies else "Ignore",
            "webhookConfiguration": {"timeoutSeconds": SECONDS},
            "evaluation": {"admission": {"enabled": True}, "background": {"enabled": False}},
            "matchConstraints": {
                "namespaceSelector": {"matchExpressions": [{"key": TEAM, "operator": "Exists"}]},
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["pods", "pods/ephemeralcontainers"],
                    }
                ],
            },
            "matchConditions": [
                {
                    "name": "images-come",
                    "expression": f"oldObject == null || {images_of('object.spec')} != {images_of('oldObject.spec')}",
                }
            ],
            "matchImageReferences": [{"glob": image} for image in settings.images],
            "images": [{"name": "volumes", "expression": _OF_VOLUMES}],
            "attestors": attestors,
            "validationConfigurations": {"mutateDigest": False, "required": True, "verifyDigest": True},
            "validations": [
                {
                    "expression": f"({images}).all(image, {good})",
                    "message": "an image is not signed by whom admission.signatures of the platform names",
                }
            ],
        },
    }


def signed_by(attestors: Sequence[str]) -> str:
    """Returns in CEL whether an image is signed by one of them. attestors: their names."""
    return " || ".join(f"verifyImageSignatures(image, [attestors.{name}]) > 0" for name in attestors)


def _attestors(settings: SignatureSettings) -> Iterator[dict[str, Any]]:
    for index, key in enumerate(settings.keys):
        cosign = {"key": {"data": f"{key}\n"}, "ctlog": {"insecureIgnoreTlog": True}}
        yield {"name": f"key{index}", "cosign": cosign}
    for index, identity in enumerate(settings.identities):
        yield {"name": f"identity{index}", "cosign": {"keyless": {"identities": [_identity(identity)]}}}
    for index, certificate in enumerate(settings.certificates):
        yield {"name": f"certificate{index}", "notary": {"certs": {"value": f"{certificate}\n"}}}


def _identity(identity: IdentitySettings) -> dict[str, str]:
    if identity.subject_pattern is not None:
        return {"issuer": identity.issuer, "subjectRegExp": identity.subject_pattern}
    return {"issuer": identity.issuer, "subject": identity.subject or ""}


def pull_statements(stage: Stage, images: Sequence[str]) -> list[iam.Statement]:
    """Returns the rights to read images in ECR, and their signatures, which lie beside them; [] for other images."""
    found = [match for match in map(_ECR.match, images) if match]
    if not found:
        return []
    arns = [f"arn:{stage.partition}:ecr:{m['region']}:{m['account']}:repository/{m['path']}" for m in found]
    return [
        iam.allow("LogIn", ["ecr:GetAuthorizationToken"], ["*"]),
        iam.allow("ReadImages", ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], sorted(set(arns))),
    ]
