"""Every listener with TLS names a security policy of TLS 1.2 or newer.

AWS and its load balancer controller take ELBSecurityPolicy-2016-08 where none is named, which still speaks TLS 1.0.
The names say the oldest version that a policy takes. A controller's own default, a value of its chart, is not visible.
Sources: Elastic Load Balancing, "Security policies for your Application Load Balancer" and "... Network Load Balancer";
AWS Load Balancer Controller v3.5.0, pkg/config/controller_config.go; read 2026-11.
"""

import re
from collections.abc import Iterator

from policies.objects import objects
from policies.rule import Case, Resource, Rule, View, each, present, text
from policies.views import Path

MODERN = re.compile(r"ELBSecurityPolicy-(?:TLS13-1-[23]|TLS-1-2|FS-1-2)-[\w-]+")
PLAIN = ("HTTP", "TCP", "UDP", "TCP_UDP", "TCP_QUIC", "QUIC", "GENEVE")
INGRESS, SERVICE = "alb.ingress.kubernetes.io/", "service.beta.kubernetes.io/aws-load-balancer-"
CERTIFICATES = (f"{INGRESS}certificate-arn", f"{INGRESS}create-acm-cert", f"{SERVICE}ssl-cert")
POLICIES = {"Ingress": f"{INGRESS}ssl-policy", "Service": f"{SERVICE}ssl-negotiation-policy"}


def _policy(holder: View, path: Path) -> Iterator[tuple[str, str]]:
    if not MODERN.fullmatch(text(holder, path)):
        yield holder.under(path), "is no policy of TLS 1.2 or newer"


def _listener(listener: View, protocol: str, default: str = "") -> Iterator[tuple[str, str]]:
    if text(listener, protocol, default).partition(":")[0] not in PLAIN or present(listener, "sslPolicy"):
        yield from _policy(listener, "sslPolicy")


def _annotated(holder: View, kind: str) -> Iterator[tuple[str, str]]:
    annotations = ("metadata", "annotations")
    policy = (*annotations, POLICIES[kind])
    if present(holder, policy) or any(present(holder, (*annotations, name)) for name in CERTIFICATES):
        yield from _policy(holder, policy)


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type in LISTENERS:
        yield from _listener(resource, "protocol", "HTTPS" if present(resource, "certificateArn") else "HTTP")
        return
    for configuration in objects(resource, "gateway.k8s.aws", "LoadBalancerConfiguration"):
        for listener in each(configuration, "spec.listenerConfigurations"):
            yield from _listener(listener, "protocolPort")
    for parameters in objects(resource, "elbv2.k8s.aws", "IngressClassParams"):
        if present(parameters, "spec.certificateArn") or present(parameters, "spec.sslPolicy"):
            yield from _policy(parameters, "spec.sslPolicy")
    for holder in objects(resource, "networking.k8s.io", "Ingress"):
        yield from _annotated(holder, "Ingress")
    for holder in objects(resource, "core", "Service"):
        yield from _annotated(holder, "Service")


LISTENERS = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
CONFIGURATION = "kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration"
PARAMS, INGRESSES = "kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams", "kubernetes:networking.k8s.io/v1:Ingress"
SERVICES = "kubernetes:core/v1:Service"
TLS13, OLD = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", "ELBSecurityPolicy-2016-08"
AT = "spec.listenerConfigurations[0].sslPolicy"


def _of_gateway(policy: str = "", port: str = "HTTPS:443", version: str = "v1", form: str = "") -> Case:
    listener = {"protocolPort": port, **({"sslPolicy": policy} if policy else {})}
    kind = CONFIGURATION.replace("v1", version, 1) + form
    return Case({"spec": {"listenerConfigurations": [listener]}}, type=kind, at=AT)


def _of_listener(policy: str = "", protocol: str = "HTTPS", kind: str = LISTENERS[0]) -> Case:
    return Case({"protocol": protocol, **({"sslPolicy": policy} if policy else {})}, type=kind, at="sslPolicy")


def _of_annotations(kind: str, **annotations: str) -> Case:
    prefix = SERVICE if kind == SERVICES else INGRESS
    named = {f"{prefix}{name.replace('_', '-')}": value for name, value in annotations.items()}
    return Case({"metadata": {"annotations": named}}, type=kind, at="metadata.annotations")


