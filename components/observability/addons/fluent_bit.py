"""Fluent Bit: what containers write, from each node to CloudWatch Logs, an OpenSearch domain or a Loki.

The chart of its makers: that of AWS, aws-for-fluent-bit, offers less of the configuration (no `storage.type`, no Lua
scripts), takes no hash of it into the pods, and its image is behind. Its own configuration is `components/
observability/fluent_bit.py`. Credentials come by Pod Identity, which the plugin in C reads.
Its pods run as root without any capability: files of containers belong to root.
Sources: fluent/helm-charts fluent-bit-0.58.1, templates/; aws/eks-charts v0.0.242, stable/aws-for-fluent-bit; fluent/
fluent-bit v5.1.1, src/aws/flb_aws_credentials_http.c and plugins/out_cloudwatch_logs/cloudwatch_api.c; read 2026-11.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from components.core import iam
from components.core.addon_spec import AddOnContext, AddOnSpec, AwsSideArgs, Identity
from components.core.flows import CONTROLLER, WITH_ROLE, Flow, Range, out, to_address
from components.core.metrics import Scrape
from components.core.tolerations import EVERY_TAINT
from components.core.untyped import Values
from components.observability.fluent_bit import PORT, STATE, configuration, log_group, script
from settings.cluster.fixed_values import FixedValue, never, only, without
from settings.cluster.parts import ClusterParts
from settings.observability.logs import LogSettings

if TYPE_CHECKING:
    import pulumi

NAME = "fluent-bit"


def logs_of(context: AddOnContext) -> LogSettings:
    """Returns the settings. Turned on without any, it sends to CloudWatch."""
    observability = context.observability
    return (observability.logs if observability is not None else None) or LogSettings()


def needed_by(cluster: ClusterParts) -> str | None:
    has = cluster.observability is not None and cluster.observability.logs is not None
    return "observability.logs" if has else None


def values(context: AddOnContext) -> Values:
    logs = logs_of(context)
    return {
        "serviceAccount": {"name": NAME},
        "config": configuration(context.cluster_name, context.stage.region, logs),
        "luaScripts": {"records.lua": script(context.cluster_name, logs)},
        # Of the node it sees its logs and its own folder, not /etc/machine-id and Docker's folder as by default.
        "daemonSetVolumes": [
            {"name": "varlog", "hostPath": {"path": "/var/log"}},
            {"name": "state", "hostPath": {"path": STATE, "type": "DirectoryOrCreate"}},
        ],
        "daemonSetVolumeMounts": [
            {"name": "varlog", "mountPath": "/var/log", "readOnly": True},
            {"name": "state", "mountPath": STATE},
        ],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "tolerations": EVERY_TAINT,
        "priorityClassName": "system-node-critical",
        "terminationGracePeriodSeconds": 40,  # 10 s more than it takes itself to send what it has
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
        "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 30, "timeoutSeconds": 10},
        # The chart's own asks for `Health_Check`: no pod would be ready, and the release fail, while AWS is away.
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "timeoutSeconds": 10},
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    }


def statements(context: AddOnContext) -> Sequence[iam.Statement]:
    stage, logs = context.stage, logs_of(context)
    if logs.loki is not None:
        return ()
    if logs.opensearch is not None:
        domain = stage.arn("es", f"domain/{logs.opensearch.domain}")
        return (iam.allow("WriteDocuments", ["es:ESHttpPost", "es:ESHttpPut"], [f"{domain}/*"]),)
    groups = [f"log-group:{log_group(context.cluster_name, namespace)}:*" for namespace in logs.kept_apart]
    writes = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return (iam.allow("WriteLogs", writes, [stage.arn("logs", group) for group in groups]),)


def in_aws(context: AddOnContext, aws_side_args: AwsSideArgs) -> "pulumi.Resource":
    from components.observability.log_groups import LogGroups, LogGroupsArgs

    settings, key = logs_of(context), aws_side_args.key_arns["logs"]
    args = LogGroupsArgs(settings=settings, stage=context.stage, cluster=context.cluster, key_arn=key)
    return LogGroups(aws_side_args.name, args, aws_side_args.opts)


def flows(cluster: ClusterParts) -> Sequence[Flow]:
    logs = cluster.observability.logs if cluster.observability is not None else None
    if logs is not None and logs.loki is not None:
        return (*CONTROLLER, *to_address(logs.loki.url, logs.loki.ranges, "sends logs"))
    ranges = logs.opensearch.ranges if logs is not None and logs.opensearch is not None else ()
    return (*CONTROLLER, *WITH_ROLE, *(out(Range(cidr=cidr), "sends logs", 443) for cidr in ranges))


ADD_ON = AddOnSpec(
    name=NAME,
    needed_by=needed_by,
    instead="no observability.logs",
    after_if_on=("loki",),
    pod_security="privileged",  # it reads files of the node
    daemons=("tolerations",),
    values=values,
    identities=(Identity(service_account=NAME, statements=statements),),
    in_aws=in_aws,
    keys=("logs",),
    flows=flows,
    metrics=lambda cluster: (
        Scrape(
            job=NAME,
            pods=dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/instance"), NAME),
            port=PORT,
            path="/api/v2/metrics/prometheus",
            of_nodes=True,
        ),
    ),
    fixed=(
        *(
            FixedValue(path=path, keeps=never, why="It follows from observability.logs: what is hidden, where logs go.")
            for path in (
                *("luaScripts", "config.filters", "config.outputs", "config.extraFiles", "existingConfigMap"),
                *("command", "args"),
            )
        ),
        *(
            FixedValue(
                path=f"config.{key}",
                keeps=without("[output]", "[filter]", "@include"),
                why="Where logs go, and what is hidden in them, follows from observability.logs.",
            )
            for key in ("service", "inputs")
        ),
        FixedValue(path="kind", keeps=only("daemonset"), why="A Deployment would read the logs of a few nodes alone."),
        FixedValue(path="metricsPort", keeps=only(str(PORT)), why=f"Network policies let Prometheus in on {PORT}."),
    ),
)
