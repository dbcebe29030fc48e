"""Workloads of several replicas have a PodDisruptionBudget, so that an upgrade of nodes does not take all at once.

A budget whose selector has expressions counts for every workload of its namespace. wl-budget-lets-go has the opposite
fault. Source: Kubernetes 1.35, "Specifying a Disruption Budget for your Application"; read 2026-11.
"""

from collections.abc import Iterator

from policies.objects import all_objects
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, present
from policies.rules.workloads.wl_budget_lets_go import EXPRESSIONS, SCALED, is_of, place_of, replicas_of

REPLICAS = "spec.replicas"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    scalers = list(all_objects(stack.resources, "autoscaling", "HorizontalPodAutoscaler"))
    budgets = list(all_objects(stack.resources, "policy", "PodDisruptionBudget"))
    for kind in SCALED:
        for workload in all_objects(stack.resources, "apps", kind):
            replicas = replicas_of(workload, kind, scalers)
            guarded = any(
                is_of(budget, workload) or (present(budget, EXPRESSIONS) and place_of(budget) == place_of(workload))
                for budget in budgets
            )
            if replicas > 1 and not guarded and not workload.resource.type.endswith("Patch"):
                problem = f"is {replicas:.0f}, and no budget keeps one of them while nodes are replaced"
                yield workload.resource, workload.under(REPLICAS), problem


POLICY, SCALER = "kubernetes:policy/v1:PodDisruptionBudget", "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
DEPLOYMENT, STATEFUL_SET = "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"
WEB = {"app": "web"}


def _workload(kind: str = DEPLOYMENT, **scale: int) -> Sample:
    template = {"metadata": {"labels": WEB}}
    return Sample(kind, {"metadata": {"name": "web"}, "spec": {**scale, "template": template}})


def _budget(namespace: str = "default", **selector: object) -> Sample:
    return Sample(POLICY, {"metadata": {"name": "web", "namespace": namespace}, "spec": {"selector": selector}})


def _stack(workload: Sample, *budgets: Sample, wrong: bool = False, **more: Sample) -> StackCase:
    named = {f"budget-{number}": budget for number, budget in enumerate(budgets)}
    return StackCase({"web": workload, **named, **more}, ("web", REPLICAS) if wrong else None)


_EXISTS = [{"key": "app", "operator": "Exists"}]
_TARGET = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2}

RULE = StackRule(
    id="rel-replicas-pdb",
    applies_to=(f"{DEPLOYMENT}*", f"{STATEFUL_SET}*", f"{POLICY}*", f"{SCALER}*"),
    severity="medium",
    standards=("EKS best practices: reliability",),
    why="A drain of nodes may end all replicas together, and nobody is answered until new ones are ready.",
    fix="Add a PodDisruptionBudget with maxUnavailable: 1 that selects the pods.",
    no_mend="the PodDisruptionBudget is missing, or is wrong",
    dev="advisory",
    staging="advisory",
    check=check,
    good={
        "nothing set, so one replica": _stack(_workload()),
        "a budget": _stack(_workload(replicas=3), _budget(matchLabels=WEB)),
        "a budget by expressions": _stack(_workload(replicas=3), _budget(matchExpressions=_EXISTS)),
        "a patch, whose workload is somebody else's": _stack(_workload(f"{DEPLOYMENT}Patch", replicas=3)),
    },
    bad={
        "two replicas": _stack(_workload(replicas=2), wrong=True),
        "a StatefulSet": _stack(_workload(STATEFUL_SET, replicas=3), wrong=True),
        "a budget of other pods": _stack(_workload(replicas=2), _budget(matchLabels={"app": "db"}), wrong=True),
        "a budget of another namespace": _stack(
            _workload(replicas=2), _budget("other", matchExpressions=_EXISTS), wrong=True
        ),
        "two by a scaler": _stack(_workload(), wrong=True, scaler=Sample(SCALER, {"spec": _TARGET})),
    },
)
