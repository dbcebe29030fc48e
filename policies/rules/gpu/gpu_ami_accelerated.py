"""Nodes with GPUs or Neuron devices start from an image that has the driver, for the right architecture.

In Karpenter, the aliases of AL2023 and Bottlerocket select the accelerated image by instance type; only AL2023 has one
for Neuron. Sources: EKS API, Nodegroup (amiType); Karpenter, NodeClasses (amiSelectorTerms); read 2026-08.
"""

from collections.abc import Iterator

from catalog.instance_types import InstanceType
from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS, NODE_GROUP, NODE_POOL, Pool, pools
from policies.rule import Resource, Sample, Stack, StackCase, StackRule, each, text
from policies.samples import A100, PLAIN, node_class, node_group_of_template, node_pool

DRIVERS = {"gpu": ("_NVIDIA", "_GPU"), "neuron": ("_NEURON", "_GPU")}  # AL2's only GPU image had both drivers
ALIASES = {"gpu": ("al2023", "bottlerocket"), "neuron": ("al2023",)}
ARCHITECTURES = {"arm64": "_ARM_64", "x86_64": "_x86_64"}


def _image_problem(machine: InstanceType, image: str) -> str | None:
    """Returns why the instance type cannot use this AMI type, or None."""
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
            f"is not set, so EKS chooses an image that may have no driver for {pool.accelerated[0].name}",
        )
    if image in ("", "CUSTOM"):
        return
    problems = [problem for machine in pool.machines if (problem := _image_problem(machine, image))]
    if problems:
        yield pool.resource, "amiType", problems[0]


def _node_class(pool: Pool, resource: Resource) -> Iterator[tuple[Resource, str, str]]:
    for term in each(resource, "spec.amiSelectorTerms"):
        family = text(term, "alias").partition("@")[0]
        for machine in pool.accelerated:
            if family and machine.accelerator and family not in ALIASES[machine.accelerator.kind]:
                device = machine.accelerator.name
                yield resource, term.under("alias"), f"is of {family}, which has no image for the {device}"
                return


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    for pool in pools(stack):
        if not pool.karpenter:
            yield from _group(pool)
            continue
        class_name = text(pool.resource, "spec.template.spec.nodeClassRef.name")
        for node_class_resource in stack.of(NODE_CLASS):
            if pool.accelerated and text(node_class_resource, "metadata.name") == class_name:
                yield from _node_class(pool, node_class_resource)


ALIAS_AT = "spec.amiSelectorTerms[0].alias"
INF2, GRAVITON = "inf2.xlarge", "m7g.xlarge"


def _eks(image: str, *types: str) -> StackCase:
    ami_type = {"amiType": image} if image else {}
    return StackCase({"pool": Sample(NODE_GROUP, {"instanceTypes": list(types), **ami_type})}, at=("pool", "amiType"))


def _karpenter(alias: str, *types: str, name: str = "gpu") -> StackCase:
    terms = [{"alias": alias}] if alias else [{"id": "ami-0abc"}]
    selecting = Sample(NODE_CLASS, node_class(name, amiSelectorTerms=terms))
    return StackCase({"pool": Sample(NODE_POOL, node_pool(*types)), "class": selecting}, at=("class", ALIAS_AT))


def _with_launch_template(image: str) -> StackCase:
    group = Sample(NODE_GROUP, node_group_of_template(amiType=image), links={"launchTemplate": "template"})
    return StackCase(
        {"pool": group, "template": Sample(LAUNCH_TEMPLATE, {"instanceType": A100})}, at=("pool", "amiType")
    )


RULE = StackRule(
    id="gpu-ami-accelerated",
    applies_to=(NODE_GROUP, NODE_POOL, NODE_CLASS, LAUNCH_TEMPLATE),
    severity="medium",
    standards=("EKS: accelerated AMIs",),
    why="A node without the driver joins the cluster and costs the full price, but offers no GPU.",
    fix="Set ami_type to the NVIDIA or NEURON image of the architecture; pools[].operating_system: al2023 has both.",
    on_unknown="fail",
    check=check,
    good={
        "nothing set, without accelerators": _eks("", PLAIN),
        "GPUs": _eks("AL2023_x86_64_NVIDIA", A100),
        "GPUs under Bottlerocket": _eks("BOTTLEROCKET_x86_64_NVIDIA", A100),
        "Neuron": _eks("AL2023_x86_64_NEURON", INF2),
        "a custom image": _eks("CUSTOM", A100),
        "another architecture": _eks("AL2023_ARM_64_STANDARD", GRAVITON),
        "the instance type in the launch template": _with_launch_template("AL2023_x86_64_NVIDIA"),
        "Karpenter": _karpenter("bottlerocket@v1.67.0", A100),
        "Karpenter with Neuron": _karpenter("al2023@v20261012", INF2),
        "Karpenter, an image by its id": _karpenter("", A100),
        "Karpenter, without accelerators": _karpenter("windows2022@v1.0.0", PLAIN),
        "Karpenter, the class of another pool": _karpenter("windows2022@v1.0.0", A100, name="other"),
    },
    bad={
        "nothing set as an image": _eks("", A100),
        "the standard image": _eks("AL2023_x86_64_STANDARD", A100),
        "the image of the other accelerator": _eks("AL2023_x86_64_NVIDIA", INF2),
        "Neuron's image for GPUs": _eks("AL2023_x86_64_NEURON", A100),
        "the second instance type": _eks("AL2023_x86_64_STANDARD", PLAIN, A100),
        "another architecture": _eks("AL2023_x86_64_STANDARD", GRAVITON),
        "another architecture, with GPUs": _eks("AL2023_ARM_64_NVIDIA", A100),
        "the instance type in the launch template": _with_launch_template("AL2023_x86_64_STANDARD"),
        "Karpenter, a family without drivers": _karpenter("windows2022@v1.0.0", A100),
        "Karpenter, Neuron under Bottlerocket": _karpenter("bottlerocket@v1.67.0", INF2),
    },
)
