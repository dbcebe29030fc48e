"""Every pod that asks for an accelerator finds a pool of the stack that could take it.

A stack without pools is left alone: its cluster is made elsewhere. So are claims of dynamic resource allocation. Labels
that the node's own system sets are taken to be there with whatever value is asked for. Sources: Kubernetes, "Taints and
Tolerations", "Assigning Pods to Nodes"; NVIDIA GPU feature discovery, labels; Karpenter, Scheduling, well-known labels;
read 2026-08.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from catalog.requirements import CAPACITY_TYPE, fits, instance_labels
from catalog.requirements import NODE_POOL as NODE_POOL_LABEL
from policies.pods import KUBERNETES, Pod, all_pods
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, Pool, Taint, pools, quantity
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, each, keys, separately, text, texts
from policies.samples import A100, L4, NO_SCHEDULE, PLAIN, TAINT, node_group, node_pool, pod, requirement

PREFIXES = ("nvidia.com/", "aws.amazon.com/neuron")
OF_KARPENTER = ("karpenter.sh/", "karpenter.k8s.aws/")
SET_BY_THE_SYSTEM = (
    *("kubernetes.io/", "node.kubernetes.io/", "beta.kubernetes.io/", "topology.kubernetes.io/"),
    *("topology.k8s.aws/", "eks.amazonaws.com/", "feature.node.kubernetes.io/", "nvidia.com/"),
)


def _asked(pod: Pod) -> dict[str, float]:
    """The accelerators that the pod needs at once: its containers' together, or the most of one that runs before."""
    together: Counter[str] = Counter()
    for container in each(pod.spec, "containers"):
        for name, count in _limits(container).items():
            together[name] += count
    for container in each(pod.spec, "initContainers"):
        for name, count in _limits(container).items():
            together[name] = max(together[name], count)
    return {name: count for name, count in together.items() if count}


def _limits(container: View) -> dict[str, int]:
    named = [name for name in keys(container, "resources.limits") if name.startswith(PREFIXES)]
    return {name: int(quantity(container, ("resources", "limits", name)) or 0) for name in named}


def _expressions(pod: Pod) -> Iterator[list[dict[str, object]]]:
    """What a node's labels have to keep: one of these lists, as a whole."""
    chosen: list[dict[str, object]] = [
        {"key": key, "operator": "In", "values": [text(pod.spec, ("nodeSelector", key))]}
        for key in keys(pod.spec, "nodeSelector")
    ]
    required = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    terms = list(each(pod.spec, required))
    for term in terms:
        found: list[dict[str, object]] = [
            {"key": text(item, "key"), "operator": text(item, "operator"), "values": texts(item, "values")}
            for item in each(term, "matchExpressions")
        ]
        yield [*chosen, *found]
    if not terms:
        yield chosen


def _values(pool: Pool, key: str) -> Sequence[str | None] | None:
    """The values that the label may have on a node of the pool (None among them: no such label); None: any."""
    if key in keys(pool.resource, pool.labels_path):
        return [pool.label(key)]
    if not pool.karpenter and key.startswith(OF_KARPENTER):
        return [None]
    if pool.karpenter and key in (NODE_POOL_LABEL, CAPACITY_TYPE):
        return [pool.name] if key == NODE_POOL_LABEL else sorted(pool.capacity_types)
    for item in pool.requirements if pool.karpenter else ():
        if item["key"] == key and item["operator"] == "In":
            values: list[str] = item["values"]
            return values
    of_machines = [instance_labels(machine.name).get(key) for machine in pool.accelerated]
    if any(of_machines):
        return of_machines
    return None if key.startswith((*SET_BY_THE_SYSTEM, *OF_KARPENTER)) else [None]


def _lacking(pool: Pool, expressions: Sequence[dict[str, object]]) -> str | None:
    for expression in expressions:
        values = _values(pool, str(expression["key"]))
        if values is not None and not any(fits(expression, value) for value in values):
            return f"{pool.name} has no nodes whose label {expression['key']} would do"
    return None


