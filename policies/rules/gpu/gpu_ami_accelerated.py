"""Machines with GPUs or Neuron devices start from an image that has the driver, for their architecture.

For Karpenter the AL2023 and Bottlerocket aliases choose the accelerated image by the machine; for Neuron AL2023 alone
has one. Sources: EKS API, Nodegroup (amiType); Karpenter, NodeClasses (amiSelectorTerms); read 2026-08.
"""

from collections.abc import Iterator

from catalog.instance_types import InstanceType
from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS, NODE_GROUP, NODE_POOL, Pool, pools
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each, text
from policies.samples import A100, PLAIN, node_class, node_group, node_pool

DRIVERS = {"gpu": ("_NVIDIA", "_GPU"), "neuron": ("_NEURON", "_GPU")}  # AL2's one image had both
ALIASES = {"gpu": ("al2023", "bottlerocket"), "neuron": ("al2023",)}
ARCHITECTURES = {"arm64": "_ARM_64", "x86_64": "_x86_64"}


def _wrong_image(machine: InstanceType, image: str) -> str | None:
    """What is wrong with starting the machine from this AMI type."""
    if ARCHITECTURES[machine.arch] not in image:
        return f"is {image}, but {machine.name} is {machine.arch}"
    if machine.accelerator and not image.endswith(DRIVERS[machine.accelerator.kind]):
        return f"is {image}, which has no driver for the {machine.accelerator.name} of {machine.name}"
    return None


def _group(pool: Pool) -> Iterator[tuple[Resource, str, str]]:
    image = text(pool.resource, "amiType")
    if not image and pool.accelerated:
        yield (
            pool.resource,
            "amiType",
            f"is not set, so EKS takes an image that may not drive {pool.accelerated[0].name}",
        )
    if image in ("", "CUSTOM"):
        return
    wrong = [why for machine in pool.machines if (why := _wrong_image(machine, image))]
    if wrong:
        yield pool.resource, "amiType", wrong[0]


def _node_class(pool: Pool, found: Resource) -> Iterator[tuple[Resource, str, str]]:
    for term in each(found, "spec.amiSelectorTerms"):
        family = text(term, "alias").partition("@")[0]
        for machine in pool.accelerated:
            if family and machine.accelerator and family not in ALIASES[machine.accelerator.kind]:
                device = machine.accelerator.name
                yield found, term.under("alias"), f"is of {family}, which has no image for the {device}"
                return


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        if not pool.karpenter:
            yield from _group(pool)
            continue
        wanted = text(pool.resource, "spec.template.spec.nodeClassRef.name")
        for found in stack.of(NODE_CLASS):
            if pool.accelerated and text(found, "metadata.name") == wanted:
                yield from _node_class(pool, found)


ALIAS_AT = "spec.amiSelectorTerms[0].alias"
INF2, GRAVITON = "inf2.xlarge", "m7g.xlarge"


def _of_eks(image: str, *types: str) -> StackCase:
    said = {"amiType": image} if image else {}
    return StackCase({"pool": Sample(NODE_GROUP, {"instanceTypes": list(types), **said})}, at=("pool", "amiType"))


def _of_karpenter(alias: str, *types: str, name: str = "gpu") -> StackCase:
    terms = [{"alias": alias}] if alias else [{"id": "ami-0abc"}]
    made = Sample(NODE_CLASS, node_class(name, amiSelectorTerms=terms))
    return StackCase({"pool": Sample(NODE_POOL, node_pool(*types)), "class": made}, at=("class", ALIAS_AT))


def _of_a_block(image: str) -> StackCase:
    group = Sample(NODE_GROUP, node_group(amiType=image), links={"launchTemplate": "template"})
    return StackCase(
        {"pool": group, "template": Sample(LAUNCH_TEMPLATE, {"instanceType": A100})}, at=("pool", "amiType")
    )


RULE = StackRule(
    id="gpu-ami-accelerated",
    applies_to=(NODE_GROUP, NODE_POOL, NODE_CLASS, LAUNCH_TEMPLATE),
    severity="medium",
    standards=("EKS: accelerated AMIs",),
    why="Without the driver the node joins, offers no GPU, and is paid for as if it did.",
    fix="Set ami_type to the NVIDIA or NEURON image of the architecture; pools[].operating_system: al2023 has both.",
    on_unknown="fail",
    check=check,
    good={
        "nothing said, and plain machines": _of_eks("", PLAIN),
        "GPUs": _of_eks("AL2023_x86_64_NVIDIA", A100),
        "GPUs under Bottlerocket": _of_eks("BOTTLEROCKET_x86_64_NVIDIA", A100),
        "Neuron": _of_eks("AL2023_x86_64_NEURON", INF2),
        "an image of their own": _of_eks("CUSTOM", A100),
        "another architecture": _of_eks("AL2023_ARM_64_STANDARD", GRAVITON),
        "the type of the launch template": _of_a_block("AL2023_x86_64_NVIDIA"),
        "Karpenter": _of_karpenter("bottlerocket@v1.67.0", A100),
        "Karpenter with Neuron": _of_karpenter("al2023@v20261012", INF2),
        "Karpenter, an image by its id": _of_karpenter("", A100),
        "Karpenter, plain machines": _of_karpenter("windows2022@v1.0.0", PLAIN),
        "Karpenter, the class of another pool": _of_karpenter("windows2022@v1.0.0", A100, name="other"),
    },
    bad={
        "nothing said of the image": _of_eks("", A100),
        "the standard image": _of_eks("AL2023_x86_64_STANDARD", A100),
        "the image of the other accelerator": _of_eks("AL2023_x86_64_NVIDIA", INF2),
        "Neuron's image for GPUs": _of_eks("AL2023_x86_64_NEURON", A100),
        "the second type": _of_eks("AL2023_x86_64_STANDARD", PLAIN, A100),
        "another architecture": _of_eks("AL2023_x86_64_STANDARD", GRAVITON),
        "another architecture, with GPUs": _of_eks("AL2023_ARM_64_NVIDIA", A100),
        "the type of the launch template": _of_a_block("AL2023_x86_64_STANDARD"),
        "Karpenter, a family without drivers": _of_karpenter("windows2022@v1.0.0", A100),
        "Karpenter, Neuron under Bottlerocket": _of_karpenter("bottlerocket@v1.67.0", INF2),
    },
)
