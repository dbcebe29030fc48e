"""Grafana, as values of kube-prometheus-stack: one pod, whose dashboards and data sources come from this program.

Its sidecar writes the dashboards of ConfigMaps into folders, and may read ConfigMaps alone: the chart's own role reads
the secrets of the namespace as well. Grafana looks for new files by itself, so that nothing but Grafana has the
password of `admin`, which External Secrets makes in the cluster before the release. A volume of EBS goes to one node at
a time, so the old pod ends first. Plugins that are in the image are kept, and none is looked for or brought.
Sources: grafana-community/helm-charts grafana-12.11.1, templates/_pod.tpl, role.yaml, _config.tpl; kiwigrid/
k8s-sidecar, README; prometheus-community/helm-charts kube-prometheus-stack-88.5.3, templates/grafana; grafana.com,
"Configure Grafana" and "Configure generic OAuth authentication"; read 2026-11.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from catalog.sharing import POOL_LABEL
from components.core.addon_spec import AddOnContext
from components.core.flows import Flow, Pods, Range, of_pods, out, to_values
from components.core.untyped import Manifest, Values
from components.observability.alerting import secret_object
from settings.cluster.fixed_values import FixedValue, never
from settings.cluster.parts import ClusterParts
from settings.ingress.ingress import RouteSettings
from settings.observability.grafana import (
    CLIENT_SECRET,
    LABELS,
    NAMESPACE,
    SERVICE,
    SSO,
    GrafanaSettings,
    SsoSettings,
)
from settings.observability.logs import OWN_LOKI
from settings.observability.metrics import TELEMETRY
from settings.observability.observability import ObservabilitySettings
from settings.observability.traces import OWN_TEMPO

ADMIN = "grafana-admin"
VOLUME = "10Gi"
"""For users, preferences and dashboards of their own. Kubernetes would refuse to make it smaller later."""
LABEL, FOLDER = "grafana_dashboard", "grafana_folder"
"""Label of the ConfigMaps that have dashboards, and annotation with the folder."""
DASHBOARDS = "/tmp/dashboards"  # noqa: S108
PROMETHEUS_URL = f"http://kube-prometheus-stack-prometheus.{NAMESPACE}:9090"
ALERTMANAGER_URL = f"http://kube-prometheus-stack-alertmanager.{NAMESPACE}:9093"


def _settings(context: AddOnContext) -> GrafanaSettings | None:
    return context.observability.grafana if context.observability is not None else None


def grafana_values(context: AddOnContext) -> Values:
    """Returns the values below `grafana`."""
    if (settings := _settings(context)) is None:
        return {"enabled": False}
    return {
        "enabled": True,
        "fullnameOverride": SERVICE,
        "replicas": 1,  # SQLite on its volume is of one process
        "deploymentStrategy": {"type": "Recreate"},
        "nodeSelector": {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name},
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "admin": {"existingSecret": ADMIN},
        "persistence": {
            "enabled": True,
            "type": "pvc",
            "storageClassName": TELEMETRY,
            "size": VOLUME,
        },
        "initChownData": {"enabled": False},  # runs as root; the volume gets its group from the pod
        "rbac": {"namespaced": True, "useExistingRole": "grafana-dashboards"},
        "extraObjects": [_role()],
        "sidecar": {
            "resources": {"requests": {"cpu": "10m", "memory": "96Mi"}, "limits": {"memory": "192Mi"}},
            "dashboards": {
                "enabled": True,
                "label": LABEL,
                "labelValue": "1",
                "annotations": {FOLDER: "Kubernetes"},  # of the dashboards that come with the chart
                "folderAnnotation": FOLDER,
                "folder": DASHBOARDS,
                "searchNamespace": NAMESPACE,
                "resource": "configmap",
                "skipReload": True,
                "provider": {"foldersFromFilesStructure": True},
            },
            "datasources": {"enabled": False},
        },
        "datasources": {"datasources.yaml": {"apiVersion": 1, "datasources": _sources(context.observability)}},
        "grafana.ini": _ini(context, settings.sso),
        **({"envValueFrom": {"GF_AUTH_GENERIC_OAUTH_CLIENT_SECRET": _client_secret()}} if settings.sso else {}),
    }


def _client_secret() -> Values:
    """Returns where the client's secret comes from. Until somebody fills it, only `admin` logs in."""
    return {"secretKeyRef": {"name": secret_object(SSO), "key": CLIENT_SECRET, "optional": True}}


