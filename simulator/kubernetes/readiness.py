"""Readiness: whether the controller of a custom resource would mark it ready, for programs that wait for it.

One condition is simulated, and for other kinds than those of Karpenter, cert-manager and trust-manager it becomes true.
Kinds of the Gateway API have more than one: gateways.py.
Sources: pulumi-kubernetes, provider/pkg/metadata/overrides.go; Karpenter, pkg/apis/v1/ec2nodeclass_status.go and
controllers of nodeclass and nodepool readiness; read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.requirements import CAPACITY_TYPE, fits
from simulator.kubernetes import certificates, external_secrets, gateways
from simulator.kubernetes.clusters import Cluster
from simulator.kubernetes.karpenter import NODE_CLASS, NODE_OVERLAY, NODE_POOL, node_class_of
from simulator.values import Props, has_unknown

WAIT_FOR, SKIP = "pulumi.com/waitFor", "pulumi.com/skipAwait"
_CONTROLLERS = {  # API group -> the chart whose controller sets the conditions
    NODE_CLASS[0].split("/")[0]: "karpenter",
    NODE_POOL[0].split("/")[0]: "karpenter",
    "cert-manager.io": "cert-manager",
    "trust.cert-manager.io": "trust-manager",
    "external-secrets.io": external_secrets.CHART,
}


def waited_for(state: Props) -> list[str]:
    """Returns the conditions that the provider waits for. Raises ValueError when the annotation is not valid."""
    annotations = state["metadata"].get("annotations") or {}
    text = annotations.get(WAIT_FOR) if isinstance(annotations, Mapping) else None
    if not isinstance(text, str) or not text or annotations.get(SKIP) == "true":
        return []
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = text
    expressions = parsed if isinstance(parsed, list) else [text]
    if not expressions:
        raise ValueError("at least one condition must be specified")
    for expression in expressions:
        if not str(expression).startswith(("jsonpath=", "condition=")):
            raise ValueError(f'expected a "jsonpath=" or "condition=" prefix, got "{expression}"')
    return [str(expression) for expression in expressions]


def why_daemons_may_wait(state: Props, patch: Props) -> str:
    """Returns what the provider's wait for the pods of a patched DaemonSet may fail of; "" where it waits for none.

    Source: pulumi-kubernetes, provider/pkg/await/await.go, Creation, by the kind of what was patched, and
    daemonset.go; read 2026-11.
    """
    if (state["apiVersion"], state["kind"]) != ("apps/v1", "DaemonSet"):
        return ""
    skips = (patch["metadata"].get("annotations") or {}).get(SKIP) == "true"
    priority = str(state["spec"]["template"]["spec"].get("priorityClassName", ""))
    if skips or priority.startswith("system-"):
        return ""
    return (
        f"the provider waits until each node has a ready pod of {state['metadata']['name']}. They end no "
        f"other pods, so one full node fails `up` after 10 minutes. Annotate the patch with {SKIP}."
    )


def status_of(state: Props) -> Props:
    """Returns the status by which a controller says that an object is ready."""
    if gateways.is_ours(state):
        return gateways.status_of(state)
    return {"conditions": [{"type": each, "status": "True"} for each in _conditions(state)]}


def _conditions(state: Props) -> tuple[str, ...]:
    if gateways.is_ours(state):
        return gateways.conditions_of(state)
    return ("Synced",) if (state["apiVersion"], state["kind"]) == certificates.BUNDLE else ("Ready",)


def is_simulated(state: Props, condition: str) -> bool:
    """Returns whether the simulator knows if an expression such as `condition=Ready` becomes true."""
    if gateways.is_ours(state):
        return True
    only_one = (state["apiVersion"], state["kind"]) in certificates.KINDS
    return condition in ("condition=Ready", "condition=Ready=True") or (only_one and condition.startswith("condition="))


def why_not_ready(cluster: Cluster, state: Props, wanted: Sequence[str] = ()) -> str:
    """Returns what keeps the controller from marking the object ready; "" when it is ready.

    wanted: the expressions that a program waits for. Without them, whatever says that it is ready.
    """
    conditions = [f"condition={each}" for each in _conditions(state)]
    never = (
        gateways.never_met(state, wanted)
        if gateways.is_ours(state)
        else [each for each in wanted if each.removesuffix("=True") not in conditions]
    )
    if never:
        has = ", ".join(_conditions(state)) or "none of its own"
        return f"no controller gives a {state['kind']} this: {', '.join(never)}. It has {has}"
    if gateways.is_ours(state):
        return gateways.why_not_ready(cluster, state, wanted)
    identity = (state["apiVersion"], state["kind"])
    chart = _CONTROLLERS.get(state["apiVersion"].split("/")[0])
    if chart is not None and not _is_installed(cluster, chart):
        return f"no release of chart {chart} runs in the cluster, and its controller sets the condition"
    if identity == NODE_CLASS and not has_unknown(state.get("spec")):
        return ". ".join(_missing(cluster, state["spec"]))
    if identity == NODE_POOL and (name := node_class_of(state)) is not None:
        node_class = cluster.get(*NODE_CLASS, "", name)
        if node_class is None:
            return f"NodeClassReady: EC2NodeClass {name} does not exist"
        reason = why_not_ready(cluster, node_class.state)
        return reason and f"NodeClassReady: EC2NodeClass {name} is not ready: {reason}"
    if (why := certificates.why_not_ready(cluster, state)) is not None:
        return why
    if (why := external_secrets.why_not_ready(cluster, state)) is not None:
        return why
    if identity == NODE_OVERLAY and not _overlays_are_on(cluster):
        return "the feature gate nodeOverlay of Karpenter is off, so nothing reads the object"
    return ""


def why_no_spot(cluster: Cluster, state: Props) -> str:
    """Returns why Karpenter could start no spot instance of a NodePool that allows them; "" when it could.

    A new account has no AWSServiceRoleForEC2Spot, and EC2 makes it with the rights of the caller. Karpenter's rights
    are only known when a Pod Identity association gives them.
    Source: https://karpenter.sh/v1.14/troubleshooting/, "Missing Service Linked Role", read 2026-11.
    """
    if (state["apiVersion"], state["kind"]) != NODE_POOL or has_unknown(state.get("spec")):
        return ""
    requirements = state["spec"].get("template", {}).get("spec", {}).get("requirements") or []
    kinds = [each for each in requirements if each.get("key") == CAPACITY_TYPE]
    if not all(fits(each, "spot") for each in kinds):
        return ""
    roles = cluster.cloud.of_type("aws:iam/serviceLinkedRole:ServiceLinkedRole")
    associations = cluster.cloud.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    rights = [
        policy.state["policy"]
        for association in associations
        if (association.state["clusterName"], association.state["serviceAccount"]) == (cluster.name, "karpenter")
        for policy in cluster.cloud.of_type("aws:iam/rolePolicy:RolePolicy")
        if policy.state["role"] == association.state["roleArn"].rsplit("/", 1)[-1]
    ]
    if not rights or any(row.state.get("awsServiceName") == "spot.amazonaws.com" for row in roles):
        return ""
    if any("iam:CreateServiceLinkedRole" in policy for policy in rights):
        return ""
    return (
        "AuthFailure.ServiceLinkedRoleCreationNotPermitted: The provided credentials do not have permission to create "
        "the service-linked role for EC2 Spot Instances"
    )


def why_no_volumes(cluster: Cluster, state: Props) -> str:
    """Returns why the EBS driver could attach no volume to the nodes of an EC2NodeClass; "" when it could.

    Its cluster-scoped policy asks for a tag of the instance, which EKS only gives to node groups.
    Source: AWS managed policy AmazonEBSCSIDriverEKSClusterScopedPolicy, read 2026-11.
    """
    if (state["apiVersion"], state["kind"]) != NODE_CLASS or has_unknown(state.get("spec")):
        return ""
    driver = cluster.cloud.get("aws:eks/addon:Addon", f"{cluster.name}:aws-ebs-csi-driver", cluster.region)
    identities = driver.state.get("podIdentityAssociations") or [] if driver else []
    roles = {identity["roleArn"].rsplit("/", 1)[-1] for identity in identities}
    scoped = any(
        row.state["role"] in roles and row.state["policyArn"].endswith("/AmazonEBSCSIDriverEKSClusterScopedPolicy")
        for row in cluster.cloud.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    )
    if not scoped or (state["spec"].get("tags") or {}).get("ebs.csi.aws.com/cluster-name") == cluster.name:
        return ""
    return f"spec.tags has no ebs.csi.aws.com/cluster-name: {cluster.name}, and the policy of the driver asks for it"


def _is_installed(cluster: Cluster, chart: str) -> bool:
    return any(True for _ in cluster.releases_of(chart))


def _overlays_are_on(cluster: Cluster) -> bool:
    values = [release.get("values") or {} for release in cluster.releases_of("karpenter")]
    return any((each.get("settings") or {}).get("featureGates", {}).get("nodeOverlay") is True for each in values)


def _missing(cluster: Cluster, spec: Props) -> Iterator[str]:
    """Yields what an EC2NodeClass names that does not exist in the account."""
    role = spec.get("role")
    if role and not any(row.state.get("name") == role for row in cluster.cloud.of_type("aws:iam/role:Role")):
        yield f"InstanceProfileReady: there is no IAM role {role}"
    selected = {
        "SubnetsReady": ("subnetSelectorTerms", "aws:ec2/subnet:Subnet"),
        "SecurityGroupsReady": ("securityGroupSelectorTerms", "aws:ec2/securityGroup:SecurityGroup"),
    }
    for condition, (field, type_) in selected.items():
        terms = spec.get(field) or []
        rows = [(row.id, row.state) for row in cluster.cloud.of_type(type_)]
        if not any(_matches(term, id_, state) for term in terms for id_, state in rows):
            yield f"{condition}: spec.{field} selects nothing"
    group = (spec.get("placementGroupSelector") or {}).get("name")
    groups = cluster.cloud.of_type("aws:ec2/placementGroup:PlacementGroup")
    if group and not any(row.state.get("name") == group for row in groups):
        yield f"ValidationSucceeded: there is no placement group {group}"


def _matches(term: Mapping[str, Any], id_: str, state: Props) -> bool:
    if "id" in term:
        return bool(term["id"] == id_)
    tags = {**(state.get("tags") or {}), **(state.get("tagsAll") or {})}
    names: Sequence[Any] = (state.get("name"), tags.get("Name"))
    return ("name" not in term or term["name"] in names) and all(
        key in tags and value in ("*", tags[key]) for key, value in (term.get("tags") or {}).items()
    )
