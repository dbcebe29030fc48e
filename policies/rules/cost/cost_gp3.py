"""Disks are gp3, or io2 where a workload needs it; the older types cost more or do less."""

from collections.abc import Iterator

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule, View, each, present, text
from policies.samples import node_class

VOLUME = "aws:ebs/volume:Volume"
INSTANCE, CLASS = "aws:ec2/instance:Instance", "kubernetes:storage.k8s.io/v1:StorageClass"
OLD = ("gp2", "io1", "standard", "")


def _type(view: View, path: str, default: str = "gp2") -> Iterator[tuple[str, str]]:
    volume_type = text(view, path, default=default)  # gp2 is the default of EC2
    if volume_type in OLD:
        yield view.under(path), f"is {volume_type}, which costs more than gp3 or does less"


def _mapping(mapping: View) -> Iterator[tuple[str, str]]:
    if not present(mapping, "virtualName") and not present(mapping, "noDevice"):
        yield from _type(mapping, "ebs.volumeType")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == LAUNCH_TEMPLATE:
        for mapping in each(resource, "blockDeviceMappings"):
            yield from _mapping(mapping)
    elif resource.type == NODE_CLASS:
        for mapping in each(resource, "spec.blockDeviceMappings"):
            yield from _mapping(mapping)
    elif resource.type == INSTANCE:
        yield from _type(resource, "rootBlockDevice.volumeType")
        for device in each(resource, "ebsBlockDevices"):
            yield from _type(device, "volumeType")
    elif resource.type == VOLUME:
        yield from _type(resource, "type")
    elif text(resource, "provisioner").startswith("ebs.csi."):
        yield from _type(resource, "parameters.type", default="gp3")  # the driver's own default
    elif text(resource, "provisioner") == "kubernetes.io/aws-ebs":
        yield "provisioner", "is the old driver, which cannot create gp3 volumes"


RULE = Rule(
    id="cost-gp3",
    applies_to=(VOLUME, LAUNCH_TEMPLATE, INSTANCE, CLASS, NODE_CLASS),
    severity="low",
    standards=("AWS Well-Architected COST06",),
    why="gp3 costs a fifth less than gp2, and its speed does not depend on its size.",
    fix='Set the volume type to "gp3".',
    mend={"type": "gp3", "volumeType": "gp3", "provisioner": "ebs.csi.aws.com"},
    dev="advisory",
    check=check,
    good={
        "volume": {"type": "gp3"},
        "volume for a database": {"type": "io2"},
        "launch template": Case({"blockDeviceMappings": [{"ebs": {"volumeType": "gp3"}}]}, type=LAUNCH_TEMPLATE),
        "an instance store disk": Case({"blockDeviceMappings": [{"virtualName": "ephemeral0"}]}, type=LAUNCH_TEMPLATE),
        "StorageClass, whose default is gp3": Case({"provisioner": "ebs.csi.aws.com"}, type=CLASS),
        "StorageClass of another driver": Case({"provisioner": "efs.csi.aws.com"}, type=CLASS),
        "instance": Case({"rootBlockDevice": {"volumeType": "gp3"}}, type=INSTANCE),
        "EC2NodeClass, whose default is gp3": Case(node_class(), type=NODE_CLASS),
    },
    bad={
        "nothing set, so EC2 creates gp2": Case({}, at="type"),
        "gp2": Case({"type": "gp2"}, at="type"),
        "magnetic": Case({"type": "standard"}, at="type"),
        "io1": Case({"type": "io1"}, at="type"),
        "launch template": Case(
            {"blockDeviceMappings": [{"ebs": {}}]}, type=LAUNCH_TEMPLATE, at="blockDeviceMappings[0].ebs.volumeType"
        ),
        "instance, nothing set": Case({}, type=INSTANCE, at="rootBlockDevice.volumeType"),
        "instance, the second disk": Case(
            {"rootBlockDevice": {"volumeType": "gp3"}, "ebsBlockDevices": [{"volumeType": "gp2"}]},
            type=INSTANCE,
            at="ebsBlockDevices[0].volumeType",
        ),
        "EC2NodeClass": Case(
            node_class(blockDeviceMappings=[{"ebs": {"volumeType": "gp2"}}]),
            type=NODE_CLASS,
            at="spec.blockDeviceMappings[0].ebs.volumeType",
        ),
        "StorageClass": Case(
            {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp2"}}, type=CLASS, at="parameters.type"
        ),
        "StorageClass of the old driver": Case({"provisioner": "kubernetes.io/aws-ebs"}, type=CLASS, at="provisioner"),
    },
)
