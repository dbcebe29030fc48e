"""`kubectl` and `aws` in the simulated cloud, as far as retire, scale and upgrade-check need them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.aws import tokens
from simulator.cloud import Cloud, CloudResource
from simulator.kubernetes import controllers, finalizers, load_balancers
from simulator.kubernetes.clusters import EKS_CLUSTER, Cluster, cluster_of
from simulator.kubernetes.load_balancer_controller import why_gone
from simulator.values import Props


class CommandError(Exception):
    """A command failed. The text is what it said."""


def _group(row: CloudResource) -> Props:
    tags = [{"Key": key, "Value": value} for key, value in (row.state.get("tags") or {}).items()]
    return {"GroupId": row.id, "GroupName": row.state.get("name"), "VpcId": row.state.get("vpcId"), "Tags": tags}


def _endpoint(row: CloudResource) -> Props:
    tags = [{"Key": key, "Value": value} for key, value in (row.state.get("tags") or {}).items()]
    service, vpc = row.state["serviceName"], row.state["vpcId"]
    return {"VpcEndpointId": row.id, "ServiceName": service, "VpcId": vpc, "Tags": tags}


def _repository(row: CloudResource) -> Props:
    return {"repositoryName": row.id, "repositoryArn": row.state["arn"]}


def _log_group(row: CloudResource) -> Props:
    return {"logGroupName": row.id}


def _as_it_is(row: CloudResource) -> Props:
    return {key: value for key, value in row.state.items() if not key.startswith("__")}


# Type -> the operations that list and delete its resources, how the answer is called, and their form in it.
_TYPES: Mapping[str, tuple[str, str, str, Callable[[CloudResource], Props]]] = {
    tokens.LOAD_BALANCER: ("elbv2 describe-load-balancers", "elbv2 delete-load-balancer", "LoadBalancers", _as_it_is),
    tokens.INSTANCE: ("ec2 describe-instances", "ec2 terminate-instances", "Instances", _as_it_is),
    tokens.NETWORK_INTERFACE: (
        *("ec2 describe-network-interfaces", "ec2 delete-network-interface", "NetworkInterfaces"),
        _as_it_is,
    ),
    tokens.SECURITY_GROUP: ("ec2 describe-security-groups", "ec2 delete-security-group", "SecurityGroups", _group),
    tokens.VPC_ENDPOINT: ("ec2 describe-vpc-endpoints", "ec2 delete-vpc-endpoints", "VpcEndpoints", _endpoint),
    tokens.REPOSITORY: ("ecr describe-repositories", "ecr delete-repository", "repositories", _repository),
    tokens.SNAPSHOT: ("ec2 describe-snapshots", "ec2 delete-snapshot", "Snapshots", _as_it_is),
    tokens.VOLUME: ("ec2 describe-volumes", "ec2 delete-volume", "Volumes", _as_it_is),
    tokens.LOG_GROUP: ("logs describe-log-groups", "logs delete-log-group", "logGroups", _log_group),
}
_FILTERS = {"vpc-id": "VpcId", "status": "Status"}
_KINDS = {
    "pod": ("v1", "Pod"),
    "pods": ("v1", "Pod"),
    "services": ("v1", "Service"),
    "ingresses": ("networking.k8s.io/v1", "Ingress"),
    "gateways.gateway.networking.k8s.io": ("gateway.networking.k8s.io/v1", "Gateway"),
    "gatewayclasses.gateway.networking.k8s.io": ("gateway.networking.k8s.io/v1", "GatewayClass"),
    "volumesnapshots.snapshot.storage.k8s.io": ("snapshot.storage.k8s.io/v1", "VolumeSnapshot"),
    "persistentvolumeclaims": ("v1", "PersistentVolumeClaim"),
    "poddisruptionbudgets": ("policy/v1", "PodDisruptionBudget"),
    "nodeclaims.karpenter.sh": ("karpenter.sh/v1", "NodeClaim"),
    "nodepools.karpenter.sh": ("karpenter.sh/v1", "NodePool"),
}


@dataclass
class Clients:
    """The two commands. cluster: the current context of kubectl."""

    cloud: Cloud
    cluster: Cluster | None = field(default=None, init=False)

    def run(self, words: Sequence[str]) -> str:
        """Runs a command line and returns its output. Raises CommandError with what it said."""
        if words[0] == "kubectl":
            return self._kubectl(words[1], words[2:])
        api, options = " ".join(words[1:3]), _options(words[3:])
        if api == "eks update-kubeconfig":
            return self._update_kubeconfig(options["name"][0])
        region = options["region"][0]
        if api.endswith(("list-nodegroups", "describe-nodegroup", "update-nodegroup-config")):
            return json.dumps(self._node_groups(options["cluster-name"][0], region, options))
        if api == "eks list-insights":  # nothing calls the simulated API servers but the stack itself
            return json.dumps({"insights": []})
        if api == "elb describe-load-balancers":  # the simulated controllers make none
            return json.dumps({"LoadBalancerDescriptions": []})
        type_ = next(type_ for type_, operations in _TYPES.items() if api in operations)
        _, deletes, listed, form = _TYPES[type_]
        if api == deletes:
            self._delete(type_, next(iter(options.get("repository-name", ())), words[-1]), region)
            return ""
        rows = (form(row) for row in self.cloud.of_type(type_) if row.region in ("", region))
        prefix = options.get("log-group-name-prefix", [""])[0]
        found = [
            row for row in rows if row.get("logGroupName", "").startswith(prefix) and _passes(row, options["filters"])
        ]
        return json.dumps({"Reservations": [{"Instances": found}]} if listed == "Instances" else {listed: found})

    def _update_kubeconfig(self, name: str) -> str:
        row = self.cloud.get(EKS_CLUSTER, name)
        if row is None:
            raise CommandError(f"ResourceNotFoundException: No cluster found for name: {name}.")
        self.cluster = cluster_of(self.cloud, row)
        return ""

    def _node_groups(self, cluster: str, region: str, options: Mapping[str, list[str]]) -> Props:
        """Lists the node groups of a cluster, or shows one, or sets its desired size."""
        found = (row for row in self.cloud.of_type(tokens.NODE_GROUP) if row.region == region)
        groups = {row.id.partition(":")[2]: row for row in found if row.id.startswith(f"{cluster}:")}
        if "nodegroup-name" not in options:
            return {"nodegroups": list(groups)}
        name = options["nodegroup-name"][0]
        if name not in groups:
            raise CommandError(f"ResourceNotFoundException: No node group found for name: {name}.")
        row = groups[name]
        sizes = {key: int(size) for key, size in row.state["scalingConfig"].items()}
        if wanted := options.get("scaling-config"):
            sizes |= {"desiredSize": int(wanted[0].removeprefix("desiredSize="))}
            self.cloud.put(row.type, row.id, {**row.state, "scalingConfig": sizes}, region=region)
        return {"nodegroup": {"nodegroupName": name, "scalingConfig": sizes, "status": row.state["status"]}}

    def _kubectl(self, verb: str, words: Sequence[str]) -> str:
        if self.cluster is None:
            raise CommandError("The connection to the server localhost:8080 was refused")
        if words[0] == "deployments":  # only that of the load balancers' controller is asked for
            return json.dumps({"items": [] if why_gone(self.cluster) else [{"status": {"availableReplicas": 1}}]})
        version, kind = self._kind(words[0])
        if not (self.cluster.builtin(version, kind) or self.cluster.served(version, kind)):
            raise CommandError(f'error: the server doesn\'t have a resource type "{words[0]}"')
        if verb == "get" and words[1].startswith("--"):
            return json.dumps({"items": [_as_it_is(row) for row in self.cluster.of_kind(version, kind)]})
        row = self.cluster.get(version, kind, _options(words[2:]).get("namespace", [""])[0], words[1])
        if row is None and "--ignore-not-found" in words:
            return ""
        if row is None:
            raise CommandError(f'Error from server (NotFound): {words[0]} "{words[1]}" not found')
        if verb == "get":
            return json.dumps(_as_it_is(row))
        if kept_by := controllers.why_kept(self.cluster, row) or finalizers.why_kept(self.cluster, row.state):
            raise CommandError(f"error: timed out waiting for the condition on {words[0]}/{words[1]}: {kept_by}")
        if not controllers.makes_again(self.cluster, row):
            controllers.delete(self.cloud, row)
            load_balancers.reconcile(self.cluster)
        return ""

    def _kind(self, word: str) -> tuple[str, str]:
        """Returns apiVersion and kind of `services` or `StatefulSet.v1.apps`."""
        if word in _KINDS:
            return _KINDS[word]
        kind, version, group = word.split(".", 2)
        return f"{group}/{version}".removeprefix("/"), kind

    def _delete(self, type_: str, id_: str, region: str) -> None:
        row = self.cloud.get(type_, id_, region)
        if row is None:
            raise CommandError(f"An error occurred (NotFound): {id_} does not exist")
        interfaces = self.cloud.of_type(tokens.NETWORK_INTERFACE)
        if type_ == tokens.SECURITY_GROUP and any(
            group["GroupId"] == id_ for each in interfaces for group in each.state.get("Groups", ())
        ):
            raise CommandError(f"An error occurred (DependencyViolation): resource {id_} has a dependent object")
        if row.state.get(load_balancers.PROTECTED):
            name = row.state["LoadBalancerName"]
            raise CommandError(
                f"An error occurred (OperationNotPermitted): Load balancer '{name}' cannot be deleted because deletion "
                "protection is enabled"
            )
        controllers.delete(self.cloud, row)


def _options(words: Iterable[str]) -> dict[str, list[str]]:
    """Returns option -> its values."""
    options: dict[str, list[str]] = {"filters": []}
    name = ""
    for word in words:
        if word.startswith("--"):
            name = word.removeprefix("--")
            options.setdefault(name, [])
        else:
            options.setdefault(name, []).append(word)
    return options


def _passes(row: Props, filters: Iterable[str]) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in row.get("Tags") or ()}
    for each in filters:
        name, values = (part.partition("=")[2] for part in each.split(",", 1))
        wanted = values.split(",")
        present: Sequence[Any] = (
            list(tags)
            if name == "tag-key"
            else [row["State"]["Name"]]
            if name == "instance-state-name"
            else [tags.get(name.removeprefix("tag:"))]
            if name.startswith("tag:")
            else [row.get(_FILTERS[name])]
        )
        if not set(wanted) & set(present):
            return False
    return True
