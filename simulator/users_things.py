"""What users put into a live cluster, and what controllers make of it in AWS: `cloud add-users-things CLUSTER`.

Resources of AWS have the form of the EC2 and Elastic Load Balancing APIs. Sources: as in catalog/leftovers.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count, product

from simulator.aws import image_pulls, tokens
from simulator.aws.access import Session
from simulator.cloud import Cloud, CloudResource
from simulator.kubernetes import gateways, load_balancers
from simulator.kubernetes.clusters import cluster_of
from simulator.kubernetes.controllers import OF, STAYS
from simulator.kubernetes.karpenter import NODE_CLAIM, NODE_POOL
from simulator.kubernetes.load_balancer_controller import ALB, GATEWAY_API, release_of
from simulator.values import Props

NAMESPACE = "users"


def add(cloud: Cloud, row: CloudResource) -> list[str]:
    """Adds everything that users may put into a cluster, as far as it has the kinds for it. Returns what was added."""
    before = {(each.type, each.id) for each in cloud.all()}
    maker = _Maker(cloud, row)
    maker.service()
    maker.door()
    maker.claim()
    maker.kept_volume()
    maker.node()
    maker.free_interface("aws-K8S-i-0123456789abcdef0")
    maker.cached_images()
    maker.guardduty()
    return [_line(each) for each in cloud.all() if (each.type, each.id) not in before]


class _Maker:
    """Makes the things in one cluster."""

    def __init__(self, cloud: Cloud, row: CloudResource) -> None:
        self._cloud, self._row, self._cluster = cloud, row, cluster_of(cloud, row)
        self._vpc = row.state["vpcConfig"]["vpcId"]
        self._numbers = count(len(cloud.all()) + 1)  # no id is of a thing in another cluster

    def service(self) -> None:
        """A Service, its load balancer in the public subnets, and the security group of this."""
        spec = {"type": "LoadBalancer", "loadBalancerClass": load_balancers.CLASS, "ports": [{"port": 443}]}
        service = self._object("v1", "Service", "api", spec=spec)
        subnets = self._subnets("kubernetes.io/role/elb")
        load_balancers.make(self._cluster, service, load_balancers.Wanted(False, "internet-facing", subnets))

    def door(self) -> None:
        """An Ingress and, where there is a class for it, a Gateway with a route: both where the controller runs."""
        if release_of(self._cluster) is None:
            return
        self._object("v1", "Service", "web", spec={"type": "NodePort", "ports": [{"port": 80}]})
        backend = {"service": {"name": "web", "port": {"number": 80}}}
        rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
        self._object(*load_balancers.INGRESS, "web", spec={"ingressClassName": "alb", "rules": [rule]})
        classes = self._cluster.of_kind(f"{GATEWAY_API}/v1", "GatewayClass")
        class_ = next((row for row in classes if gateways.controller_of(self._cluster, row.state) == ALB), None)
        if class_ is not None:
            listener = {"name": "http", "protocol": "HTTP", "port": 80}
            spec = {"gatewayClassName": class_.state["metadata"]["name"], "listeners": [listener]}
            self._object(f"{GATEWAY_API}/v1", "Gateway", "web", spec=spec)
            spec = {"parentRefs": [{"name": "web"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]}
            self._object(f"{GATEWAY_API}/v1", "HTTPRoute", "web", spec=spec)
        load_balancers.reconcile(self._cluster)

    def claim(self) -> None:
        """A StatefulSet with a pod, a claim with its volume and, where snapshots are served, a snapshot of it."""
        owner = self._object("apps/v1", "StatefulSet", "notebook", spec={"replicas": 1})
        volume = {"name": "work", "persistentVolumeClaim": {"claimName": "work-notebook-0"}}
        self._pod("notebook-0", "StatefulSet", "apps/v1", owner, {"volumes": [volume]})
        provisioner = {"volume.kubernetes.io/storage-provisioner": "ebs.csi.aws.com"}
        spec = {"storageClassName": "gp3", "resources": {"requests": {"storage": "200Gi"}}}
        claim = self._object("v1", "PersistentVolumeClaim", "work-notebook-0", {"annotations": provisioner}, spec)
        cluster = {f"kubernetes.io/cluster/{self._row.id}": "owned", "ebs.csi.aws.com/cluster-name": self._row.id}
        tags = _listed({"ebs.csi.aws.com/cluster": "true", **cluster})
        id_ = self._id("vol")
        self._aws(tokens.VOLUME, id_, {"VolumeId": id_, "Size": 200, "State": "in-use", "Tags": tags}, claim)
        if self._cluster.served("snapshot.storage.k8s.io/v1", "VolumeSnapshot"):
            spec = {"source": {"persistentVolumeClaimName": "work-notebook-0"}}
            snapshot = self._object("snapshot.storage.k8s.io/v1", "VolumeSnapshot", "before-the-upgrade", spec=spec)
            id_ = self._id("snap")
            self._aws(tokens.SNAPSHOT, id_, {"SnapshotId": id_, "VolumeSize": 200, "Tags": tags}, snapshot)

    def kept_volume(self) -> None:
        """A volume of a class that retains it, whose claim is gone, made by a driver older than v1.58."""
        tags = {f"kubernetes.io/cluster/{self._row.id}": "owned", "ebs.csi.aws.com/cluster": "true"}
        id_ = self._id("vol")
        state: Props = {"VolumeId": id_, "Size": 50, "State": "available", "Tags": _listed(tags)}
        self._aws(tokens.VOLUME, id_, state, None)

    def node(self) -> None:
        """A Job with a budget, whose pod Karpenter may not evict, and its node with its interfaces."""
        pool = next(self._cluster.of_kind(*NODE_POOL), None)
        if pool is None:
            return
        owner = self._object("batch/v1", "Job", "train", spec={"parallelism": 1})
        stays = {"karpenter.sh/do-not-disrupt": "true"}
        node, app = "ip-10-0-0-7.internal", {"app": "train"}
        self._pod("train-x7k2p", "Job", "batch/v1", owner, {"nodeName": node}, annotations=stays, labels=app)
        allows_none: Props = {"disruptionsAllowed": 0, "expectedPods": 1}
        budget: Props = {"minAvailable": 1, "selector": {"matchLabels": app}}
        self._object("policy/v1", "PodDisruptionBudget", "train", spec=budget, status=allows_none)
        name = pool.state["metadata"]["name"]
        labels = {"karpenter.sh/nodepool": name}
        reference = pool.state["spec"]["template"]["spec"]["nodeClassRef"]
        about: Props = {"spec": {"nodeClassRef": reference}, "status": {"nodeName": node}}
        claim = self._object(*NODE_CLAIM, f"{name}-5dk2m", {"labels": labels}, namespace="", **about)
        tags = _listed({f"kubernetes.io/cluster/{self._row.id}": "owned", **labels})
        id_ = self._id("i")
        state: Props = {"InstanceId": id_, "InstanceType": "p4d.24xlarge", "VpcId": self._vpc, "Tags": tags}
        instance = self._aws(tokens.INSTANCE, id_, state | {"State": {"Name": "running"}}, claim)
        subnet = self._subnets("karpenter.sh/discovery")[0]
        self._interface(subnet, "", instance)
        self._interface(subnet, f"aws-K8S-{id_}", instance, **{STAYS: True})

    def free_interface(self, description: str) -> None:
        """An interface that the VPC CNI left when the node of a managed pool ended."""
        self._interface(self._subnets("karpenter.sh/discovery")[0], description, None)

    def cached_images(self) -> None:
        """An image that a node pulled through each cache: what it may not, a pod of the stack could not either."""
        roles = {row.state["nodeRoleArn"] for row in self._cloud.of_type(tokens.NODE_GROUP) if self._of_this(row)}
        nodes = [Session(row) for row in self._cloud.of_type(tokens.ROLE) if row.state["arn"] in roles]
        rules = [row for row in self._cloud.of_type(tokens.CACHE_RULE) if row.region == self._row.region]
        for session, rule in product(nodes[:1], rules):
            image_pulls.pull(self._cloud, session, rule.region, f"{rule.id}/library/debug", "1.0")

    def guardduty(self) -> None:
        """What GuardDuty makes in the VPC of a cluster whose agent it manages: of all but those that say no."""
        if (self._row.state.get("tagsAll") or {}).get("GuardDutyManaged") == "false":
            return
        id_, group, both = self._id("vpce"), self._id("sg"), {"vpcId": self._vpc, "tags": {"GuardDutyManaged": "true"}}
        self._aws(tokens.SECURITY_GROUP, group, {"name": f"GuardDutyManagedSecurityGroup-{self._vpc}", **both}, None)
        service: Props = {"serviceName": f"com.amazonaws.{self._row.region}.guardduty-data", "privateDnsEnabled": True}
        subnets = self._subnets("karpenter.sh/discovery")[:1]
        where: Props = {"vpcEndpointType": "Interface", "subnetIds": subnets, "securityGroupIds": [group]}
        self._aws(tokens.VPC_ENDPOINT, id_, {**service, **where, **both}, None)

    def _of_this(self, group: CloudResource) -> bool:
        return group.region == self._row.region and group.state["clusterName"] == self._row.id

    def _subnets(self, tag: str) -> list[str]:
        """Returns the subnets with a tag; without any, those of the cluster."""
        rows = [row for row in self._cloud.of_type(tokens.SUBNET) if row.state.get("vpcId") == self._vpc]
        tagged = [row.id for row in rows if tag in (row.state.get("tagsAll") or row.state.get("tags") or {})]
        return tagged or list(self._row.state["vpcConfig"]["subnetIds"])

    def _id(self, prefix: str) -> str:
        return f"{prefix}-0{next(self._numbers):016x}"

    def _interface(self, subnet: str, description: str, of: CloudResource | None, **more: object) -> None:
        id_ = self._id("eni")
        state: Props = {"NetworkInterfaceId": id_, "Description": description, "VpcId": self._vpc, "SubnetId": subnet}
        self._aws(tokens.NETWORK_INTERFACE, id_, state | {"Status": "in-use" if of else "available", **more}, of)

    def _aws(self, type_: str, id_: str, state: Props, of: CloudResource | None) -> CloudResource:
        owner = {OF: [of.type, of.id]} if of else {}
        return self._cloud.put(type_, id_, {**state, "region": self._row.region, **owner})

    def _pod(self, name: str, kind: str, version: str, of: CloudResource, spec: Props, **metadata: Props) -> None:
        owner = {"apiVersion": version, "kind": kind, "name": of.state["metadata"]["name"], "controller": True}
        pod = self._object("v1", "Pod", name, {"ownerReferences": [owner], **metadata}, spec)
        self._cloud.put(pod.type, pod.id, pod.state | {OF: [of.type, of.id]}, region=pod.region)

    def _object(
        self,
        version: str,
        kind: str,
        name: str,
        metadata: Props | None = None,
        spec: Props | None = None,
        namespace: str = NAMESPACE,
        **more: Props,
    ) -> CloudResource:
        named = {"name": name, **({"namespace": namespace} if namespace else {})}
        state: Props = {"apiVersion": version, "kind": kind, "metadata": {**(metadata or {}), **named}}
        self._cluster.put(state | ({"spec": spec} if spec else {}) | more, namespace)
        row = self._cluster.get(version, kind, namespace, name)
        assert row is not None
        return row


def _line(row: CloudResource) -> str:
    kind = row.state.get("kind")
    return f"{kind} {row.id.partition('/')[2]}" if kind else f"{row.type} {row.id}"


def _listed(tags: Mapping[str, str]) -> list[Props]:
    """Returns tags as EC2 lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
