"""Alarms of CloudWatch on what no exporter in a cluster sees: file systems, NAT gateways, backups, quotas, the bill.

One more alarm is a row of `ALARMS`, its metric one of `catalog/cloudwatch_metrics.py`, its runbook a section of its
name in docs/runbooks/alerts/aws.md. Each is about one thing that the stack has, and tells the platform's people.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi
import pulumi_aws as aws

from catalog.cloudwatch_metrics import VCPU_CLASSES
from components.core.stage import Stage
from settings.observability.cloud_alarms import CloudAlarmSettings
from settings.storage.file_systems import FileSystemSettings
from settings.storage.lustre import LustreSettings

Kind = Literal["efs", "provisioned-efs", "lustre", "nat", "vault", "quota"]
NOUNS: Mapping[Kind, str] = {
    "efs": "File system",
    "provisioned-efs": "File system",
    "lustre": "Lustre file system",
    "nat": "The NAT gateway of",
    "vault": "Vault",
    "quota": "The quota of vCPUs for",
}
GIB = 1024**3
FORECAST = 100
SPENT = 80


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Something that the stack has, and AWS publishes metrics of.

    name: in the names of its alarms. dimensions: by which its metrics are published. gib: its capacity.
    """

    kind: Kind
    name: str
    dimensions: Mapping[str, pulumi.Input[str]]
    gib: int = 0


@dataclass(frozen=True, kw_only=True)
class CloudAlarm:
    """One alarm for each thing of a kind.

    says: of the thing, for a person who was asleep. metrics: id -> (metric, statistic). expression: of the ids, where
    there are several or the metric alone says nothing; `{bytes}` is the capacity. threshold, below: when it tells
    somebody. seconds: of one sample. samples: how many in a row.
    """

    name: str
    kind: Kind
    says: str
    namespace: str
    metrics: Mapping[str, tuple[str, str]]
    threshold: Callable[[CloudAlarmSettings], float]
    expression: str = ""
    below: bool = False
    seconds: int = 300
    samples: int = 3


def _above(limit: float) -> Callable[[CloudAlarmSettings], float]:
    return lambda _: limit


ALARMS: Sequence[CloudAlarm] = (
    CloudAlarm(
        name="EFSNearIOLimit",
        kind="efs",
        says="does nearly as many operations as an EFS file system can: all its users wait",
        namespace="AWS/EFS",
        metrics={"share": ("PercentIOLimit", "Average")},
        threshold=_above(95),
    ),
    CloudAlarm(
        name="EFSThroughputUsed",
        kind="provisioned-efs",
        says="moves nearly as many bytes as its throughput allows: all its users wait",
        namespace="AWS/EFS",
        metrics={"moved": ("MeteredIOBytes", "Sum"), "allowed": ("PermittedThroughput", "Average")},
        expression="100 * moved / PERIOD(moved) / allowed",
        threshold=_above(90),
    ),
    CloudAlarm(
        name="LustreAlmostFull",
        kind="lustre",
        says="is almost full: writes fail as soon as one of its disks is",
        namespace="AWS/FSx",
        metrics={"free": ("FreeDataStorageCapacity", "Sum")},
        expression="100 * free / {bytes}",
        threshold=lambda settings: settings.lustre_free_percent,
        below=True,
        seconds=60,  # each disk has one sample a minute: the sum of a longer period counts each several times
        samples=15,
    ),
    CloudAlarm(
        name="NATPortsExhausted",
        kind="nat",
        says="has no port left for more connections to one address: new ones fail",
        namespace="AWS/NATGateway",
        metrics={"errors": ("ErrorPortAllocation", "Sum")},
        threshold=_above(0),
        samples=2,
    ),
    CloudAlarm(
        name="NATDropsPackets",
        kind="nat",
        says="drops more than one packet in ten thousand",
        namespace="AWS/NATGateway",
        metrics={
            "dropped": ("PacketsDropCount", "Sum"),
            "source": ("PacketsInFromSource", "Sum"),
            "destination": ("PacketsInFromDestination", "Sum"),
        },
        expression="100 * dropped / (source + destination)",
        threshold=_above(0.01),
    ),
    CloudAlarm(
        name="BackupFailed",
        kind="vault",
        says="did not get a backup: the job failed",
        namespace="AWS/Backup",
        metrics={"failed": ("NumberOfBackupJobsFailed", "Sum")},
        threshold=_above(0),
        seconds=3600,
        samples=1,
    ),
    CloudAlarm(
        name="BackupNotStarted",
        kind="vault",
        says="did not get a backup: the job did not start or end in its window",
        namespace="AWS/Backup",
        metrics={"expired": ("NumberOfBackupJobsExpired", "Sum")},
        threshold=_above(0),
        seconds=3600,
        samples=1,
    ),
    CloudAlarm(
        name="EC2QuotaNearlyUsed",
        kind="quota",
        says="is nearly used up in this account and region: nodes will not start",
        namespace="AWS/Usage",
        metrics={"used": ("ResourceCount", "Maximum")},
        expression="100 * used / SERVICE_QUOTA(used)",
        threshold=lambda settings: settings.quota_percent,
    ),
)


Ids = Mapping[str, pulumi.Input[str]]


