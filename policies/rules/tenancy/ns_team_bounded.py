"""Each namespace of a team has a quota, also of every device that a pool offers, and a LimitRange with defaults.

A quota limits what it lists and nothing else, so a resource that it does not name is without limit. Quotas with a scope
hold for some pods only, and do not count here. The devices are those of pools with one cluster: in a stack of several,
nothing tells in which one a namespace is. Source: Kubernetes 1.35, "Resource Quotas", "Limit Ranges"; read 2026-11.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from policies.objects import all_objects
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, pools
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, each, keys, present, text
from policies.samples import A100, H100, node_group, node_pool

CLUSTER = "aws:eks/cluster:Cluster"
TEAM = ("metadata", "labels", "ml-platform/team")
NEEDED = ("requests.cpu", "requests.memory")
Found = Iterator[tuple[Resource, str, str]]


def _namespaces(objects: Sequence[View]) -> Counter[str]:
    return Counter(text(one, "metadata.namespace") for one in objects)


def _gives_defaults(limits: View) -> bool:
    """Tells whether a container that asks for nothing gets a request, which a quota needs, or else a limit."""
    return any(present(one, key) for one in each(limits, "spec.limits") for key in ("default", "defaultRequest"))


def _devices(stack: Stack) -> set[str]:
    if len(stack.of(CLUSTER)) > 1:
        return set()
    return {
        f"requests.{name}"
        for pool in pools(stack)
        for machine in pool.accelerated
        if machine.accelerator
        for name in pool.sharing.resources(machine.accelerator)
    }


def check(stack: Stack) -> Found:
    teams = [one for one in all_objects(stack.resources, "core", "Namespace") if present(one, TEAM)]
    everywhere = all_objects(stack.resources, "core", "ResourceQuota")
    quotas = [one for one in everywhere if not (present(one, "spec.scopes") or present(one, "spec.scopeSelector"))]
    made = Counter(text(team, "metadata.name") for team in teams)
    limited = _namespaces(list(filter(_gives_defaults, all_objects(stack.resources, "core", "LimitRange"))))
    bounded = _namespaces(quotas)
    for namespace in teams:
        name = text(namespace, "metadata.name")
        for kind, have in (("ResourceQuota", bounded), ("LimitRange with defaults", limited)):
            if have[name] < made[name]:  # namespaces of one name in several clusters need one each
                yield namespace.resource, namespace.under("metadata.name"), f"is of a team and has no {kind}"
    needed = {*NEEDED, *_devices(stack)}
    for quota in quotas:
        missing = sorted(needed - {*keys(quota, "spec.hard")})
        if made[text(quota, "metadata.namespace")] and missing:
            yield quota.resource, quota.under("spec.hard"), f"does not list {', '.join(missing)}: without limit there"


CORE = "kubernetes:core/v1:"
HARD = {"requests.cpu": "64", "requests.memory": "256Gi"}


def _stack(
    *at: str, without: str = "", clusters: int = 1, gpus: str = A100, limits: object = None, **changes: object
) -> StackCase:
    hard = {**HARD, "requests.nvidia.com/gpu": "0", **dict.fromkeys(changes, "0")}
    inside = {"metadata": {"name": "team", "namespace": "research"}}
    given = {
        **{f"cluster-{number}": Sample(CLUSTER, {}) for number in range(clusters)},
        "namespace": Sample(f"{CORE}Namespace", {"metadata": {"name": "research", "labels": {TEAM[-1]: "research"}}}),
        "quota": Sample(f"{CORE}ResourceQuota", {**inside, "spec": {"hard": hard}}),
        "limits": Sample(
            f"{CORE}LimitRange", {**inside, "spec": {"limits": [limits or {"defaultRequest": {"cpu": "1"}}]}}
        ),
        "pool": Sample(NODE_GROUP, node_group(gpus), {"launchTemplate": "template"}),
        "template": Sample(LAUNCH_TEMPLATE, {}),
    }
    return StackCase({name: each for name, each in given.items() if name != without}, (at[0], at[1]) if at else None)


def _with(case: StackCase, **more: Sample) -> StackCase:
    return StackCase({**case.resources, **more}, case.at)


def _quota(*, hard: dict[str, str], namespace: str = "research", **spec: object) -> Sample:
    return Sample(f"{CORE}ResourceQuota", {"metadata": {"namespace": namespace}, "spec": {"hard": hard, **spec}})


SAME = Sample(f"{CORE}Namespace", {"metadata": {"name": "research", "labels": {TEAM[-1]: "research"}}})
SLICED = node_pool(H100, name="slices", labels={"ml-platform/sharing": "time-slicing-4"})
SYSTEM = {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]}]}

RULE = StackRule(
    id="ns-team-bounded",
    applies_to=(
        *(f"{CORE}Namespace*", f"{CORE}ResourceQuota*", f"{CORE}LimitRange*"),
        *(CLUSTER, NODE_GROUP, LAUNCH_TEMPLATE, NODE_POOL),
    ),
    severity="high",
    standards=("EKS best practices: multi-tenancy",),
    why="One team could take every node, and leave the others none.",
    fix="Give the team a quota (teams[].quota) that has requests.<resource> of every pool, 0 for what it may not have.",
    no_mend="the ResourceQuota or the LimitRange is missing, or is wrong",
    check=check,
    good={
        "nothing set": StackCase({}),
        "all there": _stack(),
        "limits by default": _stack(limits={"default": {"cpu": "1"}}),
        "a namespace without a team": StackCase(
            {"namespace": Sample(f"{CORE}Namespace", {"metadata": {"name": "add-on", "labels": {"app": "x"}}})}
        ),
        "a quota of some pods beside it": _with(
            _stack(),
            system=_quota(hard={"pods": "0"}, scopeSelector=SYSTEM),
            old=_quota(hard={}, scopes=["BestEffort"]),
        ),
        "a quota of a namespace without a team": _with(_stack(), other=_quota(hard={}, namespace="add-on")),
        "two clusters, with other devices": _with(
            _stack(clusters=2, gpus="m5.2xlarge"), slices=Sample(NODE_POOL, SLICED)
        ),
    },
    bad={
        "no quota": _stack("namespace", "metadata.name", without="quota"),
        "a quota of some pods alone": _with(
            _stack("namespace", "metadata.name", without="quota"),
            system=_quota(hard={**HARD, "requests.nvidia.com/gpu": "0"}, scopeSelector=SYSTEM),
        ),
        "an old scope alone": _with(
            _stack("namespace", "metadata.name", without="quota"),
            system=_quota(hard={**HARD, "requests.nvidia.com/gpu": "0"}, scopes=["BestEffort"]),
        ),
        "no LimitRange": _stack("namespace", "metadata.name", without="limits"),
        "a LimitRange without defaults": _stack("namespace", "metadata.name", limits={"max": {"cpu": "64"}}),
        "one of two clusters": _with(_stack("namespace", "metadata.name", clusters=2), second=SAME),
        **{
            f"a quota without {name}": _with(
                _stack("quota", "spec.hard", without="quota"),
                quota=_quota(hard={"requests.nvidia.com/gpu": "0", **{one: "1" for one in NEEDED if one != name}}),
            )
            for name in NEEDED
        },
        "a pool that it does not know": _with(_stack("quota", "spec.hard"), slices=Sample(NODE_POOL, SLICED)),
    },
)
