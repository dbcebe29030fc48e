"""The audit log of a cluster has an alarm that tells somebody.

A filter makes a metric of a log group, and an alarm on that metric has actions that are on.
Source: CloudWatch API, MetricAlarm (ActionsEnabled); CloudWatch Logs API, PutMetricFilter; read 2026-11.
"""

from collections.abc import Iterator

from policies.rule import Resource, Sample, Stack, StackCase, StackRule, flag, present, text, texts

CLUSTER, LOG_GROUP = "aws:eks/cluster:Cluster", "aws:cloudwatch/logGroup:LogGroup"
FILTER, ALARM = "aws:cloudwatch/logMetricFilter:LogMetricFilter", "aws:cloudwatch/metricAlarm:MetricAlarm"
TYPES = "enabledClusterLogTypes"
MADE = {"metricTransformation": {"namespace": "ml/audit", "name": "exec"}}


def check(stack: Stack) -> Iterator[tuple[Resource, str, str]]:
    heard = {
        (text(alarm, "namespace"), text(alarm, "metricName"))
        for alarm in stack.of(ALARM)
        if flag(alarm, "actionsEnabled", default=True) and present(alarm, "alarmActions")
    }
    watched = {
        name
        for each in stack.of(FILTER)
        if tuple(text(each, f"metricTransformation.{key}") for key in ("namespace", "name")) in heard
        for name in _groups(stack, each)
    }
    for cluster in stack.of(CLUSTER):
        if "audit" in texts(cluster, TYPES) and _group_of(cluster) not in watched:
            yield cluster, TYPES, f"has audit, and no alarm of this stack tells anybody what {_group_of(cluster)} says"


def _groups(stack: Stack, metric_filter: Resource) -> list[str]:
    """Returns the log group of a filter: by its name, which may be made of that of the cluster."""
    linked = stack.linked(metric_filter, "logGroupName", (CLUSTER, LOG_GROUP))
    named = [_group_of(each) if each.type == CLUSTER else text(each, "name") for each in linked]
    return named or [text(metric_filter, "logGroupName")]


def _group_of(cluster: Resource) -> str:
    return f"/aws/eks/{text(cluster, 'name', default=cluster.name)}/cluster"


def _stack(metric: str = "exec", group: str = "logs", **alarm: object) -> StackCase:
    told = {"namespace": "ml/audit", "metricName": "exec", "alarmActions": ["arn:aws:sns:us-west-2:1:audit"], **alarm}
    made = {"metricTransformation": {**MADE["metricTransformation"], "name": metric}}
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
    stack_file={"alarms.audit": {"notify": ["<your address>"]}},
    no_mend="the alarm is missing, or is wrong",
    dev="disabled",
    staging="disabled",
    prod="advisory",
    check=check,
    good={
        "an alarm": _stack(),
        "a log group that is named after its cluster": _stack(group="main"),
        "a log group by its name": StackCase(
            {
                **{name: sample for name, sample in _stack().resources.items() if name != "filter"},
                "filter": Sample(FILTER, {**MADE, "logGroupName": "/aws/eks/ml-prod/cluster"}),
            }
        ),
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
