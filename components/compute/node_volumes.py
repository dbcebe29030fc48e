"""The volumes of a node, whoever starts it: gp3, under our key. Each way of starting nodes spells them differently."""

from typing import NamedTuple

from settings.compute.node_pool import DiskSettings

SYSTEM_GIB = 4


class NodeVolume(NamedTuple):
    """One volume. speed: the settings that say how fast it is; None: as fast as any gp3.

    root: whether it holds images and the pods' local data.
    """

    device: str
    size_gib: int
    root: bool
    speed: DiskSettings | None


def node_volumes(operating_system: str, disk: DiskSettings) -> list[NodeVolume]:
    """Bottlerocket has its system apart, on a small volume of its own."""
    if operating_system == "bottlerocket":
        system = NodeVolume("/dev/xvda", SYSTEM_GIB, root=False, speed=None)
        return [system, NodeVolume("/dev/xvdb", disk.size_gib, root=True, speed=disk)]
    return [NodeVolume("/dev/xvda", disk.size_gib, root=True, speed=disk)]
