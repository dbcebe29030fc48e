"""CloudWatch Logs and EventBridge. Tokens `aws:cloudwatch/...`.

Each entry was made from the provider's source that it names, its SDK 7.51 and the API models; read 2026-11.
"""

from __future__ import annotations

import json
import re
from typing import Any

from catalog.cloudwatch_metrics import METRICS as PUBLISHED
from catalog.limits import LOG_RETENTION_DAYS
from simulator.aws import tokens
from simulator.aws.constraints import arn, between, every, json_text, length, matches, one_of
from simulator.aws.messages import AwsError, ErrorTemplate, Service
from simulator.aws.model import Autoname, Quota, Reference, ResourceType, Unique, Use
from simulator.aws.operation_context import OperationContext
from simulator.aws.services import documents, log_patterns, topics
from simulator.aws.services.backup import is_cron
from simulator.aws.services.refusals import refuse

LOGS = Service("CloudWatch Logs")
EVENTS = Service("EventBridge")
METRICS = Service("CloudWatch")

_RETENTIONS = (0, *LOG_RETENTION_DAYS)  # 0: for ever
# Top-level keys of an event; a pattern may have `$or` as well. Source: EventBridge user guide, "Event patterns".
_EVENT_KEYS = (
    *("account", "detail", "detail-type", "id", "region", "replay-name", "resources", "source", "time", "version"),
    "$or",
)
_RATE = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)")
# Source: EventBridge user guide, "Comparison operators for use in event patterns", read 2026-11.
_OPERATORS = ("anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard")
_NO_RULE = ErrorTemplate(
    "ResourceNotFoundException", "Rule {value} does not exist on EventBus {eventBusName}.", 404, modeled=True
)


def _key_lets_logs_use_it(op: OperationContext) -> None:
    """The key's own policy must allow the service: a role cannot replace that."""
    key = op.find(tokens.KEY, "arn", op.get("kmsKeyId", ""))
    if key and not documents.allows_service(key.state.get("policy"), f"logs.{op.region}.amazonaws.com"):
        log_group = op.fill("arn:{partition}:logs:{region}:{account}:log-group:{name}")
        raise AwsError("InvalidParameterException", f"{_KEY_REFUSED} '{log_group}'")


_KEY_REFUSED = "The specified KMS key does not exist or is not allowed to be used with Arn"


def _log_group_is_not_protected(op: OperationContext) -> None:
    if op.before.get("deletionProtectionEnabled"):
        message = "The log group cannot be deleted because deletion protection is enabled"
        raise AwsError("InvalidParameterException", message)


def _eks_writes_once_more(op: OperationContext) -> None:
    """With the fault `late-logs`, EKS makes the log group of a control plane again, as it may some minutes later.

    Source: terraform-aws-modules/terraform-aws-eks issue 2763 (by AWSServiceRoleForAmazonEKS), read 2026-11.
    """
    if op.id.startswith("/aws/eks/") and op.faults.strikes("late-logs", op.id.split("/")[3]):
        kept = {key: op.before[key] for key in ("name", "arn", "region")}
        op.cloud.put(op.type, op.id, {**kept, "retentionInDays": 0})


def _rule_has_a_trigger(op: OperationContext) -> None:
    pattern, schedule = op.get("eventPattern"), op.get("scheduleExpression")
    if not pattern and not schedule:
        raise AwsError(
            "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.", modeled=False
        )
    if schedule and not (is_cron(schedule) or _RATE.fullmatch(schedule)):
        raise AwsError("ValidationException", "Parameter ScheduleExpression is not valid.", modeled=False)
    if pattern and (reason := _pattern_mistake(json.loads(pattern))):
        raise AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")


def _pattern_mistake(pattern: Any) -> str | None:
    """Returns what is wrong with an event pattern: every leaf must be a list, and every key a key of an event."""
    if not isinstance(pattern, dict):
        return "Filter is not an object"
    unknown = next((key for key in pattern if key not in _EVENT_KEYS), None)
    if unknown is not None:
        return (
            f'no event has "{unknown}" at its top level. (The real EventBridge accepts such a pattern, and no event '
            "ever matches it.)"
        )
    return _leaf_mistake(pattern)


def _leaf_mistake(pattern: dict[str, Any]) -> str | None:
    if not pattern:
        return "Empty objects are not allowed"
    for key, value in pattern.items():
        if isinstance(value, dict):
            if reason := _leaf_mistake(value):
                return reason
        elif not isinstance(value, list):
            return f'"{key}" must be an object or an array'
        elif not value:
            return "Empty arrays are not allowed"
        elif reason := next(filter(None, map(_test_mistake, value if key != "$or" else ())), None):
            return reason
    return None


