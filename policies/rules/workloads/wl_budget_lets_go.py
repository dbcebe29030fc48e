"""A PodDisruptionBudget lets at least one pod of its workload go, when all of them work.

Kubernetes rounds percentages up: `minAvailable: 50%` of one replica is one, and `maxUnavailable: 1%` is one too.
A budget is held against the Deployments and StatefulSets of the stack in its namespace, and what a
HorizontalPodAutoscaler keeps of them. What operators make of custom resources is not seen.
A pod that two budgets select is never evicted, whatever these say. Pods with just the labels of a budget's selector are
taken to exist.
Sources: Kubernetes 1.35, "Specifying a Disruption Budget for your Application"; pkg/registry/core/pod/storage/
eviction.go and pkg/apis/policy/validation at 1.35.4; read 2026-11.
"""

import math
from collections.abc import Iterator, Sequence

from policies.objects import all_objects
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, at, number, present, text

SCALED = ("Deployment", "StatefulSet")
LEAST, MOST, SELECTOR = "spec.minAvailable", "spec.maxUnavailable", "spec.selector"
LABELS, EXPRESSIONS = f"{SELECTOR}.matchLabels", f"{SELECTOR}.matchExpressions"
Found = Iterator[tuple[Resource, str, str]]


def _is_none(amount: str) -> bool:
    """Tells whether an amount is zero or less; Kubernetes refuses what is less."""
    digits = amount.removesuffix("%")
    return digits.startswith("-") or (digits.isdecimal() and int(digits) == 0)


def _percent(amount: str) -> float | None:
    digits = amount.removesuffix("%")
    return float(digits) if digits != amount and digits.isdecimal() else None


def _count(amount: str, replicas: float) -> float:
    """Returns how many pods an amount is; a text that is no amount is none, and Kubernetes refuses it."""
    share = _percent(amount)
    if share is not None:
        return math.ceil(share * replicas / 100)
    return float(amount) if amount.isdecimal() else 0


def is_of(budget: View, workload: View) -> bool:
    """Tells whether a budget selects the pods of a workload by labels, or those that another budget selects.

    Other expressions than labels are not read.
    """
    if at(budget, SELECTOR) is None or present(budget, EXPRESSIONS) or present(workload, EXPRESSIONS):
        return False
    labels = at(workload, "spec.template.metadata.labels", at(workload, LABELS, {}))
    return place_of(budget) == place_of(workload) and at(budget, LABELS, {}).items() <= labels.items()


def place_of(view: View) -> tuple[str, str]:
    """Returns the cluster of an object, by its provider, and its namespace."""
    return view.resource.provider_urn, text(view, "metadata.namespace", "default")


def replicas_of(workload: View, kind: str, scalers: Sequence[View]) -> float:
    """Returns how many replicas a workload has at least."""
    name, namespace = text(workload, "metadata.name"), text(workload, "metadata.namespace", "default")
    for each in scalers:
        of = (text(each, "spec.scaleTargetRef.kind"), text(each, "spec.scaleTargetRef.name"))
        if (*of, text(each, "metadata.namespace", "default")) == (kind, name, namespace):
            return number(each, "spec.minReplicas", 1) or 0
    given = number(workload, "spec.replicas")
    return 1 if given is None else given


