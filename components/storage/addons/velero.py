"""Velero: daily copies of Kubernetes objects, in a bucket of the cluster, and of pod volumes, as snapshots.

Its AWS side is `components/storage/recovery/velero.py`. `storage_classes.snapshots` must be on.
Sources: vmware-tanzu/helm-charts velero-12.1.0, values; https://velero.io/docs/main/csi/; velero-io/
velero-plugin-for-aws, table of versions; read 2026-11.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from catalog.images import IMAGES
from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, AwsSideArgs, Identity
from components.core.bucket_names import bucket_name
from components.core.flows import CONTROLLER, WITH_ROLE, Flow, of_pods
from components.core.metrics import Scrape
from components.core.untyped import Values
from components.storage.addon_rules.velero import RULES
from components.storage.recovery.velero_iam import bucket_key, velero_statements
from settings.cluster.parts import ClusterParts
from settings.core.problems import Mistake

if TYPE_CHECKING:
    import pulumi

PLUGIN = "velero-plugin-for-aws"
SERVICE_ACCOUNT = "velero-server"
LOCATION = "default"
SERVER = dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), "velero")
SHORT = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}
UNPRIVILEGED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def values(context: AddOnContext) -> Values:
    return {
        "initContainers": [
            {
                "name": PLUGIN,
                "image": IMAGES[PLUGIN].reference,
                "volumeMounts": [{"name": "plugins", "mountPath": "/target"}],
                "securityContext": UNPRIVILEGED,
                "resources": SHORT,
            }
        ],
        "containerSecurityContext": UNPRIVILEGED,
        "kubectl": {"containerSecurityContext": UNPRIVILEGED},
        "resources": {"requests": {"cpu": "500m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "serviceAccount": {"server": {"create": True, "name": SERVICE_ACCOUNT}},
        "credentials": {"useSecret": False},  # they come from Pod Identity
        "configuration": {
            "backupStorageLocation": [
                {
                    "name": LOCATION,
                    "provider": "aws",
                    "bucket": bucket_name(context.stage, bucket_key(context.cluster)),
                    "default": True,
                    "config": {"region": context.stage.region},
                }
            ],
            "features": "EnableCSI",
        },
        "snapshotsEnabled": False,  # only for snapshots by Velero itself, which needs permissions on volumes
        "deployNodeAgent": False,  # runs as root on nodes to copy the files of volumes without snapshots
        "schedules": {
            "daily": {
                "schedule": "0 3 * * *",
                "useOwnerReferencesInBackup": False,  # otherwise backups are deleted with their schedule
                "template": {
                    "includedNamespaces": ["*"],
                    "storageLocation": LOCATION,
                    "snapshotVolumes": True,
                    "ttl": "720h" if context.stage.production else "168h",
                },
            }
        },
        "upgradeJobResources": SHORT,
        "upgradeCRDs": True,  # Helm itself never updates CRDs
        "cleanUpCRDs": False,
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    return velero_statements(context.stage, context.cluster)


def requires(cluster: ClusterParts) -> Iterator[Mistake]:
    if cluster.snapshots is False:
        yield (
            ("storage_classes", "snapshots"),
            (
                "is off, but the add-on velero copies volumes by snapshots, so its backups would have no volumes. Set "
                "snapshots: true, or turn velero off."
            ),
        )


def in_aws(context: AddOnContext, aws_side_args: AwsSideArgs) -> "pulumi.Resource":
    from components.storage.recovery.velero import Velero, VeleroArgs

    args = VeleroArgs(stage=context.stage, cluster=context.cluster, data_key_arn=aws_side_args.key_arns["data"])
    return Velero(aws_side_args.name, args, aws_side_args.opts)


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    return (*CONTROLLER, *of_pods(SERVER, *WITH_ROLE))  # it makes snapshots by the API server


ADD_ON = AddOnSpec(
    name="velero",
    pod_security="baseline",
    daemons=(),
    values=values,
    identities=(Identity(service_account=SERVICE_ACCOUNT, statements=statements),),
    requires=requires,
    makes_buckets=True,
    in_aws=in_aws,
    flows=flows,
    rules=RULES,
    metrics=lambda cluster: (Scrape(job="velero", pods=SERVER, port=8085),),
    keys=("data",),
)
