"""Admission webhooks that charts make: what the API server asks them about, and what it says while they do not answer.

A webhook that answers accepts everything here, and only Linkerd's injector changes what it sees. One does not answer
while its pods are down, and where network policies do not let the API server come to them. All served versions of an
API count, unless a webhook asks for exact ones, since the API server converts one to another. Left out: webhooks of
other charts, that of Linkerd's tap (policy Ignore), and those of the load balancers for QUIC and target control, which
only see what has their labels; Events, which two groups share; deletions by Helm, and by controllers.
Sources: linkerd/linkerd2 edge-26.8.3, charts/linkerd-control-plane; cert-manager 1.21.1 and trust-manager 0.24.0,
deploy/charts; external-secrets v2.9.0, deploy/charts; kubernetes-sigs/aws-load-balancer-controller v3.5.0, helm,
templates/webhook.yaml; Kubernetes 1.35, apiserver/pkg/admission/plugin/webhook (generic, predicates/rules, namespace,
object) and apimachinery/pkg/runtime/mapper.go; opentelemetry-helm-charts opentelemetry-operator-0.122.0,
templates/admission-webhooks; those of `kyverno`; read 2026-11.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from catalog.chart_facts import merged
from common.values import opened
from simulator.kubernetes import chart_pods, injection, kyverno
from simulator.kubernetes.chart_pods import Pod
from simulator.kubernetes.clusters import LEFT_WEBHOOKS, OUTAGE, Cluster
from simulator.kubernetes.meaning.node import Node
from simulator.kubernetes.meaning.selectors import matches
from simulator.kubernetes.network_policies import PolicyView, why_pods_wait
from simulator.kubernetes.planned import Planned
from simulator.kubernetes.pod_security import pod_of, with_pod
from simulator.kubernetes.pods import control_plane, pod_from
from simulator.values import UNKNOWN, Props, has_unknown

INJECTOR = "linkerd-proxy-injector.linkerd.io"
_RELEASE = ("helm.sh/v3", "Release")
_WRITES = ("CREATE", "UPDATE")
_NEVER_ASKED_ABOUT = "admissionregistration.k8s.io"  # else a webhook could keep itself from being deleted
_BY_DEFAULT: Props = {"replicas": 1, "parallelism": 1, "suspend": False, "paused": False}
_MAKE_PODS = (*_BY_DEFAULT, "completions", "jobTemplate", "selector", "template", "updateStrategy")
_MADE_OF, _VALIDATES_ONLY = "simulator:policies", "simulator:validates-only"  # of Kyverno that is down or gone
_ASKED_BY_PROXIES = (("identity", "ident-grpc"), ("destination", "dest-grpc"), ("destination", "policy-grpc"))
Labels = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """What the API server is asked to do.

    operation: `CREATE`, `UPDATE` or `DELETE`. resource: the plural of a kind. others: versions that are served as well.
    """

    operation: str
    group: str
    version: str
    resource: str
    namespaced: bool = True
    others: tuple[str, ...] = ()

    def fits(self, rule: Mapping[str, Any], *, exact: bool) -> bool:
        """Returns whether a rule of a webhook is about it. exact: only the versions count that the rule names."""
        scopes = ("*", "Namespaced" if self.namespaced else "Cluster")
        return (
            self.group != _NEVER_ASKED_ABOUT
            and (rule.get("scope") or "*") in scopes
            and _names(rule["operations"], self.operation)
            and _names(rule["apiGroups"], self.group)
            and _names(rule["resources"], self.resource, "*/*", f"{self.resource}/*")
            and _names(rule["apiVersions"], self.version, *(() if exact else self.others))
        )


_OF_PODS = Request("CREATE", "", "v1", "pods")


def _names(values: Iterable[str], *wanted: str) -> bool:
    return not {"*", *wanted}.isdisjoint(values)


def rules(resources: Mapping[str, Sequence[str]], *operations: str) -> tuple[Props, ...]:
    """Returns rules about all versions. resources: API group -> resources. operations: that of creation if none."""
    asked = list(operations or ("CREATE",))
    return tuple(
        {"apiGroups": [group], "apiVersions": ["*"], "operations": asked, "resources": list(names)}
        for group, names in resources.items()
    )


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """One webhook of a release.

    rules: in the words of Kubernetes; exact: its match policy, otherwise Equivalent. fails: whether its policy is Fail,
    otherwise it is Ignore. namespaces, objects: its selectors. conditions: in CEL; see `kyverno`. without: groups and
    resources that it is never asked about. left: its release is gone, and with it the Service. part: of the chart's
    pods that answer, by its name in chart_pods.py; named: the port on which they do. pods: these, of the release.
    """

    name: str
    service: str
    service_namespace: str
    path: str
    rules: Sequence[Props]
    fails: bool
    exact: bool = False
    part: str = ""
    named: str = ""
    pods: Pod | None = None
    namespaces: Labels = field(default_factory=dict)
    objects: Labels = field(default_factory=dict)
    conditions: Sequence[str] = ()
    without: Collection[tuple[str, str]] = ()
    seconds: Any = 10
    left: bool = False

    def sees(self, request: Request, objects: Iterable[Labels], namespace: Labels | None) -> bool:
        """Returns whether the API server asks it about an object.

        objects: the labels of the object, before and after. namespace: its labels; None for an object of none.
        """
        return (
            (request.group, request.resource) not in self.without
            and any(request.fits(rule, exact=self.exact) for rule in self.rules)
            and any(matches(Node(self.objects), labels) for labels in objects)
            and (namespace is None or matches(Node(self.namespaces), namespace))
        )

    @property
    def port(self) -> int:
        """The port of its pods that the API server calls; 0 where the release has no such pods."""
        return (self.pods.port(self.named, "TCP") if self.pods else 0) or 0

    def no_answer(self, cut: str = "") -> str:
        """Returns what the API server says when no pod of its Service answers. cut: why it does not come to them."""
        url = f"https://{self.service}.{self.service_namespace}.svc:443{self.path}?timeout={self.seconds}s"
        missing, nobody = (
            f'service "{self.service}" not found',
            f'no endpoints available for service "{self.service}"',
        )
        return (
            f'Internal error occurred: failed calling webhook "{self.name}": failed to call webhook: Post "{url}": '
            + (missing if self.left else f"context deadline exceeded ({cut})" if cut else nobody)
        )


@dataclass(frozen=True)
class Webhooks:
    """The webhooks of a cluster, as objects of one namespace meet them.

    namespace: its metadata, with the label of its name; None for objects of no namespace. releases: those that are up,
    or that the preview installs. left: those that are gone, and left webhooks. policies: of Kyverno. planned: what the
    preview makes.
    """

    cluster: Cluster
    namespace: Props | None
    releases: tuple[Props, ...]
    left: tuple[Props, ...] = ()
    policies: tuple[Props, ...] = ()
    planned: Planned | None = None

    def unanswered(
        self, state: Mapping[str, Any], request: Request, before: Mapping[str, Any] | None = None
    ) -> Iterator[Unanswered]:
        """Yields the webhooks that see an object, or pods that are made of it, and do not answer, or cannot be asked.

        before: the object that an update changes.
        """
        pod = pod_of(state) if request.operation != "DELETE" and request.resource != "pods" else None
        if pod is not None and not _makes_pods(state, before):
            pod = None
        objects = [_labels(each) for each in (state, before) if each is not None]
        labels = self.namespace["labels"] if self.namespace else None
        if has_unknown([labels, *objects, _labels(pod)]):
            return
        if (request.group, request.resource) == ("", "namespaces"):
            labels = {**objects[0], "kubernetes.io/metadata.name": state["metadata"].get("name")}
        gone = webhooks_of(self.left, self.policies, left=True)
        for each in (*webhooks_of(self.releases, self.policies), *gone):
            may_call = partial(kyverno.may_call, each.conditions)
            calls = each.sees(request, objects, labels) and may_call(request.operation, state, before)
            of_pods = pod is not None and each.sees(_OF_PODS, [_labels(pod)], labels) and may_call("CREATE", pod)
            if wrong := next((one for one in (calls, of_pods) if isinstance(one, str)), ""):
                why = f'forbidden: match conditions of webhook "{each.name}" {wrong}'
                yield Unanswered(each, not isinstance(calls, str), why)
            elif (calls or of_pods) and (why := self.why_no_answer(each)):
                yield Unanswered(each, not calls, why)

    def why_no_answer(self, webhook: Webhook) -> str:
        """Returns what the API server says when it asks a webhook that does not answer; "" when it does."""
        if webhook.left or is_down(self.cluster, webhook):
            return webhook.no_answer()
        view = PolicyView(self.cluster, self.planned)
        if webhook.pods is None or view.enforcement is None:
            return ""
        cut = view.why_cut(control_plane(self.cluster), webhook.pods, webhook.port)
        return webhook.no_answer(cut) if cut else ""

    def why_proxies_wait(self, state: Mapping[str, Any]) -> str:
        """Returns why the proxies of an object's pods never get ready, so that the pods do not either; "" if they do.

        They ask the control plane of the mesh at the addresses of its pods.
        """
        caller = pod_from(state)
        if caller is None or self.with_proxies(state) == state:
            return ""
        release = next(each for each in self.releases if _chart(each) == injection.CHART)
        parts = chart_pods.pods_of(release)
        asked = [(parts[part], parts[part].port(named, "TCP") or 0) for part, named in _ASKED_BY_PROXIES if parts]
        view = PolicyView(self.cluster, self.planned)
        return next(filter(None, (view.why_cut(caller, pods, port) for pods, port in asked)), "")

    def with_proxies(self, state: Mapping[str, Any], *, also_when_down: bool = False) -> Mapping[str, Any]:
        """Returns an object with its pods as the injector makes them; as it is where there is none, or none answers."""
        pod, release = pod_of(state), next((each for each in self.releases if _chart(each) == injection.CHART), None)
        if pod is None or release is None or self.namespace is None:
            return state
        if has_unknown([self.namespace["labels"], _labels(pod)]):
            return state
        for each in webhooks_of([release]):
            seen = each.name == INJECTOR and each.sees(_OF_PODS, [_labels(pod)], self.namespace["labels"])
            if seen and (also_when_down or not self.why_no_answer(each)):
                return with_pod(state, injection.injected(pod, self.namespace, release))
        return state


@dataclass(frozen=True)
class Unanswered:
    """A webhook that does not answer. of_pods: it is asked about the pods of an object, not about the object.

    why: what the API server says.
    """

    webhook: Webhook
    of_pods: bool
    why: str


def webhooks_in(cluster: Cluster, name: str, namespace: Mapping[str, Any], planned: Planned | None) -> Webhooks:
    """Returns the webhooks as objects of a namespace meet them. name: of the namespace; "" for objects of none."""
    metadata = namespace.get("metadata") or {}
    labels = metadata.get("labels")
    if labels is not UNKNOWN:
        labels = {**(labels or {}), "kubernetes.io/metadata.name": name}
    stored = [each.state for each in cluster.releases()]
    coming = planned.of_kind(cluster.place, *_RELEASE) if planned else []
    releases = {(each.get("namespace"), each.get("name")): _as_made(cluster, each) for each in (*stored, *coming)}
    own = {**metadata, "name": name, "labels": labels} if name else None
    left = left_in(cluster)
    asks = any(_chart(each) == kyverno.CHART for each in (*releases.values(), *left))
    policies = kyverno.policies(cluster, planned) if asks else ()
    return Webhooks(cluster, own, tuple(releases.values()), left, policies, planned)


def webhooks_of(
    releases: Iterable[Mapping[str, Any]], policies: Sequence[Props] = (), *, left: bool = False
) -> Iterator[Webhook]:
    """Yields the webhooks that releases make, where everything about them is known.

    policies: those that Kyverno makes webhooks of, where it runs. left: the releases are gone.
    """
    for release in releases:
        if _chart(release) == kyverno.CHART and not has_unknown(release.get("values")):
            made_of, validate = release.get(_MADE_OF, policies), release.get(_VALIDATES_ONLY, False)
            rows = kyverno.webhooks(opened(release.get("values")) or {}, release["namespace"], made_of, left=validate)
            answer = {} if left else chart_pods.pods_of(release)
            yield from (Webhook(**row, pods=answer.get(row["part"]), left=left) for row in rows)
        make = _CHARTS.get(_chart(release))
        if make is not None and not has_unknown(release.get("values")):
            pods = chart_pods.pods_of(release)
            for each in make(opened(release.get("values")) or {}, release["namespace"], release["name"]):
                yield replace(each, pods=pods.get(each.part))


def made_in(cluster: Cluster) -> Iterator[Webhook]:
    """Yields the webhooks of the releases of a cluster."""
    found = webhooks_in(cluster, "", {}, None)
    yield from webhooks_of(found.releases, found.policies)


def cut_off(cluster: Cluster, namespace: str) -> Iterator[str]:
    """Yields what network policies part from the releases of a namespace: what their pods need, and their webhooks.

    namespace: "" for all.
    """
    releases = [each.state for each in cluster.of_kind(*_RELEASE, namespace)]
    reasons = [why_pods_wait(cluster, each) for each in releases]
    found = webhooks_in(cluster, "", {}, None)
    reasons += [
        found.why_no_answer(each)
        for each in webhooks_of(releases, found.policies)
        if each.fails and not is_down(cluster, each)
    ]
    yield from filter(None, reasons)


def left_in(cluster: Cluster) -> tuple[Props, ...]:
    """Returns the releases that are gone, and whose webhooks nobody deleted."""
    row = cluster.cloud.get(LEFT_WEBHOOKS, f"{cluster.name}/{kyverno.CHART}", cluster.region)
    return () if row is None else (row.state,)


def leaves(cluster: Cluster, release: Props) -> list[str]:
    """Notes which webhooks stay when a release is deleted, and returns the names of those that refuse."""
    if _chart(release) != kyverno.CHART:
        return []
    service = Webhook(
        name="", service=kyverno.SERVICE, service_namespace=release["namespace"], path="", rules=(), fails=True
    )
    values = opened(release.get("values")) or {}
    cleans = (values.get("webhooksCleanup") or {}).get("enabled", True)
    if cleans and not is_down(cluster, service):
        return []
    made = {_MADE_OF: list(kyverno.policies(cluster, None)), **_as_made(cluster, release), _VALIDATES_ONLY: cleans}
    cluster.cloud.put(LEFT_WEBHOOKS, f"{cluster.name}/{kyverno.CHART}", made, region=cluster.region)
    if is_down(cluster, service):
        cluster.cloud.put(OUTAGE, _outage(cluster, service), made, region=cluster.region)
    stay = webhooks_of([made], left=True)
    return list(dict.fromkeys(each.name for each in stay if each.fails))


def taken_over(cluster: Cluster, release: Props) -> None:
    """Forgets webhooks that were left when the pods of a new release answer them."""
    if _chart(release) == kyverno.CHART:
        cluster.cloud.delete(LEFT_WEBHOOKS, f"{cluster.name}/{kyverno.CHART}", cluster.region)


def set_down(cluster: Cluster, webhook: Webhook, down: bool) -> None:
    """Ends or starts the pods of the Service of a webhook."""
    if down and not is_down(cluster, webhook):
        release: Props = next((each.state for each in cluster.releases() if _asks_kyverno(each.state, webhook)), {})
        made = release and {**release, _MADE_OF: list(kyverno.policies(cluster, None))}
        cluster.cloud.put(OUTAGE, _outage(cluster, webhook), made, region=cluster.region)
    elif not down:
        cluster.cloud.delete(OUTAGE, _outage(cluster, webhook), cluster.region)


def is_down(cluster: Cluster, webhook: Webhook) -> bool:
    """Returns whether no pod of the Service of a webhook answers."""
    return cluster.cloud.get(OUTAGE, _outage(cluster, webhook), cluster.region) is not None


def _outage(cluster: Cluster, webhook: Webhook) -> str:
    return f"{cluster.name}/{webhook.service_namespace}/{webhook.service}"


def _asks_kyverno(release: Props, webhook: Webhook) -> bool:
    where = (webhook.service, webhook.service_namespace)
    return _chart(release) == kyverno.CHART and where == (kyverno.SERVICE, release["namespace"])


def _as_made(cluster: Cluster, release: Props) -> Props:
    """Returns a release; for one of Kyverno whose pods are down, what they last made webhooks of."""
    if _chart(release) != kyverno.CHART:
        return release
    row = cluster.cloud.get(OUTAGE, f"{cluster.name}/{release['namespace']}/{kyverno.SERVICE}", cluster.region)
    return (row and row.state) or release


def _makes_pods(state: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    """Returns whether a write makes pods, at once or at the times of a CronJob. before: what it changes."""
    now = {**_BY_DEFAULT, **(state.get("spec") or {})}
    if now["suspend"] is True or 0 in (now["replicas"], now["parallelism"]):
        return False
    if before is None:
        return now["paused"] is not True
    then = {**_BY_DEFAULT, **(before.get("spec") or {})}
    fewer = [each for each in ("replicas", "parallelism") if _is_fewer(now[each], then[each])]
    changed = {each for each in _MAKE_PODS if now.get(each) != then.get(each) and not has_unknown(now.get(each))}
    if now["paused"] is True:  # no rollout, but the pods that there are too few of
        changed &= {"replicas"}
    return bool(changed.difference(fewer))


def _is_fewer(now: Any, then: Any) -> bool:
    return isinstance(now, int) and isinstance(then, int) and now < then


def _chart(release: Mapping[str, Any]) -> str:
    return str(release.get("chart")).rstrip("/").rpartition("/")[2]


def _labels(subject: Mapping[str, Any] | None) -> Any:
    labels = Node(subject).at("metadata", "labels").value
    return {} if labels is None else labels


def _policy(value: Any) -> bool:
    return bool(value == "Fail")


def _not_in(key: str, *values: str) -> Props:
    return {"key": key, "operator": "NotIn", "values": list(values)}


_IN_MESH = [_not_in("config.linkerd.io/admission-webhooks", "disabled")]
_OF_LINKERD: Props = {
    "webhookFailurePolicy": "Ignore",
    "proxyInjector": {
        "timeoutSeconds": 10,
        "namespaceSelector": {
            "matchExpressions": [*_IN_MESH, _not_in("kubernetes.io/metadata.name", "kube-system", "cert-manager")]
        },
        "objectSelector": {
            "matchExpressions": [
                {"key": key, "operator": "DoesNotExist"}
                for key in ("linkerd.io/control-plane-component", "linkerd.io/cni-resource")
            ]
        },
    },
    "profileValidator": {"namespaceSelector": {"matchExpressions": _IN_MESH}},
    "policyValidator": {"namespaceSelector": {"matchExpressions": _IN_MESH}},
}
_POLICIES = (
    *("authorizationpolicies", "httplocalratelimitpolicies", "httproutes", "networkauthentications", "servers"),
    *("meshtlsauthentications", "serverauthorizations", "egressnetworks"),
)


def _linkerd(given: Props, namespace: str, _: str) -> Iterator[Webhook]:
    values = merged(_OF_LINKERD, given)
    injector = values["proxyInjector"]
    common: Props = {"service_namespace": namespace, "path": "/", "fails": _policy(values["webhookFailurePolicy"])}
    yield Webhook(
        name=INJECTOR,
        service="linkerd-proxy-injector",
        part="proxy-injector",
        named="proxy-injector",
        rules=rules({"": ("pods", "services")}),
        namespaces=injector["namespaceSelector"],
        objects=injector["objectSelector"],
        seconds=injector["timeoutSeconds"],
        **common,
    )
    routes = ("httproutes", "grpcroutes", "tlsroutes", "tcproutes")
    routed = {"policy.linkerd.io": _POLICIES, "gateway.networking.k8s.io": routes}
    for part, name, named, resources in (
        ("profileValidator", "sp", "sp-validator", {"linkerd.io": ("serviceprofiles",)}),
        ("policyValidator", "policy", "policy-https", routed),
    ):
        service = f"linkerd-{name}-validator"
        selector = values[part]["namespaceSelector"]
        yield Webhook(
            name=f"{service}.linkerd.io",
            service=service,
            part="destination",
            named=named,
            rules=rules(resources, *_WRITES),
            namespaces=selector,
            **common,
        )


def _cert_manager(values: Props, namespace: str, release: str) -> Iterator[Webhook]:
    settings: Any = values.get("webhook") or {}
    if (settings.get("url") or {}).get("host"):
        return  # it runs elsewhere
    full_name = values.get("fullnameOverride") or (release if "cert-manager" in release else f"{release}-cert-manager")
    unless = {"matchExpressions": [_not_in("cert-manager.io/disable-validation", "true")]}
    yield Webhook(
        name="webhook.cert-manager.io",
        service=f"{full_name}-webhook",
        service_namespace=namespace,
        part="webhook",
        named="https",
        path="/validate",
        rules=rules({"cert-manager.io": ("*/*",), "acme.cert-manager.io": ("*/*",)}, *_WRITES),
        fails=True,
        namespaces=(settings.get("validatingWebhookConfiguration") or {}).get("namespaceSelector", unless),
        seconds=settings.get("timeoutSeconds", 30),
    )


def _trust_manager(values: Props, namespace: str, _: str) -> Iterator[Webhook]:
    yield Webhook(
        name="trust.cert-manager.io",
        service=values.get("nameOverride") or "trust-manager",
        service_namespace=namespace,
        part="trust-manager",
        named="webhook",
        path="/validate-trust-cert-manager-io-v1alpha1-bundle",
        rules=rules({"trust.cert-manager.io": ("bundles",)}, *_WRITES),
        fails=True,
        seconds=5,
    )


_OF_LOAD_BALANCERS: Props = {
    "enableServiceMutatorWebhook": True,
    "serviceMutatorWebhookConfig": {"failurePolicy": "Fail", "operations": ["CREATE"], "objectSelector": {}},
    "podMutatorWebhookConfig": {"failurePolicy": "Ignore"},
    "webhookConfig": {"ingressValdationFailurePolicy": "Fail", "ingressValidationNamespaceSelector": {}},
    "webhookNamespaceSelectors": None,
}


def _load_balancers(given: Props, namespace: str, _: str) -> Iterator[Webhook]:
    values = merged(_OF_LOAD_BALANCERS, given)
    not_itself = {"matchExpressions": [_not_in("app.kubernetes.io/name", "aws-load-balancer-controller")]}

    def webhook(name: str, path: str, asked: Sequence[Props], **more: Any) -> Webhook:
        service = f"{values.get('nameOverride') or 'aws-load-balancer'}-webhook-service"
        pods: Props = {"part": "aws-load-balancer-controller", "named": "webhook-server"}
        known: Props = {"service": service, "service_namespace": namespace, "fails": True, **pods, **more}
        return Webhook(name=f"{name}.elbv2.k8s.aws", path=f"/{path}", rules=asked, **known)

    gate = {"key": "elbv2.k8s.aws/pod-readiness-gate-inject", "operator": "In", "values": ["enabled"]}
    of_pods, of_services = values["podMutatorWebhookConfig"], values["serviceMutatorWebhookConfig"]
    yield webhook(
        "mpod",
        "mutate-v1-pod",
        rules({"": ("pods",)}),
        fails=_policy(of_pods["failurePolicy"]),
        namespaces={"matchExpressions": values["webhookNamespaceSelectors"] or [gate]},
        objects=not_itself,
    )
    if values["enableServiceMutatorWebhook"]:
        yield webhook(
            "mservice",
            "mutate-v1-service",
            rules({"": ("services",)}, *of_services["operations"]),
            fails=_policy(of_services["failurePolicy"]),
            objects=not_itself | of_services["objectSelector"],
        )
    bindings = rules({"elbv2.k8s.aws": ("targetgroupbindings",)}, *_WRITES)
    params = rules({"elbv2.k8s.aws": ("ingressclassparams",)}, *_WRITES)
    yield webhook("mtargetgroupbinding", "mutate-elbv2-k8s-aws-v1beta1-targetgroupbinding", bindings)
    yield webhook("vtargetgroupbinding", "validate-elbv2-k8s-aws-v1beta1-targetgroupbinding", bindings)
    yield webhook(
        "vingressclassparams", "validate-elbv2-k8s-aws-v1beta1-ingressclassparams", params, objects=not_itself
    )
    of_ingresses = values["webhookConfig"]
    if not of_ingresses.get("disableIngressValidation"):
        yield webhook(
            "vingress",
            "validate-networking-v1-ingress",
            rules({"networking.k8s.io": ("ingresses",)}, *_WRITES),
            fails=_policy(of_ingresses["ingressValdationFailurePolicy"]),
            namespaces=of_ingresses["ingressValidationNamespaceSelector"] or {},
        )


def _external_secrets(given: Props, namespace: str, release: str) -> Iterator[Webhook]:
    values = merged({"webhook": {"create": True, "failurePolicy": "Fail"}}, given)
    full_name = values.get("fullnameOverride") or (
        release if "external-secrets" in release else f"{release}-external-secrets"
    )
    for kind in ("secretstore", "clustersecretstore", "externalsecret") if values["webhook"]["create"] else ():
        yield Webhook(
            name=f"validate.{kind}.external-secrets.io",
            service=f"{full_name}-webhook",
            service_namespace=namespace,
            part="webhook",
            named="webhook",
            path=f"/validate-external-secrets-io-v1-{kind}",
            rules=rules({"external-secrets.io": (f"{kind}s",)}, *_WRITES, "DELETE"),
            fails=_policy(values["webhook"]["failurePolicy"]),
            seconds=5,
        )


def _opentelemetry(given: Props, namespace: str, release: str) -> Iterator[Webhook]:
    by_default = {"create": True, "failurePolicy": "Fail", "pods": {"failurePolicy": "Ignore"}, "timeoutSeconds": 10}
    values = merged({"admissionWebhooks": by_default}, given)["admissionWebhooks"]
    group, objects = "opentelemetry.io", values["failurePolicy"]
    rows = (
        ("minstrumentation", "/mutate-opentelemetry-io-v1alpha1-instrumentation", group, "instrumentations", objects),
        (
            *("mopentelemetrycollectorbeta", "/mutate-opentelemetry-io-v1beta1-opentelemetrycollector"),
            *(group, "opentelemetrycollectors", objects),
        ),
        ("mpod", "/mutate-v1-pod", "", "pods", values["pods"]["failurePolicy"]),
    )
    for name, path, of, kind, policy in rows if values["create"] else ():
        yield Webhook(
            name=f"{name}.kb.io",
            service=f"{given.get('fullnameOverride') or release}-webhook",
            service_namespace=namespace,
            part="opentelemetry-operator",
            named="webhook-server",
            path=path,
            rules=rules({of: (kind,)}, *(_WRITES if of else ("CREATE",))),
            fails=_policy(policy),
            namespaces=values.get("namespaceSelector") or {},
            objects=values.get("objectSelector") or {},
            seconds=values["timeoutSeconds"],
        )


_CHARTS: Mapping[str, Callable[[Props, str, str], Iterator[Webhook]]] = {
    "aws-load-balancer-controller": _load_balancers,
    "cert-manager": _cert_manager,
    "external-secrets": _external_secrets,
    "linkerd-control-plane": _linkerd,
    "opentelemetry-operator": _opentelemetry,
    "trust-manager": _trust_manager,
}
