"""Writes `docs/gpus.md` from the catalog: `python -m report.gpus [--check]`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from catalog.eks_addons import ADDONS
from catalog.instance_types import INSTANCE_TYPES, Accelerator, InstanceType
from catalog.kubernetes import VERSIONS
from catalog.limits import GPU_REPLICAS_MPS, GPU_REPLICAS_TIME_SLICING
from catalog.mig import MIG_GPUS, MigGpu, mig_gpu
from catalog.pods_per_node import addresses_per_interface, blocks_per_node, interfaces_of_card_0, pods_per_node
from catalog.prices import Price, on_demand_usd_per_hour, unpriced_reason
from catalog.regions import REGIONS
from catalog.sharing import Sharing, accelerator_label
from report.tables import markdown
from settings.compute.machine_rules import ONLY_AL2023

PAGE = Path(__file__).parent.parent / "docs" / "gpus.md"
SHOWN = ("us-east-1", "us-east-2", "us-west-2")
REPLICAS = 4
HEAD = f"""# GPUs and Neuron devices

<!-- Made by `python -m report.gpus` from the catalog. Edit `catalog/data/`. -->

These are the types of the catalog, which a pool can name in `instance_types`. A new type is one row of
`catalog/data/instance_types.json` and one of `instance_prices.json`. Which way of sharing to choose:
[choose how to share a GPU](guides/compute/choose-gpu-sharing.md). How a pod requests a slice:
[run on a GPU slice](guides/compute/run-on-a-gpu-slice.md).

One GPU can have up to {GPU_REPLICAS_TIME_SLICING} replicas with time-slicing and {GPU_REPLICAS_MPS} with MPS. The data
files name the sources of these facts and the month in which they were read.
"""
METRICS = """## Metrics