def _tolerates(toleration: View, taint: Taint) -> bool:
    if text(toleration, "effect") not in ("", taint.effect):
        return False
    key = text(toleration, "key")
    if text(toleration, "operator") == "Exists":
        return key in ("", taint.key)
    return key == taint.key and text(toleration, "value") == taint.value


def _kept_off(pool: Pool, pod: Pod) -> str | None:
    tolerations = list(each(pod.spec, "tolerations"))
    for taint in pool.taints:
        if taint.keeps_pods_off and not any(_tolerates(toleration, taint) for toleration in tolerations):
            return f"{pool.name} has the taint {taint}, which the pod does not tolerate"
    return None


def _obstacle(pool: Pool, pod: Pod) -> str | None:
    """What keeps the pod off a pool that offers what it asks for."""
    lacking = [_lacking(pool, expressions) for expressions in _expressions(pod)]
    return lacking[0] if all(lacking) else _kept_off(pool, pod)


def _in_words(obstacles: Sequence[str], stack_pools: Sequence[Pool]) -> str:
    if obstacles:
        return "; ".join(obstacles[:3])
    offered = {
        f"{count * machine.accelerator.count} of {name} ({pool.name})"
        for pool in stack_pools
        for machine in pool.accelerated
        if machine.accelerator
        for name, count in pool.sharing.resources(machine.accelerator).items()
    }
    return f"no pool has that on a node; there are {', '.join(sorted(offered)) or 'no accelerators'}"


def _pod(pod: Pod, stack_pools: Sequence[Pool]) -> Iterator[tuple[Resource, str, str]]:
    asked = _asked(pod)
    if not asked:
        return
    offering = [p for p in stack_pools if all(p.most_of(name) >= count for name, count in asked.items())]
    obstacles = [_obstacle(pool, pod) for pool in offering]
    if all(obstacles):
        wanted = " and ".join(f"{count:g} of {name}" for name, count in sorted(asked.items()))
        why = _in_words([obstacle for obstacle in obstacles if obstacle], stack_pools)
        yield pod.spec.resource, pod.spec.under("containers"), f"ask for {wanted} on one node, which never comes: {why}"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    found = list(pools(stack))
    if found:
        yield from separately(all_pods(stack), lambda pod: _pod(pod, found))


