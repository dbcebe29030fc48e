"""Rules of EKS for managed node groups. EC2's errors when their nodes are launched are in `launches.py`.

Wordings come from public reports, read 2026-11, unless a rule says that its wording is unverified.
"""

from __future__ import annotations

import re

from catalog.instance_types import INSTANCE_TYPES
from catalog.limits import EKS_LABELS_PER_NODE_GROUP
from simulator.aws import paths, tokens
from simulator.aws.messages import AwsError, pulumi_text
from simulator.aws.operation_context import OperationContext, public_state
from simulator.aws.services import documents, launches
from simulator.aws.services.eks_rules import SKEW, cluster_of, invalid, minor, put_entry, subnets_of
from simulator.aws.services.launch_templates import INTERFACES, RUNNING
from simulator.provider import InitializationFailure
from simulator.values import Props, has_unknown

_RESERVED_LABELS = ("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")
_NAME = r"[0-9A-Za-z]([\w.-]{0,61}[0-9A-Za-z])?"
_LABEL_VALUE = re.compile(f"({_NAME})?", re.ASCII)
# Source: Kubernetes, "Labels and Selectors", syntax of keys; taints have the same. Read 2026-11.
_LABEL_KEY = re.compile(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}", re.ASCII)


def sizes_are_in_order(op: OperationContext) -> None:
    """Minimum, desired size and maximum must be in ascending order."""
    low, high = op.get("scalingConfig.minSize", 0), op.get("scalingConfig.maxSize", 0)
    desired_nodes = op.get("scalingConfig.desiredSize", low)
    if low > high:
        raise invalid(f"Minimum capacity {low} can't be greater than maximum capacity {high}")
    if low > desired_nodes:
        raise invalid(f"Minimum capacity {low} can't be greater than desired size {desired_nodes}")
    if desired_nodes > high:
        raise invalid(f"desired capacity {desired_nodes} can't be greater than max size {high}")


def labels_are_kubernetes_labels(op: OperationContext) -> None:
    """Labels must not be too many, must not have reserved prefixes, and need valid values.

    Only the wording about reserved prefixes is verified.
    """
    labels = op.get("labels", {})
    if len(labels) > EKS_LABELS_PER_NODE_GROUP:
        raise invalid(f"{len(labels)} labels are more than the {EKS_LABELS_PER_NODE_GROUP} that a node group may have")
    for key, value in labels.items():
        if key.startswith(_RESERVED_LABELS):
            raise invalid(f"Label cannot contain reserved prefixes [{', '.join(_RESERVED_LABELS)}]")
        if not _LABEL_KEY.fullmatch(key):
            raise invalid(f"Label key {key} is invalid")
        if not _LABEL_VALUE.fullmatch(str(value)):
            raise invalid(f"Label value {value} of {key} is invalid")


def taints_are_unique(op: OperationContext) -> None:
    """A node may have one taint for each key and effect. Wording unverified."""
    seen = set()
    for taint in op.get("taints", []):
        if not (_LABEL_KEY.fullmatch(taint["key"]) and _LABEL_VALUE.fullmatch(str(taint.get("value", "")))):
            raise invalid(f"Taint {taint['key']}={taint.get('value', '')} is invalid")
        if (taint["key"], taint["effect"]) in seen:
            raise invalid(f"Taint with key {taint['key']} and effect {taint['effect']} is specified more than once")
        seen.add((taint["key"], taint["effect"]))


def role_trusts_ec2(op: OperationContext) -> None:
    """The role of the nodes must trust EC2, whose service principal is another one in China."""
    role = op.find(tokens.ROLE, "arn", op.get("nodeRoleArn"))
    names = ("ec2.amazonaws.com", "ec2.amazonaws.com.cn")
    if role is not None and not any(documents.trusts(role.state, name) for name in names):
        raise invalid(
            "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of "
            f"nodeRole {op.get('nodeRoleArn')}"
        )


def image_is_made_for_the_version(op: OperationContext) -> None:
    """EKS makes no Amazon Linux 2 image for Kubernetes after 1.32.

    Source: EKS user guide, "Guide to EKS AL2 & AL2-accelerated AMIs transition"; read 2026-11; wording unverified.
    """
    version = str(op.get("version", "") or group_version(op))
    if str(op.get("amiType", "")).startswith("AL2_") and minor(version) > (1, 32):
        raise invalid(f"Requested AMI type {op.get('amiType')} is not supported for kubernetes version {version}")


