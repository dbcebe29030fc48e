"""Grafana: its password before its pod, what it may read, who logs in, and what it calls."""

import contextlib
import json
from typing import Any

import jmespath
import pytest
from jmespath.exceptions import JMESPathError

from catalog.charts import CHARTS
from components.core.addon_spec import AddOnContext
from components.core.flows import Range
from components.observability.dashboard_json import SCHEMA
from components.observability.grafana import grafana_flows, grafana_values
from settings.stack.stack import StackSettings
from tests.components.conftest import PlatformCloud
from tests.components.stacks import stack, stage
from tests.facts.reading import facts
from tests.settings.observability.test_wrong_grafana import DOORS, SSO


def settings(grafana: dict[str, Any] | None, **changes: Any) -> StackSettings:
    network = {"zones": ["us-west-2a", "us-west-2b"]}
    return stack(network=network, observability={"grafana": grafana}, **changes)


def values(grafana: dict[str, Any] | None, **changes: Any) -> Any:
    made = settings(grafana, **changes)
    context = AddOnContext(
        stage=stage(),
        cluster="main",
        kubernetes_version="1.35",
        pools=made.clusters["main"].pools,
        gpu_allocation="device-plugin",
        ingress=made.ingress_of("main"),
        observability=made.observability_of("main"),
    )
    return grafana_values(context)


@pytest.fixture(scope="module")
def built() -> PlatformCloud:
    cloud = PlatformCloud()
    cloud.up(settings({"sso": {**SSO, "admins": ["ml-admins"]}}, ingress=DOORS))
    return cloud


