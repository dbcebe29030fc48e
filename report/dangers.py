"""Finds dangerous changes: lost data, and replacements that stop a part of the platform."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from report.events import Change

HOLDS_DATA: Mapping[str, str] = {
    "aws:s3/bucket:Bucket": "its objects",
    "aws:s3/bucketV2:BucketV2": "its objects",
    "aws:ebs/volume:Volume": "the volume's data",
    "aws:efs/fileSystem:FileSystem": "its files",
    "aws:fsx/lustreFileSystem:LustreFileSystem": "its files",
    "aws:kms/key:Key": "everything encrypted with it",
    "aws:cloudwatch/logGroup:LogGroup": "its logs",
    "aws:rds/instance:Instance": "its database",
    "aws:rds/cluster:Cluster": "its database",
    "aws:secretsmanager/secret:Secret": "its value",
    "aws:ecr/repository:Repository": "its images",
    "kubernetes:core/v1:PersistentVolumeClaim": "the volume's data",
}
"""Resource type -> the data that is lost with it."""

CONSEQUENCES: Mapping[str, str] = {
    "aws:eks/cluster:Cluster": "all workloads of the cluster stop, and everything that exists only in it is lost",
    "aws:ec2/vpc:Vpc": "everything in the network is deleted",
    "aws:ec2/subnet:Subnet": "everything in the subnet is deleted",
    "aws:eks/nodeGroup:NodeGroup": "its nodes are deleted, and their pods move or wait",
    "aws:ec2/natGateway:NatGateway": "nodes of the zone have no internet access until the routes are updated",
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment": (
        "the company's networks and the VPC do not reach each other until a new attachment stands"
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "its principal loses its rights in the cluster",
    "aws:ec2/eip:Eip": "the address changes, and firewalls elsewhere may allow only the old one",
    "kubernetes:core/v1:Namespace": "everything in the namespace is deleted",
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": "all objects of its kind are deleted",
}
"""Resource type -> the consequence of deleting or replacing it, most severe first."""


@dataclass(frozen=True)
class Danger:
    """A dangerous change and its consequence."""

    change: Change
    consequence: str


def dangers(changes: Iterable[Change]) -> tuple[Danger, ...]:
    """Returns the dangerous replacements and deletions, lost data first."""
    result = []
    for change in changes:
        if change.op not in ("replace", "delete"):
            continue
        if change.type in HOLDS_DATA:
            result.append(Danger(change, f"{HOLDS_DATA[change.type]} would be lost"))
        elif change.type in CONSEQUENCES:
            result.append(Danger(change, CONSEQUENCES[change.type]))
        elif change.protected:
            result.append(Danger(change, "it is protected, so Pulumi will refuse the update"))
    order = {kind: index for index, kind in enumerate((*HOLDS_DATA, *CONSEQUENCES))}
    return tuple(sorted(result, key=lambda danger: (order.get(danger.change.type, len(order)), danger.change.urn)))