def version_is_the_clusters(op: OperationContext) -> None:
    """An update keeps the nodes' version, or takes the cluster's. Source: EKS API, UpdateNodegroupVersion; 2026-11."""
    cluster, new, old = cluster_of(op), op.get("version"), op.before.get("version")
    if cluster and new and old and new not in (old, cluster.state["version"]):
        raise invalid(
            f"Nodegroup Kubernetes version should be equal to Cluster kubernetes version {cluster.state['version']} or "
            f"NodeGroup kubernetes version {old}"
        )


def instance_types_exist(op: OperationContext) -> None:
    """Every instance type must exist, and the region must offer it."""
    missing = [
        name
        for name in launches.instance_types_of(op)
        if name not in INSTANCE_TYPES or op.region not in INSTANCE_TYPES[name].regions
    ]
    if missing:
        raise invalid(f"The following supplied instance types do not exist: [{', '.join(missing)}]")


def image_fits_the_machines(op: OperationContext) -> None:
    """The image must fit the architecture of the instance types, and their accelerators if it is made for some.

    EKS accepts a standard image on accelerated types: the nodes join, but have no driver for the devices.
    """
    image = op.get("amiType", "AL2023_x86_64_STANDARD")
    template = op.inputs.get("launchTemplate")
    if (
        image == "CUSTOM"
        or launches.template_value(op, "imageId")
        or (op.get("amiType") is None and has_unknown(template))
    ):
        return
    arch = "arm64" if "ARM_64" in image else "x86_64"
    made_for = "gpu" if "NVIDIA" in image or image.endswith("_GPU") else "neuron" if "NEURON" in image else ""
    for name in launches.instance_types_of(op):
        machine = INSTANCE_TYPES[name]
        accelerator = machine.accelerator.kind if machine.accelerator else ""
        if machine.arch != arch or (made_for and accelerator != made_for):
            raise invalid(f"[{name}] is not a valid instance type for requested amiType {image}")
        if accelerator and not made_for:
            op.call.warn(
                f"{name} has accelerators, but {image} has no driver for them. EKS accepts this: the nodes join and "
                "cost money, and pods get none of their devices."
            )


def template_agrees(op: OperationContext) -> None:
    """Group and launch template must not set the same values, and some values the template must not set at all."""
    template = op.get("launchTemplate")
    if not template:
        return
    if op.get("diskSize") is not None:
        raise invalid("Disk size must be specified within the launch template.")
    if op.get("remoteAccess") is not None:
        raise invalid("Remote access configuration cannot be specified with a launch template.")
    row = launches.template_of(op, op.inputs)
    if row is None:
        return
    if row.state.get("imageId") and op.get("amiType", "CUSTOM") != "CUSTOM":
        raise invalid(
            "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template."
        )
    if row.state.get("instanceType") and op.get("instanceTypes"):
        message = "Cannot specify instance types in launch template and API request"
        raise AwsError("InvalidRequestException", message)
    version = str(template.get("version", ""))
    if version.isdigit() and int(version) > int(row.state.get("latestVersion", 1)):
        raise invalid(f"The specified launch template version {version} does not exist for launch template {row.id}")
    template_leaves_values_to_eks(op, row.state)


def template_leaves_values_to_eks(op: OperationContext, template: Props) -> None:
    """The template must not set values that EKS sets by itself.

    Source: EKS user guide, "Customize managed nodes with launch templates", read 2026-11; the wordings about subnets
    and shutdown are unverified.
    """
    if template.get("iamInstanceProfile"):
        raise invalid(
            "Launch template should not specify an instance profile. The noderole in your request will be used to "
            "construct an instance profile."
        )
    if any(interface.get("subnetId") for interface in template.get("networkInterfaces") or []):
        raise invalid("Launch template should not specify a subnet. Subnets must be specified in the request.")
    if template.get("instanceInitiatedShutdownBehavior") or template.get("hibernationOptions"):
        raise invalid("Launch template should not specify shutdown or hibernation behavior.")
    market_type = paths.get(template, "instanceMarketOptions.marketType")
    if market_type and (market_type, op.get("capacityType")) != ("capacity-block", "CAPACITY_BLOCK"):
        raise invalid("Instance market options are not supported with the launch template.")