def test_the_password_is_there_before_the_release_waits_for_the_pod(built: PlatformCloud) -> None:
    release = built.one("helm.sh/v3:Release", "main-kube-prometheus-stack")
    operator = built.one("helm.sh/v3:Release", "main-external-secrets")
    password = built.one("Password", "main-kube-prometheus-stack-grafana-password")
    secret = built.one("ExternalSecret", "main-kube-prometheus-stack-grafana-admin")
    for later, earlier in ((release, secret), (secret, password), (password, operator)):
        assert built.comes_after(later, earlier)
    assert secret.inputs["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"
    assert secret.inputs["spec"]["refreshPolicy"] == "CreatedOnce", "another one each hour would lock everybody out"
    wanted = release.inputs["values"]["grafana"]["admin"]["existingSecret"]
    assert secret.inputs["spec"]["target"]["name"] == wanted
    assert set(secret.inputs["spec"]["target"]["template"]["data"]) == {"admin-user", "admin-password"}


def test_grafana_knows_each_setting_and_the_form_of_the_dashboards() -> None:
    """A new version of Grafana is read anew: what it does not know, it ignores. Source: grafana_settings.json."""
    known, ini = facts("grafana_settings"), values({"sso": SSO}, ingress=DOORS)["grafana.ini"]
    assert known["version"] == CHARTS["grafana"].app_version
    assert len(ini) >= 10
    for section, keys in ini.items():
        assert set(keys) <= set(known["settings"][section]), section
    assert known["schema"] == SCHEMA


def test_the_password_alone_needs_external_secrets(cloud: PlatformCloud) -> None:
    cloud.up(settings({}))
    operator = cloud.one("helm.sh/v3:Release", "main-external-secrets")
    assert cloud.comes_after(cloud.one("helm.sh/v3:Release", "main-kube-prometheus-stack"), operator)
    assert not cloud.all("secretsmanager/secret:Secret"), "it is nowhere but in the cluster"


def test_no_secret_is_in_the_values(built: PlatformCloud) -> None:
    grafana = built.one("helm.sh/v3:Release", "main-kube-prometheus-stack").inputs["values"]["grafana"]
    assert "adminPassword" not in grafana
    assert "client_secret" not in json.dumps(grafana["grafana.ini"])
    reference = grafana["envValueFrom"]["GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET"]["secretKeyRef"]
    assert reference["optional"] is True, "admin logs in while nobody has filled it"
    (brought,) = [each for each in built.all("ExternalSecret") if each.inputs["spec"].get("secretStoreRef")]
    assert brought.inputs["spec"]["target"]["name"] == reference["name"]
    assert [each["secretKey"] for each in brought.inputs["spec"]["data"]] == [reference["key"]]
    (stored,) = built.all("secretsmanager/secret:Secret")
    assert stored.inputs["name"] == brought.inputs["spec"]["data"][0]["remoteRef"]["key"]


def test_its_sidecar_reads_config_maps_of_its_namespace_and_nothing_else() -> None:
    made = values({})
    (role,) = made["extraObjects"]
    assert role["rules"] == [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]
    assert made["rbac"] == {"namespaced": True, "useExistingRole": role["metadata"]["name"]}, (
        "the chart's reads secrets"
    )
    sidecar = made["sidecar"]["dashboards"]
    assert (sidecar["searchNamespace"], sidecar["resource"]) == ("monitoring", "configmap")
    assert sidecar["skipReload"] is True, "or it had the password of admin"


def test_its_volume_goes_with_it_and_to_one_pod_at_a_time() -> None:
    made = values({})
    assert made["persistence"] == {
        "enabled": True,
        "type": "pvc",
        "storageClassName": "telemetry",
        "size": "10Gi",
    }
    assert made["replicas"] == 1
    assert made["deploymentStrategy"] == {"type": "Recreate"}, "the new pod would wait for the volume of the old one"
    assert made["initChownData"] == {"enabled": False}, "it runs as root, which Pod Security refuses"


def test_nothing_is_told_to_or_brought_from_its_makers() -> None:
    ini = values({})["grafana.ini"]
    assert not any(ini["analytics"].values())
    assert ini["plugins"] == {
        "plugin_admin_enabled": False,
        "preinstall_disabled": True,
        "preinstall_auto_update": False,
    }
    assert ini["auth.anonymous"] == {"enabled": False}
    assert "auth.generic_oauth" not in ini
    assert "server" not in ini, "by a port-forward it is localhost"


def test_its_address_is_that_of_the_route_that_leads_to_it() -> None:
    ini = values({}, ingress=DOORS)["grafana.ini"]
    assert ini["server"] == {"root_url": "https://grafana.ml.example.com", "domain": "grafana.ml.example.com"}
    assert ini["security"]["cookie_secure"] is True
    in_the_clear = values({}, ingress={"routes": DOORS["routes"]})["grafana.ini"]
    assert in_the_clear["server"]["root_url"] == "http://grafana.ml.example.com"
    assert in_the_clear["security"]["cookie_secure"] is False, "browsers would send it nowhere"


def role_in_grafana(sso: dict[str, Any], token: dict[str, Any], userinfo: dict[str, Any]) -> str | None:
    """Returns the role of somebody, as Grafana finds it; None: it does not let them in.

    Source: grafana/grafana, pkg/login/social/connectors/{generic_oauth,social_base,org_role_mapper}.go (a search that
    fails finds nothing; each answer is followed by groups that are known otherwise, here none); read 2026-11. Its
    go-jmespath gave the same answers to these searches, community 1.1.1 and 0.4.0.
    """
    ini = values({"sso": {**SSO, **sso}}, ingress=DOORS)["grafana.ini"]
    oauth = ini["auth.generic_oauth"]
    for answer in (token, {"groups": []}, userinfo, {"groups": []}):
        with contextlib.suppress(JMESPathError):
            found = jmespath.search(oauth["role_attribute_path"], answer)
            if isinstance(found, str) and found:
                return found
    return None if oauth["role_attribute_strict"] else ini["users"]["auto_assign_org_role"]


NO_GROUPS: dict[str, Any] = {
    "null": None,
    "an empty list": [],
    "an empty text": "",
    "a text that begins so": "ml-platform-readers",
    "groups that begin so": ["ml-platform-readers", "of-ml-platform"],
    "something else": {"ml-platform": True},
}


def without_groups(shape: str, claim: str) -> dict[str, Any]:
    return {claim: NO_GROUPS[shape]} if shape in NO_GROUPS else {}


CLAIMS = ("groups", "roles", "cognito:groups", "https://example.com/groups")


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("place", ["token", "userinfo"])
@pytest.mark.parametrize("shape", ["no claim", *NO_GROUPS])
def test_who_is_in_no_group_is_a_viewer_unless_viewers_are_named(shape: str, place: str, claim: str) -> None:
    told = {"token": {}, "userinfo": {}, place: without_groups(shape, claim)}
    sso = {"admins": ["ml-platform"], "groups_claim": claim}
    assert role_in_grafana(sso, **told) == "Viewer"
    assert role_in_grafana({**sso, "viewers": ["all"]}, **told) is None
    assert role_in_grafana({"groups_claim": claim}, **told) == "Viewer", "no group is named at all"


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("shape", ["no claim", *NO_GROUPS])
@pytest.mark.parametrize("has", ["ml-platform", ["ml-platform"], ["x", "ml-platform", "ml-leads"]], ids=str)
def test_a_group_gives_its_role_in_the_token_and_where_userinfo_alone_has_it(has: Any, shape: str, claim: str) -> None:
    sso = {"admins": ["ml-platform"], "editors": ["ml-leads"], "groups_claim": claim}
    without = without_groups(shape, claim)
    for viewers in ([], ["all"]):
        assert role_in_grafana({**sso, "viewers": viewers}, {claim: has}, without) == "Admin"
        assert role_in_grafana({**sso, "viewers": viewers}, without, {claim: has}) == "Admin"
        assert role_in_grafana({**sso, "viewers": viewers}, without, {claim: ["ml-leads"]}) == "Editor"
    assert role_in_grafana({**sso, "viewers": ["all"]}, without, {claim: ["all"]}) == "Viewer"


def test_only_grafana_calls_the_identity_provider() -> None:
    assert not grafana_flows(settings({}).parts_of("main"))
    assert not grafana_flows(settings(None).parts_of("main"))
    (flow,) = grafana_flows(settings({"sso": SSO}, ingress=DOORS).parts_of("main"))
    assert (flow.peer, flow.ports) == ("outside", (443,))
    assert flow.pods["app.kubernetes.io/name"] == "grafana"
    near = {"sso": {**SSO, "ranges": ["10.200.0.0/28"]}}
    (flow,) = grafana_flows(settings(near, ingress=DOORS).parts_of("main"))
    assert flow.peer == Range(cidr="10.200.0.0/28"), "network policies know no names"


def test_without_grafana_nothing_of_it_is_there(cloud: PlatformCloud) -> None:
    assert values(None) == {"enabled": False}
    cloud.up(settings(None))
    assert not cloud.all("Password")
    assert "main-external-secrets" not in cloud.names("helm.sh/v3:Release"), "nothing needs it"
