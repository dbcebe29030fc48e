"""Mounts of EFS: whether a volume can be mounted, by the policy of its file system, when a pod wants it.

With the mount option `iam` the driver is the role of its pods on the nodes, by Pod Identity; pods that were there
before the association have none, and are the node. Without the option nobody knows who it is.
Sources: kubernetes-sigs/aws-efs-csi-driver v3.3.0, pkg/driver/node.go, and issues 280 and 1759; EFS user guide, "Using
IAM to control access to file systems"; EKS user guide, "Understand how EKS Pod Identity works"; read 2026-11.
"""

from __future__ import annotations

from catalog.eks_addons import ADDONS
from simulator.aws import access, tokens
from simulator.cloud import CloudResource
from simulator.kubernetes.clusters import Cluster
from simulator.values import Props, has_unknown

_DRIVER = ADDONS["aws-efs-csi-driver"]
_MOUNT, _WRITE = "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"
_DENIED = "mount.nfs4: access denied by server while mounting 127.0.0.1:/"


def daemon_of(cluster: Cluster, inputs: Props) -> Props | None:
    """Returns a DaemonSet that an EKS add-on of the cluster has brought; None for any other object."""
    if (inputs.get("apiVersion"), inputs.get("kind")) != ("apps/v1", "DaemonSet"):
        return None
    name, namespace = (inputs["metadata"].get(key) for key in ("name", "namespace"))
    for addon in ADDONS.values():
        if (addon.daemon, addon.namespace) == (name, namespace) and _installed(cluster, addon.name):
            labels = {"app": name}
            return {
                **{key: inputs[key] for key in ("apiVersion", "kind")},
                "metadata": {"name": name, "namespace": namespace},
                "spec": {
                    "selector": {"matchLabels": labels},
                    "template": {
                        "metadata": {"labels": labels},
                        "spec": {
                            "containers": [{"name": name, "image": name}],
                            "serviceAccountName": addon.node_service_account,
                            **({"priorityClassName": "system-node-critical"} if namespace == "kube-system" else {}),
                        },
                    },
                },
            }
    return None


def why_not_mounted(cluster: Cluster, state: Props) -> str:
    """Returns why no node can mount a PersistentVolume of EFS; "" when one can."""
    if (state.get("apiVersion"), state.get("kind")) != ("v1", "PersistentVolume"):
        return ""
    spec = state.get("spec") or {}
    source = spec.get("csi") or {}
    if source.get("driver") != "efs.csi.aws.com" or has_unknown(spec):
        return ""
    file_system, _, point = str(source.get("volumeHandle")).partition("::")
    policy = cluster.cloud.get(tokens.FILE_SYSTEM_POLICY, file_system.partition(":")[0], cluster.region)
    if policy is None:  # then EFS lets in everybody
        return ""
    row = cluster.cloud.get(tokens.FILE_ACCESS_POINT, point, cluster.region) if point else None
    options = [str(each).lower() for each in spec.get("mountOptions") or ()]
    plain = str((source.get("volumeAttributes") or {}).get("encryptInTransit")).lower() == "false"
    context = {
        "aws:SecureTransport": "false" if plain and not point else "true",
        "elasticfilesystem:AccessedViaMountTarget": "true",
        **({"elasticfilesystem:AccessPointArn": row.state["arn"]} if row else {}),
    }
    reads = source.get("readOnly") or "ro" in options
    actions = (_MOUNT,) if reads else (_MOUNT, _WRITE)
    document, resource = policy.state["policy"], file_system
    session = _session(cluster) if "iam" in options else None
    if session is None:
        why = (
            f"the driver's pods have no role by Pod Identity for {_DRIVER.node_service_account}, so they are the node"
            if "iam" in options
            else "the volume has no mount option iam, so nobody knows who mounts"
        )
        allowed = all(access.anybody_may(document, action, resource, context) for action in actions)
        return "" if allowed else f"{_DENIED}: {why}"
    try:
        for action in actions:
            access.authorize(cluster.cloud, session, action, resource, context, policy=document)
    except access.DeniedError as denied:
        return f"{_DENIED}: {denied}"
    return ""


def _session(cluster: Cluster) -> access.Session | None:
    """Returns the session of the driver's pods; None when they were started before their association."""
    account = str(_DRIVER.node_service_account)
    cloud = cluster.cloud
    associations = [
        each
        for each in cloud.of_type(tokens.POD_IDENTITY)
        if (each.state["clusterName"], each.state["namespace"], each.state["serviceAccount"])
        == (cluster.name, _DRIVER.namespace, account)
    ]
    addon = _installed(cluster, _DRIVER.name)
    daemon = cluster.get("apps/v1", "DaemonSet", _DRIVER.namespace, str(_DRIVER.daemon))
    started = max(each.made for each in (addon, daemon) if each) if addon or daemon else 0
    if not any(each.made < started for each in associations):
        return None
    return access.pod_session(cloud, cluster.name, cluster.region, _DRIVER.namespace, account)


def _installed(cluster: Cluster, addon: str) -> CloudResource | None:
    return cluster.cloud.get("aws:eks/addon:Addon", f"{cluster.name}:{addon}", cluster.region)
