"""Services open no door by themselves: load balancers are internal and of a named class, without node ports.

Without a class, the cloud provider's controller in the control plane makes a Classic Load Balancer, which is public.
Sources: AWS Load Balancer Controller v3.5.0, pkg/service/model_build_load_balancer.go; Kubernetes, "Service", and
CVE-2020-8554 for external addresses; read 2026-11.
"""

from collections.abc import Iterator, Sequence

from common.values import UNKNOWN
from policies.objects import objects
from policies.rule import Case, Option, Resource, Rule, flag, present, text

ANNOTATIONS, PREFIX = ("metadata", "annotations"), "service.beta.kubernetes.io/aws-load-balancer-"
SCHEME, INTERNAL = (*ANNOTATIONS, f"{PREFIX}scheme"), (*ANNOTATIONS, f"{PREFIX}internal")
TYPE, CLASS, ADDRESSES = "spec.type", "spec.loadBalancerClass", "spec.externalIPs"


def check(resource: Resource, *, classes: Sequence[str]) -> Iterator[tuple[str, str]]:
    for service in objects(resource, "core", "Service"):
        kind = text(service, TYPE)
        if kind == "LoadBalancer" and text(service, CLASS) not in classes:
            yield service.under(CLASS), "is no class of this cluster, so a public Classic Load Balancer may be made"
        if kind == "NodePort":
            yield service.under(TYPE), "is NodePort, which opens a port on every node, around gateways and their rules"
        if text(service, SCHEME, "internal" if kind != "LoadBalancer" else "") != "internal":
            yield service.under(SCHEME), "is not internal"
        elif not flag(service, INTERNAL, default=True):
            yield service.under(INTERNAL), "is false, which is the old way to say internet-facing"
        if present(service, ADDRESSES):
            yield service.under(ADDRESSES), "takes traffic of the cluster to addresses that the Service does not own"


SERVICE, NLB = "kubernetes:core/v1:Service", "service.k8s.aws/nlb"


def _case(at: str = "", form: str = "", scheme: str = "internal", old: object = None, **spec: object) -> Case:
    annotations: dict[str, object] = {SCHEME[-1]: scheme} if scheme else {}
    if old is not None:
        annotations[INTERNAL[-1]] = old
    service = {"metadata": {"annotations": annotations}, "spec": spec}
    return Case({"items": [service]} if form == "List" else service, type=f"{SERVICE}{form}", at=at)


RULE = Rule(
    id="lb-service-closed",
    applies_to=f"{SERVICE}*",
    severity="high",
    standards=("Kyverno: restrict-loadbalancer", "Kyverno: restrict-external-ips"),
    why="A Service with a load balancer of its own is reached without the certificate, firewall and logs of a gateway.",
    fix=f"Use a route of the shared Gateway; else set loadBalancerClass: {NLB} and the scheme internal.",
    mend={
        "loadBalancerClass": "service.k8s.aws/nlb",
        '["service.beta.kubernetes.io/aws-load-balancer-scheme"]': "internal",
        '["service.beta.kubernetes.io/aws-load-balancer-internal"]': "true",
        "type": "ClusterIP",
        "externalIPs": None,
    },
    on_unknown="fail",
    options={
        "classes": Option("Classes of load balancers that a controller of the cluster serves.", [NLB], stricter="fewer")
    },
    dev="advisory",
    check=check,
    good={
        "nothing set, so only the cluster reaches it": Case({}, type=SERVICE),
        "an internal load balancer": _case(type="LoadBalancer", loadBalancerClass=NLB),
        "the same, said in the old way too": _case(type="LoadBalancer", loadBalancerClass=NLB, old="true"),
        "another class of the cluster": Case(
            _case(type="LoadBalancer", loadBalancerClass="eks.amazonaws.com/nlb").props,
            type=SERVICE,
            options={"classes": ["eks.amazonaws.com/nlb"]},
        ),
        "a service account": Case({"metadata": {"name": "trainer"}}, type="kubernetes:core/v1:ServiceAccount"),
    },
    bad={
        "a load balancer without a class": _case(CLASS, type="LoadBalancer"),
        "another class": _case(CLASS, type="LoadBalancer", loadBalancerClass="example.com/lb"),
        "a list": _case(f"items[0].{CLASS}", form="List", type="LoadBalancer"),
        "no scheme": _case("metadata.annotations", scheme="", type="LoadBalancer", loadBalancerClass=NLB),
        "internet-facing": _case(
            "metadata.annotations", scheme="internet-facing", type="LoadBalancer", loadBalancerClass=NLB
        ),
        "a patch that opens what a chart made": _case("metadata.annotations", form="Patch", scheme="internet-facing"),
        "a patch that opens it in the old way": _case("metadata.annotations", form="Patch", scheme="", old="false"),
        "a port of every node": _case(TYPE, scheme="", type="NodePort"),
        "an address of somebody else": _case(ADDRESSES, scheme="", externalIPs=["203.0.113.7"]),
        "a type that is known later": _case(TYPE, type=UNKNOWN),
    },
)
