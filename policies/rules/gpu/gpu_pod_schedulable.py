"""Every pod that requests an accelerator can run in some pool of the stack.

The rule skips a stack without pools, whose cluster is in another stack, and claims of dynamic resource allocation. It
assumes that labels which the node's system sets have the requested value. EKS lets a pod tolerate a NoSchedule taint
with the name of an extended resource that it requests. Sources: Kubernetes, "Taints and Tolerations", "Assigning Pods
to Nodes", "Admission Controllers" (ExtendedResourceToleration); EKS user guide, "Platform versions"; NVIDIA GPU feature
discovery, labels; Karpenter, Scheduling, well-known labels; read 2026-11.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from catalog.requirements import CAPACITY_TYPE, fits, instance_labels
from catalog.requirements import NODE_POOL as NODE_POOL_LABEL
from policies.pods import KUBERNETES, Pod, all_pods
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, Pool, Taint, pools, quantity
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, View, each, keys, text, texts
from policies.rules.gpu.gpu_request_equals_limit import PREFIXES
from policies.samples import (
    A100,
    L4,
    NO_SCHEDULE,
    PLAIN,
    TAINT,
    node_group,
    node_group_of_template,
    node_pool,
    pod,
    requirement,
)

KARPENTER_PREFIXES = ("karpenter.sh/", "karpenter.k8s.aws/")
SYSTEM_PREFIXES = (
    *("kubernetes.io/", "node.kubernetes.io/", "beta.kubernetes.io/", "topology.kubernetes.io/"),
    *("topology.k8s.aws/", "eks.amazonaws.com/", "feature.node.kubernetes.io/", "nvidia.com/"),
)


def _requested(pod: Pod) -> dict[str, float]:
    """Returns the accelerators that the pod needs: the sum of its containers, or the most of one init container."""
    requested: Counter[str] = Counter()
    for limits in pod.containers(lambda container: [_limits(container)], ("containers",)):
        requested.update(limits)
    for container in each(pod.spec, "initContainers"):
        for name, count in _limits(container).items():
            requested[name] = max(requested[name], count)
    return {name: count for name, count in requested.items() if count}


def _limits(container: View) -> dict[str, int]:
    names = [name for name in keys(container, "resources.limits") if name.startswith(PREFIXES)]
    return {name: int(quantity(container, ("resources", "limits", name)) or 0) for name in names}


def _expressions(pod: Pod) -> Iterator[list[dict[str, object]]]:
    """Yields lists of label expressions. A node fits the pod when its labels match all expressions of one list."""
    selector: list[dict[str, object]] = [
        {"key": key, "operator": "In", "values": [text(pod.spec, ("nodeSelector", key))]}
        for key in keys(pod.spec, "nodeSelector")
    ]
    required = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
    terms = list(each(pod.spec, required))
    for term in terms:
        expressions: list[dict[str, object]] = [
            {"key": text(item, "key"), "operator": text(item, "operator"), "values": texts(item, "values")}
            for item in each(term, "matchExpressions")
        ]
        yield [*selector, *expressions]
    if not terms:
        yield selector


def _values(pool: Pool, key: str) -> Sequence[str | None] | None:
    """Returns the values that a label may have on the pool's nodes; None when any value is possible.

    None in the list means that a node may lack the label.
    """
    if key in keys(pool.resource, pool.labels_path):
        return [pool.label(key)]
    if not pool.karpenter and key.startswith(KARPENTER_PREFIXES):
        return [None]
    if pool.karpenter and key in (NODE_POOL_LABEL, CAPACITY_TYPE):
        return [pool.name] if key == NODE_POOL_LABEL else sorted(pool.capacity_types)
    for item in pool.requirements if pool.karpenter else ():
        if item["key"] == key and item["operator"] == "In":
            values: list[str] = item["values"]
            return values
    instance_values = [instance_labels(machine.name).get(key) for machine in pool.accelerated]
    if any(instance_values):
        return instance_values
    return None if key.startswith((*SYSTEM_PREFIXES, *KARPENTER_PREFIXES)) else [None]


def _label_obstacle(pool: Pool, expressions: Sequence[dict[str, object]]) -> str | None:
    for expression in expressions:
        values = _values(pool, str(expression["key"]))
        if values is not None and not any(fits(expression, value) for value in values):
            return f"{pool.name} has no nodes whose label {expression['key']} matches"
    return None


def _tolerates(toleration: View, taint: Taint) -> bool:
    if text(toleration, "effect") not in ("", taint.effect):
        return False
    key = text(toleration, "key")
    if text(toleration, "operator") == "Exists":
        return key in ("", taint.key)
    return key == taint.key and text(toleration, "value") == taint.value


def _taint_obstacle(pool: Pool, pod: Pod) -> str | None:
    tolerations, requested = list(each(pod.spec, "tolerations")), _requested(pod)
    for taint in pool.taints:
        tolerated_by_eks = taint.key in requested and taint.effect == "NoSchedule"
        if (
            taint.keeps_pods_off
            and not tolerated_by_eks
            and not any(_tolerates(toleration, taint) for toleration in tolerations)
        ):
            return f"{pool.name} has the taint {taint}, which the pod does not tolerate"
    return None


def _obstacle(pool: Pool, pod: Pod) -> str | None:
    """Returns why the pod cannot run in a pool that has enough accelerators, or None."""
    label_obstacles = [_label_obstacle(pool, expressions) for expressions in _expressions(pod)]
    return label_obstacles[0] if all(label_obstacles) else _taint_obstacle(pool, pod)


def _in_words(obstacles: Sequence[str], stack_pools: Sequence[Pool]) -> str:
    if obstacles:
        return "; ".join(obstacles[:3])
    available = {
        f"{count * machine.accelerator.count} of {name} ({pool.name})"
        for pool in stack_pools
        for machine in pool.accelerated
        if machine.accelerator
        for name, count in pool.sharing.resources(machine.accelerator).items()
    }
    return f"no pool has so many on one node; the pools have {', '.join(sorted(available)) or 'no accelerators'}"


def _pod(pod: Pod, stack_pools: Sequence[Pool]) -> Iterator[tuple[Resource, str, str]]:
    requested = _requested(pod)
    if not requested:
        return
    candidates = [p for p in stack_pools if all(p.most_per_node(name) >= count for name, count in requested.items())]
    obstacles = [None if pod.adds else _obstacle(pool, pod) for pool in candidates]
    if all(obstacles):
        units = " and ".join(f"{count:g} of {name}" for name, count in sorted(requested.items()))
        why = _in_words([obstacle for obstacle in obstacles if obstacle], stack_pools)
        yield pod.spec.resource, pod.spec.under("containers"), f"request {units}, which no node can offer: {why}"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    stack_pools = list(pools(stack))
    if stack_pools:
        for pod in all_pods(stack):
            yield from _pod(pod, stack_pools)


POD = "kubernetes:core/v1:Pod"
SHARED, SLICE, WHOLE = "nvidia.com/gpu.shared", "nvidia.com/mig-1g.5gb", "nvidia.com/gpu"
TOLERATION = {"key": "gpu", "operator": "Equal", "value": "true", "effect": "NoSchedule"}
GPU_NAME, POOL_LABEL = "karpenter.k8s.aws/instance-gpu-name", "ml-platform/pool"


MODEL = "kubernetes:serving.kserve.io/v1beta1:InferenceService"


def _model(gpus: int) -> dict[str, object]:
    return {"modelFormat": {"name": "vllm"}, "resources": {"limits": {WHOLE: gpus}}}


def _stack(pool: Sample | None, *limits: dict[str, object], kind: str = POD, **spec: Any) -> StackCase:
    containers: list[dict[str, object]] = [{"limits": container_limits} for container_limits in limits]
    workload, path = pod(*containers, **spec), "spec.containers"
    if kind != POD:
        workload, path = {"spec": {"template": workload}}, "spec.template.spec.containers"
    pools_of_stack = {} if pool is None else {"pool": pool}
    return StackCase({"job": Sample(kind, workload), **pools_of_stack}, at=("job", path))


def _group(*types: str, sharing: str = "none", taints: Sequence[object] = (), **labels: str) -> Sample:
    all_labels = {"ml-platform/sharing": sharing, POOL_LABEL: "a100", **labels}
    return Sample(NODE_GROUP, node_group(*types, labels=all_labels, taints=list(taints)))


def _pool(*requirements: dict[str, object], **more: object) -> Sample:
    return Sample(NODE_POOL, {**node_pool(A100, requirements=requirements), **more})


def _affinity(*terms: dict[str, object]) -> dict[str, object]:
    selector = {"nodeSelectorTerms": [{"matchExpressions": [term]} for term in terms]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": selector}}


ONE: dict[str, object] = {WHOLE: 1}
TAINTED = _group(A100, taints=[TAINT])
PLAIN_A100 = _group(A100)
KARPENTER_TAINTED = Sample(NODE_POOL, node_pool(A100, taints=(NO_SCHEDULE,)))
ANY_TAINT: dict[str, object] = {"operator": "Exists"}
IN_A100 = requirement(POOL_LABEL, "a100")
IN_H100 = requirement(POOL_LABEL, "h100")
BLOCK = {
    "block": Sample(NODE_GROUP, node_group_of_template(), links={"launchTemplate": "template"}),
    "template": Sample(LAUNCH_TEMPLATE, {"instanceType": A100}),
    "job": Sample(POD, pod({"limits": ONE})),
}

RULE = StackRule(
    id="gpu-pod-schedulable",
    applies_to=(NODE_GROUP, LAUNCH_TEMPLATE, KUBERNETES),
    severity="high",
    standards=("EKS best practices: AI/ML compute",),
    why="Such a pod stays Pending without an error, or the autoscaler starts a node that the pod cannot use.",
    fix="Use a resource, labels and tolerations of one of the pools (docs/guides); the finding names the obstacle.",
    dev="advisory",
    check=check,
    good={
        "nothing set, so no GPUs": _stack(TAINTED, {"cpu": 1}),
        "no pools in the stack": _stack(None, ONE),
        "a whole GPU": _stack(PLAIN_A100, ONE),
        "a model of KServe, whose runtime may tolerate": StackCase(
            {"job": Sample(MODEL, {"spec": {"predictor": {"model": _model(8)}}}), "pool": TAINTED}
        ),
        "all GPUs of a node": _stack(PLAIN_A100, {WHOLE: 4}, {WHOLE: 4}),
        "an init container, then a container": _stack(
            PLAIN_A100, {WHOLE: 8}, initContainers=[{"resources": {"limits": {WHOLE: 8}}}]
        ),
        "zero GPUs": _stack(_group(PLAIN), {WHOLE: 0}),
        "a replica of time-slicing": _stack(_group(A100, sharing="time-slicing-4"), {SHARED: 1}),
        "MIG slices": _stack(_group(A100, sharing="mig-7x1g.5gb"), {SLICE: 56}),
        "MIG slices of a built-in configuration": _stack(
            _group(A100, **{"nvidia.com/mig.config": "all-1g.5gb"}), {SLICE: 56}
        ),
        "MIG slices of a configuration in a file": _stack(
            _group(A100, **{"nvidia.com/mig.config": "ours"}), {SLICE: 99}
        ),
        "a Neuron device": _stack(_group("inf2.xlarge"), {"aws.amazon.com/neuron": 1}),
        "Neuron cores, whose number is not known": _stack(_group("inf2.xlarge"), {"aws.amazon.com/neuroncore": 2}),
        "a tolerated taint": _stack(TAINTED, ONE, tolerations=[TOLERATION]),
        "a taint tolerated with any value": _stack(TAINTED, ONE, tolerations=[{"key": "gpu", "operator": "Exists"}]),
        "all taints tolerated": _stack(TAINTED, ONE, tolerations=[ANY_TAINT]),
        "a toleration without an operator": _stack(TAINTED, ONE, tolerations=[{"key": "gpu", "value": "true"}]),
        "a taint with the name of the resource": _stack(_group(A100, taints=[{**TAINT, "key": WHOLE}]), ONE),
        "a PreferNoSchedule taint": _stack(_group(A100, taints=[{**TAINT, "effect": "PREFER_NO_SCHEDULE"}]), ONE),
        "a label of the pool": _stack(PLAIN_A100, ONE, nodeSelector={POOL_LABEL: "a100"}),
        "a label that the system sets": _stack(PLAIN_A100, ONE, nodeSelector={"nvidia.com/gpu.product": "A100"}),
        "the instance type": _stack(PLAIN_A100, ONE, nodeSelector={"node.kubernetes.io/instance-type": A100}),
        "one of two affinity terms": _stack(PLAIN_A100, ONE, affinity=_affinity(IN_H100, IN_A100)),
        "a label that must not exist": _stack(
            PLAIN_A100, ONE, affinity=_affinity(requirement("team", operator="DoesNotExist"))
        ),
        "Karpenter, a tolerated taint": _stack(KARPENTER_TAINTED, ONE, tolerations=[TOLERATION]),
        "Karpenter's label for the GPU": _stack(_pool(), ONE, nodeSelector={GPU_NAME: "a100"}),
        "Karpenter's label for network bandwidth": _stack(
            _pool(), ONE, nodeSelector={"karpenter.k8s.aws/instance-network-bandwidth": "400000"}
        ),
        "Karpenter's label for the pool": _stack(_pool(), ONE, nodeSelector={"karpenter.sh/nodepool": "gpu"}),
        "Karpenter's label for the capacity type": _stack(
            _pool(), ONE, nodeSelector={"karpenter.sh/capacity-type": "spot"}
        ),
        "a label in the requirements": _stack(_pool(requirement("team", "a", "b")), ONE, nodeSelector={"team": "b"}),
        "the instance type in the launch template": StackCase(BLOCK),
    },
    bad={
        "nothing set as a toleration": _stack(TAINTED, ONE),
        "more than a node has": _stack(PLAIN_A100, {WHOLE: 9}),
        "more than a node has, for a model of KServe": StackCase(
            {"job": Sample(MODEL, {"spec": {"predictor": {"model": _model(9)}}}), "pool": PLAIN_A100},
            at=("job", "spec.predictor.containers"),
        ),
        "more than a node has, in two containers": _stack(PLAIN_A100, {WHOLE: 8}, {WHOLE: 1}),
        "more than a node has, in an init container": _stack(
            PLAIN_A100, {}, initContainers=[{"resources": {"limits": {WHOLE: 9}}}]
        ),
        "a whole GPU, but all are shared": _stack(_group(A100, sharing="time-slicing-4"), ONE),
        "a replica, but no GPU is shared": _stack(PLAIN_A100, {SHARED: 1}),
        "a GPU of a maker that no pool has": _stack(PLAIN_A100, {"amd.com/gpu": 1}),
        "a slice of another GPU": _stack(_group(A100, sharing="mig-7x1g.5gb"), {"nvidia.com/mig-1g.10gb": 1}),
        "more slices than a node has": _stack(_group(A100, **{"nvidia.com/mig.config": "all-1g.5gb"}), {SLICE: 57}),
        "a slice of another size than the built-in configuration has": _stack(
            _group(A100, **{"nvidia.com/mig.config": "all-2g.10gb"}), {SLICE: 1}
        ),
        "a slice, but MIG is off": _stack(_group(A100, **{"nvidia.com/mig.config": "all-disabled"}), {SLICE: 1}),
        "a GPU, but no pool has GPUs": _stack(_group(PLAIN), ONE),
        "a Neuron device, but the pool has GPUs": _stack(PLAIN_A100, {"aws.amazon.com/neuron": 1}),
        "a toleration with another value": _stack(TAINTED, ONE, tolerations=[{**TOLERATION, "value": "mig"}]),
        "a toleration with another key": _stack(
            TAINTED, ONE, tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}]
        ),
        "a toleration with another effect": _stack(TAINTED, ONE, tolerations=[{**TOLERATION, "effect": "NoExecute"}]),
        "a taint with the name of another resource": _stack(
            _group(A100, sharing="time-slicing-4", taints=[{**TAINT, "key": WHOLE}]), {SHARED: 1}
        ),
        "a NoExecute taint with the name of the resource": _stack(
            _group(A100, taints=[{**TAINT, "key": WHOLE, "effect": "NO_EXECUTE"}]), ONE
        ),
        "a label of another pool": _stack(PLAIN_A100, ONE, nodeSelector={POOL_LABEL: "h100"}),
        "a label of another cloud": _stack(
            PLAIN_A100, ONE, nodeSelector={"cloud.google.com/gke-accelerator": "nvidia-tesla-a100"}
        ),
        "another instance type": _stack(PLAIN_A100, ONE, nodeSelector={"node.kubernetes.io/instance-type": L4}),
        "Karpenter's label, but EKS starts the nodes": _stack(PLAIN_A100, ONE, nodeSelector={GPU_NAME: "a100"}),
        "Karpenter's label for another GPU": _stack(_pool(), ONE, nodeSelector={GPU_NAME: "h100"}),
        "Karpenter's label for another pool": _stack(_pool(), ONE, nodeSelector={"karpenter.sh/nodepool": "other"}),
        "a label value that no requirement has": _stack(
            _pool(requirement("team", "a")), ONE, nodeSelector={"team": "b"}
        ),
        "a label that a requirement only restricts": _stack(
            _pool(requirement("team", "a", operator="NotIn")), ONE, nodeSelector={"team": "b"}
        ),
        "neither of two affinity terms": _stack(
            PLAIN_A100, ONE, affinity=_affinity(IN_H100, requirement("team", operator="Exists"))
        ),
        "a Deployment": _stack(TAINTED, ONE, kind="kubernetes:apps/v1:Deployment"),
        "Karpenter, a taint that is not tolerated": _stack(KARPENTER_TAINTED, ONE),
    },
)