def group_follows_the_cluster(op: OperationContext) -> None:
    """The nodes' version must not be newer than the cluster's, or more than SKEW minor versions older."""
    cluster, version = cluster_of(op), op.get("version")
    if cluster is None or version is None:
        return
    head = cluster.state["version"]
    major, low = minor(head)
    if minor(version) > minor(head) or minor(version)[1] < low - SKEW:
        raise invalid(
            f"Nodegroup Kubernetes version should be equal to Cluster kubernetes version {head} or NodeGroup "
            f"kubernetes version {major}.{low - 1}"
        )


def release_fits_the_version(op: OperationContext) -> None:
    """A release of Amazon Linux is of the group's Kubernetes version. An update goes to a newer release alone.

    Sources: EKS API, UpdateNodegroupVersion; EKS user guide, "Update a managed node group" and "Roll back a cluster":
    back to an earlier version of Kubernetes, and not of the image; read 2026-11. The second wording is unverified.
    """
    release, version = op.inputs.get("releaseVersion"), str(op.get("version", "") or group_version(op))
    other = str(op.get("amiType", "")).startswith(("BOTTLEROCKET", "CUSTOM", "WINDOWS"))
    if release is None or other or has_unknown([release, version]):
        return
    if not re.fullmatch(rf"{re.escape(version)}\.\d+-\d{{8}}", release):
        raise invalid(f"Requested Nodegroup release version {release} is invalid. Allowed release version is {version}")
    before = str(op.before.get("releaseVersion", ""))
    if before.startswith(f"{version}.") and before.rpartition("-")[2] > release.rpartition("-")[2]:
        raise invalid(f"Requested release version {release} is older than the current release version {before}")


def group_lies_in_the_clusters_vpc(op: OperationContext) -> None:
    """The subnets must be in the VPC of the cluster."""
    cluster = cluster_of(op)
    for subnet in subnets_of(op, "subnetIds"):
        if cluster and subnet.state["vpcId"] != cluster.state["vpcConfig"]["vpcId"]:
            raise invalid(f"Subnet {subnet.id} is not in the VPC of the cluster")


def capacity_block_is_targeted(op: OperationContext) -> None:
    """The launch template must name the Capacity Block and the instance type that it was bought for."""
    if op.get("capacityType", "") != "CAPACITY_BLOCK":
        return
    row = launches.template_of(op, op.inputs)
    if op.get("launchTemplate") and row is None:
        return
    state = row.state if row else {}
    needed = (
        paths.get(state, "instanceMarketOptions.marketType") == "capacity-block",
        paths.get(state, "capacityReservationSpecification.capacityReservationTarget"),
        state.get("instanceType"),
    )
    if not all(needed):
        raise invalid(
            "capacityType CAPACITY_BLOCK requires a launch template with InstanceMarketOptions marketType "
            "capacity-block, a Capacity Block reservation target and an instance type"
        )


def nodes_can_be_launched(op: OperationContext) -> None:
    """It must be possible to launch the nodes at all. The real EKS creates the group before it tries."""
    if mistake := launches.launch_mistake(op):
        raise launches.provider_error(op, mistake)
    if op.call.preview and (warning := launches.quota_warning(op)):
        op.call.warn(warning)


def default_instance_types(op: OperationContext) -> list[str]:
    """Returns the default instance types: t3.medium, unless the launch template names a type."""
    return [] if launches.template_value(op, "instanceType") else ["t3.medium"]


def image_type(op: OperationContext) -> str:
    """Returns the default image type: CUSTOM if the launch template names an image."""
    return "CUSTOM" if launches.template_value(op, "imageId") else "AL2023_x86_64_STANDARD"


def disk_size(op: OperationContext) -> int:
    """Returns the default disk size; 0 with a launch template, which sets the size itself."""
    return 0 if op.inputs.get("launchTemplate") else 20


def group_version(op: OperationContext) -> str:
    """Returns the default version: the version of the cluster."""
    cluster = cluster_of(op)
    return str(cluster.state["version"]) if cluster else ""


