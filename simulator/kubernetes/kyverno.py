"""Kyverno: the webhooks that it makes of the policies of a cluster, and those that its release leaves behind.

No image is verified here, and no policy evaluated: an object is neither refused nor let in by what a policy says. What
is simulated is what the API server does while Kyverno does not answer. Its pods make webhooks and delete them: while
they are down, a policy that goes leaves its webhook. They delete all when they are scaled to zero, as the hook before
the deletion of the release does; the Job that comes after misses those that only validate.
A policy has a webhook of its own where it has match conditions that Kubernetes can compile, asks for exact versions or
has a timeout; the others of a kind share one for each pair of selectors, whose URL names them all. Names and exclusions
of rules are no part of a webhook. Policies that delete objects have none.
Match conditions of three forms are evaluated: `true` and `false`, a comparison of `request.operation`, and those of
`compares_specs`. Any other one counts as met, but as false beside one that is an error, with which Kubernetes calls no
webhook. So nothing is refused because of an error in another form, nor of a known one beside another form that is true.
Left out: policies of the group kyverno.io, those that Kyverno turns into admission policies of Kubernetes (`autogen`),
subresources, and that a policy on images and one of a namespace, both sharing, have webhooks of one name, which the API
server refuses, upon which no change of a policy comes through.
Sources: Kyverno v1.19.0, pkg/config/config.go and types.go, pkg/controllers/webhook (controller.go, validating.go,
bootstrap_exclusion.go, expression_cache.go), pkg/controllers/generic/webhook, cmd/kyverno/main.go, pkg/cel/autogen
(support.go, data.go, match.go), pkg/cel/compiler/keys.go, pkg/cel/libs, pkg/webhooks/server.go (cleanup),
cmd/readiness-checker/main.go, charts/kyverno (templates/config, templates/hooks); kyverno/sdk e0dc6fb8661a,
extensions/cel/libs; kyverno/api, policies.kyverno.io/v1beta1 (GetFailurePolicy); kyverno/kyverno 16492 and 17262;
Kubernetes 1.35, apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go; read 2026-11.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from catalog.chart_facts import merged
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.planned import Planned
from simulator.values import Props, has_unknown

CHART: Final = "kyverno"
SERVICE: Final = "kyverno-svc"
_GROUP = "policies.kyverno.io"
_VERSIONS = ("v1", "v1beta1", "v1alpha1")
_ALL = ("CREATE", "UPDATE", "DELETE", "CONNECT")
_IN_SHARED, _IN_OWN = False, True


class _Webhook(NamedTuple):
    """A webhook of a kind of policies. extends: in which ones a policy about pods is also about what makes pods."""

    kind: str
    name: str
    path: str
    validates: bool = True
    extends: tuple[bool, ...] = (_IN_SHARED, _IN_OWN)


_WEBHOOKS = (
    _Webhook("ValidatingPolicy", "vpol.validate", "/vpol"),
    _Webhook("NamespacedValidatingPolicy", "nvpol.validate", "/nvpol", extends=(_IN_OWN,)),
    _Webhook("MutatingPolicy", "mpol.validate", "/mpol", validates=False),
    _Webhook("NamespacedMutatingPolicy", "nmpol.validate", "/nmpol", validates=False),
    _Webhook("ImageValidatingPolicy", "ivpol.validate", "/ivpol/validate"),
    _Webhook("ImageValidatingPolicy", "ivpol.mutate", "/ivpol/mutate", validates=False),
    _Webhook("NamespacedImageValidatingPolicy", "ivpol.validate", "/nivpol/validate", extends=(_IN_SHARED,)),
    _Webhook(
        "NamespacedImageValidatingPolicy", "ivpol.mutate", "/nivpol/mutate", validates=False, extends=(_IN_SHARED,)
    ),
    _Webhook("GeneratingPolicy", "gpol.validate", "/gpol", extends=()),
    _Webhook("NamespacedGeneratingPolicy", "ngpol.validate", "/ngpol", extends=()),
)
_KINDS = tuple(dict.fromkeys(each.kind for each in _WEBHOOKS))
_OF_POLICIES = {
    "kyverno.io": ("clusterpolicies", "policies"),
    _GROUP: tuple(f"{kind.lower().removesuffix('y')}ies" for kind in (*_KINDS, "DeletingPolicy")),
}
_ALWAYS: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {  # path -> name, resources
    "/policyvalidate": ("validate-policy.kyverno.svc", _OF_POLICIES),
    "/policymutate": ("mutate-policy.kyverno.svc", {"kyverno.io": _OF_POLICIES["kyverno.io"]}),
    "/exceptionvalidate": ("", {"kyverno.io": ("policyexceptions",)}),
    "/celexception/validate": ("", {_GROUP: ("policyexceptions",)}),
    "/globalcontextvalidate": ("", {"kyverno.io": ("globalcontextentries",)}),
}
_MAKE_PODS = {
    **dict.fromkeys(("daemonsets", "deployments", "replicasets", "statefulsets"), "apps"),
    **dict.fromkeys(("cronjobs", "jobs"), "batch"),
}
_PODS = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
# What the API server knows nothing of, so that it cannot compile a condition which names it.
_OF_KYVERNO = re.compile(
    r"(?<![\w.?])((attestors|generator|globalContext|http|images|json|resource|variables|yaml)\s*[.\[]"
    r"|((gzip|hash|math|random|time|transform|user|x509)\.\w+|image|isImage|parseImageReference|parseServiceAccount"
    r"|listObjToMap|md5|random|sha1|sha256|verifyImageSignatures|verifyAttestationSignatures|getImageData)\s*\()"
)
_TO_START_NODES = frozenset({("", "nodes"), ("certificates.k8s.io", "certificatesigningrequests")})
# Beside these, `!=` of two sides is more than their comparison.
_BEYOND_COMPARISON = re.compile(r"\|\||&&|[=<>]|\bin\b|\? ")


def _where(operator: str, namespace: str) -> Props:
    return {"key": "kubernetes.io/metadata.name", "operator": operator, "values": [namespace]}


_DEFAULTS: Props = {
    "config": {
        "excludeKyvernoNamespace": True,
        "webhooks": {"namespaceSelector": {"matchExpressions": [_where("NotIn", "kube-system")]}},
    },
    "features": {"forceFailurePolicyIgnore": {"enabled": False}, "excludeBootstrapResources": {"enabled": False}},
}


def may_call(
    conditions: Sequence[str], operation: str, after: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> bool | None:
    """Returns whether the API server may call a webhook with match conditions; None where they make it an error.

    A false one means that it does not, whatever the others say. operation: `CREATE`, `UPDATE` or `DELETE`. before:
    None where nothing is changed.
    """
    values = [_value(each, operation, after, before) for each in conditions]
    if "false" in values or ("error" in values and "" in values):
        return False
    return None if "error" in values else True


def _value(condition: str, operation: str, after: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """Returns `true`, `false`, `error`, or "" where nobody knows here."""
    if condition.strip() in ("true", "false"):
        return condition.strip()
    if asks := re.fullmatch(r"""\s*request\.operation\s*([!=]=)\s*["'](\w+)["']\s*""", condition):
        return str((asks[2] == operation) == (asks[1] == "==")).lower()
    if not compares_specs(condition) or (before is not None and after.get("spec") != before.get("spec")):
        return ""
    return {"DELETE": "error", "UPDATE": "false"}.get(operation, "true")


def compares_specs(condition: str) -> bool:
    """Returns whether a match condition is `oldObject == null || x != y`, y being x of the spec of before.

    A change that leaves the spec as it was does not meet it, and for a deletion it has no value: there is no `object`.
    Nor has it one in Kubernetes where the spec lacks the field, unseen here: defaults and controllers may fill it.
    """
    front, _, comparison = condition.partition("||")
    now, _, then = (each.strip() for each in comparison.partition(" != "))
    same_of_both = now == then.replace("oldObject.", "object.") and "oldObject" not in now
    objects, of_spec = (re.findall(rf"\bobject\b{what}", now) for what in ("", r"\.spec\b"))
    is_comparison = bool(objects) and len(objects) == len(of_spec) and not _BEYOND_COMPARISON.search(now)
    return front.strip() == "oldObject == null" and same_of_both and is_comparison


def policies(cluster: Cluster, planned: Planned | None) -> tuple[Props, ...]:
    """Returns the policies that are in a cluster, or that the preview makes."""
    found: dict[tuple[str, ...], Props] = {}
    for version, kind in product(_VERSIONS, _KINDS):
        api = f"{_GROUP}/{version}"
        coming = planned.of_kind(cluster.place, api, kind) if planned else []
        for state in (*(each.state for each in cluster.of_kind(api, kind)), *coming):
            found[kind, *_identity(state)] = {**state, "kind": kind}
    return tuple(found.values())


def _identity(policy: Props) -> tuple[str, str]:
    return str(policy["metadata"].get("namespace") or ""), str(policy["metadata"].get("name"))


def webhooks(values: Props, namespace: str, made_of: Sequence[Props], *, left: bool) -> Iterator[Props]:
    """Yields the arguments of each webhook of a release. made_of: the policies. left: those that only validate."""
    common: Props = {"service": SERVICE, "service_namespace": namespace}
    common |= {"part": "admission-controller", "named": "https"}
    for path, (name, resources) in _ALWAYS.items():
        if not (left and path == "/policymutate"):
            asked = [
                {"apiGroups": [group], "apiVersions": ["*"], "operations": _ALL[:2], "resources": names}
                for group, names in resources.items()
            ]
            yield {**common, "name": name or f"{SERVICE}.{namespace}.svc", "path": path, "rules": asked, "fails": True}
    given = merged(_DEFAULTS, {key: values[key] for key in _DEFAULTS if values.get(key) is not None})
    everywhere = given["config"]["webhooks"]
    if given["config"]["excludeKyvernoNamespace"]:
        own = {"matchExpressions": [_where("NotIn", namespace)]}
        everywhere = {**everywhere, "namespaceSelector": _both(everywhere.get("namespaceSelector"), own)}
    forced, spares = (given["features"][each]["enabled"] for each in _DEFAULTS["features"])
    known = sorted((each for each in made_of if not has_unknown(each.get("spec"))), key=_identity)
    for row in _WEBHOOKS:
        of_kind = [each for each in known if each["kind"] == row.kind and _is_asked(row, each["spec"])]
        if row.validates or not left:
            for made in _of_policies(row, of_kind, everywhere):
                fails = made["fails"] and not forced
                yield {**common, **made, "fails": fails, "without": _TO_START_NODES if spares and fails else ()}


def _is_asked(row: _Webhook, spec: Props) -> bool:
    writes = row.name != "ivpol.mutate" or _at(spec, "validationConfigurations", "mutateDigest") is not False
    return writes and _at(spec, "evaluation", "admission", "enabled") is not False


def _of_policies(row: _Webhook, made_of: Sequence[Props], everywhere: Props) -> Iterator[Props]:
    """Yields the webhooks of the policies of a kind. everywhere: the selectors of the chart."""
    shared: dict[str, list[tuple[str, Props]]] = {}
    for policy in made_of:
        (alone, own), (namespace, name) = _webhook(row, policy, everywhere), _identity(policy)
        webhook = f"{row.name}.kyverno.svc-{'fail' if own['fails'] else 'ignore'}"
        if alone:
            ending = "-".join(filter(None, (namespace, name)))
            own |= {"name": f"{webhook}-finegrained-{ending}", "path": f"{row.path}/{name}"}
            yield own
        else:
            key = json.dumps([own["namespaces"], own["objects"] or None], separators=(",", ":"))
            shared.setdefault(hashlib.sha256(key.encode()).hexdigest(), []).append((name, {**own, "name": webhook}))
    for key, members in sorted(shared.items()):
        ending = f"-{key[:8]}" if len(shared) > 1 else ""
        path = "/".join([row.path, *sorted(name for name, _ in members)])
        for webhook in sorted({own["name"] for _, own in members}):
            alike = [own for _, own in members if own["name"] == webhook]
            asked = [rule for own in alike for rule in own["rules"]]
            if asked:
                yield {**alike[0], "name": f"{webhook}{ending}", "path": path, "rules": asked}


def _webhook(row: _Webhook, policy: Props, everywhere: Props) -> tuple[bool, Props]:
    """Returns whether a policy has a webhook of its own, and what its webhook takes of it."""
    spec, (inside, _), generates = policy["spec"], _identity(policy), row.kind.endswith("GeneratingPolicy")
    match = spec.get("matchConstraints") or {}
    found = [str(each.get("expression")) for each in spec.get("matchConditions") or ()]
    conditions = [] if any(map(_OF_KYVERNO.search, found)) else found
    exact, seconds = match.get("matchPolicy") == "Exact", _at(spec, "webhookConfiguration", "timeoutSeconds")
    asked = [{**each, "operations": _ALL} if generates else each for each in match.get("resourceRules") or ()]
    alone = bool(conditions or exact or seconds is not None)
    if alone in row.extends and _is_about_pods(match):
        chosen = _at(spec, "autogen", "podControllers", "controllers")
        makers = [each for each in _MAKE_PODS if chosen is None or each in chosen]
        asked += [{**asked[0], "apiGroups": [_MAKE_PODS[each]], "resources": [each], "scope": None} for each in makers]
    namespaces = {"matchExpressions": [_where("In", inside)]} if inside else match.get("namespaceSelector")
    return alone, {
        "namespaces": _both(namespaces, everywhere.get("namespaceSelector")),
        "objects": _both(match.get("objectSelector"), everywhere.get("objectSelector")),
        "rules": asked,
        "exact": exact,
        "conditions": conditions,
        "seconds": seconds or 10,
        "fails": not generates and spec.get("failurePolicy", "Fail") == "Fail",
    }


def _is_about_pods(match: Props) -> bool:
    """Returns whether a policy is about pods of v1 alone, whatever their names and labels."""
    asked = match.get("resourceRules") or []
    alike = len(asked) == 1 and {key: asked[0].get(key) for key in _PODS} == _PODS
    narrowed = any((match.get("objectSelector") or {}).values()) or match.get("excludeResourceRules")
    return alike and not narrowed and not asked[0].get("resourceNames")


def _both(own: Any, of_chart: Any) -> Props:
    """Returns two selectors as one, in the order in which Go writes them."""
    given = [own or {}, of_chart or {}]
    labels = {key: value for each in given for key, value in (each.get("matchLabels") or {}).items()}
    found = [each for selector in given for each in selector.get("matchExpressions") or ()]
    ordered = [{key: each[key] for key in ("key", "operator", "values") if each.get(key)} for each in found]
    parts = {"matchLabels": dict(sorted(labels.items())), "matchExpressions": ordered}
    return {key: part for key, part in parts.items() if part}


def _at(holder: Props, *path: str) -> Any:
    value: Any = holder
    for each in path:
        value = (value or {}).get(each)
    return value
