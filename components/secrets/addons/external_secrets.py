"""External Secrets: brings secrets of a store into namespaces, and makes passwords there.

What could read for others is off: SecretStores and PushSecrets of teams, generators and ExternalSecrets of the whole
cluster (these may also change labels of namespaces), and tokens for any service account. Its webhooks refuse its kinds
while their pods are away, so stores come after the release. Its definitions are templates of the chart: with them
every ExternalSecret would go, and every Secret that it owns. Its webhook and its controller of certificates have no
role, and reach nobody but the API server. A Vault whose name ends in `.svc` is in the cluster; any other one is taken
to be outside of the VPC, since nothing says in which private network it would be.
Sources: external-secrets v2.9.0, deploy/charts/external-secrets, cmd/controller/root.go; read 2026-11.
"""

from collections.abc import Sequence

from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, Identity
from components.core.disruption import ONE_AT_A_TIME, budget
from components.core.flows import CONTROLLER, WITH_ROLE, Flow, of_pods, to_address, webhooks
from components.core.metrics import Scrape
from components.core.untyped import Values
from components.secrets.addon_rules.external_secrets import RULES
from components.secrets.secret_iam import OPERATOR, operator_statements
from settings.cluster.addon_rules import needed_by_secrets
from settings.cluster.fixed_values import FixedValue, never, of_budgets, only
from settings.cluster.mesh_replicas import kept_nodes
from settings.cluster.parts import ClusterParts

OFF = (
    *("processSecretStore", "processPushSecret", "processClusterPushSecret"),
    *("processClusterGenerator", "processClusterExternalSecret"),
)


def _store(context: AddOnContext) -> str:
    return context.secrets.store if context.secrets is not None else "aws"


def values(context: AddOnContext) -> Values:
    replicas = 2 if kept_nodes(context.pools, context.zones) >= 2 else 1

    def part(memory: str) -> Values:
        return {
            "replicaCount": replicas,
            "priorityClassName": "system-cluster-critical",  # otherwise pods of teams with a class may end it
            "podDisruptionBudget": budget(replicas, ONE_AT_A_TIME),
            "resources": {"requests": {"cpu": "10m", "memory": memory}, "limits": {"memory": "256Mi"}},
            "livenessProbe": {"enabled": True},
        }

    return {
        **part("128Mi"),
        "readinessProbe": {"enabled": True},
        "leaderElect": replicas > 1,
        # The store is part of the pods: those that started without credentials of AWS get none until they restart.
        "podAnnotations": {"ml-platform/store": _store(context)},
        # It waits up to two minutes for its certificate, and answers no probe before: see cmd/controller/webhook.go.
        "webhook": {**part("64Mi"), "startupProbe": {"enabled": True}},
        "certController": part("64Mi"),
        "crds": {"annotations": {"helm.sh/resource-policy": "keep"}},
        **dict.fromkeys(OFF, False),
        "rbac": {
            "aggregateToEdit": False,
            "aggregateToAdmin": False,
            "serviceAccountTokenCreate": _store(context) == "vault",  # its login, as the operator's own account
        },
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    return operator_statements(context.stage, context.cluster) if _store(context) == "aws" else []


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    pods = dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), OPERATOR)
    vault = cluster.secrets.vault if cluster.secrets is not None else None
    store = WITH_ROLE if vault is None else to_address(vault.address, vault.ranges, "reads the Vault")
    return (*CONTROLLER, *of_pods(pods, *store), webhooks(10250))


ADD_ON = AddOnSpec(
    name=OPERATOR,
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_secrets,
    instead="no `secrets` of its teams, no `observability.grafana`, and in `observability.alerts` mail alone",
    values=values,
    identities=(Identity(service_account=OPERATOR, statements=statements),),
    flows=flows,
    rules=RULES,
    metrics=lambda cluster: (Scrape(job=OPERATOR, pods={"app.kubernetes.io/instance": OPERATOR}, port=8080),),
    endpoints=("secretsmanager", "sts"),
    fixed=(
        *of_budgets("", "webhook", "certController"),
        FixedValue(
            path="crds.annotations",
            keeps=never,
            why="They keep the definitions when the release goes; with these would go every ExternalSecret and Secret.",
        ),
        FixedValue(path="webhook.port", keeps=only("10250"), why="Network policies let the API server in on 10250."),
        *(
            FixedValue(path=path, keeps=only(False), why="It reads secrets or changes namespaces for who made it.")
            for path in OFF
        ),
        *(
            FixedValue(
                path=f"rbac.{path}", keeps=only(False), why="Everybody who may edit a namespace could make stores."
            )
            for path in ("aggregateToEdit", "aggregateToAdmin")
        ),
        *(
            FixedValue(path=path, keeps=never, why="Stores and roles in AWS are for the operator as it is.")
            for path in (
                *("rbac.serviceAccountTokenCreate", "serviceAccount.name", "podAnnotations", "controllerClass"),
                *("scopedNamespace", "scopedRBAC", "namespaceOverride", "fullnameOverride", "genericTargets"),
                *("installCRDs", "processClusterStore", "webhook.create", "extraArgs"),
            )
        ),
    ),
)
