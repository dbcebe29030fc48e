"""Every type of resource in a stack is one that a rule about access looks at, or that is known to need none.

What a component holds is judged by itself, so a resource that has others below it is not judged here outside of AWS
and Kubernetes.
"""

from collections.abc import Collection, Iterator
from functools import cache

from catalog.charts import CHARTS
from policies.pods import pods
from policies.rule import Option, Resource, Sample, Stack, StackCase, StackRule

HARMLESS = {
    "names and marks": (
        *("autoscaling/tag:Tag", "dynamodb/tag:Tag", "ec2/tag:Tag", "ecs/tag:Tag", "kms/alias:Alias"),
        *("iam/accountAlias:AccountAlias", "lambda/alias:Alias", "resourcegroups/group:Group"),
    ),
    "DNS and certificates": (
        *("acm/certificate:Certificate", "acm/certificateValidation:CertificateValidation"),
        *("route53/record:Record", "route53/zone:Zone", "route53/zoneAssociation:ZoneAssociation"),
    ),
    "parts of a network, which rules about networks read together or AWS charges alone": (
        *("ec2/carrierGateway:CarrierGateway", "ec2/customerGateway:CustomerGateway"),
        *("ec2/networkAclAssociation:NetworkAclAssociation", "ec2/placementGroup:PlacementGroup"),
        *("ec2/vpcDhcpOptions:VpcDhcpOptions", "ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation"),
        *("ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",),
        *("ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",),
        *("ec2transitgateway/vpcAttachment:VpcAttachment", "efs/mountTarget:MountTarget"),
        *("elasticache/subnetGroup:SubnetGroup", "rds/subnetGroup:SubnetGroup"),
    ),
    "what keeps or deletes objects by their age": (
        *("ecr/lifecyclePolicy:LifecyclePolicy", "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"),
        *("s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",),
        *("s3/bucketOwnershipControls:BucketOwnershipControls", "s3/bucketMetric:BucketMetric"),
        *("s3/inventory:Inventory", "secretsmanager/secretRotation:SecretRotation"),
    ),
    "ties between resources that rules look at": (
        *("cloudwatch/eventRule:EventRule", "cloudwatch/eventTarget:EventTarget", "eks/accessEntry:AccessEntry"),
        *("fsx/dataRepositoryAssociation:DataRepositoryAssociation", "sns/topicSubscription:TopicSubscription"),
        *("iam/instanceProfile:InstanceProfile", "iam/openIdConnectProvider:OpenIdConnectProvider"),
        "iam/samlProvider:SamlProvider",
        *("iam/serviceLinkedRole:ServiceLinkedRole", "autoscaling/attachment:Attachment", "ecs/cluster:Cluster"),
        *("lb/targetGroup:TargetGroup", "lb/targetGroupAttachment:TargetGroupAttachment"),
    ),
    "what only costs, or limits costs": (
        *("autoscaling/schedule:Schedule", "budgets/budget:Budget", "ec2/capacityReservation:CapacityReservation"),
        *("ec2/eip:Eip", "ec2/natGateway:NatGateway"),
        *("s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",),
    ),
    "machines whose launch template rules read": ("ec2/fleet:Fleet",),
    "questions to AWS for more": ("servicequotas/serviceQuota:ServiceQuota",),
}
"""Why they need no rule -> types, without `aws:`."""
_HARMLESS = frozenset(f"aws:{kind}" for kinds in HARMLESS.values() for kind in kinds)

