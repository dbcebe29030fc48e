"""kube-prometheus-stack: the operator, Prometheus, Alertmanager and kube-state-metrics; Grafana where there is one.

The operator makes the pods of Prometheus and Alertmanager after the release, which does not wait for them: an `up` that
succeeds does not prove that they run. What EKS runs itself (etcd, scheduler, controller manager) and kube-proxy, which
answers on its node alone, are not read, and rules about them are off: they would fire for ever.
Its webhooks check rules, and let all through while the operator is away: with Fail, no rule could then be made. The
operator leaves out a rule that is wrong, and Prometheus keeps the others.
Volumes are of a class of their own that deletes them with their claims, and the claims go with their namespace. They do
not go with their StatefulSet: the operator deletes it, and makes it again, for whatever Kubernetes does not change in
one, such as the size of claims.
It pulls no image of a hook: cert-manager makes the certificate of the webhooks.
Sources: prometheus-community/helm-charts kube-prometheus-stack-88.5.3; prometheus-operator v0.93.0, pkg/prometheus,
pkg/k8s/statefulset.go; read 2026-11.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from catalog.sharing import POOL_LABEL
from components.core.addon_spec import COMES_WITH_THE_CLUSTER, AddOnContext, AddOnSpec, AwsSideArgs, Identity
from components.core.flows import AMONG_THEMSELVES, CONTROLLER, PROMETHEUS, Flow, Pods, into, of_pods, out, webhooks
from components.core.overlay import overlay
from components.core.untyped import Values
from components.observability import alerting
from components.observability.chart_alerts import chart_alerts
from components.observability.grafana import FIXED, grafana_before, grafana_flows, grafana_values
from components.observability.remote_write import IDENTITY, remote_write_flows, remote_write_values, written
from components.observability.rules_of import recorded
from settings.cluster.addon_rules import needed_by_costs, needed_by_observability
from settings.cluster.fixed_values import FixedValue, never, only
from settings.cluster.mesh_replicas import kept_nodes
from settings.cluster.parts import ClusterParts
from settings.observability.metrics import TELEMETRY, MetricsSettings
from settings.observability.observability import ObservabilitySettings

if TYPE_CHECKING:
    import pulumi

NAME = "kube-prometheus-stack"
PROMETHEUS_ACCOUNT, ALERTMANAGER_ACCOUNT = "prometheus", alerting.ACCOUNT
NODE_LABELS = (
    *("ml-platform/pool", "ml-platform/sharing", "karpenter.sh/nodepool", "karpenter.sh/capacity-type"),
    *("eks.amazonaws.com/capacityType", "node.kubernetes.io/instance-type", "topology.kubernetes.io/zone"),
)
"""Labels of nodes by which rules and dashboards divide; without a list kube-state-metrics shows none of them."""
OF_EKS = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
UNREAD = ("configmaps", "secrets")
"""Collectors of kube-state-metrics that are off: it needs no right to list secrets."""
SELECTORS = ("podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor")
OWN: Values = {"matchLabels": {"kubernetes.io/metadata.name": PROMETHEUS.namespace}}
"""Selects the namespace with all monitors of the platform and the chart, by the label that Kubernetes gives each."""
IDENTITIES = (IDENTITY, Identity(service_account=ALERTMANAGER_ACCOUNT, statements=alerting.statements))
_WITH_RIGHTS: Values = {"podMetadata": {"annotations": {"ml-platform/rights": "by-pod-identity"}}}
"""Makes pods anew with their first rights: Pod Identity gives credentials to pods that are made after its association.

