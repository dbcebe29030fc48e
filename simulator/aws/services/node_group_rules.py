"""What EKS refuses of a managed node group. What EC2 then refuses of its nodes is in `launches.py`.

Wordings were seen in public reports of them, read 2026-11, unless a rule says that its wording is unverified.
"""

from __future__ import annotations

import re

from catalog.instance_types import INSTANCE_TYPES
from catalog.limits import EKS_LABELS_PER_NODE_GROUP
from simulator.aws import paths, tokens
from simulator.aws.messages import AwsError, bridged
from simulator.aws.operation_context import OperationContext, public
from simulator.aws.services import launches
from simulator.aws.services.eks_rules import SKEW, cluster_of, minor, subnets_of
from simulator.aws.services.launch_templates import RUNNING
from simulator.provider import InitializationFailure
from simulator.values import Props, has_unknown

_RESERVED_LABELS = ("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")
_LABEL_VALUE = re.compile(r"([0-9A-Za-z]([\w.-]{0,61}[0-9A-Za-z])?)?", re.ASCII)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def sizes_are_in_order(op: OperationContext) -> None:
    """Minimum, desired, maximum."""
    low, high = op.get("scalingConfig.minSize", 0), op.get("scalingConfig.maxSize", 0)
    wanted = op.get("scalingConfig.desiredSize", low)
    if low > high:
        raise _invalid(f"Minimum capacity {low} can't be greater than maximum capacity {high}")
    if low > wanted:
        raise _invalid(f"Minimum capacity {low} can't be greater than desired size {wanted}")
    if wanted > high:
        raise _invalid(f"desired capacity {wanted} can't be greater than max size {high}")


def labels_are_kubernetes_labels(op: OperationContext) -> None:
    """How many, none of Kubernetes's own, and values that a node can carry.

    Only the wording about reserved prefixes was seen.
    """
    labels = op.get("labels", {})
    if len(labels) > EKS_LABELS_PER_NODE_GROUP:
        raise _invalid(f"{len(labels)} labels are more than the {EKS_LABELS_PER_NODE_GROUP} that a node group may have")
    for key, value in labels.items():
        if key.startswith(_RESERVED_LABELS):
            raise _invalid(f"Label cannot contain reserved prefixes [{', '.join(_RESERVED_LABELS)}]")
        if not _LABEL_VALUE.fullmatch(str(value)):
            raise _invalid(f"Label value {value} of {key} is invalid")


def taints_are_told_apart(op: OperationContext) -> None:
    """A node has one taint of a key and effect. Wording unverified."""
    seen = set()
    for taint in op.get("taints", []):
        if (taint["key"], taint["effect"]) in seen:
            raise _invalid(f"Taint with key {taint['key']} and effect {taint['effect']} is specified more than once")
        seen.add((taint["key"], taint["effect"]))


def instance_types_exist(op: OperationContext) -> None:
    """Each one exists, and the region has it."""
    missing = [
        name
        for name in launches.types_of(op)
        if name not in INSTANCE_TYPES or op.region not in INSTANCE_TYPES[name].regions
    ]
    if missing:
        raise _invalid(f"The following supplied instance types do not exist: [{', '.join(missing)}]")


def image_fits_the_machines(op: OperationContext) -> None:
    """Architecture, and accelerators where the image is made for one.

    A standard image on accelerated types is taken: the nodes join, and nothing on them drives the devices.
    """
    image = op.get("amiType", "AL2023_x86_64_STANDARD")
    template = op.inputs.get("launchTemplate")
    if (
        image == "CUSTOM"
        or launches.of_template(op, "imageId")
        or (op.get("amiType") is None and has_unknown(template))
    ):
        return
    arch = "arm64" if "ARM_64" in image else "x86_64"
    made_for = "gpu" if "NVIDIA" in image or image.endswith("_GPU") else "neuron" if "NEURON" in image else ""
    for name in launches.types_of(op):
        machine = INSTANCE_TYPES[name]
        accelerator = machine.accelerator.kind if machine.accelerator else ""
        if machine.arch != arch or (made_for and accelerator != made_for):
            raise _invalid(f"[{name}] is not a valid instance type for requested amiType {image}")
        if accelerator and not made_for:
            op.call.warn(
                f"{name} has accelerators, and {image} no driver for them. EKS takes this: the nodes join, are paid "
                "for, and offer pods none of their devices."
            )


