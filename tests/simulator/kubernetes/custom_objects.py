"""Objects of custom kinds: good ones, and changes that the API server refuses."""

from __future__ import annotations

import copy
from typing import Any

from simulator.values import Props

POD = {"spec": {"containers": [{"name": "main", "image": "registry.invalid/main:1"}]}}
_NODE = {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["p4d.24xlarge"]}
_QUOTA = {"name": "nvidia.com/gpu", "nominalQuota": 8}


def _custom(api_version: str, kind: str, /, **content: Any) -> Props:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "example"}, **content}


GOOD: dict[str, Props] = {
    "NodePool": _custom(
        "karpenter.sh/v1",
        "NodePool",
        spec={
            "template": {
                "spec": {
                    "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "gpu"},
                    "requirements": [_NODE],
                }
            },
            "limits": {"cpu": 96},
        },
    ),
    "EC2NodeClass": _custom(
        "karpenter.k8s.aws/v1",
        "EC2NodeClass",
        spec={
            "role": "node",
            "amiSelectorTerms": [{"alias": "al2023@v20260714"}],
            "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": "main"}}],
            "securityGroupSelectorTerms": [{"id": "sg-0123456789abcdef0"}],
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": "100Gi", "volumeType": "gp3"}}],
        },
    ),
    "Certificate": _custom(
        "cert-manager.io/v1",
        "Certificate",
        spec={"secretName": "tls", "dnsNames": ["a.example.com"], "issuerRef": {"name": "ca", "kind": "ClusterIssuer"}},
    ),
    "ClusterIssuer": _custom(
        "cert-manager.io/v1",
        "ClusterIssuer",
        spec={"venafi": {"zone": "z", "cloud": {"apiTokenSecretRef": {"name": "venafi", "key": "token"}}}},
    ),
    "ClusterQueue": _custom(
        "kueue.x-k8s.io/v1beta2",
        "ClusterQueue",
        spec={
            "cohortName": "research",
            "resourceGroups": [
                {"coveredResources": ["nvidia.com/gpu"], "flavors": [{"name": "a100", "resources": [_QUOTA]}]}
            ],
        },
    ),
    "ResourceFlavor": _custom(
        "kueue.x-k8s.io/v1beta2",
        "ResourceFlavor",
        spec={"nodeLabels": {"pool": "a100"}, "topologyName": "racks", "tolerations": [{"operator": "Exists"}]},
    ),
    "ScaledObject": _custom(
        "keda.sh/v1alpha1",
        "ScaledObject",
        spec={
            "scaleTargetRef": {"name": "server"},
            "minReplicaCount": 1,
            "maxReplicaCount": 4,
            "triggers": [{"type": "prometheus", "metadata": {"query": "up", "threshold": "1"}}],
        },
    ),
    "HTTPRoute": _custom(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        spec={
            "parentRefs": [{"name": "public", "namespace": "ingress"}],
            "hostnames": ["models.example.com"],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/v1"}}],
                    "timeouts": {"request": "30s", "backendRequest": "10s"},
                    "backendRefs": [{"name": "server", "port": 80}],
                }
            ],
        },
    ),
    "RayCluster": _custom(
        "ray.io/v1",
        "RayCluster",
        spec={
            "managedBy": "ray.io/kuberay-operator",
            "headGroupSpec": {"rayStartParams": {}, "template": POD},
            "workerGroupSpecs": [
                {"groupName": "gpu", "replicas": 1, "minReplicas": 0, "maxReplicas": 4, "template": POD}
            ],
        },
    ),
    "PodMonitor": _custom(
        "monitoring.coreos.com/v1",
        "PodMonitor",
        spec={
            "selector": {"matchLabels": {"app": "server"}},
            "podMetricsEndpoints": [{"port": "metrics"}],
            "scrapeProtocols": ["PrometheusProto"],
        },
    ),
    "PrometheusRule": _custom(
        "monitoring.coreos.com/v1",
        "PrometheusRule",
        spec={
            "groups": [
                {
                    "name": "gpus",
                    "partial_response_strategy": "Warn",
                    "rules": [{"alert": "Hot", "expr": "DCGM_FI_DEV_GPU_TEMP > 90", "for": "5m"}],
                }
            ]
        },
    ),
    "VolumeSnapshotClass": _custom(
        "snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", driver="ebs.csi.aws.com", deletionPolicy="Delete"
    ),
    "VolumeSnapshot": _custom(
        "snapshot.storage.k8s.io/v1",
        "VolumeSnapshot",
        spec={"volumeSnapshotClassName": "ebs", "source": {"persistentVolumeClaimName": "data"}},
    ),
    "VolumeGroupSnapshotClass": _custom(
        "groupsnapshot.storage.k8s.io/v1", "VolumeGroupSnapshotClass", driver="ebs.csi.aws.com", deletionPolicy="Retain"
    ),
    "Server": _custom(
        "policy.linkerd.io/v1beta3",
        "Server",
        spec={"podSelector": {"matchLabels": {"app": "server"}}, "port": "http", "proxyProtocol": "HTTP/2"},
    ),
    "AuthorizationPolicy": _custom(
        "policy.linkerd.io/v1alpha1",
        "AuthorizationPolicy",
        spec={
            "targetRef": {"group": "policy.linkerd.io", "kind": "Server", "name": "server"},
            "requiredAuthenticationRefs": [{"group": "", "kind": "ServiceAccount", "name": "client"}],
        },
    ),
    "ExternalSecret": _custom(
        "external-secrets.io/v1",
        "ExternalSecret",
        spec={
            "secretStoreRef": {"name": "aws", "kind": "ClusterSecretStore"},
            "data": [{"secretKey": "token", "remoteRef": {"key": "dev/registry"}}],
        },
    ),
    "SecretStore": _custom(
        "external-secrets.io/v1",
        "SecretStore",
        spec={"provider": {"aws": {"service": "SecretsManager", "region": "us-west-2"}}},
    ),
    "JobSet": _custom(
        "jobset.x-k8s.io/v1alpha2",
        "JobSet",
        spec={
            "successPolicy": {"operator": "All"},
            "replicatedJobs": [
                {"name": "driver", "template": {"spec": {"template": POD}}},
                {
                    "name": "workers",
                    "replicas": 2,
                    "dependsOn": [{"name": "driver", "status": "Ready"}],
                    "template": {"spec": {"template": POD}},
                },
            ],
        },
    ),
    "LeaderWorkerSet": _custom(
        "leaderworkerset.x-k8s.io/v1",
        "LeaderWorkerSet",
        spec={"replicas": 2, "leaderWorkerTemplate": {"size": 4, "workerTemplate": POD}},
    ),
    "TrainJob": _custom(
        "trainer.kubeflow.org/v1alpha1", "TrainJob", spec={"runtimeRef": {"name": "torch-distributed"}}
    ),
}

