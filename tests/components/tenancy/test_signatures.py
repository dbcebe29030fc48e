"""Signatures of images: what Kyverno is told, what it may read, and which objects come before which."""

import json
from functools import cache
from typing import Any

import pytest

from components.core.addon_spec import AddOnContext, every_add_on
from components.tenancy.addons import kyverno
from components.tenancy.signature_policy import policy, pull_statements
from settings.cluster.fixed_values import changed
from settings.compute.node_pool import NodePoolSettings
from settings.tenancy.admission import AdmissionSettings
from simulator.aws.operation_context import ACCOUNT
from tests.components.cluster.test_against_charts import validator
from tests.components.conftest import PlatformCloud
from tests.components.stacks import POOL, stack, stage
from tests.in_process.providers import REGION
from tests.settings.tenancy.test_wrong_signatures import CERTIFICATE, ISSUER, OTHER, PUBLIC

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGES = f"{HOST}/research/*"
TEAMS = [{"name": "research", "namespaces": ["research"]}]
SIGNED = {"images": [IMAGES], "keys": [PUBLIC]}


@cache
def built(mode: str = "deny") -> PlatformCloud:
    cloud = PlatformCloud()
    signatures = {**SIGNED, "mode": mode}
    zones = {"zones": ["us-west-2a", "us-west-2b"]}
    cloud.up(stack(network=zones, teams=TEAMS, admission={"kyverno": {}, "signatures": signatures}))
    return cloud


def told(**changes: Any) -> Any:
    admission = AdmissionSettings.model_validate({"kyverno": {}, "signatures": {**SIGNED, **changes}})
    assert admission.signatures is not None
    return policy(admission.signatures)


def mistakes(manifest: Any) -> list[str]:
    return [error.message for error in validator(manifest["apiVersion"], manifest["kind"]).iter_errors(manifest)]


def values(pools: int = 1, zones: int = 2, **admission: Any) -> Any:
    pool = NodePoolSettings.model_validate({**POOL, "min_per_zone": pools, "max_per_zone": 4})
    given = AdmissionSettings.model_validate({"kyverno": {}, **admission})
    context = AddOnContext(
        stage=stage(),
        cluster="main",
        kubernetes_version="1.35",
        pools=(pool,),
        gpu_allocation="device-plugin",
        zones=zones,
        admission=given,
    )
    return kyverno.values(context)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mode": "deny"},
        {"keys": [PUBLIC, OTHER], "certificates": [CERTIFICATE]},
        {"keys": [], "identities": [{"issuer": ISSUER, "subject": "a"}, {"issuer": ISSUER, "subject_pattern": "^b$"}]},
    ],
)
def test_the_definition_of_kyverno_takes_every_policy(changes: dict[str, Any]) -> None:
    assert mistakes(told(**changes)) == []


def test_the_definition_sees_a_field_that_it_does_not_have() -> None:
    made = told()
    made["spec"]["attestors"][0]["cosign"]["publicKey"] = PUBLIC
    assert mistakes(made)


def test_each_signer_is_asked_alone_so_that_a_good_answer_is_kept() -> None:
    identities = [{"issuer": ISSUER, "subject": "a"}]
    spec = told(keys=[PUBLIC], identities=identities, certificates=[CERTIFICATE])["spec"]
    names = [each["name"] for each in spec["attestors"]]
    (validation,) = spec["validations"]
    assert names == ["key0", "identity0", "certificate0"]
    assert all(f"verifyImageSignatures(image, [attestors.{name}]) > 0" in validation["expression"] for name in names)
    assert validation["expression"].count("||") == 2, "one good signature is enough"


def test_images_of_volumes_and_of_debugging_containers_are_judged() -> None:
    spec = told()["spec"]
    (rule,) = spec["matchConstraints"]["resourceRules"]
    assert rule["resources"] == ["pods", "pods/ephemeralcontainers"]
    assert "volumes" in spec["images"][0]["expression"]
    for kind in ("containers", "initContainers", "ephemeralContainers", "volumes"):
        assert f"images.{kind}" in spec["validations"][0]["expression"]


def test_who_denies_fails_closed_and_who_looks_fails_open() -> None:
    denies, looks = told(mode="deny")["spec"], told(mode="audit")["spec"]
    assert (denies["validationActions"], denies["failurePolicy"]) == (["Deny"], "Fail")
    assert (looks["validationActions"], looks["failurePolicy"]) == (["Audit", "Warn"], "Ignore")


def test_an_image_is_named_by_digest_and_nothing_is_changed() -> None:
    assert told()["spec"]["validationConfigurations"] == {"mutateDigest": False, "required": True, "verifyDigest": True}


def test_a_key_needs_no_log_and_an_identity_does() -> None:
    key = told()["spec"]["attestors"][0]["cosign"]
    identity = told(keys=[], identities=[{"issuer": ISSUER, "subject": "a"}])["spec"]["attestors"][0]["cosign"]
    assert key["ctlog"] == {"insecureIgnoreTlog": True}
    assert "ctlog" not in identity, "its certificate lives minutes, so the log alone says when it signed"


def test_the_policy_comes_after_kyverno_whose_webhook_would_refuse_it() -> None:
    cloud = built()
    made, release = cloud.one("ImageValidatingPolicy", "main-signatures"), cloud.one("Release", "main-kyverno")
    assert cloud.comes_after(made, release)
    assert cloud.comes_after(release, cloud.one("PodIdentityAssociation", "main-kyverno-identity"))


