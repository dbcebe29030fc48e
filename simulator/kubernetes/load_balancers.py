"""Load balancers that the AWS Load Balancer Controller makes of Gateways, Ingresses and Services, and its finalizers.

Sources: kubernetes-sigs/aws-load-balancer-controller v3.5.0: pkg/shared_constants/finalizers.go, controllers,
pkg/gateway/model, pkg/ingress (class_annotation_matcher.go, group_loader.go, model_builder.go), pkg/service (which
Services it takes, names, schemes, groups, deletion protection), webhooks/networking/ingress_validator.go,
pkg/networking/backend_sg_provider.go; read 2026-11. Not simulated: target groups, listeners, rules of nodes' groups.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.aws import tokens
from simulator.cloud import CloudResource
from simulator.kubernetes import controllers, gateways
from simulator.kubernetes import load_balancer_controller as controller
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.gateway_configurations import (
    LOAD_BALANCERS,
    RULES,
    TARGETS,
    configuration_of,
    group_of,
    namespace_of,
)
from simulator.kubernetes.load_balancer_controller import ALB, GATEWAY_API, NLB, OF_AWS
from simulator.kubernetes.meaning.node import Node
from simulator.values import Props

CHART = controller.CHART
CLASS = "service.k8s.aws/nlb"
"""The loadBalancerClass of Services that belong to the controller."""
INGRESS, SERVICE = ("networking.k8s.io/v1", "Ingress"), ("v1", "Service")
_BINDING = "TargetGroupBinding"
_OF_INGRESSES, _OF_SERVICES = "alb.ingress.kubernetes.io/", "service.beta.kubernetes.io/aws-load-balancer-"
_FINALIZERS = {
    "GatewayClass": "gateway.k8s.aws/gatewayclass",
    LOAD_BALANCERS: "gateway.k8s.aws/loadbalancerconfigurations",
    TARGETS: "gateway.k8s.aws/targetgroupconfigurations",
    RULES: "gateway.k8s.aws/listenerruleconfigurations",
    _BINDING: "elbv2.k8s.aws/resources",
    "Ingress": "ingress.k8s.aws/resources",
    "Service": "service.k8s.aws/resources",
}
_TRUE = ("1", "t", "true")  # of Go's ParseBool
_OF_A_GROUP = "group.ingress.k8s.aws/"
_KINDS = (
    *((f"{GATEWAY_API}/{version}", kind) for version in ("v1", "v1beta1") for kind in ("GatewayClass", "Gateway")),
    *((f"{OF_AWS}/{version}", kind) for version in ("v1", "v1beta1") for kind in (LOAD_BALANCERS, TARGETS, RULES)),
    *((f"elbv2.k8s.aws/{version}", _BINDING) for version in ("v1beta1", "v1alpha1")),
    *(INGRESS, SERVICE),
)
PROTECTED = "__protected"
_PROTECTION = "deletion_protection.enabled"
_OF_CLUSTER = "elbv2.k8s.aws/cluster"
_BACKEND = {"elbv2.k8s.aws/resource": "backend-sg"}


@dataclass(frozen=True)
class Wanted:
    """A load balancer as an object describes it.

    application: its type. groups: security groups that it gets instead of those that the controller makes.
    protected: against deletion; None where nobody says it: the controller then leaves it as it is.
    """

    application: bool
    scheme: str
    subnets: Sequence[str]
    groups: Sequence[str] = ()
    protected: bool | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    uses: Props = field(default_factory=dict)


def reconcile(cluster: Cluster) -> None:
    """Does what the controller does after a change of any object: finalizers, load balancers, security groups.

    Without the controller nothing happens: what it has made stays.
    """
    _release_backend_group(cluster)
    if controller.why_gone(cluster):
        return
    for row in [row for kind in _KINDS for row in cluster.of_kind(*kind)]:
        if not (finalizer := _finalizer(cluster, row.state)):
            continue
        finalizers = row.state["metadata"].get("finalizers") or []
        state = row.state
        if finalizer not in finalizers:
            state = {**state, "metadata": {**state["metadata"], "finalizers": [*finalizers, finalizer]}}
        if row.state["kind"] in ("Gateway", "Ingress", "Service"):
            state = _with_load_balancer(cluster, row, state)
        if state != row.state:
            cluster.put(state, namespace_of(state))
    for balancer in cluster.cloud.of_type(tokens.LOAD_BALANCER):
        type_, id_ = balancer.state.get(controllers.OF) or ("", "")
        is_ours = balancer.region == cluster.region and id_.startswith(f"{cluster.name}/")
        if is_ours and cluster.cloud.get(type_, id_, cluster.region) is None:
            controllers.delete(cluster.cloud, balancer)
            _release_backend_group(cluster)


def make(cluster: Cluster, of: CloudResource, wanted: Wanted) -> CloudResource:
    """Makes a load balancer of an object, with its security groups and its interfaces."""
    digest = _digest(f"{cluster.place} {of.type} {of.id} {cluster.cloud.times_gone(of.type, of.id)}")
    namespace, name = (re.sub("[^A-Za-z0-9]", "", part)[:8] for part in of.id.split("/")[-2:])
    name = f"k8s-{namespace}-{name}-{digest[:10]}"
    path = f"{'app' if wanted.application else 'net'}/{name}/{digest[:16]}"
    arn = f"arn:aws:elasticloadbalancing:{cluster.region}:123456789012:loadbalancer/{path}"
    tags = {_OF_CLUSTER: cluster.name, **wanted.tags}
    text = "[k8s] Managed SecurityGroup for LoadBalancer"
    internal = "internal-" if wanted.scheme == "internal" and wanted.application else ""
    host = f"{internal}{name}-{int(digest[:8], 16)}.{cluster.region}.elb.amazonaws.com"
    state: Props = {
        "LoadBalancerArn": arn,
        "LoadBalancerName": name,
        "VpcId": controller.vpc_of(cluster),
        "Type": "application" if wanted.application else "network",
        "Scheme": wanted.scheme,
        "DNSName": host if wanted.application else f"{name}-{digest[:16]}.elb.{cluster.region}.amazonaws.com",
        PROTECTED: wanted.protected is True,
        **wanted.uses,
    }
    balancer = _put(cluster, tokens.LOAD_BALANCER, arn, state, of)
    groups = list(wanted.groups)
    if not groups:
        own = _group(cluster, f"sg-0{digest[:16]}", {"name": name, "description": text, "tags": tags}, balancer)
        groups = [own, _backend_group(cluster)]
    balancer = _put(cluster, tokens.LOAD_BALANCER, arn, {**state, "SecurityGroups": groups}, of)
    for number, subnet in enumerate(wanted.subnets):
        interface: Props = {
            "NetworkInterfaceId": f"eni-0{_digest(f'{digest} {number}')[:16]}",
            "Description": f"ELB {path}",
            "VpcId": controller.vpc_of(cluster),
            "SubnetId": subnet,
            "Status": "in-use",
            "Groups": [{"GroupId": each} for each in groups],
            "InterfaceType": "interface" if wanted.application else "network_load_balancer",
            **({"Association": {"PublicIp": "203.0.113.99"}} if wanted.scheme == "internet-facing" else {}),
        }
        _put(cluster, tokens.NETWORK_INTERFACE, interface["NetworkInterfaceId"], interface, balancer)
    return balancer


def why_kept(cluster: Cluster, state: Props) -> str:
    """Returns why an object stays when it is deleted, with everything in it; "" when it goes.

    A namespace stays with an object in it, and a definition with an object of its kind.
    """
    inside = cluster.inside(state)
    if inside is None:
        return _why_kept(cluster, state, ())
    reasons = ((each, _why_kept(cluster, each, inside)) for each in inside)
    return next((f"{_named(each)} stays, because {why}" for each, why in reasons if why), "")


def _why_kept(cluster: Cluster, state: Props, leaving: Sequence[Props]) -> str:
    """leaving: the objects that are deleted with it."""
    ours = (*_FINALIZERS.values(), ALB, NLB)
    finalizers = [
        each for each in state["metadata"].get("finalizers") or () if each in ours or each.startswith(_OF_A_GROUP)
    ]
    if not finalizers:
        return ""
    if why := controller.why_gone(cluster):
        return f"{why}, and only that removes its finalizer {finalizers[0]}. Objects with load balancers go first"
    users = [each for each in gateways.users_of(cluster, state) if each not in leaving]
    if users:
        return f"{', '.join(map(_named, users))} uses it, and so long {finalizers[0]} keeps it"
    if state["kind"] == "Gateway":
        return gateways.why_not_deleted(cluster, state)
    if state["kind"] in ("Ingress", "Service") and _attributes(state).get(_PROTECTION) == "true":
        kind = state["kind"].lower()
        return f"deletion_protection is enabled, cannot delete the {kind}: {state['metadata']['name']}"
    return ""


def _finalizer(cluster: Cluster, state: Props) -> str:
    """Returns the finalizer that the controller puts on an object; "" for what it does not look at."""
    kind, group = state["kind"], group_of(state)
    if kind == "Gateway":
        has_one = any(each in (ALB, NLB) for each in state["metadata"].get("finalizers") or ())
        builds = has_one or not gateways.why_not_programmed(cluster, state)
        return gateways.controller_of(cluster, state) if builds else ""
    looks = (
        bool(gateways.controller_of(cluster, state))
        if kind == "GatewayClass"
        else not all(controller.why_blind(cluster, each) for each in (ALB, NLB))
        if group == OF_AWS
        else _is_ours(cluster, state)
    )
    explicit = _annotation(state, _OF_INGRESSES, "group.name") if kind == "Ingress" else None
    return (_OF_A_GROUP + explicit if explicit else _FINALIZERS[kind]) if looks else ""


def _is_ours(cluster: Cluster, state: Props) -> bool:
    """Returns whether an Ingress or a Service is of the controller's class. Annotations are enough for a Service."""
    spec, values = state.get("spec") or {}, controller.values_of(cluster)
    if state["kind"] == "Ingress":
        if (annotation := _annotation(state, "kubernetes.io/", "ingress.class")) is not None:
            # Its webhook refuses a new one where the value says so.
            is_refused = values.get("disableIngressClassAnnotation") is True
            return not is_refused and annotation == (values.get("ingressClass") or "alb")
        own = _class_of(cluster, state)
        is_own = own is not None and own["spec"]["controller"] == "ingress.k8s.aws/alb"
        return is_own or spec.get("ingressClassName") == (values.get("ingressClass") or "alb")
    if state["kind"] == "Service":
        class_, is_balanced = spec.get("loadBalancerClass"), spec.get("type") == "LoadBalancer"
        gates = Node(values)["controllerConfig"]["featureGates"]
        if gates["ServiceTypeLoadBalancerOnly"].value is True and not is_balanced:
            return False
        if class_ is not None:
            return bool(class_ == (values.get("loadBalancerClass") or CLASS))
        type_, target = (_annotation(state, _OF_SERVICES, each) for each in ("type", "nlb-target-type"))
        by_webhook = is_balanced and values.get("enableServiceMutatorWebhook") is not False
        return by_webhook or type_ == "nlb-ip" or (type_ == "external" and target in ("ip", "instance"))
    return True


