"""Every disk that a launch template, an EC2NodeClass or an instance brings is encrypted.

Where an EC2NodeClass names no disk, Karpenter makes an encrypted one, but not for images of the family Custom.
Source: Karpenter, NodeClasses, spec.blockDeviceMappings; read 2026-08.
"""

from collections.abc import Iterator

from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule, View, every, flag, present, text
from policies.samples import node_class

INSTANCE = "aws:ec2/instance:Instance"
REASON = "is not true, so the disk is written in the clear"


def _mapping(mapping: View) -> Iterator[tuple[str, str]]:
    if text(mapping, "noDevice") or present(mapping, "virtualName"):
        return
    if not flag(mapping, "ebs.encrypted"):
        yield mapping.under("ebs.encrypted"), REASON


def _block_device(device: View) -> Iterator[tuple[str, str]]:
    if not flag(device, "encrypted"):
        yield device.under("encrypted"), REASON


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type == INSTANCE:
        if not flag(resource, "rootBlockDevice.encrypted"):
            yield "rootBlockDevice.encrypted", REASON
        yield from every(resource, "ebsBlockDevices", _block_device)
        return
    disks = "spec.blockDeviceMappings" if resource.type == NODE_CLASS else "blockDeviceMappings"
    if present(resource, disks):
        yield from every(resource, disks, _mapping)
    elif resource.type != NODE_CLASS or text(resource, "spec.amiFamily") == "Custom":
        yield disks, "names no disk, so the image decides, and images come unencrypted"


def _disk(**ebs: object) -> dict[str, object]:
    return {"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp3", **ebs}}


RULE = Rule(
    id="node-volume-encrypted",
    applies_to=(LAUNCH_TEMPLATE, INSTANCE, NODE_CLASS),
    severity="high",
    standards=("FSBP EC2.3", "FSBP EC2.7", "CKV_AWS_8"),
    why="Node disks hold image layers, secrets mounted into pods, and cached training data.",
    fix='Name the root disk in block_device_mappings with ebs={"encrypted": "true", "kms_key_id": ...}.',
    dev="advisory",
    check=check,
    good={
        "root disk; launch templates keep the flag as text": {"blockDeviceMappings": [_disk(encrypted="true")]},
        "a device of the image taken away": {
            "blockDeviceMappings": [_disk(encrypted="true"), {"deviceName": "/dev/xvdb", "noDevice": "true"}]
        },
        "a disk of the host itself": {
            "blockDeviceMappings": [_disk(encrypted="true"), {"deviceName": "/dev/xvdb", "virtualName": "ephemeral0"}]
        },
        "instance": Case(
            {"rootBlockDevice": {"encrypted": True}, "ebsBlockDevices": [{"encrypted": True}]}, type=INSTANCE
        ),
        "EC2NodeClass, where Karpenter encrypts": Case(node_class(), type=NODE_CLASS),
        "EC2NodeClass": Case(
            node_class(amiFamily="Custom", blockDeviceMappings=[_disk(encrypted=True)]), type=NODE_CLASS
        ),
    },
    bad={
        "nothing said": Case({}, at="blockDeviceMappings"),
        "an empty list": Case({"blockDeviceMappings": []}, at="blockDeviceMappings"),
        "not said on the disk": Case({"blockDeviceMappings": [_disk()]}, at="blockDeviceMappings[0].ebs.encrypted"),
        'the text "false", which is true to a careless reader': Case(
            {"blockDeviceMappings": [_disk(encrypted="false")]}, at="blockDeviceMappings[0].ebs.encrypted"
        ),
        "the second disk": Case(
            {"blockDeviceMappings": [_disk(encrypted="true"), _disk(encrypted="false")]},
            at="blockDeviceMappings[1].ebs.encrypted",
        ),
        "instance, nothing said": Case({}, type=INSTANCE, at="rootBlockDevice.encrypted"),
        "instance, a further disk": Case(
            {"rootBlockDevice": {"encrypted": True}, "ebsBlockDevices": [{"encrypted": False}]},
            type=INSTANCE,
            at="ebsBlockDevices[0].encrypted",
        ),
        "EC2NodeClass": Case(
            node_class(blockDeviceMappings=[_disk(encrypted=True), _disk()]),
            type=NODE_CLASS,
            at="spec.blockDeviceMappings[1].ebs.encrypted",
        ),
        "EC2NodeClass of an image of their own": Case(
            node_class(amiFamily="Custom"), type=NODE_CLASS, at="spec.blockDeviceMappings"
        ),
    },
)