RULE = Rule(
    id="lb-tls-policy",
    applies_to=(
        *("kubernetes:gateway.k8s.aws/*", "kubernetes:elbv2.k8s.aws/*", f"{INGRESSES}*", f"{SERVICES}*"),
        *LISTENERS,
    ),
    severity="high",
    standards=("CKV_AWS_103", "FSBP ELB.17"),
    why="With TLS 1.0 and 1.1 a client can be made to speak ciphers that are broken.",
    fix=f"Set the security policy {TLS13}, or another of TLS 1.2 or newer.",
    mend=dict.fromkeys(
        (
            "sslPolicy",
            '["alb.ingress.kubernetes.io/ssl-policy"]',
            '["service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy"]',
        ),
        "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    ),
    on_unknown="fail",
    check=check,
    good={
        **{
            name: _of_gateway(f"ELBSecurityPolicy-{name}")
            for name in ("TLS13-1-2-Res-PQ-2025-09", "TLS13-1-3-2021-06", "TLS-1-2-2017-01", "FS-1-2-Res-2020-10")
        },
        "a listener without TLS": _of_gateway(port="HTTP:80"),
        "a listener of AWS": _of_listener(TLS13),
        **{f"a listener without TLS, {each}": _of_listener(protocol=each) for each in PLAIN},
        "a listener of AWS without a protocol, which is HTTP": Case({"port": 80}, type=LISTENERS[0]),
        "a class of Ingresses": Case({"spec": {"sslPolicy": TLS13}}, type=PARAMS),
        "a class of Ingresses without TLS": Case({"spec": {"scheme": "internal"}}, type=PARAMS),
        "an Ingress": _of_annotations(INGRESSES, certificate_arn="arn:aws:acm:x", ssl_policy=TLS13),
        "an Ingress of another controller": Case({"spec": {"tls": [{"secretName": "web"}]}}, type=INGRESSES),
        "a Service": _of_annotations(SERVICES, ssl_cert="arn:aws:acm:x", ssl_negotiation_policy=TLS13),
        "an Ingress without TLS": _of_annotations(INGRESSES, scheme="internal"),
    },
    bad={
        "nothing set, so AWS takes an old one": _of_gateway(),
        "TLS 1.0": _of_gateway(OLD),
        "TLS 1.0 of a name that speaks of TLS 1.3": _of_gateway("ELBSecurityPolicy-TLS13-1-0-2021-06"),
        "TLS 1.1": _of_gateway("ELBSecurityPolicy-FS-1-1-2019-08"),
        "a listener of a network load balancer": _of_gateway(OLD, port="TLS:443"),
        "a listener that leaves the protocol to the Gateway": _of_gateway(port=":443"),
        "a policy on a listener that will have TLS": _of_gateway(OLD, port="HTTP:80"),
        "the other version of the kind": _of_gateway(OLD, version="v1beta1"),
        "a patch": _of_gateway(OLD, form="Patch"),
        "a listener of AWS": _of_listener(OLD),
        "a listener of AWS that names none": _of_listener(protocol="TLS"),
        "a listener of AWS with a certificate": Case(
            {"port": 443, "certificateArn": "arn:aws:acm:x"}, type=LISTENERS[0], at="sslPolicy"
        ),
        "a listener by its other name": _of_listener(OLD, kind=LISTENERS[1]),
        "a class of Ingresses with a certificate": Case(
            {"spec": {"certificateArn": ["arn:aws:acm:x"]}}, type=PARAMS, at="spec.sslPolicy"
        ),
        "a class of Ingresses with an old one": Case({"spec": {"sslPolicy": OLD}}, type=PARAMS, at="spec.sslPolicy"),
        "an Ingress with a certificate": _of_annotations(INGRESSES, certificate_arn="arn:aws:acm:x"),
        "an Ingress whose certificate is made": _of_annotations(INGRESSES, create_acm_cert="true"),
        "a list of Ingresses": Case(
            {"items": [_of_annotations(INGRESSES, ssl_policy=OLD).props]},
            type=f"{INGRESSES}List",
            at="items[0].metadata.annotations",
        ),
        "an Ingress with an old one": _of_annotations(INGRESSES, ssl_policy=OLD),
        "a Service with a certificate": _of_annotations(SERVICES, ssl_cert="arn:aws:acm:x"),
    },
)
