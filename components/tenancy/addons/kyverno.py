"""Kyverno: verifies the signatures of images, and takes policies of a platform team's own.

Its webhooks are what it makes itself of the policies that are there, and while its pods are away a policy with Fail
refuses all that it would judge. So it is asked about no namespace that nodes, network or Kyverno itself need to come
back, and it runs once on each of three nodes where its pool has them.
The hook before the deletion of its release scales it to zero, upon which its pods delete their webhooks. The Job that
follows misses the validating ones, so a Kyverno that is down when it is deleted leaves these behind.
Controllers for reports, cleaning and generated objects are off, with what the first would read: unread reports pile up.
Values of features are merged with featuresOverride of the controller, and its extraArgs come last.
Sources: Kyverno v1.19.0, charts/kyverno (templates/admission-controller/deployment.yaml),
cmd/readiness-checker/main.go, pkg/webhooks/{server.go,handlers/filter.go} (cleanup, and who is not judged);
kyverno/kyverno 16492; kyverno/api, charts/kyverno-api (the definitions of policies.kyverno.io, with annotations of
their own); https://kyverno.io/docs/guides/high-availability/; read 2026-11.
"""

from collections.abc import Sequence

from catalog.sharing import POOL_LABEL
from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, Identity, every_add_on
from components.core.flows import CONTROLLER, WITH_ROLE, Flow, of_pods, webhooks
from components.core.metrics import Scrape
from components.core.untyped import Values
from components.tenancy.signature_policy import KYVERNO, pull_statements
from settings.cluster.addon_rules import needed_by_kyverno
from settings.cluster.fixed_values import FixedValue, never, of_budgets, only
from settings.cluster.mesh_replicas import REPLICAS, kept_nodes
from settings.cluster.parts import ClusterParts
from settings.tenancy.signatures import ALWAYS_LEFT_OUT, KyvernoSettings