def _class_of(cluster: Cluster, ingress: Props) -> Props | None:
    """Returns the IngressClass that an Ingress names. One that is named by annotation has no parameters."""
    name = (ingress.get("spec") or {}).get("ingressClassName")
    if not name or _annotation(ingress, "kubernetes.io/", "ingress.class") is not None:
        return None
    row = cluster.get("networking.k8s.io/v1", "IngressClass", "", name)
    return row.state if row else None


def _scheme(cluster: Cluster, state: Props) -> str | None:
    """Returns the scheme that an Ingress or a Service asks for. Of an Ingress its class decides, if that says one."""
    if state["kind"] == "Service":
        is_internal = _annotation(state, _OF_SERVICES, "internal")
        by_old_annotation = is_internal and ("internal" if is_internal.lower() in _TRUE else "internet-facing")
        return _annotation(state, _OF_SERVICES, "scheme") or by_old_annotation
    name = Node(_class_of(cluster, state))["spec"]["parameters"]["name"].text
    row = cluster.get("elbv2.k8s.aws/v1beta1", "IngressClassParams", "", name) if name else None
    of_class = Node(row.state if row else None)["spec"]["scheme"].text
    return of_class or _annotation(state, _OF_INGRESSES, "scheme")


def _check_targets(cluster: Cluster, service: Props) -> None:
    """Raises ValueError where nodes would have to forward to a Service, and it has no port on them."""
    default = controller.values_of(cluster).get("defaultTargetType") or "instance"
    target = _annotation(service, _OF_SERVICES, "nlb-target-type") or default
    has_ports = (service.get("spec") or {}).get("type", "ClusterIP") != "ClusterIP"
    if target != "ip" and not has_ports and _annotation(service, _OF_SERVICES, "type") != "nlb-ip":
        raise ValueError(f'unsupported service type "ClusterIP" for load balancer target type "{target}"')


