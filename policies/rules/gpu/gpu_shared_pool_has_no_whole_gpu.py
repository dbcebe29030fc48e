"""A NodeOverlay tells Karpenter that the nodes of a shared pool offer no whole GPU.

Karpenter reads from EC2 that an instance type has whole GPUs. EKS lets each pod that requests nvidia.com/gpu tolerate a
taint of that name, so no taint is enough. Sources: kubernetes-sigs/karpenter v1.14.1, ApplyCapacityOverlay and
initialization.go; Karpenter, Settings (feature gates); EKS user guide, "Platform versions"; read 2026-11.
"""

import re
from collections.abc import Iterator

from catalog.instance_types import InstanceType
from catalog.requirements import NODE_POOL as NODE_POOL_LABEL
from catalog.requirements import fits, instance_labels
from catalog.sharing import SHARING_LABEL, WHOLE_GPU
from policies.pools import DEVICE_PLUGIN_LABEL, MIG_CONFIG_LABEL, NODE_POOL, Pool, pools, quantity
from policies.rule import Sample, StackCase, StackRule
from policies.samples import A100, H100, node_pool, requirement
from policies.views import Resource, Stack, each, flag, keys, number, text, texts

NODE_OVERLAY, RELEASE = "kubernetes:karpenter.sh/v1alpha1:NodeOverlay", "kubernetes:helm.sh/v3:Release"
CHART = r"karpenter(-v?\d.*)?"
GATE = "values.settings.featureGates.nodeOverlay"


def _selects(overlay: Resource, pool: Pool, machine: InstanceType) -> bool:
    labels = {**instance_labels(machine.name), NODE_POOL_LABEL: pool.name}
    for item in each(overlay, "spec.requirements"):
        key = text(item, "key")
        value = labels.get(key, pool.label(key) or None)
        if not fits({"operator": text(item, "operator"), "values": texts(item, "values")}, value):
            return False
    return True


def _hides_whole_gpus(overlays: list[Resource], pool: Pool, machine: InstanceType) -> bool:
    """Tells whether the overlay that counts sets zero: the heaviest, and each that is as heavy, for one may win."""
    setting = [
        (number(overlay, "spec.weight") or 0, quantity(overlay, ("spec", "capacity", WHOLE_GPU)))
        for overlay in overlays
        if _selects(overlay, pool, machine)
    ]
    heaviest = max((weight for weight, _ in setting), default=None)
    return {amount for weight, amount in setting if weight == heaviest} == {0}


def _pool(pool: Pool, overlays: list[Resource]) -> Iterator[tuple[Resource, str, str]]:
    if not pool.karpenter or not pool.may_share:
        return
    for machine in pool.accelerated:
        if machine.accelerator and machine.accelerator.kind == "gpu" and not _hides_whole_gpus(overlays, pool, machine):
            yield (
                pool.resource,
                pool.labels_path,
                f"share GPUs, but no NodeOverlay sets {WHOLE_GPU} of {machine.name} to 0 in this pool",
            )
            return


def _gates(stack: Stack, overlays: list[Resource]) -> Iterator[tuple[Resource, str, str]]:
    """Yields releases of Karpenter whose gate is off; without a release, the overlays, which may not count."""
    releases = [found for found in stack.of(RELEASE) if re.fullmatch(CHART, text(found, "chart").rpartition("/")[2])]
    for release in releases:
        if not flag(release, GATE):
            yield release, GATE, "is off, so Karpenter ignores every NodeOverlay of the stack"
    for overlay in [] if releases else overlays:
        yield overlay, "spec.capacity", f"may be ignored: the stack has no release of Karpenter with {GATE}: true"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    overlays = [overlay for overlay in stack.of(NODE_OVERLAY) if WHOLE_GPU in keys(overlay, "spec.capacity")]
    for pool in pools(stack):
        yield from _pool(pool, overlays)
    if overlays:
        yield from _gates(stack, overlays)


SHARED = {SHARING_LABEL: "time-slicing-4"}
LABELS_AT = ("pool", "spec.template.metadata.labels")
OVERLAY_AT = ("overlay", "spec.capacity")
OF_THE_POOL = requirement(NODE_POOL_LABEL, "gpu")
OF_A100 = requirement("node.kubernetes.io/instance-type", A100)


def _overlay(*requirements: dict[str, object], whole: object = "0", **spec: object) -> Sample:
    capacity = {"nvidia.com/gpu.shared": "32", WHOLE_GPU: whole}
    return Sample(NODE_OVERLAY, {"spec": {"requirements": list(requirements), "capacity": capacity, **spec}})


def _stack(
    *overlays: Sample,
    labels: dict[str, str] | None = None,
    types: tuple[str, ...] = (A100,),
    requirements: tuple[dict[str, object], ...] = (),
) -> StackCase:
    labelled = node_pool(*types, labels=SHARED if labels is None else labels, requirements=requirements)
    named = {f"overlay-{n}": overlay for n, overlay in enumerate(overlays)}
    return StackCase(
        {"pool": Sample(NODE_POOL, labelled), "karpenter": _karpenter(nodeOverlay=True), **named}, at=LABELS_AT
    )


