"""Disks are gp3, or io2 where somebody asked for it; not the older types that cost more for less."""

from collections.abc import Iterator

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule, View, every, present, text
from policies.samples import node_class

VOLUME = "aws:ebs/volume:Volume"
INSTANCE, CLASS = "aws:ec2/instance:Instance", "kubernetes:storage.k8s.io/v1:StorageClass"
OLD = ("gp2", "io1", "standard", "")


def _type(view: View, path: str, default: str = "gp2") -> Iterator[tuple[str, str]]:
    found = text(view, path, default=default)  # what EC2 takes when nothing is said
    if found in OLD:
        yield view.under(path), f"is {found}, which costs more than gp3 or does less"


def _mapping(mapping: View) -> Iterator[tuple[str, str]]:
    if not present(mapping, "virtualName") and not present(mapping, "noDevice"):
        yield from _type(mapping, "ebs.volumeType")


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == LAUNCH_TEMPLATE:
        yield from every(resource, "blockDeviceMappings", _mapping)
    elif resource.type == NODE_CLASS:
        yield from every(resource, "spec.blockDeviceMappings", _mapping)
    elif resource.type == INSTANCE:
        yield from _type(resource, "rootBlockDevice.volumeType")
        yield from every(resource, "ebsBlockDevices", lambda device: _type(device, "volumeType"))
    elif resource.type == VOLUME:
        yield from _type(resource, "type")
    elif text(resource, "provisioner").startswith("ebs.csi."):
        yield from _type(resource, "parameters.type", default="gp3")  # the driver's own default
    elif text(resource, "provisioner") == "kubernetes.io/aws-ebs":
        yield "provisioner", "is the old driver, which cannot make gp3"


RULE = Rule(
    id="cost-gp3",
    applies_to=(VOLUME, LAUNCH_TEMPLATE, INSTANCE, CLASS, NODE_CLASS),
    severity="low",
    standards=("AWS Well-Architected COST06",),
    why="gp3 costs a fifth less than gp2, and its speed does not hang on its size.",
    fix='Set the volume type to "gp3".',
    dev="advisory",
    check=check,
    good={
        "volume": {"type": "gp3"},
        "volume for a database": {"type": "io2"},
        "launch template": Case({"blockDeviceMappings": [{"ebs": {"volumeType": "gp3"}}]}, type=LAUNCH_TEMPLATE),
        "a disk of the host itself": Case(
            {"blockDeviceMappings": [{"virtualName": "ephemeral0"}]}, type=LAUNCH_TEMPLATE
        ),
        "storage class, where the driver takes gp3 by itself": Case({"provisioner": "ebs.csi.aws.com"}, type=CLASS),
        "another driver's class": Case({"provisioner": "efs.csi.aws.com"}, type=CLASS),
        "instance": Case({"rootBlockDevice": {"volumeType": "gp3"}}, type=INSTANCE),
        "EC2NodeClass, where Karpenter takes gp3": Case(node_class(), type=NODE_CLASS),
    },
    bad={
        "nothing said, so EC2 takes gp2": Case({}, at="type"),
        "gp2": Case({"type": "gp2"}, at="type"),
        "magnetic": Case({"type": "standard"}, at="type"),
        "io1": Case({"type": "io1"}, at="type"),
        "launch template": Case(
            {"blockDeviceMappings": [{"ebs": {}}]}, type=LAUNCH_TEMPLATE, at="blockDeviceMappings[0].ebs.volumeType"
        ),
        "instance, nothing said": Case({}, type=INSTANCE, at="rootBlockDevice.volumeType"),
        "instance, a further disk": Case(
            {"rootBlockDevice": {"volumeType": "gp3"}, "ebsBlockDevices": [{"volumeType": "gp2"}]},
            type=INSTANCE,
            at="ebsBlockDevices[0].volumeType",
        ),
        "EC2NodeClass": Case(
            node_class(blockDeviceMappings=[{"ebs": {"volumeType": "gp2"}}]),
            type=NODE_CLASS,
            at="spec.blockDeviceMappings[0].ebs.volumeType",
        ),
        "storage class": Case(
            {"provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp2"}}, type=CLASS, at="parameters.type"
        ),
        "storage class of the old driver": Case({"provisioner": "kubernetes.io/aws-ebs"}, type=CLASS, at="provisioner"),
    },
)
