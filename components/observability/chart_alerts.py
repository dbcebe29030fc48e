"""The alerts that kube-prometheus-stack brings: which are off, and which are for teams. All others are the platform's.

They keep the runbooks of their own project. Groups are the keys of `defaultRules.rules`.
Source: prometheus-community/helm-charts kube-prometheus-stack-88.5.3, templates/prometheus/rules-1.14; read 2026-11.
"""

from collections.abc import Mapping

from components.core.untyped import Values

GROUPS_OFF: Mapping[str, str] = {
    **dict.fromkeys(
        ("etcd", "kubeControllerManager", "kubeSchedulerAlerting", "kubeSchedulerRecording"), "EKS runs it, unread"
    ),
    "kubeProxy": "it answers on its node alone",
    "windows": "no node has Windows",
}
GROUPS_OF_TEAMS = ("general", "kubernetesApps", "kubernetesResources", "kubernetesStorage")
"""Their series have the namespace of a team, which hears of them; where it is no team's, the platform does."""
OTHER_GROUPS = (
    *("alertmanager", "configReloaders", "kubeApiserverSlos", "kubeStateMetrics"),
    *("kubernetesSystem", "network", "nodeExporterAlerting", "prometheus", "prometheusOperator"),
)
TOLD_BY_OURS: Mapping[str, str] = {
    "AlertmanagerClusterFailedToSendAlerts": "AlertsNotDelivered",
    "AlertmanagerFailedToSendAlerts": "AlertsNotDelivered",
    "KubeAPIDown": "APIServerAbsent",
    "KubeNodeNotReady": "NodeNotReady",
    "KubeNodeUnreachable": "NodeNotReady",
    "KubePersistentVolumeFillingUp": "VolumeNearlyFull",
    "KubePersistentVolumeInodesFillingUp": "VolumeOutOfFiles",
    "KubeQuotaAlmostFull": "NamespaceQuotaNearlyUsed",
    "KubeQuotaFullyUsed": "NamespaceQuotaNearlyUsed",
    "PrometheusOperatorRejectedResources": "RulesRejected",
    "PrometheusRemoteStorageFailures": "RemoteWriteFails",
    "PrometheusRemoteWriteBehind": "RemoteWriteBehind",
    "PrometheusRuleFailures": "RulesFail",
}
"""Alert of the chart -> that of the platform which says the same, once, and whose runbook is about this platform."""
ALERTS_OFF: Mapping[str, str] = {
    "CPUThrottlingHigh": "limits of CPU are meant to throttle",
    "KubeCPUOvercommit": "nodes are added when pods do not fit",
    "KubeCPUQuotaOvercommit": "quotas together may exceed the nodes of the moment",
    "KubeJobNotCompleted": "training runs for days",
    "KubeMemoryOvercommit": "nodes are added when pods do not fit",
    "KubeMemoryQuotaOvercommit": "quotas together may exceed the nodes of the moment",
    "NodeMemoryMajorPagesFaults": "data that training maps into memory is read by page faults",
    **{alert: f"ours tells it: {own}" for alert, own in TOLD_BY_OURS.items()},
}


def chart_alerts() -> Values:
    """Returns the values of `defaultRules`. A label for all rules beside those of groups would be there twice."""
    audiences = {**dict.fromkeys(OTHER_GROUPS, "platform"), **dict.fromkeys(GROUPS_OF_TEAMS, "team")}
    return {
        "rules": dict.fromkeys(GROUPS_OFF, False),
        "additionalRuleGroupLabels": {group: {"audience": audience} for group, audience in sorted(audiences.items())},
        "disabled": dict.fromkeys(sorted(ALERTS_OFF), True),
    }
