"""What the alarms about audit logs tell of: by their own patterns, on events as the API server writes them."""

import json
from typing import Any

import pytest

from components.security.audit_alarms import patterns
from components.security.deployer import sessions_of
from simulator.aws.services.log_patterns import compiled
from tests.components.stacks import CLUSTER, stack

DEPLOYER = "arn:aws:sts::123456789012:assumed-role/ml-platform-deployer"
PERSON = "arn:aws:sts::123456789012:assumed-role/ml-research/jane"
POD = "system:serviceaccount:mlops:operator"
BY_EVENT = {event: compiled(pattern) for event, pattern in patterns(DEPLOYER).items()}


def entry(verb: str, resource: str, user: str = PERSON, code: int = 200, **more: Any) -> dict[str, Any]:
    """Returns an event of the audit log. Its form: audit.k8s.io/v1."""
    group, _, plural = resource.rpartition("/")
    plural, _, subresource = plural.partition(":")
    reference = {"resource": plural, "namespace": "research", "name": "it", "apiVersion": "v1"}
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "stage": "ResponseComplete",
        "requestURI": f"/api/v1/namespaces/research/{plural}/it",
        "verb": verb,
        "user": {"username": user, "groups": ["system:authenticated"]},
        "sourceIPs": ["203.0.113.10"],
        "objectRef": {
            **reference,
            **({"apiGroup": group} if group else {}),
            **({"subresource": subresource} if subresource else {}),
        },
        "responseStatus": {"metadata": {}, "code": code},
        **more,
    }


def told(event: dict[str, Any]) -> list[str]:
    return [name for name, matches in BY_EVENT.items() if matches(event)]


RBAC, ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"


@pytest.mark.parametrize(
    ("event", "alarms"),
    [
        (entry("create", "pods:exec"), ["exec"]),
        (entry("get", "pods:exec", code=101), ["exec"]),  # kubectl enters by a websocket
        (entry("create", "pods:exec", code=403), ["exec"]),  # whoever tries
        (entry("create", "pods:exec", f"{DEPLOYER}/pulumi"), ["exec"]),
        (entry("create", "pods:attach", POD), ["exec-by-pods"]),  # an operator that enters all day hides no person
        (entry("get", "pods:proxy"), ["exec"]),
        (entry("create", "nodes:proxy"), ["exec"]),  # enters a pod through the agent of its node
        (entry("get", "nodes:proxy", POD), []),
        (entry("get", "nodes"), []),
        (entry("create", "serviceaccounts:token"), ["secrets"]),
        (entry("create", "serviceaccounts:token", "system:node:ip-10-0-0-1"), []),  # of the pods of a node
        (entry("create", "serviceaccounts"), []),
        (entry("get", "pods:portforward"), ["exec"]),
        (entry("patch", "pods:ephemeralcontainers"), ["exec"]),
        (entry("create", "pods"), []),
        (entry("get", "pods:log"), []),
        (entry("get", "secrets"), ["secrets"]),
        (entry("list", "secrets"), ["secrets"]),
        (entry("watch", "secrets", code=403), ["secrets"]),  # whoever tries is told of too
        (entry("get", "secrets", POD), []),
        (entry("list", "secrets", "system:apiserver"), []),
        (entry("get", "secrets", "system:node:ip-10-0-0-1"), []),
        (entry("get", "secrets", "eks:addon-manager"), []),
        (entry("get", "secrets", f"{DEPLOYER}/pulumi"), []),
        (entry("get", "secrets", f"{DEPLOYER}-other/pulumi"), ["secrets"]),
        (entry("create", "secrets"), []),
        (entry("create", f"{RBAC}/clusterrolebindings", code=201), ["rights"]),
        (entry("patch", f"{RBAC}/roles"), ["rights"]),
        (entry("delete", f"{ADMISSION}/validatingadmissionpolicies"), ["rights"]),
        (entry("deletecollection", f"{ADMISSION}/validatingadmissionpolicybindings"), ["rights"]),
        (entry("create", f"{RBAC}/roles", code=403), []),
        (entry("create", f"{RBAC}/roles", POD), []),
        (entry("create", f"{RBAC}/roles", f"{DEPLOYER}/pulumi"), []),
        (entry("list", f"{RBAC}/roles"), []),
        (entry("get", "pods", "system:anonymous"), ["anonymous"]),
        (entry("get", "pods", "system:anonymous", code=403), []),  # the internet knocks at each public API
        (entry("get", "", "system:anonymous", requestURI="/livez?verbose"), []),
        (entry("get", "", "system:anonymous", requestURI="/version"), []),
        (entry("get", "", "system:anonymous", requestURI="/openapi/v3"), ["anonymous"]),
    ],
)
def test_an_event_is_told_of_where_it_says_something_about_people(event: dict[str, Any], alarms: list[str]) -> None:
    assert told(event) == alarms


