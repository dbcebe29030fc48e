"""Requests to raise a quota, and the account's values of quotas."""

from __future__ import annotations

import pytest

from simulator.cloud import Cloud
from simulator.provider import Refusal
from simulator.values import UNKNOWN
from tests.simulator.aws.account import Account

QUOTA = "aws:servicequotas/serviceQuota:ServiceQuota"
ASK = "aws:servicequotas/getServiceQuota:getServiceQuota"
VPC = "aws:ec2/vpc:Vpc"
P_INSTANCES = {"serviceCode": "ec2", "quotaCode": "L-417A185B"}


def test_without_given_quotas_a_request_is_granted_at_once(aws: Account) -> None:
    quota = aws.make(QUOTA, **P_INSTANCES, value=192)
    assert quota.id == "ec2/L-417A185B"
    assert (quota["requestStatus"], quota["requestId"]) == ("APPROVED", ""), "only open requests have an id"
    assert (quota["quotaName"], quota["defaultValue"]) == ("Running On-Demand P instances", 0.0)
    assert aws.invoke(ASK, **P_INSTANCES)["value"] == 192
    assert aws.update(quota, **P_INSTANCES, value=384)["value"] == 384
    assert aws.invoke(ASK, **P_INSTANCES)["value"] == 384


def test_with_a_given_quota_a_request_stays_open(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96})
    quota = aws.make(QUOTA, **P_INSTANCES, value=192)
    assert quota["requestStatus"] == "PENDING", "AWS needs hours or days to decide on requests for GPUs"
    assert quota["requestId"]
    assert aws.invoke(ASK, **P_INSTANCES)["value"] == 96, "until the decision, the quota stays the same"
    assert aws.update(quota, **P_INSTANCES, value=384)["requestStatus"] == "PENDING"
    assert aws.warnings == ["resource service quota ec2/L-417A185B already exists"], "a quota may have one open request"


def test_a_quota_may_have_one_open_request(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 96})
    aws.make(QUOTA, **P_INSTANCES, value=192)
    text = aws.refusal(QUOTA, "two", **P_INSTANCES, value=384)
    assert "ResourceAlreadyExistsException: Only one open service quota increase request is allowed per quota." in text


def test_a_value_that_the_account_already_has_needs_no_request(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 192})
    assert aws.make(QUOTA, **P_INSTANCES, value=192)["requestStatus"] == ""


def test_a_request_for_less_than_the_current_value_is_refused(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-417A185B": 192})
    for preview in (True, False):
        text = aws.refusal(QUOTA, "one", preview, **P_INSTANCES, value=96)
        assert "requesting Service Quotas Service Quota (ec2/L-417A185B) with value less than current" in text
    request = aws.make(QUOTA, **P_INSTANCES, value=192)
    with pytest.raises(Refusal, match="must provide a quota value greater than the current quota value of 192"):
        aws.update(request, preview=True, **P_INSTANCES, value=96)


def test_the_status_of_a_request_is_unknown_at_preview(aws: Account) -> None:
    planned = aws.preview(QUOTA, **P_INSTANCES, value=192)
    assert planned["requestStatus"] is UNKNOWN


def test_an_unknown_quota_is_refused(aws: Account) -> None:
    text = aws.refusal(QUOTA, "one", preview=True, serviceCode="ec2", quotaCode="L-00000000", value=1)
    assert "reading Service Quotas default Service Quota (ec2/L-00000000): couldn't find resource" in text
    wrong_service = aws.refusal(QUOTA, serviceCode="vpc", quotaCode="L-417A185B", value=1)
    assert "(vpc/L-417A185B): couldn't find resource" in wrong_service


def test_another_code_replaces_and_another_value_updates(aws: Account) -> None:
    request = aws.make(QUOTA, **P_INSTANCES, value=192)
    assert aws.diff(request, serviceCode="ec2", quotaCode="L-DB2E81BA", value=192).replaces == {"quotaCode"}
    assert not aws.diff(request, **P_INSTANCES, value=384).replaces


def test_a_request_that_is_gone_reads_as_none_and_can_be_deleted(aws: Account) -> None:
    request = aws.make(QUOTA, **P_INSTANCES, value=192)
    aws.cloud.delete(QUOTA, request.id)
    assert aws.package.read(aws.call(QUOTA, "one"), request.id, request.inputs, request.state) is None
    aws.delete(request)
    assert aws.cloud.all() == []


def test_limits_of_resources_follow_the_quotas_of_the_account(cloud: Cloud) -> None:
    narrow = Account(cloud, quotas={"L-F678F1CE": 1})
    narrow.vpc()
    assert "VpcLimitExceeded" in narrow.refusal(VPC, "two", cidrBlock="10.1.0.0/16")
    wide = Account(cloud)
    for index in range(1, 5):
        wide.vpc(f"vpc-{index}", f"10.{index}.0.0/16")
    assert "VpcLimitExceeded" in wide.refusal(VPC, "six", cidrBlock="10.9.0.0/16"), "the default is five"
    wide.make(QUOTA, serviceCode="vpc", quotaCode="L-F678F1CE", value=6)
    assert wide.vpc("six", "10.9.0.0/16").id


def test_what_one_preview_creates_counts_together(cloud: Cloud) -> None:
    aws = Account(cloud)
    for index in range(5):
        aws.preview(VPC, f"vpc-{index}", cidrBlock=f"10.{index}.0.0/16")
    aws.preview(VPC, "vpc-0", cidrBlock="10.0.0.0/16")  # a second preview of the same program
    assert "VpcLimitExceeded" in aws.refusal(VPC, "six", preview=True, cidrBlock="10.9.0.0/16")
    aws.vpc("vpc-0")  # the real update begins
    for index in range(1, 5):
        aws.preview(VPC, f"vpc-{index}", cidrBlock=f"10.{index}.0.0/16")
    assert "VpcLimitExceeded" in aws.refusal(VPC, "six", preview=True, cidrBlock="10.9.0.0/16")


def test_node_groups_count_for_their_own_cluster(cloud: Cloud) -> None:
    aws = Account(cloud, quotas={"L-6D54EA21": 1})
    inputs = aws.group_inputs(aws.cluster())
    aws.preview("aws:eks/nodeGroup:NodeGroup", "one", **inputs)
    assert "Nodegroup limit exceeded" in aws.refusal("aws:eks/nodeGroup:NodeGroup", "two", preview=True, **inputs)
    aws.preview("aws:eks/nodeGroup:NodeGroup", "three", **{**inputs, "clusterName": UNKNOWN})