def check(stack: Stack) -> Found:
    workloads = [(kind, each) for kind in SCALED for each in all_objects(stack.resources, "apps", kind)]
    scalers = list(all_objects(stack.resources, "autoscaling", "HorizontalPodAutoscaler"))
    budgets = list(all_objects(stack.resources, "policy", "PodDisruptionBudget"))
    for index, budget in enumerate(budgets):
        pods = [each for _, each in workloads] + budgets
        for other in budgets[:index]:
            if any(is_of(budget, each) and is_of(other, each) for each in pods):
                name = text(other, "metadata.name")
                yield budget.resource, budget.under(SELECTOR), f"selects pods of {name} too: no pod with two is evicted"
        most, least = text(budget, MOST), text(budget, LEAST)
        path = budget.under(LEAST)
        if most and least:
            yield budget.resource, path, "is given beside maxUnavailable, and Kubernetes takes only one of both"
        if _is_none(most):
            yield budget.resource, budget.under(MOST), "lets no pod go, so nodes with one cannot"
        if least.startswith("-"):
            yield budget.resource, path, "is less than 0, which Kubernetes refuses"
        if (_percent(least) or 0) >= 100:
            yield budget.resource, path, "lets no pod go, so nodes with one cannot"
            continue
        for kind, workload in workloads if least else ():
            replicas = replicas_of(workload, kind, scalers)
            if replicas and is_of(budget, workload) and _count(least, replicas) >= replicas:
                name = text(workload, "metadata.name")
                yield budget.resource, path, f"keeps each of the {replicas:.0f} replicas of {kind} {name} on its node"


POLICY, APPS = "kubernetes:policy/v1:PodDisruptionBudget", "kubernetes:apps/v1:"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
WEB = {"app": "web"}


