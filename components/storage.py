"""Everything that holds data: buckets, file systems, and the backups of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.cluster import Cluster
from components.second_region import SecondRegion, SecondRegionArgs
from components.stage import Stage
from settings.stack import KeySettings
from settings.storage import StorageSettings


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """What it is told, and what it stands on.

    subnet_ids: zone name -> private subnet id. clusters: key in the stack file -> cluster. data_key_arn: for all of it.
    """

    settings: StorageSettings
    keys: KeySettings
    stage: Stage
    account_id: str | None
    vpc: aws.ec2.Vpc
    subnet_ids: Mapping[str, pulumi.Input[str]]
    clusters: Mapping[str, Cluster]
    data_key_arn: pulumi.Input[str]
    logs_key_arn: pulumi.Input[str]


class Storage(pulumi.ComponentResource):
    """Each entry of `storage` becomes a component of its name."""

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:storage:Storage", name, None, opts)
        self._name, self._args = name, args
        self._regions: dict[str, SecondRegion] = {}
        self.register_outputs({})

    def _second_region(self, region: str) -> SecondRegion:
        """One for each region that holds copies, made when first asked for."""
        if region not in self._regions:
            args = SecondRegionArgs(
                region=region, stage=self._args.stage, settings=self._args.keys, account_id=self._args.account_id
            )
            self._regions[region] = SecondRegion(f"{self._name}-{region}", args, pulumi.ResourceOptions(parent=self))
        return self._regions[region]