Other rights of the same role reach pods that run.
"""
STORAGE = {"prometheus": "storageSpec", "alertmanager": "storage"}
"""Where each has its claim. A folder of the node, or a volume of the pod, would win over the claim."""
CLAIMS = {"whenDeleted": "Retain", "whenScaled": "Delete"}


def observability_of(context: AddOnContext) -> ObservabilitySettings:
    """Returns the settings. The stack file may turn the add-on on only where there are some."""
    return context.observability or ObservabilitySettings()


def replicas(context: AddOnContext) -> int:
    """Returns how many Prometheus and Alertmanager pods there are."""
    return observability_of(context).metrics.replicas or (2 if context.stage.production else 1)


def _claim(gib: int) -> Values:
    return {
        "volumeClaimTemplate": {
            "spec": {
                "storageClassName": TELEMETRY,
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": f"{gib}Gi"}},
            }
        }
    }


def _resources(cpu: str, memory: str) -> Values:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def values(context: AddOnContext) -> Values:
    settings = observability_of(context)
    landing = {"nodeSelector": {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name}}
    critical = {"priorityClassName": "system-cluster-critical"}  # otherwise pods of teams with a class may end it
    ours: Values = {
        "crds": {"enabled": False},
        "nodeExporter": {
            "enabled": False,
            "forceDeployDashboards": True,  # they read the add-on's, whose job is the same
            "operatingSystems": {system: {"enabled": False} for system in ("aix", "darwin")},
        },
        **{part: {"enabled": False} for part in OF_EKS},
        "defaultRules": chart_alerts(),
        "kubelet": {"serviceMonitor": {"cAdvisorInterval": "30s"}},
        "kube-state-metrics": {
            **landing,
            **critical,
            "collectorsExclude": list(UNREAD),
            "metricLabelsAllowlist": [
                f"nodes=[{','.join(NODE_LABELS)}]",
                "pods=[team,app]",
                "namespaces=[ml-platform/team]",
            ],
            "resources": _resources("50m", "512Mi"),
        },
        "prometheusOperator": {
            **landing,
            **critical,
            "admissionWebhooks": {
                "failurePolicy": "Ignore",
                "certManager": {"enabled": True},
                "patch": {"enabled": False},
            },
            # Kubernetes 1.33 deprecates Endpoints, which hold 1000 nodes.
            "kubeletEndpointsEnabled": False,
            "kubeletEndpointSliceEnabled": True,
            "prometheusConfigReloader": {"resources": _resources("10m", "64Mi")},
            "resources": _resources("100m", "512Mi"),
        },
        "prometheus": {
            "serviceAccount": {"create": True, "name": PROMETHEUS_ACCOUNT},
            "prometheusSpec": prometheus_spec(context, settings.metrics) | landing | critical,
        },
        "alertmanager": {
            "serviceAccount": {"create": True, "name": ALERTMANAGER_ACCOUNT},
            "alertmanagerSpec": {
                **landing,
                **critical,
                **spread(context, "alertmanager"),
                "replicas": replicas(context),
                "storage": _claim(2),
                "persistentVolumeClaimRetentionPolicy": CLAIMS,
                "resources": _resources("20m", "128Mi"),
            },
        },
        "grafana": grafana_values(context),
    }
    ours = overlay(ours, {"alertmanager": alerting.alertmanager_values(context)})
    ours = overlay(ours, remote_write_values(context))
    for identity in IDENTITIES:
        part = identity.service_account
        if identity.statements(context):
            ours = overlay(ours, {part: {f"{part}Spec": _WITH_RIGHTS}})
    return ours


def prometheus_spec(context: AddOnContext, metrics: MetricsSettings) -> dict[str, Any]:
    return {
        **spread(context, "prometheus"),
        "replicas": replicas(context),
        "scrapeInterval": "30s",
        "evaluationInterval": "30s",
        "retention": f"{metrics.retention_days}d",
        "retentionSize": f"{metrics.volume_gib * 8 // 10}GiB",  # a full volume would end it
        "storageSpec": _claim(metrics.volume_gib),
        "persistentVolumeClaimRetentionPolicy": CLAIMS,
        "resources": _resources("500m", f"{metrics.memory_gib}Gi"),
        "serviceDiscoveryRole": "EndpointSlice",
        "externalLabels": {"cluster": context.cluster_name},
        # All monitors and rules count, not those alone that the chart labels. What is read stands in one namespace: EKS
        # add-ons and charts make monitors of their own elsewhere, whose targets no network policy and no alert knows.
        **{f"{kind}SelectorNilUsesHelmValues": False for kind in SELECTORS},
        **{f"{kind}NamespaceSelector": OWN for kind in SELECTORS if kind != "rule"},
    }


def spread(context: AddOnContext, app: str) -> dict[str, Any]:
    """Returns what keeps the pods apart: on nodes of their own where their pool has as many, in zones if it can be."""
    apart = kept_nodes([context.landing_pool], context.zones) >= replicas(context) > 1
    zones = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": {"app.kubernetes.io/name": app}},
    }
    return {"podAntiAffinity": "hard" if apart else "soft", "topologySpreadConstraints": [zones]}


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    """Returns its flows without those to what has a Scrape, which follow from it."""
    dns = Pods(namespace=COMES_WITH_THE_CLUSTER, labels={"k8s-app": "kube-dns"})
    return (
        *CONTROLLER,
        *AMONG_THEMSELVES,
        *alerting.flows(cluster),
        webhooks(10250),
        *of_pods(
            PROMETHEUS.labels,
            out("nodes", "reads kubelets", 10250),
            out("control-plane", "reads the metrics of the API server", 443),
            out(dns, "reads the metrics of CoreDNS", 9153),
            *([into(Pods(namespace="opencost"), "OpenCost asks it", 9090)] if needed_by_costs(cluster) else []),
        ),
        *remote_write_flows(cluster),
        *grafana_flows(cluster),
    )


def in_aws(context: AddOnContext, args: AwsSideArgs) -> "pulumi.Resource | None":
    """Registers the workspace of a cluster that writes to one."""
    from components.observability.managed_prometheus import ManagedPrometheus, ManagedPrometheusArgs

    if (settings := written(context.observability)) is None:
        return None
    workspace = ManagedPrometheusArgs(
        settings=settings, stage=context.stage, cluster=context.cluster, key_arn=args.key_arns["logs"]
    )
    return ManagedPrometheus(f"{args.name}-workspace", workspace, args.opts)


def of_workspace(made: "pulumi.Resource") -> Values:
    """Returns the values of kube-prometheus-stack that name the workspace. made: what `in_aws` returned."""
    from components.observability.managed_prometheus import ManagedPrometheus

    return made.values if isinstance(made, ManagedPrometheus) else {}


ADD_ON = AddOnSpec(
    name=NAME,
    needed_by=needed_by_observability,
    instead="observability.clusters without this cluster",
    pod_security="restricted",
    daemons=(),
    after=("cert-manager", "prometheus-operator-crds"),
    after_if_on=("external-secrets",),
    before=grafana_before,
    values=values,
    identities=IDENTITIES,
    in_aws=in_aws,
    keys=("logs",),
    values_of_aws=of_workspace,
    flows=flows,
    claims_volumes=True,
    skip_crds=True,
    records=recorded,
    fixed=(
        *FIXED,
        *(
            FixedValue(path=f"alertmanager.{path}", keeps=never, why="It follows from observability.alerts.")
            for path in (
                *("config", "stringConfig", "tplConfig", "templateFiles"),
                *(
                    f"alertmanagerSpec.{key}"
                    for key in ("alertmanagerConfigSelector", "alertmanagerConfiguration", "configSecret", "volumes")
                ),
                *(f"alertmanagerSpec.{key}" for key in ("volumeMounts", "useExistingSecret")),
            )
        ),
        *(
            FixedValue(
                path=f"{path}.{key}",
                keeps=only(True),
                why="Without it nothing is measured, or nobody told, while observability.clusters has this cluster.",
            )
            for path, key in (
                *((part, "enabled") for part in ("prometheus", "prometheusOperator", "alertmanager")),
                *((part, "enabled") for part in ("kubeStateMetrics", "kubelet", "kubernetesServiceMonitors")),
                *((part, "enabled") for part in ("kubeApiServer", "coreDns")),
                *((f"{part}.serviceMonitor", "enabled") for part in ("kubelet", "kubeApiServer", "coreDns")),
                *(
                    (f"{part}.serviceMonitor", "selfMonitor")
                    for part in ("prometheus", "prometheusOperator", "alertmanager")
                ),
                ("kube-state-metrics.prometheus.monitor", "enabled"),
                ("defaultRules", "create"),
            )
        ),
        *(
            FixedValue(path=f"{part}.{part}Spec.{key}", keeps=keeps, why=why)
            for part in ("prometheus", "alertmanager")
            for key, keeps, why in (
                ("paused", only(False), "The operator would change nothing any more."),
                ("replicas", never, "observability.metrics.replicas is their number."),
                *((f"additionalConfig{kind}", never, "It goes around all that is fixed.") for kind in ("", "String")),
                *((f"{STORAGE[part]}.{kind}", never, "It ends with the pod.") for kind in ("emptyDir", "ephemeral")),
            )
        ),
        *(
            FixedValue(path=f"prometheus.{path}", keeps=keeps, why=why)
            for path, keeps, why in (
                ("agentMode", only(False), "An agent evaluates no rule, so nobody hears of an alert."),
                ("prometheusSpec.shards", lambda given: given == 1, "Each of several sees a part of what rules ask."),
                ("prometheusSpec.alertingEndpoints", never, "Alerts would go past the platform's Alertmanager."),
                *(
                    (f"prometheusSpec.additionalAlertRelabelConfigs{kind}", never, "Routes would not know alerts.")
                    for kind in ("", "Secret")
                ),
                *(
                    (f"prometheusSpec.{key}", never, "Samples would go where nothing bounds them: use remoteWrite.")
                    for key in ("additionalRemoteWrite", "thanos")
                ),
                ("prometheusSpec.ignoreNamespaceSelectors", only(False), "Monitors would not find their pods."),
            )
        ),
        *(
            FixedValue(
                path=f"prometheusOperator.{key}",
                keeps=never,
                why="The operator would no longer see what the platform gives it, and change nothing of it.",
            )
            for key in (
                *("namespaces", "denyNamespaces", "extraArgs"),
                *(
                    f"{kind}Instance{by}"
                    for kind in ("prometheus", "alertmanager")
                    for by in ("Selector", "Namespaces")
                ),
            )
        ),
        *(
            FixedValue(path=f"defaultRules.{path}", keeps=keeps, why="The heartbeat outside is its alert Watchdog.")
            for path, keeps in (("disabled.Watchdog", only(False)), ("rules.general", only(True)))
        ),
        FixedValue(
            path="global.rbac.createAggregateClusterRoles",
            keeps=only(False),
            why="Who may edit a namespace could have anything read by Prometheus, and anybody told.",
        ),
        FixedValue(path="crds", keeps=never, why="The add-on prometheus-operator-crds has them."),
        FixedValue(
            path="nodeExporter.enabled",
            keeps=only(False),
            why="The add-on prometheus-node-exporter runs on each node, and two would want one port.",
        ),
        *(
            FixedValue(
                path=f"{part}.enabled", keeps=only(False), why="On EKS nobody answers: alerts would fire for ever."
            )
            for part in OF_EKS
        ),
        *(
            FixedValue(
                path=f"prometheus.prometheusSpec.{kind}{selector}",
                keeps=keeps,
                why="Prometheus would leave out what the platform gives it.",
            )
            for kind in SELECTORS
            for selector, keeps in (
                ("SelectorNilUsesHelmValues", only(False)),
                ("Selector", never),
                ("NamespaceSelector", never),
            )
        ),
        *(
            FixedValue(path=f"{part}.serviceAccount.name", keeps=never, why="Its rights in AWS are of this account.")
            for part in ("prometheus", "alertmanager")
        ),
        *(
            FixedValue(
                path=f"{part}.{part}Spec.persistentVolumeClaimRetentionPolicy",
                keeps=never,
                why="Claims that go with a StatefulSet take all samples with them when the operator makes it again.",
            )
            for part in ("prometheus", "alertmanager")
        ),
        *(
            FixedValue(
                path=f"{part}.podDisruptionBudget.enabled", keeps=only(False), why="The platform makes its budget."
            )
            for part in ("prometheus", "alertmanager")
        ),
        *(
            FixedValue(path=path, keeps=never, why="Monitors, rules and network policies name them.")
            for path in (
                *("fullnameOverride", "nameOverride", "namespaceOverride", "cleanPrometheusOperatorObjectNames"),
                *("alertmanager.namespaceOverride", "kubelet.namespace", "prometheusOperator.kubeletService.namespace"),
                *("kube-state-metrics.namespaceOverride", "kube-state-metrics.nameOverride"),
            )
        ),
        FixedValue(
            path="prometheusOperator.admissionWebhooks.failurePolicy",
            keeps=only("ignore"),
            why="While the operator is away, nobody could make a rule.",
        ),
        FixedValue(
            path="prometheusOperator.admissionWebhooks.certManager.enabled",
            keeps=only(True),
            why="cert-manager makes the certificate of the webhooks, and renews it.",
        ),
        FixedValue(
            path="prometheusOperator.tls.internalPort",
            keeps=only("10250"),
            why="Network policies let the API server in on port 10250.",
        ),
    ),
)