POD = "kubernetes:core/v1:Pod"
SHARED, SLICE, WHOLE = "nvidia.com/gpu.shared", "nvidia.com/mig-1g.5gb", "nvidia.com/gpu"
TOLERATION = {"key": "gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}
GPU_NAME, POOL_LABEL = "karpenter.k8s.aws/instance-gpu-name", "ml-platform/pool"


def _stack(pool: Sample | None, *asked: dict[str, object], kind: str = POD, **spec: Any) -> StackCase:
    containers: list[dict[str, object]] = [{"limits": limits} for limits in asked]
    made = pod(*containers, **spec)
    place = "spec.containers"
    if kind != POD:
        made, place = {"spec": {"template": made}}, "spec.template.spec.containers"
    pools_of_stack = {} if pool is None else {"pool": pool}
    return StackCase({"job": Sample(kind, made), **pools_of_stack}, at=("job", place))


def _group(*types: str, sharing: str = "none", taints: Sequence[object] = (), **labels: str) -> Sample:
    marked = {"ml-platform/sharing": sharing, POOL_LABEL: "a100", **labels}
    return Sample(NODE_GROUP, node_group(*types, labels=marked, taints=list(taints)))


def _pool(*requirements: dict[str, object], **more: object) -> Sample:
    return Sample(NODE_POOL, {**node_pool(A100, requirements=requirements), **more})


def _affinity(*terms: dict[str, object]) -> dict[str, object]:
    named = {"nodeSelectorTerms": [{"matchExpressions": [term]} for term in terms]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": named}}


ONE: dict[str, object] = {WHOLE: 1}
TAINTED = _group(A100, taints=[TAINT])
PLAIN_A100 = _group(A100)
KARPENTER_TAINTED = Sample(NODE_POOL, node_pool(A100, taints=(NO_SCHEDULE,)))
MANY: dict[str, object] = {"operator": "Exists"}
IN_A100 = requirement(POOL_LABEL, "a100")
IN_H100 = requirement(POOL_LABEL, "h100")
BLOCK = {
    "block": Sample(NODE_GROUP, node_group(), links={"launchTemplate": "template"}),
    "template": Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
    "job": Sample(POD, pod({"limits": ONE})),
}

RULE = StackRule(
    id="gpu-pod-schedulable",
    applies_to=(NODE_GROUP, LAUNCH_TEMPLATE, KUBERNETES),
    severity="high",
    standards=("EKS best practices: AI/ML compute",),
    why="Such a pod waits for ever, and no error says so; or the autoscaler buys a node that it cannot use.",
    fix="Ask for a resource, labels and taints of one of the pools (docs/guides); the findings name what is missing.",
    dev="advisory",
    check=check,
    good={
        "nothing said of GPUs": _stack(TAINTED, {"cpu": 1}),
        "no pools here, so the cluster is made elsewhere": _stack(None, ONE),
        "a whole GPU": _stack(PLAIN_A100, ONE),
        "all GPUs of a node": _stack(PLAIN_A100, {WHOLE: 4}, {WHOLE: 4}),
        "GPUs one after the other": _stack(
            PLAIN_A100, {WHOLE: 8}, initContainers=[{"resources": {"limits": {WHOLE: 8}}}]
        ),
        "none of it": _stack(_group(PLAIN), {WHOLE: 0}),
        "a turn": _stack(_group(A100, sharing="time-slicing-4"), {SHARED: 1}),
        "slices": _stack(_group(A100, sharing="mig-7x1g.5gb"), {SLICE: 56}),
        "slices by a built-in name": _stack(_group(A100, **{"nvidia.com/mig.config": "all-1g.5gb"}), {SLICE: 56}),
        "slices by a name of their own": _stack(_group(A100, **{"nvidia.com/mig.config": "ours"}), {SLICE: 99}),
        "Neuron": _stack(_group("inf2.xlarge"), {"aws.amazon.com/neuron": 1}),
        "Neuron cores, which the plugin counts": _stack(_group("inf2.xlarge"), {"aws.amazon.com/neuroncore": 2}),
        "tolerated": _stack(TAINTED, ONE, tolerations=[TOLERATION]),
        "tolerated, whatever its value": _stack(TAINTED, ONE, tolerations=[{"key": "gpu", "operator": "Exists"}]),
        "everything tolerated": _stack(TAINTED, ONE, tolerations=[MANY]),
        "tolerated, the operator left out": _stack(TAINTED, ONE, tolerations=[{"key": "gpu", "value": "true"}]),
        "only asked to stay away": _stack(_group(A100, taints=[{**TAINT, "effect": "PREFER_NO_SCHEDULE"}]), ONE),
        "its label": _stack(PLAIN_A100, ONE, nodeSelector={POOL_LABEL: "a100"}),
        "a label that the system sets": _stack(PLAIN_A100, ONE, nodeSelector={"nvidia.com/gpu.product": "A100"}),
        "the instance type": _stack(PLAIN_A100, ONE, nodeSelector={"node.kubernetes.io/instance-type": A100}),
        "one of two terms": _stack(PLAIN_A100, ONE, affinity=_affinity(IN_H100, IN_A100)),
        "not another's label": _stack(
            PLAIN_A100, ONE, affinity=_affinity(requirement("team", operator="DoesNotExist"))
        ),
        "Karpenter": _stack(KARPENTER_TAINTED, ONE, tolerations=[TOLERATION]),
        "Karpenter's label of the GPU": _stack(_pool(), ONE, nodeSelector={GPU_NAME: "a100"}),
        "Karpenter's label of a network card": _stack(
            _pool(), ONE, nodeSelector={"karpenter.k8s.aws/instance-network-bandwidth": "400000"}
        ),
        "Karpenter's pool": _stack(_pool(), ONE, nodeSelector={"karpenter.sh/nodepool": "gpu"}),
        "Karpenter's capacity": _stack(_pool(), ONE, nodeSelector={"karpenter.sh/capacity-type": "spot"}),
        "a label of its requirements": _stack(_pool(requirement("team", "a", "b")), ONE, nodeSelector={"team": "b"}),
        "the type of the launch template": StackCase(BLOCK),
    },
    bad={
        "nothing said of the taint": _stack(TAINTED, ONE),
        "more than a node has": _stack(PLAIN_A100, {WHOLE: 9}),
        "more than a node has, in two containers": _stack(PLAIN_A100, {WHOLE: 8}, {WHOLE: 1}),
        "more than a node has, at first": _stack(
            PLAIN_A100, {}, initContainers=[{"resources": {"limits": {WHOLE: 9}}}]
        ),
        "a whole GPU where all are shared": _stack(_group(A100, sharing="time-slicing-4"), ONE),
        "a turn where none is to be had": _stack(PLAIN_A100, {SHARED: 1}),
        "a slice of another GPU": _stack(_group(A100, sharing="mig-7x1g.5gb"), {"nvidia.com/mig-1g.10gb": 1}),
        "more slices than there are": _stack(_group(A100, **{"nvidia.com/mig.config": "all-1g.5gb"}), {SLICE: 57}),
        "a slice by a built-in name of another size": _stack(
            _group(A100, **{"nvidia.com/mig.config": "all-2g.10gb"}), {SLICE: 1}
        ),
        "a slice where MIG is off": _stack(_group(A100, **{"nvidia.com/mig.config": "all-disabled"}), {SLICE: 1}),
        "no GPUs anywhere": _stack(_group(PLAIN), ONE),
        "Neuron where there are GPUs": _stack(PLAIN_A100, {"aws.amazon.com/neuron": 1}),
        "another value is tolerated": _stack(TAINTED, ONE, tolerations=[{**TOLERATION, "value": "mig"}]),
        "another key is tolerated": _stack(TAINTED, ONE, tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}]),
        "another effect is tolerated": _stack(TAINTED, ONE, tolerations=[{**TOLERATION, "effect": "NoExecute"}]),
        "another pool's label": _stack(PLAIN_A100, ONE, nodeSelector={POOL_LABEL: "h100"}),
        "the label of another cloud": _stack(
            PLAIN_A100, ONE, nodeSelector={"cloud.google.com/gke-accelerator": "nvidia-tesla-a100"}
        ),
        "another instance type": _stack(PLAIN_A100, ONE, nodeSelector={"node.kubernetes.io/instance-type": L4}),
        "Karpenter's label where EKS makes the nodes": _stack(PLAIN_A100, ONE, nodeSelector={GPU_NAME: "a100"}),
        "another GPU of Karpenter's": _stack(_pool(), ONE, nodeSelector={GPU_NAME: "h100"}),
        "another pool of Karpenter's": _stack(_pool(), ONE, nodeSelector={"karpenter.sh/nodepool": "other"}),
        "a value that no requirement has": _stack(_pool(requirement("team", "a")), ONE, nodeSelector={"team": "b"}),
        "a value that a requirement only rules out": _stack(
            _pool(requirement("team", "a", operator="NotIn")), ONE, nodeSelector={"team": "b"}
        ),
        "neither of two terms": _stack(
            PLAIN_A100, ONE, affinity=_affinity(IN_H100, requirement("team", operator="Exists"))
        ),
        "a deployment": _stack(TAINTED, ONE, kind="kubernetes:apps/v1:Deployment"),
        "Karpenter's taint": _stack(KARPENTER_TAINTED, ONE),
    },
)
