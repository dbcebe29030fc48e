"""A public door of the AWS Load Balancer Controller takes HTTPS, has a web ACL, writes logs and drops invalid headers.

Public are LoadBalancerConfigurations, IngressClassParams and Ingresses that say internet-facing. lb-tls-policy checks
the security policy. A network load balancer can have no web ACL, so a public one needs a waiver. The rule does not see
the listeners of Gateways, which may redirect HTTP.
Source: AWS Load Balancer Controller v3.5.0, docs/guide/gateway/loadbalancerconfig.md, docs/guide/ingress/annotations.md
and ingress_class.md; read 2026-11.
"""

from collections.abc import Iterator, Mapping

from common.values import UNKNOWN
from policies.objects import objects
from policies.rule import Case, Resource, Rule, View, each, present, text
from policies.rules.load_balancers.lb_tls_policy import TLS13
from policies.views import Path

PUBLIC, SCHEME, ATTRIBUTES_AT = "internet-facing", "spec.scheme", "spec.loadBalancerAttributes"
ATTRIBUTES = {
    "access_logs.s3.enabled": "so nobody knows afterwards who connected",
    "routing.http.drop_invalid_header_fields.enabled": "so headers that pods read differently pass",
}
LISTENERS, CERTIFICATES = "spec.listenerConfigurations", "spec.certificateArn"
ACL, ACL_NAMES = "spec.wafV2.webACL", ("spec.wafv2AclArn", "spec.wafv2AclName")
PREFIX = "alb.ingress.kubernetes.io/"
NO_CERTIFICATE, NO_ACL = "is not set, so it has no certificate", "is not set, so nothing filters requests"

Found = Iterator[tuple[str, str]]


def _annotation(name: str) -> Path:
    return ("metadata", "annotations", f"{PREFIX}{name}")


def _without(view: View, path: Path, attributes: Mapping[str, str]) -> Found:
    for name, harm in ATTRIBUTES.items():
        if attributes.get(name) != "true":
            yield view.under(path), f"does not set {name} to true, {harm}"


def _attributes(view: View) -> Found:
    items = [(text(item, "key"), item) for item in each(view, ATTRIBUTES_AT)]
    return _without(view, ATTRIBUTES_AT, {key: text(item, "value") for key, item in items if key in ATTRIBUTES})


def _ingress(view: View) -> Found:
    if PUBLIC not in (text(view, _annotation("scheme")), text(view, _annotation("frontend-nlb-scheme"))):
        return
    certificates = (_annotation("certificate-arn"), _annotation("create-acm-cert"), "spec.tls")
    if not any(present(view, path) for path in certificates):
        yield view.under(certificates[0]), NO_CERTIFICATE
    elif '"HTTP"' in text(view, _annotation("listen-ports")) and not present(view, _annotation("ssl-redirect")):
        yield view.under(_annotation("ssl-redirect")), "is not set, so it answers HTTP too"
    if not any(present(view, _annotation(name)) for name in ("wafv2-acl-arn", "wafv2-acl-name")):
        yield view.under(_annotation("wafv2-acl-arn")), NO_ACL
    attributes = _annotation("load-balancer-attributes")
    pairs = (pair.partition("=") for pair in text(view, attributes).split(","))
    yield from _without(view, attributes, {name.strip(): value.strip() for name, _, value in pairs})


def check(resource: Resource) -> Found:
    for view in objects(resource, "gateway.k8s.aws", "LoadBalancerConfiguration"):
        if text(view, SCHEME) != PUBLIC:
            continue
        if not present(view, LISTENERS):
            yield view.under(LISTENERS), NO_CERTIFICATE
        for listener in each(view, LISTENERS):
            if text(listener, "protocolPort").partition(":")[0] not in ("HTTPS", "TLS"):
                yield listener.under("protocolPort"), "is not HTTPS, so anybody on the way can read it"
            elif not present(listener, "defaultCertificate"):
                yield listener.under("defaultCertificate"), NO_CERTIFICATE
        if not present(view, ACL):
            yield view.under(ACL), NO_ACL
        yield from _attributes(view)
    for view in objects(resource, "elbv2.k8s.aws", "IngressClassParams"):
        if text(view, SCHEME) != PUBLIC:
            continue
        if not present(view, CERTIFICATES):
            yield view.under(CERTIFICATES), NO_CERTIFICATE
        if not any(present(view, name) for name in ACL_NAMES):
            yield view.under(ACL_NAMES[0]), NO_ACL
        yield from _attributes(view)
    for view in objects(resource, "networking.k8s.io", "Ingress"):
        yield from _ingress(view)


CONFIGURATION = "kubernetes:gateway.k8s.aws/v1:LoadBalancerConfiguration"
PARAMS, INGRESS = "kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams", "kubernetes:networking.k8s.io/v1:Ingress"
INGRESS_AT = "metadata.annotations"
_CERTIFICATE, _ACL = "arn:aws:acm:us-west-2:111122223333:certificate/web", "arn:aws:wafv2:x"
_ON = [{"key": name, "value": "true"} for name in ATTRIBUTES]
_LISTENER = {"protocolPort": "HTTPS:443", "defaultCertificate": _CERTIFICATE}


