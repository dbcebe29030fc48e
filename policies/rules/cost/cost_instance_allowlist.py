"""No pool uses instance types of old generations or, in dev, the most expensive ones.

Source of the older generations: AWS, "Previous Generation Instances", as remembered in 2026-08; V100 (p3) has left
every region.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from catalog.requirements import INSTANCE_TYPE
from policies.pools import LAUNCH_TEMPLATE, NODE_GROUP, NODE_POOL, Pool
from policies.rule import Case, Option, Resource, Rule, text
from policies.samples import A100, H100, PLAIN, node_group, node_pool, requirement

INSTANCE = "aws:ec2/instance:Instance"
OUT_OF_DATE = [
    *("p2.*", "p3.*", "p3dn.*", "g2.*", "g3.*", "g3s.*", "inf1.*"),
    *("a1.*", "c1.*", "c3.*", "c4.*", "d2.*", "h1.*", "i2.*", "i3.*", "m1.*", "m2.*", "m3.*", "m4.*"),
    *("r3.*", "r4.*", "t1.*", "x1.*"),
]


def check(resource: Resource, *, forbidden: Sequence[str]) -> Iterator[tuple[str, str]]:
    if resource.type in (NODE_GROUP, NODE_POOL):
        pool = Pool(resource)
        path, names = pool.types_path, list(pool.type_names)
    else:
        path, names = "instanceType", [text(resource, "instanceType")]
    matching = [name for name in names if any(fnmatchcase(name, pattern) for pattern in forbidden)]
    if matching:
        yield path, f"allows {', '.join(matching[:5])}, which {resource.context.environment} may not use"


GENERATION = "karpenter.k8s.aws/instance-generation"
CATEGORY = "karpenter.k8s.aws/instance-category"
POOL_AT = "spec.template.spec.requirements"

RULE = Rule(
    id="cost-instance-allowlist",
    applies_to=(NODE_GROUP, NODE_POOL, LAUNCH_TEMPLATE, INSTANCE),
    severity="high",
    standards=("AWS Well-Architected COST06",),
    why="Old instance types do less for more money, and the largest GPU types cost more per day than a developer.",
    fix="Change pools[].instance_types; in dev a g6.xlarge is enough for most tests.",
    options={
        "forbidden": Option(
            "Instance types that no pool may use; * matches anything.",
            OUT_OF_DATE,
            {"dev": [*OUT_OF_DATE, "p5*", "p6*", "*.metal*"]},
            stricter="more",
        )
    },
    on_unknown="fail",
    check=check,
    good={
        "nothing set, so EKS uses a small type": {},
        "current types": node_group(PLAIN, A100, H100),
        "metal in prod": node_group("g4dn.metal"),
        "A100 in dev": Case(node_group(A100), environment="dev"),
        "launch template": Case({"instanceType": "g6.xlarge"}, type=LAUNCH_TEMPLATE),
        "NodePool that excludes an old type": Case(
            node_pool(PLAIN, requirements=(requirement(INSTANCE_TYPE, "m4.large", operator="NotIn"),)), type=NODE_POOL
        ),
        "NodePool of new generations": Case(
            node_pool(requirements=(requirement(GENERATION, "4", operator="Gt"), requirement(CATEGORY, "c", "m"))),
            type=NODE_POOL,
        ),
    },
    bad={
        "V100": Case(node_group("p3.2xlarge"), at="instanceTypes"),
        "V100 among others": Case(node_group(PLAIN, "p3dn.24xlarge"), at="instanceTypes"),
        "an old type that is not in the catalog": Case(node_group("m4.large"), at="instanceTypes"),
        "H100 in dev": Case(node_group(H100), environment="dev", at="instanceTypes"),
        "a small H100 in dev": Case(node_group("p5.4xlarge"), environment="dev", at="instanceTypes"),
        "B200 in dev": Case(node_group("p6-b200.48xlarge"), environment="dev", at="instanceTypes"),
        "metal in dev": Case(node_group("g4dn.metal"), environment="dev", at="instanceTypes"),
        "launch template": Case({"instanceType": "g3.4xlarge"}, type=LAUNCH_TEMPLATE, at="instanceType"),
        "instance": Case({"instanceType": "p2.xlarge"}, type=INSTANCE, at="instanceType"),
        "NodePool": Case(node_pool("p3.2xlarge"), type=NODE_POOL, at=POOL_AT),
        "NodePool of an old type that is not in the catalog": Case(node_pool("m4.large"), type=NODE_POOL, at=POOL_AT),
        "NodePool of any generation": Case(
            node_pool(requirements=(requirement(CATEGORY, "p"),)), type=NODE_POOL, at=POOL_AT
        ),
    },
)