def _with_load_balancer(cluster: Cluster, row: CloudResource, state: Props) -> Props:
    """Returns the object with the address of its load balancer, which is made where it can be."""
    made = controllers.made_of(cluster.cloud, row)
    balancer = next((each for each in made if each.type == tokens.LOAD_BALANCER), None)
    try:
        wanted = _wanted(cluster, row.state)
        if balancer is None:
            balancer = make(cluster, row, wanted)
        else:
            protection = {} if wanted.protected is None else {PROTECTED: wanted.protected}
            now = {**balancer.state, **wanted.uses, **protection}
            if now != balancer.state:
                cluster.cloud.put(balancer.type, balancer.id, now, region=balancer.region)
    except ValueError:  # an event of the object says so
        if balancer is None:
            return state
    host = balancer.state.get("DNSName")
    if host is None:
        return state
    status = {"addresses": [{"type": "Hostname", "value": host}]}
    if row.state["kind"] == "Gateway":
        return {**state, "status": {**gateways.status_of(state), **status}}
    return {**state, "status": {"loadBalancer": {"ingress": [{"hostname": host}]}}}


def _wanted(cluster: Cluster, state: Props) -> Wanted:
    """Returns the load balancer of an object. Raises ValueError where there are no subnets for it."""
    if state["kind"] == "Gateway":
        spec = configuration_of(cluster, state)
        attributes = {each["key"]: each["value"] for each in spec.get("loadBalancerAttributes") or ()}
        application, name = gateways.controller_of(cluster, state) == ALB, "gateway.k8s.aws.alb"
        name = name if application else "gateway.k8s.aws.nlb"
    else:
        application = state["kind"] == "Ingress"
        if not application:
            _check_targets(cluster, state)
        name, prefix = ("ingress.k8s.aws", _OF_INGRESSES) if application else ("service.k8s.aws", _OF_SERVICES)
        identifiers = [{"identifier": each} for each in _annotations(state, prefix, "subnets")]
        spec = {"scheme": _scheme(cluster, state), "loadBalancerSubnets": identifiers}
        spec |= {"securityGroups": _annotations(state, prefix, "security-groups")}
        certificates = _annotations(state, prefix, "certificate-arn" if application else "ssl-cert")
        spec |= {"listenerConfigurations": [{"certificates": certificates}]}
        spec |= {"wafV2": {"webACL": _annotation(state, prefix, "wafv2-acl-arn")}}
        attributes = _attributes(state)
    scheme = spec.get("scheme") or controller.default_scheme(cluster)
    subnets = controller.subnets(cluster, scheme, application=application, spec=spec)
    place = f"{namespace_of(state)}/{state['metadata']['name']}"
    return Wanted(
        application,
        scheme,
        [row.id for row in subnets],
        spec.get("securityGroups") or (),
        {"true": True, "false": False}.get(attributes.get(_PROTECTION, "")),
        {f"{name}/stack": place, f"{name}/resource": "LoadBalancer"},
        _uses(spec),
    )


