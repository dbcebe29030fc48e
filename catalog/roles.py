"""What people of a team may do in its namespaces: one row for each grant, with its reason. A role has those before it.

What no role has, and why: Secrets, since a list shows their values; RoleBindings, Namespaces, ResourceQuotas,
LimitRanges and NetworkPolicies, which are the team's walls; service accounts and their tokens, since pods take the
rights of those; SecretStores, PushSecrets, generators and ExternalSecrets, with which the operator reads or writes for
their makers (a team's secrets are an entry of `teams[].secrets`); Gateways and ReferenceGrants, which are doors.
Kubernetes' own ClusterRole `edit` and the access policies of EKS have several of these, so nobody of a team has them.

Kinds of an operator that a cluster does not have grant nothing. Sources: Kubernetes 1.35, "Using RBAC Authorization"
and "Role Based Access Control Good Practices"; the CRDs of the operators; read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["data-scientist", "ml-engineer", "viewer"]
READ = ("get", "list", "watch")
WRITE = (*READ, "create", "update", "patch", "delete")
CONNECT = ("get", "create")  # a WebSocket is opened by get, and needs create as well since 1.35


@dataclass(frozen=True)
class Grant:
    """A rule of a Role. group: API group; "" is that of pods. why: what it is for, or what it leaves out."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str


_VIEWER = (
    Grant("", ("pods", "services", "configmaps", "events", "persistentvolumeclaims"), READ, "what runs, and on what"),
    Grant("", ("resourcequotas", "limitranges", "serviceaccounts"), READ, "why a pod is refused"),
    Grant(
        "", ("namespaces",), ("get",), "its annotations: what its pods may have; a Role gives its own namespace alone"
    ),
    Grant("", ("pods/log",), ("get",), "what it says"),
    Grant("events.k8s.io", ("events",), READ, "what `kubectl events` reads"),
    Grant("apps", ("deployments", "statefulsets", "daemonsets", "replicasets"), READ, "what makes pods"),
    Grant("apps", ("controllerrevisions",), READ, "`kubectl rollout history`"),
    Grant("metrics.k8s.io", ("pods",), ("get", "list"), "`kubectl top`"),
    Grant("discovery.k8s.io", ("endpointslices",), READ, "which pods a Service finds"),
    Grant("batch", ("jobs", "cronjobs"), READ, "what makes pods"),
    Grant("autoscaling", ("horizontalpodautoscalers",), READ, "why there are more of them"),
    Grant("policy", ("poddisruptionbudgets",), READ, "why a node does not go"),
    Grant("networking.k8s.io", ("networkpolicies",), READ, "why a call does not arrive"),
    Grant("gateway.networking.k8s.io", ("httproutes", "grpcroutes"), READ, "where a host leads"),
    Grant("external-secrets.io", ("externalsecrets",), READ, "why a secret is not there; it shows no value"),
    Grant("kueue.x-k8s.io", ("localqueues", "workloads"), READ, "the place in the queue"),
    Grant("trainer.kubeflow.org", ("trainjobs", "trainingruntimes"), READ, "what makes pods"),
    Grant("jobset.x-k8s.io", ("jobsets",), READ, "what makes pods"),
    Grant("leaderworkerset.x-k8s.io", ("leaderworkersets",), READ, "what makes pods"),
    Grant("ray.io", ("rayjobs", "rayclusters", "rayservices"), READ, "what makes pods"),
    Grant("argoproj.io", ("workflows", "cronworkflows", "workflowtemplates"), READ, "what makes pods"),
    Grant("serving.kserve.io", ("inferenceservices", "servingruntimes"), READ, "what makes pods"),
)
_DATA_SCIENTIST = (
    Grant("batch", ("jobs",), WRITE, "a run; no bare pods, for which VPC CNI keeps no network policy"),
    Grant("trainer.kubeflow.org", ("trainjobs",), WRITE, "a training run"),
    Grant("ray.io", ("rayjobs", "rayclusters"), WRITE, "a Ray run"),
    Grant("argoproj.io", ("workflows",), WRITE, "a pipeline"),
    Grant("", ("configmaps",), WRITE, "scripts and settings of runs"),
    Grant("", ("pods/portforward",), CONNECT, "dashboards of runs; also whatever else listens in a pod"),
)
_ML_ENGINEER = (
    Grant("apps", ("deployments", "statefulsets"), WRITE, "servers"),
    Grant("apps", ("deployments/scale", "statefulsets/scale"), ("get", "update", "patch"), "`kubectl scale`"),
    Grant("autoscaling", ("horizontalpodautoscalers",), WRITE, "servers that grow"),
    Grant("policy", ("poddisruptionbudgets",), WRITE, "servers that stay up while nodes go"),
    Grant("", ("services",), WRITE, "servers that others find"),
    Grant("gateway.networking.k8s.io", ("httproutes", "grpcroutes"), WRITE, "routes of its own at the doors"),
    Grant("gateway.k8s.aws", ("targetgroupconfigurations",), WRITE, "gRPC, and health checks, behind a door"),
    Grant("batch", ("cronjobs",), WRITE, "runs at times"),
    Grant("argoproj.io", ("cronworkflows", "workflowtemplates"), WRITE, "pipelines at times"),
    Grant("jobset.x-k8s.io", ("jobsets",), WRITE, "runs of several parts"),
    Grant("leaderworkerset.x-k8s.io", ("leaderworkersets",), WRITE, "servers on several nodes"),
    Grant("ray.io", ("rayservices",), WRITE, "Ray servers"),
    Grant("serving.kserve.io", ("inferenceservices", "servingruntimes"), WRITE, "models that are served"),
    Grant("", ("persistentvolumeclaims",), ("create", "update", "patch"), "volumes; storage's claims are beside them"),
    Grant("", ("pods",), ("update", "patch", "delete"), "pods that hang; VPC CNI keeps no policies for bare ones"),
    Grant("", ("pods/exec", "pods/attach"), CONNECT, "a shell in a pod, with all that the pod has"),
)

ROLES: Mapping[str, tuple[Grant, ...]] = {
    "viewer": _VIEWER,
    "data-scientist": (*_VIEWER, *_DATA_SCIENTIST),
    "ml-engineer": (*_VIEWER, *_DATA_SCIENTIST, *_ML_ENGINEER),
}
