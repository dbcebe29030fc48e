"""Alarms about what the audit logs of the clusters say, and the topic that sends them by mail."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.core import iam
from components.core.stage import Stage
from settings.security.alarms import AuditAlarmSettings, AuditEvent

PERIOD_SECONDS = 300
_ENTERING = ("exec", "attach", "portforward", "ephemeralcontainers", "proxy")
_READING = ("get", "list", "watch")
_CHANGING = ("create", "update", "patch", "delete", "deletecollection")
_RIGHTS = ("rbac.authorization.k8s.io", "admissionregistration.k8s.io")
_ANSWERED = "($.responseStatus.code < 400)"
_HEALTH = ("/healthz*", "/livez*", "/readyz*", "/version*")
_SAYS: Mapping[AuditEvent, str] = {
    "exec": "a person entered a pod or the agent of a node, forwarded a port, or tried to",
    "exec-by-pods": "a caller of Kubernetes entered a pod, forwarded a port of one, or tried to",
    "secrets": "a person read a Secret, got a token of a service account, or tried to",
    "anonymous": "the API answered a caller without an identity",
    "rights": "a person changed roles, bindings or admission",
}


def patterns(deployer_session: str | None = None) -> dict[AuditEvent, str]:
    """Returns event -> its filter pattern for entries of the audit log.

    deployer_session: the user name of the role that deploys, up to the name of a session. It reads Helm's Secrets and
        changes rights at each `up`. Kubernetes and EKS themselves, and pods, are no people.
    Sources: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/; EKS user guide, "Create access
    entries" (user names); CloudWatch Logs user guide, "Filter pattern syntax"; read 2026-11.
    """
    strangers = ["system:*", "eks:*", *([f"{deployer_session}/*"] if deployer_session else [])]
    person = _all(f'($.user.username != "{each}")' for each in strangers)
    entering = _one_of("$.objectRef.subresource", _ENTERING)
    reading = f'(($.objectRef.resource = "secrets") && {_one_of("$.verb", _READING)})'
    return {
        "exec": f"{{ {_one_of('$.objectRef.resource', ('pods', 'nodes'))} && {entering} && "
        + _all(f'($.user.username != "{each}")' for each in strangers[:2])  # the deployer has no reason to
        + " }",
        # Agents read metrics through nodes all day.
        "exec-by-pods": f'{{ ($.objectRef.resource = "pods") && {entering} && ($.user.username = "system:*") }}',
        "secrets": f'{{ ({reading} || (($.objectRef.resource = "serviceaccounts") && '
        f'($.objectRef.subresource = "token"))) && {person} }}',
        "anonymous": f'{{ ($.user.username = "system:anonymous") && {_ANSWERED} && '
        + _all(f'($.requestURI != "{path}")' for path in _HEALTH)
        + " }",
        "rights": f"{{ {_one_of('$.objectRef.apiGroup', _RIGHTS)} && {_one_of('$.verb', _CHANGING)} && {_ANSWERED} && "
        f"{person} }}",
    }


def _one_of(field: str, values: tuple[str, ...]) -> str:
    tests = (f'({field} = "{value}")' for value in values)
    return f"({' || '.join(tests)})"


def _all(tests: Iterable[str]) -> str:
    return " && ".join(tests)


def topic_policy(stage: Stage, topic_arn: str, *, findings: bool = False) -> str:
    """Returns the policy of the topic: alarms of this account publish, and nobody without TLS.

    findings: whether EventBridge does as well. It fulfills no condition: with one, it would publish nothing.
    Source: CloudWatch user guide, "Notifying users on alarm changes"; SNS developer guide, "Example cases for
    Amazon SNS access control"; EventBridge user guide, "Amazon SNS permissions"; read 2026-11.
    """
    events: iam.Statement = {
        "Sid": "FindingsPublish",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["sns:Publish"],
        "Resource": [topic_arn],
    }
    return iam.document(
        *([events] if findings else []),
        {
            "Sid": "AlarmsPublish",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": ["sns:Publish"],
            "Resource": [topic_arn],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": stage.account_id},
                "ArnLike": {"aws:SourceArn": stage.arn("cloudwatch", "alarm:*")},
            },
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["sns:Publish"],
            "Resource": [topic_arn],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def findings_pattern(severity: float) -> str:
    """Returns the pattern of findings that are at least this severe.

    Source: GuardDuty user guide, "Processing GuardDuty findings with Amazon EventBridge"; read 2026-11.
    """
    detail = {"severity": [{"numeric": [">=", severity]}]}
    return json.dumps({"source": ["aws.guardduty"], "detail-type": ["GuardDuty Finding"], "detail": detail})


@dataclass(frozen=True, kw_only=True)
class AuditAlarmsArgs:
    """Arguments of the alarms.

    log_groups: key of a cluster -> its log group, which has to be there.
    key_arn: encrypts the mails on their way; its policy has to let alarms use it.
    deployer_session: as in `patterns`.
    findings_from: the least severity of findings of GuardDuty that are mailed too; None: none of them.
    """

    settings: AuditAlarmSettings
    stage: Stage
    log_groups: Mapping[str, pulumi.Input[str]]
    key_arn: pulumi.Input[str]
    deployer_session: str | None = None
    findings_from: float | None = None


class AuditAlarms(pulumi.ComponentResource):
    """One metric and one alarm for each cluster and event, and one topic for all of them."""

    topic_arn: pulumi.Output[str]

    def __init__(self, name: str, args: AuditAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mlplatform:security:AuditAlarms", name, None, opts)
        stage, child = args.stage, pulumi.ResourceOptions(parent=self)
        topic_name = f"{stage.prefix}-audit"
        topic = aws.sns.Topic(name, name=topic_name, kms_master_key_id=args.key_arn, opts=child)
        findings = args.findings_from is not None
        policy = aws.sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=topic_policy(stage, stage.arn("sns", topic_name), findings=findings),  # known at preview
            opts=child,
        )
        for address in args.settings.notify:
            aws.sns.TopicSubscription(
                f"{name}-{address}",
                topic=topic.arn,
                protocol="email",
                endpoint=address,
                # Unconfirmed ones have no id of their own.
                opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(delete_before_replace=True)),
            )
        by_event = patterns(args.deployer_session)
        for cluster, log_group in args.log_groups.items():
            for event in args.settings.about:
                self._alarm(f"{name}-{cluster}-{event}", cluster, event, by_event[event], log_group, args, policy)
        if findings:
            rule = aws.cloudwatch.EventRule(
                f"{name}-findings",
                name=f"{stage.prefix}-guardduty-findings",
                description="Mails of what GuardDuty finds",
                event_pattern=findings_pattern(args.findings_from or 0),
                opts=child,
            )
            aws.cloudwatch.EventTarget(
                f"{name}-findings", rule=rule.name, target_id="mails", arn=policy.arn, opts=child
            )
        self.topic_arn = topic.arn
        self.register_outputs({"topic_arn": self.topic_arn})

    def _alarm(
        self,
        name: str,
        cluster: str,
        event: AuditEvent,
        pattern: str,
        log_group: pulumi.Input[str],
        args: AuditAlarmsArgs,
        policy: aws.sns.TopicPolicy,
    ) -> None:
        """Registers the metric of an event and its alarm. Without an event there is no metric, and so no alarm."""
        physical_name = f"{args.stage.cluster_name(cluster)}-audit-{event}"
        metric, namespace = f"{cluster}-{event}", f"{args.stage.prefix}/audit"
        opts = pulumi.ResourceOptions(parent=self)
        aws.cloudwatch.LogMetricFilter(
            name,
            name=physical_name,
            log_group_name=log_group,
            pattern=pattern,
            metric_transformation={"name": metric, "namespace": namespace, "value": "1"},
            opts=opts,
        )
        aws.cloudwatch.MetricAlarm(
            name,
            name=physical_name,
            alarm_description=f"Cluster {cluster}: {_SAYS[event]}. The audit log says who.",
            namespace=namespace,
            metric_name=metric,
            statistic="Sum",
            period=PERIOD_SECONDS,
            evaluation_periods=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=1,
            treat_missing_data="notBreaching",
            alarm_actions=[policy.arn],  # the topic, once its policy lets alarms publish
            opts=opts,
        )
