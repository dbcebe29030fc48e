"""A cloud for component tests: same name, same id; unknown at preview what AWS leaves unknown; strangers refused."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor, Mocks, set_mocks, test
from pulumi.runtime.proto import callback_pb2, resource_pb2
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.sync_await import _sync_await

ACCOUNT, REGION = "123456789012", "us-west-2"
ZONES = [f"{REGION}{letter}" for letter in "abcd"]

# Type -> (prefix of its ids, outputs that only AWS knows). Any other type is refused by name.
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "aws:autoscaling/schedule:Schedule": ("", ()),
    "aws:backup/plan:Plan": ("", ("arn",)),
    "aws:backup/selection:Selection": ("", ()),
    "aws:backup/vault:Vault": ("", ("arn",)),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": ("", ()),
    "aws:cloudwatch/eventRule:EventRule": ("", ("arn",)),
    "aws:cloudwatch/eventTarget:EventTarget": ("", ()),
    "aws:cloudwatch/logGroup:LogGroup": ("", ("arn",)),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ("sg", ()),
    "aws:ec2/eip:Eip": ("eipalloc", ("allocationId",)),
    "aws:ec2/flowLog:FlowLog": ("fl", ()),
    "aws:ec2/internetGateway:InternetGateway": ("igw", ()),
    "aws:ec2/launchTemplate:LaunchTemplate": ("lt", ("latestVersion",)),
    "aws:ec2/natGateway:NatGateway": ("nat", ()),
    "aws:ec2/placementGroup:PlacementGroup": ("pg", ()),
    "aws:ec2/route:Route": ("r", ()),
    "aws:ec2/routeTable:RouteTable": ("rtb", ()),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ("rtbassoc", ()),
    "aws:ec2/securityGroup:SecurityGroup": ("sg", ()),
    "aws:ec2/subnet:Subnet": ("subnet", ()),
    "aws:ec2/vpc:Vpc": ("vpc", ()),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("vpce", ()),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": ("vpc-cidr-assoc", ()),
    "aws:efs/accessPoint:AccessPoint": ("fsap", ("arn",)),
    "aws:efs/fileSystem:FileSystem": ("fs", ("arn",)),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": ("", ()),
    "aws:efs/mountTarget:MountTarget": ("fsmt", ()),
    "aws:efs/replicationConfiguration:ReplicationConfiguration": ("", ()),
    "aws:eks/accessEntry:AccessEntry": ("", ()),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": ("", ()),
    "aws:eks/addon:Addon": ("", ()),
    "aws:eks/cluster:Cluster": ("", ("endpoint",)),
    "aws:eks/nodeGroup:NodeGroup": ("", ("resources",)),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": ("a", ()),
    "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation": ("dra", ("arn",)),
    "aws:fsx/lustreFileSystem:LustreFileSystem": ("fs", ("arn", "dnsName", "mountName")),
    "aws:iam/role:Role": ("", ("arn",)),
    "aws:iam/rolePolicy:RolePolicy": ("", ()),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("", ()),
    "aws:kms/alias:Alias": ("", ()),
    "aws:kms/key:Key": ("", ("arn", "keyId")),
    "aws:s3/bucket:Bucket": ("", ("arn",)),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("", ()),
    "aws:s3/bucketLogging:BucketLogging": ("", ()),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": ("", ()),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("", ()),
    "aws:s3/bucketPolicy:BucketPolicy": ("", ()),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ("", ()),
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": ("", ()),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("", ()),
    "aws:s3/bucketVersioning:BucketVersioning": ("", ()),
    "aws:servicequotas/serviceQuota:ServiceQuota": ("", ("arn",)),
    "aws:sqs/queue:Queue": ("", ("arn", "url")),
    "aws:sqs/queuePolicy:QueuePolicy": ("", ()),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("sgr", ()),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("sgr", ()),
    "eks:index:Cluster": ("", ("kubeconfigJson", "clusterSecurityGroupId")),
    "kubernetes:cert-manager.io/v1:ClusterIssuer": ("", ()),
    "kubernetes:core/v1:Namespace": ("", ()),
    "kubernetes:core/v1:PersistentVolume": ("", ()),
    "kubernetes:core/v1:PersistentVolumeClaim": ("", ()),
    "kubernetes:helm.sh/v3:Release": ("", ()),
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": ("", ()),
    "kubernetes:karpenter.sh/v1:NodePool": ("", ()),
    "kubernetes:karpenter.sh/v1alpha1:NodeOverlay": ("", ()),
    "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass": ("", ()),
    "kubernetes:storage.k8s.io/v1:StorageClass": ("", ()),
    "pulumi:providers:aws": ("", ()),
    "pulumi:providers:kubernetes": ("", ()),
}


@dataclass(frozen=True)
class Registered:
    """One resource as the program asked for it. `inputs` has an `Unknown` where a value is not known yet."""

    urn: str
    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    protect: bool
    retained: bool
    delete_before_replace: bool
    replace_with: frozenset[str]
    provider: str
    providers: dict[str, str]
    ignore_changes: tuple[str, ...]
    dependencies: frozenset[str]
    property_dependencies: dict[str, frozenset[str]]

    def inputs_as_text(self) -> str:
        """The same for the same inputs, whatever is unknown in them."""
        return json.dumps(self.inputs, sort_keys=True, default=lambda unknown: "?")

    def stands_on(self, other: "Registered") -> bool:
        return other.urn in self.dependencies


class _Monitor(MockMonitor):
    def __init__(self, cloud: "FakeCloud", preview: bool) -> None:
        super().__init__(cloud)
        self.cloud, self.preview = cloud, preview

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
        if urn in self.cloud.registered:
            self.cloud.failures.append(f"{urn} is registered twice")
        self.cloud.registered[urn] = _registered(urn, request, inputs)
        if not request.custom and not request.remote:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if request.type not in KINDS:
            self.cloud.failures.append(f"no such resource type here: {request.type} ({request.name})")
            return resource_pb2.RegisterResourceResponse(urn=urn, id="stranger", object=request.object)
        resource_id, state = self._created(urn, request, inputs)
        self.resources[urn] = MockMonitor.ResourceRegistration(urn, resource_id, state)
        answer = _sync_await(rpc.serialize_properties(state, {}))
        return resource_pb2.RegisterResourceResponse(urn=urn, id=resource_id, object=answer)

    def _created(self, urn: str, request: Any, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        prefix, computed = KINDS[request.type]
        digest = hashlib.sha256(request.name.encode()).hexdigest()[:17]
        resource_id = "" if self.preview else (f"{prefix}-{digest}" if prefix else request.name)
        known = {
            "arn": f"arn:aws:fake:{REGION}:{ACCOUNT}:{request.name}",
            "latestVersion": 1,
            "resources": [{"autoscalingGroups": [{"name": f"eks-{request.name}-1a2b3c4"}]}],
        }
        state = dict(inputs)
        for output in computed:
            state[output] = rpc.UNKNOWN if self.preview else known.get(output, f"{output}-of-{request.name}")
        if request.type == "eks:index:Cluster":
            state["eksCluster"] = self._control_plane(urn, request, inputs)
        elif request.type == "aws:iam/role:Role":
            state.setdefault("name", rpc.UNKNOWN if self.preview else f"{request.name}-1a2b3c4")
        return resource_id, state

    def _control_plane(self, urn: str, request: Any, inputs: dict[str, Any]) -> dict[str, Any]:
        """pulumi-eks answers with a reference to the cluster it made, whose name is known before its id."""
        child = self.make_urn(urn, "aws:eks/cluster:Cluster", f"{request.name}-eksCluster")
        endpoint = rpc.UNKNOWN if self.preview else f"https://{request.name}.eks.amazonaws.com"
        state = {"name": inputs["name"], "endpoint": endpoint}
        child_id = "" if self.preview else inputs["name"]
        self.resources[child] = MockMonitor.ResourceRegistration(child, child_id, state)
        return {rpc._special_sig_key: rpc._special_resource_sig, "urn": child, "id": child_id, "packageVersion": ""}


class _Callbacks:
    """Transforms are for the children of remote components, and those do not appear here."""

    def register_transform(self, transform: Any) -> Any:
        return callback_pb2.Callback(token=str(id(transform)))

    async def shutdown(self) -> None:
        pass


def _registered(urn: str, request: Any, inputs: dict[str, Any]) -> Registered:
    return Registered(
        urn=urn,
        type=request.type,
        name=request.name,
        inputs=inputs,
        parent=request.parent,
        protect=request.protect,
        retained=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace,
        replace_with=frozenset(request.replace_with),
        provider=request.provider,
        providers=dict(request.providers),
        ignore_changes=tuple(request.ignoreChanges),
        dependencies=frozenset(request.dependencies),
        property_dependencies={k: frozenset(v.urns) for k, v in request.propertyDependencies.items()},
    )


@dataclass
class FakeCloud(Mocks):
    """Builds components and remembers what they registered."""

    registered: dict[str, Registered] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def build(self, make: Callable[[], Any], preview: bool = False) -> Any:
        """Run a piece of program until everything is registered; what it registered before is forgotten."""
        self.registered.clear()
        made: list[Any] = []
        set_mocks(self, project="ml-platform", stack="test", preview=preview, monitor=_Monitor(self, preview))
        SETTINGS.callbacks = _Callbacks()

        @test
        def program() -> None:
            made.append(make())

        program()
        assert not self.failures, "\n".join(self.failures)
        return made[0]

    def new_resource(self, args: Any) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError(f"nothing here reads {args.typ} from the cloud")

    def call(self, args: Any) -> Any:
        self.calls.append(args.token)
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": ACCOUNT}
        if args.token == "aws:index/getAvailabilityZones:getAvailabilityZones":
            return {"names": ZONES}
        raise NotImplementedError(f"no such function here: {args.token}")

    def all(self, resource_type: str) -> list[Registered]:
        """Everything of one type, by the end of its token, e.g. `ec2/subnet:Subnet`."""
        return [r for r in self.registered.values() if r.type.endswith(resource_type)]

    def one(self, resource_type: str, name: str | None = None) -> Registered:
        found = [r for r in self.all(resource_type) if name is None or r.name == name]
        assert len(found) == 1, f"{resource_type} {name}: {[r.name for r in self.all(resource_type)]}"
        return found[0]

    def names(self, resource_type: str) -> set[str]:
        return {r.name for r in self.all(resource_type)}

    def custom(self) -> Iterator[Registered]:
        return (r for r in self.registered.values() if not r.type.startswith("mlplatform:"))


def known(value: Any) -> bool:
    return not isinstance(value, pulumi.output.Unknown)


def resolved(output: pulumi.Output[Any]) -> Any:
    """The value of an output, once everything is built."""
    return _sync_await(output.future())
