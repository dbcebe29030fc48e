"""Kyverno: the webhooks that it makes of the policies of a cluster, and those that its release leaves behind.

No image is verified here, and no policy evaluated: an object is neither refused nor let in by what a policy says. What
is simulated is what the API server does while Kyverno does not answer. Its pods delete their webhooks when they are
scaled to zero, as the hook before the deletion of the release does; the Job that comes after misses those that only
validate.
Left out: policies of the group kyverno.io, and match conditions, for which an update counts as one that meets none.
Policies without conditions share a webhook; its URL names them all, and here one.
Sources: Kyverno v1.19.0, pkg/config/config.go, pkg/controllers/webhook/controller.go and validating.go,
pkg/cel/autogen/support.go, pkg/webhooks/server.go (cleanup), cmd/readiness-checker/main.go; kyverno/kyverno 16492; read
2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final

from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.planned import Planned
from simulator.values import Props, has_unknown

CHART: Final = "kyverno"
SERVICE: Final = "kyverno-svc"
_GROUP = "policies.kyverno.io"
_VERSIONS = ("v1", "v1beta1", "v1alpha1")
_KINDS: Mapping[str, tuple[tuple[str, str, bool], ...]] = {  # kind -> webhook, path, whether it only validates
    "ValidatingPolicy": (("vpol.validate.kyverno.svc", "/vpol", True),),
    "MutatingPolicy": (("mpol.validate.kyverno.svc", "/mpol", False),),
    "ImageValidatingPolicy": (
        ("ivpol.validate.kyverno.svc", "/ivpol/validate", True),
        ("ivpol.mutate.kyverno.svc", "/ivpol/mutate", False),
    ),
}
_MAKE_PODS = {"apps": ("daemonsets", "deployments", "replicasets", "statefulsets"), "batch": ("cronjobs", "jobs")}


def policies(cluster: Cluster, planned: Planned | None) -> tuple[Props, ...]:
    """Returns the policies that are in a cluster, or that the preview makes."""
    found: dict[tuple[str, str], Props] = {}
    for version, kind in product(_VERSIONS, _KINDS):
        api = f"{_GROUP}/{version}"
        coming = planned.of_kind(cluster.place, api, kind) if planned else []
        for state in (*(each.state for each in cluster.of_kind(api, kind)), *coming):
            found[kind, str(state["metadata"].get("name"))] = {**state, "kind": kind}
    return tuple(found.values())


def webhooks(values: Props, namespace: str, made_of: tuple[Props, ...], *, left: bool) -> Iterator[Props]:
    """Yields the arguments of each webhook of a release. made_of: the policies. left: the release is gone."""
    common: Props = {"service": SERVICE, "service_namespace": namespace, "left": left}
    older = {"kyverno.io": ("clusterpolicies", "policies")}
    of_policies: Props = {**common, "fails": True, "updates": True}
    yield {
        **of_policies,
        "name": "validate-policy.kyverno.svc",
        "path": "/policyvalidate",
        "resources": {**older, _GROUP: ("*",)},
    }
    if not left:
        yield {**of_policies, "name": "mutate-policy.kyverno.svc", "path": "/policymutate", "resources": older}
    everywhere = _expressions((values.get("config") or {}).get("webhooks")) or [_not_in("kube-system")]
    for policy in made_of:
        if not has_unknown(policy.get("spec")):
            yield from _of_policy(policy, [*everywhere, _not_in(namespace)], common)


def _of_policy(policy: Props, everywhere: list[Any], common: Props) -> Iterator[Props]:
    spec, name = policy["spec"], policy["metadata"]["name"]
    match = spec.get("matchConstraints") or {}
    rules = match.get("resourceRules") or []
    operations = {each for rule in rules for each in rule.get("operations") or ()}
    if not operations & {"CREATE", "*"} or not (spec.get("evaluation") or {}).get("admission", {}).get("enabled", True):
        return
    resources: dict[str, tuple[str, ...]] = {}
    for rule in rules:
        for group in rule.get("apiGroups") or ():
            resources[group] = (*resources.get(group, ()), *(rule.get("resources") or ()))
    if _is_extended(spec, match, rules):
        resources |= _MAKE_PODS
    conditions = bool(spec.get("matchConditions"))
    fails = spec.get("failurePolicy", "Fail") == "Fail"
    for webhook, path, validates in _KINDS[policy["kind"]]:
        mutates = (spec.get("validationConfigurations") or {}).get("mutateDigest", True)
        if (common["left"] and not validates) or (webhook == "ivpol.mutate.kyverno.svc" and not mutates):
            continue
        yield {
            **common,
            "name": f"{webhook}-{'fail' if fails else 'ignore'}{f'-finegrained-{name}' if conditions else ''}",
            "path": f"{path}/{name}",
            "resources": resources,
            "fails": fails,
            "updates": bool(operations & {"UPDATE", "*"}) and not conditions,
            "namespaces": {
                "matchLabels": (match.get("namespaceSelector") or {}).get("matchLabels") or {},
                "matchExpressions": [*_expressions(match), *everywhere],
            },
            "objects": match.get("objectSelector") or {},
            "seconds": (spec.get("webhookConfiguration") or {}).get("timeoutSeconds", 10),
        }


def _is_extended(spec: Props, match: Props, rules: list[Any]) -> bool:
    """Returns whether Kyverno also asks for what makes pods: for a policy of nothing but pods, unless it says no."""
    said = ((spec.get("autogen") or {}).get("podControllers") or {}).get("controllers")
    only_pods = len(rules) == 1 and rules[0].get("apiGroups") == [""] and rules[0].get("resources") == ["pods"]
    narrowed = match.get("objectSelector") or match.get("excludeResourceRules") or rules[0].get("resourceNames")
    return only_pods and not narrowed and said != []


def _expressions(holder: Any) -> list[Any]:
    return list(((holder or {}).get("namespaceSelector") or {}).get("matchExpressions") or [])


def _not_in(namespace: str) -> Props:
    return {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [namespace]}