def _karpenter(chart: str = "oci://public.ecr.aws/karpenter/karpenter", **gates: bool) -> Sample:
    return Sample(RELEASE, {"chart": chart, "values": {"settings": {"featureGates": gates}}})


def _release(*releases: Sample, at: tuple[str, str] = ("release-0", GATE)) -> StackCase:
    named = {f"release-{n}": release for n, release in enumerate(releases)}
    return StackCase({**named, "overlay": _overlay(OF_THE_POOL)}, at=at)


RULE = StackRule(
    id="gpu-shared-pool-has-no-whole-gpu",
    applies_to=(NODE_POOL, NODE_OVERLAY, RELEASE),
    severity="high",
    standards=("Karpenter: NodeOverlays",),
    why="For a pod that requests a whole GPU, Karpenter would start a shared node, where the pod never fits.",
    fix='Add a NodeOverlay with the capacity {nvidia.com/gpu: "0"} for the pool, beside a release of Karpenter with '
    "the gate on; pools[].sharing makes both.",
    mend={"nodeOverlay": True},
    no_mend="the NodeOverlay is missing, or is wrong",
    on_unknown="fail",
    dev="advisory",
    check=check,
    good={
        "nothing set, so GPUs stay whole": _stack(labels={}),
        "an overlay for the pool": _stack(_overlay(OF_THE_POOL, OF_A100)),
        "a number instead of a quantity": _stack(_overlay(OF_THE_POOL, whole=0)),
        "an overlay for all pools": _stack(_overlay()),
        "an overlay by a label of the pool": _stack(_overlay(requirement(SHARING_LABEL, "time-slicing-4"))),
        "an overlay by the name of the GPU": _stack(
            _overlay(requirement("karpenter.k8s.aws/instance-gpu-name", "a100"))
        ),
        "the heavier of two overlays sets zero": _stack(_overlay(whole="8"), _overlay(weight=10)),
        "MIG": _stack(_overlay(OF_THE_POOL), labels={SHARING_LABEL: "mig-7x1g.5gb"}),
        "MIG, by the label of the MIG manager": _stack(_overlay(OF_THE_POOL), labels={MIG_CONFIG_LABEL: "7x1g.5gb"}),
        "MIG is off, by the label of the MIG manager": _stack(labels={MIG_CONFIG_LABEL: "all-disabled"}),
        "a configuration without sharing": _stack(labels={DEVICE_PLUGIN_LABEL: "none"}),
        "another label by a requirement": _stack(labels={}, requirements=(requirement("team", "mig"),)),
        "shared without GPUs": _stack(types=("m5.2xlarge",)),
        "the gate is on": _release(_karpenter(nodeOverlay=True)),
        "the gate is on in a packed chart": _release(_karpenter("./karpenter-1.14.1.tgz", nodeOverlay=True)),
        "the gate of another chart": _release(_karpenter("karpenter-crd"), _karpenter(nodeOverlay=True)),
        "an overlay without GPUs, without Karpenter": StackCase(
            {"overlay": Sample(NODE_OVERLAY, {"spec": {"price": "1.5"}})}
        ),
    },
    bad={
        "nothing set as an overlay": _stack(),
        "an overlay that only adds parts": _stack(_overlay(OF_THE_POOL, capacity={"nvidia.com/gpu.shared": "32"})),
        "an overlay with another number": _stack(_overlay(OF_THE_POOL, whole="8")),
        "an overlay for another pool": _stack(_overlay(requirement(NODE_POOL_LABEL, "other"))),
        "an overlay for all pools but this one": _stack(
            _overlay(requirement(NODE_POOL_LABEL, "gpu", operator="NotIn"))
        ),
        "an overlay for the first of two types": _stack(_overlay(OF_A100), types=(A100, H100)),
        "an overlay by a label that the pool lacks": _stack(_overlay(requirement("team", "ours"))),
        "a heavier overlay sets another number": _stack(_overlay(), _overlay(whole="8", weight=10)),
        "another overlay is as heavy": _stack(_overlay(), _overlay(whole="8")),
        "MIG": _stack(labels={SHARING_LABEL: "mig-7x1g.5gb"}),
        "MIG, by a name of the MIG manager": _stack(labels={MIG_CONFIG_LABEL: "all-1g.5gb"}),
        "MIG, by a name without a layout": _stack(labels={MIG_CONFIG_LABEL: "all-balanced"}),
        "MIG beside a label that shares nothing": _stack(
            labels={SHARING_LABEL: "none", MIG_CONFIG_LABEL: "all-balanced"}
        ),
        "a configuration of the device plugin that is not known": _stack(labels={DEVICE_PLUGIN_LABEL: "small"}),
        "shared by a requirement": _stack(labels={}, requirements=(requirement(SHARING_LABEL, "none", "mps-8"),)),
        "MIG by a requirement": _stack(labels={}, requirements=(requirement(MIG_CONFIG_LABEL, "all-3g.20gb"),)),
        "the gate is off": _release(_karpenter(nodeOverlay=False)),
        "nothing set as a gate": _release(_karpenter()),
        "one of two gates is off": _release(_karpenter(), _karpenter(nodeOverlay=True)),
        "no release of Karpenter": _release(at=OVERLAY_AT),
        "only another chart": _release(_karpenter("karpenter-crd", nodeOverlay=True), at=OVERLAY_AT),
    },
)
