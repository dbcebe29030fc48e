"""The volumes of a node: gp3, encrypted with our key. Launch templates and EC2NodeClasses write them differently."""

from typing import NamedTuple

from settings.compute.node_pool import DiskSettings

SYSTEM_GIB = 4


class NodeVolume(NamedTuple):
    """One volume.

    speed: the settings with its IOPS and throughput; None: the gp3 defaults.
    root: whether it holds images and the pods' local data.
    """

    device: str
    size_gib: int
    root: bool
    speed: DiskSettings | None


def node_volumes(operating_system: str, disk: DiskSettings) -> list[NodeVolume]:
    """Returns the volumes. Bottlerocket has its system on a separate small volume."""
    if operating_system == "bottlerocket":
        system = NodeVolume("/dev/xvda", SYSTEM_GIB, root=False, speed=None)
        return [system, NodeVolume("/dev/xvdb", disk.size_gib, root=True, speed=disk)]
    return [NodeVolume("/dev/xvda", disk.size_gib, root=True, speed=disk)]
