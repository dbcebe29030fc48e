"""Grafana's administrator has a password from a Secret, and nobody else gets in without an account.

kube-prometheus-stack installs Grafana with a password that is in the chart, and the chart of Grafana keeps one that it
makes in the Helm release.
Source: grafana-community/helm-charts grafana-12.11.1, values.yaml; kube-prometheus-stack-88.5.3, values.yaml;
grafana.com, "Configure Grafana" (variables GF_<section>_<key>); read 2026-11.
"""

from collections.abc import Iterator, Mapping

from policies.charts import PROMETHEUS_STACK, RELEASE, chart_of
from policies.rule import Case, Resource, Rule, flag, present, text

INI, PASSWORD = "grafana.ini", "GF_SECURITY_ADMIN_PASSWORD"
SECTIONS: Mapping[tuple[str, str], str] = {
    ("auth.anonymous", "enabled"): "lets everybody in who reaches it",
    ("auth.proxy", "enabled"): "makes everybody the user that a header names",
}


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    chart = chart_of(resource)
    if chart not in (PROMETHEUS_STACK, "grafana"):
        return
    root: tuple[str, ...] = ("values", "grafana") if chart == PROMETHEUS_STACK else ("values",)
    if not flag(resource, (*root, "enabled"), default=True):
        return
    admin = ".".join((*root, "admin", "existingSecret"))
    if not present(resource, (*root, "admin", "existingSecret")):
        yield admin, "is not set: the password of the administrator is in the chart or in the Helm release"
    if present(resource, (*root, "adminPassword")):
        yield ".".join((*root, "adminPassword")), "is in the values: everybody who reads them is the administrator"
    if present(resource, (*root, INI, "security", "admin_password")):
        yield f'{".".join(root)}["{INI}"].security.admin_password', "is in a ConfigMap that everybody reads"
    for (section, key), problem in SECTIONS.items():
        if flag(resource, (*root, INI, section, key)):
            yield f'{".".join(root)}["{INI}"]["{section}"].{key}', f"is on: it {problem}"
        variable = f"GF_{section}_{key}".replace(".", "_").upper()
        if text(resource, (*root, "env", variable)).lower() == "true":
            yield ".".join((*root, "env", variable)), f"is on: it {problem}"
    if present(resource, (*root, "env", PASSWORD)):
        yield ".".join((*root, "env", PASSWORD)), "is in the values: everybody who reads them is the administrator"


SECRET = {"admin": {"existingSecret": "grafana-admin"}}


def _stack(at: str = "", **changes: object) -> Case:
    return Case({"chart": PROMETHEUS_STACK, "values": {"grafana": {**SECRET, **changes}}}, at=f"values.grafana{at}")


def _ini(section: str, **settings: object) -> dict[str, object]:
    return {INI: {section: settings}}


RULE = Rule(
    id="obs-grafana-closed",
    applies_to=RELEASE,
    severity="high",
    standards=("OWASP A07",),
    why="Dashboards name every team, model and node, and the administrator may ask Prometheus and all data sources.",
    fix="Write grafana.admin.existingSecret, and leave anonymous access and the proxy header off.",
    mend={
        "existingSecret": "<secret>",
        "adminPassword": None,
        "admin_password": None,
        "GF_SECURITY_ADMIN_PASSWORD": None,
        "GF_AUTH_ANONYMOUS_ENABLED": None,
        "enabled": False,
    },
    on_unknown="fail",
    check=check,
    good={
        "a Secret": _stack(),
        "other settings of security": _stack("", **_ini("security", cookie_secure=True)),
        "anonymous access that is off": _stack("", **_ini("auth.anonymous", enabled=False)),
        "no Grafana": Case({"chart": PROMETHEUS_STACK, "values": {"grafana": {"enabled": False}}}),
        "its own chart": Case({"chart": "oci://example.com/charts/grafana", "values": SECRET}),
        "nothing set in another chart": {"chart": "cert-manager"},
    },
    bad={
        "nothing set": Case({"chart": PROMETHEUS_STACK}, at="values.grafana.admin.existingSecret"),
        "nothing set in its own chart": Case({"chart": "grafana"}, at="values.admin.existingSecret"),
        "an administrator by name alone": _stack(".admin.existingSecret", admin={"userKey": "admin"}),
        "a password beside the Secret": _stack(".adminPassword", adminPassword="example"),
        "a password in the file": _stack(f'["{INI}"].security.admin_password', **_ini("security", admin_password="x")),  # noqa: S106
        "a password in a variable": _stack(f".env.{PASSWORD}", env={PASSWORD: "example"}),
        "anonymous access": _stack(f'["{INI}"]["auth.anonymous"].enabled', **_ini("auth.anonymous", enabled=True)),
        "anonymous access as text": _stack(
            f'["{INI}"]["auth.anonymous"].enabled', **_ini("auth.anonymous", enabled="true")
        ),
        "anonymous access by a variable": _stack(
            ".env.GF_AUTH_ANONYMOUS_ENABLED", env={"GF_AUTH_ANONYMOUS_ENABLED": "true"}
        ),
        "users from a header": _stack(f'["{INI}"]["auth.proxy"].enabled', **_ini("auth.proxy", enabled=True)),
        "a packed chart": Case({"chart": "./grafana-12.11.1.tgz"}, at="values.admin.existingSecret"),
    },
)
