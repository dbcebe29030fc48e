from collections.abc import Callable
from ipaddress import IPv4Network
from typing import TypeVar

import pulumi
import pulumi_aws as aws
import pytest

from components.cluster.cluster import Cluster, ClusterArgs
from components.core.addon_spec import every_add_on
from components.core.stage import Stage
from components.network.network import Network, NetworkArgs
from components.stack.platform import Platform
from settings.stack.stack import StackSettings
from simulator.aws.operation_context import ACCOUNT
from tests.in_process.ground import Ground
from tests.in_process.providers import Providers
from tests.in_process.recording_cloud import RecordingCloud

T = TypeVar("T")


class PlatformCloud(RecordingCloud):
    """A cloud that knows how to build the platform, or one part of it.

    ground: what the last part was built on.
    """

    ground: Ground

    def up(self, settings: StackSettings, preview: bool = False, principal: str | None = None) -> Platform:
        """Builds the platform from where its deployer stands; from inside the VPC when the settings do not say."""
        inside = str(IPv4Network(settings.network.cidr)[10])
        providers = Providers(caller=settings.deployer.address or inside, principal=principal)
        return self.build(lambda: Platform("platform", settings), preview, providers)

    def up_part(self, make: Callable[[Ground], T], preview: bool = False) -> T:
        """Builds one part of the platform on a ground of its own."""
        self.ground = ground = Ground(["us-west-2a", "us-west-2b"])
        return self.build(lambda: make(ground), preview, ground)

    def up_network(self, settings: StackSettings) -> Network:
        assert not isinstance(settings.network.zones, int), "how many there are is for the platform to find out"
        zones = settings.network.zones

        def make(ground: Ground) -> Network:
            args = NetworkArgs(
                settings=settings.network,
                stage=Stage.of(settings, ACCOUNT),
                zones=zones,
                logs_key_arn=ground.key_arns["logs"],
                bucket_key_arn=ground.key_arns["data"],
            )
            return Network("network", args)

        return self.up_part(make)

    def up_cluster(self, settings: StackSettings, preview: bool = False) -> Cluster:
        def make(ground: Ground) -> Cluster:
            args = ClusterArgs(
                settings=settings.clusters["main"],
                stage=Stage.of(settings, ACCOUNT),
                vpc=aws.ec2.Vpc.get("vpc", ground.vpc_id),
                intra_subnet_ids=ground.intra_subnet_ids,
                node_subnet_ids=ground.private_subnet_ids,
                pod_subnet_ids=ground.pod_subnet_ids,
                secrets_key_arn=ground.key_arns["eks"],
                volume_key_arn=pulumi.Output.from_input(ground.key_arns["ebs"]),
                logs_key_arn=ground.key_arns["logs"],
                add_ons=every_add_on(),
                addon_key_arns=ground.key_arns,
            )
            return Cluster("main", args)

        return self.up_part(make, preview)


@pytest.fixture
def cloud() -> PlatformCloud:
    return PlatformCloud()
