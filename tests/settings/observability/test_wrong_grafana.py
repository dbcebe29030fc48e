"""Each mistake that `observability.grafana` can have is reported at its path, with a way out."""

from typing import Any

import pytest

from tests.settings.stacks import problems, stack

SSO: dict[str, Any] = {
    "client_id": "grafana",
    "auth_url": "https://login.example.com/authorize",
    "token_url": "https://login.example.com/token",
    "api_url": "https://login.example.com/userinfo",
}
GRAFANA_PODS = {"app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "kube-prometheus-stack"}
ROUTE = {
    "host": "grafana.ml.example.com",
    "namespace": "monitoring",
    "service": "grafana",
    "port": 80,
    "pods": GRAFANA_PODS,
    "pod_port": 3000,
    "health_path": "/api/health",
}
CERTIFICATE = {"arn": "arn:aws:acm:us-west-2:123456789012:certificate/12345678-1234-1234-1234-123456789012"}
DOORS = {"internal": {"certificate": CERTIFICATE}, "routes": {"grafana": ROUTE}}
AT = "observability.grafana."
MISTAKES: dict[str, tuple[dict[str, Any], str, str]] = {
    # what is wrong: (observability.grafana, the path of the problem, the end of the message)
    "an address in the clear": (
        {"sso": {**SSO, "token_url": "http://login.example.com/token"}},
        f"{AT}sso.token_url",
        "Write for example https://login.example.com/oauth2/token.",
    ),
    "a template in an address": ({"sso": {**SSO, "api_url": "https://a.example.com/{{ x }}"}}, f"{AT}sso.api_url", ""),
    "a group that ends the expression": (
        {"sso": {**SSO, "admins": ["x') || contains(@, '"]}},
        f"{AT}sso.admins[0]",
        "Or write its id.",
    ),
    "a group with two roles": (
        {"sso": {**SSO, "admins": ["ml"], "viewers": ["ml"]}},
        f"{AT}sso",
        "the first role would count. Name each group once.",
    ),
    "a claim within another": (
        {"sso": {**SSO, "groups_claim": "realm_access.roles"}},
        f"{AT}sso.groups_claim",
        "not within another claim. Write for example cognito:groups.",
    ),
    "a claim that ends the expression": ({"sso": {**SSO, "groups_claim": 'a") || ("'}}, f"{AT}sso.groups_claim", ""),
    "nobody's identity": ({"sso": {**SSO, "scopes": ["groups"]}}, f"{AT}sso.scopes", "Add it."),
    "a secret in the file": ({"sso": {**SSO, "client_secret": "x"}}, f"{AT}sso.client_secret", ""),
    "a range without hosts": ({"sso": {**SSO, "ranges": ["10.0.0.0/33"]}}, f"{AT}sso.ranges[0]", ""),
}


def written(grafana: dict[str, Any], *changes: Any) -> dict[str, Any]:
    alerts = {"platform": {"mail": ["platform@example.com"]}}
    return stack((("observability",), {"alerts": alerts, "grafana": grafana}), *changes)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_at_its_path_with_a_way_out(name: str) -> None:
    grafana, path, end = MISTAKES[name]
    found = [problem for problem in problems(written(grafana, (("ingress",), DOORS))) if problem.path == path]
    assert found, [str(each) for each in problems(written(grafana, (("ingress",), DOORS)))]
    assert found[0].message.endswith(end), found[0].message


def test_sso_without_an_address_to_come_back_to_is_a_mistake() -> None:
    assert problems(written({"sso": SSO}, (("ingress",), DOORS))) == ()
    other = {**DOORS, "routes": {"grafana": {**ROUTE, "service": "graphana"}}}
    for changes in ([], [(("ingress",), {"internal": {"certificate": CERTIFICATE}})], [(("ingress",), other)]):
        (found,) = problems(written({"sso": SSO}, *changes))
        assert found.path == f"{AT}sso"
        assert found.message.endswith("with namespace: monitoring and service: grafana, or drop sso.")
    assert problems(written({})) == (), "by a port-forward the only user is admin"


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"admin": {"existingSecret": "mine"}}, "admin"),
        ({"replicas": 2}, "replicas"),
        ({"rbac": {"namespaced": False}}, "rbac"),
        ({"sidecar": {"dashboards": {"searchNamespace": "ALL"}}}, "sidecar.dashboards"),
    ],
)
def test_values_that_the_platform_relies_on_stay(values: dict[str, Any], key: str) -> None:
    add_on = (("clusters", "main", "addons", "kube-prometheus-stack"), {"values": {"grafana": values}})
    (found,) = problems(written({}, add_on))
    assert found.path == f"clusters.main.addons.kube-prometheus-stack.values.grafana.{key}"
    assert found.message.endswith("Drop it.")


def test_a_route_to_a_grafana_that_is_off_is_a_mistake() -> None:
    (found,) = problems(written({}, (("ingress",), DOORS), (("observability", "grafana"), None)))
    assert found.path == "ingress.routes.grafana"
    assert found.message.endswith("Write observability.grafana: {}, or drop the route.")
