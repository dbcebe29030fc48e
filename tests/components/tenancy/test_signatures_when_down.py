"""What a real API server refuses, by the policy on signatures, while Kyverno does not answer."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from components.tenancy.signature_policy import policy
from settings.tenancy.signatures import SignatureSettings
from simulator.control_plane.client import ApiServer, Refused
from simulator.control_plane.planes import ControlPlanes
from simulator.kubernetes.kyverno import webhooks
from simulator.kubernetes.webhooks import Webhook
from tests.components.tenancy.test_guards import (
    IMAGE,
    container,
    created,
    debug,
    patch_image,
    patched,
    pod,
    refusal,
    wait_for,
)
from tests.settings.tenancy.test_wrong_signatures import IMAGES, PUBLIC
from tests.simulator.control_planes import VERSION, is_built

OTHER = IMAGE.replace("a" * 64, "b" * 64)
pytestmark = is_built


def simulated() -> Webhook:
    """The webhook as the simulator makes it of the policy, when the release is gone."""
    settings = SignatureSettings.model_validate({"images": [IMAGES], "keys": [PUBLIC], "mode": "deny"})
    (*_, row) = webhooks({}, "kyverno", (dict(policy(settings)),), left=True)
    return Webhook(**row, left=True)


def configuration() -> dict[str, Any]:
    """What Kyverno makes of the policy."""
    settings = SignatureSettings.model_validate({"images": [IMAGES], "keys": [PUBLIC], "mode": "deny"})
    spec, made = policy(settings)["spec"], simulated()
    service = {"namespace": made.service_namespace, "name": made.service, "path": made.path, "port": 443}
    webhook = {
        "name": made.name,
        "clientConfig": {"service": service},
        "rules": made.rules,
        "failurePolicy": spec["failurePolicy"],
        "matchConditions": spec["matchConditions"],
        "namespaceSelector": made.namespaces,
        "timeoutSeconds": spec["webhookConfiguration"]["timeoutSeconds"],
        "sideEffects": "NoneOnDryRun",
        "admissionReviewVersions": ["v1"],
    }
    metadata = {"name": "kyverno-resource-validating-webhook-cfg"}
    api = "admissionregistration.k8s.io/v1"
    return {"apiVersion": api, "kind": "ValidatingWebhookConfiguration", "metadata": metadata, "webhooks": [webhook]}


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    with closing(ControlPlanes()) as planes:
        made = planes.server("signatures", VERSION)
        for name, labels in {"lab": {"ml-platform/team": "lab"}, "nobodys": {}}.items():
            made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}, "")
            account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
            wait_for(lambda name=name, account=account: created(made, account, name))
        for name in ("old", "ends"):
            made.create(pod({"name": name, "finalizers": ["example.com/wait"]}), "lab")
        made.create(configuration(), "")
        wait_for(lambda: refusal(made, pod()))
        yield made


def test_a_pod_of_a_team_is_refused_in_the_words_of_the_simulator(server: ApiServer) -> None:
    assert refusal(server, pod()) == simulated().no_answer()
    volume = {"name": "data", "image": {"reference": OTHER}}
    assert refusal(server, pod(volumes=[volume], containers=[container()])) == simulated().no_answer()


def test_other_namespaces_go_on(server: ApiServer) -> None:
    assert refusal(server, pod(), "nobodys") == ""


def test_what_is_there_can_be_labelled_and_end(server: ApiServer) -> None:
    kind = "application/strategic-merge-patch+json"
    path = "/api/v1/namespaces/lab/pods"
    server.request("PATCH", f"{path}/old", {"metadata": {"labels": {"seen": "yes"}}}, content_type=kind)
    patched(server, "old", {"activeDeadlineSeconds": 60})
    server.request("DELETE", f"{path}/ends?gracePeriodSeconds=0", None)
    server.request("PATCH", f"{path}/ends", {"metadata": {"finalizers": None}}, content_type=kind)
    assert server.get("v1", "Pod", "lab", "ends") is None


def test_an_image_that_comes_later_is_refused(server: ApiServer) -> None:
    for change in (patch_image, debug):
        with pytest.raises(Refused, match='service "kyverno-svc" not found'):
            change(server, "old", OTHER)
