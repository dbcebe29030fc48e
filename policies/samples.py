"""Builds pools, node classes and pods for the cases of rules. Each keeps the rules except in what a case sets."""

import json
from collections.abc import Mapping
from typing import Any

from catalog.requirements import INSTANCE_TYPE
from common.values import UNKNOWN
from policies.rule import Case

POD, DEPLOYMENT = "kubernetes:core/v1:Pod", "kubernetes:apps/v1:Deployment"
CRON_JOB, RAY_CLUSTER = "kubernetes:batch/v1:CronJob", "kubernetes:ray.io/v1:RayCluster"
A100, H100, L4, PLAIN = "p4d.24xlarge", "p5.48xlarge", "g6.xlarge", "m5.2xlarge"
TAINT = {"key": "gpu", "value": "true", "effect": "NO_SCHEDULE"}
NO_SCHEDULE = {"key": "gpu", "value": "true", "effect": "NoSchedule"}


def policy_for(principal: Any, effect: str = "Allow", path: str = "policy", **more: Any) -> dict[str, Any]:
    """Returns properties with a resource policy of one statement. more: its further elements; None leaves one out."""
    statement = {"Effect": effect, "Principal": principal, "Action": "*", "Resource": "*", **more}
    given = {key: value for key, value in statement.items() if value is not None}
    return {path: json.dumps({"Version": "2012-10-17", "Statement": [given]})}


def node_group(*types: str, sizes: tuple[int, int, int] = (0, 1, 0), **more: Any) -> dict[str, object]:
    """Returns a node group. sizes: minimum, maximum, desired."""
    scaling = dict(zip(("minSize", "maxSize", "desiredSize"), sizes, strict=True))
    return {"instanceTypes": list(types), "scalingConfig": scaling, **more}


def node_group_of_template(**more: Any) -> dict[str, object]:
    """Returns a node group whose launch template has the instance type, as a preview shows it before it is built."""
    return {**node_group(**more), "instanceTypes": UNKNOWN}


def requirement(key: str, *values: str, operator: str = "In") -> dict[str, object]:
    """Returns one requirement of a NodePool."""
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def node_pool(
    *types: str,
    name: str = "gpu",
    requirements: tuple[dict[str, object], ...] = (),
    labels: dict[str, str] | None = None,
    taints: tuple[dict[str, str], ...] = (),
    limits: dict[str, object] | None = None,
    **spec: Any,
) -> dict[str, object]:
    """Returns a NodePool. spec: more fields of its spec; the field `template` is merged into the spec of its nodes."""
    template = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name},
        "requirements": [*([requirement(INSTANCE_TYPE, *types)] if types else []), *requirements],
        **({"taints": list(taints)} if taints else {}),
        **spec.pop("template", {}),
    }
    metadata = {"metadata": {"labels": labels}} if labels else {}
    limits_field = {} if limits is None else {"limits": limits}
    return {"metadata": {"name": name}, "spec": {"template": {**metadata, "spec": template}, **limits_field, **spec}}


def node_class(name: str = "gpu", **spec: object) -> dict[str, object]:
    """Returns an EC2NodeClass."""
    return {"metadata": {"name": name}, "spec": spec}


def pod(*resources: dict[str, object], namespace: str = "", **spec: object) -> dict[str, object]:
    """Returns a Pod with one container for each entry of `resources`."""
    containers = [
        {"name": f"main-{index}", "image": "train", "resources": requested} for index, requested in enumerate(resources)
    ]
    return {"metadata": {"namespace": namespace} if namespace else {}, "spec": {"containers": containers, **spec}}


def limits(**amounts: object) -> dict[str, object]:
    """Returns resources with equal limits and requests."""
    return {"limits": amounts, "requests": amounts}


def in_every_place(container: Mapping[str, object], at: str) -> dict[str, Case]:
    """Returns bad cases: a container in each place that may have one. at: the path in it that a finding names."""
    first = "spec.containers[0]"
    template = {"spec": {"containers": [container]}}
    of_workload = {"spec": {"template": template}}
    places: dict[str, tuple[str, Mapping[str, object], str]] = {
        "a Pod": (POD, template, first),
        "a second container": (POD, {"spec": {"containers": [{"name": "x"}, container]}}, "spec.containers[1]"),
        "an init container": (POD, {"spec": {"initContainers": [container]}}, "spec.initContainers[0]"),
        "an ephemeral container": (POD, {"spec": {"ephemeralContainers": [container]}}, "spec.ephemeralContainers[0]"),
        "a Deployment": (DEPLOYMENT, of_workload, f"spec.template.{first}"),
        "a DeploymentPatch": (f"{DEPLOYMENT}Patch", of_workload, f"spec.template.{first}"),
        "a PodList": (f"{POD}List", {"items": [template]}, f"items[0].{first}"),
        "a CronJob": (CRON_JOB, {"spec": {"jobTemplate": of_workload}}, f"spec.jobTemplate.spec.template.{first}"),
        "a custom resource": (
            RAY_CLUSTER,
            {"spec": {"workerGroupSpecs": [{"template": template}]}},
            f"spec.workerGroupSpecs[0].template.{first}",
        ),
    }
    return {name: Case(props, type=kind, at=f"{path}.{at}") for name, (kind, props, path) in places.items()}


def security(**fields: object) -> dict[str, Any]:
    """Returns a container or a pod spec with a security context."""
    return {"securityContext": fields}


def pod_of(*containers: Mapping[str, object], at: str = "", namespace: str = "", **spec: Any) -> Case:
    """Returns a case: a Pod with these containers. spec: more fields of its spec. at: the path of the finding."""
    metadata = {"metadata": {"namespace": namespace}} if namespace else {}
    return Case({**metadata, "spec": {"containers": list(containers), **spec}}, type=POD, at=at)