def file_systems(ids: Ids, settings: Mapping[str, FileSystemSettings]) -> list[Watched]:
    """Returns the file systems. ids, settings: by their names in the stack file."""
    return [
        Watched(
            kind="efs" if settings[name].provisioned_mibps is None else "provisioned-efs",
            name=name,
            dimensions={"FileSystemId": made},
        )
        for name, made in ids.items()
    ]


def lustre(ids: Ids, settings: Mapping[str, LustreSettings]) -> list[Watched]:
    """Returns the Lustre file systems. ids, settings: by their names in the stack file."""
    return [
        Watched(kind="lustre", name=name, dimensions={"FileSystemId": made}, gib=settings[name].capacity_gib)
        for name, made in ids.items()
    ]


def nats(ids: Ids) -> list[Watched]:
    """Returns the NAT gateways. ids: by zone."""
    return [Watched(kind="nat", name=zone, dimensions={"NatGatewayId": made}) for zone, made in ids.items()]


def vault(name: str) -> Watched:
    """Returns the vault that gets the backups of the stack."""
    return Watched(kind="vault", name=name, dimensions={"BackupVaultName": name})


def vcpus(codes: Sequence[str]) -> Iterator[Watched]:
    """Yields the quotas of EC2 whose use AWS publishes. codes: those that the pools count against."""
    for code in sorted({*codes} & {*VCPU_CLASSES}):
        dimensions = {"Class": VCPU_CLASSES[code], "Resource": "vCPU", "Service": "EC2", "Type": "Resource"}
        yield Watched(kind="quota", name=VCPU_CLASSES[code].replace("/", "-"), dimensions=dimensions)


def queries(alarm: CloudAlarm, thing: Watched) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    """Returns the metrics of an alarm with an expression, and the expression, which alone is compared."""
    metrics: list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict] = [
        {
            "id": key,
            "metric": {
                "namespace": alarm.namespace,
                "metric_name": metric,
                "dimensions": thing.dimensions,
                "period": alarm.seconds,
                "stat": statistic,
            },
        }
        for key, (metric, statistic) in alarm.metrics.items()
    ]
    expression = alarm.expression.format(bytes=thing.gib * GIB)
    return [*metrics, {"id": "compared", "expression": expression, "label": alarm.name, "return_data": True}]


@dataclass(frozen=True, kw_only=True)
class CloudAlarmsArgs:
    """Arguments of the alarms.

    topic_arn: tells the platform's people, whose addresses are `mail`. runbooks: where the pages of alerts are read.
    """

    settings: CloudAlarmSettings
    stage: Stage
    topic_arn: pulumi.Input[str]
    mail: Sequence[str]
    runbooks: str
    things: Sequence[Watched] = field(default=())


class CloudAlarms(pulumi.ComponentResource):
    """One alarm for each row and thing, and the budget of the stack where it has one."""

    def __init__(self, name: str, args: CloudAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:observability:CloudAlarms", name, None, opts)
        self._name, self._args, self._opts = name, args, pulumi.ResourceOptions(parent=self)
        for alarm in ALARMS:
            for thing in args.things:
                if thing.kind == alarm.kind or (alarm.kind == "efs" and thing.kind == "provisioned-efs"):
                    self._alarm(alarm, thing)
        if args.settings.monthly_usd is not None:
            self._budget(args.settings.monthly_usd)
        self.register_outputs({})

    def _alarm(self, alarm: CloudAlarm, thing: Watched) -> None:
        args, single = self._args, alarm.metrics if not alarm.expression else {}
        (metric, statistic), *_ = alarm.metrics.values()
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.name}-{thing.name}",
            name=f"{args.stage.prefix}-{alarm.name}-{thing.name}",
            alarm_description=f"{NOUNS[thing.kind]} {thing.name} {alarm.says}. "
            f"Runbook: {args.runbooks}/aws.md#{alarm.name.lower()}",
            comparison_operator="LessThanThreshold" if alarm.below else "GreaterThanThreshold",
            threshold=alarm.threshold(args.settings),
            evaluation_periods=alarm.samples,
            namespace=alarm.namespace if single else None,
            metric_name=metric if single else None,
            statistic=statistic if single else None,
            dimensions=thing.dimensions if single else None,
            period=alarm.seconds if single else None,
            metric_queries=None if single else queries(alarm, thing),
            treat_missing_data="notBreaching",
            alarm_actions=[args.topic_arn],
            ok_actions=[args.topic_arn],
            opts=self._opts,
        )

    def _budget(self, usd: int) -> None:
        """Registers the budget. A filter by expression can ask for two tags at once.

        It mails by itself: whether AWS Budgets can use the key of the topic is not known, and if not, it is silent.
        Source: hashicorp/terraform-provider-aws, website/docs/r/budgets_budget.html.markdown; read 2026-11.
        """
        stage = self._args.stage
        aws.budgets.Budget(
            self._name,
            name=f"{stage.prefix}-{stage.region}",
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(usd),
            limit_unit="USD",
            metrics="UnblendedCost",
            filter_expression={
                "ands": [{"tags": {"key": key, "values": [value]}} for key, value in stage.own_tags.items()]
            },
            notifications=[
                {
                    "notification_type": kind,
                    "comparison_operator": "GREATER_THAN",
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": list(self._args.mail),
                }
                for kind, percent in (("ACTUAL", SPENT), ("FORECASTED", FORECAST))
            ],
            opts=self._opts,
        )
