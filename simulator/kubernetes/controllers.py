"""What controllers made of an object, and delete with it: load balancers, volumes, nodes, and their interfaces.

A thing that is made `of` another one goes with it. An interface that the VPC CNI made stays, free, when its node ends.
Sources: amazon-vpc-cni-k8s issue 1223; as in catalog/leftovers.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from catalog.leftovers import is_protected
from simulator.cloud import Cloud, CloudResource
from simulator.kubernetes.clusters import Cluster, token
from simulator.kubernetes.karpenter import NODE_CLAIM, NODE_POOL
from simulator.values import Props

OF = "__of"
STAYS = "__stays"


def delete(cloud: Cloud, thing: CloudResource) -> None:
    """Deletes a thing with all that controllers made of it. What the VPC CNI made stays, and is free."""
    cloud.delete(thing.type, thing.id, thing.region)
    for each in made_of(cloud, thing):
        if STAYS in each.state:
            state = {key: value for key, value in each.state.items() if key not in (OF, STAYS)}
            cloud.put(each.type, each.id, state | {"Status": "available"}, region=each.region)
        else:
            delete(cloud, each)


def made_of(cloud: Cloud, thing: CloudResource) -> list[CloudResource]:
    """Returns what controllers made of a thing. Nodes belong to the NodePool that their claim names.

    A cluster of another region may have a thing of the same name.
    """

    def is_near(each: CloudResource) -> bool:
        return each.region == thing.region or "" in (each.region, thing.region)

    if thing.type == token(*NODE_POOL):
        cluster = thing.id.partition("/")[0]
        rows = (each for each in cloud.of_type(token(*NODE_CLAIM)) if each.id.startswith(f"{cluster}/"))
        name = thing.state["metadata"]["name"]
        named = (each for each in rows if each.state["metadata"]["labels"]["karpenter.sh/nodepool"] == name)
        return [each for each in named if is_near(each)]
    return [each for each in cloud.all() if each.state.get(OF) == [thing.type, thing.id] and is_near(each)]


def makes_again(cluster: Cluster, thing: CloudResource) -> bool:
    """Returns whether the controller of a thing is there, and makes it again at once."""
    metadata = thing.state["metadata"]
    owners = (each for each in metadata.get("ownerReferences", ()) if each.get("controller"))
    namespace = metadata.get("namespace", "")
    return any(cluster.get(each["apiVersion"], each["kind"], namespace, each["name"]) for each in owners)


def why_kept(cluster: Cluster, thing: CloudResource) -> str:
    """Returns which pod keeps a claim, or the nodes of a NodePool, from being deleted; "" when there is none."""
    claims = [thing] if thing.type == token(*NODE_CLAIM) else made_of(cluster.cloud, thing)
    nodes = {each.state["status"]["nodeName"] for each in claims if each.type == token(*NODE_CLAIM)}
    for pod in cluster.of_kind("v1", "Pod"):
        metadata, spec = pod.state["metadata"], pod.state["spec"]
        stays = is_protected(pod.state, datetime.now(UTC)) or _has_a_budget(cluster, metadata)
        if (stays and spec.get("nodeName") in nodes) or thing.id in _claims_of_a_pod(cluster, metadata, spec):
            return f"pod {metadata['namespace']}/{metadata['name']}"
    return ""


def _has_a_budget(cluster: Cluster, metadata: Props) -> bool:
    """Returns whether a PodDisruptionBudget allows no eviction of a pod, or two select it."""
    labels = (metadata.get("labels") or {}).items()
    of_it = [
        budget.state.get("status") or {}
        for budget in cluster.of_kind("policy/v1", "PodDisruptionBudget")
        if budget.state["metadata"]["namespace"] == metadata["namespace"]
        and (selector := budget.state["spec"].get("selector")) is not None
        and (selector.get("matchLabels") or {}).items() <= labels
    ]
    return len(of_it) > 1 or any(each.get("expectedPods") and not each.get("disruptionsAllowed") for each in of_it)


def _claims_of_a_pod(cluster: Cluster, metadata: Props, spec: Props) -> Iterator[str]:
    for volume in spec.get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if name:
            yield f"{cluster.name}/{metadata['namespace']}/{name}"
