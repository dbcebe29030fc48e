"""Kyverno: the webhooks that it makes of the policies of a cluster, and those that its release leaves behind.

No image is verified here, and no policy evaluated: an object is neither refused nor let in by what a policy says. What
is simulated is what the API server does while Kyverno does not answer. Its pods make webhooks and delete them: while
they are down, a policy that goes leaves its webhook. They delete all when they are scaled to zero, as the hook before
the deletion of the release does; the Job that comes after misses those that only validate.
A policy has a webhook of its own where it has match conditions that Kubernetes can compile, asks for exact versions or
has a timeout; the others of a kind share one for each pair of selectors, whose URL names them all. Names and exclusions
of rules are no part of a webhook. Policies that delete objects have none.
Match conditions are evaluated where they are made, with `&&`, `||`, `!` and parentheses, of `true`, `false`,
comparisons of `request.operation` and of `object` or `oldObject` with null, and `x != y`, y being x of the spec of
before, which a change of something else does not meet. Another part is an error where it names what a request has not:
`object` in a deletion, `oldObject` in a creation. It is none in `object.?field` and in comparisons of `object` itself,
and `has(object.field)` is false. What nobody can judge here counts as met. Beside an error it might be false, and stop
the call; such a request is refused here, in words that say so. Unseen is the error of a field that an object has not,
which defaults and controllers may fill.
Left out: policies of the group kyverno.io, those that Kyverno turns into admission policies of Kubernetes (`autogen`),
subresources, and that a policy on images and one of a namespace, both sharing, have webhooks of one name, which the API
server refuses, upon which no change of a policy comes through.
Sources: Kyverno v1.19.0, pkg/config/config.go and types.go, pkg/controllers/webhook (controller.go, validating.go,
bootstrap_exclusion.go, expression_cache.go), pkg/controllers/generic/webhook, cmd/kyverno/main.go, pkg/cel/autogen
(support.go, data.go, match.go), pkg/cel/compiler/keys.go, pkg/cel/libs, pkg/webhooks/server.go (cleanup),
cmd/readiness-checker/main.go, charts/kyverno (templates/config, templates/hooks); kyverno/sdk e0dc6fb8661a,
extensions/cel/libs; kyverno/api, policies.kyverno.io/v1beta1 (GetFailurePolicy); kyverno/kyverno 16492 and 17262;
Kubernetes 1.35, apiserver/pkg/admission/plugin/webhook/matchconditions/matcher.go, and its cel-go v0.26.0, run with
such conditions; read 2026-11.
"""

from __future__ import annotations

import hashlib
import itertools
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
# Beside these, `!=` of two sides of the spec is more than their comparison.
_BEYOND_COMPARISON = re.compile(r"\|\||&&|[=<>]|\bin\b|\? |\b(object|oldObject)\b")
_ABSENT: Final = {"CREATE": ("oldObject", "creation"), "DELETE": ("object", "deletion")}
_TEXT = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""")
_ASKS_OPERATION = re.compile(r"request\.operation[!=]=_|_[!=]=request\.operation|request\.operationin\[(_(,_)*)?\]")
_ASKS_NULL = re.compile(r"(object|oldObject)[!=]=null|null[!=]=(object|oldObject)")


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
) -> bool | str:
    """Returns whether the API server may call a webhook with match conditions; what is wrong where they are an error.

    A false one means that it does not, whatever the others say. operation: `CREATE`, `UPDATE` or `DELETE`. before:
    None where nothing is changed.
    """
    value = _joined([_value(each, operation, after, before) for each in conditions], "false")
    if value not in ("error", "unclear"):
        return value != "false"
    named, what = _ABSENT[operation]
    maybe = ". Kubernetes may refuse this: one is not judged here, and if it is false, it lets this pass"
    return f"name {named}, and a {what} has none{maybe if value == 'unclear' else ''}"


def _joined(values: Sequence[str], decides: str) -> str:
    """Returns the value of parts joined by `&&`, where "false" decides, or by `||`, where "true" does.

    "" where nobody knows here which of the two it is, and `unclear` where it may also be an error.
    """
    if decides in values:
        return decides
    if "error" in values or "unclear" in values:
        return "unclear" if "" in values or "unclear" in values else "error"
    return "" if "" in values else str(decides == "false").lower()


def _value(condition: str, operation: str, after: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """Returns `true`, `false`, `error`, `unclear`, or "", as `_joined` does."""
    condition = condition.strip()
    for operator, decides in (("||", "true"), ("&&", "false")):
        parts = _parts(condition, operator)
        if len(parts) > 1 and all(map(_is_whole, parts)):
            return _joined([_value(each, operation, after, before) for each in parts], decides)
    if condition.startswith("(") and condition.endswith(")") and _is_whole(condition[1:-1]):
        return _value(condition[1:-1], operation, after, before)
    if re.fullmatch(r"!(has)?\(.*\)", condition, re.DOTALL) and _is_whole(condition[condition.index("(") + 1 : -1]):
        value = _value(condition[1:], operation, after, before)
        return {"true": "false", "false": "true"}.get(value, value)
    absent, _ = _ABSENT.get(operation, ("", ""))
    form = re.sub(r"""["']\w*["']""", "_", "".join(condition.split()))
    if form in ("true", "false"):
        return form
    if _ASKS_OPERATION.fullmatch(form):
        return str((f"'{operation}'" in condition.replace('"', "'")) == ("!=" not in form)).lower()
    if asks := _ASKS_NULL.fullmatch(form):
        return str(((asks[1] or asks[2]) == absent) == ("==" in form)).lower()
    if absent and re.fullmatch(rf"has\({absent}\.\w+\)", form):
        return "false"
    now, _, then = condition.partition(" != ")
    beside, of_spec = re.subn(r"\bobject\.spec\b", "", now)
    changes = bool(before) and after.get("spec") != (before or {}).get("spec")
    if operation == "UPDATE" and not changes and of_spec and now == then.replace("oldObject.", "object."):
        return "" if _BEYOND_COMPARISON.search(beside) else "false"
    harmless = rf"has\(\s*{absent}\.\w+\s*\)|{absent}(\.\?|\s*[!=]=)|[!=]=\s*{absent}\b(?!\s*[.\[])"
    rest = re.sub(harmless, "", _TEXT.sub("", condition))
    return "error" if absent and re.search(rf"(?<![\w.]){absent}\b", rest) else ""


def _parts(condition: str, operator: str) -> list[str]:
    """Returns the parts of a condition that an operator joins outside of parentheses and texts."""
    outside = _outside(condition)
    cuts = [-len(operator), *(each.start() for each in re.finditer(re.escape(operator), outside)), len(condition)]
    return [condition[cut + len(operator) : end] for cut, end in itertools.pairwise(cuts)]


def _outside(part: str) -> str:
    """Returns a part of a condition with _ for each sign in texts and in parentheses that are closed."""

    def hidden(found: re.Match[str]) -> str:
        return "_" * len(found[0])

    rest, found = _TEXT.sub(hidden, part), 1
    while found:
        rest, found = re.subn(r"[(\[{][^()\[\]{}]*[)\]}]", hidden, rest)
    return rest


def _is_whole(part: str) -> bool:
    """Returns whether a part of a condition ends what it begins, so that no other operator of CEL binds closer."""
    rest = _outside(part)
    return not re.search(r"""[()\[\]{}'"]|//|(?<!\.)\?""", rest)


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