def test_kyverno_reads_the_images_that_need_a_signature_and_nothing_else() -> None:
    cloud = built()
    document = json.loads(cloud.one("iam/rolePolicy:RolePolicy", "main-kyverno-permissions").inputs["policy"])
    log_in, read = document["Statement"]
    assert (log_in["Action"], log_in["Resource"]) == (["ecr:GetAuthorizationToken"], ["*"])
    assert read["Resource"] == [f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/research/*"]
    assert read["Action"] == ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    identity = cloud.one("PodIdentityAssociation", "main-kyverno-identity").inputs
    assert (identity["namespace"], identity["serviceAccount"]) == ("kyverno", "kyverno-admission-controller")


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (HOST.replace(REGION, "eu-west-1"), "eu-west-1"),
        (HOST.replace("ecr", "ecr-fips"), REGION),
        (f"{ACCOUNT}.dkr-ecr.{REGION}.on.aws", REGION),
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    ],
)
def test_each_host_of_ecr_gives_the_rights_to_read_what_it_has(host: str, region: str) -> None:
    _, read = pull_statements(stage(), [f"{host}/research/train*"])
    assert read["Resource"] == [f"arn:aws:ecr:{region}:{ACCOUNT}:repository/research/train*"]


def test_images_elsewhere_need_no_role() -> None:
    assert values(signatures={**SIGNED, "images": ["registry.example.com/team/*"]})["admissionController"][
        "podAnnotations"
    ] == {"ml-platform/registries": "none"}
    assert values(signatures=SIGNED)["admissionController"]["podAnnotations"] == {"ml-platform/registries": "ecr"}


def test_a_node_with_one_of_its_pods_gets_empty_also_when_another_pod_does_not_start() -> None:
    budget = values()["admissionController"]["podDisruptionBudget"]
    assert budget["maxUnavailable"] == 1
    assert not budget["minAvailable"], "the chart has 1, and refuses both"
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    given = {"podDisruptionBudget": {"minAvailable": 1}}
    assert list(changed({"admissionController": given}, kyverno.ADD_ON.fixed))


@pytest.mark.parametrize(("pools", "zones", "replicas"), [(1, 1, 1), (1, 2, 2), (1, 3, 3), (3, 3, 3)])
def test_it_runs_once_on_each_of_three_nodes_where_there_are(pools: int, zones: int, replicas: int) -> None:
    assert values(pools, zones)["admissionController"]["replicas"] == replicas


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"featuresOverride": {"forceFailurePolicyIgnore": {"enabled": True}}}, "featuresOverride"),
        ({"featuresOverride": {"policyExceptions": {"enabled": True, "namespace": "*"}}}, "featuresOverride"),
        ({"container": {"extraArgs": {"forceFailurePolicyIgnore": "true"}}}, "container.extraArgs"),
        ({"replicas": 0}, "replicas"),
        ({"replicas": "0"}, "replicas"),
        ({"replicas": -1}, "replicas"),
    ],
)
def test_values_cannot_turn_it_off_or_change_what_is_fixed_for_its_features(given: Any, place: str) -> None:
    ((path, _),) = changed({"admissionController": given}, kyverno.ADD_ON.fixed)
    assert ".".join(path) == f"admissionController.{place}"


@pytest.mark.parametrize(
    "given",
    [
        {"excludeGroups": ["system:authenticated"]},
        {"excludeUsernames": ["*"]},
        {"excludeRoles": ["*"]},
        {"excludeClusterRoles": ["*"]},
        {"matchConditions": [{"name": "never", "expression": "false"}]},
        {"resourceFilters": ["[Pod,*,*]"]},
        {"resourceFiltersInclude": ["[Pod,*,*]"]},
        {"resourceFiltersIncludeNamespaces": ["research"]},
        {"webhooks": {"objectSelector": {"matchLabels": {"never": "there"}}}},
    ],
    ids=lambda given: next(iter(given)),
)
def test_values_cannot_take_pods_or_people_out_of_what_is_judged(given: Any) -> None:
    assert [*changed({"config": given}, kyverno.ADD_ON.fixed)]


def test_values_may_run_it_more_often() -> None:
    given = {"replicas": 5, "container": {"resources": {"requests": {"cpu": "1"}}}}
    assert not [*changed({"admissionController": given}, kyverno.ADD_ON.fixed)]


def test_what_it_needs_to_come_back_is_never_asked_about() -> None:
    webhooks = values(kyverno={"namespaces_left_out": ["tools"]})["config"]["webhooks"]
    (expression,) = webhooks["namespaceSelector"]["matchExpressions"]
    assert expression["operator"] == "NotIn"
    needed = {spec.chart.namespace for spec in every_add_on().values()} - {"kyverno"}
    assert {*expression["values"]} == {*needed, "kube-system", "tools"}, "the chart adds its own"


def test_definitions_of_both_charts_stay_when_the_release_goes() -> None:
    given = values()
    keep = {"helm.sh/resource-policy": "keep"}
    assert given["crds"]["annotations"] == given["kyverno-api"]["annotations"] == keep


def test_nobodys_rights_grow_and_exceptions_are_asked_for() -> None:
    assert values()["rbac"]["roles"]["aggregate"] == {"admin": False, "view": False}
    assert values()["features"]["policyExceptions"]["enabled"] is False
    exceptions = values(kyverno={"exceptions": True})["features"]["policyExceptions"]
    assert exceptions == {"enabled": True, "namespace": "kyverno"}


def test_kyverno_alone_judges_no_image() -> None:
    cloud = PlatformCloud()
    cloud.up(stack(teams=TEAMS, admission={"kyverno": {}}))
    assert cloud.one("Release", "main-kyverno")
    made = {each.name for each in cloud.registered.values()}
    assert not made & {"main-signatures", "main-kyverno-identity"}


def test_a_stack_without_it_has_nothing_of_it() -> None:
    cloud = PlatformCloud()
    cloud.up(stack(teams=TEAMS))
    assert not [each.name for each in cloud.registered.values() if "kyverno" in each.name or "signatures" in each.name]
