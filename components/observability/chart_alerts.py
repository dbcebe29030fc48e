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
GROUPS_OF_TEAMS = ("kubernetesApps", "kubernetesResources", "kubernetesStorage")
"""Their series have the namespace of a team, which hears of them; where it is no team's, the platform does."""
OTHER_GROUPS = (
    *("alertmanager", "configReloaders", "general", "kubeApiserverSlos", "kubeStateMetrics"),
    *("kubernetesSystem", "network", "nodeExporterAlerting", "prometheus", "prometheusOperator"),
)
ALERTS_OFF: Mapping[str, str] = {
    "AlertmanagerClusterFailedToSendAlerts": "ours, AlertsNotDelivered, tells it",
    "AlertmanagerFailedToSendAlerts": "ours, AlertsNotDelivered, tells it",
    "CPUThrottlingHigh": "limits of CPU are meant to throttle",
    "KubeAPIDown": "ours, APIServerAbsent, tells it",
    "KubeCPUOvercommit": "nodes are added when pods do not fit",
    "KubeCPUQuotaOvercommit": "quotas together may exceed the nodes of the moment",
    "KubeJobNotCompleted": "training runs for days",
    "KubeMemoryOvercommit": "nodes are added when pods do not fit",
    "KubeMemoryQuotaOvercommit": "quotas together may exceed the nodes of the moment",
    "KubeNodeNotReady": "ours, NodeNotReady, tells once for each node",
    "KubeNodeUnreachable": "ours, NodeNotReady, tells once for each node",
    "KubePersistentVolumeFillingUp": "ours, VolumeNearlyFull, tells the team",
    "KubePersistentVolumeInodesFillingUp": "ours, VolumeOutOfFiles, tells the team",
    "KubeQuotaAlmostFull": "ours, QuotaNearlyUsed, tells the team",
    "KubeQuotaExceeded": "ours, QuotaNearlyUsed, tells the team",
    "KubeQuotaFullyUsed": "ours, QuotaNearlyUsed, tells the team",
    "NodeMemoryMajorPagesFaults": "data that training maps into memory is read by page faults",
    "PrometheusOperatorRejectedResources": "ours, RulesRejected, tells it",
    "PrometheusRemoteStorageFailures": "ours, RemoteWriteFails, tells it",
    "PrometheusRemoteWriteBehind": "ours, RemoteWriteBehind, tells it",
    "PrometheusRuleFailures": "ours, RulesFail, tells it",
}


def chart_alerts() -> Values:
    """Returns the values of `defaultRules`. A label for all rules beside those of groups would be there twice."""
    audiences = {**dict.fromkeys(OTHER_GROUPS, "platform"), **dict.fromkeys(GROUPS_OF_TEAMS, "team")}
    return {
        "rules": dict.fromkeys(GROUPS_OFF, False),
        "additionalRuleGroupLabels": {group: {"audience": audience} for group, audience in sorted(audiences.items())},
        "disabled": dict.fromkeys(sorted(ALERTS_OFF), True),
    }
