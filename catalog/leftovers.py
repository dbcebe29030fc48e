"""What users and controllers put into a stack, and `pulumi destroy` does not know: how it is found and deleted.

The rows are in the order of deletion: first what Kubernetes holds, so that its controllers delete what they made in
AWS, then what is left there. `make retire` runs these commands, and the simulator answers them.
Sources: references of `kubectl` 1.35 and AWS CLI v2; AWS Load Balancer Controller 3.4, "Annotations" (tags);
aws-ebs-csi-driver v1.54 and v1.58, docs/tagging.md; Karpenter v1.14, "Disruption"; Amazon VPC CNI v1.22.4,
pkg/awsutils; terraform-provider-aws, resourceSubnetDelete (20 minutes of DependencyViolation, then an error); read
2026-11.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from catalog.image_upstreams import UPSTREAMS


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """One kind of things. The words in braces are of the stack in `find`, and paths in the thing in the other texts.

    listed: the path of the things in the answer to `find`. where: path -> the value that a thing has there; "": any;
    None: none; with a `*` at its end, what the value begins with. `*` in a path is any item of a list. tag: the tags by
    their keys; owner: the topmost controller of a pod, for kubectl; maker: the same for people; protected: see
    `is_protected`.
    cluster: whether the cluster is up or gone where this kind matters.
    effect: what the thing blocks, or why it costs money. price: the row of service_prices.json; per: the path of the
    number of its units, by default the hours of a month.
    awaited: of the things with these values, that a controller deletes them by itself; None: of none.
    """

    kind: str
    find: str
    listed: str
    name: str
    delete: str
    effect: str
    where: Mapping[str, str | None] = field(default_factory=dict)
    cluster: Literal["up", "gone", "either"] = "either"
    price: str = ""
    per: str = ""
    awaited: Mapping[str, str | None] | None = None


_DURATION = re.compile(r"\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+")  # of Go
_PART = re.compile(r"([\d.]+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


_LONGEST_SECONDS = (2**63 - 1) / 1e9  # a duration of Go is a number of nanoseconds


def is_protected(pod: Mapping[str, Any], now: datetime) -> bool:
    """Returns whether Karpenter does not evict a pod: for ever, or until it has run as long as its annotation says.

    Source: Karpenter v1.14, pkg/utils/pod/scheduling.go (IsDisruptable); read 2026-11.
    """
    metadata, status = pod["metadata"], pod.get("status") or {}
    value = (metadata.get("annotations") or {}).get("karpenter.sh/do-not-disrupt", "")
    if status.get("phase") in ("Succeeded", "Failed") or metadata.get("deletionTimestamp"):
        return False
    if value == "true" or not _DURATION.fullmatch(value):
        return bool(value == "true")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value))
    if seconds > _LONGEST_SECONDS:
        return False  # no duration of Go, so Karpenter takes it for nothing
    duration = timedelta(seconds=seconds)
    started = status.get("startTime")
    return bool(duration) and (started is None or now - datetime.fromisoformat(started) < duration)


BALANCERS_CONTROLLER: Final = (
    "kubectl get deployments --all-namespaces --selector app.kubernetes.io/name=aws-load-balancer-controller "
    "--output json"
)
"""What shows whether the AWS Load Balancer Controller runs, which deletes what it made."""

_IN_SUBNETS = "its network interfaces keep subnets, security groups and the VPC"
_KEEP_NODES = "they keep their node, it keeps the EC2NodeClass, and destroy fails after ten minutes"


def _objects(kind: str, plural: str, effect: str, where: Mapping[str, str | None] | None = None) -> Leftover:
    """Returns the row of a kind of Kubernetes whose objects are in namespaces."""
    return Leftover(
        kind=kind,
        find=f"kubectl get {plural} --all-namespaces --output json",
        listed="items",
        where=where or {},
        name="{metadata namespace}/{metadata name}",
        delete=f"kubectl delete {plural} {{metadata name}} --namespace {{metadata namespace}} --timeout=10m",
        effect=effect,
        cluster="up",
    )


def _makers(kind: str, effect: str, where: Mapping[str, str | None]) -> Leftover:
    """Returns the row of what makes the pods that have these values."""
    delete = "kubectl delete {owner} --namespace {metadata namespace} --timeout=10m"
    return replace(_objects(kind, "pods", effect, where), name="{metadata namespace}/{maker}", delete=delete)


def _of_the_ebs_driver(row: Leftover) -> tuple[Leftover, ...]:
    """Returns a row for each pair of tags: before v1.58 the driver did not write the name of the cluster.

    Its own tag belongs to the older pair, because nodes and their disks have `kubernetes.io/cluster/` too.
    """
    named = "Name=tag:ebs.csi.aws.com/cluster-name,Values={cluster}"
    older = "Name=tag:kubernetes.io/cluster/{cluster},Values=owned Name=tag:ebs.csi.aws.com/cluster,Values=true"
    return tuple(replace(row, find=f"{row.find} {tags}") for tags in (named, older))


def _cached(upstream: str) -> Leftover:
    """Returns the row of what the pull-through cache of a registry has made."""
    return Leftover(
        kind="repository of the cache",
        find="aws ecr describe-repositories --region {region} --output json",
        listed="repositories",
        where={"repositoryName": f"{{prefix}}/{upstream}/*"},
        name="{repositoryName}",
        delete="aws ecr delete-repository --region {region} --repository-name {repositoryName} --force",
        effect="a pull made it, it has a copy of a public image, and ECR bills it by the GB",
    )


LEFTOVERS: Final = (
    _makers("pods with a claim", "they keep their claims", {"spec volumes * persistentVolumeClaim claimName": ""}),
    _makers(
        "pods that Karpenter may not evict",
        _KEEP_NODES,
        {"protected": ""},
    ),
    _objects(
        "PodDisruptionBudget without an allowed disruption",
        "poddisruptionbudgets",
        f"its pods cannot be evicted: {_KEEP_NODES}",
        {"status disruptionsAllowed": "0", "status expectedPods": ""},
    ),
    _objects("Service with a load balancer", "services", _IN_SUBNETS, {"spec type": "LoadBalancer"}),
    # Of any type, where annotations ask for one.
    _objects("Service with a load balancer", "services", _IN_SUBNETS, {"status loadBalancer ingress * hostname": ""}),
    _objects("Ingress", "ingresses", _IN_SUBNETS),
    _objects("Gateway", "gateways.gateway.networking.k8s.io", f"it keeps its GatewayClass, and {_IN_SUBNETS}"),
    replace(
        _objects(
            "GatewayClass",
            "gatewayclasses.gateway.networking.k8s.io",
            "it keeps the LoadBalancerConfiguration that it names",
            {"spec parametersRef group": "gateway.k8s.aws"},
        ),
        find="kubectl get gatewayclasses.gateway.networking.k8s.io --output json",
        name="{metadata name}",
        delete="kubectl delete gatewayclasses.gateway.networking.k8s.io {metadata name} --timeout=10m",
    ),
    _objects("VolumeSnapshot", "volumesnapshots.snapshot.storage.k8s.io", "its snapshot stays in AWS"),
    _objects(
        "claim",
        "persistentvolumeclaims",
        "its volume stays in AWS",
        {"metadata annotations volume.kubernetes.io/storage-provisioner": ""},
    ),
    Leftover(
        kind="NodePool with nodes",
        find="kubectl get nodeclaims.karpenter.sh --output json",
        listed="items",
        name="{metadata labels karpenter.sh/nodepool}",
        # In the foreground: the NodePool stays until Karpenter has ended its nodes. Only `=` gives the option a value.
        delete="kubectl delete nodepools.karpenter.sh {metadata labels karpenter.sh/nodepool} --cascade=foreground "
        "--timeout=20m --ignore-not-found",
        effect=_IN_SUBNETS,
        cluster="up",
    ),
    Leftover(
        kind="node of Karpenter",  # its NodePool may be gone, of a destroy that a pod on the node has stopped
        find="kubectl get nodeclaims.karpenter.sh --output json",
        listed="items",
        name="{metadata name}",
        delete="kubectl delete nodeclaims.karpenter.sh {metadata name} --timeout=20m --ignore-not-found",
        effect=_IN_SUBNETS,
        cluster="up",
    ),
    Leftover(
        kind="load balancer",
        find="aws elbv2 describe-load-balancers --region {region} --output json",
        listed="LoadBalancers",
        where={"VpcId": "{vpc}"},
        name="{LoadBalancerName}",
        delete="aws elbv2 delete-load-balancer --region {region} --load-balancer-arn {LoadBalancerArn}",
        effect=_IN_SUBNETS,
        price="load_balancer.nlb_hour",
        awaited={},
    ),
    Leftover(
        kind="classic load balancer",
        find="aws elb describe-load-balancers --region {region} --output json",
        listed="LoadBalancerDescriptions",
        where={"VPCId": "{vpc}"},
        name="{LoadBalancerName}",
        delete="aws elb delete-load-balancer --region {region} --load-balancer-name {LoadBalancerName}",
        effect=_IN_SUBNETS,
        awaited={},
    ),
    Leftover(
        kind="instance of Karpenter",
        find="aws ec2 describe-instances --region {region} --output json --filters Name=vpc-id,Values={vpc} "
        "Name=tag-key,Values=karpenter.sh/nodepool Name=instance-state-name,Values=pending,running,stopping,stopped",
        listed="Reservations * Instances",
        name="{InstanceId}, {InstanceType}",
        delete="aws ec2 terminate-instances --region {region} --instance-ids {InstanceId}",
        effect=_IN_SUBNETS,
        awaited={},
    ),
    # Where GuardDuty manages agents by itself it makes these in each VPC, again and again until a cluster is left out.
    # Source: GuardDuty user guide, "Using Infrastructure as Code (IaC) with GuardDuty automated security agents";
    # AmazonGuardDutyServiceRolePolicy (its tag); read 2026-11.
    Leftover(
        kind="endpoint of GuardDuty",
        find="aws ec2 describe-vpc-endpoints --region {region} --output json --filters Name=vpc-id,Values={vpc} "
        "Name=tag-key,Values=GuardDutyManaged",
        listed="VpcEndpoints",
        name="{VpcEndpointId}, {ServiceName}",
        delete="aws ec2 delete-vpc-endpoints --region {region} --vpc-endpoint-ids {VpcEndpointId}",
        effect=_IN_SUBNETS,
    ),
    Leftover(
        kind="security group of GuardDuty",
        find="aws ec2 describe-security-groups --region {region} --output json --filters Name=vpc-id,Values={vpc} "
        "Name=tag-key,Values=GuardDutyManaged",
        listed="SecurityGroups",
        name="{GroupId}, {GroupName}",
        delete="aws ec2 delete-security-group --region {region} --group-id {GroupId}",
        effect="it keeps the VPC",
    ),
    Leftover(
        kind="free network interface",
        find="aws ec2 describe-network-interfaces --region {region} --output json --filters "
        "Name=vpc-id,Values={vpc} Name=status,Values=available",
        listed="NetworkInterfaces",
        name="{NetworkInterfaceId}, {Description}",
        delete="aws ec2 delete-network-interface --region {region} --network-interface-id {NetworkInterfaceId}",
        effect="it keeps its subnet, its security groups and the VPC",
    ),
    Leftover(
        kind="security group of a load balancer",
        find="aws ec2 describe-security-groups --region {region} --output json --filters Name=vpc-id,Values={vpc} "
        "Name=tag-key,Values=elbv2.k8s.aws/cluster,kubernetes.io/cluster/{cluster}",
        listed="SecurityGroups",
        where={"tag aws:eks:cluster-name": None},
        name="{GroupId}, {GroupName}",
        delete="aws ec2 delete-security-group --region {region} --group-id {GroupId}",
        effect="it keeps the VPC",
        awaited={},
    ),
    Leftover(
        kind="security group of a cluster that is gone",
        find="aws ec2 describe-security-groups --region {region} --output json --filters Name=vpc-id,Values={vpc} "
        "Name=tag:aws:eks:cluster-name,Values={cluster}",
        listed="SecurityGroups",
        name="{GroupId}, {GroupName}",
        delete="aws ec2 delete-security-group --region {region} --group-id {GroupId}",
        effect="it keeps the VPC",
        cluster="gone",
    ),
    *_of_the_ebs_driver(
        Leftover(
            kind="snapshot",
            find="aws ec2 describe-snapshots --region {region} --output json --owner-ids self --filters",
            listed="Snapshots",
            # EC2 deletes none that AWS Backup manages. Source: EBS user guide, "Delete a snapshot"; read 2026-11.
            where={"tag aws:backup:source-resource": None},
            name="{SnapshotId}, {VolumeSize} GiB",
            delete="aws ec2 delete-snapshot --region {region} --snapshot-id {SnapshotId}",
            effect="it stays in AWS",
            price="ebs.snapshot",
            per="VolumeSize",
        )
    ),
    *_of_the_ebs_driver(
        Leftover(
            kind="volume",
            find="aws ec2 describe-volumes --region {region} --output json --filters",
            listed="Volumes",
            name="{VolumeId}, {Size} GiB",
            delete="aws ec2 delete-volume --region {region} --volume-id {VolumeId}",
            effect="it stays in AWS",
            price="ebs.gp3_storage",
            per="Size",
            awaited={"State": "in-use"},  # one that is free stays where its class retains it
        )
    ),
    Leftover(
        kind="log group",
        find="aws logs describe-log-groups --region {region} --output json --log-group-name-prefix "
        "/aws/eks/{cluster}/cluster",
        listed="logGroups",
        name="{logGroupName}",
        delete="aws logs delete-log-group --region {region} --log-group-name {logGroupName}",
        effect="EKS wrote to it after the cluster was deleted, and it keeps its events for ever",
        cluster="gone",
    ),
    Leftover(
        kind="log group of an add-on",
        find="aws logs describe-log-groups --region {region} --output json --log-group-name-prefix "
        "/aws/containerinsights/{cluster}/",
        listed="logGroups",
        name="{logGroupName}",
        delete="aws logs delete-log-group --region {region} --log-group-name {logGroupName}",
        effect="it keeps its events for ever",
    ),
    *map(_cached, UPSTREAMS),
)