On Amazon Linux the exporter is that of the GPU operator, on Bottlerocket the add-on `dcgm-exporter`; each has a DCGM of
its own. [What they read, and whose it is](guides/observability/gpu-metrics.md). That of Bottlerocket was tried on no
GPU node, and `pulumi up` does not wait for it. If it finds no GPU, its pods end and start again: watch
`kube_daemonset_status_number_unavailable` of kube-state-metrics in the namespace `dcgm-exporter`, or look at
`kubectl get daemonsets -n dcgm-exporter`. Why: [decision](decisions/0022-gpus-stay-apart.md).
"""


def page() -> str:
    """Returns the whole page."""
    available = [t for t in INSTANCE_TYPES.values() if t.regions and t.accelerator]
    available.sort(key=lambda t: (_order(t), t.vcpus, t.name))
    return "\n".join(
        [
            HEAD,
            *_types(available),
            *_pods(available),
            *_prices(available),
            *_mig(available),
            *_slices(available),
            METRICS,
        ]
    )


def _order(machine: InstanceType) -> tuple[str, str, int]:
    """Returns a sort key by accelerator, so that types for one pool are next to each other."""
    assert machine.accelerator is not None
    accelerator = machine.accelerator
    return accelerator.kind, accelerator_label(accelerator), accelerator.memory_mib or 0


def _types(available: Sequence[InstanceType]) -> Iterator[str]:
    yield "## Instance types\n"
    yield "Pods select by the node label `ml-platform/accelerator`. EFA: adapters of one node; NVMe: local disks.\n"
    header = ("Type", "Accelerators", "Label", "Sharing", "vCPUs", "GiB", "NVMe GB", "EFA", "Regions")
    rows = []
    for t in available:
        assert t.accelerator is not None
        rows.append(
            (
                t.name,
                str(t.accelerator),
                f"`{accelerator_label(t.accelerator)}`",
                sharing_kinds(t.accelerator),
                str(t.vcpus),
                f"{t.memory_mib / 1024:,.0f}",
                f"{t.local_nvme_gb:,.0f}" if t.local_nvme_gb else "",
                "?" if t.efa_interfaces is None else str(t.efa_interfaces or ""),
                str(len(t.regions)),
            )
        )
    yield from markdown(header, rows, right=(4, 5, 6, 7, 8))
    yield ""
    for name, reason in ONLY_AL2023.items():
        yield f"{name} needs `operating_system: al2023`: it {reason}.\n"


def _pods(available: Sequence[InstanceType]) -> Iterator[str]:
    cni = ADDONS["vpc-cni"].versions
    pins = ", ".join(f"{version}: {cni[version]}" for version in VERSIONS if version in cni)
    yield "## Pods per node\n"
    yield "How many pods get an address. Without EFA a node is in a private subnet, and its primary interface serves no"
    yield "pods. With EFA it is in a pod subnet, and the adapter on card 0 takes the place of one interface; the last"
    yield "column shows why it is not in a private subnet. EKS and Karpenter stop at 110 pods below 30 vCPUs, and at"
    yield "250 above. Blocks: what a full node takes of the pod subnets, in blocks of 16 addresses.\n"
    yield f"Versions of the VPC CNI by version of Kubernetes: {pins}. All of these count in this way:"
    yield "[decision](decisions/0021-pod-addresses.md).\n"
    header = (
        *("Type", "Interfaces of card 0", "Addresses of each", "Pods", "Blocks"),
        *("Pods with EFA", "With EFA, in a private subnet"),
    )
    rows = []
    for t in available:
        pods = pods_per_node(t, efa=False)
        rows.append(
            (
                t.name,
                _known(interfaces_of_card_0(t)),
                _known(addresses_per_interface(t)),
                _known(pods),
                _known(None if pods is None else blocks_per_node(t, pods)),
                _known(pods_per_node(t, efa=True)) if t.efa_interfaces else "",
                _known(pods_per_node(t, efa=True, private=True)) if t.efa_interfaces else "",
            )
        )
    yield from markdown(header, rows, right=(1, 2, 3, 4, 5, 6))
    yield ""
    unknown = [t.name for t in INSTANCE_TYPES.values() if t.accelerator and pods_per_node(t, efa=False) is None]
    yield f"No source has the interfaces of {' and '.join(unknown)}. The settings expect the most pods that EKS allows"
    yield "there, and some of them may get no address.\n"


def _known(figure: int | None) -> str:
    return "?" if figure is None else str(figure)


def sharing_kinds(accelerator: Accelerator) -> str:
    """Returns the ways in which a pool can share this accelerator."""
    if accelerator.kind == "neuron":
        return "none: only whole devices"
    if accelerator.fractional:
        return "none: already a part of a GPU"
    return "time-slicing, MPS, MIG" if mig_gpu(accelerator) else "time-slicing, MPS"


def _prices(available: Sequence[InstanceType]) -> Iterator[str]:
    yield "## Prices\n"
    yield "On-demand list prices in USD per hour, Linux. Empty: the region does not offer the type; `-`: no price is"
    yield "known; `~`: no second source confirms the price. Other regions: the lowest to the highest price there.\n"
    rows = []
    for t in available:
        others = [p.usd for region in REGIONS if region not in SHOWN and (p := on_demand_usd_per_hour(t.name, region))]
        spread = f"{min(others):,.2f} to {max(others):,.2f} in {len(others)}" if others else ""
        row = [_price(on_demand_usd_per_hour(t.name, region), region in t.regions) for region in SHOWN]
        rows.append((t.name, *row, spread or unpriced_reason(t.name) or ""))
    yield from markdown(("Type", *SHOWN, "Other regions, and how many"), rows, right=(1, 2, 3))
    yield ""


def _price(price: Price | None, offered: bool) -> str:
    if price is None:
        return "-" if offered else ""
    return f"{price.usd:,.4f}{'' if price.verified else '~'}"


def _mig(available: Sequence[InstanceType]) -> Iterator[str]:
    yield "## MIG profiles\n"
    yield "The number after each profile says how often it fits on one GPU. A layout can mix profiles if there are"
    yield "enough compute and memory slices, and if each instance can start at one of its memory slices. The settings"
    yield "refuse a layout that does not fit, and suggest one that does.\n"
    types = {name: [t.name for t in available if _is(t, gpu)] for name, gpu in MIG_GPUS.items()}
    rows = [
        (
            f"`{name.lower()}`",
            ", ".join(types[name]),
            f"{gpu.compute_slices} / {gpu.memory_slices}",
            ", ".join(f"{profile.name} x {profile.max_instances}" for profile in gpu.profiles.values()),
        )
        for name, gpu in MIG_GPUS.items()
        if types[name]
    ]
    yield from markdown(("GPU", "Instance types", "Compute / memory slices", "Profiles"), rows)
    yield ""
    yield "Pods request `nvidia.com/mig-<profile>`, with `.me` for `+me`. A `+me` profile has the media engines, and"
    yield "each GPU can have one of these."
    yield ""


def _is(machine: InstanceType, gpu: MigGpu) -> bool:
    return machine.accelerator is not None and mig_gpu(machine.accelerator) == gpu


def _slices(available: Sequence[InstanceType]) -> Iterator[str]:
    yield "## Cost of a slice per hour\n"
    yield f"At the lowest price of {', '.join(SHOWN)}, when all slices are in use: an idle slice costs the same.\n"
    rows = []
    for t in available:
        prices = [p.usd for region in SHOWN if (p := on_demand_usd_per_hour(t.name, region))]
        if not prices or t.accelerator is None or t.accelerator.kind == "neuron":
            continue
        per_gpu, gpu = min(prices) / t.accelerator.count, mig_gpu(t.accelerator)
        smallest = max(gpu.profiles.values(), key=lambda p: p.max_instances) if gpu else None
        shared = not t.accelerator.fractional
        replica = Sharing("time-slicing", REPLICAS).shares(t.accelerator)["nvidia.com/gpu.shared"]
        rows.append(
            (
                t.name,
                f"{per_gpu:,.2f}",
                f"{per_gpu * replica:,.2f}" if shared else "",
                f"{smallest.name}: {per_gpu / smallest.max_instances:,.2f}" if smallest else "",
            )
        )
    header = ("Type", "Whole GPU", f"One of {REPLICAS} replicas", "Smallest MIG slice")
    yield from markdown(header, rows, right=(1, 2, 3))
    yield ""


def main(arguments: Sequence[str]) -> int:
    """Writes the page. With --check, writes nothing and returns 1 when the page is out of date."""
    parser = argparse.ArgumentParser(prog="python -m report.gpus", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the page is out of date")
    text, check = page(), parser.parse_args(arguments).check
    if check and (not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text):
        print(f"{PAGE.relative_to(PAGE.parents[1])} is out of date. Run: python -m report.gpus", file=sys.stderr)
        return 1
    if not check:
        PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