def _uses(spec: Props) -> Props:
    """Returns the ARNs that a configuration names; those that the controller finds by host names are left out."""
    listeners = spec.get("listenerConfigurations") or ()
    named = [arn for each in listeners for arn in (each.get("defaultCertificate"), *(each.get("certificates") or ()))]
    return {"Certificates": [arn for arn in named if arn], "WebACLArn": (spec.get("wafV2") or {}).get("webACL") or ""}


def _attributes(state: Props) -> dict[str, str]:
    """Returns the attributes of the load balancer that an Ingress or a Service names."""
    prefix, name = (
        (_OF_INGRESSES, "load-balancer-attributes") if state["kind"] == "Ingress" else (_OF_SERVICES, "attributes")
    )
    named = (_annotation(state, prefix, name) or "").replace(" ", "").split(",")
    return {key: value for key, _, value in (each.partition("=") for each in named)}


def _annotation(state: Props, prefix: str, name: str) -> str | None:
    value: str | None = (state["metadata"].get("annotations") or {}).get(prefix + name)
    return value


def _annotations(state: Props, prefix: str, name: str) -> list[str]:
    return [each.strip() for each in (_annotation(state, prefix, name) or "").split(",") if each.strip()]


def _named(state: Props) -> str:
    return f"{state['kind']} {'/'.join(filter(None, (namespace_of(state), state['metadata']['name'])))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _backend_groups(cluster: Cluster) -> Iterator[CloudResource]:
    for row in cluster.cloud.of_type(tokens.SECURITY_GROUP):
        if row.region in ("", cluster.region) and (row.state.get("tags") or {}) == {
            _OF_CLUSTER: cluster.name,
            **_BACKEND,
        }:
            yield row