def _test_mistake(test: Any) -> str | None:
    if not isinstance(test, dict):
        return None
    unknown = next((name for name in test if name not in _OPERATORS), None)
    if unknown is not None:
        return f"Unrecognized match type {unknown}"
    numbers = test.get("numeric")
    signs = numbers[::2] if isinstance(numbers, list) else [numbers]
    if "numeric" in test and not (signs and all(sign in ("<", "<=", "=", ">", ">=") for sign in signs)):
        return f"Value of numeric must be a list of operators and numbers, got {numbers}"
    return None


def _rule_id(op: OperationContext) -> str:
    bus, name = op.get("eventBusName", "default"), op.get("name")
    return str(name) if bus == "default" else f"{bus}/{name}"


def _rule_arn(op: OperationContext) -> str:
    return op.fill("arn:{partition}:events:{region}:{account}:rule/") + _rule_id(op)


def _target_id(op: OperationContext) -> str:
    bus = op.get("eventBusName", "default")
    return op.fill("{rule}-{targetId}" if bus == "default" else "{eventBusName}-{rule}-{targetId}")


LOG_GROUP = ResourceType(
    type=tokens.LOG_GROUP,
    service=LOGS,
    creates="CreateLogGroup",
    updates="PutRetentionPolicy",
    display_name="CloudWatch Logs Log Group",
    id="{name}",
    arn="arn:{partition}:logs:{region}:{account}:log-group:{name}",
    replace_on="logGroupClass name namePrefix",
    autoname=Autoname(given_prefix="namePrefix"),
    conflicts=("name namePrefix",),
    defaults={"retentionInDays": 0, "skipDestroy": False},
    aws_defaults={"deletionProtectionEnabled": False, "logGroupClass": "STANDARD"},
    constraints={
        "kmsKeyId": arn,
        "logGroupClass": one_of("DELIVERY", "INFREQUENT_ACCESS", "STANDARD"),
        "name": every(
            length(1, 512),
            matches(r"(?!aws/)[0-9A-Za-z_./#-]+", "letters, digits and _ . / # -, not aws/ in front"),
        ),
        "retentionInDays": one_of(*_RETENTIONS),
    },
    references={
        "kmsKeyId": Reference(
            tokens.KEY,
            "arn",
            ErrorTemplate(
                "InvalidParameterException",
                _KEY_REFUSED + " 'arn:{partition}:logs:{region}:{account}:log-group:{name}'",
            ),
        )
    },
    not_found=ErrorTemplate("ResourceNotFoundException", "The specified log group does not exist."),
    unique=Unique("name", ErrorTemplate("ResourceAlreadyExistsException", "The specified log group already exists")),
    always=(_key_lets_logs_use_it,),
    delete_rules=(_log_group_is_not_protected,),
    after_delete=_eks_writes_once_more,
    source="hashicorp/terraform-provider-aws internal/service/logs/group.go",
)