ACCOUNT = "kyverno-admission-controller"
OTHER_CONTROLLERS = ("backgroundController", "cleanupController", "reportsController")
# The template falls back on minAvailable 1 only where neither number is given, and refuses both.
LETS_GO = {"minAvailable": "", "maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
PODS = {"app.kubernetes.io/component": "admission-controller", "app.kubernetes.io/instance": KYVERNO}
KEPT = {"helm.sh/resource-policy": "keep"}


def left_out(settings: KyvernoSettings) -> list[str]:
    """Returns the namespaces that Kyverno is not asked about, without its own, which the chart adds.

    Those of all add-ons: nodes, DNS and proxies of a mesh have to come back while Kyverno is down, as it needs them.
    """
    of_add_ons = {spec.chart.namespace for spec in every_add_on().values()}
    return sorted({*ALWAYS_LEFT_OUT, *of_add_ons, *settings.namespaces_left_out} - {KYVERNO})


def values(context: AddOnContext) -> Values:
    settings = context.admission.kyverno or KyvernoSettings()
    landing = {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name}
    reads = "ecr" if statements(context) else "none"
    return {
        "global": {"priorityClassName": "system-cluster-critical"},  # otherwise pods of teams with a class may end it
        "admissionController": {
            "replicas": max(1, min(REPLICAS, kept_nodes([context.landing_pool], context.zones))),  # two have a budget
            "podDisruptionBudget": LETS_GO,
            # Pods that started without credentials of AWS get none until they start again.
            "podAnnotations": {"ml-platform/registries": reads},
            "container": {
                "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
            },
        },
        **{controller: {"enabled": False} for controller in (*OTHER_CONTROLLERS, "reportsServer")},
        "features": {
            "admissionReports": {"enabled": False},
            "policyExceptions": {"enabled": settings.exceptions, "namespace": KYVERNO},
            "registryClient": {"credentialHelpers": ["default", "amazon"]},
        },
        "config": {
            "webhooks": {
                "namespaceSelector": {
                    "matchExpressions": [
                        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": left_out(settings)}
                    ]
                }
            }
        },
        "crds": {"annotations": KEPT, "migration": {"nodeSelector": landing}},
        "kyverno-api": {"annotations": KEPT},
        "rbac": {"roles": {"aggregate": {"admin": False, "view": False}}},
        "webhooksCleanup": {"nodeSelector": landing},
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    signatures = context.admission.signatures
    return pull_statements(context.stage, signatures.images) if signatures is not None else []


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    # It reads signatures in registries, and for signers without keys what their authority and its log say.
    return (*CONTROLLER, *of_pods(PODS, *WITH_ROLE, webhooks(9443)))


ADD_ON = AddOnSpec(
    name=KYVERNO,
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_kyverno,
    instead="no admission.kyverno",
    values=values,
    identities=(Identity(service_account=ACCOUNT, statements=statements),),
    flows=flows,
    metrics=lambda cluster: (Scrape(job=KYVERNO, pods=PODS, port=8000),),
    fixed=(
        *of_budgets("admissionController"),
        *(
            FixedValue(
                path=path,
                keeps=never,
                why="They keep the definitions when the release goes; with these would go everybody's policies.",
            )
            for path in ("crds.annotations", "kyverno-api.annotations", "crds.install")
        ),
        *(
            FixedValue(
                path=path,
                keeps=never,
                why="While Kyverno is down, what has to come back first would be refused. Name more namespaces in "
                "admission.kyverno.namespaces_left_out.",
            )
            for path in ("config.webhooks", "config.excludeKyvernoNamespace", "config.create", "config.name")
        ),
        *(
            FixedValue(
                path=f"config.{path}",
                keeps=never,
                why="What it takes out, no policy judges, and nobody is told. Name namespaces in "
                "admission.kyverno.namespaces_left_out.",
            )
            for path in (
                *("excludeGroups", "excludeUsernames", "excludeRoles", "excludeClusterRoles", "matchConditions"),
                *("resourceFilters", "resourceFiltersInclude", "resourceFiltersIncludeNamespaces"),
            )
        ),
        FixedValue(
            path="features.autoUpdateWebhooks.enabled",
            keeps=only(True),
            why="Kyverno would be asked about every object, and refuse all of them while it is down.",
        ),
        FixedValue(
            path="features.forceFailurePolicyIgnore.enabled",
            keeps=only(False),
            why="Pods without a signature would be let in while Kyverno is down.",
        ),
        FixedValue(
            path="features.registryClient.allowInsecure",
            keeps=only(False),
            why="Who is between Kyverno and the registry could answer in its place.",
        ),
        FixedValue(
            path="features.policyExceptions",
            keeps=never,
            why="Who may write exceptions is let past all policies. Write admission.kyverno.exceptions instead.",
        ),
        *(
            FixedValue(
                path=f"admissionController.{path}",
                keeps=never,
                why="It comes after features, and what is fixed there could be another. Write features.",
            )
            for path in ("featuresOverride", "container.extraArgs")
        ),
        FixedValue(
            path="admissionController.replicas",
            keeps=lambda given: given is None or (str(given).isdecimal() and int(given) > 0),
            why="While no pod of it runs, pods of teams are refused, and the chart refuses 0.",
        ),
        FixedValue(
            path="webhooksCleanup.enabled",
            keeps=only(True),
            why="Webhooks would stay without Kyverno, and refuse all that they are asked about.",
        ),
        *(
            FixedValue(
                path=f"rbac.roles.aggregate.{role}",
                keeps=only(False),
                why="Rights of the platform's people are rows of their own roles, and policies are not among them.",
            )
            for role in ("admin", "view")
        ),
        *(
            FixedValue(path=path, keeps=never, why="Rights in AWS and rules of the network rely on it.")
            for path in (
                *("admissionController.rbac.serviceAccount.name", "admissionController.rbac.create"),
                *("admissionController.podAnnotations", "admissionController.webhookServer.port"),
                *("namespaceOverride", "fullnameOverride", "nameOverride"),
            )
        ),
    ),
)