MEMORY = "aws:memorydb/cluster:Cluster"
PACKAGES = frozenset(("awsx", "eks", "mlplatform", "pulumi", "random", "std", "time", "tls"))
"""Packages beside AWS and Kubernetes that open nothing: components, whose parts are judged, and values."""
BUILT_IN = frozenset(
    (
        *("", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps", "autoscaling"),
        *("authentication.k8s.io", "authorization.k8s.io", "batch", "certificates.k8s.io", "coordination.k8s.io"),
        *("core", "discovery.k8s.io", "events.k8s.io", "flowcontrol.apiserver.k8s.io", "networking.k8s.io"),
        *("node.k8s.io", "policy", "rbac.authorization.k8s.io", "resource.k8s.io", "scheduling.k8s.io"),
        *("storage.k8s.io", "storagemigration.k8s.io"),
    )
)
"""Groups of the API server's own kinds, of which pods and permissions have rules. "": types of Pulumi itself."""
BRINGING = frozenset((("argoproj.io", "Application"), ("argoproj.io", "ApplicationSet")))
"""Kinds of the catalog's charts that bring objects from elsewhere."""


@cache
def _kinds_of_charts() -> frozenset[tuple[str, str]]:
    """Returns group and kind of each definition that the charts of the catalog bring."""
    return frozenset((crd.group, crd.kind) for chart in CHARTS.values() for crd in chart.crds) - BRINGING


def _has_whole_pods(resource: Resource) -> bool:
    """Tells whether rules about pods have read a template in it, as in jobs of the training operator."""
    return any(pod.spec.path.endswith("template.spec") for pod in pods(resource))


def _problem(stack: Stack, resource: Resource, parents: Collection[str]) -> str:
    """Returns why nobody has judged a type, "" for one that is judged or needs no rule."""
    package, _, rest = resource.type.partition(":")
    if package == "aws":
        return "" if resource.type in _HARMLESS else "which no rule about access looks at"
    if package == "kubernetes":
        group, kind = rest.rpartition("/")[0], rest.rpartition(":")[2].removesuffix("Patch").removesuffix("List")
        known = group in BUILT_IN or (group, kind) in _kinds_of_charts()
        known = known or ((group, kind) not in BRINGING and all(map(_has_whole_pods, stack.of(resource.type))))
        return "" if known else "of a group or kind that neither a rule nor a chart of the catalog knows"
    if package in PACKAGES or resource.urn in parents:
        return ""
    return f"of the package {package}, which no rule reads"


def _matches(kind: str, names: Collection[str]) -> bool:
    """Tells whether a type is one of the names; one that ends in * stands for all types with that beginning."""
    return any(kind == name or (name.endswith("*") and kind.startswith(name[:-1])) for name in names)


def check(stack: Stack, *, accepted: Collection[str]) -> Iterator[tuple[Resource, str, str]]:
    looked_at = [name for name in stack.seen if name not in ("*", "aws:*", "kubernetes:*")]
    first = {resource.type: resource for resource in reversed(stack.resources)}
    parents = {resource.parent for resource in stack.resources}
    for kind, resource in sorted(first.items()):
        if (why := _problem(stack, resource, parents)) and not _matches(kind, (*looked_at, *accepted)):
            yield resource, "type", f"is {kind}, {why}: nobody has said that it is closed"


def _of(kind: str, **options: object) -> StackCase:
    return StackCase({"a": Sample(kind)}, at=("a", "type"), options=options)


_POD = {"spec": {"containers": [{"name": "main", "image": "x"}]}}
MPI_JOB = "kubeflow.org/v2beta1:MPIJob"

RULE = StackRule(
    id="type-unseen",
    applies_to="*",
    severity="high",
    why="A database, a machine or a door of a type without rules passes every other rule of this pack.",
    fix="Look at it, and add its type to policies.type-unseen.accepted, or write a rule for it.",
    no_mend="the type stays unseen: the resource goes, or the option names it",
    dev="advisory",
    staging="advisory",
    options={
        "accepted": Option(
            "Types that somebody has looked at, such as aws:memorydb/cluster:Cluster; * at the end is any more.",
            [],
            stricter="fewer",
        )
    },
    check=check,
    good={
        "nothing set": StackCase({}),
        "types that need none": StackCase({"alias": Sample("aws:kms/alias:Alias"), "name": Sample("random:x:Pet")}),
        "a type that somebody has looked at": _of(MEMORY, accepted=[MEMORY]),
        "a package that somebody has looked at": _of("docker:x:Image", accepted=["docker:*"]),
        "a component of others": StackCase(
            {"a": Sample("acme:net:Vpc"), "b": Sample("aws:kms/alias:Alias", parent="a")}
        ),
        "jobs whose pods are read": StackCase(
            {
                f"{kind}-{name}": Sample(f"kubernetes:{kind}", {"spec": {replicas: {name: {"template": _POD}}}})
                for kind, replicas in (
                    ("kubeflow.org/v1:PyTorchJob", "pytorchReplicaSpecs"),
                    (MPI_JOB, "mpiReplicaSpecs"),
                )
                for name in ("Master", "Worker")
            }
        ),
        "kinds of Kubernetes, its own and of a chart": StackCase(
            {
                "pod": Sample("kubernetes:core/v1:PodPatch"),
                "queues": Sample("kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueueList"),
            }
        ),
    },
    bad={
        "a database": _of(MEMORY),
        "a database, where somebody has looked at others": _of(MEMORY, accepted=["docker:*", "aws:memorydb"]),
        "a machine for models": _of("aws:sagemaker/endpoint:Endpoint"),
        "a type that only a rule about GPUs reads": _of("aws:sagemaker/notebookInstance:NotebookInstance"),
        "another package for AWS": _of("aws-native:s3:Bucket"),
        "a command": _of("command:local:Command"),
        "what brings objects": _of("kubernetes:argoproj.io/v1alpha1:Application"),
        "a job, and one without pods that are read": StackCase(
            {
                "read": Sample(f"kubernetes:{MPI_JOB}", {"spec": {"mpiReplicaSpecs": {"Worker": {"template": _POD}}}}),
                "not": Sample(f"kubernetes:{MPI_JOB}", {"spec": {"suspend": True}}),
            },
            at=("read", "type"),
        ),
        "a kind that nobody knows": _of("kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication"),
        "a kind that nobody knows, in a group of a chart": _of("kubernetes:argoproj.io/v1alpha1:Sensor"),
    },
)
