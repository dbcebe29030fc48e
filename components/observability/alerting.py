"""The configuration of Alertmanager, whole, as values of kube-prometheus-stack; and what its pods need besides.

An alert of a team's namespace goes to the team, if it is for teams, and everything else to the platform's people: also
what has no namespace, such as a node. Objects of the operator (AlertmanagerConfig) would see their own namespace alone.
What somebody keeps secret comes from files, which Alertmanager reads each time it sends: it starts without them, and a
receiver whose secret nobody has filled fails alone. So its volumes are optional, and not `secrets` of the operator.
Sources: prometheus-operator v0.93.1, pkg/alertmanager; alertmanager v0.34.0, notify/{sns,slack,pagerduty,webhook},
dispatch; SNS API, Publish (a subject has at most 100 characters of ASCII, in one line); SNS developer guide, "Securing
Amazon SNS data with server-side encryption" (a publisher needs kms:GenerateDataKey and kms:Decrypt); read 2026-11.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.core import iam
from components.core.addon_spec import AddOnContext
from components.core.flows import WITH_ROLE, Flow, Pods, of_pods, out
from components.core.stage import Stage
from components.core.untyped import Values
from settings.cluster.parts import ClusterParts
from settings.observability.alerts import HEARTBEAT, PLATFORM, AlertSettings, ReceiverSettings

ALERTMANAGER = Pods(namespace="monitoring", labels={"app.kubernetes.io/name": "alertmanager"})
ACCOUNT = "alertmanager"
NOBODY = "nobody"
NO_OBJECTS = {"matchLabels": {"ml-platform/routes": "none"}}
"""By itself the operator reads AlertmanagerConfigs of all namespaces, and each may send alerts anywhere."""
OF_CRITICAL = ".critical"
"""Ending of the receivers of critical alerts. No team has a dot in its name, so that no other receiver ends so."""
NODE_IS_GONE = "NodeNotReady"
"""The alert that stands for everything else that is told of its node."""
_FILES = "/etc/alertmanager/receivers"
_SAME = ("cluster", "namespace", "node", "persistentvolumeclaim", "instance", "device", "mountpoint")
_TITLE = (
    '{{ printf "%.100s" (printf "%s: %s %s %s (%s)" (.Status | toUpper) .CommonLabels.alertname .CommonLabels.node '
    ".CommonLabels.namespace .CommonLabels.cluster) }}"
)
"""SNS refuses a subject that is longer, and the mail would be lost."""
_EACH_MINUTE = {"group_wait": "0s", "group_interval": "30s", "repeat_interval": "1m"}
_TEXT = """\
{{ range .Alerts }}{{ .Status | toUpper }} {{ .Labels.alertname }} ({{ .Labels.severity }}) in {{ .Labels.cluster }}
{{ .Annotations.summary }}{{ .Annotations.description }}
Runbook: {{ .Annotations.runbook_url }}
Since {{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC
{{ range .Labels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}

{{ end }}"""


def _alerts(context: AddOnContext) -> AlertSettings:
    return context.observability.alerts if context.observability is not None else AlertSettings()


def topic_name(stage: Stage, receiver: str) -> str:
    """Returns the name of the topic that sends the mails of a receiver."""
    return f"{stage.prefix}-alerts-{receiver}"


def secret_object(name: str) -> str:
    """Returns the name of the Kubernetes Secret that has a secret of `AlertSettings.secrets`."""
    return f"alerts-{name}"


def alertmanager_values(context: AddOnContext) -> Values:
    """Returns the values under `alertmanager`."""
    secrets = _alerts(context).secrets()
    volumes = [{"name": name, "secret": {"secretName": secret_object(name), "optional": True}} for name in secrets]
    mounts = [{"name": name, "mountPath": f"{_FILES}/{name}", "readOnly": True} for name in secrets]
    files = {"volumes": volumes, "volumeMounts": mounts} if secrets else {}
    teams = {name: spaces for name, spaces in context.teams.items() if name in _alerts(context).teams}
    return {
        "config": config(_alerts(context), teams, context.stage),
        "alertmanagerSpec": {"alertmanagerConfigSelector": NO_OBJECTS, **files},
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    """Returns the rights of Alertmanager: to publish to the topics of its receivers, which a key encrypts."""
    stage = context.stage
    topics = [
        stage.arn("sns", topic_name(stage, name)) for name, each in _alerts(context).receivers().items() if each.mail
    ]
    if not topics:
        return []
    through_sns = {
        "StringEquals": {"kms:ViaService": f"sns.{stage.region}.amazonaws.com"},
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": stage.key_alias("logs")},
    }
    return [
        iam.allow("SendMails", ["sns:Publish"], topics),
        iam.allow("EncryptMails", ["kms:GenerateDataKey", "kms:Decrypt"], [stage.arn("kms", "key/*")], through_sns),
    ]


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    """Returns what Alertmanager sends: mails by SNS, all else to addresses on the internet."""
    alerts = cluster.observability.alerts if cluster.observability is not None else AlertSettings()
    by_mail = WITH_ROLE if alerts.sends_mails else ()
    by_secret = (out("outside", "tells people of alerts", 443),) if alerts.secrets() else ()
    return of_pods(ALERTMANAGER.labels, *by_mail, *by_secret)


def config(alerts: AlertSettings, teams: Mapping[str, Sequence[str]], stage: Stage) -> dict[str, Any]:
    """Returns alertmanager.yaml. teams: those with a receiver of their own -> their namespaces in the cluster.

    Critical alerts have receivers of their own, which page too. They are told again after four hours, all others after
    a day, also those whose severity is missing or of somebody's own.
    """
    receivers = alerts.receivers()
    platform = PLATFORM if PLATFORM in receivers else NOBODY
    routes = [
        _route(HEARTBEAT if alerts.heartbeat else NOBODY, 'alertname="Watchdog"', **_EACH_MINUTE),
        _route(NOBODY, 'severity=~"info|none"'),
        *(
            route
            for team, namespaces in teams.items()
            for route in _of_audience(f"team-{team}", 'audience="team"', f'namespace=~"{"|".join(namespaces)}"')
        ),
        *(_of_audience(PLATFORM) if platform == PLATFORM else ()),
    ]
    return {
        "global": {"resolve_timeout": "5m"},
        "templates": [],
        "route": {
            "receiver": platform,
            "group_by": ["cluster", "alertname", "node", "namespace"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "24h",
            "routes": routes,
        },
        "inhibit_rules": [
            _inhibits(f'alertname="{NODE_IS_GONE}"', [f'alertname!="{NODE_IS_GONE}"', 'node!=""'], ["cluster", "node"]),
            _inhibits('severity="critical"', ['severity="warning"'], ["alertname", *_SAME]),
        ],
        "receivers": [
            {"name": NOBODY},
            *([{"name": HEARTBEAT, "webhook_configs": [_webhook(HEARTBEAT, "url")]}] if alerts.heartbeat else []),
            *(each for name, receiver in receivers.items() for each in _receivers(name, receiver, stage)),
        ],
    }


def _route(receiver: str, *matchers: str, **times: str) -> dict[str, Any]:
    return {"receiver": receiver, "matchers": list(matchers), **times}


def _of_audience(receiver: str, *matchers: str) -> Iterator[dict[str, Any]]:
    yield _route(f"{receiver}{OF_CRITICAL}", *matchers, 'severity="critical"', repeat_interval="4h")
    if matchers:
        yield _route(receiver, *matchers)


def _inhibits(source: str, targets: Sequence[str], equal: Sequence[str]) -> dict[str, Any]:
    return {"source_matchers": [source], "target_matchers": list(targets), "equal": list(equal)}


def _receivers(name: str, receiver: ReceiverSettings, stage: Stage) -> Iterator[dict[str, Any]]:
    told: dict[str, Any] = {}
    if receiver.mail:
        sns = {
            "topic_arn": stage.arn("sns", topic_name(stage, name)),
            "sigv4": {"region": stage.region},
            "subject": _TITLE,
            "message": _TEXT,
            "send_resolved": True,
        }
        told["sns_configs"] = [sns]
    if receiver.slack is not None:
        slack = {"app_token_file": f"{_FILES}/{name}/slack", "channel": receiver.slack, "title": _TITLE, "text": _TEXT}
        told["slack_configs"] = [{**slack, "send_resolved": True}]
    if receiver.webhook:
        told["webhook_configs"] = [_webhook(name, "webhook")]
    yield {"name": name, **told}
    if receiver.pagerduty:
        page = {"routing_key_file": f"{_FILES}/{name}/pagerduty", "severity": "critical", "description": _TITLE}
        told["pagerduty_configs"] = [{**page, "details": {"alerts": _TEXT}, "send_resolved": True}]
    yield {"name": f"{name}{OF_CRITICAL}", **told}


def _webhook(name: str, key: str) -> dict[str, Any]:
    return {"url_file": f"{_FILES}/{name}/{key}", "send_resolved": name != HEARTBEAT}
