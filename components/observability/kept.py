"""What Loki and Tempo share: a bucket of the cluster, the rights on it, and a place on the nodes that the platform has.

Neither asks the API server. What has not reached the bucket is on a volume that goes with its claim.
Sources: grafana/loki v3.7.6, pkg/storage/chunk/client/aws/s3_storage_client.go; grafana/tempo v2.10.8,
tempodb/backend/s3/s3.go, with minio-go v7.1.0, pkg/credentials/iam_aws.go (Pod Identity); read 2026-11.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from catalog.sharing import POOL_LABEL
from components.core import iam
from components.core.addon_spec import AddOnContext, AwsSideArgs
from components.core.bucket_names import bucket_arn, bucket_name
from components.core.flows import WITH_ROLE, Flow, Pods, into, out
from components.core.untyped import Values
from settings.cluster.fixed_values import FixedValue, never
from settings.cluster.parts import ClusterParts
from settings.observability.grafana import NAMESPACE
from settings.observability.kept import MEMORY_GIB

if TYPE_CHECKING:
    import pulumi

GRAFANA = Pods(namespace=NAMESPACE, labels={"app.kubernetes.io/name": "grafana"})
OBJECTS = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")
VOLUME = "10Gi"
"""For what has not reached the bucket. Kubernetes would refuse to make it smaller later."""


def _key(program: str, cluster: str) -> str:
    """Returns what names the bucket of a cluster within the stack."""
    return f"{program}-{cluster}"


def bucket_of(program: str, context: AddOnContext) -> str:
    """Returns the name of the bucket in AWS."""
    return bucket_name(context.stage, _key(program, context.cluster))


def statements(program: str, context: AddOnContext, actions: Sequence[str] = OBJECTS) -> Sequence[iam.Statement]:
    """Returns the rights on the bucket and, through it, on the key."""
    stage, bucket = context.stage, bucket_arn(context.stage, _key(program, context.cluster))
    data_key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": stage.key_alias("data")}}
    return (
        iam.allow("FindObjects", ["s3:ListBucket"], [bucket]),
        iam.allow("KeepObjects", sorted(actions), [f"{bucket}/*"]),
        iam.allow("UseDataKey", ["kms:Decrypt", "kms:GenerateDataKey"], [stage.arn("kms", "key/*")], data_key),
    )


def in_aws(program: str, purpose: str, context: AddOnContext, args: AwsSideArgs) -> "pulumi.Resource":
    """Registers the bucket."""
    from components.observability.kept_bucket import KeptBucket, KeptBucketArgs

    bucket = KeptBucketArgs(
        stage=context.stage, key=_key(program, context.cluster), purpose=purpose, key_arn=args.key_arns["data"]
    )
    return KeptBucket(args.name, bucket, args.opts)


def placed(context: AddOnContext) -> Values:
    """Returns the values that say where pods run, and which other ones they give way to: none of a team."""
    return {
        "nodeSelector": {"kubernetes.io/os": "linux", POOL_LABEL: context.landing_pool.name},
        "priorityClassName": "system-cluster-critical",
    }


def resources(cpu: str) -> Values:
    memory = f"{MEMORY_GIB}Gi"
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def flows(cluster: ClusterParts, port: int, *senders: Flow) -> Sequence[Flow]:
    """Returns the flows of both. port: that Grafana asks. senders: what comes in."""
    has_grafana = cluster.observability is not None and cluster.observability.grafana is not None
    asks = [into(GRAFANA, "Grafana asks it", port)] if has_grafana else []
    return (out("dns", "finds its bucket"), *WITH_ROLE, *senders, *asks)


def fixed_volume(path: str) -> FixedValue:
    """Returns what keeps the claims of a StatefulSet as they are. path: of the values about them."""
    return FixedValue(path=path, keeps=never, why="Kubernetes changes no claim of a StatefulSet: an update would fail.")
