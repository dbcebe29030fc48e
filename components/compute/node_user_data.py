"""User data: the boot configuration of a node, in the form of its operating system.

Sources: EKS AMI, docs of nodeadm's NodeConfig and install-nvidia-driver.sh; Bottlerocket, reference of
`settings.kubelet-device-plugins`, `settings.nvidia-container-runtime` and "Bootstrap commands", sources of
nvidia-k8s-device-plugin; NVIDIA container toolkit 1.19, cuda_image.go and `nvidia-ctk config`; read 2026-11.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from catalog.mig import mig_gpu
from components.compute.mig_at_boot import mig_at_boot
from components.core.toml import toml
from settings.compute.node_pool import NodePoolSettings

LOCAL_DISKS_AS_RAID0 = """\
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0
"""

# The toolkit's default gives a container every GPU that its image names in NVIDIA_VISIBLE_DEVICES, and most CUDA images
# name all. The device plugin assigns GPUs by CDI and needs neither way. Containers with CAP_SYS_ADMIN, such as those of
# the GPU operator and of DCGM, keep the variable. A node that cannot be closed powers off instead of joining.
ONLY_ASSIGNED_GPUS = """\
#!/bin/bash
set -euo pipefail
trap 'systemctl poweroff; exec sleep infinity' ERR
nvidia-ctk config --in-place \\
  --set accept-nvidia-visible-devices-envvar-when-unprivileged=false \\
  --set accept-nvidia-visible-devices-as-volume-mounts=false
"""


def user_data(pool: NodePoolSettings) -> str | None:
    """Returns user data for a launch template or an EC2NodeClass; None when the nodes need none.

    EKS and Karpenter add what a node needs to join. Karpenter also makes the RAID 0 itself, from instanceStorePolicy.
    """
    for_karpenter = pool.provisioner == "karpenter"
    if pool.operating_system == "bottlerocket":
        return bottlerocket_settings(pool, for_karpenter) or None
    parts = []
    if _has_nvidia_gpus(pool):
        parts.append(("text/x-shellscript", ONLY_ASSIGNED_GPUS))  # before the GPUs are cut, which may need a reboot
    if pool.local_nvme == "raid0" and not for_karpenter:
        parts.append(("application/node.eks.aws", LOCAL_DISKS_AS_RAID0))
    gpu = mig_gpu(pool.accelerator) if pool.accelerator else None
    if gpu is not None and pool.shared.strategy == "mig":
        parts.append(("text/x-shellscript", mig_at_boot(gpu, dict(pool.shared.layout))))
    return _multipart(parts) if parts else None


def bottlerocket_settings(pool: NodePoolSettings, for_karpenter: bool) -> str:
    """Returns Bottlerocket's settings as TOML; empty when its defaults are enough."""
    settings: dict[str, Any] = {}
    if _has_nvidia_gpus(pool):
        # Without cdi-cri the plugin assigns GPUs by volume mounts, and so could a pod that may mount host paths.
        settings["kubelet-device-plugins"] = {"nvidia": {"device-list-strategy": "cdi-cri", **_sharing(pool)}}
        settings["nvidia-container-runtime"] = {
            "visible-devices-as-volume-mounts": False,
            "visible-devices-envvar-when-unprivileged": False,
        }
    if pool.local_nvme == "raid0" and not for_karpenter:
        bind = ["apiclient", "ephemeral-storage", "bind", "--dirs"]
        settings["bootstrap-commands"] = {
            "local-disks-as-raid0": {
                "commands": [
                    ["apiclient", "ephemeral-storage", "init"],
                    [*bind, "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"],
                ],
                "mode": "always",
                "essential": True,
            }
        }
    return toml({"settings": settings}) if settings else ""


def _has_nvidia_gpus(pool: NodePoolSettings) -> bool:
    return pool.accelerator is not None and pool.accelerator.manufacturer == "NVIDIA"


def _sharing(pool: NodePoolSettings) -> Mapping[str, Any]:
    shared = pool.shared
    if shared.strategy == "none":
        return {}
    options: dict[str, Any] = {"replicas": shared.replicas, "rename-by-default": True}
    if shared.strategy == "time-slicing":  # MPS has no such key: the plugin always refuses such requests
        options["fail-requests-greater-than-one"] = True
    return {"device-sharing-strategy": shared.strategy, shared.strategy: options}


def _multipart(parts: Iterable[tuple[str, str]]) -> str:
    """Returns MIME text. Python's own writer uses a new boundary each time, which would change the launch template."""
    lines = ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="//"', ""]
    for kind, content in parts:
        lines += ["--//", f"Content-Type: {kind}", "", content]
    return "\n".join([*lines, "--//--", ""])
