"""The detector, its features and its agents, as a stack makes them and leaves them."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.security.guardduty import AGENTS, Detector, GuardDuty
from settings.security.guardduty import GuardDutySettings
from simulator.aws.services.guardduty import ACCOUNTS_OWN, NEW
from tests.components.stacks import CLUSTER, stack
from tests.in_process.providers import REGION

GPU = {"name": "gpu", "instance_types": ["g6.xlarge"], "taints": [{"key": "nvidia.com/gpu", "effect": "NoSchedule"}]}
TAINTED = {**CLUSTER, "pools": [*CLUSTER["pools"], GPU]}
DETECTOR, FEATURE = "guardduty/detector:Detector", "guardduty/detectorFeature:DetectorFeature"


def watched(detector: str = "make", *features: str, **more: Any) -> dict[str, Any]:
    return {
        "security": {"guardduty": {"detector": detector, **({"features": list(features)} if features else {}), **more}}
    }


def statuses(cloud: Any) -> dict[str, str]:
    return {name: cloud.one(FEATURE, name).inputs["status"] for name in cloud.names(FEATURE)}


def test_a_detector_of_its_own_has_every_feature_set_since_a_new_one_bills_most_of_them(cloud) -> None:
    cloud.up(stack(**watched()))
    assert statuses(cloud) == {
        "guardduty-audit-logs": "ENABLED",
        "guardduty-runtime": "DISABLED",
        "guardduty-s3-data": "DISABLED",
        "guardduty-malware": "DISABLED",
        "guardduty-rds-logins": "DISABLED",
        "guardduty-lambda-network": "DISABLED",
    }
    set_here = {cloud.one(FEATURE, name).inputs["name"] for name in cloud.names(FEATURE)}
    assert set_here == NEW.keys() - {"EKS_RUNTIME_MONITORING"}, "what is left out stays as AWS turns it on"
    cloud.up(stack(**watched("make", "malware")))
    assert cloud.one(FEATURE, "guardduty-malware").inputs["name"] == "EBS_MALWARE_PROTECTION"
    assert statuses(cloud)["guardduty-audit-logs"] == "DISABLED", "without its resource the feature would stay on"


def test_in_a_detector_of_the_account_only_what_is_named_is_turned_on(cloud) -> None:
    cloud.up(stack(**watched("existing", "audit-logs")))
    assert not cloud.names(DETECTOR)
    assert statuses(cloud) == {"guardduty-audit-logs": "ENABLED"}
    assert cloud.one(FEATURE, "guardduty-audit-logs").inputs["detectorId"] == ACCOUNTS_OWN


def test_where_others_decide_nothing_is_changed(cloud) -> None:
    cloud.up(stack(**watched("organization")))
    assert not cloud.names(DETECTOR)
    assert not cloud.names(FEATURE)


@pytest.mark.parametrize("detector", ["existing", "organization"])
def test_an_account_without_a_detector_is_refused_before_anything_is_built(cloud, monkeypatch, detector) -> None:
    def none(**_: Any) -> None:
        raise RuntimeError("invoke failed: reading this account's single GuardDuty Detector: empty result")

    monkeypatch.setattr(aws.guardduty, "get_detector", none)
    with pytest.raises(
        pulumi.RunError, match=r"no detector in \S+\. Write detector: make, or drop security\.guardduty\.$"
    ):
        cloud.up(stack(**watched(detector)), preview=True)


ON = frozenset({"EKS_AUDIT_LOGS", "RUNTIME_MONITORING"})
READY = Detector(id="d", is_on=True, on=ON, agents=frozenset(AGENTS))


@pytest.mark.parametrize(
    ("detector", "features", "given", "end"),
    [
        ("existing", ["audit-logs"], {"is_on": False}, f"--region {REGION} --detector-id d --enable`"),
        ("existing", ["runtime"], {"on": {"EKS_RUNTIME_MONITORING"}}, '"Status": "DISABLED"}]\'`'),
        ("organization", ["runtime"], {"on": ON | {"EKS_RUNTIME_MONITORING"}}, '"Status": "DISABLED"}]\'`'),
        ("existing", ["runtime"], {"agents": {"EKS_ADDON_MANAGEMENT"}}, "which leaves it as it is"),
        ("existing", ["runtime"], {"agents": {"ECS_FARGATE_AGENT_MANAGEMENT"}}, "turn that off for the whole account"),
        ("existing", ["runtime"], {"agents": {"EC2_AGENT_MANAGEMENT"}}, "`up` can make none"),
        ("organization", ["runtime"], {"agents": {"EC2_AGENT_MANAGEMENT"}}, "drop it from features"),
        ("organization", ["s3-data"], {}, "S3_DATA_EVENTS is off, and detector: organization changes nothing. Ask"),
    ],
)
def test_what_keeps_a_stack_from_a_detector_is_told_with_the_way_out(detector, features, given, end) -> None:
    settings = GuardDutySettings.model_validate({"detector": detector, "features": features})
    (text,) = replace(READY, **{"agents": frozenset(), **given}).obstacles(settings, REGION)
    assert end in text


def test_a_detector_that_is_ready_has_no_obstacle() -> None:
    left_alone = replace(READY, agents=frozenset({"ECS_FARGATE_AGENT_MANAGEMENT", "EKS_ADDON_MANAGEMENT"}))
    for found, detector, features in (
        (left_alone, "organization", ["audit-logs", "runtime"]),
        (READY, "organization", ["audit-logs"]),
        (READY, "existing", ["audit-logs"]),
    ):
        settings = GuardDutySettings.model_validate({"detector": detector, "features": features})
        assert not list(found.obstacles(settings, REGION))


def found(cloud: Any, monkeypatch: pytest.MonkeyPatch, *given: tuple[str, str, str, str]) -> str:
    """What a preview with organization and runtime says of an account with these features."""
    features = [
        SimpleNamespace(name=name, status=status, additional_configurations=[SimpleNamespace(name=more, status=its)])
        for name, status, more, its in given
    ]
    answer = SimpleNamespace(id="d", status="ENABLED", features=features)
    monkeypatch.setattr(aws.guardduty, "get_detector", lambda **_: answer)
    try:
        cloud.up(stack(**watched("organization", "runtime")), preview=True)
    except pulumi.RunError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("status", "more", "its", "words"),
    [
        ("ENABLED", "EC2_AGENT_MANAGEMENT", "ENABLED", "EC2_AGENT_MANAGEMENT is on"),
        ("ENABLED", "EC2_AGENT_MANAGEMENT", "DISABLED", ""),
        ("ENABLED", "RDS_DATA_RISK", "ENABLED", ""),
        ("DISABLED", "EC2_AGENT_MANAGEMENT", "ENABLED", "RUNTIME_MONITORING is off"),
    ],
)
def test_what_is_on_is_read_from_the_account(cloud, monkeypatch, status, more, its, words) -> None:
    said = found(cloud, monkeypatch, ("RUNTIME_MONITORING", status, more, its))
    assert words in said
    assert bool(said) is bool(words)
    assert status == "ENABLED" or "EKS_ADDON_MANAGEMENT" not in said, "a feature that is off manages nothing"


def test_policies_are_told_what_others_turn_on(cloud, monkeypatch) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setattr(GuardDuty, "register_outputs", lambda _, outputs: told.update(outputs))
    for detector, checked in (("organization", ["EKS_AUDIT_LOGS"]), ("existing", [])):
        cloud.up(stack(**watched(detector, "audit-logs")))
        assert told["checked"] == checked


@pytest.mark.parametrize("why", ["AccessDeniedException: not authorized", "ThrottlingException: Rate exceeded"])
def test_an_error_of_aws_is_no_account_without_a_detector(cloud, monkeypatch, why) -> None:
    def refused(**_: Any) -> None:
        raise RuntimeError(f"invoke failed: reading this account's single GuardDuty Detector: ListDetectors, {why}")

    monkeypatch.setattr(aws.guardduty, "get_detector", refused)
    with pytest.raises(RuntimeError, match=why):
        cloud.up(stack(**watched("existing")), preview=True)


def test_each_node_has_an_agent_that_has_somebody_to_send_to(cloud) -> None:
    cloud.up(stack(clusters={"main": TAINTED}, **watched("make", "audit-logs", "runtime")))
    agent, feature = cloud.one("eks/addon:Addon", "main-aws-guardduty-agent"), cloud.one(FEATURE, "guardduty-runtime")
    endpoint = cloud.one("VpcEndpoint", "network-endpoint-guardduty-data")
    assert endpoint.inputs["privateDnsEnabled"]
    assert agent.stands_on(feature)
    assert cloud.comes_after(agent, endpoint), "before, the agent finds nobody, and EKS waits for it in vain"
    patch = cloud.one("DaemonSetPatch", "main-aws-guardduty-agent")
    keys = {each["key"] for each in patch.inputs["spec"]["template"]["spec"]["tolerations"]}
    assert keys == {"nvidia.com/gpu"}, "the agent tolerates nothing by itself, so GPU nodes would have none"
    assert patch.stands_on(agent)
    annotations = patch.inputs["metadata"]["annotations"]
    assert annotations["pulumi.com/skipAwait"] == "true", "one full node would fail `up`"
    assert annotations["pulumi.com/patchForce"] == "true", "a manifest of EKS that sets tolerations would be a conflict"


def test_guardduty_brings_no_agent_of_its_own(cloud) -> None:
    cloud.up(stack(**watched("make", "runtime")))
    agents = cloud.one(FEATURE, "guardduty-runtime").inputs["additionalConfigurations"]
    assert {each["name"]: each["status"] for each in agents} == dict.fromkeys(AGENTS, "DISABLED")
    assert cloud.one("eks/cluster:Cluster").inputs["tags"]["GuardDutyManaged"] == "false"
    assert not cloud.names("DaemonSetPatch"), "without taints there is nothing to tolerate"


def test_without_runtime_there_is_no_agent_and_no_endpoint(cloud) -> None:
    cloud.up(stack(**watched("make", "audit-logs")))
    assert "main-aws-guardduty-agent" not in cloud.names("eks/addon:Addon")
    assert not cloud.names("VpcEndpoint") & {"network-endpoint-guardduty-data"}
    assert "GuardDutyManaged" not in cloud.one("eks/cluster:Cluster").inputs.get("tags", {})


def test_findings_are_mailed_from_a_severity_on(cloud) -> None:
    alarms = {"alarms": {"audit": {"notify": ["security@example.com"]}}}
    cloud.up(stack(**alarms, **watched(mail_from_severity=7)))
    rule = cloud.one("EventRule", "audit-alarms-findings")
    assert '"severity": [{"numeric": [">=", 7.0]}]' in rule.inputs["eventPattern"]
    target = cloud.one("EventTarget", "audit-alarms-findings")
    assert target.inputs["arn"] == cloud.one("sns/topic:Topic", "audit-alarms").outputs["arn"]
    assert target.stands_on(cloud.one("TopicPolicy", "audit-alarms")), "before, the rule may not publish"
    events = {"Service": "events.amazonaws.com"}
    for open_to_it in (cloud.one("TopicPolicy", "audit-alarms"), cloud.one("kms/key:Key", "keys-logs")):
        statements = json.loads(open_to_it.inputs["policy"])["Statement"]
        (statement,) = [each for each in statements if each["Principal"] == events]
        assert "Condition" not in statement, "EventBridge fulfills none, and would tell nobody"
    cloud.up(stack(**alarms, **watched()))
    assert not cloud.names("EventTarget")
    assert "events.amazonaws.com" not in cloud.one("kms/key:Key", "keys-logs").inputs["policy"]


def test_nothing_is_left_when_the_stack_goes(cloud) -> None:
    cloud.up(stack(deletion_protection=False, clusters={"main": TAINTED}, **watched("make", "audit-logs", "runtime")))
    for made in reversed([each for each in cloud.custom() if each.type.startswith("aws:")]):
        cloud.providers.delete(made)
    left = {row.type for row in cloud.providers.cloud.all() if row.type.startswith("aws:")}
    assert not left, "an endpoint or a group of GuardDuty's own would have kept the VPC"


def test_a_first_preview_shows_the_agents_without_asking_a_cluster_that_is_not_there(cloud) -> None:
    cloud.up(stack(clusters={"main": TAINTED}, **watched("existing", "audit-logs", "runtime")), preview=True)
    assert cloud.names("DaemonSetPatch") == {"main-aws-guardduty-agent"}
