"""AWS Load Balancer Controller: load balancers for Gateways, Ingresses and Services.

It looks for the definitions of the Gateway API when it starts, and only then: they must be there before it. It finds
the VPC by tags, since nodes do not answer it: their metadata service is one hop away. With its mutating webhook every
Service of the cluster would need it to be up; without, a Service of type LoadBalancer needs the class, and a policy of
every cluster refuses one that has none.
Sources: aws-load-balancer-controller 3.5.0, helm/, pkg/aws/cloud.go, pkg/config/feature_gates.go; read 2026-11.
"""

from collections.abc import Sequence

from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, Identity
from components.core.disruption import ALSO_WHEN_BROKEN
from components.core.flows import CONTROLLER, WITH_ROLE, Flow, of_pods, webhooks
from components.core.metrics import Scrape
from components.core.untyped import Values
from components.ingress.controller_iam import controller_statements
from settings.cluster.addon_rules import needed_by_ingress
from settings.cluster.fixed_values import FixedValue, never, of_budgets, only
from settings.cluster.mesh_replicas import kept_nodes
from settings.cluster.parts import ClusterParts

NAME = "aws-load-balancer-controller"
PODS = dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), NAME)


def _has_web_acl(context: AddOnContext) -> bool:
    return context.ingress is not None and context.ingress.public is not None


def values(context: AddOnContext) -> Values:
    replicas = 2 if kept_nodes(context.pools, context.zones) >= 2 else 1
    return {
        "clusterName": context.cluster_name,
        "region": context.stage.region,
        "vpcTags": context.stage.vpc_tags,
        "replicaCount": replicas,  # one of them leads, and another takes over at once
        **({"podDisruptionBudget": ALSO_WHEN_BROKEN} if replicas > 1 else {}),
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},  # without both, it is not restricted
        "securityContext": {"capabilities": {"drop": ["ALL"]}},
        "keepTLSSecret": True,  # otherwise each upgrade makes another authority, and its webhooks refuse until restarts
        "enableServiceMutatorWebhook": False,
        "defaultTargetType": "ip",  # Services of type ClusterIP have no port on the nodes
        "defaultLoadBalancerScheme": "internal",
        "createIngressClassResource": False,  # the doors have it, with their subnets
        "ingressClassParams": {"create": False},
        # By annotations an Ingress would leave its class behind, or change the load balancer of another one.
        "disableIngressClassAnnotation": True,
        "disableIngressGroupNameAnnotation": True,
        "enableShield": False,
        "enableWaf": False,
        "enableWafv2": _has_web_acl(context),
        "defaultTags": dict(context.stage.tags),
        "controllerConfig": {
            "featureGates": {
                "GlobalAcceleratorController": False,
                "ServiceTypeLoadBalancerOnly": True,  # otherwise annotations open a load balancer for any Service
            }
        },
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    return controller_statements(context.stage, context.cluster, waf=_has_web_acl(context))


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    return of_pods(PODS, *CONTROLLER, *WITH_ROLE, webhooks(9443))


ADD_ON = AddOnSpec(
    name=NAME,
    pod_security="restricted",
    daemons=(),
    needed_by=needed_by_ingress,
    instead="ingress.clusters without this cluster",
    values=values,
    identities=(Identity(service_account=NAME, statements=statements),),
    flows=flows,
    metrics=lambda cluster: (Scrape(job=NAME, pods=PODS, port=8080),),
    definitions=("elbv2.k8s.aws", "gateway-api", "gateway.k8s.aws"),
    skip_crds=True,
    endpoints=("ec2", "elasticloadbalancing"),
    fixed=(
        *of_budgets(""),
        FixedValue(path="clusterName", keeps=never, why="Its rights are for this cluster's name alone."),
        FixedValue(path="region", keeps=never, why="It is the region of the stack."),
        FixedValue(path="vpcId", keeps=never, why="It finds the VPC of the stack by its tags."),
        FixedValue(path="vpcTags", keeps=never, why="They are the tags of the stack's VPC."),
        FixedValue(
            path="webhookBindPort", keeps=only("9443"), why="Network policies let the API server in on port 9443."
        ),
        FixedValue(
            path="keepTLSSecret",
            keeps=only(True),
            why="Without it each upgrade makes another authority, and its webhooks refuse objects until they restart.",
        ),
        FixedValue(
            path="enableServiceMutatorWebhook",
            keeps=only(False),
            why="With it no Service of the cluster is made while the controller is down.",
        ),
        FixedValue(
            path="defaultTargetType",
            keeps=only("ip"),
            why="Load balancers of another type send to ports of nodes, which Services of type ClusterIP have not.",
        ),
        FixedValue(
            path="defaultLoadBalancerScheme",
            keeps=only("internal"),
            why="Another would make load balancers public that do not say what they are.",
        ),
        FixedValue(
            path="controllerConfig.featureGates.ServiceTypeLoadBalancerOnly",
            keeps=only(True),
            why="Otherwise annotations open a load balancer to the internet for a Service of any type.",
        ),
        *(
            FixedValue(path=path, keeps=only(True), why="Otherwise annotations undo what the class of Ingresses says.")
            for path in ("disableIngressClassAnnotation", "disableIngressGroupNameAnnotation")
        ),
        *(
            FixedValue(path=path, keeps=never, why="Its rights and the platform's policies are for it as it is.")
            for path in ("watchNamespace", "enableWaf", "enableShield")
        ),
        *(
            FixedValue(path=f"controllerConfig.featureGates.{gate}", keeps=only(True), why="The doors are Gateways.")
            for gate in ("ALBGatewayAPI", "NLBGatewayAPI")
        ),
        FixedValue(path="enableWafv2", keeps=never, why="It is on where a door has a web ACL."),
        FixedValue(
            path="createIngressClassResource",
            keeps=only(False),
            why="The class is there already, with the subnets and the networks that may connect.",
        ),
    ),
)