def _role() -> Manifest:
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "grafana-dashboards", "namespace": NAMESPACE},
        "rules": [rule],
    }


def _sources(observability: ObservabilitySettings | None) -> list[dict[str, Any]]:
    """Returns the data sources: a line leads to its trace, and a span to the lines of its namespace with its trace.

    A change of them starts the pod again, since the chart has their digest in it.
    """
    prometheus = {
        "name": "Prometheus",
        "type": "prometheus",
        "uid": "prometheus",
        "url": PROMETHEUS_URL,
        "access": "proxy",
        "isDefault": True,
        "jsonData": {"httpMethod": "POST", "timeInterval": "30s"},
    }
    alertmanager = {
        "name": "Alertmanager",
        "type": "alertmanager",
        "uid": "alertmanager",
        "url": ALERTMANAGER_URL,
        "access": "proxy",
        "jsonData": {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
    }
    logs, traces = _own(observability)
    loki = {
        "name": "Loki",
        "type": "loki",
        "uid": "loki",
        "url": OWN_LOKI,
        "access": "proxy",
        "jsonData": {"derivedFields": [_TRACE_OF_A_LINE] if traces else []},
    }
    tempo = {
        "name": "Tempo",
        "type": "tempo",
        "uid": "tempo",
        "url": OWN_TEMPO.replace("4318", "3200"),
        "access": "proxy",
        "jsonData": {"tracesToLogsV2": _LOGS_OF_A_SPAN} if logs else {},
    }
    return [prometheus, alertmanager, *([loki] if logs else []), *([tempo] if traces else [])]


def _own(observability: ObservabilitySettings | None) -> tuple[bool, bool]:
    """Returns whether the platform runs a Loki, and a Tempo."""
    logs, traces = (observability.logs, observability.traces) if observability is not None else (None, None)
    return logs is not None and logs.own_loki, traces is not None and traces.tempo is not None


_TRACE_OF_A_LINE = {
    "name": "trace",
    "matcherRegex": '"(?:trace_?[iI][dD]|otelTraceID)":"([0-9a-f]{32})"',
    "datasourceUid": "tempo",
    "url": "$${__value.raw}",  # one dollar is for a variable of Grafana's pod
}
_LOGS_OF_A_SPAN = {
    "datasourceUid": "loki",
    "spanStartTimeShift": "-5m",
    "spanEndTimeShift": "5m",
    "filterByTraceID": True,
    "tags": [{"key": "k8s.namespace.name", "value": "namespace"}],
}


def route_of(context: AddOnContext) -> RouteSettings | None:
    """Returns the route that leads to Grafana; None where there is none."""
    routes = context.ingress.routes.values() if context.ingress is not None else ()
    return next((each for each in routes if (each.namespace, each.service) == (NAMESPACE, SERVICE)), None)


def _ini(context: AddOnContext, sso: SsoSettings | None) -> dict[str, dict[str, Any]]:
    return {
        "analytics": {
            "reporting_enabled": False,
            "check_for_updates": False,
            "check_for_plugin_updates": False,
            "feedback_links_enabled": False,
        },
        "news": {"news_feed_enabled": False},
        "plugins": {"plugin_admin_enabled": False, "preinstall_disabled": True, "preinstall_auto_update": False},
        "security": {"disable_gravatar": True, "cookie_secure": _is_https(context)},
        "snapshots": {"external_enabled": False},
        "users": {"allow_sign_up": False, "auto_assign_org_role": "Viewer"},
        "auth.anonymous": {"enabled": False},
        "dashboards": {"default_home_dashboard_path": f"{DASHBOARDS}/Platform/platform.json"},
        **_server(context),
        **({"auth.generic_oauth": oauth(sso)} if sso else {}),
    }


def _is_https(context: AddOnContext) -> bool:
    route, ingress = route_of(context), context.ingress
    door = (ingress.internal if route.door == "internal" else ingress.public) if route and ingress else None
    return door is not None and door.certificate is not None


def _server(context: AddOnContext) -> dict[str, dict[str, Any]]:
    if (route := route_of(context)) is None:
        return {}
    return {"server": {"root_url": f"{'https' if _is_https(context) else 'http'}://{route.host}", "domain": route.host}}


def oauth(sso: SsoSettings) -> dict[str, Any]:
    """Returns the login by OpenID Connect; the client's secret is a variable of the pod."""
    return {
        "enabled": True,
        "name": "Single sign-on",
        "client_id": sso.client_id,
        "scopes": " ".join(sso.scopes),
        "auth_url": sso.auth_url,
        "token_url": sso.token_url,
        "api_url": sso.api_url,
        "use_pkce": True,
        "use_refresh_token": True,
        "allow_sign_up": True,  # of those whom it lets log in
        "groups_attribute_path": _groups(sso),
        "role_attribute_path": _role_of_groups(sso),
        "role_attribute_strict": bool(sso.viewers),  # who has no role stays outside, or is a Viewer by `users`
    }


def _role_of_groups(sso: SsoSettings) -> str:
    """Returns the JMESPath expression that makes a role of somebody's groups; no role where none is named.

    Grafana searches the token, and where that gives no role the answer of `api_url`. So the expression never ends with
    a role for everybody: that of the token would count, and groups that the answer alone has would not.
    Source: grafana/grafana, pkg/login/social/connectors/{generic_oauth,social_base,org_role_mapper}.go, of commits
    after 11; those of 13.2.0 could not be read; read 2026-11.
    """
    roles = {"Admin": sso.admins, "Editor": sso.editors, "Viewer": sso.viewers}
    cases = [f"contains({_groups(sso)}, '{group}') && '{role}'" for role, groups in roles.items() for group in groups]
    return " || ".join(cases)


def _groups(sso: SsoSettings) -> str:
    """Returns the expression for somebody's groups: a list, also where the claim is missing or is one text."""
    return f'to_array("{sso.groups_claim}")'


def grafana_before(context: AddOnContext) -> Mapping[str, Manifest]:
    """Returns what makes the password of `admin`, once: the pod waits for its Secret, and the release for the pod."""
    if _settings(context) is None:
        return {}
    generator = {"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password", "name": ADMIN}
    return {
        "grafana-password": {
            "apiVersion": generator["apiVersion"],
            "kind": generator["kind"],
            "metadata": {
                "name": ADMIN,
                "namespace": NAMESPACE,
                "annotations": {"pulumi.com/skipAwait": "true"},  # it has no condition
            },
            "spec": {"length": 32, "digits": 8, "symbols": 0, "noUpper": False, "allowRepeat": True},
        },
        "grafana-admin": {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": ADMIN, "namespace": NAMESPACE},
            "spec": {
                "refreshPolicy": "CreatedOnce",
                "dataFrom": [{"sourceRef": {"generatorRef": generator}}],
                "target": {
                    "name": ADMIN,
                    "creationPolicy": "Owner",
                    "deletionPolicy": "Retain",
                    "template": {"data": {"admin-user": "admin", "admin-password": "{{ .password }}"}},
                },
            },
        },
    }


def grafana_flows(cluster: ClusterParts) -> Sequence[Flow]:
    """Returns what Grafana calls besides its namespace and the API server: the identity provider, Loki, Tempo."""
    grafana = cluster.observability.grafana if cluster.observability is not None else None
    if grafana is None:
        return ()
    logs, traces = _own(cluster.observability)
    calls = [
        *([out(Pods(namespace="loki"), "reads logs", 3100)] if logs else []),
        *([out(Pods(namespace="tempo"), "reads traces", 3200)] if traces else []),
    ]
    if grafana.sso is not None:
        why = "asks who logs in"
        ranges = [out(Range(cidr=cidr), why, 443) for cidr in grafana.sso.ranges]
        calls += ranges or [out("outside", why, 443)]
    asks = to_values(cluster, "kube-prometheus-stack", "grafana.additionalDataSources", "asks a data source of values")
    return of_pods(LABELS, *calls, *asks)


FIXED = (
    FixedValue(path="grafana.admin", keeps=never, why="External Secrets makes the password before the release."),
    FixedValue(path="grafana.replicas", keeps=lambda given: given == 1, why="Its SQLite is of one process."),
    FixedValue(
        path="grafana.rbac", keeps=never, why="The chart's own role reads all secrets, and its cluster role everywhere."
    ),
    FixedValue(path="grafana.extraObjects", keeps=never, why="They have the role of its sidecar."),
    *(
        FixedValue(path=f"grafana.{path}", keeps=never, why="The platform's routes, dashboards and policies name it.")
        for path in ("fullnameOverride", "namespaceOverride", "sidecar.dashboards", "service.targetPort")
    ),
)