def _budget(**spec: object) -> dict[str, object]:
    return {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": WEB}, **spec}}


def _workload(replicas: int | None, namespace: str = "default", **labels: str) -> dict[str, object]:
    scale = {} if replicas is None else {"replicas": replicas}
    template = {"metadata": {"labels": {**WEB, "version": "2", **labels}}}
    return {"metadata": {"name": "web", "namespace": namespace}, "spec": {**scale, "template": template}}


def _second(at: str = "", namespace: str = "default", provider: str = "", **labels: str) -> StackCase:
    """Returns a stack with a budget of a workload, and a second budget. labels: that the second one selects."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
    second = Sample(POLICY, {"metadata": {"name": "two", "namespace": namespace}, "spec": spec}, provider=provider)
    case = _with(_stack("", 2, maxUnavailable=1), second=second)
    return StackCase(case.resources, ("second", at) if at else None)


def _scaler(kind: str = "Deployment", name: str = "web", namespace: str = "default", **spec: object) -> Sample:
    target = {"scaleTargetRef": {"kind": kind, "name": name}}
    return Sample(SCALER, {"metadata": {"namespace": namespace}, "spec": {**target, **spec}})


def _stack(at: str, replicas: int | None, *, kind: str = "Deployment", **spec: object) -> StackCase:
    workload = Sample(f"{APPS}{kind}", _workload(replicas))
    return StackCase({"budget": Sample(POLICY, _budget(**spec)), "web": workload}, ("budget", at) if at else None)


def _with(case: StackCase, **more: Sample) -> StackCase:
    return StackCase({**case.resources, **more}, case.at)


RULE = StackRule(
    id="wl-budget-lets-go",
    applies_to=(f"{POLICY}*", f"{APPS}Deployment*", f"{APPS}StatefulSet*", f"{SCALER}*"),
    severity="medium",
    standards=("EKS best practices: reliability",),
    why="A node with a pod that may never go ends the update of its node group after 15 minutes; Karpenter keeps it.",
    fix="Write maxUnavailable: 1, with unhealthyPodEvictionPolicy: AlwaysAllow, in one budget; or add a replica.",
    check=check,
    good={
        "nothing set": StackCase({}),
        "one at a time": _stack("", 1, maxUnavailable=1),
        "a small share of them, rounded up": _stack("", 1, maxUnavailable="1%"),
        "one of two stays": _stack("", 2, minAvailable=1),
        "half of two": _stack("", 2, minAvailable="50%"),
        "nearly all, of pods made elsewhere": StackCase({"budget": Sample(POLICY, _budget(minAvailable="99%"))}),
        "none has to stay": _stack("", 1, minAvailable=0),
        "neither number": _stack("", 1),
        "turned off, without replicas": _stack("", 0, minAvailable=1),
        "scaled to two": _with(_stack("", None, minAvailable=1), scaler=_scaler(minReplicas=2)),
        "nothing known of the workload": StackCase({"budget": Sample(POLICY, _budget(minAvailable=1))}),
        "a workload elsewhere": _with(
            _stack("", 2, minAvailable=1), web=Sample(f"{APPS}Deployment", _workload(1, namespace="other"))
        ),
        "another workload": _with(
            _stack("", 2, minAvailable=1), web=Sample(f"{APPS}Deployment", _workload(1, app="other"))
        ),
        "pods by an expression": _stack(
            "", 1, minAvailable=1, selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]}
        ),
        "a second one of other pods": _second(app="api"),
        "a second one without a selector, which selects nothing": _with(
            _stack("", 2, maxUnavailable=1), second=Sample(POLICY, {"spec": {"maxUnavailable": 1}})
        ),
        "a second one elsewhere": _second(namespace="other", app="web"),
        "a second one in another cluster": _second(provider="urn:other", app="web"),
        "no amount at all, which Kubernetes refuses": _stack("", 1, minAvailable="some%"),
    },
    bad={
        "none may go": _stack(MOST, 3, maxUnavailable=0),
        "two of the same pods": _second(SELECTOR, app="web"),
        "two of the same pods, by different labels": _second(SELECTOR, version="2"),
        "two of which one selects more, without a workload": _with(
            _second(SELECTOR, app="web", tier="a"), web=Sample(f"{APPS}Deployment", _workload(1, namespace="other"))
        ),
        "none, with two digits": _stack(MOST, 3, maxUnavailable="00%"),
        "less than none": _stack(MOST, 3, maxUnavailable=-1),
        "less than none has to stay": _stack(LEAST, 3, minAvailable=-1),
        "both numbers": _stack(LEAST, 3, minAvailable=1, maxUnavailable=1),
        "more than all": _stack(LEAST, 3, minAvailable="120%"),
        "none of a hundred": _stack(MOST, 3, maxUnavailable="0%"),
        "all have to stay": _stack(LEAST, 3, minAvailable="100%"),
        "all have to stay, of pods made elsewhere": StackCase(
            {"budget": Sample(POLICY, _budget(minAvailable="100%"))}, ("budget", LEAST)
        ),
        "the only replica": _stack(LEAST, 1, minAvailable=1),
        "no number of replicas, which is one": _stack(LEAST, None, minAvailable=1),
        "as many as there are": _stack(LEAST, 2, kind="StatefulSet", minAvailable=2),
        "a number as text": _stack(LEAST, 2, minAvailable="3"),
        "a share that is rounded up to all": _stack(LEAST, 3, minAvailable="67%"),
        "scaled to one": _with(_stack(LEAST, 2, minAvailable=1), scaler=_scaler()),
        "another kind is scaled": _with(
            _stack(LEAST, 1, minAvailable=1), scaler=_scaler(minReplicas=2, kind="StatefulSet")
        ),
        "another name is scaled": _with(_stack(LEAST, 1, minAvailable=1), scaler=_scaler(minReplicas=2, name="api")),
        "one elsewhere is scaled": _with(
            _stack(LEAST, 1, minAvailable=1), scaler=_scaler(minReplicas=2, namespace="other")
        ),
        "all pods of the namespace": _stack(LEAST, 1, minAvailable=1, selector={}),
        "in a list": StackCase(
            {"budgets": Sample(f"{POLICY}List", {"items": [_budget(maxUnavailable=0)]})},
            ("budgets", f"items[0].{MOST}"),
        ),
        "in a patch": StackCase({"budget": Sample(f"{POLICY}Patch", _budget(maxUnavailable=0))}, ("budget", MOST)),
        "a workload in a list": _with(
            _stack(LEAST, 2, minAvailable=1), web=Sample(f"{APPS}DeploymentList", {"items": [_workload(1)]})
        ),
    },
)