def test_patterns_are_ones_that_cloudwatch_takes_and_hold_without_a_deployer() -> None:
    assert all(len(pattern) <= 1024 for pattern in patterns(DEPLOYER).values())
    unnamed = {event: compiled(pattern) for event, pattern in patterns().items()}
    assert unnamed["secrets"](entry("get", "secrets", f"{DEPLOYER}/pulumi")), "nothing says that this is the deployer"


def test_a_session_is_known_without_the_path_of_its_role() -> None:
    assert sessions_of("arn:aws-us-gov:iam::123456789012:role/platform/deployer") == (
        "arn:aws-us-gov:sts::123456789012:assumed-role/deployer"
    )


def alarms(**changes: Any) -> dict[str, Any]:
    return {"alarms": {"audit": {"notify": ["security@example.com"], **changes}}}


def test_each_cluster_has_an_alarm_of_each_kind_and_all_go_to_one_topic(cloud) -> None:
    cloud.up(stack(clusters={"main": CLUSTER, "other": CLUSTER}, **alarms(about=["exec", "rights"])))
    names = {f"audit-alarms-{key}-{event}" for key in ("main", "other") for event in ("exec", "rights")}
    assert cloud.names("MetricAlarm") == cloud.names("LogMetricFilter") == names
    topic = cloud.one("sns/topic:Topic", "audit-alarms")
    for name in names:
        alarm, metric = cloud.one("MetricAlarm", name), cloud.one("LogMetricFilter", name)
        assert alarm.inputs["alarmActions"] == [topic.outputs["arn"]]
        assert alarm.stands_on(cloud.one("TopicPolicy", "audit-alarms")), "before, nothing may publish"
        assert metric.inputs["metricTransformation"]["name"] == alarm.inputs["metricName"]
        assert metric.inputs["metricTransformation"]["namespace"] == alarm.inputs["namespace"]
        # one match begins an alarm, and minutes without one end it: no match writes no number
        assert (alarm.inputs["statistic"], alarm.inputs["threshold"]) == (
            "Sum",
            int(metric.inputs["metricTransformation"]["value"]),
        )
        assert alarm.inputs["comparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm.inputs["treatMissingData"] == "notBreaching"
        assert alarm.inputs["evaluationPeriods"] == 1
        words = alarm.inputs["alarmDescription"]
        assert "exec" not in name or "or tried to" in words, "a refused one counts as well"
    main = cloud.one("LogMetricFilter", "audit-alarms-main-exec").inputs["logGroupName"]
    assert main == cloud.one("LogGroup", "main-logs").outputs["name"]


def test_what_is_told_is_encrypted_with_a_key_that_alarms_may_use(cloud) -> None:
    cloud.up(stack(**alarms()))
    key = cloud.one("kms/key:Key", "keys-logs")
    assert cloud.one("sns/topic:Topic", "audit-alarms").inputs["kmsMasterKeyId"] == key.outputs["arn"]
    statements = {each.get("Sid"): each for each in json.loads(key.inputs["policy"])["Statement"]}
    assert statements["AlarmsUseKey"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    cloud.up(stack())
    assert "AlarmsUseKey" not in cloud.one("kms/key:Key", "keys-logs").inputs["policy"]
    assert not cloud.names("sns/topic:Topic"), "without the setting nothing is made"