def release_version(op: OperationContext) -> str:
    """Returns a made-up release of the image that has only the right form."""
    return f"{op.state.get('version') or group_version(op)}.0-20260115"


def scaling_groups(op: OperationContext) -> list[Props]:
    """Returns the Auto Scaling group of the node group."""
    name = op.fill("eks-{nodeGroupName}-{uuid:group}")
    return [{"autoscalingGroups": [{"name": name}], "remoteAccessSecurityGroupId": ""}]


_CONFIGURED = ("labels", "launchTemplate", "releaseVersion", "scalingConfig", "taints", "updateConfig", "version")


def start_nodes(op: OperationContext) -> None:
    """Starts the nodes of a new group. Without capacity the group stays, and has failed for good."""
    _node_role_gets_an_entry(op)
    issue = launches.issue(op, op.state, 0)
    running = 0 if issue else launches.desired_nodes(op.state)
    op.state = {**op.state, "status": "CREATE_FAILED" if issue else "ACTIVE", RUNNING: running}
    op.state[INTERFACES] = [] if issue else launches.interfaces(op, op.state, 0)[0]
    op.cloud.put(op.type, op.id, op.state, op.call.urn)
    if issue:
        reason = (
            f"waiting for EKS Node Group ({op.id}) create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. "
            f"last error: {issue}"
        )
        raise InitializationFailure(
            op.id, public_state(op.state), op.checked, [pulumi_text(reason, f"creating {op.call.urn}")]
        )


def update_nodes(op: OperationContext) -> None:
    """Updates the group. An active group accepts any size; when its nodes cannot start, its status is DEGRADED.

    The provider sends sizes only when one of them changes, and then all of them. With another version of Kubernetes and
    no release named, EKS takes the newest image of that version.

    A failed group takes no change. An update that changes nothing reaches no API, so it ends well all the same.
    Source: hashicorp/terraform-provider-aws internal/service/eks/node_group.go; aws/containers-roadmap issue 2204.
    """
    if op.call.preview:
        return
    if op.before.get("status") == "CREATE_FAILED":
        if any(_differs(op.inputs.get(key), op.before.get(key)) for key in _CONFIGURED):
            raise AwsError(
                "ResourceInUseException", "Nodegroup cannot be updated as it is currently not in Active State"
            )
        return
    if op.inputs.get("scalingConfig") == op.old_inputs.get("scalingConfig"):
        op.state = {**op.state, "scalingConfig": op.before["scalingConfig"]}
    if op.inputs.get("releaseVersion") is None and op.state.get("version") != op.before.get("version"):
        op.state = {**op.state, "releaseVersion": release_version(op)}
    desired_nodes, running = launches.desired_nodes(op.state), op.before.get(RUNNING, launches.desired_nodes(op.before))
    issue = launches.issue(op, op.state, running) if desired_nodes > running else None
    if issue:
        op.call.warn(f"EKS accepts the new size, and the group is DEGRADED: {issue}")
    op.state = {
        **op.state,
        "status": "DEGRADED" if issue else "ACTIVE",
        RUNNING: running if issue else desired_nodes,
        INTERFACES: [
            *(each for each in op.before.get(INTERFACES, []) if each["node"] < desired_nodes),
            *([] if issue else launches.interfaces(op, op.state, running)[0]),
        ],
    }


def _differs(new: object, old: object) -> bool:
    """Returns whether an input would change the state, which has more in it."""
    if isinstance(new, dict) and isinstance(old, dict):
        return any(_differs(value, old.get(key)) for key, value in new.items())
    return bool(new) and new != old


def _node_role_gets_an_entry(op: OperationContext) -> None:
    """Creates the access entry of the node role, as EKS does for managed groups."""
    cluster = cluster_of(op)
    mode = paths.get(cluster.state, "accessConfig.authenticationMode") if cluster else "CONFIG_MAP"
    principal = op.state["nodeRoleArn"]
    name = op.state["clusterName"]
    if mode != "CONFIG_MAP" and op.find(tokens.ACCESS_ENTRY, "id", f"{name}:{principal}") is None:
        groups, user = ["system:nodes"], "system:node:{{EC2PrivateDNSName}}"
        put_entry(op, name, principal, type="EC2_LINUX", kubernetesGroups=groups, userName=user)