EVENT_RULE = ResourceType(
    type=tokens.EVENT_RULE,
    service=EVENTS,
    creates="PutRule",
    display_name="EventBridge Rule",
    label="{name}",
    id=_rule_id,
    replace_on="eventBusName name namePrefix",
    autoname=Autoname(max_length=64, given_prefix="namePrefix"),
    documents="eventPattern",
    conflicts=("isEnabled state",),
    defaults={"eventBusName": "default", "forceDestroy": False, "state": "ENABLED"},
    computed={"arn": _rule_arn},
    constraints={
        "description": length(0, 512),
        "eventPattern": length(0, 4096),
        "name": every(length(1, 64), matches(r"[0-9A-Za-z_.-]+", "letters, digits and _ . -")),
        "roleArn": arn,
        "scheduleExpression": length(0, 256),
        "state": one_of("DISABLED", "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
    },
    references={"roleArn": Reference(tokens.ROLE, "arn")},
    not_found=_NO_RULE,
    quotas=(
        Quota(
            "L-244521F2",
            300,
            ErrorTemplate("LimitExceededException", "The requested resource exceeds the maximum number allowed."),
            per="eventBusName",
        ),
    ),
    always=(_rule_has_a_trigger,),
    rules=(
        refuse(  # source: EventBridge API, PutRule; read 2026-11
            "ValidationException",
            "ScheduleExpression is supported only on the default event bus.",
            lambda op: op.get("scheduleExpression") and op.get("eventBusName", "default") != "default",
        ),
    ),
    used_by=(
        Use(
            tokens.EVENT_TARGET,
            "rule",
            ErrorTemplate("ValidationException", "Rule can't be deleted since it has targets.", modeled=False),
            by="name",
            retried=True,
        ),
    ),
    source="hashicorp/terraform-provider-aws internal/service/events/rule.go",
)


def _target_is_heard(op: OperationContext) -> None:
    if not op.call.preview:
        topics.warn_of_silence(op, op.get("arn", ""), "events.amazonaws.com", "the event", conditions=False)


EVENT_TARGET = ResourceType(
    type=tokens.EVENT_TARGET,
    service=EVENTS,
    creates="PutTargets",
    deletes="RemoveTargets",
    display_name="EventBridge Target",
    label="{rule}-{targetId}",
    id=_target_id,
    import_id="{rule}/{targetId}",
    required="arn rule",
    replace_on="eventBusName rule targetId",
    autoname=Autoname("targetId"),
    conflicts=("input inputPath", "input inputTransformer", "inputPath inputTransformer"),
    defaults={"eventBusName": "default", "forceDestroy": False},
    constraints={
        "arn": every(length(1, 1600), arn),
        "deadLetterConfig.arn": matches(r"arn:[\w-]+:sqs:.+|", "the ARN of an SQS queue"),
        "input": json_text,
        "retryPolicy.maximumEventAgeInSeconds": between(60, 86400),
        "retryPolicy.maximumRetryAttempts": between(0, 185),
        "targetId": every(length(1, 64), matches(r"[0-9A-Za-z_.-]+", "letters, digits and _ . -")),
    },
    references={"roleArn": Reference(tokens.ROLE, "arn"), "rule": Reference(tokens.EVENT_RULE, "name")},
    quotas=(
        Quota(
            "L-E1FE3C0A",
            5,
            ErrorTemplate("LimitExceededException", "The requested resource exceeds the maximum number allowed."),
            per="rule",
        ),
    ),
    always=(_target_is_heard,),
    source="hashicorp/terraform-provider-aws internal/service/events/target.go",
)


def _pattern_is_understood(op: OperationContext) -> None:
    try:
        log_patterns.compiled(op.get("pattern", ""))
    except log_patterns.PatternError as mistake:
        raise AwsError("InvalidParameterException", f"Invalid metric filter pattern ({mistake})") from None


def _group_has_metrics(op: OperationContext) -> None:
    """Source: CloudWatch Logs user guide, "Log classes"; read 2026-11."""
    group = op.find(tokens.LOG_GROUP, "name", op.get("logGroupName", ""))
    if group and group.state.get("logGroupClass") not in (None, "STANDARD"):
        message = "Metric filters are not supported for log groups of class " + str(group.state["logGroupClass"])
        raise AwsError("InvalidParameterException", message)


METRIC_FILTER = ResourceType(
    type=tokens.METRIC_FILTER,
    service=LOGS,
    creates="PutMetricFilter",
    display_name="CloudWatch Logs Metric Filter",
    id="{name}",
    required="logGroupName metricTransformation pattern",
    replace_on="logGroupName name",
    autoname=Autoname("name", max_length=512),
    defaults={"metricTransformation.unit": "None", "applyOnTransformedLogs": False},
    constraints={
        "metricTransformation.name": every(length(1, 255), matches(r"[^:*$]*", "no : * or $")),
        "metricTransformation.namespace": every(length(1, 255), matches(r"(?!AWS/)[^:*$]*", "no : * or $")),
        "metricTransformation.value": length(1, 100),
        "name": every(length(1, 512), matches(r"[^:*]*", "no : or *")),
        "pattern": length(0, 1024),
    },
    references={"logGroupName": Reference(tokens.LOG_GROUP, "name")},
    quotas=(
        Quota(
            "L-5E35DEAC",  # the code is unverified
            100,
            ErrorTemplate("LimitExceededException", "Resource limit exceeded."),
            per="logGroupName",
        ),
    ),
    always=(_pattern_is_understood,),
    rules=(_group_has_metrics,),
    source="hashicorp/terraform-provider-aws internal/service/logs/metric_filter.go",
)


def _alarm_has_one_metric(op: OperationContext) -> None:
    period = op.get("period")
    if op.get("metricName") and not (op.get("statistic") or op.get("extendedStatistic")):
        raise AwsError("ValidationError", "Either statistic or extendedStatistic is required for a single metric")
    if period is not None and period not in (10, 20, 30) and period % 60:
        raise AwsError("ValidationError", "Period must be 10, 20, 30 or a multiple of 60")
    if op.get("datapointsToAlarm", 1) > op.get("evaluationPeriods", 1):
        raise AwsError("ValidationError", "DatapointsToAlarm must be less than or equal to EvaluationPeriods")


_QUERY_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_IDS = re.compile(r"\b[a-z][A-Za-z0-9_]*\b")  # in an expression; functions are in capitals


def _queries_have_one_answer(op: OperationContext) -> None:
    """Source: CloudWatch API, MetricDataQuery and PutMetricAlarm (Metrics); read 2026-11. Wordings are unverified."""
    queries: list[dict[str, Any]] = op.get("metricQueries", [])
    ids = [str(query.get("id", "")) for query in queries]
    for query, id_ in zip(queries, ids, strict=True):
        if not _QUERY_ID.fullmatch(id_):
            raise AwsError("ValidationError", f"Invalid id {id_}: it must start with a lower-case letter")
        if bool(query.get("metric")) == bool(query.get("expression")):
            raise AwsError("ValidationError", f"Query {id_} must have either a metric or an expression")
        if unknown := [name for name in _IDS.findall(_unquoted(query)) if name not in ids]:
            raise AwsError("ValidationError", f"Expression of {id_} refers to {unknown[0]}, which is no query")
    if len(set(ids)) < len(ids):
        raise AwsError("ValidationError", "Duplicate ids in the list of metrics")
    if queries and sum(query.get("returnData", False) for query in queries) != 1:
        raise AwsError("ValidationError", "Exactly one element of the metrics list should return data.")


def _unquoted(query: dict[str, Any]) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", str(query.get("expression", "")))


def _metric_is_published(op: OperationContext) -> None:
    """Warns of an alarm on what no service publishes: AWS takes it, and it never fires."""
    if op.call.preview:
        return
    single = {key: op.get(key) for key in ("namespace", "metricName", "dimensions")}
    for metric in (single, *(query["metric"] for query in op.get("metricQueries", []) if query.get("metric"))):
        namespace, name, dimensions = (metric.get(key) for key in ("namespace", "metricName", "dimensions"))
        known = PUBLISHED.get(namespace or "", {})
        if known and sorted(dimensions or ()) != sorted(known.get(name or "", ("",))):
            by = ", ".join(sorted(dimensions or ())) or "no dimension"
            op.call.warn(f"nobody publishes {namespace} {name} by {by}, as far as is known: the alarm never fires.")


def _alarm_is_heard(op: OperationContext) -> None:
    for action in op.get("alarmActions", []) if not op.call.preview else ():
        topics.warn_of_silence(op, action, "cloudwatch.amazonaws.com", "the alarm")


METRIC_ALARM = ResourceType(
    type=tokens.METRIC_ALARM,
    service=METRICS,
    creates="PutMetricAlarm",
    deletes="DeleteAlarms",
    display_name="CloudWatch Metric Alarm",
    id="{name}",
    arn="arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
    replace_on="name",
    autoname=Autoname("name"),
    conflicts=(
        *(f"{name} metricQueries" for name in ("dimensions", "metricName", "namespace", "period", "statistic", "unit")),
        *("extendedStatistic metricQueries", "statistic extendedStatistic"),
    ),
    defaults={"actionsEnabled": True, "treatMissingData": "missing"},
    aws_defaults={"evaluateLowSampleCountPercentiles": ""},
    sets="alarmActions insufficientDataActions metricQueries okActions",
    constraints={
        "alarmActions": length(0, 5),
        "alarmActions[*]": arn,
        "alarmDescription": length(0, 1024),
        "comparisonOperator": one_of(
            *("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanOrEqualToThreshold"),
            *("LessThanThreshold", "GreaterThanUpperThreshold", "LessThanLowerOrGreaterThanUpperThreshold"),
            "LessThanLowerThreshold",
        ),
        "datapointsToAlarm": between(1, 10**9),
        "evaluationPeriods": between(1, 10**9),
        "name": length(1, 255),
        "namespace": every(length(1, 255), matches(r"[^:].*", "no : in front")),
        "statistic": one_of("Average", "Maximum", "Minimum", "SampleCount", "Sum"),
        "treatMissingData": one_of("breaching", "ignore", "missing", "notBreaching"),
    },
    always=(_alarm_has_one_metric, _queries_have_one_answer, _metric_is_published, _alarm_is_heard),
    source="hashicorp/terraform-provider-aws internal/service/cloudwatch/metric_alarm.go",
)

TYPES = (LOG_GROUP, EVENT_RULE, EVENT_TARGET, METRIC_FILTER, METRIC_ALARM)
