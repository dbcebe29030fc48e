import pulumi
import pulumi_aws as aws
import pytest

from components.cluster.cluster import Cluster, ClusterArgs
from components.core.addon_spec import every_add_on
from components.core.stage import Stage
from components.network.network import Network, NetworkArgs
from components.stack.platform import Platform
from settings.stack.stack import StackSettings
from tests.components.fake_cloud import ACCOUNT, FakeCloud


class PlatformCloud(FakeCloud):
    """A cloud that knows how to build the platform, or one part of it standing on plain values."""

    def up(self, settings: StackSettings, preview: bool = False) -> Platform:
        return self.build(lambda: Platform("platform", settings), preview)

    def up_network(self, settings: StackSettings) -> Network:
        assert not isinstance(settings.network.zones, int), "how many there are is for the platform to find out"
        args = NetworkArgs(
            settings=settings.network,
            stage=Stage.of(settings, ACCOUNT),
            zones=settings.network.zones,
            logs_key_arn="logs-key",
            bucket_key_arn="data-key",
        )
        return self.build(lambda: Network("network", args))

    def up_cluster(self, settings: StackSettings, preview: bool = False) -> Cluster:
        def make() -> Cluster:
            args = ClusterArgs(
                settings=settings.clusters["main"],
                stage=Stage.of(settings, ACCOUNT),
                vpc=aws.ec2.Vpc("vpc", cidr_block=settings.network.cidr),
                intra_subnet_ids={"us-west-2a": "intra-a", "us-west-2b": "intra-b"},
                node_subnet_ids={"us-west-2a": "private-a", "us-west-2b": "private-b"},
                secrets_key_arn="eks-key",
                volume_key_arn=pulumi.Output.from_input("ebs-key"),
                logs_key_arn="logs-key",
                add_ons=every_add_on(),
                addon_key_arns={"data": "data-key"},
            )
            return Cluster("main", args)

        return self.build(make, preview)


@pytest.fixture
def cloud() -> PlatformCloud:
    return PlatformCloud()