def template_agrees(op: OperationContext) -> None:
    """What the launch template says, the group may not say as well; and some things no template may say."""
    template = op.get("launchTemplate")
    if not template:
        return
    if op.get("diskSize") is not None:
        raise _invalid("Disk size must be specified within the launch template.")
    if op.get("remoteAccess") is not None:
        raise _invalid("Remote access configuration cannot be specified with a launch template.")
    row = launches.template_of(op, op.inputs)
    if row is None:
        return
    if row.state.get("imageId") and op.get("amiType", "CUSTOM") != "CUSTOM":
        message = (
            "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template."
        )
        raise _invalid(message)
    if row.state.get("instanceType") and op.get("instanceTypes"):
        message = "Cannot specify instance types in launch template and API request"
        raise AwsError("InvalidRequestException", message)
    version = str(template.get("version", ""))
    if version.isdigit() and int(version) > int(row.state.get("latestVersion", 1)):
        raise _invalid(f"The specified launch template version {version} does not exist for launch template {row.id}")
    template_leaves_to_eks(op, row.state)


def template_leaves_to_eks(op: OperationContext, template: Props) -> None:
    """What EKS fills in by itself. Source: EKS user guide, "Customize managed nodes with launch templates", 2026-11.

    Wordings about subnets and shutdown are unverified.
    """
    if template.get("iamInstanceProfile"):
        message = (
            "Launch template should not specify an instance profile. The noderole in your request will be used to "
            "construct an instance profile."
        )
        raise _invalid(message)
    if any(interface.get("subnetId") for interface in template.get("networkInterfaces") or []):
        raise _invalid("Launch template should not specify a subnet. Subnets must be specified in the request.")
    if template.get("instanceInitiatedShutdownBehavior") or template.get("hibernationOptions"):
        raise _invalid("Launch template should not specify shutdown or hibernation behavior.")
    market = paths.get(template, "instanceMarketOptions.marketType")
    if market and (market, op.get("capacityType")) != ("capacity-block", "CAPACITY_BLOCK"):
        raise _invalid("Instance market options are not supported with the launch template.")


def group_follows_the_cluster(op: OperationContext) -> None:
    """No kubelet is newer than its API server."""
    cluster, version = cluster_of(op), op.get("version")
    if cluster is None or version is None:
        return
    head = cluster.state["version"]
    major, low = minor(head)
    if minor(version) > minor(head) or minor(version)[1] < low - SKEW:
        message = (
            f"Nodegroup Kubernetes version should be equal to Cluster kubernetes version {head} or NodeGroup "
            f"kubernetes version {major}.{low - 1}"
        )
        raise _invalid(message)


def group_lies_in_the_clusters_vpc(op: OperationContext) -> None:
    """Nodes and control plane share the VPC."""
    cluster = cluster_of(op)
    for subnet in subnets_of(op, "subnetIds"):
        if cluster and subnet.state["vpcId"] != cluster.state["vpcConfig"]["vpcId"]:
            raise _invalid(f"Subnet {subnet.id} is not in the VPC of the cluster")


def capacity_block_is_targeted(op: OperationContext) -> None:
    """A Capacity Block is bought, and the launch template names it, with the type that it was bought for."""
    if op.get("capacityType", "") != "CAPACITY_BLOCK":
        return
    row = launches.template_of(op, op.inputs)
    if op.get("launchTemplate") and row is None:
        return
    state = row.state if row else {}
    said = (
        paths.get(state, "instanceMarketOptions.marketType") == "capacity-block",
        paths.get(state, "capacityReservationSpecification.capacityReservationTarget"),
        state.get("instanceType"),
    )
    if not all(said):
        message = (
            "capacityType CAPACITY_BLOCK requires a launch template with InstanceMarketOptions marketType "
            "capacity-block, a Capacity Block reservation target and an instance type"
        )
        raise _invalid(message)