def _backend_group(cluster: Cluster) -> str:
    """Returns the group by which load balancers reach nodes and pods. All of a cluster share one."""
    if (found := next(_backend_groups(cluster), None)) is not None:
        return found.id
    digest = _digest(cluster.place)
    name = f"k8s-traffic-{re.sub('[^A-Za-z0-9]', '', cluster.name)}-{digest[:10]}"
    text = "[k8s] Shared Backend SecurityGroup for LoadBalancer"
    times = cluster.cloud.times_gone(tokens.SECURITY_GROUP, f"sg-0{digest[:16]}")
    id_ = f"sg-0{digest[:16]}" if not times else f"sg-0{_digest(f'{digest} {times}')[:16]}"
    return _group(
        cluster, id_, {"name": name, "description": text, "tags": {_OF_CLUSTER: cluster.name, **_BACKEND}}, None
    )


def _release_backend_group(cluster: Cluster) -> None:
    """Deletes the shared group with the last load balancer."""
    for group in _backend_groups(cluster):
        interfaces = cluster.cloud.of_type(tokens.NETWORK_INTERFACE)
        if not any({"GroupId": group.id} in (each.state.get("Groups") or ()) for each in interfaces):
            cluster.cloud.delete(group.type, group.id, group.region)


def _group(cluster: Cluster, id_: str, state: Props, of: CloudResource | None) -> str:
    _put(cluster, tokens.SECURITY_GROUP, id_, {**state, "vpcId": controller.vpc_of(cluster)}, of)
    return id_


def _put(cluster: Cluster, type_: str, id_: str, state: Props, of: CloudResource | None) -> CloudResource:
    owner = {controllers.OF: [of.type, of.id]} if of else {}
    return cluster.cloud.put(type_, id_, {**state, "region": cluster.region, **owner})