# Kind, path of the change, new value (None removes the field), end of the path in the message, and a part of its text.
Wrong = tuple[str, str, Any, str, str]
WRONG_BY_SCHEMA: list[Wrong] = [
    ("NodePool", "spec.limits.cpu", "many", "spec.limits.cpu", "in body should match"),
    ("NodePool", "spec.weight", 101, "spec.weight", "should be less than or equal to 100"),
    ("EC2NodeClass", "spec.instanceStorePolicy", "RAID5", "spec.instanceStorePolicy", 'supported values: "RAID0"'),
    ("EC2NodeClass", "spec.subnetSelectorTerms", None, "spec.subnetSelectorTerms", "Required value"),
    ("Certificate", "spec.issuerRef", None, "spec.issuerRef", "Required value"),
    ("Certificate", "spec.privateKey", {"algorithm": "DSA"}, "spec.privateKey.algorithm", "Unsupported value"),
    ("ClusterIssuer", "spec.venafi.zone", 7, "spec.venafi.zone", 'must be of type string: "integer"'),
    ("ClusterQueue", "spec.queueingStrategy", "LIFO", "spec.queueingStrategy", "Unsupported value"),
    (
        "ClusterQueue",
        "spec.resourceGroups.0.flavors",
        [{"name": "a100", "resources": [_QUOTA]}] * 2,
        "flavors[1]",
        'Duplicate value: {"name":"a100"}',
    ),
    ("ScaledObject", "spec.triggers", None, "spec.triggers", "Required value"),
    ("ScaledObject", "spec.pollingInterval", 0, "spec.pollingInterval", "should be greater than or equal to 1"),
    ("HTTPRoute", "spec.rules.0.backendRefs.0.port", 70000, "backendRefs[0].port", "less than or equal to 65535"),
    ("HTTPRoute", "spec.hostnames", ["-"], "spec.hostnames[0]", "should match"),
    ("RayCluster", "spec.headGroupSpec", None, "spec.headGroupSpec", "Required value"),
    ("RayCluster", "spec.workerGroupSpecs.0.replicas", "1", "workerGroupSpecs[0].replicas", "must be of type integer"),
    ("PodMonitor", "spec.selector", None, "spec.selector", "Required value"),
    ("PodMonitor", "spec.scrapeProtocols", ["PrometheusProto"] * 2, "scrapeProtocols[1]", "Duplicate value"),
    ("PrometheusRule", "spec.groups.0.rules.0.for", "soon", "rules[0].for", "should match"),
    (
        "PrometheusRule",
        "spec.groups.0.partial_response_strategy",
        "ignore",
        "partial_response_strategy",
        "should match",
    ),
    ("VolumeSnapshotClass", "driver", None, "driver", "Required value"),
    ("VolumeSnapshotClass", "deletionPolicy", "Keep", "deletionPolicy", 'supported values: "Delete", "Retain"'),
    ("VolumeSnapshot", "spec.source", None, "spec.source", "Required value"),
    ("VolumeGroupSnapshotClass", "deletionPolicy", "Keep", "deletionPolicy", "Unsupported value"),
    ("Server", "spec.podSelector", None, "spec", "must validate one and only one schema (oneOf). Found none valid"),
    ("Server", "spec.externalWorkloadSelector", {"matchLabels": {}}, "spec", "(oneOf). Found 2 valid alternatives"),
    ("AuthorizationPolicy", "spec.targetRef.kind", "9", "spec.targetRef.kind", "should match"),
    ("AuthorizationPolicy", "spec.requiredAuthenticationRefs", None, "requiredAuthenticationRefs", "Required value"),
    ("ExternalSecret", "spec.data.0.secretKey", "a b", "spec.data[0].secretKey", "should match"),
    ("ExternalSecret", "spec.refreshPolicy", "Never", "spec.refreshPolicy", "Unsupported value"),
    ("SecretStore", "spec.provider.aws.region", None, "spec.provider.aws.region", "Required value"),
    ("SecretStore", "spec.provider", {}, "spec.provider", "should have at least 1 properties"),
    ("SecretStore", "spec.provider.aws.secretsManager", {"recoveryWindowInDays": "7"}, "InDays", "type integer"),
    ("JobSet", "spec.replicatedJobs.0.template", None, "replicatedJobs[0].template", "Required value"),
    (
        "JobSet",
        "spec.replicatedJobs.0.name",
        "workers",
        "spec.replicatedJobs[1]",
        'Duplicate value: {"name":"workers"}',
    ),
    ("LeaderWorkerSet", "spec.leaderWorkerTemplate.workerTemplate", None, "workerTemplate", "Required value"),
    ("LeaderWorkerSet", "spec.replicas", -1, "spec.replicas", "should be greater than or equal to 0"),
    ("TrainJob", "spec.runtimeRef", None, "spec.runtimeRef", "Required value"),
]
WRONG_BY_RULE: list[Wrong] = [
    ("NodePool", "spec.template.spec.requirements.0.values", [], "requirements", "must have a value defined"),
    ("NodePool", "spec.template.spec.requirements.0", _NODE | {"operator": "Gt"}, "requirements", "evaluating rule: "),
    ("EC2NodeClass", "spec.instanceProfile", "node", "spec", "must specify exactly one of"),
    ("ClusterIssuer", "spec.venafi.cloud", None, "spec.venafi", "exactly one of tpp, cloud, or ngts"),
    (
        "ClusterQueue",
        "spec.preemption",
        {"borrowWithinCohort": {"policy": "LowerPriority"}},
        "spec.preemption",
        "Never",
    ),
    (
        "ClusterQueue",
        "spec.resourceGroups.0.coveredResources",
        ["cpu", "memory"],
        "resourceGroups[0]",
        "same number of",
    ),
    ("ResourceFlavor", "spec.tolerations.0.operator", "Equal", "spec.tolerations", "operator must be Exists"),
    ("ScaledObject", "spec.minReplicaCount", 5, "spec", "less than or equal to maxReplicaCount"),
    ("HTTPRoute", "spec.rules.0.matches.0.path.value", "v1", "matches[0].path", "value must be an absolute path"),
    ("HTTPRoute", "spec.rules.0.timeouts.backendRequest", "31s", "rules[0].timeouts", "backendRequest timeout cannot"),
    ("HTTPRoute", "spec.rules.0.backendRefs.0.port", None, "backendRefs[0]", "Must have port for Service reference"),
    ("HTTPRoute", "spec.parentRefs.1", {"name": "public", "namespace": "ingress"}, "spec.parentRefs", "unique"),
    ("RayCluster", "spec.managedBy", "me", "spec.managedBy", 'Invalid value: "me": the managedBy field value must be'),
    ("VolumeSnapshot", "spec.source.volumeSnapshotContentName", "c", "spec.source", "exactly one of"),
    ("JobSet", "spec.startupPolicy", {"startupPolicyOrder": "InOrder"}, "spec", "are mutually exclusive"),
    ("TrainJob", "metadata.name", "7", "", "must match RFC 1035"),
    ("TrainJob", "spec.managedBy", "me", "spec.managedBy", "ManagedBy must be"),
]
WRONG_AT_UPDATE: list[Wrong] = [
    ("NodePool", "spec.template.spec.nodeClassRef.group", "eks.amazonaws.com", "nodeClassRef", "group is immutable"),
    (
        "NodePool",
        "spec",
        GOOD["NodePool"]["spec"] | {"replicas": 2, "limits": {"nodes": 4}},
        "spec",
        "Cannot transition",
    ),
    ("ResourceFlavor", "spec.nodeLabels.pool", "h100", "spec", "nodeLabels are immutable when topologyName is set"),
    ("RayCluster", "spec.managedBy", "kueue.x-k8s.io/multikueue", "spec.managedBy", "managedBy field is immutable"),
    ("VolumeSnapshot", "spec.source.persistentVolumeClaimName", "b", "ClaimName", "is immutable"),
    ("VolumeGroupSnapshotClass", "driver", "other.example.com", "driver", "driver is immutable once set"),
    ("JobSet", "spec.successPolicy.operator", "Any", "spec.successPolicy", "Value is immutable"),
    ("JobSet", "spec.replicatedJobs.1.dependsOn.0.status", "Complete", "[1].dependsOn", "Value is immutable"),
]


def changed(value: Any, path: str, new: Any) -> Any:
    """Returns a copy of the value with a new value at the path; with None, without the field."""
    result = copy.deepcopy(value)
    *parents, last = path.split(".")
    target = result
    for key in parents:
        target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
    if isinstance(target, list):
        target[int(last) : int(last) + 1] = [new]
    elif new is None:
        del target[last]
    else:
        target[last] = new
    return result
