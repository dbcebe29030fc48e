"""Every disk in a launch template, an EC2NodeClass or an instance is encrypted.

When an EC2NodeClass names no disk, Karpenter creates an encrypted one, except for images of the family Custom.
Source: Karpenter, NodeClasses, spec.blockDeviceMappings; read 2026-08.
"""

from collections.abc import Iterator

from policies.machines import INSTANCES, SPOT_FLEET, STARTS, launches
from policies.pools import LAUNCH_TEMPLATE, NODE_CLASS
from policies.rule import Case, Resource, Rule, each, flag, present, text
from policies.samples import node_class

INSTANCE = INSTANCES[0]
ROOTS = ("/dev/xvda", "/dev/sda1")
MESSAGE = "is not true, so the disk is not encrypted"


def check(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type not in (LAUNCH_TEMPLATE, NODE_CLASS):
        for launch in launches(resource):
            root = "rootBlockDevices[0].encrypted" if resource.type == SPOT_FLEET else "rootBlockDevice.encrypted"
            if not flag(launch, root):
                yield launch.under(root), MESSAGE
            for device in each(launch, "ebsBlockDevices"):
                if not flag(device, "encrypted"):
                    yield device.under("encrypted"), MESSAGE
        return
    disks = "spec.blockDeviceMappings" if resource.type == NODE_CLASS else "blockDeviceMappings"
    if present(resource, disks):
        for item in each(resource, disks):
            if text(item, "noDevice") or present(item, "virtualName"):
                continue
            if not flag(item, "ebs.encrypted"):
                yield item.under("ebs.encrypted"), MESSAGE
        if not any(text(mapping, "deviceName") in ROOTS for mapping in each(resource, disks)):
            yield disks, f"names no root disk ({' or '.join(ROOTS)}), so that of the image stays as it is"
    elif resource.type != NODE_CLASS or text(resource, "spec.amiFamily") == "Custom":
        yield disks, "names no disk, so the image's disk is used, which is not encrypted"


def _disk(**ebs: object) -> dict[str, object]:
    return {"deviceName": "/dev/xvda", "ebs": {"volumeType": "gp3", **ebs}}


RULE = Rule(
    id="node-volume-encrypted",
    applies_to=(*STARTS, NODE_CLASS),
    severity="high",
    standards=("FSBP EC2.3", "FSBP EC2.7", "CKV_AWS_8"),
    why="Node disks contain image layers, secrets that pods mount, and cached training data.",
    fix='Name the root disk in block_device_mappings with ebs={"encrypted": "true", "kms_key_id": ...}.',
    mend={
        "blockDeviceMappings[].ebs.encrypted": "true",
        "spec.blockDeviceMappings[].ebs.encrypted": True,
        "encrypted": True,
    },
    dev="advisory",
    check=check,
    good={
        "root disk, with the flag as a string": {"blockDeviceMappings": [_disk(encrypted="true")]},
        "root disk of Ubuntu": {"blockDeviceMappings": [{**_disk(encrypted="true"), "deviceName": "/dev/sda1"}]},
        "a removed device of the image": {
            "blockDeviceMappings": [_disk(encrypted="true"), {"deviceName": "/dev/xvdb", "noDevice": "true"}]
        },
        "an instance store disk": {
            "blockDeviceMappings": [_disk(encrypted="true"), {"deviceName": "/dev/xvdb", "virtualName": "ephemeral0"}]
        },
        "instance": Case(
            {"rootBlockDevice": {"encrypted": True}, "ebsBlockDevices": [{"encrypted": True}]}, type=INSTANCE
        ),
        "EC2NodeClass, whose default is encrypted": Case(node_class(), type=NODE_CLASS),
        "EC2NodeClass": Case(
            node_class(amiFamily="Custom", blockDeviceMappings=[_disk(encrypted=True)]), type=NODE_CLASS
        ),
    },
    bad={
        "nothing set": Case({}, at="blockDeviceMappings"),
        "an empty list": Case({"blockDeviceMappings": []}, at="blockDeviceMappings"),
        "a disk without the flag": Case({"blockDeviceMappings": [_disk()]}, at="blockDeviceMappings[0].ebs.encrypted"),
        'the string "false", which is true in Python': Case(
            {"blockDeviceMappings": [_disk(encrypted="false")]}, at="blockDeviceMappings[0].ebs.encrypted"
        ),
        "the second disk": Case(
            {"blockDeviceMappings": [_disk(encrypted="true"), _disk(encrypted="false")]},
            at="blockDeviceMappings[1].ebs.encrypted",
        ),
        "an encrypted disk beside the root": Case(
            {"blockDeviceMappings": [{"deviceName": "/dev/xvdb", "ebs": {"encrypted": "true"}}]},
            at="blockDeviceMappings",
        ),
        "instance, nothing set": Case({}, type=INSTANCE, at="rootBlockDevice.encrypted"),
        "spot instance, nothing set": Case({}, type=INSTANCES[1], at="rootBlockDevice.encrypted"),
        "a spot fleet": Case(
            {"launchSpecifications": [{}]}, type=SPOT_FLEET, at="launchSpecifications[0].rootBlockDevices[0].encrypted"
        ),
        "a spot fleet, the second disk": Case(
            {"launchSpecifications": [{"rootBlockDevices": [{"encrypted": True}], "ebsBlockDevices": [{}]}]},
            type=SPOT_FLEET,
            at="launchSpecifications[0].ebsBlockDevices[0].encrypted",
        ),
        "instance, the second disk": Case(
            {"rootBlockDevice": {"encrypted": True}, "ebsBlockDevices": [{"encrypted": False}]},
            type=INSTANCE,
            at="ebsBlockDevices[0].encrypted",
        ),
        "EC2NodeClass": Case(
            node_class(blockDeviceMappings=[_disk(encrypted=True), _disk()]),
            type=NODE_CLASS,
            at="spec.blockDeviceMappings[1].ebs.encrypted",
        ),
        "EC2NodeClass with a custom image": Case(
            node_class(amiFamily="Custom"), type=NODE_CLASS, at="spec.blockDeviceMappings"
        ),
    },
)
