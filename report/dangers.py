"""What a change endangers: data that would be lost, and things whose replacement stops the platform."""

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
"""Resource type -> what goes with it."""

CARRIES_OTHERS: Mapping[str, str] = {
    "aws:eks/cluster:Cluster": "every workload of the cluster stops, and what is only in it is lost",
    "aws:ec2/vpc:Vpc": "everything in the network goes with it",
    "aws:ec2/subnet:Subnet": "what stands in it goes with it",
    "aws:eks/nodeGroup:NodeGroup": "its nodes go, and the pods on them move or wait",
    "aws:ec2/natGateway:NatGateway": "nodes of the zone lose the way out until routes follow",
    "aws:ec2/eip:Eip": "the address changes: others may have let it through by name",
    "kubernetes:core/v1:Namespace": "everything in the namespace goes with it",
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": "every object of the kind goes with it",
}
"""Resource type -> what happens when it goes, the gravest first."""


@dataclass(frozen=True)
class Danger:
    """One change to look at twice."""

    change: Change
    consequence: str


def dangers(changes: Iterable[Change]) -> tuple[Danger, ...]:
    """The replacements and deletions that cost more than they say, data first."""
    found = []
    for change in changes:
        if change.op not in ("replace", "delete"):
            continue
        if change.type in HOLDS_DATA:
            found.append(Danger(change, f"{HOLDS_DATA[change.type]} would be lost"))
        elif change.type in CARRIES_OTHERS:
            found.append(Danger(change, CARRIES_OTHERS[change.type]))
        elif change.protected:
            found.append(Danger(change, "it is protected, so the update will be refused"))
    gravest = {kind: place for place, kind in enumerate((*HOLDS_DATA, *CARRIES_OTHERS))}
    return tuple(sorted(found, key=lambda danger: (gravest.get(danger.change.type, len(gravest)), danger.change.urn)))
