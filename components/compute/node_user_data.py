"""User data: the boot configuration of a node, in the form of its operating system.

Sources: EKS AMI, docs of nodeadm's NodeConfig; Bottlerocket, reference of `settings.kubelet-device-plugins` and
"Bootstrap commands", sources of nvidia-k8s-device-plugin; read 2026-11.
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


def user_data(pool: NodePoolSettings) -> str | None:
    """Returns user data for a launch template or an EC2NodeClass; None when the nodes need none.

    EKS and Karpenter add what a node needs to join. Karpenter also makes the RAID 0 itself, from instanceStorePolicy.
    """
    for_karpenter = pool.provisioner == "karpenter"
    if pool.operating_system == "bottlerocket":
        return bottlerocket_settings(pool, for_karpenter) or None
    parts = []
    if pool.local_nvme == "raid0" and not for_karpenter:
        parts.append(("application/node.eks.aws", LOCAL_DISKS_AS_RAID0))
    gpu = mig_gpu(pool.accelerator) if pool.accelerator else None
    if for_karpenter and gpu is not None and pool.shared.strategy == "mig":
        parts.append(("text/x-shellscript", mig_at_boot(gpu, dict(pool.shared.layout))))
    return _multipart(parts) if parts else None


def bottlerocket_settings(pool: NodePoolSettings, for_karpenter: bool) -> str:
    """Returns Bottlerocket's settings as TOML; empty when its defaults are enough."""
    settings: dict[str, Any] = {}
    if pool.shared.strategy != "none":
        settings["kubelet-device-plugins"] = {"nvidia": _sharing(pool)}
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


def _sharing(pool: NodePoolSettings) -> Mapping[str, Any]:
    shared = pool.shared
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