def _set(given: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


def _door(at: str = "", kind: str = CONFIGURATION, **spec: object) -> Case:
    attributes = [*_ON, {"key": "access_logs.s3.bucket", "value": UNKNOWN}]
    given = {"listenerConfigurations": [_LISTENER], "wafV2": {"webACL": _ACL}, "loadBalancerAttributes": attributes}
    return Case({"spec": _set({"scheme": PUBLIC, **given, **spec})}, type=kind, at=at)


def _class(at: str = "", **spec: object) -> Case:
    given = {"certificateArn": [_CERTIFICATE], "wafv2AclArn": _ACL, "loadBalancerAttributes": _ON}
    return Case({"spec": _set({"scheme": PUBLIC, **given, **spec})}, type=PARAMS, at=at)


def _web(at: str = "", form: str = "", **annotations: object) -> Case:
    given = {
        "scheme": PUBLIC,
        "certificate_arn": _CERTIFICATE,
        "wafv2_acl_arn": _ACL,
        "load_balancer_attributes": ",".join(f"{name}=true" for name in ATTRIBUTES),
        **annotations,
    }
    named = {f"{PREFIX}{name.replace('_', '-')}": value for name, value in _set(given).items()}
    ingress: dict[str, object] = {"metadata": {"annotations": named}}
    return Case({"items": [ingress]} if form == "List" else ingress, type=f"{INGRESS}{form}", at=at)


RULE = Rule(
    id="lb-public-guarded",
    applies_to=("kubernetes:gateway.k8s.aws/*", "kubernetes:elbv2.k8s.aws/*", f"{INGRESS}*"),
    severity="critical",
    standards=("FSBP ELB.1", "FSBP ELB.4", "FSBP ELB.5", "Security Hub ELB.16", "CKV2_AWS_28"),
    why="Everybody on the internet reaches it, so what it lets through is all that stands before the pods.",
    fix="Add what is missing to the public door, or set its scheme to internal.",
    mend={
        "defaultCertificate": "arn:aws:acm:<region>:<account>:certificate/<id>",
        "certificateArn": "arn:aws:acm:<region>:<account>:certificate/<id>",
    },
    beside={end: {"sslPolicy": TLS13} for end in ("defaultCertificate", "certificateArn")},
    on_unknown="fail",
    check=check,
    good={
        "nothing set, so the controller makes it internal": Case({"spec": {}}, type=CONFIGURATION),
        "a public door": _door(),
        "an internal one": _door(scheme="internal", listenerConfigurations=None, wafV2=None),
        "a certificate of the same stack": _door(
            listenerConfigurations=[{**_LISTENER, "defaultCertificate": UNKNOWN}], wafV2={"webACL": UNKNOWN}
        ),
        "a public class of Ingresses": _class(),
        "a public class with an ACL by name": _class(wafv2AclArn=None, wafv2AclName="web"),
        "an internal class": _class(scheme="internal", certificateArn=None),
        "a public Ingress": _web(),
        "a public Ingress with a redirect": _web(listen_ports='[{"HTTP": 80}, {"HTTPS": 443}]', ssl_redirect="443"),
        "a public Ingress with a certificate by its host": _web(certificate_arn=None, create_acm_cert="true"),
        "a public Ingress with an ACL by name": _web(wafv2_acl_arn=None, wafv2_acl_name="web"),
        "an internal Ingress": _web(scheme="internal", certificate_arn=None),
    },
    bad={
        "no listeners": _door(LISTENERS, listenerConfigurations=None),
        "HTTP": _door(f"{LISTENERS}[1].protocolPort", listenerConfigurations=[_LISTENER, {"protocolPort": "HTTP:80"}]),
        "no certificate": _door(
            f"{LISTENERS}[0].defaultCertificate", listenerConfigurations=[{"protocolPort": "TLS:443"}]
        ),
        "no web ACL": _door(ACL, wafV2=None),
        "no attributes": _door(ATTRIBUTES_AT, loadBalancerAttributes=None),
        "logs turned off": _door(
            ATTRIBUTES_AT, loadBalancerAttributes=[{"key": "access_logs.s3.enabled", "value": "false"}, _ON[1]]
        ),
        "headers that are not dropped": _door(ATTRIBUTES_AT, loadBalancerAttributes=_ON[:1]),
        "a scheme that is known later": _door(SCHEME, scheme=UNKNOWN),
        "the other version of the kind": _door(ACL, kind=CONFIGURATION.replace("v1", "v1beta1"), wafV2=None),
        "a patch": _door(ACL, kind=f"{CONFIGURATION}Patch", wafV2=None),
        "a class without a certificate": _class(CERTIFICATES, certificateArn=None),
        "a class without a web ACL": _class(ACL_NAMES[0], wafv2AclArn=None),
        "a class without logs": _class(ATTRIBUTES_AT, loadBalancerAttributes=_ON[1:]),
        "an Ingress without a certificate": _web(INGRESS_AT, certificate_arn=None),
        "an Ingress without a web ACL": _web(INGRESS_AT, wafv2_acl_arn=None),
        "an Ingress without logs": _web(INGRESS_AT, load_balancer_attributes="access_logs.s3.enabled=false"),
        "an Ingress that answers HTTP too": _web(INGRESS_AT, listen_ports='[{"HTTP": 80}, {"HTTPS": 443}]'),
        "an Ingress behind a public network load balancer": _web(
            INGRESS_AT, scheme="internal", frontend_nlb_scheme=PUBLIC, wafv2_acl_arn=None
        ),
        "an Ingress in a list": _web(f"items[0].{INGRESS_AT}", form="List", wafv2_acl_arn=None),
    },
)
