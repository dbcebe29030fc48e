"""One Karpenter pool, whose nodes are added and removed with the pods that need them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.compute.efa import efa_security_group
from components.compute.image_release import image_release
from components.compute.karpenter.karpenter_manifests import node_class, node_overlays, node_pool
from components.core.custom_resource import custom_resource
from components.core.stage import Stage
from components.core.untyped import Manifest
from settings.compute.node_pool import NodePoolSettings

# The Kubernetes provider deletes in the foreground, so a NodePool is deleted only after its nodes are drained and
# removed. If pods take longer than this to end, destroy the stack a second time.
# Sources: pulumi/pulumi-kubernetes#2379; Karpenter, "Disruption", "Manual methods"; read 2026-11.
DRAINED_WITHIN = "1h"


@dataclass(frozen=True, kw_only=True)
class KarpenterPoolArgs:
    """Arguments of a Karpenter pool.

    cluster: key in the stack file.
    zones: names of the zones of the network.
    after: Karpenter itself, which must exist until the last node is removed, and what nodes need to start.
    """

    settings: NodePoolSettings
    stage: Stage
    cluster: str
    kubernetes_version: str
    zones: Sequence[str]
    vpc_id: pulumi.Input[str]
    volume_key_arn: pulumi.Input[str]
    after: Sequence[pulumi.Resource] = ()


class KarpenterPool(pulumi.ComponentResource):
    """An EC2NodeClass, a NodePool, and NodeOverlays for GPU resources that EC2 does not know.

    The overlays come before the NodePool, which would otherwise start instances for whole GPUs first.
    """

    def __init__(self, name: str, args: KarpenterPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:compute:KarpenterPool", name, None, opts)
        pool, stage = args.settings, args.stage
        image_release(pool, args.cluster, args.kubernetes_version, self)  # with an unknown one, no node would start
        before = [*args.after, *self._aws_resources(name, args)]
        ec2_node_class = self._object(name, node_class(pool, stage, args.cluster, args.volume_key_arn), before)
        overlays = [
            self._object(f"{name}-{manifest['metadata']['name'].rsplit('-', 1)[-1]}", manifest, before)
            for manifest in node_overlays(pool)
        ]
        self._object(name, node_pool(pool, pool.named_zones or args.zones), [ec2_node_class, *overlays])
        self.register_outputs({})

    def _aws_resources(self, name: str, args: KarpenterPoolArgs) -> list[pulumi.Resource]:
        """Registers what the EC2NodeClass finds by name or tag, and which must therefore exist before it."""
        pool, physical_name = args.settings, args.stage.pool_name(args.cluster, args.settings.name)
        resources: list[pulumi.Resource] = []
        if pool.efa:
            resources.append(efa_security_group(f"{name}-efa", args.vpc_id, physical_name, self))
        if pool.placement_group:
            opts = pulumi.ResourceOptions(parent=self)
            resources.append(aws.ec2.PlacementGroup(name, name=physical_name, strategy="cluster", opts=opts))
        return resources

    def _object(
        self, name: str, manifest: Manifest, depends_on: Sequence[pulumi.Resource]
    ) -> kubernetes.apiextensions.CustomResource:
        return custom_resource(
            name,
            manifest,
            pulumi.ResourceOptions(
                parent=self,
                depends_on=list(depends_on),
                custom_timeouts=pulumi.CustomTimeouts(delete=DRAINED_WITHIN),
            ),
        )
