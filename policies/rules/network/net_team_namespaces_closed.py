"""Each namespace of a team has a network policy that selects all of its pods, in both directions.

Pods that no policy selects take calls of everybody, and call everybody. A patch changes a policy that somebody else
has, and closes nothing by itself. Source: Kubernetes 1.35, "Network Policies" (default policies); read 2026-11.
"""

from collections import Counter
from collections.abc import Iterator

from policies.network_policies import EXPRESSIONS, LABELS, NETWORK_POLICIES, network_policies
from policies.objects import all_objects
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, present, text, texts

NAMESPACES, TEAM = "kubernetes:core/v1:Namespace*", ("metadata", "labels", "ml-platform/team")


def _types(policy: View) -> list[str]:
    by_default = ["Ingress", "Egress"] if present(policy, "spec.egress") else ["Ingress"]
    return texts(policy, "spec.policyTypes") or by_default


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    teams = [each for each in all_objects(stack.resources, "core", "Namespace") if present(each, TEAM)]
    closed: dict[str, Counter[str]] = {"Ingress": Counter(), "Egress": Counter()}
    for policy in network_policies(each for each in stack.resources if not each.type.endswith("Patch")):
        if not present(policy, LABELS) and not present(policy, EXPRESSIONS):
            for direction in _types(policy):
                closed[direction][text(policy, "metadata.namespace")] += 1
    made = Counter(text(each, "metadata.name") for each in teams)
    for namespace in teams:
        name = text(namespace, "metadata.name")
        missing = [direction for direction, have in closed.items() if have[name] < made[name]]
        if missing:  # namespaces of one name in several clusters need one each
            problem = f"is of a team, and no network policy closes all of its pods: {' and '.join(missing)}"
            yield namespace.resource, namespace.under("metadata.name"), problem


NAMESPACE, POLICY = NAMESPACES.removesuffix("*"), NETWORK_POLICIES.removesuffix("*")
TEAMS = Sample(NAMESPACE, {"metadata": {"name": "research", "labels": {TEAM[-1]: "research"}}})
BOTH, WRONG = ["Ingress", "Egress"], ("namespace", "metadata.name")


def _policy(namespace: str = "research", **spec: object) -> Sample:
    return Sample(POLICY, {"metadata": {"name": "ml-platform", "namespace": namespace}, "spec": spec})


def _stack(*policies: Sample, wrong: bool = False, **more: Sample) -> StackCase:
    named = {f"policy-{number}": each for number, each in enumerate(policies)}
    return StackCase({"namespace": TEAMS, **named, **more}, WRONG if wrong else None)


RULE = StackRule(
    id="net-team-namespaces-closed",
    applies_to=(NAMESPACES, NETWORK_POLICIES),
    severity="high",
    standards=("EKS best practices: network security", "CIS Kubernetes: network policies"),
    why="A notebook or an agent of one team could call every pod of every other one.",
    fix="Add a NetworkPolicy for all pods of the namespace, Ingress and Egress.",
    stack_file={"isolation": {}},
    no_mend="the NetworkPolicy is missing, or is wrong",
    dev="advisory",
    check=check,
    good={
        "nothing set": StackCase({}),
        "both directions": _stack(_policy(podSelector={}, policyTypes=BOTH)),
        "a policy for each direction": _stack(_policy(policyTypes=BOTH[:1]), _policy(policyTypes=BOTH[1:])),
        "directions that follow from the rules": _stack(
            _policy(podSelector={}, egress=[{"to": [{"podSelector": {}}]}])
        ),
        "a list": _stack(Sample(f"{POLICY}List", {"items": [_policy(policyTypes=BOTH).props]})),
        "a namespace without a team": StackCase(
            {"namespace": Sample(NAMESPACE, {"metadata": {"name": "add-on", "labels": {"app": "x"}}})}
        ),
        "one of each in two clusters": _stack(_policy(policyTypes=BOTH), _policy(policyTypes=BOTH), second=TEAMS),
    },
    bad={
        "no policy": _stack(wrong=True),
        "one direction": _stack(_policy(podSelector={}, policyTypes=BOTH[:1]), wrong=True),
        "the other one": _stack(_policy(podSelector={}, policyTypes=BOTH[1:]), wrong=True),
        "no types and no rules of egress": _stack(_policy(podSelector={}), wrong=True),
        "some pods alone, by labels": _stack(
            _policy(podSelector={"matchLabels": {"app": "chat"}}, policyTypes=BOTH), wrong=True
        ),
        "some pods alone, by an expression": _stack(
            _policy(podSelector={"matchExpressions": [{"key": "app", "operator": "Exists"}]}, policyTypes=BOTH),
            wrong=True,
        ),
        "a policy of another namespace": _stack(_policy(namespace="default", policyTypes=BOTH), wrong=True),
        "a patch of somebody's policy": _stack(Sample(f"{POLICY}Patch", _policy(policyTypes=BOTH).props), wrong=True),
        "one of two clusters": _stack(_policy(policyTypes=BOTH), wrong=True, second=TEAMS),
    },
)
