"""The audit log of a cluster has an alarm that tells somebody.

A filter makes a metric of a log group, and an alarm on that metric has actions that are on.
Source: CloudWatch API, MetricAlarm (ActionsEnabled); CloudWatch Logs API, PutMetricFilter; read 2026-11.
"""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, flag, present, text, texts

CLUSTER, LOG_GROUP = "aws:eks/cluster:Cluster", "aws:cloudwatch/logGroup:LogGroup"
FILTER, ALARM = "aws:cloudwatch/logMetricFilter:LogMetricFilter", "aws:cloudwatch/metricAlarm:MetricAlarm"
TYPES = "enabledClusterLogTypes"


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    heard = {
        (text(alarm, "namespace"), text(alarm, "metricName"))
        for alarm in stack.of(ALARM)
        if flag(alarm, "actionsEnabled", default=True) and present(alarm, "alarmActions")
    }
    watched = {
        text(group, "name")
        for each in stack.of(FILTER)
        if tuple(text(each, f"metricTransformation.{key}") for key in ("namespace", "name")) in heard
        for group in stack.linked(each, "logGroupName", (LOG_GROUP,))
    }
    for cluster in stack.of(CLUSTER):
        group = f"/aws/eks/{text(cluster, 'name', default=cluster.name)}/cluster"
        if "audit" in texts(cluster, TYPES) and group not in watched:
            yield cluster, TYPES, f"has audit, and no alarm of this stack tells anybody what {group} says"


def _stack(metric: str = "exec", group: str = "logs", **alarm: object) -> StackCase:
    told = {"namespace": "ml/audit", "metricName": "exec", "alarmActions": ["arn:aws:sns:us-west-2:1:audit"], **alarm}
    made = {"metricTransformation": {"namespace": "ml/audit", "name": metric}}
    return StackCase(
        {
            "main": Sample(CLUSTER, {"name": "ml-prod", TYPES: ["audit"]}),
            "logs": Sample(LOG_GROUP, {"name": "/aws/eks/ml-prod/cluster"}),
            "other": Sample(LOG_GROUP, {"name": "/aws/eks/other/cluster"}),
            "filter": Sample(FILTER, made, links={"logGroupName": group}),
            "alarm": Sample(ALARM, told),
        },
        at=("main", TYPES),
    )


RULE = StackRule(
    id="log-audit-alarmed",
    applies_to=(CLUSTER, LOG_GROUP, FILTER, ALARM),
    severity="medium",
    standards=("CIS EKS 2.1.1",),
    why="Nobody reads an audit log by chance: who entered a pod or took a right is found out months later.",
    fix="Write alarms.audit with the addresses of those who have to know.",
    dev="disabled",
    staging="disabled",
    prod="advisory",
    check=check,
    good={
        "an alarm": _stack(),
        "no audit log": StackCase({"main": Sample(CLUSTER, {"name": "ml-prod", TYPES: ["api"]})}),
    },
    bad={
        "nothing set": StackCase({"main": Sample(CLUSTER, {"name": "ml-prod", TYPES: ["audit"]})}, at=("main", TYPES)),
        "an alarm of another metric": _stack("secrets"),
        "a filter of another log group": _stack(group="other"),
        "actions that are off": _stack(actionsEnabled=False),
        "an alarm that tells nobody": _stack(alarmActions=[]),
    },
)
