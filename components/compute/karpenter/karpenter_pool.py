"""One pool of nodes that come and go with the pods that ask for them, kept by Karpenter."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.compute.efa import efa_security_group
from components.compute.karpenter.karpenter_manifests import node_class, node_overlays, node_pool
from components.core.stage import Stage
from components.core.untyped import Manifest
from settings.compute.node_pool import NodePoolSettings

# The Kubernetes provider deletes in the foreground, so a NodePool is gone only when its nodes are drained and ended.
# Whoever destroys a stack in which pods hold on for longer runs it twice.
# Sources: pulumi/pulumi-kubernetes#2379; Karpenter, "Disruption", "Manual methods"; read 2026-11.
DRAINED_WITHIN = "1h"


@dataclass(frozen=True, kw_only=True)
class KarpenterPoolArgs:
    """What the pool is told, and what it stands on.

    cluster: key in the stack file. zones: names of the zones of the network.
    after: Karpenter itself, which has to be there until the last node is gone; and what nodes cannot start without.
    """

    settings: NodePoolSettings
    stage: Stage
    cluster: str
    zones: Sequence[str]
    vpc_id: pulumi.Input[str]
    volume_key_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()


class KarpenterPool(pulumi.ComponentResource):
    """An EC2NodeClass, a NodePool, and NodeOverlays where EC2 knows less of the GPUs than pods may ask for.

    Overlays are there before the NodePool, or it would begin by buying machines for whole GPUs.
    """

    def __init__(self, name: str, args: KarpenterPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:compute:KarpenterPool", name, None, opts)
        pool, stage = args.settings, args.stage
        ground = [*args.after, *self._in_aws(name, args)]
        base = self._object(name, node_class(pool, stage, args.cluster, args.volume_key_arn), ground)
        overlays = [
            self._object(f"{name}-{manifest['metadata']['name'].rsplit('-', 1)[-1]}", manifest, ground)
            for manifest in node_overlays(pool)
        ]
        self._object(name, node_pool(pool, pool.named_zones or args.zones), [base, *overlays])
        self.register_outputs({})

    def _in_aws(self, name: str, args: KarpenterPoolArgs) -> list[pulumi.Resource]:
        """What the node class finds by name or tag, so that it has to be there before."""
        pool, physical = args.settings, args.stage.pool_name(args.cluster, args.settings.name)
        found: list[pulumi.Resource] = []
        if pool.efa:
            found.append(efa_security_group(f"{name}-efa", args.vpc_id, physical, self))
        if pool.placement_group:
            opts = pulumi.ResourceOptions(parent=self)
            found.append(aws.ec2.PlacementGroup(name, name=physical, strategy="cluster", opts=opts))
        return found

    def _object(
        self, name: str, manifest: Manifest, depends_on: Sequence[pulumi.Resource]
    ) -> kubernetes.apiextensions.CustomResource:
        return kubernetes.apiextensions.CustomResource(
            name,
            api_version=manifest["apiVersion"],
            kind=manifest["kind"],
            metadata=manifest["metadata"],
            spec=manifest["spec"],
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(depends_on),
                custom_timeouts=pulumi.CustomTimeouts(delete=DRAINED_WITHIN),
            ),
        )