def nodes_can_be_launched(op: OperationContext) -> None:
    """What every launch would run into. The real EKS makes the group, and finds out after it."""
    if refused := launches.mistake(op):
        raise launches.as_the_provider_says(op, refused)
    if op.call.preview and (account := launches.told_too_little(op)):
        op.call.warn(account)


def machines(op: OperationContext) -> list[str]:
    """The type in the launch template is the group's, else t3.medium."""
    return [] if launches.of_template(op, "instanceType") else ["t3.medium"]


def image_type(op: OperationContext) -> str:
    """CUSTOM for a launch template with an image."""
    return "CUSTOM" if launches.of_template(op, "imageId") else "AL2023_x86_64_STANDARD"


def disk_size(op: OperationContext) -> int:
    """The launch template says it, where there is one."""
    return 0 if op.inputs.get("launchTemplate") else 20


def group_version(op: OperationContext) -> str:
    """That of the cluster."""
    cluster = cluster_of(op)
    return str(cluster.state["version"]) if cluster else ""


def release_version(op: OperationContext) -> str:
    """The build of the image: in form only, the newest of a made-up series."""
    return f"{op.state.get('version') or group_version(op)}.0-20260115"


def scaling_groups(op: OperationContext) -> list[Props]:
    """The Auto Scaling group behind the node group."""
    name = op.fill("eks-{nodeGroupName}-{uuid:group}")
    return [{"autoscalingGroups": [{"name": name}], "remoteAccessSecurityGroupId": ""}]


def nodes_start(op: OperationContext) -> None:
    """The group is there before its nodes are: without capacity it stays, and the next update tries again."""
    _node_role_gets_an_entry(op)
    _launch(op, "create")


def nodes_follow(op: OperationContext) -> None:
    """The Auto Scaling group goes on trying, so a failed group becomes active once there is capacity.

    A group that was active takes any size; where its nodes do not come, EKS calls it degraded.
    """
    if op.call.preview:
        return
    if op.before.get("status") == "CREATE_FAILED":
        _launch(op, "update")
        return
    wanted, running = launches.wanted(op.state), op.before.get(RUNNING, launches.wanted(op.before))
    issue = launches.issue(op, op.state, running) if wanted > running else None
    if issue:
        op.call.warn(f"EKS takes the new size, and calls the group DEGRADED: {issue}")
    op.state = {
        **op.state,
        "status": "DEGRADED" if issue else "ACTIVE",
        RUNNING: running if issue else wanted,
    }


def _launch(op: OperationContext, doing: str) -> None:
    issue = launches.issue(op, op.state, 0)
    running = 0 if issue else launches.wanted(op.state)
    op.state = {**op.state, "status": "CREATE_FAILED" if issue else "ACTIVE", RUNNING: running}
    op.cloud.put(op.type, op.id, op.state, op.call.urn)
    if issue:
        reason = (
            f"waiting for EKS Node Group ({op.id}) create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. "
            f"last error: {issue}"
        )
        raise InitializationFailure(
            op.id, public(op.state), op.checked, [bridged(reason, f"{doing[:-1]}ing {op.call.urn}")]
        )


def _node_role_gets_an_entry(op: OperationContext) -> None:
    """EKS itself lets the nodes of a managed group in."""
    cluster = cluster_of(op)
    mode = paths.get(cluster.state, "accessConfig.authenticationMode") if cluster else "CONFIG_MAP"
    principal = op.state["nodeRoleArn"]
    entry = f"{op.state['clusterName']}:{principal}"
    if mode == "CONFIG_MAP" or op.cloud.get(tokens.ACCESS_ENTRY, entry) is not None:
        return
    op.cloud.put(
        tokens.ACCESS_ENTRY,
        entry,
        {
            "clusterName": op.state["clusterName"],
            "principalArn": principal,
            "type": "EC2_LINUX",
            "kubernetesGroups": ["system:nodes"],
            "userName": "system:node:{{EC2PrivateDNSName}}",
            "region": op.region,
            "__owner": f"{tokens.CLUSTER}::{op.state['clusterName']}",
        },
    )
