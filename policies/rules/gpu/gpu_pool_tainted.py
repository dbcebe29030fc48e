"""Nodes with GPUs keep off the pods that ask for none."""

from collections.abc import Iterator, Sequence

from policies.pools import NODE_GROUP, NODE_POOL, Pool, types_in_words
from policies.rule import Case, Option, Resource, Rule
from policies.samples import A100, NO_SCHEDULE, PLAIN, TAINT, node_group, node_pool, requirement


def check(resource: Resource, *, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    pool = Pool(resource)
    if not pool.accelerated:
        return
    keeping = [taint for taint in pool.taints if taint.keeps_pods_off and (not keys or taint.key in keys)]
    if not keeping:
        wanted = f" with a key among {', '.join(keys)}" if keys else ""
        yield (
            pool.taints_path,
            f"has no NoSchedule or NoExecute taint{wanted}, though nodes may be {types_in_words(pool.accelerated)}",
        )


NEURON, MIXED = "inf2.xlarge", (PLAIN, A100)
OURS = {"keys": ["gpu"]}
POOL_AT = "spec.template.spec.taints"

RULE = Rule(
    id="gpu-pool-tainted",
    applies_to=(NODE_GROUP, NODE_POOL),
    severity="high",
    standards=("EKS best practices: AI/ML compute",),
    why="A pod that needs no GPU takes the place of one that does, and holds the dearest nodes of the cluster up.",
    fix="Give pools[].taints a NoSchedule taint such as nvidia.com/gpu; NodePools without GPUs name their categories.",
    options={"keys": Option("Taint keys that count; any when the list is empty.", [])},
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "nothing said, so the machines are plain": {},
        "plain machines": node_group(PLAIN),
        "tainted": node_group(A100, taints=[TAINT]),
        "pods are even moved away": node_group(A100, taints=[{**TAINT, "effect": "NO_EXECUTE"}]),
        "the second taint keeps pods off": node_group(
            A100, taints=[{**TAINT, "effect": "PREFER_NO_SCHEDULE"}, {"key": "team", "effect": "NO_SCHEDULE"}]
        ),
        "the key that was asked for": Case(node_group(A100, taints=[TAINT]), options=OURS),
        "a type that the catalog does not know": node_group("p99.48xlarge"),
        "NodePool": Case(node_pool(A100, taints=(NO_SCHEDULE,)), type=NODE_POOL),
        "NodePool of plain machines": Case(
            node_pool(requirements=(requirement("karpenter.k8s.aws/instance-category", "c", "m", "r"),)),
            type=NODE_POOL,
        ),
    },
    bad={
        "nothing said of taints": Case(node_group(A100), at="taints"),
        "one of the types has GPUs": Case(node_group(*MIXED), at="taints"),
        "Neuron": Case(node_group(NEURON), at="taints"),
        "only asked to stay away": Case(
            node_group(A100, taints=[{**TAINT, "effect": "PREFER_NO_SCHEDULE"}]), at="taints"
        ),
        "another key than was asked for": Case(
            node_group(A100, taints=[{**TAINT, "key": "team"}]), options=OURS, at="taints"
        ),
        "NodePool": Case(node_pool(A100), type=NODE_POOL, at=POOL_AT),
        "NodePool only asks to stay away": Case(
            node_pool(A100, taints=({**NO_SCHEDULE, "effect": "PreferNoSchedule"},)), type=NODE_POOL, at=POOL_AT
        ),
        "NodePool that may start anything": Case(node_pool(), type=NODE_POOL, at=POOL_AT),
    },
)
