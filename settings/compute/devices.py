"""What the nodes of a pool offer to pods by number: GPUs, shares and slices of them, Neuron devices, and EFAs.

Quotas count what is in their list, and nothing else: so the list has what a pool offers under any name.
Sources: AWS Neuron documentation, "Neuron Device Plugin" (its three resources); Kubernetes 1.36, "Resource Quotas",
quota of claims (three names of one device); dra-driver-nvidia-gpu v0.4.1, templates/deviceclass-*.yaml; read 2026-11.
"""

from collections.abc import Mapping

from catalog.efa import EFA, efa_interfaces
from catalog.sharing import NEURON_DEVICE, WHOLE_GPU
from settings.compute.node_pool import NodePoolSettings
from settings.compute.quota_needs import accelerators, upper_bound

WHOLE, SLICES = "gpu.nvidia.com", "mig.nvidia.com"
DEVICE_CLASSES = (WHOLE, SLICES, "vfio.gpu.nvidia.com")
"""Classes of NVIDIA's driver, from which pods claim devices with `gpu_allocation: dra`."""
NEURON_CORES = ("aws.amazon.com/neuroncore", "aws.amazon.com/neurondevice")
Counts = int | Mapping[str, int]
"""As in a quota: a number of devices, or profile -> slices."""


def per_device(pool: NodePoolSettings) -> Mapping[str, int]:
    """Returns resource -> its number on each accelerator of the pool; empty when it has none."""
    return pool.shared.resources(pool.accelerator) if pool.accelerator is not None else {}


def resource_of(profile: str) -> str:
    """Returns the resource of a MIG profile."""
    return f"nvidia.com/mig-{profile.replace('+', '.')}"


def most_devices(pool: NodePoolSettings, zones: int) -> int:
    """Returns the most accelerators that the pool can have, given its number of zones."""
    return int(upper_bound(pool, zones, {machine: accelerators(machine) for machine in pool.machines}))


def offered(pool: NodePoolSettings) -> tuple[str, ...]:
    """Returns the names in a quota of all that nodes of the pool can offer, whatever hands out the GPUs."""
    names = {f"requests.{name}" for name in per_device(pool)}
    if pool.accelerator is not None and pool.accelerator.kind == "neuron":
        names |= {f"requests.{name}" for name in NEURON_CORES}
    elif pool.accelerator is not None:
        names.add(f"requests.{WHOLE_GPU}")  # of a GPU that is not cut yet, or in a class of devices
        names |= {name for each in DEVICE_CLASSES for name in _of_class(each)}
    return tuple(sorted(names | ({f"requests.{EFA}"} if pool.efa else set())))


def granted(pool: NodePoolSettings, counts: Counts, gpu_allocation: str) -> dict[str, int]:
    """Returns the names in a quota of what somebody has who has these devices of the pool -> their number."""
    devices = sum(counts.values()) if isinstance(counts, Mapping) else counts
    if gpu_allocation == "dra" and NEURON_DEVICE not in per_device(pool):
        names = _of_class(SLICES) if isinstance(counts, Mapping) else (f"requests.{WHOLE_GPU}", *_of_class(WHOLE))
        found = dict.fromkeys(names, devices)
    elif isinstance(counts, Mapping):
        found = {f"requests.{resource_of(profile)}": count for profile, count in counts.items()}
    else:
        found = dict.fromkeys((f"requests.{name}" for name in per_device(pool)), devices)
    if pool.efa:  # training takes whole nodes; pools with EFA share no GPU
        nodes = -(-devices // min(accelerators(machine) for machine in pool.machines))
        found[f"requests.{EFA}"] = nodes * efas_per_node(pool)
    return found


def efas_per_node(pool: NodePoolSettings) -> int:
    """Returns how many EFAs a node of the pool offers; all its types have as many."""
    interfaces = efa_interfaces(pool.machines[0]) if pool.efa else ()
    return sum(interface.kind == "efa-only" for interface in interfaces)


def _of_class(name: str) -> tuple[str, str]:
    """Returns the names in a quota of devices that are claimed from a class, or asked for by its name."""
    return f"{name}.deviceclass.resource.k8s.io/devices", f"requests.deviceclass.resource.kubernetes.io/{name}"
